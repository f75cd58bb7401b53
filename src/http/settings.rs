//! How calls are made, whatever they ask for: one complete [`Settings`], and the [`Overlay`] that a
//! profile or a command line lays over it. The order is defaults < profile < command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::limits::Limits;
use super::proxy::Proxies;
use super::proxy_address::ProxyChoice;
use super::stream::Watch;
use super::tls::{self, Oldest, Trust};
use crate::secret::KeySource;

/// What a call is made with, whatever it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub limits: Limits,
    pub tls: tls::Options,
    pub proxies: Proxies,
    pub network: Network,
    pub plaintext: Plaintext,
    pub follow: Follow,
    pub redirected_body: RedirectedBody,
    pub retry: Retry,
    pub intake: Intake,
    /// Called with the progress of an upload.
    pub watch: Watch,
}

impl Settings {
    /// What holds where neither a profile nor an option says otherwise; no proxies.
    pub(crate) fn new(trust: Trust) -> Settings {
        Settings {
            limits: Limits::default(),
            tls: tls::Options {
                trust,
                client: None,
                oldest: Oldest::default(),
            },
            proxies: Proxies::default(),
            network: Network::default(),
            plaintext: Plaintext::default(),
            follow: Follow::default(),
            redirected_body: RedirectedBody::default(),
            retry: Retry::default(),
            intake: Intake::default(),
            watch: Watch::default(),
        }
    }
}

/// Whether credentials may be sent over plain http to another machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Plaintext {
    #[default]
    Refused,
    Allowed,
}

/// Whether and how far redirects are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Follow {
    #[default]
    No,
    /// At most this many.
    UpTo(u32),
}

/// Whether a redirect may take the body to another origin, where the status keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RedirectedBody {
    #[default]
    Refused,
    Allowed,
}

/// How often a request is sent again, for how long, and which requests are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    /// Attempts after the first; 0 is never.
    pub retries: u32,
    /// No attempt starts later than this after the first.
    pub max_time: Duration,
    pub methods: Methods,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry {
            retries: 0,
            max_time: Duration::from_secs(600),
            methods: Methods::Idempotent,
        }
    }
}

/// Which requests may be sent twice although the server may have processed the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Methods {
    /// Those of RFC 9110 §9.2.2: sending one twice has the effect of sending it once.
    #[default]
    Idempotent,
    All,
}

/// How a response's body is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Intake {
    /// To be looked at: decoded, in steps that cost little memory.
    #[default]
    Decoded,
    /// To be kept: byte for byte as it was sent, in large steps.
    AsSent,
}

impl Intake {
    /// Bytes read from the connection at a time. Of 64 KiB, 256 KiB and 1 MiB the largest takes a
    /// quarter less processor time than the smallest for 1 GiB; more brings nothing.
    pub(super) fn step(self) -> usize {
        match self {
            Intake::Decoded => 64 << 10,
            Intake::AsSent => 1 << 20,
        }
    }
}

/// How hosts are reached, where it is not left to the system.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    pub family: Family,
    /// `--resolve`: addresses used instead of asking DNS.
    pub overrides: Vec<Override>,
    /// `--unix-socket`: connected to instead of the host.
    pub unix_socket: Option<PathBuf>,
}

/// Which addresses are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Family {
    #[default]
    Any,
    Ipv4,
    Ipv6,
}

/// A host and port, and the address to use for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Override {
    pub host: String,
    pub port: u16,
    pub address: IpAddr,
}

/// The addresses that overrides give for a host and port; none where DNS is asked.
pub(super) fn overridden(overrides: &[Override], host: &str, port: u16) -> Vec<IpAddr> {
    overrides
        .iter()
        .filter(|given| given.host == host && given.port == port)
        .map(|given| given.address)
        .collect()
}

impl Override {
    /// Reads `HOST:PORT:ADDRESS`; an IPv6 address may be in brackets.
    ///
    /// # Errors
    /// Names the expected form.
    pub(crate) fn parse(text: &str) -> Result<Override, String> {
        let wrong = || format!("'{text}' is not HOST:PORT:ADDRESS");
        let (host, rest) = text.split_once(':').ok_or_else(wrong)?;
        let (port, address) = rest.split_once(':').ok_or_else(wrong)?;
        let address = address.trim_start_matches('[').trim_end_matches(']');
        Ok(Override {
            host: Some(host.to_ascii_lowercase())
                .filter(|host| !host.is_empty())
                .ok_or_else(wrong)?,
            port: port.parse().map_err(|_| wrong())?,
            address: address.parse().map_err(|_| wrong())?,
        })
    }
}

/// What a profile or a command line sets; `None` leaves what is beneath.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overlay {
    pub timeout: Option<Duration>,
    pub connect_timeout: Option<Duration>,
    pub max_body: Option<u64>,
    pub trust: Option<Trust>,
    /// Certificate chain and private key: one choice, so that no key meets another's certificate.
    pub client: Option<(KeySource, KeySource)>,
    pub oldest_tls: Option<Oldest>,
    pub proxy: Option<ProxyChoice>,
    pub family: Option<Family>,
    pub overrides: Vec<Override>,
    pub unix_socket: Option<PathBuf>,
    pub plaintext: Option<Plaintext>,
    pub follow: Option<Follow>,
    pub redirected_body: Option<RedirectedBody>,
    pub retries: Option<u32>,
    pub retry_max_time: Option<Duration>,
    pub retry_methods: Option<Methods>,
}

impl Overlay {
    /// This overlay over `beneath`: what this one sets counts.
    #[must_use]
    pub(crate) fn over(self, beneath: Overlay) -> Overlay {
        // A socket on the command line replaces the way there that a profile sets.
        let beneath_proxy = beneath.proxy.filter(|_| self.unix_socket.is_none());
        Overlay {
            timeout: self.timeout.or(beneath.timeout),
            connect_timeout: self.connect_timeout.or(beneath.connect_timeout),
            max_body: self.max_body.or(beneath.max_body),
            trust: self.trust.or(beneath.trust),
            client: self.client.or(beneath.client),
            oldest_tls: self.oldest_tls.or(beneath.oldest_tls),
            proxy: self.proxy.or(beneath_proxy),
            family: self.family.or(beneath.family),
            overrides: [self.overrides, beneath.overrides].concat(),
            unix_socket: self.unix_socket.or(beneath.unix_socket),
            plaintext: self.plaintext.or(beneath.plaintext),
            follow: self.follow.or(beneath.follow),
            redirected_body: self.redirected_body.or(beneath.redirected_body),
            retries: self.retries.or(beneath.retries),
            retry_max_time: self.retry_max_time.or(beneath.retry_max_time),
            retry_methods: self.retry_methods.or(beneath.retry_methods),
        }
    }
}

impl Settings {
    /// These settings with `overlay` over them.
    #[must_use]
    pub(crate) fn with(mut self, overlay: &Overlay) -> Settings {
        fn set<T: Clone>(field: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        if let Some(whole) = overlay.timeout {
            self.limits.whole = Some(whole);
            // A longer time for the call is a longer time to wait for its first byte too.
            self.limits.idle = self.limits.idle.max(whole);
        }
        set(&mut self.limits.connect, overlay.connect_timeout.as_ref());
        self.limits.body = overlay.max_body.or(self.limits.body);
        set(&mut self.tls.trust, overlay.trust.as_ref());
        self.tls.client = overlay.client.clone().or(self.tls.client);
        set(&mut self.tls.oldest, overlay.oldest_tls.as_ref());
        self.proxies.always = overlay.proxy.clone().or(self.proxies.always);
        set(&mut self.network.family, overlay.family.as_ref());
        self.network.overrides.extend_from_slice(&overlay.overrides);
        self.network.unix_socket = overlay.unix_socket.clone().or(self.network.unix_socket);
        set(&mut self.plaintext, overlay.plaintext.as_ref());
        set(&mut self.follow, overlay.follow.as_ref());
        set(&mut self.redirected_body, overlay.redirected_body.as_ref());
        set(&mut self.retry.retries, overlay.retries.as_ref());
        set(&mut self.retry.max_time, overlay.retry_max_time.as_ref());
        set(&mut self.retry.methods, overlay.retry_methods.as_ref());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Source;

    fn key(path: &str) -> KeySource {
        Source::parse_public(path).into()
    }

    fn proxy(name: &str) -> Overlay {
        Overlay {
            proxy: Some(ProxyChoice::parse(name).unwrap()),
            timeout: Some(Duration::from_secs(5)),
            client: Some((key("a.crt"), key("a.key"))),
            ..Overlay::default()
        }
    }

    #[test]
    fn the_command_line_overrides_the_profile() {
        let options = Overlay {
            timeout: Some(Duration::from_secs(90)),
            client: Some((key("b.pem"), key("b.pem"))),
            ..Overlay::default()
        };
        let merged = options.over(proxy("http://p"));
        assert!(matches!(merged.proxy, Some(ProxyChoice::Through(address)) if address.host == "p"));
        assert_eq!(merged.timeout, Some(Duration::from_secs(90)));
        assert_eq!(merged.client, Some((key("b.pem"), key("b.pem"))));
    }

    #[test]
    fn a_unix_socket_option_replaces_a_profiles_proxy() {
        let options = Overlay {
            unix_socket: Some("/run/x".into()),
            ..Overlay::default()
        };
        assert!(options.over(proxy("http://p")).proxy.is_none());
    }

    #[test]
    fn overrides_are_read() {
        let parsed = Override::parse("A.lan:80:[::1]").unwrap();
        assert_eq!((parsed.host.as_str(), parsed.port), ("a.lan", 80));
        for wrong in ["", "a", "a:80", ":80:1.2.3.4", "a:x:1.2.3.4", "a:80:b"] {
            assert!(Override::parse(wrong).is_err(), "{wrong}");
        }
    }
}
