//! A service: its address, its credentials, and how it is called.

use std::path::PathBuf;
use std::time::Duration;

use super::plan::{Scheme, Share};
use super::template::Template;
use crate::http::url::Url;

/// A profile, checked.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    /// The base; its path ends in no slash but the root's.
    pub url: Url,
    pub scheme: Scheme,
    /// What `{user}` in a header stands for.
    pub user: Option<String>,
    pub headers: Vec<(String, Template)>,
    pub timeout: Option<Duration>,
    pub connect_timeout: Option<Duration>,
    pub retry: Option<u32>,
    pub cacert: Option<PathBuf>,
    pub cert: Option<PathBuf>,
    pub cert_key: Option<PathBuf>,
    pub proxy: Option<String>,
    pub allow_plaintext: bool,
    pub dead_token_statuses: Vec<u16>,
    pub share: Share,
}

impl Profile {
    /// The base's path: what credentials go below.
    pub fn path_prefix(&self) -> &str {
        &self.url.path
    }

    /// Whether credentials may go to `url`: the same origin, and at or below the base's path.
    pub fn covers(&self, url: &Url) -> bool {
        url.origin == self.url.origin && url.is_below(self.path_prefix())
    }

    /// The address of `@NAME/path`: `path` is what follows the name, with its `/`, `?` or nothing.
    ///
    /// # Errors
    /// When it leaves the base.
    pub fn join(&self, path: &str) -> Result<Url, String> {
        let base = self.url.to_string();
        let base = base.strip_suffix('/').unwrap_or(&base);
        let joined = Url::parse(&format!("{base}{path}"))?;
        let url = joined.join(&joined.path_and_query())?;
        if !self.covers(&url) {
            return Err(format!("'@{}{path}' leaves {}", self.name, self.url));
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(url: &str) -> Profile {
        Profile {
            name: "kitsu".into(),
            url: Url::parse(url).unwrap(),
            scheme: Scheme::None,
            user: None,
            headers: Vec::new(),
            timeout: None,
            connect_timeout: None,
            retry: None,
            cacert: None,
            cert: None,
            cert_key: None,
            proxy: None,
            allow_plaintext: false,
            dead_token_statuses: vec![401],
            share: Share::User,
        }
    }

    #[test]
    fn paths_join_below_the_base() {
        let profile = profile("https://k.lan/api");
        for (path, url) in [
            ("/data/projects", "https://k.lan/api/data/projects"),
            ("/data?a=1", "https://k.lan/api/data?a=1"),
            ("", "https://k.lan/api"),
            ("/", "https://k.lan/api/"),
            ("/a/../b", "https://k.lan/api/b"),
        ] {
            assert_eq!(profile.join(path).unwrap().to_string(), url, "{path}");
        }
        for outside in [
            "/../x",
            "/a/../../x",
            "/%2e%2e/x",
            "/a/..%2f../x",
            "x",
            ".evil.lan/",
        ] {
            assert!(profile.join(outside).is_err(), "{outside}");
        }
    }

    #[test]
    fn a_base_covers_its_own() {
        let profile = profile("https://k.lan/api");
        let covers = |url: &str| profile.covers(&Url::parse(url).unwrap());
        assert!(covers("https://k.lan/api") && covers("https://k.lan:443/api/x?y"));
        for other in [
            "https://k.lan/apix",
            "https://k.lan/",
            "http://k.lan/api/",
            "https://k.lan:8443/api/",
            "https://k.lan.evil/api/",
            "https://k.lan/api/%2E%2E/admin",
            "https://k.lan/api/..%5Cadmin",
        ] {
            assert!(!covers(other), "{other}");
        }
    }
}
