//! A small HTTP/1.1 service that answers every request with a picture of it, for seeing what a
//! tool really sends. Bounded in size, connections and time; strict where two readers could
//! understand a request differently.

mod connection;
pub(crate) mod error;
mod guard;
mod picture;
mod request;
mod response;
mod server;
mod service;
mod wire;

use std::time::Duration;

pub use guard::Guard;
pub(crate) use picture::Entry;
pub use server::Server;
pub(crate) use service::Log;

/// How much, how many, how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of the request line and the headers together.
    pub head_bytes: usize,
    pub headers: usize,
    /// Of one body.
    pub body_bytes: usize,
    /// Of all bodies that are being read and answered at the same time.
    pub all_bodies_bytes: usize,
    /// At the same time; a thread each.
    pub connections: usize,
    /// Without a byte of it, or without one taken.
    pub silence: Duration,
    /// From its first byte to its last answer.
    pub connection: Duration,
    /// Given a client to take its last answer, before the connection is cut.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_bytes: 64 << 10,
            headers: 100,
            body_bytes: 16 << 20,
            all_bodies_bytes: 32 << 20, // a picture takes a multiple of it
            connections: 64,
            silence: Duration::from_secs(30),
            connection: Duration::from_secs(300),
            farewell: Duration::from_secs(1),
        }
    }
}

pub use crate::redact::Secrets;

/// When the service ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// When the process does.
    Endless,
    /// After so many answers to requests that could be understood.
    Answers(u64),
}

/// What a service does with a request.
#[derive(Debug)]
pub struct Settings {
    /// The status of its answers, 200 to 599.
    pub status: u16,
    pub lifetime: Lifetime,
    pub secrets: Secrets,
    /// Who may ask.
    pub guard: Guard,
    pub limits: Limits,
}
