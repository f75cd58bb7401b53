//! The state that an exchange records: its clock, the bytes of the response headers, and the
//! progress of the request. A leaf module.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::unversioned::transport::NextTimeout;

use super::failure::Failure;
use super::head::Head;
use super::timing::Timing;

/// The size limit of the headers of all 1xx responses and the final one.
const MAX_HEAD: usize = 256 << 10;

/// The clock of an exchange and the bytes of the response headers.
#[derive(Clone, Debug)]
pub(super) struct Wire(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    timing: Timing,
    head: RecordedHeaders,
    /// The response of a proxy to CONNECT.
    proxy_head: RecordedHeaders,
    request: Progress,
    /// When the rest of the response is given up.
    hurry: Option<Instant>,
}

/// The progress of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    NotStarted,
    Started,
    /// The server closed the connection before it received the whole request.
    Cut,
}

impl Wire {
    pub(super) fn new(timing: Timing) -> Wire {
        Wire(Arc::new(Mutex::new(State {
            timing,
            head: RecordedHeaders::default(),
            proxy_head: RecordedHeaders::default(),
            request: Progress::NotStarted,
            hurry: None,
        })))
    }

    /// Starts the request: a failed write now cuts the request instead of the connection.
    pub(super) fn start_request(&self) {
        let mut state = self.lock();
        if state.request == Progress::NotStarted {
            state.request = Progress::Started;
        }
    }

    /// Ends the request early; `false` if none was started.
    pub(super) fn cut(&self) -> bool {
        let mut state = self.lock();
        if state.request == Progress::NotStarted {
            return false;
        }
        state.request = Progress::Cut;
        true
    }

    /// Whether the request was not sent completely.
    pub(super) fn is_cut(&self) -> bool {
        self.lock().request == Progress::Cut
    }

    pub(super) fn with_timing<T>(&self, look: impl FnOnce(&mut Timing) -> T) -> T {
        look(&mut self.lock().timing)
    }

    /// The response headers, when they are complete.
    pub(super) fn head(&self) -> Option<Head> {
        self.lock().head.complete.clone()
    }

    /// Whether no byte of a response has arrived.
    pub(super) fn is_silent(&self) -> bool {
        self.lock().head.bytes.is_empty()
    }

    /// The response of a proxy to CONNECT.
    pub(super) fn proxy_head(&self) -> Option<Head> {
        self.lock().proxy_head.complete.clone()
    }

    /// Waits at most this long for the rest of the response.
    pub(super) fn hurry(&self, limit: Duration) {
        self.lock().hurry = Instant::now().checked_add(limit);
    }

    /// The timeout of a read, shorter if the response is in a hurry.
    pub(super) fn within_hurry(&self, mut timeout: NextTimeout) -> NextTimeout {
        if let Some(end) = self.lock().hurry {
            let left = end.saturating_duration_since(Instant::now());
            timeout.after = timeout.after.min(left.into());
        }
        timeout
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The data is plain and stays valid if another thread panics.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the bytes of the response headers.
    ///
    /// # Errors
    /// When they are too large.
    pub(super) fn record_headers(&self, new: &[u8]) -> Result<(), Failure> {
        self.lock().head.keep(new)
    }

    /// Records the bytes of a proxy's response to CONNECT.
    ///
    /// # Errors
    /// When they are too large.
    pub(super) fn record_proxy_headers(&self, new: &[u8]) -> Result<(), Failure> {
        self.lock().proxy_head.keep(new)
    }
}

/// The exchange that a connection is used for. The layers of a connection keep this, and see the
/// next exchange when the connection is used again.
#[derive(Clone, Debug)]
pub(super) struct CurrentWire(Arc<Mutex<Wire>>);

impl CurrentWire {
    pub(super) fn new(wire: Wire) -> CurrentWire {
        CurrentWire(Arc::new(Mutex::new(wire)))
    }

    pub(super) fn get(&self) -> Wire {
        self.lock().clone()
    }

    /// Starts the next exchange.
    pub(super) fn set(&self, wire: Wire) {
        *self.lock() = wire;
    }

    fn lock(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of headers as received.
#[derive(Debug, Default)]
struct RecordedHeaders {
    bytes: Vec<u8>,
    complete: Option<Head>,
}

impl RecordedHeaders {
    fn keep(&mut self, new: &[u8]) -> Result<(), Failure> {
        if self.complete.is_some() {
            return Ok(());
        }
        let room = (MAX_HEAD + 1).saturating_sub(self.bytes.len());
        self.bytes.extend(new.iter().take(room));
        if self.bytes.len() > MAX_HEAD {
            return Err(Failure::Malformed {
                why: "its headers are larger than 256 KiB".into(),
            });
        }
        self.complete = Head::parse(&self.bytes);
        Ok(())
    }
}
