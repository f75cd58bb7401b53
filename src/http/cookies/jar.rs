//! The cookies of a client (RFC 6265 §5.3 and §5.4), within bounds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::cookie::{Channel, Cookie, Scope};
use super::domain::{domain_matches, path_matches};
use crate::http::url::Url;
use crate::sort::{self, Sortable};
use crate::timestamp::Timestamp;

/// The most cookies of one domain.
const MAX_OF_DOMAIN: usize = 50;
/// The most cookies in all.
pub(super) const MAX_COOKIES: usize = 3000;

/// Cookies in the order in which they were created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

/// Whether a jar was changed.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    Yes,
    No,
}

impl Jar {
    /// A jar of these cookies. Of cookies with the same identity the last one counts.
    pub(super) fn of(cookies: Vec<Cookie>, now: Timestamp) -> Jar {
        let mut last = BTreeMap::new();
        for (place, cookie) in cookies.iter().enumerate() {
            last.insert(cookie.identity(), place);
        }
        let kept: BTreeSet<usize> = sort::set(last.into_values());
        let cookies = cookies.into_iter().enumerate();
        let cookies = cookies.filter(|(place, _)| kept.contains(place));
        let mut jar = Jar {
            cookies: cookies.map(|(_, cookie)| cookie).collect(),
        };
        jar.evict(now);
        jar
    }

    pub(super) fn cookies(&self) -> &[Cookie] {
        &self.cookies
    }

    /// Stores a cookie of a response, or deletes it if it has expired.
    pub(super) fn store(&mut self, cookie: Cookie, now: Timestamp) -> Changed {
        if self.is_protected(&cookie) {
            return Changed::No;
        }
        let identity = cookie.identity();
        let place = self.cookies.iter().position(|it| it.identity() == identity);
        let is_deleted = cookie.is_expired(now);
        match place.and_then(|place| self.cookies.get_mut(place)) {
            None if is_deleted => return Changed::No,
            None => {
                self.cookies.push(cookie);
                self.evict(now);
            }
            Some(_) if is_deleted => self.cookies.retain(|it| it.identity() != identity),
            Some(known) if *known == cookie => return Changed::No,
            // It keeps its place.
            Some(known) => *known = cookie,
        }
        Changed::Yes
    }

    /// Whether the cookie came in plain text and would replace or hide a cookie with Secure (RFC 6265bis
    /// §5.7).
    fn is_protected(&self, cookie: &Cookie) -> bool {
        let hides = |known: &Cookie| {
            known.secure
                && known.name == cookie.name
                && (domain_matches(&known.domain, &cookie.domain)
                    || domain_matches(&cookie.domain, &known.domain))
                && path_matches(&cookie.path, &known.path)
        };
        cookie.channel == Channel::PlainText && !cookie.secure && self.cookies.iter().any(hides)
    }

    /// Removes expired cookies, and the ones that are too many: those without Secure first, then the
    /// oldest.
    fn evict(&mut self, now: Timestamp) {
        self.cookies.retain(|cookie| !cookie.is_expired(now));
        let mut domains: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, cookie) in self.cookies.iter().enumerate() {
            domains.entry(&cookie.domain).or_default().push(place);
        }
        let is_secure = |place: &usize| self.cookies.get(*place).is_some_and(|it| it.secure);
        let mut kept: Vec<usize> = Vec::with_capacity(self.cookies.len());
        for mut places in domains.into_values() {
            places.order_by_key(|place| Reverse((is_secure(place), *place)));
            places.truncate(MAX_OF_DOMAIN);
            kept.append(&mut places);
        }
        kept.order_by_key(|place| Reverse((is_secure(place), *place)));
        kept.truncate(MAX_COOKIES);
        if kept.len() < self.cookies.len() {
            let kept: BTreeSet<usize> = sort::set(kept);
            let mut place = 0..;
            let is_kept = |place: Option<usize>| place.is_some_and(|at| kept.contains(&at));
            self.cookies.retain(|_| is_kept(place.next()));
        }
    }

    /// The cookies for a request: those with longer paths first, then the older ones.
    pub(super) fn matching(&self, url: &Url, channel: Channel, now: Timestamp) -> Vec<&Cookie> {
        let host = url.origin.host.as_str();
        let fits = |cookie: &&Cookie| {
            let is_of_host = match cookie.scope {
                Scope::Host => cookie.domain == host,
                Scope::Domain => domain_matches(host, &cookie.domain),
            };
            is_of_host
                && path_matches(&url.path, &cookie.path)
                && (!cookie.secure || channel == Channel::Confidential)
                && !cookie.is_expired(now)
        };
        let mut found: Vec<&Cookie> = self.cookies.iter().filter(fits).collect();
        found.order_by_key(|cookie| Reverse(cookie.path.len())); // stable
        found
    }

    /// Marks the cookies that this process received in plain text, after the file was read again.
    pub(super) fn keep_channels(&mut self, earlier: &Jar) {
        let plain: BTreeMap<_, _> = earlier
            .cookies
            .iter()
            .filter(|cookie| cookie.channel == Channel::PlainText)
            .map(|cookie| (cookie.identity(), &cookie.value))
            .collect();
        for cookie in &mut self.cookies {
            if plain.get(&cookie.identity()) == Some(&&cookie.value) {
                cookie.channel = Channel::PlainText;
            }
        }
    }
}
