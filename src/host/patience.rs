//! Whatever touches a file may hang where a file server is gone: it is done aside, and not waited
//! for without end.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A system call on what is alive answers sooner.
const PATIENCE: Duration = Duration::from_secs(2);
/// So do files that are read and parsed, on a busy machine too.
const LONG_PATIENCE: Duration = Duration::from_secs(10);

/// The stack for work that opens and parses files.
const STACK_BYTES: usize = 512 << 10;
/// The stack for a single system call.
const SMALL_STACK_BYTES: usize = 64 << 10;

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Not in time.
    NoAnswer,
    /// No thread could be had for it.
    NotTried,
}

/// Work that was begun aside.
pub(crate) struct Begun<T> {
    receiver: Receiver<T>,
    until: Instant,
}

/// Begins a single system call aside.
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
    // Where no thread is to be had the channel closes at once. One that hangs ends with the
    // process: waiting for a file server is interrupted by the process's end.
    let _ = thread::Builder::new()
        .stack_size(stack_bytes)
        .spawn(move || sender.send(work()));
    Begun { receiver, until }
}

impl<T> Begun<T> {
    /// What came of it.
    ///
    /// # Errors
    /// When it does not answer in time.
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

/// Begins to read and parse files aside.
pub(crate) fn begin_long<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Begun<T> {
    begin_with(STACK_BYTES, LONG_PATIENCE, work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_is_left_behind() {
        assert_eq!(begin_long(|| 47).end(), Ok(47));
        let (_never, silent) = channel::<()>();
        let begun = begin(move || silent.recv());
        assert_eq!(begun.end(), Err(Silence::NoAnswer));
    }
}
