//! What threads have for the screen.

use std::sync::{Arc, Mutex, PoisonError};

use crate::explore::app::Happening;
use crate::tui::terminal::Waker;

/// Results of threads. All copies are the same mailbox.
#[derive(Clone, Default)]
pub(super) struct Mailbox(Arc<Mutex<Contents>>);

#[derive(Default)]
struct Contents {
    happenings: Vec<Happening>,
    /// Wakes the screen, once there is one.
    waker: Option<Waker>,
}

impl Mailbox {
    /// Adds a result.
    pub(super) fn post(&self, happening: Happening) {
        let mut contents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        contents.happenings.push(happening);
        if let Some(waker) = &contents.waker {
            waker.wake();
        }
    }

    /// Wakes this screen for results, also for those that are there.
    pub(super) fn wake_with(&self, waker: Waker) {
        let mut contents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waker.wake();
        contents.waker = Some(waker);
    }

    /// Takes the results.
    pub(super) fn take(&self) -> Vec<Happening> {
        let mut contents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut contents.happenings)
    }
}
