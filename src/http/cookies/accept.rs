//! Decides whether a server may set a cookie (RFC 6265 §5.3, RFC 6265bis §5.7).

use super::cookie::{Channel, Cookie, Scope};
use super::domain::{default_path, domain_matches, is_address};
use super::parse::{MAX_ATTRIBUTE, SetCookie};
use super::suffix;
use crate::http::url::Url;
use crate::secret::Secret;

/// The cookie of a response from `url`; `None` if it is refused.
pub(super) fn accept(set: SetCookie, url: &Url, channel: Channel) -> Option<Cookie> {
    let host = url.origin.host.as_str();
    let (domain, scope) = match set.domain {
        None => (host.to_owned(), Scope::Host),
        // A shared domain can set cookies for itself only.
        Some(domain) if domain == host && (is_address(host) || suffix::is_shared(host)) => {
            (domain, Scope::Host)
        }
        Some(domain) if !domain_matches(host, &domain) || suffix::is_shared(&domain) => {
            return None;
        }
        Some(domain) => (domain, Scope::Domain),
    };
    let names_path = set.path.is_some();
    let path = set
        .path
        .unwrap_or_else(|| default_path(&url.path).to_owned());
    let cookie = Cookie {
        name: set.name.to_vec(),
        value: Secret::new(set.value.to_vec()),
        domain,
        scope,
        path,
        secure: set.secure,
        http_only: set.http_only,
        expires: set.expires,
        channel,
    };
    let may_be_secure = !cookie.secure || channel == Channel::Confidential;
    let has_root = names_path || !cookie.is_host_prefixed();
    let is_accepted =
        may_be_secure && has_root && cookie.fits_prefix() && cookie.path.len() <= MAX_ATTRIBUTE;
    is_accepted.then_some(cookie)
}
