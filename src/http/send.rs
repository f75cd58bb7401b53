//! One exchange: a request out, an answer's head in, its body waiting.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::config::IpFamily;
use ureq::http::{self, HeaderName, HeaderValue};

use super::answer::{Answer, BodyStream};
use super::body::Body;
use super::connect::{Chain, Wire};
use super::failure::{Failure, Phase};
use super::head::Head;
use super::proxy::{Proxies, Route};
use super::request::{Request, Value};
use super::resolve::Lookup;
use super::stream::Watch;
use super::timing::Timing;
use super::tls;
use super::tls_connect::TlsConnector;
use super::url::Scheme;
use crate::error::Error;

/// How long things may take and how large they may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Name look-up and connection, TLS and all.
    pub connect: Duration,
    /// Without a byte in either direction.
    pub idle: Duration,
    /// The whole call, redirects and body included.
    pub whole: Option<Duration>,
    /// Bytes of a body, decoded.
    pub body: Option<u64>,
}

/// What a call is made with, whatever it asks for.
#[derive(Clone, Debug)]
pub struct Settings {
    pub limits: Limits,
    pub tls: tls::Options,
    pub proxies: Proxies,
    pub network: Network,
    pub intake: Intake,
    /// Told how far an upload is.
    pub watch: Watch,
}

/// How an answer's body is taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intake {
    /// To be looked at: decoded, in steps that cost little memory.
    #[default]
    Decoded,
    /// To be kept: byte for byte as it was sent, in large steps.
    AsSent,
}

impl Intake {
    /// Bytes read from the connection at a time. Of 64 KiB, 256 KiB and 1 MiB the largest takes a
    /// quarter less processor time than the smallest for 1 GiB; more brings nothing.
    fn step(self) -> usize {
        match self {
            Intake::Decoded => 64 << 10,
            Intake::AsSent => 1 << 20,
        }
    }
}

/// How hosts are reached, where it is not left to the system.
#[derive(Clone, Debug, Default)]
pub struct Network {
    pub family: Family,
    /// `--resolve`: addresses that DNS is not asked for.
    pub overrides: Vec<Override>,
    /// `--unix-socket`: connected to instead of the host.
    pub unix_socket: Option<PathBuf>,
}

/// Which addresses are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    #[default]
    Any,
    Ipv4,
    Ipv6,
}

/// A host and port, and the address that stands for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub host: String,
    pub port: u16,
    pub address: IpAddr,
}

impl Override {
    /// Reads `HOST:PORT:ADDRESS`; an IPv6 address may stand in brackets.
    ///
    /// # Errors
    /// Says what it looks like.
    pub fn parse(text: &str) -> Result<Override, String> {
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

/// Sends `request` and waits for the answer's head. `deadline` is the end of the whole call.
pub fn exchange(
    request: &Request,
    settings: &Settings,
    deadline: Option<Instant>,
) -> Result<Answer, Error> {
    let url = request.wire_url();
    let route = match settings.network.unix_socket {
        Some(_) => Route::Direct,
        None => settings.proxies.route(&url.origin).map_err(Error::usage)?,
    };
    let uri: http::Uri = url
        .to_string()
        .parse()
        .map_err(|_| Error::usage(format!("'{}' is no URL that can be sent", request.url)))?;
    let tls = TlsConnector {
        config: match needs_tls(url.origin.scheme, &route) {
            true => Some(tls::configure(&settings.tls)?),
            false => None,
        },
    };
    let wire = Wire::new(Timing::start());
    let (forward, instead, tunnel) = match route {
        Route::Direct => (None, None, None),
        Route::Forward { proxy, forward } => (Some(forward), Some((proxy.host, proxy.port)), None),
        Route::Tunnel(proxy) => (None, None, Some(proxy)),
    };
    let agent = Agent::with_parts(
        configuration(settings, deadline, tunnel)?,
        Chain {
            tls,
            forward,
            wire: wire.clone(),
            target: uri.clone(),
            unix_socket: settings.network.unix_socket.clone(),
        },
        Lookup {
            instead,
            overrides: settings.network.overrides.clone(),
            is_needed: settings.network.unix_socket.is_none(),
            wire: wire.clone(),
        },
    );
    let built = build(request, uri)?;
    let response = run(&agent, built, &request.body, &settings.watch)
        .map_err(|error| Failure::from_ureq(error, &url.origin.to_string(), &settings.limits))?;
    wire.with_timing(|timing| timing.first_byte = Some(timing.lap()));
    let head = Head::parse(&wire.head()).ok_or_else(|| Failure::Malformed {
        why: "its head cannot be read".into(),
    })?;
    let body = BodyStream::new(response.into_body(), &head, wire, settings)?;
    Ok(Answer { head, body })
}

fn needs_tls(scheme: Scheme, route: &Route) -> bool {
    let proxy_needs_it =
        matches!(route, Route::Tunnel(proxy) if proxy.protocol() == ureq::ProxyProtocol::Https);
    scheme == Scheme::Https || proxy_needs_it
}

fn configuration(
    settings: &Settings,
    deadline: Option<Instant>,
    proxy: Option<ureq::Proxy>,
) -> Result<ureq::config::Config, Failure> {
    let limits = &settings.limits;
    let left = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
        Some(Duration::ZERO) => {
            return Err(Failure::TimedOut {
                phase: Phase::Whole,
                after: limits.whole,
            });
        }
        left => left,
    };
    Ok(Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .allow_non_standard_methods(true)
        .proxy(proxy)
        .ip_family(match settings.network.family {
            Family::Any => IpFamily::Any,
            Family::Ipv4 => IpFamily::Ipv4Only,
            Family::Ipv6 => IpFamily::Ipv6Only,
        })
        // All headers are ours to choose; these would come by themselves.
        .user_agent("")
        .accept("")
        .accept_encoding("")
        .timeout_global(left)
        .timeout_resolve(Some(limits.connect))
        .timeout_connect(Some(limits.connect))
        .timeout_per_read(Some(limits.idle))
        .timeout_per_write(Some(limits.idle))
        .max_response_header_size(64 << 10)
        .input_buffer_size(settings.intake.step())
        .output_buffer_size(64 << 10)
        .build())
}

/// The request in ureq's terms. A secret's value is marked, so that no one prints it.
fn build(request: &Request, uri: http::Uri) -> Result<http::Request<()>, Error> {
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(uri);
    for header in request.wire_headers() {
        let wrong = || Error::usage(format!("header '{}' holds what no header can", header.name));
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| wrong())?;
        let value = match &header.value {
            Value::Plain(text) => HeaderValue::from_bytes(text.as_bytes()).map_err(|_| wrong())?,
            Value::Secret(secret) => {
                let mut value = HeaderValue::from_bytes(secret.expose()).map_err(|_| wrong())?;
                value.set_sensitive(true);
                value
            }
        };
        builder = builder.header(name, value);
    }
    builder
        .body(())
        .map_err(|error| Error::usage(format!("the request cannot be made: {error}")))
}

fn run(
    agent: &Agent,
    request: http::Request<()>,
    body: &Body,
    watch: &Watch,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let (parts, ()) = request.into_parts();
    match body {
        Body::None => agent.run(http::Request::from_parts(parts, ())),
        Body::Bytes { bytes, .. } => agent.run(http::Request::from_parts(parts, bytes.as_slice())),
        Body::File { .. } | Body::Multipart(_) | Body::Gzip(_) => {
            let reader = watch.over(body.stream());
            agent.run(http::Request::from_parts(
                parts,
                ureq::SendBody::from_owned_reader(reader),
            ))
        }
    }
}
