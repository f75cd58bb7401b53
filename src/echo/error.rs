//! Why the echo service cannot run.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::error::kind::ErrorKind;
use crate::io_error::reason;

/// Why there is no service.
#[derive(Debug)]
pub enum Error {
    /// The address could not be had.
    Bind {
        address: SocketAddr,
        source: io::Error,
    },
    /// No connection can be taken any more.
    Accept(io::Error),
}

impl Error {
    /// What kind of failure it is, for programs.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Error::Bind { .. } | Error::Accept(_) => ErrorKind::Listen,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Bind { source, .. } => match source.kind() {
                io::ErrorKind::AddrInUse => Some("--port 0 takes any free port".into()),
                io::ErrorKind::PermissionDenied => {
                    Some("ports below 1024 are root's; --port 0 takes any free port".into())
                }
                io::ErrorKind::AddrNotAvailable => {
                    Some("--bind takes an address of this machine".into())
                }
                _ => None,
            },
            Error::Accept(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Bind { address, source } => {
                write!(f, "cannot listen on {address}: {}", reason(source))
            }
            Error::Accept(source) => write!(f, "cannot take connections: {}", reason(source)),
        }
    }
}
