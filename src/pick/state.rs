//! The state of the list, and what each event does to it.

use std::sync::Arc;

use super::marks::Marks;
use super::order::{Direction, Order};
use super::search::{Found, Input};
use crate::tui::editor::{Edit, Editor};
use crate::tui::event::{Event, Key, Wheel};

/// How many items a wheel moves.
const WHEEL: usize = 3;

/// How many items can be picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Multi {
    One,
    Several,
}

/// What a key asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    /// Search for the query in the order of the state.
    Search,
    /// The items with these numbers were picked, in the order of the input.
    Pick(Vec<u32>),
    Cancel,
    /// Stop the process, as Ctrl-Z does.
    Stop,
}

/// The rows of the screen that the list takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub first: u16,
    pub count: u16,
}

/// The list: the query, the matches, and the highlighted one.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub query: Editor,
    pub multi: Multi,
    /// The number of columns that can be sorted by.
    pub columns: usize,
    pub order: Order,
    pub input: Input,
    /// The number of items so far.
    pub total: u32,
    pub marked: Marks,
    found: Found,
    /// The position of the highlighted match.
    highlighted: usize,
    /// The position of the first match that is shown.
    top: usize,
    rows: Rows,
}

impl State {
    pub(crate) fn new(query: &str, multi: Multi, columns: usize) -> State {
        State {
            query: Editor::new(query),
            multi,
            columns,
            order: Order::Rank,
            input: Input::Reading,
            total: 0,
            marked: Marks::default(),
            found: Found::default(),
            highlighted: 0,
            top: 0,
            rows: Rows::default(),
        }
    }

    /// The numbers of all matches.
    pub(crate) fn matches(&self) -> &[u32] {
        &self.found.numbers
    }

    /// The number of the query that the matches are of.
    pub(crate) fn generation(&self) -> u64 {
        self.found.generation
    }

    /// Whether all items so far were searched for the query.
    pub(crate) fn is_searched(&self) -> bool {
        self.found.searched == self.total
    }

    /// The matches that are shown: their numbers, and whether each is highlighted.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (u32, bool)> {
        let positions = (self.top..).take(self.rows.count.into());
        let shown = positions.zip(self.matches().iter().skip(self.top));
        shown.map(|(position, number)| (*number, position == self.highlighted))
    }

    /// The number of the highlighted item.
    pub(crate) fn current(&self) -> Option<u32> {
        self.matches().get(self.highlighted).copied()
    }

    /// The list has these rows from now on.
    pub(crate) fn set_rows(&mut self, rows: Rows) {
        self.rows = rows;
        self.scroll();
    }

    /// More items, or other matches.
    pub(crate) fn update(&mut self, total: u32, input: Input, found: Found) {
        let current = self.current();
        let is_same = found.generation == self.found.generation;
        self.total = total;
        self.input = input;
        if Arc::ptr_eq(&found.numbers, &self.found.numbers) {
            self.found = found;
            return;
        }
        self.found = found;
        // The same item stays highlighted while more are read.
        self.highlighted = match (is_same, self.highlighted, current) {
            (true, 1.., Some(current)) => {
                let mut matches = self.matches().iter();
                let position = matches.position(|number| *number == current);
                position.unwrap_or(self.highlighted)
            }
            _ => 0,
        };
        self.move_to(self.highlighted);
    }

    /// What an event does.
    pub(crate) fn on(&mut self, event: &Event) -> Effect {
        match event {
            Event::Key(key) => self.press(*key),
            Event::Paste(text) => edited(self.query.insert(text)),
            Event::Wheel(Wheel::Up) => self.up(WHEEL),
            Event::Wheel(Wheel::Down) => self.down(WHEEL),
            Event::Click { row, .. } => self.click(*row),
            Event::Redraw | Event::Woken => Effect::None,
        }
    }

    fn press(&mut self, key: Key) -> Effect {
        let page = usize::from(self.rows.count).max(1);
        match key {
            Key::Enter => self.pick(),
            Key::Escape | Key::Ctrl('c' | 'g' | 'd') => Effect::Cancel,
            Key::Ctrl('z') => Effect::Stop,
            Key::Tab | Key::Down | Key::Ctrl('n') => self.down(1),
            Key::BackTab | Key::Up | Key::Ctrl('p') => self.up(1),
            Key::PageDown => self.down(page),
            Key::PageUp => self.up(page),
            Key::Home => self.up(usize::MAX),
            Key::End => self.down(usize::MAX),
            Key::Ctrl(' ') => self.mark(),
            Key::Ctrl('a') => self.mark_all(),
            Key::Ctrl('s') => self.sort_by_next(),
            Key::Alt(digit @ '1'..='9') => {
                let column = digit.to_digit(10).map_or(0, |digit| digit as usize - 1);
                self.sort_by(column)
            }
            Key::Char(_)
            | Key::Ctrl(_)
            | Key::Alt(_)
            | Key::Backspace
            | Key::Delete
            | Key::Left
            | Key::Right => edited(self.query.press(key)),
        }
    }

    fn down(&mut self, count: usize) -> Effect {
        self.move_to(self.highlighted.saturating_add(count))
    }

    fn up(&mut self, count: usize) -> Effect {
        self.move_to(self.highlighted.saturating_sub(count))
    }

    fn move_to(&mut self, position: usize) -> Effect {
        self.highlighted = position.min(self.matches().len().saturating_sub(1));
        self.scroll();
        Effect::None
    }

    /// Shows the highlighted match.
    fn scroll(&mut self) {
        let rows = usize::from(self.rows.count).max(1);
        let lowest = (self.highlighted + 1).saturating_sub(rows);
        self.top = self.top.clamp(lowest, self.highlighted);
        // No empty rows below the last match.
        self.top = self.top.min(self.matches().len().saturating_sub(rows));
    }

    /// A click highlights an item, and picks the highlighted one.
    fn click(&mut self, row: u16) -> Effect {
        let row = row.checked_sub(self.rows.first);
        let Some(row) = row.filter(|row| *row < self.rows.count) else {
            return Effect::None;
        };
        let position = self.top + usize::from(row);
        if position >= self.matches().len() {
            return Effect::None;
        }
        match position == self.highlighted {
            true => self.pick(),
            false => self.move_to(position),
        }
    }

    fn mark(&mut self) -> Effect {
        if let (Multi::Several, Some(current)) = (self.multi, self.current()) {
            match self.marked.contains(current) {
                true => self.marked.remove(current),
                false => self.marked.insert(current),
            }
            self.down(1);
        }
        Effect::None
    }

    /// Marks all matches. If all are marked, none is marked afterwards.
    fn mark_all(&mut self) -> Effect {
        if self.multi == Multi::Several {
            let matches = Arc::clone(&self.found.numbers);
            let are_marked = matches.iter().all(|number| self.marked.contains(*number));
            for number in matches.iter() {
                match are_marked {
                    true => self.marked.remove(*number),
                    false => self.marked.insert(*number),
                }
            }
        }
        Effect::None
    }

    /// Picks the marked items, or else the highlighted one.
    fn pick(&mut self) -> Effect {
        match self.marked.is_empty() {
            false => Effect::Pick(self.marked.numbers()),
            true => Effect::Pick(self.current().into_iter().collect()),
        }
    }

    /// By a column; if it is that already, in the other direction.
    fn sort_by(&mut self, column: usize) -> Effect {
        if column >= self.columns {
            return Effect::None;
        }
        self.order = match self.order {
            Order::Column(own, Direction::Ascending) if own == column => {
                Order::Column(column, Direction::Descending)
            }
            Order::Column(..) | Order::Rank => Order::Column(column, Direction::Ascending),
        };
        Effect::Search
    }

    /// By the next column, and after the last one by rank.
    fn sort_by_next(&mut self) -> Effect {
        if self.columns == 0 {
            return Effect::None;
        }
        self.order = match self.order {
            Order::Rank => Order::Column(0, Direction::Ascending),
            Order::Column(column, Direction::Ascending) => {
                Order::Column(column, Direction::Descending)
            }
            Order::Column(column, Direction::Descending) if column + 1 < self.columns => {
                Order::Column(column + 1, Direction::Ascending)
            }
            Order::Column(_, Direction::Descending) => Order::Rank,
        };
        Effect::Search
    }
}

fn edited(edit: Edit) -> Effect {
    match edit {
        Edit::Changed => Effect::Search,
        Edit::Moved | Edit::Unused => Effect::None,
    }
}

#[cfg(test)]
mod tests;
