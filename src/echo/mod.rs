//! A small HTTP/1.1 server that returns every request as JSON, to see what a tool really sends. It
//! limits sizes, connections and time, and refuses requests that two parsers could understand
//! differently.

mod connection;
pub(crate) mod error;
mod exec;
mod guard;
mod report;
mod request;
mod response;
mod server;
mod service;
mod signatures;
mod wire;

use std::time::Duration;

pub use exec::Exec;
pub use guard::Guard;
pub(crate) use report::Entry;
pub use server::Server;
pub(crate) use service::Log;
pub use signatures::Signatures;
pub(crate) use signatures::Verifier;

/// Limits of the server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The request line and the headers together.
    pub header_bytes: usize,
    pub headers: usize,
    /// One body.
    pub body_bytes: usize,
    /// All bodies that are in memory at the same time.
    pub all_bodies_bytes: usize,
    /// Connections at the same time. Each has a thread.
    pub connections: usize,
    /// Time without a byte received or sent.
    pub silence: Duration,
    /// Time from the first byte of a connection to the end of its last response.
    pub connection: Duration,
    /// Time for the client to read the last response before the connection is closed.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            header_bytes: 64 << 10,
            headers: 100,
            body_bytes: 16 << 20,
            all_bodies_bytes: 32 << 20, // the JSON of a body is larger
            connections: 64,
            silence: Duration::from_secs(30),
            connection: Duration::from_secs(300),
            linger: Duration::from_secs(1),
        }
    }
}

pub use crate::redact::Secrets;

/// When the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// With the process.
    Endless,
    /// After this many responses to valid requests.
    Responses(u64),
}

/// The settings of a server.
#[derive(Debug)]
pub struct Settings {
    /// The status of the responses, 200 to 599.
    pub status: u16,
    pub lifetime: Lifetime,
    pub secrets: Secrets,
    /// Which requests are accepted.
    pub guard: Guard,
    /// The signatures that a request needs.
    pub signatures: Option<Signatures>,
    /// The program that gets each accepted request.
    pub exec: Option<Exec>,
    pub limits: Limits,
}
