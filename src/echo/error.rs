//! Errors of the echo server.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::error::kind::ErrorKind;
use crate::io_error::reason;

/// Why the server cannot run.
#[derive(Debug)]
pub enum Error {
    /// The address cannot be used.
    Bind {
        address: SocketAddr,
        source: io::Error,
    },
    /// No more connections can be accepted.
    Accept(io::Error),
}

impl Error {
    /// The kind of the error, for programs.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Error::Bind { .. } | Error::Accept(_) => ErrorKind::Listen,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Bind { source, .. } => match source.kind() {
                io::ErrorKind::AddrInUse => Some("use --port 0 for a free port".into()),
                io::ErrorKind::PermissionDenied => {
                    Some("only root can use ports below 1024; use --port 0 for a free port".into())
                }
                io::ErrorKind::AddrNotAvailable => {
                    Some("use an address of this machine for --bind".into())
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
            Error::Accept(source) => write!(f, "cannot accept connections: {}", reason(source)),
        }
    }
}
