//! The waits between the requests of a series that ends when a condition is met.

use std::time::Duration;

use super::head::Head;
use super::retry;
use crate::timestamp::Timestamp;

/// What a response means for a series of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has a value.
    Value,
    /// The value is the same as before (304).
    Unchanged,
    /// The next request may succeed.
    Temporary,
    /// The series ends.
    Final,
}

impl Standing {
    /// The standing of a response; `is_conditional` if the request had an ETag of an earlier one.
    pub(crate) fn of(head: &Head, is_conditional: bool) -> Standing {
        match head.status {
            200..=299 => Standing::Value,
            304 if is_conditional => Standing::Unchanged,
            status if retry::is_temporary(status) => Standing::Temporary,
            _ => Standing::Final,
        }
    }
}

/// The longest time at the end that is left for the last request.
const RESERVE: Duration = Duration::from_secs(1);

/// The wait before the next request; `None` if there is no time for another one. `left` is the time
/// left, if it is limited.
pub(crate) fn wait(every: Duration, head: &Head, left: Option<Duration>) -> Option<Duration> {
    let asked = retry::retry_after(head, Timestamp::now());
    wait_between(every, asked, left)
}

fn wait_between(
    every: Duration,
    asked: Option<Duration>,
    left: Option<Duration>,
) -> Option<Duration> {
    let wait = every.max(asked.unwrap_or_default());
    let Some(left) = left else {
        return Some(wait);
    };
    let usable = left.checked_sub(RESERVE.min(every))?;
    match asked {
        // The server does not want a request before the end.
        Some(asked) if asked > usable => None,
        Some(_) | None if usable.is_zero() => None,
        Some(_) | None => Some(wait.min(usable)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_request_is_made_shortly_before_the_end() {
        let ms = Duration::from_millis;
        for (every, asked, left, expected) in [
            (5000, None, None, Some(5000)),
            (5000, Some(7000), None, Some(7000)),
            (5000, Some(1000), None, Some(5000)),
            (5000, None, Some(20_000), Some(5000)),
            (60_000, None, Some(30_000), Some(29_000)),
            (60_000, None, Some(1000), None),
            (60_000, None, Some(900), None),
            (100, None, Some(150), Some(50)),
            (100, None, Some(100), None),
            (5000, Some(60_000), Some(30_000), None),
            (5000, Some(10_000), Some(30_000), Some(10_000)),
        ] {
            let found = wait_between(ms(every), asked.map(ms), left.map(ms));
            assert_eq!(found, expected.map(ms), "{every} {asked:?} {left:?}");
        }
    }
}
