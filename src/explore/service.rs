//! The service that is explored. Every call stays at its origin, and below the path of its URL.

use crate::error::Error;
use crate::http::arguments::at_profile;
use crate::http::url::Url;
use crate::redact;

/// A service, as the user named it.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// `@NAME`, with the URL of the profile.
    Profile { name: String, url: Url },
    /// A URL, as it was given: it may contain a user and a password.
    Url { given: String, url: Url },
}

impl Place {
    /// The service at a URL without a profile.
    ///
    /// # Errors
    /// A usage error for an invalid URL, or one with a query.
    pub(crate) fn of_url(given: &str) -> Result<Place, Error> {
        let url = Url::parse(given).map_err(Error::usage)?;
        if url.query.is_some() || given.contains('#') {
            return Err(Error::usage(
                "the URL of a service has no query; add it to the calls",
            ));
        }
        let given = given.trim_end_matches('/').to_owned();
        Ok(Place::Url { given, url })
    }

    /// The service for people, without a password.
    #[cfg(feature = "tui")]
    pub(crate) fn shown(&self) -> String {
        match self {
            Place::Profile { name, url } => format!("@{name} {url}"),
            Place::Url { url, .. } => url.to_string(),
        }
    }

    /// The URL of the service. Its path is the one that all calls are below.
    pub(crate) fn url(&self) -> &Url {
        match self {
            Place::Profile { url, .. } | Place::Url { url, .. } => url,
        }
    }

    /// The URL of a call as `c47 http` reads it. `target` is a path, a query, or a URL of the service.
    ///
    /// # Errors
    /// A usage error for a target outside of the service.
    pub(crate) fn word(&self, target: &str) -> Result<String, Error> {
        let before = match self {
            Place::Profile { name, .. } => format!("@{name}"),
            Place::Url { given, .. } => given.clone(),
        };
        if let Some((name, path)) = at_profile(target) {
            return match self {
                Place::Profile { name: own, .. } if own == name => Ok(target.to_owned()),
                Place::Profile { .. } | Place::Url { .. } => Err(Error::usage_hint(
                    format!("'@{name}{}' is another service", redact::url(path)),
                    "explore one service at a time",
                )),
            };
        }
        if target.starts_with('/') && !target.starts_with("//") || target.starts_with('?') {
            self.ensure_below(target)?;
            return Ok(format!("{before}{target}"));
        }
        if !target.contains("://") && !target.starts_with("//") {
            return Err(Error::usage_hint(
                format!("'{}' is neither a path nor a URL", redact::url(target)),
                "a path starts with /",
            ));
        }
        let path = self.path_of(target)?;
        Ok(format!("{before}{path}"))
    }

    /// Refuses a path that leaves the path of the service, as one with `..` could.
    fn ensure_below(&self, target: &str) -> Result<(), Error> {
        let base = self.url();
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let url = Url {
            path: format!("{}{path}", base.path.trim_end_matches('/')),
            ..base.clone()
        };
        match url.is_below(&base.path) {
            true => Ok(()),
            false => Err(Error::usage(format!(
                "'{}' is outside of {base}",
                redact::url(target)
            ))),
        }
    }

    /// The path and query of a target of a call, below the path of the service.
    pub(crate) fn path_of_target(&self, target: &str) -> String {
        match at_profile(target) {
            Some((_, path)) => path.to_owned(),
            None if target.contains("://") => self.path_of(target).unwrap_or_default(),
            None => target.to_owned(),
        }
    }

    /// The path and query of a URL below the path of the service, as it is written in a call.
    ///
    /// # Errors
    /// A usage error for a URL outside of the service.
    pub(crate) fn path_of(&self, link: &str) -> Result<String, Error> {
        let base = self.url();
        let url = base.join(link).map_err(Error::usage)?;
        let prefix = base.path.trim_end_matches('/');
        let path = url.path_and_query();
        let rest = path
            .strip_prefix(prefix)
            .filter(|_| url.origin == base.origin && url.is_below(prefix));
        let rest = rest.map(str::to_owned);
        rest.ok_or_else(|| {
            Error::usage_hint(
                format!("{} is outside of {base}", redact::url(&url.to_string())),
                "credentials are sent only to the explored service; use c47 http for another one",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Place {
        Place::Profile {
            name: "kitsu".into(),
            url: Url::parse("https://k.lan/api").unwrap(),
        }
    }

    #[test]
    fn paths_and_own_links_become_the_url_of_a_call() {
        for (target, word) in [
            ("/data/projects", "@kitsu/data/projects"),
            ("?a=1", "@kitsu?a=1"),
            ("@kitsu/x", "@kitsu/x"),
            ("https://k.lan/api/data?page=2", "@kitsu/data?page=2"),
            ("https://k.lan/api", "@kitsu"),
        ] {
            assert_eq!(profile().word(target).unwrap(), word, "{target}");
        }
        let place = Place::of_url("me:pass@k.lan/").unwrap();
        assert_eq!(place.word("/x").unwrap(), "me:pass@k.lan/x");
        assert_eq!(
            place.word("https://k.lan/x?y").unwrap(),
            "me:pass@k.lan/x?y"
        );
    }

    #[test]
    fn other_origins_and_paths_above_are_refused() {
        for target in [
            "https://evil.lan/api/x",
            "http://k.lan/api/x",
            "https://k.lan:444/api/x",
            "//evil.lan/api/x",
            "https://k.lan/other",
            "https://k.lan/api/../admin",
            "https://k.lan/apix",
            "/../admin",
            "/x/%2e%2e/%2E./../admin?a=1",
            "/..\\admin",
            "@other/x",
            "data/projects",
            "",
        ] {
            assert!(profile().word(target).is_err(), "{target}");
        }
        let told = profile()
            .word("https://evil.lan/x?token=hunter2")
            .unwrap_err()
            .to_string();
        assert!(!told.contains("hunter2"), "{told}");
        assert!(Place::of_url("k.lan/x?a").is_err());
        let url = Place::of_url("https://k.lan/api").unwrap();
        assert!(url.word("/../admin").is_err() && url.word("/a..b/..c").is_ok());
        assert!(profile().path_of("/other").is_err());
        assert_eq!(profile().path_of("/api/x").unwrap(), "/x");
    }
}
