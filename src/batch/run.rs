//! Runs a batch: hands requests to workers, and reports results as they finish or in the order of the
//! input. Memory does not depend on the number of requests, except for one byte each with a journal.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::input::Invalid;
use super::journal::{Entry, Replay, State};
use super::record::Record;
use super::shard::Shard;
use super::source::Source;
use super::tally::Tally;
use super::worker::{Message, Task, Worker};
use crate::error::Error;
use crate::exit::Exit;
use crate::http::Renewal;
use crate::http::credential::Credential;

pub(crate) use super::finished::{Finished, Outcome};
pub(crate) use super::worker::{Access, Shared};

/// `--jobs`.
pub(crate) const MAX_JOBS: usize = 256;
/// After a stop, requests that were sent may finish in this time.
const GRACE: Duration = Duration::from_secs(5);
/// How often a stop is noticed while no request finishes.
const TICK: Duration = Duration::from_millis(100);
/// The number of requests between two checks that the input is unchanged.
const CHECK_EVERY: u64 = 256;

/// The order of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    AsFinished,
    AsInput,
}

/// What is done about invalid lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnInvalid {
    /// The run ends there. Normally the input was checked before.
    Stop,
    Skip,
}

/// How a batch is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// From 1 to [`MAX_JOBS`].
    pub jobs: usize,
    pub order: Order,
    pub on_invalid: OnInvalid,
    pub shard: Option<Shard>,
}

/// A line of the result.
#[derive(Debug)]
pub(crate) enum Event {
    Finished(Finished),
    Invalid(Invalid),
    /// An earlier run sent it and does not know what became of it, and it may not be sent twice.
    Undecided(Record),
}

/// What the main thread does for a run.
pub(crate) struct Desk<'a> {
    /// Takes the results.
    pub report: &'a mut dyn FnMut(Event) -> Result<(), Error>,
    /// Gets a new credential; `None` if the current one stays in use.
    pub renew: &'a mut dyn FnMut(Renewal) -> Result<Option<Credential>, Error>,
    /// Finds out whether an unknown request was processed.
    pub check: Option<Check<'a>>,
    /// Called often, to show progress and to notice signals.
    pub tick: &'a mut dyn FnMut(&Tally),
}

/// Asks the service whether it processed a request.
pub(crate) type Check<'a> = &'a mut dyn FnMut(&Record) -> Result<Processed, Error>;

/// Whether a request of an earlier run was processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processed {
    Yes,
    No,
}

/// What a run reads.
pub(crate) struct Input<'a, R> {
    pub source: Source<'a, R>,
    /// Checks that the source is still the one that was checked before.
    pub ensure_unchanged: &'a dyn Fn() -> Result<(), Error>,
    /// What the journal says about earlier runs.
    pub replay: Option<&'a Replay>,
}

/// Runs the requests of an input.
///
/// # Errors
/// When the input cannot be read, the journal cannot be written, or `report` fails. Requests that were
/// sent are in the journal.
pub(crate) fn run(
    options: Options,
    shared: &Arc<Shared>,
    input: Input<impl BufRead>,
    desk: Desk,
) -> Result<Tally, Error> {
    let jobs = options.jobs.clamp(1, MAX_JOBS);
    let (tasks, results) = start_workers(jobs, shared)?;
    let mut run = Run {
        options,
        shared,
        input,
        tasks: Some(tasks),
        in_flight: 0,
        // So many results may wait for an earlier one.
        window: 4 * jobs as u64,
        held: Held::default(),
        tally: Tally::default(),
        desk,
    };
    let result = run.drive(&results, jobs);
    if result.is_err() {
        shared.pace.stop();
    }
    // Not left to the last worker: one may still wait for a response when the process ends.
    let closed = shared
        .journal
        .as_ref()
        .map_or(Ok(()), |journal| journal.close());
    result.and(closed).map(|()| run.tally)
}

/// Threads that end when there are no more tasks. They are not joined: after a stop one may still wait
/// for a response when the process ends.
fn start_workers(
    jobs: usize,
    shared: &Arc<Shared>,
) -> Result<(SyncSender<Task>, Receiver<Message>), Error> {
    // Room for all tasks in flight: the main thread must never wait for a worker that waits for it.
    let (tasks, queue) = mpsc::sync_channel::<Task>(2 * jobs);
    let queue = Arc::new(Mutex::new(queue));
    let (sender, results) = mpsc::channel();
    for number in 0..jobs {
        let (queue, sender, shared) = (Arc::clone(&queue), sender.clone(), Arc::clone(shared));
        let work = move || {
            let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            Worker::new(shared, sender).work(|| next().ok());
        };
        let started = thread::Builder::new().spawn(work);
        // A machine with few processes left does the work with fewer.
        if let (Err(source), 0) = (started, number) {
            return Err(Error::System {
                action: "start a thread",
                source,
            });
        }
    }
    Ok((tasks, results))
}

/// Results that wait for earlier ones.
#[derive(Default)]
struct Held {
    events: BTreeMap<u64, Option<Event>>,
    /// The number of the next request to report.
    next: u64,
}

impl Held {
    fn take_next(&mut self) -> Option<Option<Event>> {
        let event = self.events.remove(&self.next)?;
        self.next += 1;
        Some(event)
    }
}

struct Run<'a, 'd, R> {
    options: Options,
    shared: &'a Arc<Shared>,
    input: Input<'a, R>,
    /// `None` after the end of the input.
    tasks: Option<SyncSender<Task>>,
    in_flight: usize,
    window: u64,
    held: Held,
    tally: Tally,
    desk: Desk<'d>,
}

impl<R: BufRead> Run<'_, '_, R> {
    fn drive(&mut self, results: &Receiver<Message>, jobs: usize) -> Result<(), Error> {
        let mut stopped: Option<Instant> = None;
        loop {
            (self.desk.tick)(&self.tally);
            if self.shared.pace.is_stopped() && stopped.is_none() {
                stopped = Some(Instant::now());
                self.tasks = None;
            }
            while self.tasks.is_some()
                && self.in_flight < 2 * jobs
                && self.has_room()
                && !self.shared.pace.is_stopped()
            {
                self.feed()?;
            }
            if self.in_flight == 0 {
                match self.tasks {
                    None => return self.release_all(),
                    Some(_) => continue, // it was stopped just now
                }
            }
            if stopped.is_some_and(|at| at.elapsed() > GRACE) {
                // The journal has them as sent.
                self.tally.unknown += self.in_flight as u64;
                self.tally.worsen(Exit::Failed);
                return self.release_all();
            }
            match results.recv_timeout(TICK) {
                Ok(message) => self.take(message)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::malformed("the batch", "its workers have ended"));
                }
            }
            // What has finished meanwhile is reported with it, in one write.
            for message in results.try_iter().take(jobs) {
                self.take(message)?;
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), Error> {
        match message {
            Message::Finished(finished) => self.finish(*finished),
            Message::Renew { renewal, reply } => {
                // The worker may have given up.
                let _ = reply.send((self.desk.renew)(renewal));
                Ok(())
            }
        }
    }

    /// Whether the results that are held back leave room for another request.
    fn has_room(&self) -> bool {
        self.options.order == Order::AsFinished || (self.held.events.len() as u64) < self.window
    }

    /// Reads the next request, and gives it to the workers if it is to be sent.
    fn feed(&mut self) -> Result<(), Error> {
        let next = self.input.source.next().map_err(|source| Error::System {
            action: "read the input of the batch",
            source,
        })?;
        let Some(next) = next else {
            self.tasks = None;
            return Ok(());
        };
        let number = next.number;
        if number.is_multiple_of(CHECK_EVERY) {
            (self.input.ensure_unchanged)()?;
            (self.desk.tick)(&self.tally);
        }
        let record = match next.record {
            Ok(record) => record,
            Err(invalid) if self.options.on_invalid == OnInvalid::Skip => {
                self.tally.invalid += 1;
                // Not the code of usage errors, which says that nothing was sent.
                self.tally.worsen(Exit::No);
                return self.emit(number, Some(Event::Invalid(invalid)));
            }
            Err(invalid) => return Err(Error::usage(invalid.to_string())),
        };
        let is_other_shard = self
            .options
            .shard
            .is_some_and(|shard| !shard.takes(&record.name()));
        if is_other_shard {
            return self.emit(number, None);
        }
        match self
            .input
            .replay
            .map_or(State::New, |replay| replay.state(number))
        {
            State::Done => {
                self.tally.skipped += 1;
                self.emit(number, None)
            }
            State::Unknown if !self.shared.is_repeatable(&record) => self.decide(number, record),
            State::New | State::Failed | State::Unknown => self.send(number, record),
        }
    }

    fn send(&mut self, number: u64, record: Record) -> Result<(), Error> {
        self.in_flight += 1;
        let task = Task { number, record };
        let is_sent = self
            .tasks
            .as_ref()
            .is_some_and(|tasks| tasks.send(task).is_ok());
        match is_sent {
            true => Ok(()),
            false => Err(Error::malformed("the batch", "its workers have ended")),
        }
    }

    /// What to do with a request that may have been processed, and may not be sent twice.
    fn decide(&mut self, number: u64, record: Record) -> Result<(), Error> {
        let checked = self.desk.check.as_mut().map(|check| check(&record));
        (self.desk.tick)(&self.tally);
        match checked {
            Some(Ok(Processed::No)) => self.send(number, record),
            Some(Ok(Processed::Yes)) => {
                self.tally.skipped += 1;
                if let Some(journal) = &self.shared.journal {
                    journal.result(&Entry::Done { number, status: 0 })?;
                }
                self.emit(number, None)
            }
            // Without an answer it stays unknown.
            Some(Err(_)) | None => {
                self.tally.unknown += 1;
                self.tally.worsen(Exit::Failed);
                self.emit(number, Some(Event::Undecided(record)))
            }
        }
    }

    fn finish(&mut self, mut finished: Finished) -> Result<(), Error> {
        self.in_flight -= 1;
        self.tally.count(&finished);
        let unrecorded = finished.unrecorded.take();
        let number = finished.number;
        let event = match finished.outcome {
            Outcome::Stopped => None,
            Outcome::Answered { .. } | Outcome::Failed(_) | Outcome::Unknown(_) => {
                Some(Event::Finished(finished))
            }
        };
        // The result is printed, although the journal does not have it.
        self.emit(number, event)?;
        unrecorded.map_or(Ok(()), Err)
    }

    /// Reports an event in the wanted order; `None` only moves the order on.
    fn emit(&mut self, number: u64, event: Option<Event>) -> Result<(), Error> {
        match self.options.order {
            Order::AsFinished => event.map_or(Ok(()), |event| (self.desk.report)(event)),
            Order::AsInput => {
                self.held.events.insert(number, event);
                while let Some(event) = self.held.take_next() {
                    event.map_or(Ok(()), |event| (self.desk.report)(event))?;
                }
                Ok(())
            }
        }
    }

    /// Reports what was held back for requests that no longer come.
    fn release_all(&mut self) -> Result<(), Error> {
        for event in std::mem::take(&mut self.held.events)
            .into_values()
            .flatten()
        {
            (self.desk.report)(event)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
