//! The pane of the response: moving, folding, search, and following values.

use super::super::follow::follow;
use super::super::tree::{Fold, Folds, Node, Table, Tree, Way, can_fold};
use super::view::{Edge, View};
use super::{App, Effect, Filtering, Menu, Pane, Search, Shown};
use crate::tui::editor::Editor;
use crate::tui::event::Key;

impl App {
    pub(super) fn response_key(&mut self, key: Key) -> Vec<Effect> {
        if let Search::Typing(editor) = &mut self.search {
            match key {
                Key::Enter => {
                    self.search = Search::For(editor.text());
                    self.find(Way::Forward);
                }
                key => {
                    editor.press(key);
                }
            }
            return Vec::new();
        }
        match key {
            Key::Up | Key::Char('k') => self.move_in_response(-1),
            Key::Down | Key::Char('j') => self.move_in_response(1),
            Key::PageUp | Key::Ctrl('b') => self.move_in_response(-self.page()),
            Key::PageDown | Key::Ctrl('f') => self.move_in_response(self.page()),
            Key::Home | Key::Char('g') => self.jump(Edge::First),
            Key::End | Key::Char('G') => self.jump(Edge::Last),
            Key::Right | Key::Char('l') => self.sideways(Side::Right),
            Key::Left | Key::Char('h') => self.sideways(Side::Left),
            Key::Char(' ') => self.toggle(),
            Key::Char('e') => self.fold_all(Folds::none()),
            Key::Char('w') => self.fold_all(Folds::only_root()),
            Key::Char('t') => self.turn_view(),
            Key::Char('/') => self.search = Search::Typing(Editor::default()),
            Key::Char('n') => self.find(Way::Forward),
            Key::Char('N') => self.find(Way::Backward),
            Key::Char('|' | 'f') | Key::Tab => self.focus = Pane::Filter,
            Key::Char('c' | 'i') => self.focus = Pane::Call,
            Key::Char('o') => return self.open_below(),
            Key::Enter => return self.follow_value(),
            Key::Char('p') => return self.copy_path(),
            Key::Char('y') => {
                let words = self.last_call().cloned();
                return words.map(Effect::CopyCommand).into_iter().collect();
            }
            Key::Char('s') => return vec![Effect::Save(self.calls.clone())],
            Key::Char('q') => return vec![Effect::Quit],
            Key::Char(_)
            | Key::Ctrl(_)
            | Key::Alt(_)
            | Key::Backspace
            | Key::Delete
            | Key::BackTab
            | Key::Escape => {}
        }
        Vec::new()
    }

    pub(super) fn move_in_response(&mut self, steps: isize) {
        let rows = self.rows;
        if let Some(shown) = &mut self.response {
            shown.view.step(&shown.tree, steps, rows);
        }
    }

    fn jump(&mut self, to: Edge) {
        let rows = self.rows;
        if let Some(shown) = &mut self.response {
            shown.view.jump(&shown.tree, to, rows);
        }
    }

    /// Opens and folds in a tree, and changes the column of a table.
    fn sideways(&mut self, side: Side) {
        let rows = self.rows;
        let Some(shown) = &mut self.response else {
            return;
        };
        let Shown { view, tree, .. } = shown;
        match (&mut *view, side) {
            (View::Table(view), Side::Right) => {
                view.column = (view.column + 1).min(view.table.columns.len().saturating_sub(1));
            }
            (View::Table(view), Side::Left) => view.column = view.column.saturating_sub(1),
            (View::Tree(view), Side::Right) => match view.folds.is_open(view.cursor) {
                true => view.cursor = tree.first_child(view.cursor).unwrap_or(view.cursor),
                false => view.folds.set(view.cursor, Fold::Open),
            },
            (View::Tree(view), Side::Left) => {
                let is_open = can_fold(tree, view.cursor) && view.folds.is_open(view.cursor);
                match is_open {
                    true => view.folds.set(view.cursor, Fold::Close),
                    false => view.cursor = tree.parent(view.cursor).unwrap_or_default(),
                }
            }
        }
        view.scroll(tree, rows);
    }

    fn toggle(&mut self) {
        let Some(Shown {
            view: View::Tree(view),
            ..
        }) = &mut self.response
        else {
            return;
        };
        let fold = match view.folds.is_open(view.cursor) {
            true => Fold::Close,
            false => Fold::Open,
        };
        view.folds.set(view.cursor, fold);
    }

    fn fold_all(&mut self, folds: Folds) {
        let rows = self.rows;
        let Some(shown) = &mut self.response else {
            return;
        };
        if let View::Tree(view) = &mut shown.view {
            view.folds = folds;
            if !view.folds.is_open(view.cursor) {
                view.cursor = Tree::root();
            }
        }
        shown.view.scroll(&shown.tree, rows);
    }

    /// Between the lines and a table of the array at the cursor.
    fn turn_view(&mut self) {
        let rows = self.rows;
        let Some(shown) = &mut self.response else {
            return;
        };
        let tree = &shown.tree;
        let view = match &shown.view {
            View::Table(_) => {
                let value = shown.view.value(tree);
                Some(lines_at(tree, value))
            }
            View::Tree(view) => {
                let around = std::iter::successors(Some(view.cursor), |node| tree.parent(*node));
                let mut tables = around.filter_map(|node| Table::of(tree, node));
                tables.next().map(View::table)
            }
        };
        match view {
            Some(view) => {
                shown.view = view;
                shown.view.scroll(&shown.tree, rows);
            }
            None => self.notice = "this is not an array of objects".to_owned(),
        }
    }

    /// Goes to the next match.
    fn find(&mut self, way: Way) {
        let Search::For(wanted) = &self.search else {
            return;
        };
        let rows = self.rows;
        let Some(shown) = &mut self.response else {
            return;
        };
        let from = shown.view.value(&shown.tree);
        match shown.tree.find(wanted, from, way) {
            Some(node) => {
                let mut view = match std::mem::replace(&mut shown.view, View::tree(node)) {
                    View::Tree(view) => View::Tree(view),
                    View::Table(_) => View::tree(node),
                };
                if let View::Tree(view) = &mut view {
                    view.folds.reveal(&shown.tree, node);
                    view.cursor = node;
                }
                shown.view = view;
                shown.view.scroll(&shown.tree, rows);
            }
            None => self.notice = format!("not found: {wanted}"),
        }
    }

    /// The call that the value at the cursor leads to.
    fn target(&self) -> Result<String, String> {
        let shown = self.response.as_ref().ok_or("there is no response")?;
        let value = shown.view.value(&shown.tree);
        let api = self.knowledge.api.as_ref();
        let to = |node: Node| follow(&self.place, api, &shown.path, &shown.tree, node);
        match (&shown.view, to(value)) {
            // A cell that leads nowhere stands for its row.
            (View::Table(_), Err(why)) => shown.tree.parent(value).map_or(Err(why), to),
            (View::Table(_) | View::Tree(_), target) => target,
        }
    }

    fn follow_value(&mut self) -> Vec<Effect> {
        match self.target() {
            Ok(target) => {
                self.set_line(&target);
                self.submit()
            }
            Err(why) => {
                self.notice = why;
                Vec::new()
            }
        }
    }

    /// Writes the path of the value, to be continued.
    fn open_below(&mut self) -> Vec<Effect> {
        match self.target() {
            Ok(target) => {
                self.set_line(&format!("{target}/"));
                self.focus = Pane::Call;
                self.refresh_menu();
            }
            Err(why) => self.notice = why,
        }
        Vec::new()
    }

    fn set_line(&mut self, target: &str) {
        self.line = Editor::new(&format!("GET {}", crate::shell::quote(target)));
        self.menu = Menu::Closed;
        self.filter = Editor::default();
        self.filtering = Filtering::Done;
    }

    /// Copies the path of the value as a filter, after the filter of what is shown.
    fn copy_path(&mut self) -> Vec<Effect> {
        let Some(shown) = &self.response else {
            return Vec::new();
        };
        let path = shown.tree.path(shown.view.value(&shown.tree));
        let filter = self.filter.text();
        let whole = match filter.trim() {
            "" => path,
            filter => format!("{filter} | {path}"),
        };
        vec![Effect::Copy(whole)]
    }
}

/// The lines with a value visible.
fn lines_at(tree: &Tree, value: Node) -> View {
    let mut view = View::tree(value);
    if let View::Tree(view) = &mut view {
        view.folds.reveal(tree, value);
    }
    view
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}
