//! The service that credentials belong to.

use crate::http::url::Url;
use crate::shell::quote;

/// Which processes share a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Share {
    /// All processes of this user, on every machine with the same cache directory.
    User,
    /// Processes of this user on this machine.
    Node,
    /// None: each process logs in.
    #[default]
    None,
}

impl Share {
    /// The values of `share`, for both the schema and the reader.
    pub(crate) const NAMES: [(&'static str, Share); 3] = [
        ("user", Share::User),
        ("node", Share::Node),
        ("none", Share::None),
    ];
}

/// What a service is named after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Profile,
    /// Not after a profile: there is none.
    Otherwise,
}

/// The service that a credential belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// The profile's name. Without a profile it is empty, or the name of the scheme for messages.
    pub name: String,
    pub named: Named,
    /// The base URL. Its path has no trailing slash, except for the root.
    pub url: Url,
    /// The user, if the scheme has none of its own. It replaces `{user}` in headers and selects the
    /// netrc entry.
    pub user: Option<String>,
    pub share: Share,
}

impl Service {
    /// The service at `url`, without a profile.
    pub(crate) fn at(url: Url, user: Option<String>) -> Service {
        Service {
            name: String::new(),
            named: Named::Otherwise,
            url,
            user,
            share: Share::None,
        }
    }

    /// The command that logs in; `None` without a profile.
    pub(crate) fn login_command(&self) -> Option<String> {
        match self.named {
            Named::Profile => Some(format!("c47 auth login {}", quote(&self.name))),
            Named::Otherwise => None,
        }
    }

    /// Whether credentials may be sent to `url`: same origin, at or below the base path.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        url.origin == self.url.origin && url.is_below(&self.url.path)
    }

    /// The URL of `@NAME/path`. `path` is empty or starts with `/` or `?`.
    ///
    /// # Errors
    /// If the URL is outside the base URL.
    pub(crate) fn join(&self, path: &str) -> Result<Url, String> {
        let base = self.url.to_string();
        let base = base.strip_suffix('/').unwrap_or(&base);
        let joined = Url::parse(&format!("{base}{path}"))?;
        let url = joined.join(&joined.path_and_query())?;
        match self.covers(&url) {
            true => Ok(url),
            false => Err(format!("'@{}{path}' is outside {}", self.name, self.url)),
        }
    }
}
