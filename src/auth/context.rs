//! What a credential is issued with, and what comes of it.

use std::path::PathBuf;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::http::Settings;
use crate::http::credential::Credential;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// What issuing needs from outside.
pub(crate) struct Context<'a> {
    pub places: Places,
    /// The end of everything done for the call.
    pub deadline: Deadline,
    /// How logins are sent.
    pub settings: Settings,
    /// The netrc file; `None` where neither NETRC nor a home directory is known.
    pub netrc: Option<PathBuf>,
    /// Shows a person the page and the code of a device login; without it nobody is there.
    pub show_code: Option<&'a dyn Fn(&DeviceCode)>,
}

/// Where tokens are kept.
#[derive(Clone, Debug)]
pub(crate) enum Places {
    In {
        /// The directory of tokens that a login brings again: it may be gone after a reboot.
        cache: PathBuf,
        /// The directory of tokens that come with a refresh token: it lasts.
        state: PathBuf,
    },
    /// In memory only, and why.
    Nowhere(String),
}

/// What a person is shown to log in on another device (RFC 8628).
pub(crate) struct DeviceCode {
    pub page: String,
    pub code: String,
    /// The page with the code in it, where there is one.
    pub complete: Option<String>,
}

/// Which token is acceptable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Want {
    /// It must be valid for this long.
    pub min_ttl: Duration,
    /// Not this one: the service has rejected it.
    pub except: Option<Secret>,
    pub login: Login,
}

/// Whether a cached token is acceptable at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Login {
    #[default]
    IfNeeded,
    /// Log in, whatever is cached.
    Always,
}

/// A credential, ready to be sent.
#[derive(Debug)]
pub(crate) struct Issued {
    pub credential: Credential,
    /// The token alone, for scripts; a password is not one.
    pub token: Option<Secret>,
    pub expires: Option<Timestamp>,
    pub storage: Storage,
    pub warnings: Vec<String>,
}

/// Whether a token is there for the next process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Storage {
    /// It is stored, or it is not meant to be.
    #[default]
    AsMeant,
    /// It could not be stored.
    Failed,
}

impl Issued {
    /// A credential that does not expire as far as anybody knows.
    pub(crate) fn lasting(credential: Credential, token: Option<Secret>) -> Issued {
        Issued {
            credential,
            token,
            expires: None,
            storage: Storage::default(),
            warnings: Vec::new(),
        }
    }
}
