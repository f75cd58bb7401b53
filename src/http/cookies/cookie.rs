//! A cookie as it is kept in a jar. A leaf.

use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// How a request or a response travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// Over https, or without leaving this machine.
    Confidential,
    /// Over plain http to another machine.
    PlainText,
}

/// The hosts that get a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// The host that set it.
    Host,
    /// The domain and its subdomains.
    Domain,
}

/// A cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    /// Any bytes, but no control characters.
    pub name: Vec<u8>,
    pub value: Secret,
    /// In lower case, without a dot in front.
    pub domain: String,
    pub scope: Scope,
    /// Starts with `/`.
    pub path: String,
    pub secure: bool,
    pub http_only: bool,
    /// `None` for a cookie of a session, which has no end of its own.
    pub expires: Option<Timestamp>,
    /// How it came to this process. A file is confidential: its cookies are credentials.
    pub channel: Channel,
}

/// Cookies with the same identity replace each other.
pub(super) type Identity<'a> = (&'a str, Scope, &'a str, &'a [u8]);

impl Cookie {
    pub(super) fn identity(&self) -> Identity<'_> {
        (&self.domain, self.scope, &self.path, &self.name)
    }

    /// Whether it has expired. A server deletes a cookie with a time in the past.
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    fn starts_with(&self, prefix: &[u8]) -> bool {
        let start = self.name.get(..prefix.len());
        // Some servers compare the names without case.
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }

    /// Whether its name claims that it belongs to one host (RFC 6265bis §4.1.3).
    pub(super) fn is_host_prefixed(&self) -> bool {
        self.starts_with(b"__Host-")
    }

    /// Whether its attributes are those that its name claims (RFC 6265bis §4.1.3).
    pub(super) fn fits_prefix(&self) -> bool {
        let is_host = self.secure && self.scope == Scope::Host && self.path == "/";
        (!self.starts_with(b"__Secure-") || self.secure) && (!self.is_host_prefixed() || is_host)
    }
}
