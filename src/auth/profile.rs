//! A profile: a service, its credentials, and the settings for its requests.

use super::scheme::SharedScheme;
use super::service::Service;
use super::template::Template;
use crate::http::Overlay;
use crate::http::page_settings::PageSettings;
use crate::http::url::Url;

/// A checked profile.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub service: Service,
    pub scheme: SharedScheme,
    pub headers: Vec<(String, Template)>,
    /// The settings that it overrides.
    pub overlay: Overlay,
    /// Where the pages of a list are.
    pub pages: PageSettings,
    /// The statuses that mean that a token is no longer valid.
    pub dead_token_statuses: Vec<u16>,
    /// Whether the cookies of its calls are kept in a file.
    pub cookies: bool,
}

impl Profile {
    pub(crate) fn name(&self) -> &str {
        &self.service.name
    }

    /// The path of the base URL. Credentials are sent only to this path and below.
    pub(crate) fn path_prefix(&self) -> &str {
        &self.service.url.path
    }

    /// Whether credentials may be sent to `url`: same origin, at or below the base path.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        self.service.covers(url)
    }

    /// The URL of `@NAME/path`. `path` is empty or starts with `/` or `?`.
    ///
    /// # Errors
    /// If the URL is outside the base URL.
    pub(crate) fn join(&self, path: &str) -> Result<Url, String> {
        self.service.join(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(url: &str) -> Profile {
        Profile {
            service: Service {
                name: "kitsu".into(),
                ..Service::at(Url::parse(url).unwrap(), None)
            },
            scheme: crate::auth::scheme::none(),
            headers: Vec::new(),
            overlay: Overlay::default(),
            pages: PageSettings::default(),
            dead_token_statuses: vec![401],
            cookies: false,
        }
    }

    #[test]
    fn paths_outside_the_base_url_are_rejected() {
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
    fn credentials_cover_only_the_base_url() {
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
