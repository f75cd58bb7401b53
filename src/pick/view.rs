//! Draws the list.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Rect};
use ratatui_core::style::{Modifier, Style};

use super::order::{COLUMN, Direction, Order};
use super::search::Input;
use super::state::{Multi, Rows, State};
use super::store::Items;
use super::theme::Theme;
use crate::colour::Colour;
use crate::tui::text::{self, Kind, Piece};

/// From this width on the preview is beside the list, else below it.
const WIDE: u16 = 80;
/// The columns before the text of an item: `> ` or `* `.
const MARGIN: u16 = 2;
/// More of an item is not shown.
const MAX_SHOWN: usize = 16 << 10;
/// The columns between two columns of a table.
const GAP: u16 = 2;
/// The distance of tab stops.
const TAB: u16 = 8;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub title: String,
    /// The number of columns of the terminal.
    pub width: u16,
}

/// What is drawn besides the state.
pub(crate) struct View<'a> {
    pub items: &'a Items,
    /// The columns, if the items are a table.
    pub columns: &'a [Column],
    /// The positions of the characters of an item that match.
    pub matched: &'a mut dyn FnMut(&[u8]) -> Vec<usize>,
    /// The output of the preview, if there is a preview.
    pub preview: Option<&'a [u8]>,
    pub colour: Colour,
}

/// Where everything is.
struct Layout {
    header: Rect,
    list: Rect,
    preview: Rect,
}

impl Layout {
    fn new(area: Rect, header: usize, has_preview: bool) -> Layout {
        // The query and the status come first.
        let below = rows(area, 2, area.height);
        let (left, preview) = match (has_preview, area.width >= WIDE) {
            (false, _) => (below, Rect::ZERO),
            (true, true) => {
                let width = below.width / 2;
                let right = Rect {
                    x: below.x + width + 1,
                    width: below.width - width - 1,
                    ..below
                };
                (Rect { width, ..below }, right)
            }
            (true, false) => {
                let height = below.height / 2;
                let lower = rows(below, below.height - height, height);
                (rows(below, 0, below.height - height), lower)
            }
        };
        let header = u16::try_from(header)
            .unwrap_or(u16::MAX)
            .min(left.height / 2);
        Layout {
            header: rows(left, 0, header),
            list: rows(left, header, left.height),
            preview,
        }
    }
}

/// Some rows of an area.
fn rows(area: Rect, skipped: u16, count: u16) -> Rect {
    let skipped = skipped.min(area.height);
    Rect {
        y: area.y + skipped,
        height: count.min(area.height - skipped),
        ..area
    }
}

/// The rows of the list on a screen of this size.
pub(crate) fn list_rows(area: Rect, view: &View) -> Rows {
    let list = layout(area, view).list;
    Rows {
        first: list.y,
        count: list.height,
    }
}

fn layout(area: Rect, view: &View) -> Layout {
    let titles = usize::from(!view.columns.is_empty());
    Layout::new(
        area,
        view.items.header().len() + titles,
        view.preview.is_some(),
    )
}

/// Draws the list, and returns the position of the cursor, in the first row.
pub(crate) fn draw(buffer: &mut Buffer, state: &State, view: &mut View) -> Position {
    let area = *buffer.area();
    let layout = layout(area, view);
    let theme = Theme(view.colour);
    let cursor = draw_query(buffer, state, &theme);
    draw_status(buffer, state, view, &theme);
    let mut header = layout.header;
    if !view.columns.is_empty() && header.height > 0 {
        let titles: Vec<&str> = view
            .columns
            .iter()
            .map(|column| column.title.as_str())
            .collect();
        let line = titles.join("\t");
        let mut pen = Pen::new(buffer, header, 0);
        pen.skip(MARGIN);
        pen.table(line.as_bytes(), view.columns, &[], [theme.header(); 2]);
        header = rows(header, 1, header.height);
    }
    for (row, line) in (0..header.height).zip(view.items.header()) {
        let mut pen = Pen::new(buffer, header, row);
        pen.skip(MARGIN);
        pen.line(line, &[], [theme.header(); 2]);
    }
    for (row, (number, is_highlighted)) in (0..layout.list.height).zip(state.shown()) {
        let Some(item) = view.items.get(number) else {
            continue;
        };
        let matched = match state.query.is_empty() {
            true => Vec::new(),
            false => (view.matched)(item.text),
        };
        let is_marked = state.marked.contains(number);
        let styles = [theme.item(is_highlighted), theme.matched(is_highlighted)];
        let mut pen = Pen::new(buffer, layout.list, row);
        pen.text(if is_highlighted { ">" } else { " " }, theme.pointer());
        pen.text(if is_marked { "*" } else { " " }, theme.pointer());
        match view.columns {
            [] => pen.line(item.text, &matched, styles),
            columns => pen.table(item.text, columns, &matched, styles),
        }
    }
    draw_preview(buffer, layout.preview, view.preview.unwrap_or_default());
    cursor
}

/// `> query`, scrolled so that the cursor is visible.
fn draw_query(buffer: &mut Buffer, state: &State, theme: &Theme) -> Position {
    let (before, after) = state.query.parts();
    let area = rows(*buffer.area(), 0, 1);
    let room = usize::from(area.width.saturating_sub(MARGIN + 1));
    let mut hidden = text::width(before.as_bytes()).saturating_sub(room);
    let mut pen = Pen::new(buffer, area, 0);
    pen.text("> ", theme.pointer());
    for piece in text::pieces(before.as_bytes()) {
        match hidden {
            0 => pen.piece(&piece, Style::new()),
            _ => hidden = hidden.saturating_sub(piece.width.into()),
        }
    }
    let cursor = Position::new(pen.column, area.y);
    for piece in text::pieces(after.as_bytes()) {
        pen.piece(&piece, Style::new());
    }
    cursor
}

/// `  12/3400 (2 marked)`, and how the items are sorted.
fn draw_status(buffer: &mut Buffer, state: &State, view: &View, theme: &Theme) {
    let area = rows(*buffer.area(), 1, 1);
    let mut text = format!("  {}/{}", state.matches().len(), state.total);
    if state.multi == Multi::Several && !state.marked.is_empty() {
        text.push_str(&format!(" ({} marked)", state.marked.len()));
    }
    match &state.input {
        Input::Reading => text.push_str(" reading"),
        Input::Ended if !state.is_searched() => text.push_str(" searching"),
        Input::Ended => {}
        Input::Failed(why) => text.push_str(&format!(" input: {why}")),
    }
    if let Order::Column(column, direction) = state.order {
        let title = view.columns.get(column).map_or("", |column| &column.title);
        let direction = match direction {
            Direction::Ascending => "up",
            Direction::Descending => "down",
        };
        text.push_str(&format!(" by {title} {direction}"));
    }
    Pen::new(buffer, area, 0).line(text.as_bytes(), &[], [theme.status(); 2]);
}

fn draw_preview(buffer: &mut Buffer, area: Rect, output: &[u8]) {
    let shown = output.get(..MAX_SHOWN * 4).unwrap_or(output);
    let lines = shown.split(|byte| *byte == b'\n');
    for (row, line) in (0..area.height).zip(lines) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Pen::new(buffer, area, row).line(line, &[], [Style::new(); 2]);
    }
}

/// Writes a row of an area.
struct Pen<'a> {
    buffer: &'a mut Buffer,
    column: u16,
    first: u16,
    /// The first column that is not part of the area.
    end: u16,
    row: u16,
}

impl Pen<'_> {
    fn new(buffer: &mut Buffer, area: Rect, row: u16) -> Pen<'_> {
        // What is outside of the buffer is not drawn.
        let area = match row < area.height {
            true => area.intersection(*buffer.area()),
            false => Rect::ZERO,
        };
        let end = match area.height > row {
            true => area.right(),
            false => area.x,
        };
        Pen {
            buffer,
            column: area.x,
            first: area.x,
            end,
            row: area.y + row,
        }
    }

    fn left(&self) -> u16 {
        self.end.saturating_sub(self.column)
    }

    fn skip(&mut self, count: u16) {
        self.column = self.column.saturating_add(count).min(self.end);
    }

    /// Text without control characters.
    fn text(&mut self, text: &str, style: Style) {
        if self.left() > 0 {
            let width = usize::from(self.left());
            let drawn = self
                .buffer
                .set_stringn(self.column, self.row, text, width, style);
            self.column = drawn.0;
        }
    }

    fn piece(&mut self, piece: &Piece, style: Style) {
        match (piece.kind, piece.shown.as_ref()) {
            (Kind::Escaped, "\\t") => {
                let column = self.column - self.first.min(self.column);
                for _ in 0..TAB - column % TAB {
                    self.text(" ", style);
                }
            }
            (Kind::Escaped, shown) => self.text(shown, style.add_modifier(Modifier::DIM)),
            (Kind::Plain, _) if piece.width > self.left() => self.column = self.end,
            (Kind::Plain, shown) => self.text(shown, style),
        }
    }

    /// A text with matched characters, scrolled so that the last of them is visible. The styles are
    /// those of other and of matched characters.
    fn line(&mut self, bytes: &[u8], matched: &[usize], styles: [Style; 2]) {
        let bytes = bytes.get(..MAX_SHOWN).unwrap_or(bytes);
        let pieces: Vec<Piece> = text::pieces(bytes).collect();
        let width: u32 = pieces.iter().map(|piece| u32::from(piece.width)).sum();
        let room = u32::from(self.left());
        let mut hidden = 0;
        if let Some(last) = matched.last().filter(|_| width > room && room > 1) {
            let until = pieces
                .iter()
                .take_while(|piece| piece.characters.start <= *last);
            let needed: u32 = until.map(|piece| u32::from(piece.width)).sum();
            // One column for the mark, and some of the text after the match.
            let wanted = (needed + room / 4).min(width);
            if needed > room {
                hidden = wanted.saturating_sub(room) + 1;
            }
        }
        if hidden > 0 {
            self.text("…", styles[0]);
        }
        for piece in &pieces {
            if self.left() == 0 {
                return;
            }
            match hidden {
                0 => self.piece(piece, style_of(piece, matched, styles)),
                _ => hidden = hidden.saturating_sub(piece.width.into()),
            }
        }
    }

    /// A row of a table.
    fn table(&mut self, bytes: &[u8], columns: &[Column], matched: &[usize], styles: [Style; 2]) {
        let bytes = bytes.get(..MAX_SHOWN).unwrap_or(bytes);
        let mut columns = columns.iter();
        let mut width = columns.next().map_or(0, |column| column.width);
        let mut end = self.column.saturating_add(width).min(self.end);
        for piece in text::pieces(bytes) {
            if piece.shown == "\\t" && bytes.contains(&COLUMN) {
                self.column = end.saturating_add(GAP).min(self.end);
                width = columns.next().map_or(0, |column| column.width);
                end = self.column.saturating_add(width).min(self.end);
            } else if self.column.saturating_add(piece.width) <= end {
                self.piece(&piece, style_of(&piece, matched, styles));
            } else {
                // The rest of the cell does not fit either.
                self.column = end;
            }
        }
    }
}

fn style_of(piece: &Piece, matched: &[usize], [other, own]: [Style; 2]) -> Style {
    let first = matched.partition_point(|at| *at < piece.characters.start);
    match matched.get(first) {
        Some(at) if *at < piece.characters.end => own,
        Some(_) | None => other,
    }
}

/// The width of each column that has none: that of its widest cell among the first items, at most `most`.
pub(crate) fn widths(columns: &mut [Column], items: &Items, most: u16) {
    const LOOKED_AT: u32 = 1000;
    let mut columns: Vec<(bool, &mut Column)> = columns
        .iter_mut()
        .map(|column| (column.width == 0, column))
        .collect();
    for (is_open, column) in &mut columns {
        if *is_open {
            column.width = u16::try_from(text::width(column.title.as_bytes())).unwrap_or(most);
        }
    }
    for number in 0..items.count().min(LOOKED_AT) {
        let text = items.get(number).map_or(&b""[..], |item| item.text);
        for ((is_open, column), cell) in columns.iter_mut().zip(text.split(|byte| *byte == COLUMN))
        {
            if *is_open {
                let width = u16::try_from(text::width(cell)).unwrap_or(most);
                column.width = column.width.max(width).min(most);
            }
        }
    }
}

#[cfg(test)]
mod tests;
