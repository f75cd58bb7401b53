//! What a credential is issued with, and what comes of it.

use std::path::PathBuf;
use std::time::Duration;

use crate::http::Settings;
use crate::http::credential::Credential;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// What issuing needs from outside.
pub(crate) struct Context<'a> {
    /// The directory of the token cache.
    pub cache: PathBuf,
    /// How logins are sent.
    pub settings: Settings,
    /// The netrc file; `None` where neither NETRC nor HOME is set.
    pub netrc: Option<PathBuf>,
    /// Shows a person the page and the code of a device login; without it nobody is there.
    pub show_code: Option<&'a dyn Fn(&DeviceCode)>,
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
    pub warnings: Vec<String>,
}

impl Issued {
    /// A credential that does not expire as far as anybody knows.
    pub(crate) fn lasting(credential: Credential, token: Option<Secret>) -> Issued {
        Issued {
            credential,
            token,
            expires: None,
            warnings: Vec::new(),
        }
    }
}
