//! A proxy's address, as `--proxy`, a profile or a variable gives it, and the table of schemes.

use super::url::{Url, UserInfo};
use crate::redact;

/// How a proxy is spoken to.
#[derive(Debug)]
pub(crate) struct Protocol {
    pub scheme: &'static str,
    default_port: u16,
    /// What ureq calls it.
    pub(super) ureq: ureq::ProxyProtocol,
    pub(super) names: Names,
}

/// Who looks up the names of servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    ResolvedHere,
    ResolvedByProxy,
}

/// The schemes of a proxy's address.
static PROTOCOLS: [Protocol; 6] = [
    protocol(
        "http",
        80,
        ureq::ProxyProtocol::Http,
        Names::ResolvedByProxy,
    ),
    protocol(
        "https",
        443,
        ureq::ProxyProtocol::Https,
        Names::ResolvedByProxy,
    ),
    protocol(
        "socks4",
        1080,
        ureq::ProxyProtocol::Socks4,
        Names::ResolvedHere,
    ),
    protocol(
        "socks4a",
        1080,
        ureq::ProxyProtocol::Socks4A,
        Names::ResolvedByProxy,
    ),
    protocol(
        "socks5",
        1080,
        ureq::ProxyProtocol::Socks5,
        Names::ResolvedHere,
    ),
    protocol(
        "socks5h",
        1080,
        ureq::ProxyProtocol::Socks5,
        Names::ResolvedByProxy,
    ),
];

const fn protocol(
    scheme: &'static str,
    default_port: u16,
    ureq: ureq::ProxyProtocol,
    names: Names,
) -> Protocol {
    Protocol {
        scheme,
        default_port,
        ureq,
        names,
    }
}

/// The address of a proxy.
#[derive(Clone, Debug)]
pub(crate) struct ProxyAddress {
    pub protocol: &'static Protocol,
    /// Without brackets.
    pub host: String,
    pub port: u16,
    pub user_info: Option<UserInfo>,
}

/// What a setting says of the way to every host.
#[derive(Clone, Debug)]
pub(crate) enum ProxyChoice {
    /// No proxy, whatever the environment says.
    Direct,
    Through(ProxyAddress),
}

impl ProxyChoice {
    /// Reads `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`; an empty text is no proxy.
    ///
    /// # Errors
    /// What is wrong with it; the text is not repeated, since it may hold a password.
    pub(crate) fn parse(text: &str) -> Result<ProxyChoice, String> {
        match text.trim() {
            "" => Ok(ProxyChoice::Direct),
            text => ProxyAddress::parse(text).map(ProxyChoice::Through),
        }
    }
}

impl ProxyChoice {
    /// As it may be shown: its credentials are masked.
    pub(crate) fn shown(&self) -> String {
        let ProxyChoice::Through(address) = self else {
            return String::new();
        };
        let mask = match address.user_info {
            Some(_) => format!("{}@", redact::MASK),
            None => String::new(),
        };
        let (scheme, host) = (address.protocol.scheme, address.bracketed_host());
        format!("{scheme}://{mask}{host}:{}", address.port)
    }
}

impl ProxyAddress {
    fn parse(text: &str) -> Result<ProxyAddress, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        let protocol = PROTOCOLS.iter().find(|known| known.scheme == scheme);
        let protocol = protocol.ok_or_else(|| {
            let known = PROTOCOLS.each_ref().map(|known| known.scheme).join(", ");
            format!("the proxy's scheme '{scheme}' is not one of {known}")
        })?;
        // Our own parser, so that a proxy's address is as strict as any other.
        let url = Url::parse(&format!("http://{rest}"))
            .map_err(|why| format!("the proxy's address: {why}"))?;
        Ok(ProxyAddress {
            protocol,
            host: url.origin.host,
            // The parser takes 80 for a port that is not written.
            port: match has_port(rest) {
                true => url.origin.port,
                false => protocol.default_port,
            },
            user_info: url.user_info,
        })
    }

    /// The host as it is written before a port.
    pub(super) fn bracketed_host(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        }
    }
}

/// Whether a port is written behind the host.
fn has_port(address: &str) -> bool {
    let authority = address.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> ProxyAddress {
        match ProxyChoice::parse(text) {
            Ok(ProxyChoice::Through(address)) => address,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn each_scheme_has_its_port() {
        for (text, scheme, host, port) in [
            ("p", "http", "p", 80),
            ("p:3128", "http", "p", 3128),
            ("HTTPS://p", "https", "p", 443),
            ("socks5://p", "socks5", "p", 1080),
            ("socks5h://p:80", "socks5h", "p", 80),
            ("socks4a://me:pass@[::1]", "socks4a", "::1", 1080),
        ] {
            let address = address(text);
            assert_eq!(address.protocol.scheme, scheme, "{text}");
            assert_eq!(
                (address.host.as_str(), address.port),
                (host, port),
                "{text}"
            );
        }
        assert!(matches!(ProxyChoice::parse(" "), Ok(ProxyChoice::Direct)));
        let shown = |text: &str| ProxyChoice::parse(text).unwrap().shown();
        assert_eq!(shown("me:pass@p"), "http://***@p:80");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn an_error_does_not_repeat_the_password() {
        for wrong in [
            "ftp://me:hunter2@p",
            "http://me:hunter2@",
            "http://me:hunter2@p:99999",
        ] {
            let why = ProxyChoice::parse(wrong).unwrap_err();
            assert!(why.contains("proxy") && !why.contains("hunter2"), "{why}");
        }
    }
}
