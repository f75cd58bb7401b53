//! The state that an exchange records: its clock, the bytes of the response headers, and the
//! progress of the request. A leaf module.

use std::sync::{Arc, Mutex};

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

    /// The bytes of the response headers.
    pub(super) fn head(&self) -> Vec<u8> {
        self.lock().head.bytes.clone()
    }

    /// The response of a proxy to CONNECT.
    pub(super) fn proxy_head(&self) -> Option<Head> {
        Head::parse(&self.lock().proxy_head.bytes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // The data is plain and stays valid if another thread panics.
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
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

/// The bytes of headers as received.
#[derive(Debug, Default)]
struct RecordedHeaders {
    bytes: Vec<u8>,
    is_complete: bool,
}

impl RecordedHeaders {
    fn keep(&mut self, new: &[u8]) -> Result<(), Failure> {
        if self.is_complete {
            return Ok(());
        }
        let room = (MAX_HEAD + 1).saturating_sub(self.bytes.len());
        self.bytes.extend(new.iter().take(room));
        if self.bytes.len() > MAX_HEAD {
            return Err(Failure::Malformed {
                why: "its headers are larger than 256 KiB".into(),
            });
        }
        self.is_complete = Head::parse(&self.bytes).is_some();
        Ok(())
    }
}
