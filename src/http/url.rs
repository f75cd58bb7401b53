//! URLs as typed by users and as sent in Location headers (RFC 3986). Parsing is strict about the
//! host, so that the visible host is the one that is connected to.

use std::fmt;
use std::net::IpAddr;

use super::authority::{check_host, split_port, split_user_info};
use super::percent::encode_illegal;

pub(crate) use super::authority::UserInfo;
pub(crate) use super::percent::{encode, form_encode, percent_decode};

/// Longer than any service accepts.
const MAX_LENGTH: usize = 64 << 10;

/// The protocol of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// The name of the scheme in a URL.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// Scheme, host and port, which credentials belong to (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub scheme: Scheme,
    /// A lower-case name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    pub port: u16,
}

impl Origin {
    /// The host as in a URL: an IPv6 address in brackets.
    pub(crate) fn bracketed_host(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }

    /// Whether the host is this machine independent of DNS: a loopback address, `localhost`, or a
    /// subdomain of it (RFC 6761 §6.3).
    pub(crate) fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.bracketed_host())?;
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

/// An http or https URL. `Display` omits the user and the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub origin: Origin,
    /// Starts with `/`; percent-encoded.
    pub path: String,
    /// Without the `?`; percent-encoded.
    pub query: Option<String>,
    pub user_info: Option<UserInfo>,
}

impl Url {
    /// Parses user input: `https://host/x`, `host/x` (https, but http for this machine), `:8080/x`
    /// (this machine).
    ///
    /// # Errors
    /// Describes the error; never repeats a password.
    pub(crate) fn parse(text: &str) -> Result<Url, String> {
        if text.len() > MAX_LENGTH {
            return Err("the URL is longer than 64 KiB".into());
        }
        if text.chars().any(char::is_control) {
            return Err("the URL contains a control character".into());
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, text),
        };
        let scheme = match scheme {
            None => None,
            Some(name) if name.eq_ignore_ascii_case("http") => Some(Scheme::Http),
            Some(name) if name.eq_ignore_ascii_case("https") => Some(Scheme::Https),
            Some(name) => return Err(format!("unsupported scheme '{name}'; use http or https")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (user_info, host_and_port) = split_user_info(authority)?;
        let (host, port) = split_port(host_and_port, scheme.is_none())?;
        let host = check_host(host)?;
        let probe = Origin {
            scheme: Scheme::Http,
            host,
            port: 0,
        };
        let scheme = scheme.unwrap_or(if probe.is_loopback() {
            Scheme::Http
        } else {
            Scheme::Https
        });
        let port = port.unwrap_or_else(|| scheme.default_port());
        let (path, query) = split_query(tail);
        Ok(Url {
            origin: Origin {
                scheme,
                host: probe.host,
                port,
            },
            path,
            query,
            user_info,
        })
    }

    /// Resolves a Location header against this URL (RFC 3986 §5.2). A fragment, user and password
    /// are dropped.
    ///
    /// # Errors
    /// When the result is not an http or https URL.
    pub(crate) fn join(&self, reference: &str) -> Result<Url, String> {
        let reference = reference.trim_matches([' ', '\t']);
        let scheme_end = reference.find([':', '/', '?', '#']);
        let has_scheme = scheme_end.is_some_and(|end| {
            reference
                .get(end..)
                .is_some_and(|rest| rest.starts_with(':'))
                && is_scheme(reference.get(..end).unwrap_or(""))
        });
        if has_scheme {
            let url = Url::parse(reference)?;
            // "http:/path" and "mailto:x" have a scheme but no authority.
            return if reference.contains("://") {
                Ok(without_user(url))
            } else {
                Err("it has no host".into())
            };
        }
        if let Some(authority) = reference.strip_prefix("//") {
            return Url::parse(&format!("{}://{authority}", self.origin.scheme.as_str()))
                .map(without_user);
        }
        if reference.len() > MAX_LENGTH || reference.chars().any(char::is_control) {
            return Err("it is not a valid URL".into());
        }
        let (path, query) = split_query(reference);
        let given = reference.split(['?', '#']).next().unwrap_or("");
        let (path, query) = if given.is_empty() {
            (
                self.path.clone(),
                query.or_else(|| {
                    if reference.starts_with('?') {
                        None
                    } else {
                        self.query.clone()
                    }
                }),
            )
        } else if given.starts_with('/') {
            (remove_dot_segments(&path), query)
        } else {
            let base = self
                .path
                .rfind('/')
                .and_then(|end| self.path.get(..=end))
                .unwrap_or("/");
            (
                remove_dot_segments(&format!(
                    "{base}{}",
                    path.strip_prefix('/').unwrap_or(&path)
                )),
                query,
            )
        };
        Ok(Url {
            origin: self.origin.clone(),
            path,
            query,
            user_info: None,
        })
    }

    /// Whether the path is `prefix` or below it, for any server: a path with an encoded or
    /// unencoded `..` or a backslash is never below.
    pub(crate) fn is_below(&self, prefix: &str) -> bool {
        let bytes = percent_decode(&self.path);
        let climbs = bytes
            .split(|&b| matches!(b, b'/' | b'\\'))
            .any(|segment| segment == b".." || segment.starts_with(b"..;"));
        let base = prefix.strip_suffix('/').unwrap_or(prefix);
        !climbs
            && self
                .path
                .strip_prefix(base)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Adds a query parameter, percent-encoded like in a form.
    pub(crate) fn push_query(&mut self, name: &str, value: &str) {
        let pair = format!("{}={}", form_encode(name), form_encode(value));
        match &mut self.query {
            Some(query) if !query.is_empty() => {
                query.push('&');
                query.push_str(&pair);
            }
            query => *query = Some(pair),
        }
    }

    /// The value of the first query parameter of this name, decoded.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        self.query_values(name).next()
    }

    /// The values of all query parameters of this name, decoded.
    pub(crate) fn query_values(&self, name: &str) -> impl Iterator<Item = String> {
        let pairs = self.query.as_deref().unwrap_or_default().split('&');
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .filter(move |(known, _)| form_decode(known) == name.as_bytes())
            .map(|(_, value)| String::from_utf8_lossy(&form_decode(value)).into_owned())
    }

    /// Sets a query parameter, in the place of all others of this name.
    pub(crate) fn set_query(&mut self, name: &str, value: &str) {
        let query = self.query.take().unwrap_or_default();
        let is_it = |pair: &str| {
            let (known, _) = pair.split_once('=').unwrap_or((pair, ""));
            form_decode(known) == name.as_bytes()
        };
        let own = format!("{}={}", form_encode(name), form_encode(value));
        let mut pairs: Vec<&str> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match is_it(pair) {
                false => pairs.push(pair),
                true if pairs.contains(&own.as_str()) => {}
                true => pairs.push(&own),
            }
        }
        if !pairs.contains(&own.as_str()) {
            pairs.push(&own);
        }
        self.query = Some(pairs.join("&"));
    }

    /// Removes all query parameters of this name.
    pub(crate) fn remove_query(&mut self, name: &str) {
        let Some(query) = &self.query else { return };
        let is_other = |pair: &&str| {
            let (known, _) = pair.split_once('=').unwrap_or((pair, ""));
            form_decode(known) != name.as_bytes()
        };
        let kept: Vec<&str> = query.split('&').filter(is_other).collect();
        self.query = (!kept.is_empty()).then(|| kept.join("&"));
    }

    /// The target in the request line.
    pub(crate) fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// The value of the Host header, without the default port.
    pub(crate) fn host_header(&self) -> String {
        let host = self.origin.bracketed_host();
        if self.origin.port == self.origin.scheme.default_port() {
            host
        } else {
            format!("{host}:{}", self.origin.port)
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path_and_query())
    }
}

/// Decodes a name or a value of a query, in which `+` is a space.
pub(crate) fn form_decode(text: &str) -> Vec<u8> {
    percent_decode(&text.replace('+', " "))
}

fn without_user(url: Url) -> Url {
    Url {
        user_info: None,
        ..url
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Splits the text after the authority into path and query, without the fragment.
fn split_query(tail: &str) -> (String, Option<String>) {
    let tail = tail.split('#').next().unwrap_or("");
    let (path, query) = match tail.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (tail, None),
    };
    let mut path = encode_illegal(path);
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    (path, query.map(encode_illegal))
}

/// RFC 3986 §5.2.4.
pub(crate) fn remove_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Url::parse(text).map_or_else(|why| format!("Err: {why}"), |url| url.to_string())
    }

    #[test]
    fn urls_are_parsed_as_users_type_them() {
        for (typed, meant) in [
            ("kitsu.studio.lan/api", "https://kitsu.studio.lan/api"),
            ("HTTP://Kitsu.Studio.lan:80", "http://kitsu.studio.lan/"),
            ("localhost", "http://localhost/"),
            ("localhost:8080/x?y#z", "http://localhost:8080/x?y"),
            ("127.1.2.3:99", "http://127.1.2.3:99/"),
            ("[::1]:8080/x", "http://[::1]:8080/x"),
            (":8080/x", "http://localhost:8080/x"),
            (":/x", "http://localhost/x"),
            ("https://localhost", "https://localhost/"),
            (
                "a.lan/shots/sq 010/é?q=a b",
                "https://a.lan/shots/sq%20010/%C3%A9?q=a%20b",
            ),
            ("a.lan?q=1", "https://a.lan/?q=1"),
            ("a.lan/%2F%zz", "https://a.lan/%2F%zz"),
            ("a.lan/http://b", "https://a.lan/http://b"),
        ] {
            assert_eq!(shown(typed), meant, "{typed}");
        }
    }

    #[test]
    fn invalid_urls_are_refused() {
        for wrong in [
            "",
            "https://",
            "ftp://a",
            "file:///etc/passwd",
            "http://a:0",
            "http://a:65536",
            "http://a:8o",
            "http://a%2Fb/",
            "http://a b/",
            "http://::1/",
            "http://[::1",
            "http://[::1]x",
            "http://a..b/",
            "http://münchen.de/",
            "http://a\r\nHost: b/",
            "http://a\0b",
            "http://[localhost]/",
            "http://:80/",
        ] {
            assert!(shown(wrong).starts_with("Err"), "{wrong}: {}", shown(wrong));
        }
        assert!(Url::parse(&"a".repeat(100_000)).is_err());
    }

    #[test]
    fn password_is_never_part_of_the_host() {
        let url = Url::parse("https://me:p%40ss@evil.lan@host.lan/x").unwrap();
        assert_eq!(url.origin.host, "host.lan");
        assert_eq!(url.to_string(), "https://host.lan/x");
        let user_info = url.user_info.unwrap();
        assert_eq!(
            (
                user_info.user.as_str(),
                user_info.password.unwrap().expose()
            ),
            ("me", &b"p@ss@evil.lan"[..])
        );
        assert_eq!(
            Url::parse("https://host.lan#@evil.lan/")
                .unwrap()
                .origin
                .host,
            "host.lan"
        );
        assert!(Url::parse("https://a:b%0d%0a@host/").is_err());
    }

    /// RFC 3986 §5.4.1 and §5.4.2, except schemes other than http.
    #[test]
    fn references_resolve_like_rfc_3986() {
        let base = Url::parse("http://a/b/c/d?q").unwrap();
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d?q"),
            ("g#s", "http://a/b/c/g"),
            (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("https://B:1/x", "https://b:1/x"),
        ] {
            assert_eq!(
                base.join(reference).unwrap().to_string(),
                expected,
                "{reference}"
            );
        }
        for wrong in [
            "g:h",
            "mailto:x",
            "http:g",
            "ftp://x/",
            "//",
            "\r\nx",
            "http://a%2f/",
        ] {
            assert!(base.join(wrong).is_err(), "{wrong}");
        }
        assert_eq!(base.join("http://me:pass@a/").unwrap().user_info, None);
    }

    #[test]
    fn query_parameters_are_appended() {
        let mut url = Url::parse("a.lan").unwrap();
        url.push_query("name", "sq 010&é");
        url.push_query("page[number]", "1");
        assert_eq!(
            url.to_string(),
            "https://a.lan/?name=sq%20010%26%C3%A9&page%5Bnumber%5D=1"
        );
    }

    #[test]
    fn query_parameter_is_replaced_in_its_place() {
        for (query, expected) in [
            ("", "page=2"),
            ("?", "page=2"),
            ("?a=1", "a=1&page=2"),
            ("?page=1&a=1", "page=2&a=1"),
            ("?a=1&p%61ge=1&page=7&b", "a=1&page=2&b"),
            ("?pages=1&a=page", "pages=1&a=page&page=2"),
        ] {
            let mut url = Url::parse(&format!("https://a.lan/{query}")).unwrap();
            url.set_query("page", "2");
            assert_eq!(url.query.as_deref(), Some(expected), "{query}");
            assert_eq!(url.query_value("page").as_deref(), Some("2"));
        }
        for (query, expected) in [
            ("?page=1", None),
            ("?a&p%61ge=1&b=2&page", Some("a&b=2")),
            ("", None),
            ("?pages=1", Some("pages=1")),
        ] {
            let mut url = Url::parse(&format!("https://a.lan/{query}")).unwrap();
            url.remove_query("page");
            assert_eq!(url.query.as_deref(), expected, "{query}");
        }
        let url = Url::parse("https://a.lan/?page%5Bnumber%5D=a+b").unwrap();
        assert_eq!(url.query_value("page[number]").as_deref(), Some("a b"));
        assert_eq!(url.query_value("page"), None);
    }

    #[test]
    fn decoding() {
        assert_eq!(percent_decode("a%20b%zz%4"), b"a b%zz%4");
        assert_eq!(percent_decode("%é%41"), "%éA".as_bytes());
    }

    #[test]
    fn loopback_hosts_are_detected() {
        let is = |host: &str| {
            Url::parse(&format!("http://{host}/"))
                .unwrap()
                .origin
                .is_loopback()
        };
        assert!(is("localhost") && is("x.localhost") && is("127.9.9.9") && is("[::1]"));
        assert!(
            !is("localhost.evil.lan")
                && !is("128.0.0.1")
                && !is("0.0.0.0")
                && !is("127.0.0.1.nip.io")
        );
    }
}
