//! Why an archive cannot be read.

use std::fmt;
use std::io;

/// Why an archive, or a member of it, cannot be read.
#[derive(Debug)]
pub(crate) enum Error {
    Io(io::Error),
    /// What is wrong with it, or not supported.
    Malformed(String),
}

impl Error {
    pub(super) fn malformed(why: impl Into<String>) -> Error {
        Error::Malformed(why.into())
    }

    /// As [`Error::malformed`], of a member.
    pub(super) fn member(name: &[u8], why: impl fmt::Display) -> Error {
        // A name is as long as its maker likes.
        let name: String = String::from_utf8_lossy(name).chars().take(200).collect();
        Error::Malformed(format!("its member '{name}' {why}"))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error)
    }
}
