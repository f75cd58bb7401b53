//! The time of each step of an exchange, for `--json` and `--timing`.

use std::time::{Duration, Instant};

/// The durations of the last exchange; `None` for a step that did not happen (no TLS with http).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    pub started: Instant,
    /// Whether the connection was open already: no time was needed for it.
    pub connection: ConnectionUse,
    pub resolve: Option<Duration>,
    pub connect: Option<Duration>,
    pub tls: Option<Duration>,
    /// From the sent request to the response headers.
    pub first_byte: Option<Duration>,
    /// From the response headers to the end of the body.
    pub transfer: Option<Duration>,
    /// The end of the last step.
    pub mark: Instant,
}

/// Whether an exchange opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionUse {
    New,
    /// The connection of an earlier exchange.
    Reused,
}

impl Timing {
    /// Starts the clock.
    pub(crate) fn start(connection: ConnectionUse) -> Timing {
        let now = Instant::now();
        Timing {
            started: now,
            connection,
            resolve: None,
            connect: None,
            tls: None,
            first_byte: None,
            transfer: None,
            mark: now,
        }
    }

    /// The time since the last step ended; starts the next step.
    pub(crate) fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now.duration_since(self.mark);
        self.mark = now;
        lap
    }
}
