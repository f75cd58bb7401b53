//! Retries: after which failures and statuses, how often, and how long to wait.

use std::time::{Duration, Instant};

use super::failure::{ConnectError, Failure, LookupError, Phase, ProxyError};
use super::head::Head;
use super::request::is_idempotent;
use super::settings::{Methods, Retry};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::timestamp::Timestamp;
use crate::{crypto, quantity};

/// The first wait; each next one is twice as long, up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The attempts of one call, including redirects.
#[derive(Debug)]
pub(crate) struct Attempts {
    policy: Retry,
    began: Instant,
    /// The deadline of the whole call, including waits.
    deadline: Deadline,
    used: u32,
}

/// The wait before the next attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    /// A status or an error.
    pub why: String,
    pub wait: Duration,
    /// The number of the next attempt …
    pub number: u32,
    /// … of this many.
    pub of: u32,
}

impl Attempts {
    /// Starts the clock of the attempts; `deadline` is that of the whole call.
    pub(super) fn new(policy: Retry, deadline: Deadline) -> Attempts {
        Attempts {
            policy,
            began: Instant::now(),
            deadline,
            used: 0,
        }
    }

    /// Moves the limits of time, because the call had to wait for its turn.
    pub(super) fn extend(&mut self, waited: Duration) {
        self.deadline = self.deadline.later(waited);
        self.began = self.began.checked_add(waited).unwrap_or(self.began);
    }

    /// The deadline of the whole call.
    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// The wait before `method` is retried after `error`; `None` if it is not retried.
    pub(crate) fn after_error(&mut self, method: &str, error: &Error) -> Option<Pause> {
        let Error::Http(failure) = error else {
            return None;
        };
        match effect(failure)? {
            Effect::None => {}
            Effect::Possible if self.may_repeat(method) => {}
            Effect::Possible => return None,
        }
        self.pause(failure.to_string(), None)
    }

    /// The wait before `method` is retried after this response; `None` if the response is final.
    pub(super) fn after_answer(&mut self, method: &str, head: &Head) -> Option<Pause> {
        if !is_temporary(head.status) || !self.may_repeat(method) {
            return None;
        }
        self.pause(head.status.to_string(), retry_after(head, Timestamp::now()))
    }

    fn may_repeat(&self, method: &str) -> bool {
        self.policy.methods == Methods::All || is_idempotent(method)
    }

    /// `asked` is the wait that the server requests; it replaces the default.
    fn pause(&mut self, why: String, asked: Option<Duration>) -> Option<Pause> {
        if self.used >= self.policy.retries {
            return None;
        }
        let wait = asked.unwrap_or_else(|| back_off(self.used, random_byte()));
        let next = Instant::now().checked_add(wait)?;
        let is_too_late = next.saturating_duration_since(self.began) > self.policy.max_time
            || self.deadline.is_over_after(wait);
        // There is no time left to wait, so the response or error is returned now.
        if is_too_late {
            return None;
        }
        self.used += 1;
        Some(Pause {
            why,
            wait,
            number: self.used,
            of: self.policy.retries,
        })
    }
}

/// What a failed request may have caused on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// It was not sent.
    None,
    Possible,
}

/// `None` if the next attempt would fail in the same way.
fn effect(failure: &Failure) -> Option<Effect> {
    match failure {
        Failure::Resolve { why, .. } => match why {
            LookupError::NoResponse => Some(Effect::None),
            LookupError::UnknownName | LookupError::NoSuitableAddress | LookupError::Other(_) => {
                None
            }
        },
        Failure::Connect { why, .. } => Some(match why {
            // Nothing listens on the port, so the request was not sent.
            ConnectError::Refused => Effect::None,
            ConnectError::Other(_) => Effect::Possible,
        }),
        Failure::Truncated { .. } => Some(Effect::Possible),
        Failure::TimedOut {
            phase: Phase::Resolve | Phase::Connect,
            ..
        } => Some(Effect::None),
        Failure::Proxy {
            why: ProxyError::TimedOut { .. },
            ..
        } => Some(Effect::None),
        Failure::TimedOut { .. } => Some(Effect::Possible),
        Failure::Tls { .. }
        | Failure::Proxy { .. }
        | Failure::Protocol { .. }
        | Failure::Malformed { .. }
        | Failure::Body { .. }
        | Failure::TooManyRedirects { .. } => None,
    }
}

/// Whether the server may have processed a request that failed like this: it must not be sent again
/// unless its method is idempotent.
pub(crate) fn may_be_processed(failure: &Failure) -> bool {
    match failure {
        Failure::Resolve { .. }
        | Failure::Tls { .. }
        | Failure::Proxy { .. }
        | Failure::TooManyRedirects { .. }
        | Failure::Connect {
            why: ConnectError::Refused,
            ..
        }
        | Failure::TimedOut {
            phase: Phase::Resolve | Phase::Connect,
            ..
        } => false,
        Failure::Connect {
            why: ConnectError::Other(_),
            ..
        }
        | Failure::TimedOut {
            phase: Phase::Send | Phase::Response | Phase::Body | Phase::Whole,
            ..
        }
        | Failure::Truncated { .. }
        | Failure::Protocol { .. }
        | Failure::Malformed { .. }
        | Failure::Body { .. } => true,
    }
}

/// Between half and all of 1 s, 2 s, 4 s … 60 s, at random, so that the nodes of a farm do not
/// retry at the same time.
fn back_off(used: u32, random: u8) -> Duration {
    let whole = FIRST_WAIT
        .saturating_mul(2_u32.saturating_pow(used))
        .min(LONGEST_WAIT);
    whole.mul_f64(0.5 + f64::from(random) / 510.0)
}

fn random_byte() -> u8 {
    // Without random numbers the waits are not spread, which is harmless.
    let bytes = crypto::random(1).ok();
    bytes
        .and_then(|bytes| bytes.first().copied())
        .unwrap_or(u8::MAX)
}

/// Whether a later request may have another status.
pub(super) fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 429 | 502 | 503 | 504)
}

/// Reads Retry-After (RFC 9110 §10.2.3): seconds, or a date.
pub(crate) fn retry_after(head: &Head, now: Timestamp) -> Option<Duration> {
    let text = head.header("retry-after")?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = Timestamp::parse_http_date(text)?;
    let seconds = date.0.saturating_sub(now.0);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

impl std::fmt::Display for Pause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let when = match self.wait {
            Duration::ZERO => "now".to_owned(),
            wait => format!("in {}", quantity::format_duration(wait)),
        };
        let (number, of) = (self.number, self.of);
        write!(f, "{}; retrying {when} ({number} of {of})", self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(retries: u32, methods: Methods) -> Attempts {
        Attempts {
            policy: Retry {
                retries,
                max_time: Duration::from_secs(600),
                methods,
            },
            began: Instant::now(),
            deadline: Deadline::default(),
            used: 0,
        }
    }

    fn head(text: &str) -> Head {
        Head::parse(format!("HTTP/1.1 {text}\r\n\r\n").as_bytes()).unwrap()
    }

    fn refused() -> Error {
        Error::Http(Failure::Connect {
            to: "a".into(),
            why: ConnectError::Refused,
        })
    }

    fn cut() -> Error {
        Error::Http(Failure::Truncated { why: "x".into() })
    }

    #[test]
    fn waits_double_within_bounds() {
        for (used, seconds) in [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (40, 60)] {
            let whole = Duration::from_secs(seconds);
            assert_eq!(back_off(used, 255), whole, "{used}");
            assert_eq!(back_off(used, 0), whole / 2, "{used}");
        }
    }

    #[test]
    fn only_temporary_failures_are_retried() {
        for (method, head_text, again) in [
            ("GET", "503 Busy", true),
            ("PUT", "429 Slow", true),
            ("DELETE", "408 Late", true),
            ("POST", "503 Busy", false),
            ("PATCH", "502 Bad", false),
            ("GET", "500 Bug", false),
            ("GET", "404 No", false),
            ("GET", "200 OK", false),
        ] {
            let paused = attempts(1, Methods::Idempotent).after_answer(method, &head(head_text));
            assert_eq!(paused.is_some(), again, "{method} {head_text}");
        }
        let mut unsafe_too = attempts(1, Methods::All);
        assert!(unsafe_too.after_answer("POST", &head("503 Busy")).is_some());
        // Nothing was sent, so any method is retried.
        let idempotent = || attempts(1, Methods::Idempotent);
        assert!(idempotent().after_error("POST", &refused()).is_some());
        assert!(idempotent().after_error("POST", &cut()).is_none());
        assert!(idempotent().after_error("GET", &cut()).is_some());
        let certificate = Error::Http(Failure::Tls {
            peer: "a".into(),
            why: "x".into(),
            hint: None,
        });
        assert!(idempotent().after_error("GET", &certificate).is_none());
        assert!(
            idempotent()
                .after_error("GET", &Error::usage("x"))
                .is_none()
        );
    }

    #[test]
    fn bounds() {
        let mut two = attempts(2, Methods::Idempotent);
        let busy = head("503 Busy\r\nRetry-After: 0");
        let pause = two.after_answer("GET", &busy).unwrap();
        assert_eq!(pause.to_string(), "503; retrying now (1 of 2)".to_owned());
        assert!(two.after_answer("GET", &busy).is_some());
        assert!(two.after_answer("GET", &busy).is_none());
        let mut short = attempts(9, Methods::Idempotent);
        short.policy.max_time = Duration::from_secs(10);
        assert!(
            short
                .after_answer("GET", &head("503 Busy\r\nRetry-After: 11"))
                .is_none()
        );
        short.deadline = Deadline::after(Some(Duration::from_secs(5)));
        assert!(
            short
                .after_answer("GET", &head("503 Busy\r\nRetry-After: 6"))
                .is_none()
        );
        let endless = head("503 Busy\r\nRetry-After: 99999999999999999999");
        assert!(
            attempts(1, Methods::All)
                .after_answer("GET", &endless)
                .is_none()
        );
    }

    #[test]
    fn retry_after_in_seconds_or_as_a_date() {
        let now = Timestamp(784_111_770);
        for (value, seconds) in [
            ("120", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            let head = head(&format!("503 Busy\r\nRetry-After: {value}"));
            assert_eq!(
                retry_after(&head, now),
                seconds.map(Duration::from_secs),
                "{value}"
            );
        }
    }
}
