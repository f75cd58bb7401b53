//! Errors with keys and tokens, except for failed verification.

use std::fmt;
use std::io;

use crate::error::kind::ErrorKind;
use crate::exit::Exit;
use crate::io_error::reason;

/// Why a key or token could not be read or created.
#[derive(Debug)]
pub enum Error {
    /// The key is invalid or not supported.
    Key {
        /// Its source, for example "file:key.pem".
        from: Option<String>,
        why: String,
        hint: Option<String>,
    },
    /// The key is valid, but not for this use.
    WrongKey { why: String, hint: Option<String> },
    /// A claim or header member is invalid.
    Claim(String),
    /// The token is malformed.
    Token(String),
    /// The system provided no random bytes.
    Random(io::Error),
    /// Signing failed with a checked key.
    Signing,
}

impl Error {
    /// An unusable key.
    pub fn key(why: impl Into<String>) -> Error {
        Error::Key {
            from: None,
            why: why.into(),
            hint: None,
        }
    }

    /// An unusable key, with a hint.
    pub fn key_hint(why: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::Key {
            from: None,
            why: why.into(),
            hint: Some(hint.into()),
        }
    }

    /// Adds the source of the key.
    pub fn with_source(self, source: impl fmt::Display) -> Error {
        match self {
            Error::Key { why, hint, .. } => Error::Key {
                from: Some(source.to_string()),
                why,
                hint,
            },
            other => other,
        }
    }

    /// The code the process exits with.
    pub fn exit(&self) -> Exit {
        match self {
            Error::WrongKey { .. } | Error::Claim(_) => Exit::Usage,
            Error::Key { .. } | Error::Token(_) | Error::Random(_) | Error::Signing => Exit::Failed,
        }
    }

    /// What kind of failure it is, for programs.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Error::Key { .. } => ErrorKind::Key,
            Error::WrongKey { .. } => ErrorKind::WrongKey,
            Error::Claim(_) => ErrorKind::Claim,
            Error::Token(_) => ErrorKind::Token,
            Error::Random(_) => ErrorKind::Random,
            Error::Signing => ErrorKind::Signing,
        }
    }

    /// The hint for the user.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Key { hint, .. } | Error::WrongKey { hint, .. } => hint.clone(),
            Error::Claim(_) | Error::Token(_) | Error::Random(_) | Error::Signing => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Key {
                from: Some(from),
                why,
                ..
            } => write!(f, "the key from {from} cannot be used: {why}"),
            Error::Key { why, .. } => write!(f, "the key cannot be used: {why}"),
            Error::WrongKey { why, .. } | Error::Claim(why) => f.write_str(why),
            Error::Token(why) => write!(f, "the token is malformed: {why}"),
            Error::Random(error) => write!(f, "no random bytes: {}", reason(error)),
            Error::Signing => f.write_str("signing failed: the key's numbers are inconsistent"),
        }
    }
}
