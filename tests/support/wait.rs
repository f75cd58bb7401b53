//! Waiting for events instead of times.

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// More than anything takes on a busy machine: what takes longer hangs.
const HANG: Duration = Duration::from_secs(50);

/// Waits until something holds that nothing announces, such as that a file exists.
#[track_caller]
pub fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + HANG;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Holds back whoever passes while it is closed. It is open at first.
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

    /// Returns as soon as it is open.
    pub fn pass(&self) {
        let closed = self.closed.lock().unwrap();
        let wait = self
            .changed
            .wait_timeout_while(closed, HANG, |closed| *closed);
        assert!(!wait.unwrap().1.timed_out(), "the gate was never opened");
    }
}
