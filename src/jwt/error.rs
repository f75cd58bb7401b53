//! What can go wrong with keys and tokens, apart from a token that does not verify.

use std::fmt;
use std::io;

use crate::error::kind::ErrorKind;
use crate::exit::Exit;
use crate::io_error::reason;

/// Why a key or token could not be read or made.
#[derive(Debug)]
pub enum Error {
    /// What was given as a key is none that c47 can use.
    Key {
        /// Where it came from: "file:key.pem".
        from: Option<String>,
        why: String,
        hint: Option<String>,
    },
    /// The key is sound, but not for what it is to do.
    WrongKey { why: String, hint: Option<String> },
    /// A claim or header member that cannot be as asked for.
    Claim(String),
    /// What was given as a token is none.
    Token(String),
    /// The system gave no random bytes.
    Random(io::Error),
    /// A checked key did not sign.
    Signing,
}

impl Error {
    /// A key that cannot be used.
    pub fn key(why: impl Into<String>) -> Error {
        Error::Key {
            from: None,
            why: why.into(),
            hint: None,
        }
    }

    /// A key that cannot be used, and what to do about it.
    pub fn key_hint(why: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::Key {
            from: None,
            why: why.into(),
            hint: Some(hint.into()),
        }
    }

    /// The same, naming where the key came from.
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

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Key { hint, .. } | Error::WrongKey { hint, .. } => hint.clone(),
            _ => None,
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
            Error::Signing => f.write_str("the key did not sign: its numbers do not fit together"),
        }
    }
}
