//! What one exchange leaves behind: its clock, the response head's own bytes, and how far the request
//! went. A leaf.

use std::sync::{Arc, Mutex};

use super::failure::Failure;
use super::head::Head;
use super::timing::Timing;

/// Heads of any number of 1xx answers and the final one, together.
const MAX_HEAD: usize = 256 << 10;

/// What one exchange leaves behind: its clock and the head's own bytes.
#[derive(Clone, Debug)]
pub(super) struct Wire(Arc<Mutex<Seen>>);

#[derive(Debug)]
struct Seen {
    timing: Timing,
    head: KeptHead,
    /// Of what a proxy said to CONNECT.
    proxy_head: KeptHead,
    request: Sending,
}

/// How far the request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    NotBegun,
    Begun,
    /// The server closed the connection before it had all of it.
    Cut,
}

impl Wire {
    pub(super) fn new(timing: Timing) -> Wire {
        Wire(Arc::new(Mutex::new(Seen {
            timing,
            head: KeptHead::default(),
            proxy_head: KeptHead::default(),
            request: Sending::NotBegun,
        })))
    }

    /// From here on a write that fails cuts the request, not its connection.
    pub(super) fn begin_request(&self) {
        let mut seen = self.lock();
        if seen.request == Sending::NotBegun {
            seen.request = Sending::Begun;
        }
    }

    /// Nothing more of the request is sent; `false` where none was begun.
    pub(super) fn cut(&self) -> bool {
        let mut seen = self.lock();
        if seen.request == Sending::NotBegun {
            return false;
        }
        seen.request = Sending::Cut;
        true
    }

    /// Whether the request was not sent to its end.
    pub(super) fn is_cut(&self) -> bool {
        self.lock().request == Sending::Cut
    }

    pub(super) fn with_timing<T>(&self, look: impl FnOnce(&mut Timing) -> T) -> T {
        look(&mut self.lock().timing)
    }

    /// The bytes up to the end of the head.
    pub(super) fn head(&self) -> Vec<u8> {
        self.lock().head.bytes.clone()
    }

    /// What a proxy said to CONNECT.
    pub(super) fn proxy_head(&self) -> Option<Head> {
        Head::parse(&self.lock().proxy_head.bytes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        // A poisoned lock only means that another thread panicked; the data is plain.
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Keeps what belongs to the response's head.
    ///
    /// # Errors
    /// When it is too large.
    pub(super) fn keep_head(&self, new: &[u8]) -> Result<(), Failure> {
        self.lock().head.keep(new)
    }

    /// The same of a proxy's response to CONNECT.
    ///
    /// # Errors
    /// When it is too large.
    pub(super) fn keep_proxy_head(&self, new: &[u8]) -> Result<(), Failure> {
        self.lock().proxy_head.keep(new)
    }
}

/// A head as it came, byte for byte.
#[derive(Debug, Default)]
struct KeptHead {
    bytes: Vec<u8>,
    is_complete: bool,
}

impl KeptHead {
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
