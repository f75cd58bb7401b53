//! Selects the proxy for a host: `--proxy`, or else HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, except for
//! hosts in NO_PROXY.

use std::fmt;
use std::net::IpAddr;

use super::credential;
use super::proxy_address::{Names, ProxyAddress, ProxyChoice};
use super::url::{Origin, Scheme, UserInfo};
use crate::secret::Secret;

/// The proxies of the environment and the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    /// `--proxy`, or a profile's proxy: for every host, including this machine.
    pub always: Option<ProxyChoice>,
    /// The variables are parsed when they are needed, so that an invalid one affects no other call.
    pub https: Option<String>,
    pub http: Option<String>,
    pub all: Option<String>,
    /// NO_PROXY: names, `.suffixes`, addresses, networks (`10.0.0.0/8`) or `*`, separated by
    /// commas.
    pub none: String,
    /// Credentials for the proxy, which replace those in its URL.
    pub credentials: Option<UserInfo>,
}

/// How a request is sent.
#[derive(Debug)]
pub(crate) enum Route {
    Direct,
    /// The proxy forwards the whole request: plain http through an http proxy.
    Forward {
        proxy: Proxy,
        forward: Forward,
    },
    /// The proxy opens a tunnel, with CONNECT or SOCKS.
    Tunnel {
        proxy: Proxy,
        tunnel: ureq::Proxy,
    },
}

/// A plain http request that is forwarded by a proxy (RFC 9112 §3.2.2).
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    /// `http://host:port`, inserted before the request target.
    pub origin: String,
    /// The name of the proxy in messages.
    pub proxy: String,
    /// The value of Proxy-Authorization.
    pub authorization: Option<Secret>,
}

/// A proxy, without its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub scheme: &'static str,
    pub host: String,
    pub port: u16,
    pub login: Login,
}

/// Whether credentials are sent to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    Absent,
    Sent,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = match self.host.contains(':') {
            true => ("[", "]"),
            false => ("", ""),
        };
        let Proxy {
            scheme, host, port, ..
        } = self;
        write!(f, "the proxy {scheme}://{open}{host}{close}:{port}")
    }
}

impl Route {
    /// The proxy of this route, if any.
    pub(super) fn proxy(&self) -> Option<&Proxy> {
        match self {
            Route::Direct => None,
            Route::Forward { proxy, .. } | Route::Tunnel { proxy, .. } => Some(proxy),
        }
    }
}

impl Proxies {
    /// The route to `origin`.
    ///
    /// # Errors
    /// When the proxy has an invalid URL; never repeats its password.
    pub(crate) fn route(&self, origin: &Origin) -> Result<Route, String> {
        let from_environment = || {
            let by_scheme = match origin.scheme {
                Scheme::Https => &self.https,
                Scheme::Http => &self.http,
            };
            // A proxy cannot reach our loopback interface, and such requests must not leave the
            // machine.
            let excepted = origin.is_loopback() || self.excepts(origin);
            by_scheme
                .as_ref()
                .or(self.all.as_ref())
                .filter(|_| !excepted)
        };
        let choice = match &self.always {
            Some(choice) => Some(choice.clone()),
            None => from_environment()
                .map(|text| ProxyChoice::parse(text))
                .transpose()?,
        };
        match choice {
            None | Some(ProxyChoice::Direct) => Ok(Route::Direct),
            Some(ProxyChoice::Through(address)) => {
                through(&address, origin, self.credentials.as_ref())
            }
        }
    }

    fn excepts(&self, origin: &Origin) -> bool {
        self.none
            .split([',', ' '])
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .any(|entry| {
                let (name, port) = match entry.rsplit_once(':') {
                    Some((name, port)) if !name.contains(':') => (name, port.parse::<u16>().ok()),
                    _ => (entry, None),
                };
                port.is_none_or(|port| port == origin.port) && covers(name, &origin.host)
            })
    }
}

/// Whether an entry of NO_PROXY is this host, a parent domain, or a network that contains it.
fn covers(entry: &str, host: &str) -> bool {
    if entry == "*" {
        return true;
    }
    let entry = entry.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<IpAddr>() {
        return match entry.split_once('/') {
            Some((network, bits)) => match (network.parse(), bits.parse()) {
                (Ok(network), Ok(bits)) => in_network(address, network, bits),
                _ => false,
            },
            None => entry.parse() == Ok(address),
        };
    }
    let domain = entry
        .trim_start_matches("*.")
        .trim_start_matches('.')
        .to_ascii_lowercase();
    !domain.is_empty()
        && (host == domain
            || host
                .strip_suffix(&domain)
                .is_some_and(|rest| rest.ends_with('.')))
}

fn in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(a) & mask == u32::from(n) & mask
        }
        (IpAddr::V6(a), IpAddr::V6(n)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(a) & mask == u128::from(n) & mask
        }
        _ => false,
    }
}

fn through(
    address: &ProxyAddress,
    origin: &Origin,
    given: Option<&UserInfo>,
) -> Result<Route, String> {
    let user_info = given.or(address.user_info.as_ref());
    let proxy = Proxy {
        scheme: address.protocol.scheme,
        host: address.host.clone(),
        port: address.port,
        login: match user_info {
            Some(_) => Login::Sent,
            None => Login::Absent,
        },
    };
    if address.protocol.ureq == ureq::ProxyProtocol::Http && origin.scheme == Scheme::Http {
        let forward = Forward {
            origin: origin.to_string(),
            proxy: proxy.to_string(),
            authorization: basic(user_info),
        };
        return Ok(Route::Forward { proxy, forward });
    }
    let tunnel = tunnel(address, user_info)?;
    Ok(Route::Tunnel { proxy, tunnel })
}

fn tunnel(address: &ProxyAddress, user_info: Option<&UserInfo>) -> Result<ureq::Proxy, String> {
    let mut builder = ureq::Proxy::builder(address.protocol.ureq)
        .host(&address.bracketed_host())
        .port(address.port)
        .resolve_target(address.protocol.names == Names::ResolvedHere);
    if let Some(UserInfo { user, password }) = user_info {
        builder = builder.username(user);
        if let Some(password) = password {
            let text = password
                .expose_text()
                .map_err(|why| format!("invalid proxy password: {why}"))?;
            builder = builder.password(text);
        }
    }
    builder.build().map_err(|_| "invalid proxy address".into())
}

fn basic(user_info: Option<&UserInfo>) -> Option<Secret> {
    let UserInfo { user, password } = user_info?;
    let none = Secret::new(Vec::new());
    Some(credential::basic(user, password.as_ref().unwrap_or(&none)))
}

#[cfg(test)]
mod tests {
    use super::super::url::Url;
    use super::*;

    fn proxies(none: &str) -> Proxies {
        Proxies {
            https: Some("http://secure:3128".into()),
            http: Some("http://me:p%40ss@plain:3128".into()),
            none: none.into(),
            ..Proxies::default()
        }
    }

    fn route(proxies: &Proxies, url: &str) -> String {
        match proxies.route(&Url::parse(url).unwrap().origin) {
            Ok(Route::Direct) => "direct".into(),
            Ok(Route::Forward { proxy, forward }) => {
                let credentials = forward
                    .authorization
                    .map(|a| String::from_utf8(a.expose().to_vec()).unwrap());
                format!(
                    "forward {}:{} {} {:?}",
                    proxy.host, proxy.port, forward.origin, credentials
                )
            }
            Ok(Route::Tunnel { tunnel, .. }) => format!(
                "tunnel {:?} {}:{}",
                tunnel.protocol(),
                tunnel.host(),
                tunnel.port()
            ),
            Err(why) => why,
        }
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        assert_eq!(
            route(&proxies(""), "https://a.lan"),
            "tunnel Http secure:3128"
        );
        assert_eq!(
            route(&proxies(""), "http://a.lan:81"),
            "forward plain:3128 http://a.lan:81 Some(\"Basic bWU6cEBzcw==\")"
        );
        assert_eq!(route(&proxies(""), "http://localhost:81"), "direct");
        let all = Proxies {
            all: Some("socks5://s".into()),
            ..Proxies::default()
        };
        assert_eq!(route(&all, "https://a.lan"), "tunnel Socks5 s:1080");
        let always = Proxies {
            always: Some(ProxyChoice::parse("p:8080").unwrap()),
            none: "*".into(),
            ..Proxies::default()
        };
        assert_eq!(
            route(&always, "http://localhost"),
            "forward p:8080 http://localhost None"
        );
    }

    #[test]
    fn exceptions() {
        for (none, url, direct) in [
            ("studio.lan", "https://studio.lan", true),
            ("studio.lan", "https://kitsu.studio.lan", true),
            (".studio.lan", "https://kitsu.studio.lan", true),
            ("*.studio.lan,x", "https://kitsu.studio.lan", true),
            ("studio.lan", "https://notstudio.lan", false),
            ("*", "https://a.lan", true),
            ("10.0.0.0/8", "https://10.1.2.3", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("0.0.0.0/0", "https://11.1.2.3", true),
            ("fd00::/8", "https://[fd00::1]", true),
            ("a.lan:8443", "https://a.lan:8443", true),
            ("a.lan:8443", "https://a.lan", false),
            ("", "https://a.lan", false),
        ] {
            assert_eq!(
                route(&proxies(none), url) == "direct",
                direct,
                "{none} {url}"
            );
        }
    }
}
