//! The service that credentials belong to.

use crate::http::url::Url;

/// Who may share a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Share {
    /// All processes of this user, on every machine that sees the cache.
    User,
    /// Those on this machine.
    Node,
    /// Nobody: each process logs in.
    #[default]
    None,
}

impl Share {
    /// Its names in a configuration, one table for what is accepted and what is read.
    pub(crate) const NAMES: [(&'static str, Share); 3] = [
        ("user", Share::User),
        ("node", Share::Node),
        ("none", Share::None),
    ];
}

/// The service that a credential belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// The profile's name; empty where there is no profile.
    pub name: String,
    /// The base; its path ends in no slash but the root's.
    pub url: Url,
    /// The user, where the scheme does not bring its own: what `{user}` in a header is replaced by,
    /// and what picks an entry of a netrc file.
    pub user: Option<String>,
    pub share: Share,
}

impl Service {
    /// The service at `url`, without a profile.
    pub(crate) fn at(url: Url, user: Option<String>) -> Service {
        Service {
            name: String::new(),
            url,
            user,
            share: Share::None,
        }
    }
}
