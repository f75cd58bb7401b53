//! The pane of the filter, which is applied as one types.

use super::super::tree::Tree;
use super::view::View;
use super::{App, Effect, Filtering, Pane};
use crate::tui::editor::Edit;
use crate::tui::event::Key;

impl App {
    pub(super) fn filter_key(&mut self, key: Key) -> Vec<Effect> {
        match key {
            Key::Enter | Key::Tab => self.focus = Pane::Response,
            Key::Up => self.move_in_response(-1),
            Key::Down => self.move_in_response(1),
            Key::PageUp => self.move_in_response(-self.page()),
            Key::PageDown => self.move_in_response(self.page()),
            key => match self.filter.press(key) {
                Edit::Changed => return self.apply_filter(),
                Edit::Moved | Edit::Unused => {}
            },
        }
        Vec::new()
    }

    /// Filters the body again.
    pub(super) fn apply_filter(&mut self) -> Vec<Effect> {
        let text = self.filter.text();
        let id = self.id();
        let Some(shown) = &mut self.response else {
            return Vec::new();
        };
        if text.trim().is_empty() {
            self.filtering = Filtering::Done;
            shown.tree = shown.body.tree.clone();
            shown.view = View::of(&shown.tree);
            let json = shown.body.json.clone();
            self.set_result(json);
            return Vec::new();
        }
        self.filtering = Filtering::Running(id);
        vec![Effect::Filter {
            id,
            text,
            input: shown.body.json.clone(),
        }]
    }

    pub(super) fn filtered(&mut self, id: u64, result: Result<Tree, String>) -> Vec<Effect> {
        // A later one runs, or the filter was removed.
        if self.filtering != Filtering::Running(id) {
            return Vec::new();
        }
        match (result, &mut self.response) {
            (Ok(tree), Some(shown)) => {
                self.filtering = Filtering::Done;
                shown.view = View::of(&tree);
                let json = tree.text().clone();
                shown.tree = tree;
                self.set_result(json);
            }
            (Ok(_), None) => self.filtering = Filtering::Done,
            // The last result stays visible.
            (Err(why), _) => self.filtering = Filtering::Failed(why),
        }
        Vec::new()
    }
}
