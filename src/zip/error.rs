//! Why an archive cannot be read.

use std::fmt;
use std::io;

/// Why an archive, or a member of it, cannot be read.
#[derive(Debug)]
pub(crate) enum Error {
    Io(io::Error),
    /// Invalid or unsupported, with the reason.
    Malformed(String),
}

impl Error {
    pub(super) fn malformed(why: impl Into<String>) -> Error {
        Error::Malformed(why.into())
    }

    /// As [`Error::malformed`], for a member.
    pub(super) fn member(name: &[u8], why: impl fmt::Display) -> Error {
        // A name may be very long.
        let name: String = String::from_utf8_lossy(name).chars().take(200).collect();
        Error::Malformed(format!("member '{name}' {why}"))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error)
    }
}
