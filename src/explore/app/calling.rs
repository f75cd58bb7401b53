//! The pane of the call: the line, its completion and history, and the call itself.

use std::sync::Arc;
use std::time::Duration;

use super::super::call::{Impact, Plan};
use super::super::complete::{End, complete};
use super::super::graphql::QUERY;
use super::super::history::is_masked;
use super::super::line::{Line, Word};
use super::body::Content;
use super::view::View;
use super::{
    App, Calling, Effect, Filtering, MAX_CALLS, Menu, Outcome, Pane, PendingCall, Recall, Received,
    Search, Shown, Writes,
};
use crate::quantity::{format_duration, format_size};
use crate::tui::editor::{Edit, Editor};
use crate::tui::event::Key;

impl App {
    pub(super) fn call_key(&mut self, key: Key) -> Vec<Effect> {
        match key {
            Key::Enter => return self.submit(),
            Key::Tab => return self.accept(),
            Key::Down if self.move_in_menu(1) => {}
            Key::Up if self.move_in_menu(-1) => {}
            Key::Up | Key::Ctrl('p') => self.recall(1),
            Key::Down | Key::Ctrl('n') => self.recall(-1),
            Key::PageUp => self.move_in_response(-self.page()),
            Key::PageDown => self.move_in_response(self.page()),
            key => match self.line.press(key) {
                Edit::Changed => {
                    self.recall = Recall::No;
                    self.refresh_menu();
                }
                Edit::Moved => self.menu = Menu::Closed,
                Edit::Unused => {}
            },
        }
        Vec::new()
    }

    pub(super) fn refresh_menu(&mut self) {
        let (before, after) = self.line.parts();
        let completion = match after.is_empty() || after.starts_with(' ') {
            true => complete(before, &self.knowledge),
            false => return self.menu = Menu::Closed,
        };
        self.menu = match completion.candidates.is_empty() {
            true => Menu::Closed,
            false => Menu::Open {
                completion,
                chosen: 0,
            },
        };
    }

    /// Whether the menu is open, so that the key is for it.
    fn move_in_menu(&mut self, steps: isize) -> bool {
        match &mut self.menu {
            Menu::Closed => false,
            Menu::Open { completion, chosen } => {
                // Up at the first candidate is for the history.
                let is_used = *chosen > 0 || steps > 0;
                let last = completion.candidates.len().saturating_sub(1);
                *chosen = chosen.saturating_add_signed(steps).min(last);
                is_used
            }
        }
    }

    /// Puts the chosen candidate into the line.
    fn accept(&mut self) -> Vec<Effect> {
        let Menu::Open { completion, chosen } = &self.menu else {
            let effects = self.ask_schema();
            self.refresh_menu();
            return effects;
        };
        let Some(candidate) = completion.candidates.get(*chosen) else {
            return Vec::new();
        };
        let (before, after) = self.line.parts();
        let kept = before.get(..completion.start).unwrap_or_default();
        let end = match (candidate.end, after.is_empty()) {
            (End::Word, true) => " ",
            (End::Word, false) | (End::Part, _) => "",
        };
        let mut line = Editor::new(&format!("{kept}{}{end}{after}", candidate.text));
        for _ in after.chars() {
            line.press(Key::Left);
        }
        self.line = line;
        self.refresh_menu();
        Vec::new()
    }

    /// Asks a GraphQL service for its schema, when a query is being written.
    fn ask_schema(&mut self) -> Vec<Effect> {
        let (before, _) = self.line.parts();
        let Some((call, _)) = before.split_once("query='") else {
            return Vec::new();
        };
        let line = Line::parse(call).unwrap_or_default();
        let mut words = line.words.iter().map(Word::written);
        let target = words.find(|word| word.starts_with('/'));
        let url = target.and_then(|target| self.place.word(&target).ok());
        match url.filter(|_| !self.has_asked_schema) {
            Some(url) => {
                self.has_asked_schema = true;
                self.notice = "getting the schema …".to_owned();
                vec![Effect::Learn(vec![
                    "POST".to_owned(),
                    url,
                    format!("query={QUERY}"),
                ])]
            }
            None => Vec::new(),
        }
    }

    /// Shows an earlier (1) or later (-1) line.
    fn recall(&mut self, steps: isize) {
        let (back, written) = match &self.recall {
            Recall::No => (0, self.line.text()),
            Recall::Back(back, written) => (*back, written.clone()),
        };
        let lines = self.history.lines();
        let back = back.saturating_add_signed(steps).min(lines.len());
        let line = lines.len().checked_sub(back).and_then(|at| lines.get(at));
        let text = line.map_or(written.as_str(), String::as_str);
        self.line = Editor::new(text);
        self.menu = Menu::Closed;
        self.recall = match back {
            0 => Recall::No,
            back => Recall::Back(back, written),
        };
    }

    /// Sends the line, or asks first.
    pub(super) fn submit(&mut self) -> Vec<Effect> {
        self.menu = Menu::Closed;
        let text = self.line.text();
        match self.pending(&text) {
            Err(why) => {
                self.notice = why;
                Vec::new()
            }
            Ok((call, impact)) => match (impact, self.writes) {
                (Impact::Writes, Writes::Ask) => {
                    match std::mem::replace(&mut self.calling, Calling::Confirm(call)) {
                        // It must not delay a call that is confirmed.
                        Calling::Running(_) => vec![Effect::Cancel],
                        Calling::Idle | Calling::Confirm(_) => Vec::new(),
                    }
                }
                (Impact::Reads, _) | (Impact::Writes, Writes::Allowed) => self.send(call),
            },
        }
    }

    /// The call of a line.
    fn pending(&mut self, text: &str) -> Result<(PendingCall, Impact), String> {
        let line = Line::parse(text)?;
        if is_masked(&line) {
            return Err("*** stands for a secret; write the secret".to_owned());
        }
        let call = Plan::of(&line).and_then(|plan| plan.call(&self.knowledge.values));
        let call = call.map_err(|error| error.to_string())?;
        let words = call.words(&self.place).map_err(|error| error.to_string())?;
        if let Some(filter) = &line.filter {
            self.filter = Editor::new(filter);
        }
        let pending = PendingCall {
            id: self.id(),
            line: text.to_owned(),
            words,
            method: call.method().to_owned(),
            path: call.path(&self.place),
            name: line.name,
        };
        Ok((pending, call.impact()))
    }

    /// The answer to the question whether to send a call.
    pub(super) fn confirmed(&mut self, key: Key, call: PendingCall) -> Vec<Effect> {
        match matches!(key, Key::Char('y' | 'Y')) {
            true => self.send(call),
            false => {
                self.calling = Calling::Idle;
                self.notice = "not sent".to_owned();
                Vec::new()
            }
        }
    }

    fn send(&mut self, call: PendingCall) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Calling::Running(_) = self.calling {
            effects.push(Effect::Cancel);
        }
        self.notice.clear();
        self.recall = Recall::No;
        self.history.add(&call.line);
        effects.push(Effect::Remember(call.line.clone()));
        effects.push(Effect::Send(call.clone()));
        self.calling = Calling::Running(call);
        effects
    }

    pub(super) fn cancel(&mut self) -> Vec<Effect> {
        self.calling = Calling::Idle;
        self.notice = "cancelled; the service may have processed the call".to_owned();
        vec![Effect::Cancel]
    }

    pub(super) fn answered(&mut self, id: u64, answer: Result<Received, String>) -> Vec<Effect> {
        let call = match std::mem::replace(&mut self.calling, Calling::Idle) {
            Calling::Running(call) if call.id == id => call,
            // A call that was cancelled.
            other => {
                self.calling = other;
                return Vec::new();
            }
        };
        let received = match answer {
            Ok(received) => received,
            Err(why) => {
                self.notice = why;
                return Vec::new();
            }
        };
        if self.calls.len() >= MAX_CALLS {
            self.calls.remove(0);
        }
        self.calls.push(call.words);
        self.notice = received.messages.join("; ");
        let body = received.body;
        let json = body.json.clone();
        if body.content == Content::Json && received.outcome == Outcome::Good {
            self.knowledge.seen.add(&call.path, &body.tree);
        }
        self.response = Some(Shown {
            summary: summary(&received.status, body.bytes, received.elapsed, body.content),
            outcome: received.outcome,
            path: call.path,
            name: call.name,
            tree: body.tree.clone(),
            view: View::of(&body.tree),
            body,
        });
        self.search = Search::None;
        self.filtering = Filtering::Done;
        self.focus = Pane::Response;
        self.set_result(json);
        match received.outcome {
            Outcome::Good => self.apply_filter(),
            Outcome::Bad => Vec::new(),
        }
    }

    /// Sets `$last`, and the name of the line.
    pub(super) fn set_result(&mut self, json: Arc<str>) {
        let name = self
            .response
            .as_ref()
            .and_then(|shown| shown.name.as_deref());
        if let Err(error) = self.knowledge.values.set_result(name, json) {
            self.notice = error.to_string();
        }
    }

    /// The words of the last call.
    pub(super) fn last_call(&self) -> Option<&Vec<String>> {
        self.calls.last()
    }

    /// The rows of a page.
    pub(super) fn page(&self) -> isize {
        isize::try_from(self.rows.saturating_sub(1).max(1)).unwrap_or(1)
    }
}

fn summary(status: &str, bytes: usize, elapsed: Duration, content: Content) -> String {
    let kind = match content {
        Content::Json => "",
        Content::Text => ", text",
        Content::Binary => ", not text",
        Content::Empty => ", no body",
    };
    // Less than a millisecond is of no interest.
    let elapsed = Duration::from_millis(
        u64::try_from(elapsed.as_millis())
            .unwrap_or(u64::MAX)
            .max(1),
    );
    let size = format_size(u64::try_from(bytes).unwrap_or(u64::MAX));
    format!("{status}, {size}, {}{kind}", format_duration(elapsed))
}
