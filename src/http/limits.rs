//! How long a call may take and how large a response may be.

use std::time::Duration;

/// Bounds of a call.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Name look-up and connection, TLS and all.
    pub connect: Duration,
    /// Without a byte in either direction.
    pub idle: Duration,
    /// The whole call, redirects and body included.
    pub whole: Option<Duration>,
    /// Bytes of a body, decoded.
    pub body: Option<u64>,
}

impl Default for Limits {
    /// A call may take as long as bytes come.
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            whole: None,
            body: None,
        }
    }
}
