//! Threads that make calls. A thread has its own session, because credentials are not shared between
//! threads.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::Builder;

use super::mailbox::Mailbox;
use super::openapi;
use super::place_of;
use crate::cli::http::{Session, SessionOptions};
use crate::cli::profile;
use crate::error::Error;
use crate::exit::Exit;
use crate::explore::app::body::Body;
use crate::explore::app::{Happening, Outcome, PendingCall, Received};
use crate::explore::graphql::Schema;
use crate::explore::openapi::Api;
use crate::explore::service::Place;

/// Where services publish their OpenAPI documents.
const USUAL_DOCUMENTS: [&str; 2] = ["/openapi.json", "/swagger.json"];

/// What a thread starts with.
#[derive(Clone)]
pub(super) struct Start {
    /// As the user named it.
    pub service: String,
    pub options: SessionOptions,
    pub mailbox: Mailbox,
}

impl Start {
    /// A session, and the service. Faults of other profiles were reported before.
    fn session(&self) -> Result<(Session, Place), Error> {
        let (place, profile) = place_of(&self.service, |name| profile::load()?.profile(name))?;
        Ok((Session::new(self.options.clone(), profile), place))
    }
}

enum Job {
    Call(PendingCall),
    Learn(Vec<String>),
}

/// A thread that makes one call after the other. When it is dropped, the thread ends after its call,
/// and does not make those that wait.
pub(super) struct Worker {
    jobs: Sender<Job>,
    login: Receiver<Result<(), Error>>,
    /// The thread has the other end.
    _wanted: Arc<()>,
}

impl Worker {
    /// Starts a thread, which logs in.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(super) fn start(start: &Start) -> Result<Worker, Error> {
        let (jobs, todo) = channel();
        let (logged_in, login) = channel();
        let start = start.clone();
        let wanted = Arc::new(());
        let is_wanted = Arc::downgrade(&wanted);
        spawn(move || work(&start, &todo, &logged_in, &is_wanted))?;
        Ok(Worker {
            jobs,
            login,
            _wanted: wanted,
        })
    }

    /// Waits until the thread has logged in.
    ///
    /// # Errors
    /// Those of the login.
    pub(super) fn wait_for_login(&self) -> Result<(), Error> {
        self.login.recv().unwrap_or(Ok(()))
    }

    pub(super) fn call(&self, call: PendingCall) {
        let _ = self.jobs.send(Job::Call(call));
    }

    pub(super) fn learn(&self, words: Vec<String>) {
        let _ = self.jobs.send(Job::Learn(words));
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let thread = Builder::new().spawn(work);
    thread.map(drop).map_err(|source| Error::System {
        action: "start a thread",
        source,
    })
}

fn work(
    start: &Start,
    todo: &Receiver<Job>,
    logged_in: &Sender<Result<(), Error>>,
    wanted: &Weak<()>,
) {
    let opened = start.session().and_then(|(mut session, place)| {
        session.log_in(vec!["GET".to_owned(), place.word("/")?])?;
        Ok(session)
    });
    let (mut session, result) = match opened {
        Ok(session) => (Ok(session), Ok(())),
        Err(error) => (Err(error.to_string()), Err(error)),
    };
    let _ = logged_in.send(result);
    for job in todo {
        // What was cancelled while it waited is not sent.
        if wanted.strong_count() == 0 {
            return;
        }
        let happening = match (job, &mut session) {
            (Job::Call(call), Ok(session)) => Happening::Answered(call.id, received(session, call)),
            (Job::Call(call), Err(why)) => Happening::Answered(call.id, Err(why.clone())),
            (Job::Learn(words), Ok(session)) => Happening::Learned(schema(session, words)),
            (Job::Learn(_), Err(why)) => Happening::Learned(Err(why.clone())),
        };
        start.mailbox.post(happening);
    }
}

/// The error with its hint, on one line.
fn told(error: &Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

fn received(session: &mut Session, call: PendingCall) -> Result<Received, String> {
    let answer = session.call(call.words);
    // Those of a failed call too, which would else be shown with the next one.
    let messages = session.take_messages();
    let answer = answer.map_err(|error| told(&error))?;
    let outcome = match answer.exit() == Exit::Done {
        true => Outcome::Good,
        false => Outcome::Bad,
    };
    Ok(Received {
        status: answer.head.status_and_reason(),
        outcome,
        elapsed: answer.elapsed,
        body: Body::of(answer.body)?,
        messages,
    })
}

fn schema(session: &mut Session, words: Vec<String>) -> Result<Schema, String> {
    let answer = session.call(words).map_err(|error| told(&error))?;
    match answer.exit() == Exit::Done {
        true => Schema::parse(&answer.body),
        false => Err(format!("no schema: {}", answer.line)),
    }
}

/// Reads the OpenAPI document of the option, or that of the service, in a thread.
///
/// # Errors
/// When there can be no thread.
pub(super) fn describe(start: &Start, given: Option<String>) -> Result<(), Error> {
    let start = start.clone();
    spawn(move || {
        let described = start
            .session()
            .and_then(|(mut session, place)| match given {
                Some(given) => openapi::read(Some(&given), &place, &mut session),
                None => Ok(usual(&mut session, &place)),
            });
        match described {
            Ok(Some(api)) => start.mailbox.post(Happening::Described(Ok(api))),
            Ok(None) => {}
            Err(error) => start.mailbox.post(Happening::Described(Err(told(&error)))),
        }
    })
}

/// The document at one of the usual paths. Many services have none.
fn usual(session: &mut Session, place: &Place) -> Option<Api> {
    USUAL_DOCUMENTS.into_iter().find_map(|path| {
        let answer = session.call(vec!["GET".to_owned(), place.word(path).ok()?]);
        let answer = answer.ok().filter(|answer| answer.exit() == Exit::Done)?;
        Api::parse(&answer.body, place.url()).ok()
    })
}
