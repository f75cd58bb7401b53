//! The inputs and the result of issuing a credential.

use std::io;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use super::aws::Environment;
use crate::deadline::Deadline;
use crate::http::Settings;
use crate::http::credential::Credential;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The environment that credentials are issued in.
pub(crate) struct Context<'a> {
    pub places: Places,
    /// The deadline for the whole call.
    pub deadline: Deadline,
    /// The settings for login requests.
    pub settings: Settings,
    /// The netrc file; `None` if neither NETRC nor a home directory is known.
    pub netrc: Option<PathBuf>,
    /// The variables of AWS.
    pub aws: Environment,
    /// The person who can log in; `None` in non-interactive use.
    pub person: Option<Person<'a>>,
}

/// How a person takes part in a login.
#[derive(Clone, Copy)]
pub(crate) struct Person<'a> {
    pub show: &'a dyn Fn(&Prompt),
    /// Opens a page in a browser on this machine; `None` if there is none.
    pub open: Option<OpenPage<'a>>,
}

/// Starts a program that shows the page with this URL.
pub(crate) type OpenPage<'a> = &'a dyn Fn(&str) -> io::Result<Child>;

/// What a person is asked to do.
pub(crate) enum Prompt<'p> {
    /// Open a page on any device and enter a code.
    Code(DeviceCode),
    /// Log in on the page that was opened.
    Opened(&'p str),
    /// Open a page in any browser, and paste the URL that it ends at.
    Paste(&'p str),
}

/// Where tokens are stored.
#[derive(Clone, Debug)]
pub(crate) enum Places {
    In {
        /// The directory for tokens that a new login can replace. A reboot may delete it.
        cache: PathBuf,
        /// The permanent directory for tokens that have a refresh token.
        state: PathBuf,
    },
    /// Only in memory; holds the reason.
    Nowhere(String),
}

/// The page and code of a login on another device (RFC 8628).
pub(crate) struct DeviceCode {
    pub page: String,
    pub code: String,
    /// The URL that already includes the code, if the service has one.
    pub complete: Option<String>,
}

/// The requirements for a token.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenRequirement {
    /// It must be valid for at least this long.
    pub min_ttl: Duration,
    /// A token that the service has rejected.
    pub except: Option<Secret>,
    pub login: Login,
}

/// Whether a cached token may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Login {
    #[default]
    IfNeeded,
    /// Log in even if a token is cached.
    Always,
}

/// A credential that can be sent.
#[derive(Debug)]
pub(crate) struct Issued {
    pub credential: Credential,
    /// The token alone, for scripts. A password is not a token.
    pub token: Option<Secret>,
    pub expires: Option<Timestamp>,
    pub storage: Storage,
    pub warnings: Vec<String>,
}

/// Whether the token was stored for other processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Storage {
    /// It is stored, or does not need to be.
    #[default]
    AsMeant,
    /// It could not be stored.
    Failed,
}

impl Issued {
    /// A credential with no known expiry.
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
