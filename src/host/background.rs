//! Runs work in a thread with a time limit. Any access to a file may hang if its file server is
//! down.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The time limit for a system call.
const LIMIT: Duration = Duration::from_secs(2);
/// The time limit for reading and parsing files, also on a busy machine.
const LONG_LIMIT: Duration = Duration::from_secs(10);

/// The stack size for work that opens and parses files.
const STACK_BYTES: usize = 512 << 10;
/// The stack size for a single system call.
const SMALL_STACK_BYTES: usize = 64 << 10;

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoResult {
    /// The time limit expired.
    TimedOut,
    /// No thread could be started.
    NotStarted,
}

/// Work in another thread.
pub(crate) struct BackgroundTask<T> {
    receiver: Receiver<T>,
    until: Instant,
}

/// Starts a single system call in another thread.
pub(crate) fn start<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> BackgroundTask<T> {
    start_with(SMALL_STACK_BYTES, LIMIT, work)
}

fn start_with<T: Send + 'static>(
    stack_bytes: usize,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> BackgroundTask<T> {
    let (sender, receiver) = channel();
    let until = Instant::now() + limit;
    // If no thread can be started, the channel closes at once. A thread that hangs ends with the
    // process.
    let _ = thread::Builder::new()
        .stack_size(stack_bytes)
        .spawn(move || sender.send(work()));
    BackgroundTask { receiver, until }
}

impl<T> BackgroundTask<T> {
    /// Whether there is no result yet.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.receiver.try_recv(), Err(TryRecvError::Empty))
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// When there is no result in time.
    pub(crate) fn wait(self) -> Result<T, NoResult> {
        let left = self.until.saturating_duration_since(Instant::now());
        self.receiver
            .recv_timeout(left)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => NoResult::TimedOut,
                RecvTimeoutError::Disconnected => NoResult::NotStarted,
            })
    }
}

/// Starts work that reads and parses files in another thread.
pub(crate) fn start_long<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> BackgroundTask<T> {
    start_with(STACK_BYTES, LONG_LIMIT, work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hanging_work_times_out() {
        assert_eq!(start_long(|| 47).wait(), Ok(47));
        let (_never, silent) = channel::<()>();
        let task = start(move || silent.recv());
        assert_eq!(task.wait(), Err(NoResult::TimedOut));
    }
}
