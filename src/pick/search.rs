//! Searches items for a query, in all processors, while items are read and the query changes. A search
//! for an older query is given up.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::matcher::{Matcher, Rank};
use super::order::{self, Order};
use super::query::Query;
use super::store::{Block, Items, TooLarge};
use crate::elf::walk::in_threads;

/// Blocks that are searched before results are shown: 64 MiB.
const SLICE: usize = 256;
/// How often results are shown while items are read.
const EVERY: Duration = Duration::from_millis(100);

/// Whether more items will come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Reading,
    Ended,
    /// Why the rest cannot be read.
    Failed(String),
}

/// What a search has found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The number of the query.
    pub generation: u64,
    /// The numbers of the items that match, the best first.
    pub numbers: Arc<Vec<u32>>,
    /// The number of items that were searched.
    pub searched: u32,
}

/// What is searched, and for what.
#[derive(Debug)]
struct State {
    items: Items,
    input: Input,
    query: Arc<Query>,
    order: Order,
    is_closed: bool,
    found: Found,
}

/// A search that several threads share: one adds items, one searches, one changes the query.
#[derive(Debug)]
pub(crate) struct Search {
    state: Mutex<State>,
    changed: Condvar,
    /// The number of the query. It changes only under the lock.
    generation: AtomicU64,
}

/// Whether a reader goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    /// Nobody waits for more items, or they do not fit into memory.
    Stop,
}

impl Search {
    pub(crate) fn new(query: Query, header_lines: usize) -> Search {
        Search {
            state: Mutex::new(State {
                items: Items::new(header_lines),
                input: Input::Reading,
                query: Arc::new(query),
                order: Order::Rank,
                is_closed: false,
                found: Found::default(),
            }),
            changed: Condvar::new(),
            generation: AtomicU64::new(1),
        }
    }

    /// A thread that panics has already ended the process.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds items.
    pub(crate) fn add(&self, block: Block) -> Flow {
        let mut state = self.lock();
        let flow = match state.items.add(block) {
            Ok(()) if state.is_closed => Flow::Stop,
            Ok(()) => Flow::Continue,
            Err(TooLarge) => {
                state.input = Input::Failed("larger than 4 GiB".to_owned());
                Flow::Stop
            }
        };
        self.changed.notify_all();
        flow
    }

    /// No more items will come.
    pub(crate) fn end(&self, end: Input) {
        let mut state = self.lock();
        if state.input == Input::Reading {
            state.input = end;
        }
        self.changed.notify_all();
    }

    /// Ends the search and the reading.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_all();
    }

    /// Searches for another query, or in another order. Returns its number.
    pub(crate) fn set(&self, query: Query, order: Order) -> u64 {
        let mut state = self.lock();
        state.query = Arc::new(query);
        state.order = order;
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        self.changed.notify_all();
        generation
    }

    /// The items so far, whether more will come, and what was found last.
    pub(crate) fn now(&self) -> (Items, Input, Found) {
        let state = self.lock();
        (
            state.items.clone(),
            state.input.clone(),
            state.found.clone(),
        )
    }

    /// Waits until the whole input was searched, and returns it. Another thread runs [`Search::run`].
    pub(crate) fn wait(&self) -> (Items, Input, Found) {
        let mut state = self.lock();
        loop {
            let is_current = state.found.generation == self.generation.load(Ordering::SeqCst);
            let is_whole = state.found.searched == state.items.count();
            if state.input != Input::Reading && is_current && is_whole {
                break;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        self.now()
    }

    /// Searches until the search is closed. `show` is called when there are new results.
    pub(crate) fn run(&self, show: &(dyn Fn() + Sync)) {
        let mut progress = Progress::default();
        while let Some(task) = self.next(&progress) {
            if task.generation != progress.generation {
                progress = Progress {
                    generation: task.generation,
                    ..Progress::default()
                };
            }
            let fresh = task.items.blocks().get(progress.blocks..);
            let fresh = fresh.unwrap_or_default();
            let slice = fresh.get(..SLICE).unwrap_or(fresh);
            let is_stale = || self.generation.load(Ordering::Relaxed) != task.generation;
            let keys = search(slice, &task.query, &is_stale);
            if is_stale() {
                continue;
            }
            progress.blocks += slice.len();
            progress.keys.extend(keys.into_iter().flatten());
            let lengths = slice.iter().map(|block| block.len());
            let searched: usize = lengths.sum();
            progress.searched += u32::try_from(searched).unwrap_or(u32::MAX);
            let is_last = progress.blocks == task.items.blocks().len() && task.is_whole;
            if is_last || progress.shown.is_none_or(|shown| shown.elapsed() > EVERY) {
                progress.shown = Some(Instant::now());
                self.publish(&task, &mut progress, &is_stale);
                show();
            }
        }
    }

    /// Waits for something to do; `None` when the search is closed.
    fn next(&self, progress: &Progress) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            let generation = self.generation.load(Ordering::SeqCst);
            let is_whole = state.input != Input::Reading;
            let is_new = generation != progress.generation
                || state.items.blocks().len() > progress.blocks
                // What was found since the results were shown last, or the end of the input.
                || is_whole && !progress.is_whole_shown;
            let is_due = progress.shown.is_some_and(|shown| shown.elapsed() > EVERY)
                && progress.searched != state.found.searched;
            if is_new || is_due {
                return Some(Task {
                    generation,
                    items: state.items.clone(),
                    query: Arc::clone(&state.query),
                    order: state.order,
                    is_whole,
                });
            }
            let waited = self.changed.wait_timeout(state, EVERY);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn publish(&self, task: &Task, progress: &mut Progress, is_stale: &dyn Fn() -> bool) {
        let numbers = order::numbers(&progress.keys, task.order, &task.items);
        let mut state = self.lock();
        if !is_stale() {
            state.found = Found {
                generation: task.generation,
                numbers: Arc::new(numbers),
                searched: progress.searched,
            };
            progress.is_whole_shown = task.is_whole && progress.blocks == task.items.blocks().len();
            self.changed.notify_all();
        }
    }
}

/// What is to be searched.
struct Task {
    generation: u64,
    items: Items,
    query: Arc<Query>,
    order: Order,
    is_whole: bool,
}

/// How far the search for a query has come.
#[derive(Default)]
struct Progress {
    generation: u64,
    blocks: usize,
    searched: u32,
    /// The matches in the order of the items.
    keys: Vec<order::Key>,
    shown: Option<Instant>,
    is_whole_shown: bool,
}

/// The matches in each block, in the order of the items.
fn search(
    blocks: &[Arc<Block>],
    query: &Query,
    is_stale: &(dyn Fn() -> bool + Sync),
) -> Vec<Vec<order::Key>> {
    let is_ranked = query.is_ranked();
    let work = |matcher: &mut Matcher, block: &Arc<Block>| {
        let mut keys = Vec::new();
        if is_stale() {
            return keys;
        }
        if query.is_empty() {
            keys.extend(block.items().map(|(number, _)| order::key(Rank(0), number)));
            return keys;
        }
        for (number, item) in block.items() {
            if let Some(rank) = matcher.rank(query, item) {
                let rank = if is_ranked { rank } else { Rank(0) };
                keys.push(order::key(rank, number));
            }
        }
        keys
    };
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    in_threads(processors.min(64), blocks, Matcher::default, work)
}

#[cfg(test)]
mod tests;
