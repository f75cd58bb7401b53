//! Which hosts and paths a cookie belongs to (RFC 6265 §5.1.3 and §5.1.4). A leaf.

use std::net::IpAddr;

/// Whether the host is the domain or below it. An IP address has no domain.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    let is_below = |rest: &str| rest.ends_with('.') && !is_address(host);
    host == domain || host.strip_suffix(domain).is_some_and(is_below)
}

/// Whether this is an IPv4 or IPv6 address.
pub(super) fn is_address(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
}

/// Whether the path of a request is that of the cookie or below it.
pub(super) fn path_matches(request: &str, path: &str) -> bool {
    let is_below = |rest: &str| rest.is_empty() || path.ends_with('/') || rest.starts_with('/');
    request.strip_prefix(path).is_some_and(is_below)
}

/// The path of a cookie without Path: that of the request, up to its last slash.
pub(super) fn default_path(request: &str) -> &str {
    match request.rfind('/') {
        Some(0) | None => "/",
        Some(end) => request.get(..end).unwrap_or("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_labels_match_a_domain() {
        for (host, domain, matches) in [
            ("a.lan", "a.lan", true),
            ("x.a.lan", "a.lan", true),
            ("x.y.a.lan", "a.lan", true),
            ("xa.lan", "a.lan", false),
            ("a.lan", "x.a.lan", false),
            ("a.lan.evil", "a.lan", false),
            ("10.0.0.1", "0.0.1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("::1", "1", false),
        ] {
            assert_eq!(domain_matches(host, domain), matches, "{host} {domain}");
        }
    }

    #[test]
    fn only_whole_segments_match_a_path() {
        for (request, path, matches) in [
            ("/", "/", true),
            ("/a", "/", true),
            ("/a", "/a", true),
            ("/a/", "/a", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/", true),
            ("/a", "/a/", false),
            ("/ab", "/a", false),
            ("/A", "/a", false),
        ] {
            assert_eq!(path_matches(request, path), matches, "{request} {path}");
        }
        for (request, path) in [
            ("/", "/"),
            ("", "/"),
            ("/a", "/"),
            ("/a/", "/a"),
            ("/a/b", "/a"),
            ("/a//b", "/a/"),
        ] {
            assert_eq!(default_path(request), path, "{request}");
        }
    }
}
