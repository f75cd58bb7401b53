//! Reads files with several threads and delivers the results in order.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use super::algorithm::Algorithm;
use super::file::{BUFFER_BYTES, Fault, Hashed, Source};
use crate::error::Error;

/// Limit for the number of threads.
pub(crate) const MOST_THREADS: usize = 64;
/// Results that wait for the printer.
const MOST_WAITING: usize = 1024;
const TICK: Duration = Duration::from_millis(100);

/// A file to read, and the checksums to compute.
pub(crate) struct Task {
    pub source: Source,
    pub algorithms: Vec<Algorithm>,
}

/// Something that happened.
pub(crate) enum Event {
    /// The task with this number is done. They come in order.
    Done(usize, Result<Hashed, Fault>),
    /// So many bytes were read. Sent several times a second.
    Progress(u64),
}

/// Receives the events. An error ends the work.
pub(crate) type Watch<'w> = dyn FnMut(Event) -> Result<(), Error> + 'w;

/// The default number of threads: that of the processors.
pub(crate) fn default_threads() -> usize {
    thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MOST_THREADS)
}

/// What the threads share.
struct Shared<'t> {
    tasks: &'t [Task],
    next: AtomicUsize,
    bytes: AtomicU64,
    is_over: AtomicBool,
}

type Result_ = (usize, Result<Hashed, Fault>);

impl Shared<'_> {
    /// Works until nothing is left. Returns false when the receiver has ended the work.
    fn work(&self, deliver: &mut dyn FnMut(Result_) -> bool) {
        let mut buffer = vec![0; BUFFER_BYTES];
        while !self.is_over.load(Ordering::Relaxed) {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.tasks.get(at) else {
                break;
            };
            let result = task.source.hash(&task.algorithms, &mut buffer, &self.bytes);
            if !deliver((at, result)) {
                break;
            }
        }
    }
}

/// Reads the files of all tasks with this number of threads.
///
/// # Errors
/// Those of `watch`, after which no more files are read.
pub(crate) fn read_all(tasks: &[Task], threads: usize, watch: &mut Watch) -> Result<(), Error> {
    let shared = Shared {
        tasks,
        next: AtomicUsize::new(0),
        bytes: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
    };
    let (sender, receiver) = mpsc::sync_channel(MOST_WAITING);
    let threads = threads.clamp(1, MOST_THREADS).min(tasks.len());
    thread::scope(|scope| {
        let start = |sender: SyncSender<Result_>| {
            let shared = &shared;
            thread::Builder::new().spawn_scoped(scope, move || {
                shared.work(&mut |result| sender.send(result).is_ok());
            })
        };
        let started = (0..threads)
            .map_while(|_| start(sender.clone()).ok())
            .count();
        drop(sender);
        let mut order = Order::default();
        let mut outcome = Ok(());
        if started == 0 {
            // No thread can be started.
            shared.work(&mut |result| {
                outcome = order.deliver(result, watch);
                outcome.is_ok()
            });
            return outcome;
        }
        loop {
            let event = match receiver.recv_timeout(TICK) {
                Ok(result) => order.deliver(result, watch),
                Err(RecvTimeoutError::Timeout) => Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let bytes = shared.bytes.load(Ordering::Relaxed);
            outcome = event.and_then(|()| watch(Event::Progress(bytes)));
            if outcome.is_err() {
                shared.is_over.store(true, Ordering::Relaxed);
                drop(receiver);
                return outcome;
            }
        }
    })
}

/// Puts results in order.
#[derive(Default)]
struct Order {
    next: usize,
    early: BTreeMap<usize, Result<Hashed, Fault>>,
}

impl Order {
    fn deliver(&mut self, (at, result): Result_, watch: &mut Watch) -> Result<(), Error> {
        self.early.insert(at, result);
        while let Some(result) = self.early.remove(&self.next) {
            let at = self.next;
            self.next += 1;
            watch(Event::Done(at, result))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(number: usize) -> Vec<Task> {
        let task = || Task {
            source: Source::Named("/nonexistent".into()),
            algorithms: Vec::new(),
        };
        (0..number).map(|_| task()).collect()
    }

    #[test]
    fn results_come_in_order_and_once() {
        let mut seen = Vec::new();
        read_all(&tasks(3000), 8, &mut |event| {
            if let Event::Done(at, _) = event {
                seen.push(at);
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, (0..3000).collect::<Vec<_>>());
        read_all(&[], 8, &mut |_| Err(Error::usage("nothing"))).unwrap();
    }

    #[test]
    fn an_error_ends_the_work() {
        let mut seen = 0;
        let found = read_all(&tasks(5000), 4, &mut |event| match event {
            Event::Done(at, _) => {
                seen = at;
                if at < 10 {
                    Ok(())
                } else {
                    Err(Error::usage("enough"))
                }
            }
            Event::Progress(_) => Ok(()),
        });
        assert!(found.is_err());
        assert_eq!(seen, 10);
    }
}
