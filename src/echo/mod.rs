//! A small HTTP/1.1 service that answers every request with a picture of it, for seeing what a
//! tool really sends. Bounded in size, connections and time; strict where two readers could
//! understand a request differently.

mod connection;
mod guard;
mod picture;
mod request;
mod response;
mod wire;

use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::error::Error as AnyError;
use crate::io_error::reason;

pub use guard::Guard;
pub use picture::{Entry, Picture};

/// How much, how many, how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of the request line and the headers together.
    pub head_bytes: usize,
    pub headers: usize,
    /// Of one body.
    pub body_bytes: usize,
    /// Of all bodies that are being read and answered at the same time.
    pub all_bodies_bytes: usize,
    /// At the same time; a thread each.
    pub connections: usize,
    /// Without a byte of it, or without one taken.
    pub silence: Duration,
    /// From its first byte to its last answer.
    pub connection: Duration,
    /// Given a client to take its last answer, before the connection is cut.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_bytes: 64 << 10,
            headers: 100,
            body_bytes: 16 << 20,
            all_bodies_bytes: 32 << 20, // a picture takes a multiple of it
            connections: 64,
            silence: Duration::from_secs(30),
            connection: Duration::from_secs(300),
            farewell: Duration::from_secs(1),
        }
    }
}

/// Whether the picture shows credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    Hidden,
    Shown,
}

/// When the service ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// When the process does.
    Endless,
    /// After so many answers to requests that could be understood.
    Answers(u64),
}

/// What a service does with a request.
#[derive(Debug)]
pub struct Settings {
    /// The status of its answers, 200 to 599.
    pub status: u16,
    pub lifetime: Lifetime,
    pub secrets: Secrets,
    /// Who may ask.
    pub guard: Guard,
    pub limits: Limits,
}

/// A service that has its port and does not yet answer.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    settings: Settings,
}

/// Told of every answer. An error ends the service.
pub type Log = Box<dyn Fn(&Entry) -> Result<(), AnyError> + Send + Sync>;

impl Server {
    /// Takes the port; 0 is any free one.
    ///
    /// # Errors
    /// When the port is taken, is not allowed, or the address is not this machine's.
    pub fn bind(address: SocketAddr, settings: Settings) -> Result<Server, Error> {
        let fail = |source| Error::Bind { address, source };
        let listener = TcpListener::bind(address).map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        Ok(Server {
            listener,
            address,
            settings,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until its lifetime is over, telling `log` of each answer.
    ///
    /// # Errors
    /// When no connection can be taken any more, or `log` fails.
    pub fn run(self, log: Log) -> Result<(), AnyError> {
        let service = Arc::new(Service::new(&self.listener, self.settings, log)?);
        let (refused, refusals) = sync_channel(service.settings.limits.connections);
        let farewells = Arc::clone(&service);
        // Without this thread the surplus is cut off without a word, no more.
        let _ = thread("refuse", move || farewells.refuse(&refusals));
        loop {
            let accepted = self.listener.accept();
            if service.is_over() {
                break;
            }
            match accepted {
                Ok((stream, client)) => service.admit(stream, client, &refused),
                Err(error) if is_transient(&error) => {
                    // Out of descriptors or memory: connections that end give some back.
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(source) => return Err(Error::Accept(source).into()),
            }
        }
        match service.failure.take_out() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// Errors of one connection, or of a moment, that do not end the service.
fn is_transient(error: &io::Error) -> bool {
    !matches!(
        error.raw_os_error(),
        Some(libc::EBADF | libc::EINVAL | libc::ENOTSOCK | libc::EOPNOTSUPP | libc::EFAULT)
    )
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new()
        .name(name.into())
        .stack_size(512 << 10)
        .spawn(work)
        .map(drop)
}

/// What the threads of a running service share.
struct Service {
    settings: Settings,
    log: Log,
    /// The listener, as a socket that can be shut down: that is how `accept` is woken.
    listening: TcpStream,
    connections: AtomicUsize,
    bodies_bytes: AtomicUsize,
    /// Requests that were promised an answer, and those that got it.
    promised: AtomicU64,
    answered: AtomicU64,
    failure: Failure,
}

/// The first error of the log.
#[derive(Default)]
struct Failure(Mutex<Option<AnyError>>);

impl Failure {
    fn put(&self, error: AnyError) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(error);
    }

    fn take_out(&self) -> Option<AnyError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_there(&self) -> bool {
        let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.is_some()
    }
}

impl Service {
    fn new(listener: &TcpListener, settings: Settings, log: Log) -> Result<Service, Error> {
        let listening = listener.try_clone().map_err(Error::Accept)?;
        Ok(Service {
            settings,
            log,
            listening: TcpStream::from(OwnedFd::from(listening)),
            connections: AtomicUsize::new(0),
            bodies_bytes: AtomicUsize::new(0),
            promised: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            failure: Failure::default(),
        })
    }

    /// Gives a connection its thread, or hands it to those who are refused.
    fn admit(
        self: &Arc<Service>,
        stream: TcpStream,
        client: SocketAddr,
        refused: &SyncSender<(TcpStream, SocketAddr)>,
    ) {
        let Some(place) = Place::take(self) else {
            let _ = refused.try_send((stream, client)); // where that is full too, it is just closed
            return;
        };
        let spare = stream.try_clone();
        if thread("connection", move || {
            connection::serve(&place.0, stream, client);
        })
        .is_err()
            && let Ok(stream) = spare
        {
            let _ = refused.try_send((stream, client));
        }
    }

    /// Tells surplus connections so, one after the other, each in a moment.
    fn refuse(&self, refusals: &Receiver<(TcpStream, SocketAddr)>) {
        for (stream, client) in refusals {
            connection::refuse(self, stream, client);
        }
    }

    /// Whether a request that was understood may be answered; the last one is told to itself.
    fn promise(&self) -> Promise {
        let number = self.promised.fetch_add(1, Ordering::SeqCst) + 1;
        match self.settings.lifetime {
            Lifetime::Endless => Promise::Answer,
            Lifetime::Answers(count) if number < count => Promise::Answer,
            Lifetime::Answers(count) if number == count => Promise::LastAnswer,
            Lifetime::Answers(_) => Promise::NoMore,
        }
    }

    /// A promise was kept, as well as the client let it.
    fn kept(&self) {
        let answered = self.answered.fetch_add(1, Ordering::SeqCst) + 1;
        if self.settings.lifetime == Lifetime::Answers(answered) {
            self.wake();
        }
    }

    fn tell(&self, entry: &Entry) {
        if let Err(error) = (self.log)(entry) {
            self.failure.put(error);
            self.wake();
        }
    }

    fn is_over(&self) -> bool {
        let is_done = match self.settings.lifetime {
            Lifetime::Endless => false,
            Lifetime::Answers(count) => self.answered.load(Ordering::SeqCst) >= count,
        };
        is_done || self.failure.is_there()
    }

    /// Linux ends an `accept` on a listener that is shut down.
    fn wake(&self) {
        let _ = self.listening.shutdown(Shutdown::Both);
    }
}

/// Whether a request gets its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Answer,
    LastAnswer,
    NoMore,
}

/// One of the places for connections; free again when dropped.
struct Place(Arc<Service>);

impl Place {
    fn take(service: &Arc<Service>) -> Option<Place> {
        let limit = service.settings.limits.connections;
        take(&service.connections, 1, limit).then(|| Place(Arc::clone(service)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Adds to a counter unless it would pass its limit.
fn take(counter: &AtomicUsize, amount: usize, limit: usize) -> bool {
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
            now.checked_add(amount).filter(|&sum| sum <= limit)
        })
        .is_ok()
}

/// Why there is no service.
#[derive(Debug)]
pub enum Error {
    /// The address could not be had.
    Bind {
        address: SocketAddr,
        source: io::Error,
    },
    /// No connection can be taken any more.
    Accept(io::Error),
}

impl Error {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Bind { source, .. } => match source.kind() {
                io::ErrorKind::AddrInUse => Some("--port 0 takes any free port".into()),
                io::ErrorKind::PermissionDenied => {
                    Some("ports below 1024 are root's; --port 0 takes any free port".into())
                }
                io::ErrorKind::AddrNotAvailable => {
                    Some("--bind takes an address of this machine".into())
                }
                _ => None,
            },
            Error::Accept(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Bind { address, source } => {
                write!(f, "cannot listen on {address}: {}", reason(source))
            }
            Error::Accept(source) => write!(f, "cannot take connections: {}", reason(source)),
        }
    }
}
