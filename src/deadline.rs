//! The time limit for everything a command does for one call. It is set once, before the first step,
//! so that the limits of several steps cannot add up. A leaf.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// A point in time after which nothing is started and nothing waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// `limit` from now; `None` is no deadline.
    pub(crate) fn after(limit: Option<Duration>) -> Deadline {
        Deadline(limit.and_then(|limit| Instant::now().checked_add(limit)))
    }

    /// This deadline or `limit` from now, whichever is sooner.
    pub(crate) fn or_after(self, limit: Duration) -> Deadline {
        match self.left() {
            Some(left) if left <= limit => self,
            Some(_) | None => Deadline::after(Some(limit)),
        }
    }

    /// This deadline, moved by `wait`.
    pub(crate) fn later(self, wait: Duration) -> Deadline {
        Deadline(self.0.and_then(|end| end.checked_add(wait)))
    }

    /// The time left, zero after the deadline; `None` without a deadline.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0
            .map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// Runs work that may block forever, such as opening a pipe, and waits until the deadline. `None`
    /// after the deadline: the work continues in a thread that ends with the process.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn wait_for<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Option<T>> {
        let Some(left) = self.left() else {
            return Ok(Some(work()));
        };
        // The channel only says that the result is there: a channel is compiled for each type.
        let (sender, receiver) = mpsc::channel::<()>();
        let place = Arc::new(Mutex::new(None));
        let result = place.clone();
        thread::Builder::new().spawn(move || {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(work());
            let _ = sender.send(());
        })?;
        let is_done = receiver.recv_timeout(left).is_ok();
        let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(result.take().filter(|_| is_done))
    }

    /// Whether the deadline has passed.
    pub(crate) fn is_over(self) -> bool {
        self.is_over_after(Duration::ZERO)
    }

    /// Whether the deadline has passed after `wait`.
    pub(crate) fn is_over_after(self, wait: Duration) -> bool {
        self.left().is_some_and(|left| left <= wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadline_passes_after_its_limit() {
        let minute = Duration::from_secs(60);
        assert_eq!(Deadline::default().left(), None);
        let deadline = Deadline::after(Some(minute));
        assert!(deadline.is_over_after(minute) && !deadline.is_over_after(minute / 2));
        assert_eq!(Deadline::after(Some(Duration::MAX)).left(), None);
        assert_eq!(deadline.or_after(minute * 2), deadline);
        assert!(deadline.or_after(minute / 2).is_over_after(minute / 2));
        assert!(!deadline.is_over() && Deadline::after(Some(Duration::ZERO)).is_over());
    }

    #[test]
    fn blocking_work_is_abandoned_at_the_deadline() {
        let soon = Deadline::after(Some(Duration::from_millis(50)));
        let (_never, silent) = mpsc::channel::<()>();
        assert_eq!(soon.wait_for(move || silent.recv().is_ok()).unwrap(), None);
        assert_eq!(Deadline::default().wait_for(|| 47).unwrap(), Some(47));
    }
}
