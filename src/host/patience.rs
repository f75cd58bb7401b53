//! Runs work in a thread with a time limit. Any access to a file may hang if its file server is
//! down.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The time limit for a system call.
const PATIENCE: Duration = Duration::from_secs(2);
/// The time limit for reading and parsing files, also on a busy machine.
const LONG_PATIENCE: Duration = Duration::from_secs(10);

/// The stack size for work that opens and parses files.
const STACK_BYTES: usize = 512 << 10;
/// The stack size for a single system call.
const SMALL_STACK_BYTES: usize = 64 << 10;

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The time limit expired.
    NoAnswer,
    /// No thread could be started.
    NotTried,
}

/// Work in another thread.
pub(crate) struct Begun<T> {
    receiver: Receiver<T>,
    until: Instant,
}

/// Starts a single system call in another thread.
pub(crate) fn begin<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Begun<T> {
    begin_with(SMALL_STACK_BYTES, PATIENCE, work)
}

fn begin_with<T: Send + 'static>(
    stack_bytes: usize,
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Begun<T> {
    let (sender, receiver) = channel();
    let until = Instant::now() + patience;
    // If no thread can be started, the channel closes at once. A thread that hangs ends with the
    // process.
    let _ = thread::Builder::new()
        .stack_size(stack_bytes)
        .spawn(move || sender.send(work()));
    Begun { receiver, until }
}

impl<T> Begun<T> {
    /// Waits for the result.
    ///
    /// # Errors
    /// When there is no result in time.
    pub(crate) fn end(self) -> Result<T, Silence> {
        let left = self.until.saturating_duration_since(Instant::now());
        self.receiver
            .recv_timeout(left)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => Silence::NoAnswer,
                RecvTimeoutError::Disconnected => Silence::NotTried,
            })
    }
}

/// Starts work that reads and parses files in another thread.
pub(crate) fn begin_long<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Begun<T> {
    begin_with(STACK_BYTES, LONG_PATIENCE, work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hanging_work_times_out() {
        assert_eq!(begin_long(|| 47).end(), Ok(47));
        let (_never, silent) = channel::<()>();
        let begun = begin(move || silent.recv());
        assert_eq!(begun.end(), Err(Silence::NoAnswer));
    }
}
