//! One worker: sends a request, and records in the journal what became of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::body_files::BodyFiles;
use super::finished::{Finished, Outcome};
use super::journal::{Durability, Journal, Pending};
use super::rate::{Pace, Turn};
use super::record::Record;
use super::token::SharedToken;
use crate::error::Error;
use crate::http::cookies::Cookies;
use crate::http::credential::Credential;
use crate::http::observe::{Notice, Observer};
use crate::http::part::Header;
use crate::http::request::{Request, is_idempotent};
use crate::http::retry::{may_be_processed, retry_after};
use crate::http::{Caller, Renewal, Response, Settings, Transport};
use crate::timestamp::Timestamp;

/// Whether a request carries the shared credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Anonymous,
    Shared,
}

/// Makes the request of a record, without its credential.
pub(crate) type Prepare = Box<dyn Fn(&Record) -> Result<(Request, Access), Error> + Send + Sync>;

/// Everything that the workers share.
pub(crate) struct Shared {
    pub settings: Settings,
    pub transport: Transport,
    pub pace: Pace,
    pub journal: Option<Journal>,
    pub token: Option<SharedToken>,
    pub prepare: Prepare,
    /// The header with a key that makes a request repeatable, such as Idempotency-Key.
    pub idempotency_header: Option<String>,
    /// The cookies in a file, which all requests share; otherwise each request begins without cookies.
    pub cookies: Option<Cookies>,
    /// The largest body of a response.
    pub max_body: u64,
    /// Where bodies are written; otherwise they are part of the results.
    pub files: Option<BodyFiles>,
}

impl Shared {
    /// Whether a request may be sent again although it may have been processed.
    pub(super) fn is_repeatable(&self, record: &Record) -> bool {
        self.idempotency_header.is_some() || is_idempotent(record.method())
    }
}

/// What a worker tells the main thread.
#[derive(Debug)]
pub(super) enum Message {
    Finished(Box<Finished>),
    /// It waits for a new credential.
    Renew {
        renewal: Renewal,
        reply: SyncSender<Result<Option<Credential>, Error>>,
    },
}

/// Asks the main thread for a new credential.
fn ask(sender: &Sender<Message>, renewal: Renewal) -> Result<Option<Credential>, Error> {
    let ended = || Error::usage("the run was stopped");
    let (reply, answer) = sync_channel(1);
    sender
        .send(Message::Renew { renewal, reply })
        .map_err(|_| ended())?;
    answer.recv().map_err(|_| ended())?
}

/// A request for a worker.
#[derive(Debug)]
pub(super) struct Task {
    pub number: u64,
    pub record: Record,
}

/// The request that a worker is sending.
#[derive(Debug, Default)]
struct Current {
    /// Recorded just before the first attempt.
    pending: Option<(Pending, Durability)>,
    attempts: u32,
    /// How long it waited for the shared rate.
    waited: Duration,
    is_stopped: bool,
    is_retrying: bool,
    /// Why it could not be recorded; then it was not sent.
    unrecorded: Option<Error>,
}

/// Waits for the shared rate before each request, and records the first attempt.
struct Gate {
    shared: Arc<Shared>,
    current: Rc<RefCell<Current>>,
}

impl Observer for Gate {
    fn turn(&mut self) -> Result<Duration, Error> {
        let mut current = self.current.borrow_mut();
        if std::mem::take(&mut current.is_retrying) {
            self.shared.pace.end_retry();
        }
        let began = Instant::now();
        if self.shared.pace.wait() == Turn::Stopped {
            current.is_stopped = true;
            return Err(Error::usage("the run was stopped"));
        }
        let waited = began.elapsed();
        current.waited += waited;
        Ok(waited)
    }

    fn before(&mut self, _: &Request) -> Result<(), Error> {
        let mut current = self.current.borrow_mut();
        if let Some((pending, durability)) = current.pending.take() {
            if let Some(journal) = &self.shared.journal
                && let Err(error) = journal.sent(pending, durability)
            {
                current.unrecorded = Some(error);
                return Err(Error::usage("the request was not recorded"));
            }
            current.attempts = 1;
        }
        Ok(())
    }

    fn after(&mut self, _: &Request, answer: &Response) -> Result<(), Error> {
        if matches!(answer.head.status, 429 | 503)
            && let Some(wait) = retry_after(&answer.head, Timestamp::now())
        {
            self.shared.pace.pause(wait);
        }
        Ok(())
    }

    fn notice(&mut self, notice: &Notice) {
        match notice {
            Notice::Retrying(_) => {
                let mut current = self.current.borrow_mut();
                current.attempts += 1;
                if !std::mem::replace(&mut current.is_retrying, true) {
                    self.shared.pace.begin_retry();
                }
            }
            Notice::RedirectRefused { .. } => {}
        }
    }
}

/// A worker with its caller.
pub(super) struct Worker {
    shared: Arc<Shared>,
    caller: Caller<'static>,
    current: Rc<RefCell<Current>>,
    /// The generation of the token that the last request carried.
    generation: Rc<Cell<u64>>,
    main: Sender<Message>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, main: Sender<Message>) -> Worker {
        let current = Rc::default();
        let generation: Rc<Cell<u64>> = Rc::default();
        let gate = Gate {
            shared: Arc::clone(&shared),
            current: Rc::clone(&current),
        };
        let mut caller = Caller::new(shared.settings.clone())
            .sharing(shared.transport.clone())
            .observed_by(Box::new(gate));
        if let Some(cookies) = &shared.cookies {
            caller = caller.keeping(cookies.clone());
        }
        if shared.token.is_some() {
            let (shared, generation) = (Arc::clone(&shared), Rc::clone(&generation));
            let main = main.clone();
            caller = caller.renewing(Box::new(move |renewal| {
                let Some(token) = &shared.token else {
                    return Ok(None);
                };
                let mut used = generation.get();
                let renewed = token.renewed(&mut used, renewal, &|renewal| ask(&main, renewal));
                generation.set(used);
                renewed
            }));
        }
        Worker {
            shared,
            caller,
            current,
            generation,
            main,
        }
    }

    /// Works until there are no more tasks, or the main thread has left.
    pub(super) fn work(&mut self, next: impl Fn() -> Option<Task>) {
        while let Some(task) = next() {
            let finished = Message::Finished(Box::new(self.perform(task)));
            if self.main.send(finished).is_err() {
                return;
            }
        }
    }

    /// Sends the request, and records its result.
    fn perform(&mut self, task: Task) -> Finished {
        let began = Instant::now();
        let durability = match self.shared.is_repeatable(&task.record) {
            true => Durability::Written,
            false => Durability::Synced,
        };
        let pending = Pending {
            number: task.number,
            line: task.record.line,
            id: task.record.id.clone(),
        };
        *self.current.borrow_mut() = Current {
            pending: Some((pending, durability)),
            ..Current::default()
        };
        let result = self.call(&task);
        let current = self.current.take();
        if current.is_retrying {
            self.shared.pace.end_retry();
        }
        let was_sent = current.attempts > 0;
        let outcome = match result {
            Ok(answered) => answered,
            Err(_) if current.unrecorded.is_some() => Outcome::Stopped,
            // A stop between two attempts leaves what the first one did.
            Err(_) if current.is_stopped && !was_sent => Outcome::Stopped,
            Err(error) if was_sent && (current.is_stopped || is_uncertain(&error)) => {
                Outcome::Unknown(error)
            }
            Err(error) => Outcome::Failed(error),
        };
        let mut finished = Finished {
            number: task.number,
            line: task.record.line,
            id: task.record.id,
            attempts: current.attempts,
            time: began.elapsed().saturating_sub(current.waited),
            outcome,
            unrecorded: current.unrecorded,
        };
        if let (Some(journal), Some(entry)) = (&self.shared.journal, finished.entry()) {
            finished.unrecorded = journal.result(&entry).err();
        }
        finished
    }

    fn call(&mut self, task: &Task) -> Result<Outcome, Error> {
        let shared = Arc::clone(&self.shared);
        let (mut request, access) = (shared.prepare)(&task.record)?;
        if let (Some(name), Some(journal)) = (&shared.idempotency_header, &shared.journal)
            && !request.has_header(name)
        {
            let key = journal.idempotency_key(task.number, task.record.id.as_deref());
            request.headers.push(Header::plain(name, key));
        }
        self.caller.forget_renewed();
        if shared.cookies.is_none() {
            self.caller.forget_cookies();
        }
        if let (Access::Shared, Some(token)) = (access, &shared.token) {
            let (credential, generation) =
                token.for_request(&|renewal| ask(&self.main, renewal))?;
            self.generation.set(generation);
            request.credential = credential;
        }
        let mut response = self.caller.call(&mut request)?;
        let body = response.body.read_all(shared.max_body)?;
        let status = response.head.status;
        let is_good = (200..300).contains(&status);
        let Some(files) = shared.files.as_ref().filter(|_| is_good) else {
            return Ok(Outcome::Answered {
                status,
                body,
                saved: None,
            });
        };
        let id = task.record.id.as_deref();
        let content_type = response.head.header("content-type");
        Ok(
            match files.save(task.record.line, id, content_type, &body) {
                Ok(path) => Outcome::Answered {
                    status,
                    body: Vec::new(),
                    saved: Some(path),
                },
                // It was processed, but its result is lost.
                Err(error) => Outcome::Unknown(error),
            },
        )
    }
}

/// Whether a request that failed like this may have been processed.
fn is_uncertain(error: &Error) -> bool {
    match error {
        Error::Http(failure) => may_be_processed(failure),
        Error::Hinted { error, .. } => is_uncertain(error),
        // No call ends like this, so nothing is known about the request.
        Error::Filter { .. } | Error::OutOfTime(_) => true,
        // A refused login, a file that cannot be read: an earlier attempt of this call had a response
        // that did not accept it.
        Error::Usage { .. }
        | Error::NoSuchCommand { .. }
        | Error::NoSuchProgram { .. }
        | Error::Secret(_)
        | Error::Auth(_)
        | Error::Jwt(_)
        | Error::File { .. }
        | Error::Malformed { .. }
        | Error::Nothing { .. }
        | Error::Echo(_)
        | Error::Rez(_)
        | Error::Output(_)
        | Error::System { .. } => false,
    }
}
