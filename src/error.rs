//! All errors in one enum: each has a message, an exit code and, where there is one, a hint.

/// The kinds of errors.
pub(crate) mod kind;
/// An error as JSON.
pub(crate) mod report;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::auth;
use crate::echo::error::Error as EchoError;
use crate::exit::Exit;
use crate::http;
use crate::io_error::reason;
use crate::jwt;
use crate::rez;
use crate::secret;
use kind::ErrorKind;

/// Why a command failed.
#[derive(Debug)]
pub enum Error {
    /// A wrong option, item or combination. Nothing was sent or written.
    Usage {
        message: String,
        hint: Option<String>,
    },
    /// The command was not found, or not among the subcommands of `within`.
    NoSuchCommand {
        name: String,
        nearest: Option<String>,
        within: Vec<String>,
    },
    /// A program to run was not found.
    NoSuchProgram { name: String },
    /// The source of a secret failed.
    Secret(secret::Error),
    /// The login of a profile failed.
    Auth(auth::Error),
    /// An HTTP call got no complete response.
    Http(http::Failure),
    /// A key or a token is invalid or unsuitable.
    Jwt(jwt::Error),
    /// A file could not be read or written.
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A file, a stream or a response is malformed.
    Malformed { what: String, why: String },
    /// A jq filter failed on its input.
    Filter { what: String, why: String },
    /// Nothing of the requested kind was found.
    Nothing { place: String, what: &'static str },
    /// A condition was not met in time.
    OutOfTime(String),
    /// The echo service could not listen.
    Echo(EchoError),
    /// A package could not be installed.
    Rez(rez::Error),
    /// Another error, with a hint for this case.
    Hinted { error: Box<Error>, hint: String },
    /// Standard output could not be written. A closed pipe is not an error to the user.
    Output(io::Error),
    /// Another system call failed.
    System {
        action: &'static str,
        source: io::Error,
    },
}

impl Error {
    /// A usage error without a hint.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::Usage {
            message: message.into(),
            hint: None,
        }
    }

    /// A usage error with a hint.
    pub fn usage_hint(message: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::Usage {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// This error, with another hint.
    pub fn with_hint(self, hint: impl Into<String>) -> Error {
        Error::Hinted {
            error: Box::new(self),
            hint: hint.into(),
        }
    }

    /// Malformed input.
    pub fn malformed(what: impl Into<String>, why: impl fmt::Display) -> Error {
        Error::Malformed {
            what: what.into(),
            why: why.to_string(),
        }
    }

    /// A jq filter that failed on its input; `what` is the option it comes from.
    pub fn filter(what: impl Into<String>, why: impl fmt::Display) -> Error {
        Error::Filter {
            what: what.into(),
            why: why.to_string(),
        }
    }

    /// For `map_err` on an operation on a file: `action` is a verb ("read", "write").
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::File {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// The code the process exits with.
    pub fn exit(&self) -> Exit {
        match self {
            Error::Usage { .. } => Exit::Usage,
            Error::Nothing { .. } => Exit::No,
            Error::OutOfTime(_) => Exit::TimedOut,
            Error::NoSuchCommand { .. } | Error::NoSuchProgram { .. } => Exit::NoSuchCommand,
            Error::Hinted { error, .. } => error.exit(),
            Error::Secret(error) => error.exit(),
            Error::Auth(error) => error.exit(),
            Error::Http(failure) => failure.exit(),
            Error::Jwt(error) => error.exit(),
            Error::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Error::Echo(_)
            | Error::File { .. }
            | Error::Filter { .. }
            | Error::Malformed { .. }
            | Error::Output(_)
            | Error::Rez(_)
            | Error::System { .. } => Exit::Failed,
        }
    }

    /// The kind of the error, for programs.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Error::Usage { .. } => ErrorKind::Usage,
            Error::Hinted { error, .. } => error.kind(),
            Error::NoSuchCommand { .. } => ErrorKind::NoSuchCommand,
            Error::NoSuchProgram { .. } => ErrorKind::NoSuchProgram,
            Error::Secret(error) => error.kind(),
            Error::Auth(error) => error.kind(),
            Error::Http(failure) => failure.kind(),
            Error::Jwt(error) => error.kind(),
            Error::File { .. } => ErrorKind::File,
            Error::Filter { .. } => ErrorKind::Filter,
            Error::Malformed { .. } => ErrorKind::Malformed,
            Error::Nothing { .. } => ErrorKind::Nothing,
            Error::OutOfTime(_) => ErrorKind::TimedOut,
            Error::Echo(error) => error.kind(),
            Error::Rez(error) => error.kind(),
            Error::Output(_) => ErrorKind::Output,
            Error::System { .. } => ErrorKind::System,
        }
    }

    /// What the user can do about it, if there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Usage { hint, .. } => hint.clone(),
            Error::Hinted { hint, .. } => Some(hint.clone()),
            Error::NoSuchCommand {
                nearest, within, ..
            } => Some(match (nearest, within.as_slice()) {
                (Some(nearest), _) => format!("did you mean '{nearest}'?"),
                (None, []) => "'c47 --list' lists the commands".into(),
                (None, words) => format!("'c47 {} -h' lists its subcommands", words.join(" ")),
            }),
            Error::Secret(error) => error.hint(),
            Error::Auth(error) => error.hint(),
            Error::Echo(error) => error.hint(),
            Error::Http(failure) => failure.hint(),
            Error::Jwt(error) => error.hint(),
            Error::Rez(error) => error.hint(),
            Error::NoSuchProgram { .. }
            | Error::File { .. }
            | Error::Filter { .. }
            | Error::Malformed { .. }
            | Error::Nothing { .. }
            | Error::OutOfTime(_)
            | Error::Output(_)
            | Error::System { .. } => None,
        }
    }

    /// Whether the error is not reported: the reader of stdout has closed the pipe.
    pub fn is_silent(&self) -> bool {
        self.exit() == Exit::Done
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage { message, .. } | Error::OutOfTime(message) => f.write_str(message),
            Error::Hinted { error, .. } => error.fmt(f),
            Error::NoSuchCommand { name, .. } => write!(f, "no such command: '{name}'"),
            Error::NoSuchProgram { name } => write!(f, "cannot run {name}: not found"),
            Error::Secret(error) => error.fmt(f),
            Error::Auth(error) => error.fmt(f),
            Error::Echo(error) => error.fmt(f),
            Error::Http(failure) => failure.fmt(f),
            Error::Jwt(error) => error.fmt(f),
            Error::Rez(error) => error.fmt(f),
            Error::File {
                action,
                path,
                source,
            } => {
                write!(f, "cannot {action} {}: {}", path.display(), reason(source))
            }
            Error::Filter { what, why } | Error::Malformed { what, why } => {
                write!(f, "{what}: {why}")
            }
            Error::Nothing { place, what } => write!(f, "{place}: no {what} found"),
            Error::Output(source) => {
                write!(f, "cannot write to standard output: {}", reason(source))
            }
            Error::System { action, source } => write!(f, "cannot {action}: {}", reason(source)),
        }
    }
}

impl std::error::Error for Error {}

impl From<auth::Error> for Error {
    fn from(error: auth::Error) -> Error {
        Error::Auth(error)
    }
}

impl From<EchoError> for Error {
    fn from(error: EchoError) -> Error {
        Error::Echo(error)
    }
}

impl From<rez::Error> for Error {
    fn from(error: rez::Error) -> Error {
        Error::Rez(error)
    }
}

impl From<secret::Error> for Error {
    fn from(error: secret::Error) -> Error {
        Error::Secret(error)
    }
}

impl From<http::Failure> for Error {
    fn from(failure: http::Failure) -> Error {
        Error::Http(failure)
    }
}

impl From<jwt::Error> for Error {
    fn from(error: jwt::Error) -> Error {
        Error::Jwt(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_pipe_is_silent_and_full_disk_is_reported() {
        assert!(Error::Output(io::ErrorKind::BrokenPipe.into()).is_silent());
        assert_eq!(
            Error::Output(io::ErrorKind::StorageFull.into()).exit(),
            Exit::Failed
        );
    }
}
