//! Idle connections that later requests use. ureq's own pool knows neither the age of a connection
//! nor the server's Keep-Alive header, looks up the name for each request, and does not tell a
//! reused connection from a new one, which the repetition of a request depends on.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use ureq::unversioned::transport::Transport;

use super::settings::{Family, Override};
use super::url::Origin;
use super::wire::CurrentWire;
use crate::secret::Secret;

/// After this time the name is looked up again, because its address may have changed.
const MAX_AGE: Duration = Duration::from_secs(60);
/// A request that must not be sent twice uses a connection only if it was idle for a shorter time:
/// the server may be about to close it.
const MAX_IDLE_UNREPEATABLE: Duration = Duration::from_secs(1);
/// The number of idle connections to all destinations.
const MAX_IDLE: usize = 256;

/// What a connection is for. Only equal keys share connections.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub destination: Destination,
    /// The TLS configuration, which includes the client certificate.
    pub tls: Option<Configuration>,
    pub proxy_tls: Option<Configuration>,
    pub family: Family,
    pub overrides: Vec<Override>,
}

/// The other end of a connection, and the way to it.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Destination {
    Server(Origin),
    /// A proxy that forwards requests to any server.
    Forwarding {
        host: String,
        port: u16,
        authorization: Option<Secret>,
    },
    /// A tunnel through a proxy, which includes the credentials of the proxy.
    Tunnel {
        origin: Origin,
        proxy: ureq::Proxy,
    },
    UnixSocket {
        path: PathBuf,
        origin: Origin,
    },
}

/// A TLS configuration, which is equal only to itself.
#[derive(Clone)]
pub(super) struct Configuration(pub Arc<ClientConfig>);

impl PartialEq for Configuration {
    fn eq(&self, other: &Configuration) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Configuration {}

/// Shows no credentials.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Whether a request may be sent again if the connection fails before a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repetition {
    Allowed,
    Forbidden,
}

/// An open connection between two exchanges.
#[derive(Debug)]
pub(super) struct Connection {
    pub transport: Box<dyn Transport>,
    /// The exchange that the layers of the transport report to.
    pub current: CurrentWire,
    pub opened: Instant,
}

/// Idle connections, shared by all who make calls with it.
#[derive(Clone, Debug)]
pub(super) struct Pool(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// In the order in which they became idle.
    idle: Vec<Idle>,
    max_per_key: usize,
}

#[derive(Debug)]
struct Idle {
    key: Key,
    connection: Connection,
    since: Instant,
    until: Instant,
}

impl Pool {
    /// An empty pool that keeps at most this many idle connections for each key.
    pub(super) fn new(max_per_key: usize) -> Pool {
        Pool(Arc::new(Mutex::new(State {
            idle: Vec::new(),
            max_per_key,
        })))
    }

    /// Takes the connection that became idle last and that is still open.
    pub(super) fn take(&self, key: &Key, repetition: Repetition) -> Option<Connection> {
        loop {
            // Others may use the pool while this connection is checked, or others are closed.
            let (found, _expired) = self.with(|state| {
                let now = Instant::now();
                (state.take(key, repetition, now), state.expired(now))
            });
            let mut connection = found?;
            if connection.transport.is_open() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for at most `limit`.
    pub(super) fn give(&self, key: Key, connection: Connection, limit: Duration) {
        let since = Instant::now();
        let (Some(idle_until), Some(old_at)) = (
            since.checked_add(limit),
            connection.opened.checked_add(MAX_AGE),
        ) else {
            return;
        };
        let until = idle_until.min(old_at);
        if until <= since {
            return;
        }
        let idle = Idle {
            key,
            connection,
            since,
            until,
        };
        let _superfluous = self.with(|state| state.give(idle));
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A list of connections stays valid if another thread panics.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn take(&mut self, key: &Key, repetition: Repetition, now: Instant) -> Option<Connection> {
        let position = self.idle.iter().rposition(|idle| {
            let is_recent = now.duration_since(idle.since) < MAX_IDLE_UNREPEATABLE;
            idle.key == *key && now < idle.until && (repetition == Repetition::Allowed || is_recent)
        })?;
        Some(self.idle.remove(position).connection)
    }

    /// Removes the connections whose time is over.
    fn expired(&mut self, now: Instant) -> Vec<Idle> {
        self.idle.extract_if(.., |idle| idle.until <= now).collect()
    }

    /// Adds a connection, and removes those that are too many.
    fn give(&mut self, idle: Idle) -> Vec<Idle> {
        let mut removed = self.expired(idle.since);
        let of_key = |other: &Idle| other.key == idle.key;
        if self.idle.iter().filter(|other| of_key(other)).count() >= self.max_per_key
            && let Some(oldest) = self.idle.iter().position(of_key)
        {
            removed.push(self.idle.remove(oldest));
        }
        if self.idle.len() >= MAX_IDLE {
            removed.push(self.idle.remove(0));
        }
        self.idle.push(idle);
        removed
    }
}

#[cfg(test)]
mod tests;
