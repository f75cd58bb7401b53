//! Threads that apply filters as one types. A filter cannot be interrupted: one that does not end keeps
//! its thread, and the next one starts after a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};

use super::mailbox::Mailbox;
use crate::error::Error;
use crate::explore::app::Happening;
use crate::explore::result::of_outputs;
use crate::explore::tree::Tree;
use crate::explore::values::Values;
use crate::jq::Filter;

/// The most filters that run at the same time.
const MAX_RUNNING: usize = 4;
/// How long a filter waits for outdated ones to end.
const PATIENCE: Duration = Duration::from_secs(2);
/// The interval of that check.
const STEP: Duration = Duration::from_millis(10);
/// A large input is filtered only after a pause in typing.
const LARGE_BYTES: usize = 1 << 20;
const PAUSE: Duration = Duration::from_millis(150);
/// The most output of a filter.
const MAX_BYTES: usize = 64 << 20;
/// What the filter is called in errors.
const WHAT: &str = "filter";

/// The filters that run.
pub(super) struct Filters {
    mailbox: Mailbox,
    running: Arc<AtomicUsize>,
    /// The filter whose result is wanted.
    latest: Arc<AtomicU64>,
}

/// A filter, what it is applied to, and its variables.
struct Job {
    text: String,
    input: Arc<str>,
    names: Vec<String>,
    values: Vec<Arc<str>>,
}

impl Filters {
    pub(super) fn new(mailbox: Mailbox) -> Filters {
        Filters {
            mailbox,
            running: Arc::default(),
            latest: Arc::default(),
        }
    }

    /// The result of the filter that runs is not wanted.
    pub(super) fn cancel(&self) {
        self.latest.store(0, Ordering::Relaxed);
    }

    /// Applies a filter to a text. An earlier one is out of date.
    pub(super) fn apply(&self, id: u64, text: String, input: Arc<str>, values: &Values) {
        self.latest.store(id, Ordering::Relaxed);
        let (names, values) = values.used_in(&text);
        let job = Job {
            text,
            input,
            names,
            values,
        };
        let (running, latest) = (Arc::clone(&self.running), Arc::clone(&self.latest));
        let mailbox = self.mailbox.clone();
        let work = move || {
            let is_stale = || latest.load(Ordering::Relaxed) != id;
            if job.input.len() > LARGE_BYTES {
                sleep(PAUSE);
            }
            let begin = Instant::now();
            while running.load(Ordering::Relaxed) > 0 && begin.elapsed() < PATIENCE && !is_stale() {
                sleep(STEP);
            }
            if is_stale() {
                return;
            }
            let result = match running.fetch_add(1, Ordering::Relaxed) < MAX_RUNNING {
                true => job.run(),
                false => Err("too many filters are still running; restart c47 explore".to_owned()),
            };
            running.fetch_sub(1, Ordering::Relaxed);
            if !is_stale() {
                mailbox.post(Happening::Filtered(id, result));
            }
        };
        if let Err(error) = Builder::new().spawn(work) {
            let why = format!("no thread: {error}");
            self.mailbox.post(Happening::Filtered(id, Err(why)));
        }
    }
}

impl Job {
    fn run(&self) -> Result<Tree, String> {
        let told = |error: Error| error.to_string();
        let filter = Filter::compile_with(WHAT, &self.text, &self.names).map_err(told)?;
        let input = self.input.as_bytes().into();
        let outputs = filter.outputs_with(WHAT, input, &self.values, MAX_BYTES);
        Ok(Tree::of(of_outputs(&outputs.map_err(told)?))?)
    }
}
