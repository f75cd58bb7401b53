//! Waits for events instead of sleeping.

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any event takes on a busy machine; a longer wait is a hang.
const HANG: Duration = Duration::from_secs(50);

/// Polls until `holds` returns true, for conditions without an event, such as a file that appears.
#[track_caller]
pub fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + HANG;
    while !holds() {
        assert!(Instant::now() < deadline, "timed out waiting until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Blocks its callers while it is closed. It starts open.
#[derive(Default)]
pub struct Gate {
    closed: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    pub fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }

    pub fn open(&self) {
        *self.closed.lock().unwrap() = false;
        self.changed.notify_all();
    }

    /// Blocks until it is open.
    pub fn pass(&self) {
        let closed = self.closed.lock().unwrap();
        let wait = self
            .changed
            .wait_timeout_while(closed, HANG, |closed| *closed);
        assert!(!wait.unwrap().1.timed_out(), "the gate was never opened");
    }
}
