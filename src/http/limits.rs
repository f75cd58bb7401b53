//! Limits on the time of a call and the size of a response.

use std::time::Duration;

/// The limits of a call.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For DNS and connect, including TLS.
    pub connect: Duration,
    /// Without a byte in either direction.
    pub idle: Duration,
    /// For the whole call, including redirects and the body.
    pub whole: Option<Duration>,
    /// The size of a decoded body.
    pub body: Option<u64>,
}

impl Default for Limits {
    /// By default, a call has no time limit while bytes arrive.
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            whole: None,
            body: None,
        }
    }
}
