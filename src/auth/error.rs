//! Errors from getting a token.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::kind::ErrorKind;
use crate::exit::Exit;
use crate::quantity::{format_ago, format_duration};

/// Why a token could not be obtained.
#[derive(Clone, Debug)]
pub enum Error {
    /// The service refused the login.
    Refused {
        profile: String,
        why: String,
        hint: Option<String>,
    },
    /// The service refused the same login a short time ago.
    RefusedBefore {
        profile: String,
        why: String,
        ago: Duration,
        /// The command that logs in; `None` without a profile.
        login: Option<String>,
    },
    /// The request failed, or the response was unusable.
    Failed {
        profile: String,
        why: String,
        hint: Option<String>,
    },
    /// A request of a login got no response in time.
    TimedOut { url: String, why: String },
    /// There are no credentials to log in with.
    Missing {
        profile: String,
        why: String,
        hint: Option<String>,
    },
    /// A helper failed, or was killed.
    Helper {
        program: String,
        why: String,
        exit: Exit,
    },
    /// Another process is logging in and does not finish.
    Busy { profile: String, after: Duration },
    /// The token cache is not private or cannot be used.
    Cache {
        path: PathBuf,
        why: String,
        hint: Option<String>,
    },
}

impl Error {
    /// The code the process exits with.
    pub fn exit(&self) -> Exit {
        match self {
            Error::Refused { .. } | Error::RefusedBefore { .. } | Error::Missing { .. } => {
                Exit::NoCredentials
            }
            Error::Helper { exit, .. } => *exit,
            Error::Busy { .. } | Error::TimedOut { .. } => Exit::TimedOut,
            Error::Failed { .. } | Error::Cache { .. } => Exit::Failed,
        }
    }

    /// What kind of failure it is, for programs.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Error::Refused { .. } | Error::RefusedBefore { .. } => ErrorKind::LoginRefused,
            Error::Failed { .. } => ErrorKind::LoginFailed,
            Error::TimedOut { .. } => ErrorKind::TimedOut,
            Error::Missing { .. } => ErrorKind::Secret,
            Error::Helper { exit, .. } if *exit == Exit::TimedOut => ErrorKind::TimedOut,
            Error::Helper { .. } => ErrorKind::Secret,
            Error::Busy { .. } => ErrorKind::LoginBusy,
            Error::Cache { .. } => ErrorKind::TokenCache,
        }
    }

    /// The hint for the user.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Refused { hint, .. }
            | Error::Failed { hint, .. }
            | Error::Missing { hint, .. }
            | Error::Cache { hint, .. } => hint.clone(),
            Error::RefusedBefore { login, .. } => Some(match login {
                Some(login) => {
                    format!("wait a minute, change the secret, or try again now with: {login}")
                }
                None => "wait a minute, or change the secret".to_owned(),
            }),
            // The time limit of a login is not that of --timeout.
            Error::Busy { .. } | Error::Helper { .. } | Error::TimedOut { .. } => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused { profile, why, .. } => write!(f, "{profile}: login refused: {why}"),
            Error::RefusedBefore {
                profile, why, ago, ..
            } => write!(
                f,
                "{profile}: login refused {}, not tried again: {why}",
                format_ago(*ago)
            ),
            Error::Failed { profile, why, .. } => write!(f, "{profile}: cannot get a token: {why}"),
            Error::TimedOut { url, why } => write!(f, "{url}: {why}"),
            Error::Missing { profile, why, .. } => write!(f, "{profile}: no credentials: {why}"),
            Error::Helper { program, why, .. } => write!(f, "helper {program}: {why}"),
            Error::Busy { profile, after } => write!(
                f,
                "{profile}: another process has been logging in for {}",
                format_duration(*after)
            ),
            Error::Cache { path, why, .. } => {
                write!(
                    f,
                    "the token cache {} cannot be used: {why}",
                    path.display()
                )
            }
        }
    }
}
