//! The interactive list: connects the terminal, the search and the state.

use std::collections::VecDeque;
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

/// Events that wait for the search. More are dropped.
const MAX_WAITING: usize = 1000;

/// Shows the list until the user picks or cancels. The search wakes the terminal.
///
/// # Errors
/// When the terminal is closed.
pub(crate) fn choose(terminal: &mut Terminal, search: &Search, setup: Setup) -> io::Result<Chosen> {
    let mut list = List {
        state: State::new(setup.query, setup.multi, setup.columns.len()),
        // That of the query the search began with.
        generation: 1,
        waiting: VecDeque::new(),
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
            if let Some(choice) = list.on(happened, terminal, search)? {
                return Ok(Chosen {
                    choice,
                    query: list.state.query.text(),
                });
            }
            event = terminal.event(Some(Instant::now()))?;
        }
    }
}

/// What an event is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Changes the query.
    Edit,
    /// Moves, marks or sorts, which depends on the matches.
    Move,
    Pick,
    /// Cancels or stops.
    End,
    /// Not from the user.
    News,
}

impl Meaning {
    fn of(event: &Event) -> Meaning {
        match event {
            Event::Woken | Event::Redraw => Meaning::News,
            Event::Paste(_) => Meaning::Edit,
            Event::Wheel(_) => Meaning::Move,
            Event::Click { .. } | Event::Key(Key::Enter) => Meaning::Pick,
            Event::Key(key) => match key {
                Key::Escape | Key::Ctrl('c' | 'd' | 'g' | 'z') => Meaning::End,
                Key::Tab
                | Key::BackTab
                | Key::Up
                | Key::Down
                | Key::Home
                | Key::End
                | Key::PageUp
                | Key::PageDown
                | Key::Ctrl(' ' | 'a' | 'n' | 'p' | 's')
                | Key::Alt(_)
                | Key::Enter => Meaning::Move,
                Key::Char(_)
                | Key::Ctrl(_)
                | Key::Backspace
                | Key::Delete
                | Key::Left
                | Key::Right => Meaning::Edit,
            },
        }
    }
}

struct List<'a> {
    state: State,
    /// The number of the query that was searched for last.
    generation: u64,
    /// Events that came before the query was searched, so that keys can be typed ahead.
    waiting: VecDeque<Event>,
    matcher: Matcher,
    query: Query,
    columns: Vec<Column>,
    setup: Setup<'a>,
}

impl List<'_> {
    /// What an event leads to; `None` if the list goes on.
    fn on(
        &mut self,
        event: Event,
        terminal: &mut Terminal,
        search: &Search,
    ) -> io::Result<Option<Choice>> {
        self.update(search);
        let meaning = Meaning::of(&event);
        match meaning {
            Meaning::News | Meaning::End => {}
            // The user has given up on what waits for more items.
            Meaning::Edit if self.is_current() => self.waiting.clear(),
            Meaning::Edit | Meaning::Move | Meaning::Pick => {
                if self.waiting.len() < MAX_WAITING {
                    self.waiting.push_back(event);
                }
                return self.go_on(terminal, search);
            }
        }
        match meaning {
            Meaning::News => self.go_on(terminal, search),
            Meaning::End | Meaning::Edit | Meaning::Move | Meaning::Pick => {
                self.apply(&event, terminal, search)
            }
        }
    }

    /// Applies the events that need not wait any more.
    fn go_on(&mut self, terminal: &mut Terminal, search: &Search) -> io::Result<Option<Choice>> {
        while let Some(event) = self.waiting.front() {
            let is_due = match Meaning::of(event) {
                Meaning::News | Meaning::End => true,
                Meaning::Edit | Meaning::Move => self.is_current(),
                Meaning::Pick => self.is_settled(),
            };
            let Some(event) = self.waiting.pop_front_if(|_| is_due) else {
                break;
            };
            if let Some(choice) = self.apply(&event, terminal, search)? {
                return Ok(Some(choice));
            }
        }
        Ok(None)
    }

    fn apply(
        &mut self,
        event: &Event,
        terminal: &mut Terminal,
        search: &Search,
    ) -> io::Result<Option<Choice>> {
        match self.state.on(event) {
            Effect::None => {}
            Effect::Search => self.search(search),
            Effect::Pick(numbers) => return Ok(Some(Choice::Picked(numbers))),
            Effect::Cancel => return Ok(Some(Choice::Cancelled)),
            Effect::Stop => drop(terminal.stop()?),
        }
        Ok(None)
    }

    /// Whether the matches are those of the query, perhaps not all of them.
    fn is_current(&self) -> bool {
        self.state.generation() == self.generation
    }

    /// Whether an item can be picked.
    fn is_settled(&self) -> bool {
        let can_be_picked = match self.state.input {
            // More items may match, but the user has seen these.
            Input::Reading => !self.state.matches().is_empty() || !self.state.marked.is_empty(),
            Input::Ended | Input::Failed(_) => self.state.is_searched(),
        };
        self.is_current() && can_be_picked
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
