//! How long each part of an exchange took, for `--json` and `--timing`.

use std::time::{Duration, Instant};

/// Durations of the last exchange's parts; `None` for what did not happen (no TLS on http).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    pub started: Instant,
    pub resolve: Option<Duration>,
    pub connect: Option<Duration>,
    pub tls: Option<Duration>,
    /// From the request sent to the answer's head.
    pub first_byte: Option<Duration>,
    /// From the answer's head to the end of its body.
    pub transfer: Option<Duration>,
    /// When the last part ended.
    pub mark: Instant,
}

impl Timing {
    /// Starts the clock.
    pub(crate) fn start() -> Timing {
        let now = Instant::now();
        Timing {
            started: now,
            resolve: None,
            connect: None,
            tls: None,
            first_byte: None,
            transfer: None,
            mark: now,
        }
    }

    /// The time since the last part ended; the next one begins.
    pub(crate) fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now.duration_since(self.mark);
        self.mark = now;
        lap
    }
}
