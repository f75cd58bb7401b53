//! The screen of the explorer as a state machine: an event changes the state, and has effects that the
//! command line carries out.

/// The body of a response, as it is shown.
pub(crate) mod body;
mod calling;
mod filtering;
mod responding;
/// Draws the state.
pub(crate) mod screen;
/// What is shown of a response.
pub(crate) mod view;

use std::time::Duration;

use super::complete::{Completion, Knowledge};
use super::graphql::Schema;
use super::history::History;
use super::openapi::Api;
use super::service::Place;
use super::tree::Tree;
use crate::tui::editor::Editor;
use crate::tui::event::{Event, Key, Wheel};
use body::Body;
use view::View;

/// A pane of the screen, which the keys are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pane {
    Call,
    Response,
    Filter,
}

/// Whether calls that change data are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writes {
    Ask,
    Allowed,
}

/// The candidates for the word at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Menu {
    Closed,
    Open {
        completion: Completion,
        chosen: usize,
    },
}

/// A line of the history in place of the line that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recall {
    No,
    /// The number of lines back from the newest, and the line that was written.
    Back(usize, String),
}

/// A call that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PendingCall {
    pub id: u64,
    /// The line it comes from.
    pub line: String,
    /// The words of `c47 http`.
    pub words: Vec<String>,
    pub method: String,
    /// Below the URL of the service.
    pub path: String,
    /// The name that the result gets.
    pub name: Option<String>,
}

/// The state of the last call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Calling {
    Idle,
    /// It can change data, and the person is asked.
    Confirm(PendingCall),
    Running(PendingCall),
}

/// The state of the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filtering {
    Done,
    Running(u64),
    Failed(String),
}

/// A search in the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    None,
    Typing(Editor),
    For(String),
}

/// Whether a response is a success, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Good,
    Bad,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Received {
    /// The status, without secrets.
    pub status: String,
    pub outcome: Outcome,
    pub body: Body,
    pub elapsed: Duration,
    /// What people should know about the call.
    pub messages: Vec<String>,
}

/// The response that is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub summary: String,
    pub outcome: Outcome,
    /// The path of its call.
    pub path: String,
    pub name: Option<String>,
    pub body: Body,
    /// The body, or the result of the filter.
    pub tree: Tree,
    pub view: View,
}

/// What the command line does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Send(PendingCall),
    /// Ends the call that runs.
    Cancel,
    /// Applies a filter to a text, with the values as variables.
    Filter {
        id: u64,
        text: String,
        input: std::sync::Arc<str>,
    },
    /// Ends the filter that runs.
    CancelFilter,
    /// Copies the command line of these words.
    CopyCommand(Vec<String>),
    Copy(String),
    /// Saves the calls as a script.
    Save(Vec<Vec<String>>),
    /// Gets the schema of a GraphQL service.
    Learn(Vec<String>),
    /// Adds a line to the history.
    Remember(String),
    /// Stops the process until it is continued.
    Stop,
    Quit,
}

/// What happens.
#[derive(Debug)]
pub(crate) enum Happening {
    Terminal(Event),
    Answered(u64, Result<Received, String>),
    /// The result of a filter, or the reason why there is none.
    Filtered(u64, Result<Tree, String>),
    Described(Result<Api, String>),
    Learned(Result<Schema, String>),
    /// The result of an effect, for people.
    Told(String),
}

/// The state.
pub(crate) struct App {
    pub place: Place,
    writes: Writes,
    pub knowledge: Knowledge,
    history: History,
    pub focus: Pane,
    pub line: Editor,
    pub menu: Menu,
    recall: Recall,
    pub calling: Calling,
    pub filter: Editor,
    pub filtering: Filtering,
    pub search: Search,
    pub response: Option<Shown>,
    pub notice: String,
    /// The calls that were made, for a script, and the last one.
    calls: Vec<Vec<String>>,
    has_asked_schema: bool,
    next_id: u64,
    /// The number of rows of the response.
    pub rows: usize,
}

/// The most calls of a script.
const MAX_CALLS: usize = 1000;

impl App {
    pub(crate) fn new(place: Place, writes: Writes, history: History) -> App {
        let mut app = App {
            place,
            writes,
            knowledge: Knowledge::default(),
            history,
            focus: Pane::Call,
            line: Editor::new("GET /"),
            menu: Menu::Closed,
            recall: Recall::No,
            calling: Calling::Idle,
            filter: Editor::default(),
            filtering: Filtering::Done,
            search: Search::None,
            response: None,
            notice: String::new(),
            calls: Vec::new(),
            has_asked_schema: false,
            next_id: 1,
            rows: 20,
        };
        app.refresh_menu();
        app
    }

    /// Sets the size of the screen.
    pub(crate) fn resize(&mut self, height: u16) {
        self.rows = usize::from(height.saturating_sub(screen::OTHER_ROWS)).max(1);
        let rows = self.rows;
        if let Some(shown) = &mut self.response {
            shown.view.scroll(&shown.tree, rows);
        }
    }

    /// Changes the state.
    pub(crate) fn handle(&mut self, happening: Happening) -> Vec<Effect> {
        match happening {
            Happening::Terminal(event) => self.event(event),
            Happening::Answered(id, answer) => self.answered(id, answer),
            Happening::Filtered(id, result) => self.filtered(id, result),
            Happening::Described(Ok(api)) => {
                self.notice = format!("{} operations are known", api.operations.len());
                self.knowledge.api = Some(api);
                self.refresh_menu();
                Vec::new()
            }
            Happening::Learned(Ok(schema)) => {
                self.knowledge.schema = Some(schema);
                self.refresh_menu();
                Vec::new()
            }
            Happening::Described(Err(why))
            | Happening::Learned(Err(why))
            | Happening::Told(why) => {
                self.notice = why;
                Vec::new()
            }
        }
    }

    fn event(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Wheel(wheel) => {
                let steps = match wheel {
                    Wheel::Up => -3,
                    Wheel::Down => 3,
                };
                self.move_in_response(steps);
                Vec::new()
            }
            Event::Click { row, .. } => {
                self.focus = match usize::from(row) {
                    0 | 1 => Pane::Call,
                    row if row < self.rows + 2 => Pane::Response,
                    _ => Pane::Filter,
                };
                Vec::new()
            }
            Event::Redraw | Event::Woken => Vec::new(),
        }
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        if let Calling::Confirm(call) = &self.calling {
            let call = call.clone();
            return self.confirmed(key, call);
        }
        if let Some(effects) = self.common_key(key) {
            return effects;
        }
        self.notice.clear();
        match self.focus {
            Pane::Call => self.call_key(key),
            Pane::Response => self.response_key(key),
            Pane::Filter => self.filter_key(key),
        }
    }

    /// A key that does the same in all panes; `None` if it is not one.
    fn common_key(&mut self, key: Key) -> Option<Vec<Effect>> {
        let is_running = matches!(self.calling, Calling::Running(_));
        Some(match (key, is_running) {
            (Key::Ctrl('c'), true) => self.cancel(),
            (Key::Ctrl('c' | 'q'), _) => vec![Effect::Quit],
            (Key::Ctrl('z'), _) => vec![Effect::Stop],
            (Key::Escape, _) => self.escape(),
            (Key::BackTab, _) => {
                self.turn_focus();
                Vec::new()
            }
            (
                Key::Char(_)
                | Key::Ctrl(_)
                | Key::Alt(_)
                | Key::Enter
                | Key::Tab
                | Key::Backspace
                | Key::Delete
                | Key::Up
                | Key::Down
                | Key::Left
                | Key::Right
                | Key::Home
                | Key::End
                | Key::PageUp
                | Key::PageDown,
                _,
            ) => return None,
        })
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        match (self.focus, &mut self.search) {
            (Pane::Call, _) => {
                self.line.insert(text);
                self.refresh_menu();
                Vec::new()
            }
            (Pane::Response, Search::Typing(editor)) => {
                editor.insert(text);
                Vec::new()
            }
            (Pane::Response, Search::None | Search::For(_)) => Vec::new(),
            (Pane::Filter, _) => {
                self.filter.insert(text);
                self.apply_filter()
            }
        }
    }

    /// The next pane.
    fn turn_focus(&mut self) {
        self.menu = Menu::Closed;
        self.focus = match self.focus {
            Pane::Call => Pane::Response,
            Pane::Response => Pane::Filter,
            Pane::Filter => Pane::Call,
        };
    }

    /// Esc ends what was begun last.
    fn escape(&mut self) -> Vec<Effect> {
        self.notice.clear();
        if let Calling::Running(_) = self.calling {
            return self.cancel();
        }
        if let (Pane::Response, Search::Typing(_)) = (self.focus, &self.search) {
            self.search = Search::None;
            return Vec::new();
        }
        if let (Pane::Filter, Filtering::Running(_)) = (self.focus, &self.filtering) {
            self.filtering = Filtering::Failed("cancelled".to_owned());
            return vec![Effect::CancelFilter];
        }
        match self.focus {
            Pane::Call => self.menu = Menu::Closed,
            Pane::Response | Pane::Filter => self.focus = Pane::Call,
        }
        Vec::new()
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

#[cfg(test)]
mod tests;
