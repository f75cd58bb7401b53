//! What one exchange leaves behind: its clock, the response head's own bytes, and how far the request
//! went. A leaf.

use std::sync::{Arc, Mutex};

use super::failure::Failure;
use super::timing::Timing;

/// Heads of any number of 1xx answers and the final one, together.
const MAX_HEAD: usize = 256 << 10;

/// What one exchange leaves behind: its clock and the head's own bytes.
#[derive(Clone, Debug)]
pub(super) struct Wire(Arc<Mutex<Seen>>);

#[derive(Debug)]
struct Seen {
    timing: Timing,
    head: Vec<u8>,
    head_complete: bool,
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
            head: Vec::new(),
            head_complete: false,
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
        self.lock().head.clone()
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
        let mut seen = self.lock();
        if seen.head_complete {
            return Ok(());
        }
        let room = (MAX_HEAD + 1).saturating_sub(seen.head.len());
        seen.head.extend(new.iter().take(room));
        if seen.head.len() > MAX_HEAD {
            return Err(Failure::Malformed {
                why: "its head is larger than 256 KiB".into(),
            });
        }
        seen.head_complete = super::head::Head::parse(&seen.head).is_some();
        Ok(())
    }
}
