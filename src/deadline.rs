//! The end of everything a command does for one call. It is made once, before the first step, and
//! handed down: no step has a time of its own that could add up beyond it. A leaf.

use std::time::{Duration, Instant};

/// A point in time after which nothing is begun and nothing is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// `limit` from now; `None` never comes.
    pub(crate) fn after(limit: Option<Duration>) -> Deadline {
        Deadline(limit.and_then(|limit| Instant::now().checked_add(limit)))
    }

    /// This one, or `limit` from now where that is sooner.
    pub(crate) fn or_after(self, limit: Duration) -> Deadline {
        match self.left() {
            Some(left) if left <= limit => self,
            Some(_) | None => Deadline::after(Some(limit)),
        }
    }

    /// The time that is left, zero when it is over; `None` where it never comes.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0
            .map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// Whether it is over now.
    pub(crate) fn is_over(self) -> bool {
        self.is_over_after(Duration::ZERO)
    }

    /// Whether it is over when `wait` has passed.
    pub(crate) fn is_over_after(self, wait: Duration) -> bool {
        self.left().is_some_and(|left| left <= wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_over_when_its_time_has_passed() {
        let minute = Duration::from_secs(60);
        assert_eq!(Deadline::default().left(), None);
        let deadline = Deadline::after(Some(minute));
        assert!(deadline.is_over_after(minute) && !deadline.is_over_after(minute / 2));
        assert_eq!(Deadline::after(Some(Duration::MAX)).left(), None);
        assert_eq!(deadline.or_after(minute * 2), deadline);
        assert!(deadline.or_after(minute / 2).is_over_after(minute / 2));
        assert!(!deadline.is_over() && Deadline::after(Some(Duration::ZERO)).is_over());
    }
}
