//! The interactive list: connects the terminal, the search and the state.

use std::io;
use std::time::Instant;

use ratatui_core::buffer::Buffer;

use super::matcher::Matcher;
use super::preview::Preview;
use super::query::{Query, Words};
use super::search::{Input, Search};
use super::state::{Effect, Multi, State};
use super::view::{self, Column, View};
use crate::colour::Colour;
use crate::tui::event::{Event, Key};
use crate::tui::terminal::Terminal;

/// A column of a table is not wider than this, unless its width is given.
const MAX_COLUMN: u16 = 40;

/// How the list works.
pub(crate) struct Setup<'a> {
    pub query: &'a str,
    pub words: Words,
    pub multi: Multi,
    /// The columns, if the items are a table. A width of 0 is that of the cells.
    pub columns: Vec<Column>,
    pub preview: Option<&'a Preview>,
    pub colour: Colour,
}

/// What the user has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Picked the items with these numbers.
    Picked(Vec<u32>),
    Cancelled,
}

/// A choice, and the query at that time.
pub(crate) struct Chosen {
    pub choice: Choice,
    pub query: String,
}

/// Whether Enter was pressed before the query was searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Enter {
    No,
    Waits,
}

/// Shows the list until the user picks or cancels. The search wakes the terminal.
///
/// # Errors
/// When the terminal is closed.
pub(crate) fn choose(terminal: &mut Terminal, search: &Search, setup: Setup) -> io::Result<Chosen> {
    let mut list = List {
        state: State::new(setup.query, setup.multi, setup.columns.len()),
        // That of the query the search began with.
        generation: 1,
        enter: Enter::No,
        matcher: Matcher::default(),
        query: Query::parse(setup.query, setup.words),
        columns: setup.columns.clone(),
        setup,
    };
    loop {
        list.draw(terminal, search)?;
        // All events so far, before the next drawing.
        let mut event = terminal.event(None)?;
        while let Some(happened) = event {
            if let Some(choice) = list.on(&happened, terminal, search)? {
                return Ok(Chosen {
                    choice,
                    query: list.state.query.text(),
                });
            }
            event = terminal.event(Some(Instant::now()))?;
        }
    }
}

struct List<'a> {
    state: State,
    /// The number of the query that was searched for last.
    generation: u64,
    enter: Enter,
    matcher: Matcher,
    query: Query,
    columns: Vec<Column>,
    setup: Setup<'a>,
}

impl List<'_> {
    /// What an event leads to; `None` if the list goes on.
    fn on(
        &mut self,
        event: &Event,
        terminal: &mut Terminal,
        search: &Search,
    ) -> io::Result<Option<Choice>> {
        let event = match (self.enter, event) {
            // The search has gone on.
            (Enter::Waits, Event::Woken) => &Event::Key(Key::Enter),
            (Enter::Waits, Event::Key(Key::Escape | Key::Ctrl('c' | 'z'))) => event,
            // Other keys would change what is picked.
            (Enter::Waits, _) => return Ok(None),
            (Enter::No, event) => event,
        };
        self.update(search);
        if *event == Event::Key(Key::Enter) {
            self.enter = match self.is_settled() {
                true => Enter::No,
                false => Enter::Waits,
            };
            if self.enter == Enter::Waits {
                return Ok(None);
            }
        }
        match self.state.on(event) {
            Effect::None => {}
            Effect::Search => self.search(search),
            Effect::Pick(numbers) => return Ok(Some(Choice::Picked(numbers))),
            Effect::Cancel => return Ok(Some(Choice::Cancelled)),
            Effect::Stop => drop(terminal.stop()?),
        }
        Ok(None)
    }

    /// Whether the matches are those of the query.
    fn is_settled(&self) -> bool {
        let is_reading = self.state.input == Input::Reading;
        self.state.generation() == self.generation
            && match is_reading {
                // More items may match, but the user has seen these.
                true => !self.state.matches().is_empty() || !self.state.marked.is_empty(),
                false => self.state.is_searched(),
            }
    }

    fn search(&mut self, search: &Search) {
        self.query = Query::parse(&self.state.query.text(), self.setup.words);
        self.generation = search.set(self.query.clone(), self.state.order);
    }

    fn update(&mut self, search: &Search) {
        let (items, input, found) = search.now();
        self.state.update(items.count(), input, found);
    }

    fn draw(&mut self, terminal: &mut Terminal, search: &Search) -> io::Result<()> {
        let (items, input, found) = search.now();
        self.state.update(items.count(), input, found);
        if !self.columns.is_empty() {
            self.columns.clone_from(&self.setup.columns);
            view::widths(&mut self.columns, &items, MAX_COLUMN);
        }
        let current = self.state.current();
        let output = self.setup.preview.map(|preview| {
            let item = current.and_then(|number| items.get(number));
            if let (Some(number), Some(item)) = (current, item) {
                preview.ask(number, item.text);
            }
            preview.output(current)
        });
        let (matcher, query) = (&mut self.matcher, &self.query);
        let mut matched = |item: &[u8]| matcher.positions(query, item);
        let mut view = View {
            items: &items,
            columns: &self.columns,
            matched: &mut matched,
            preview: output.as_deref(),
            colour: self.setup.colour,
        };
        let rows = view::list_rows(terminal.size(), &view);
        self.state.set_rows(rows);
        let state = &self.state;
        terminal.draw(&mut |buffer: &mut Buffer| view::draw(buffer, state, &mut view))
    }
}
