//! The state that the connections of a running server share: counters, log and end.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::Error;
use super::report::Entry;
use super::{Lifetime, Settings};
use crate::error::Error as AnyError;

/// Called for every response. An error ends the server.
pub(crate) type Log = Box<dyn Fn(&Entry) -> Result<(), AnyError> + Send + Sync>;

/// The shared state of the threads.
pub(super) struct Service {
    pub settings: Settings,
    log: Log,
    /// The listener, as a socket that can be shut down to wake `accept`.
    listening: TcpStream,
    connections: AtomicUsize,
    pub bodies_bytes: AtomicUsize,
    /// Requests that will get a response, and those that got it.
    admitted: AtomicU64,
    answered: AtomicU64,
    pub failure: Failure,
}

/// The first error of the log.
#[derive(Default)]
pub(super) struct Failure(Mutex<Option<AnyError>>);

impl Failure {
    fn put(&self, error: AnyError) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(error);
    }

    pub(super) fn take_out(&self) -> Option<AnyError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_there(&self) -> bool {
        let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.is_some()
    }
}

impl Service {
    pub(super) fn new(
        listener: &TcpListener,
        settings: Settings,
        log: Log,
    ) -> Result<Service, Error> {
        let listening = listener.try_clone().map_err(Error::Accept)?;
        Ok(Service {
            settings,
            log,
            listening: TcpStream::from(OwnedFd::from(listening)),
            connections: AtomicUsize::new(0),
            bodies_bytes: AtomicUsize::new(0),
            admitted: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            failure: Failure::default(),
        })
    }

    /// Whether a valid request gets a response, and whether it is the last one.
    pub(super) fn admit(&self) -> Admission {
        let number = self.admitted.fetch_add(1, Ordering::SeqCst) + 1;
        match self.settings.lifetime {
            Lifetime::Endless => Admission::Respond,
            Lifetime::Responses(count) if number < count => Admission::Respond,
            Lifetime::Responses(count) if number == count => Admission::RespondLast,
            Lifetime::Responses(_) => Admission::Refuse,
        }
    }

    /// Counts a response as sent.
    pub(super) fn responded(&self) {
        let answered = self.answered.fetch_add(1, Ordering::SeqCst) + 1;
        if self.settings.lifetime == Lifetime::Responses(answered) {
            self.wake();
        }
    }

    pub(super) fn log(&self, entry: &Entry) {
        if let Err(error) = (self.log)(entry) {
            self.failure.put(error);
            self.wake();
        }
    }

    pub(super) fn is_over(&self) -> bool {
        let is_done = match self.settings.lifetime {
            Lifetime::Endless => false,
            Lifetime::Responses(count) => self.answered.load(Ordering::SeqCst) >= count,
        };
        is_done || self.failure.is_there()
    }

    /// Linux ends an `accept` on a listener that is shut down.
    fn wake(&self) {
        let _ = self.listening.shutdown(Shutdown::Both);
    }
}

/// Whether a request gets a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Respond,
    RespondLast,
    Refuse,
}

/// A place among the limited number of connections, free again when dropped.
pub(super) struct Place(pub Arc<Service>);

impl Place {
    pub(super) fn take(service: &Arc<Service>) -> Option<Place> {
        let limit = service.settings.limits.connections;
        take(&service.connections, 1, limit).then(|| Place(Arc::clone(service)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Adds to a counter, unless it would exceed its limit.
pub(super) fn take(counter: &AtomicUsize, amount: usize, limit: usize) -> bool {
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
            now.checked_add(amount).filter(|&sum| sum <= limit)
        })
        .is_ok()
}
