//! The screen: a title, the call, the response, the filter, and a line of help.

mod canvas;
mod lines;
mod table;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Position;

use super::super::complete::Completion;
use super::view::View;
use super::{App, Calling, Filtering, Menu, Outcome, Pane, Search};
use crate::colour::Colour;
use crate::tui::editor::Editor;
use canvas::{Canvas, Look};

/// The rows that are not for the response.
pub(crate) const OTHER_ROWS: u16 = 4;
/// The most candidates that are visible.
const MENU_ROWS: u16 = 8;

/// The rows of the panes. On a low screen some are missing.
struct Rows {
    call: u16,
    response: u16,
    count: u16,
    filter: Option<u16>,
    status: Option<u16>,
}

impl Rows {
    fn of(height: u16) -> Rows {
        match height {
            0..=2 => Rows {
                call: 0,
                response: 1,
                count: height.saturating_sub(1),
                filter: None,
                status: None,
            },
            3 | 4 => Rows {
                call: 0,
                response: 1,
                count: height - 3,
                filter: Some(height - 2),
                status: Some(height - 1),
            },
            height => Rows {
                call: 1,
                response: 2,
                count: height - OTHER_ROWS,
                filter: Some(height - 2),
                status: Some(height - 1),
            },
        }
    }
}

/// Draws the state. Returns the position of the cursor.
pub(crate) fn draw(app: &App, colour: Colour, buffer: &mut Buffer) -> Position {
    let mut canvas = Canvas::new(buffer, colour);
    let rows = Rows::of(canvas.height());
    if rows.call > 0 {
        title(app, &mut canvas);
    }
    let (label, look) = match app.focus {
        Pane::Call => ("> ", Look::Focus),
        Pane::Response | Pane::Filter => ("  ", Look::Dim),
    };
    let mut cursor = editor(&mut canvas, rows.call, (label, look), &app.line);
    response(app, &mut canvas, &rows);
    if let Some(row) = rows.filter {
        let look = match app.focus {
            Pane::Filter => Look::Focus,
            Pane::Call | Pane::Response => Look::Dim,
        };
        let at = editor(&mut canvas, row, ("| ", look), &app.filter);
        if app.focus == Pane::Filter {
            cursor = at;
        }
        filter_state(app, &mut canvas, row);
    }
    if let Some(row) = rows.status {
        let at = status(app, &mut canvas, row);
        cursor = at.filter(|_| app.focus == Pane::Response).unwrap_or(cursor);
    }
    if let (Menu::Open { completion, chosen }, Pane::Call) = (&app.menu, app.focus) {
        menu(&mut canvas, &rows, completion, *chosen);
    }
    match (app.focus, &app.search) {
        (Pane::Response, Search::None | Search::For(_)) => Position::new(0, cursor_row(app, &rows)),
        (Pane::Response, Search::Typing(_)) | (Pane::Call | Pane::Filter, _) => cursor,
    }
}

/// The row of the cursor in the response.
fn cursor_row(app: &App, rows: &Rows) -> u16 {
    let Some(shown) = &app.response else {
        return rows.response;
    };
    let row = match &shown.view {
        View::Tree(view) => {
            let lines = view
                .folds
                .lines(&shown.tree, view.top, usize::from(rows.count));
            lines
                .iter()
                .position(|node| *node == view.cursor)
                .unwrap_or(0)
        }
        View::Table(view) => view.row.saturating_sub(view.top) + 1,
    };
    rows.response
        + u16::try_from(row)
            .unwrap_or(0)
            .min(rows.count.saturating_sub(1))
}

fn title(app: &App, canvas: &mut Canvas) {
    let service = app.place.shown();
    let at = canvas.text(0, 0, &format!("c47 explore {service}"), Look::Title);
    let state = match (&app.calling, &app.response) {
        (Calling::Running(call), _) => {
            Some((format!("{} {} …", call.method, call.path), Look::Word))
        }
        (Calling::Idle | Calling::Confirm(_), Some(shown)) => {
            let look = match shown.outcome {
                Outcome::Good => Look::Good,
                Outcome::Bad => Look::Bad,
            };
            Some((shown.summary.clone(), look))
        }
        (Calling::Idle | Calling::Confirm(_), None) => None,
    };
    if let Some((text, look)) = state {
        canvas.text(at + 2, 0, &text, look);
    }
}

/// Draws a line that is edited, scrolled so that the cursor is visible.
fn editor(canvas: &mut Canvas, row: u16, (label, look): (&str, Look), editor: &Editor) -> Position {
    let start = canvas.text(0, row, label, look);
    let (before, after) = editor.parts();
    let room = usize::from(canvas.width().saturating_sub(start + 1));
    let visible = canvas::end_of(before, room);
    let cursor = canvas.text(start, row, visible, Look::Plain);
    canvas.text(cursor, row, after, Look::Plain);
    Position::new(cursor, row)
}

fn filter_state(app: &App, canvas: &mut Canvas, row: u16) {
    let (text, look) = match &app.filtering {
        Filtering::Done => return,
        Filtering::Running(_) => ("…", Look::Word),
        Filtering::Failed(why) => (why.as_str(), Look::Bad),
    };
    let (before, after) = app.filter.parts();
    let typed = canvas::columns(before) + canvas::columns(after);
    let x = u16::try_from(typed + 4).unwrap_or(u16::MAX);
    canvas.text(x, row, text, look);
}

fn response(app: &App, canvas: &mut Canvas, rows: &Rows) {
    let Some(shown) = &app.response else {
        return;
    };
    let has_focus = app.focus == Pane::Response;
    match &shown.view {
        View::Tree(view) => {
            lines::draw(
                canvas,
                &shown.tree,
                view,
                (rows.response, rows.count),
                has_focus,
            );
        }
        View::Table(view) => {
            table::draw(
                canvas,
                &shown.tree,
                view,
                (rows.response, rows.count),
                has_focus,
            );
        }
    }
}

/// Draws the last line: a question, a notice, or the keys. Returns the cursor of a search.
fn status(app: &App, canvas: &mut Canvas, row: u16) -> Option<Position> {
    if let Calling::Confirm(call) = &app.calling {
        let text = format!(
            "{} {} can change data. Send it? y/n",
            call.method, call.path
        );
        canvas.text(0, row, &text, Look::Ask);
        return None;
    }
    if let (Search::Typing(line), Pane::Response) = (&app.search, app.focus) {
        return Some(editor(canvas, row, ("/", Look::Focus), line));
    }
    let (text, look) = match (app.notice.as_str(), app.focus) {
        ("", Pane::Call) => (
            "Enter send  Tab complete  Up history  Shift-Tab response  Ctrl-C quit",
            Look::Dim,
        ),
        ("", Pane::Response) => (
            "Enter follow  o below  t table  / search  | filter  p path  y copy  s script  c call  q quit",
            Look::Dim,
        ),
        ("", Pane::Filter) => ("jq filter  Enter response  Esc call", Look::Dim),
        (notice, _) => (notice, Look::Plain),
    };
    canvas.text(0, row, text, look);
    None
}

fn menu(canvas: &mut Canvas, rows: &Rows, completion: &Completion, chosen: usize) {
    let count = rows.count.min(MENU_ROWS);
    let first = chosen.saturating_sub(usize::from(count.saturating_sub(1)));
    let candidates = completion.candidates.iter().enumerate().skip(first);
    for (row, (at, candidate)) in (rows.response..rows.response + count).zip(candidates) {
        let look = match at == chosen {
            true => Look::Chosen,
            false => Look::Menu,
        };
        canvas.clear(row);
        let end = canvas.text(2, row, &candidate.text, look);
        canvas.text(end + 2, row, &candidate.about, Look::Dim);
    }
}
