//! One exchange: sends a request, and reads the response headers.

use std::sync::Mutex;
use std::time::Duration;

use ureq::Agent;
use ureq::config::IpFamily;
use ureq::http::{self, HeaderName, HeaderValue};

use super::body::Body;
use super::connect::Chain;
use super::cut::CutBody;
use super::failure::{Failure, Phase, ProxyError};
use super::head::Head;
use super::keep_alive::idle_limit;
use super::limits::Limits;
use super::part::Value;
use super::pool::{Configuration, Connection, Destination, Key, Pool, Repetition};
use super::proxy::{Login, Proxy, Route};
use super::request::{Request, is_idempotent};
use super::resolve::Lookup;
use super::response::{BodyStream, Response};
use super::settings::{Family, Settings};
use super::stream::Watch;
use super::timing::{ConnectionUse, Timing};
use super::tls::ClientCertificate;
use super::tls_connect::{Peer, TlsConnector};
use super::transport::Transport;
use super::url::{Origin, Scheme};
use super::wire::{CurrentWire, Wire};
use crate::deadline::Deadline;
use crate::error::Error;

/// Sends `request` and waits for the response headers, until the `deadline` of the whole call. Uses
/// an open connection, or opens one.
pub(super) fn exchange(
    transport: &Transport,
    request: &Request,
    settings: &Settings,
    certificate: ClientCertificate,
    deadline: Deadline,
) -> Result<Response, Error> {
    let exchange = Exchange::prepare(transport, request, settings, certificate, deadline)?;
    let repetition = match is_idempotent(&request.method) {
        true => Repetition::Allowed,
        false => Repetition::Forbidden,
    };
    if let Some(idle) = exchange.pool.take(&exchange.key, repetition) {
        let wire = Wire::new(Timing::start(ConnectionUse::Reused));
        let result = exchange.attempt(Some(idle), &wire);
        if repetition == Repetition::Forbidden || !is_outdated(&result, &wire) {
            return result;
        }
    }
    exchange.attempt(None, &Wire::new(Timing::start(ConnectionUse::New)))
}

/// Whether the server closed the connection while it was idle, before it saw the request: then the
/// request is sent once more (RFC 9112 §9.3.1). Some servers respond with 408 when they close it.
fn is_outdated(result: &Result<Response, Error>, wire: &Wire) -> bool {
    match result {
        Ok(response) => response.head.status == 408 && idle_limit(&response.head).is_none(),
        Err(Error::Http(Failure::Truncated { .. })) => wire.is_silent(),
        Err(_) => false,
    }
}

/// A request with the way to its server.
struct Exchange<'a> {
    request: &'a Request,
    settings: &'a Settings,
    deadline: Deadline,
    uri: http::Uri,
    route: Route,
    tls: TlsConnector,
    proxy_tls: TlsConnector,
    pool: &'a Pool,
    key: Key,
}

impl<'a> Exchange<'a> {
    fn prepare(
        transport: &'a Transport,
        request: &'a Request,
        settings: &'a Settings,
        certificate: ClientCertificate,
        deadline: Deadline,
    ) -> Result<Exchange<'a>, Error> {
        let url = request.wire_url();
        let route = match settings.network.unix_socket {
            Some(_) => Route::Direct,
            None => settings.proxies.route(&url.origin).map_err(Error::usage)?,
        };
        let uri: http::Uri = url
            .to_string()
            .parse()
            .map_err(|_| Error::usage(format!("'{}' is not a valid request URL", request.url)))?;
        let configure = |certificate| transport.tls(&settings.tls, certificate, deadline);
        let tls = TlsConnector {
            peer: Peer::Server,
            config: match url.origin.scheme {
                Scheme::Https => Some(configure(certificate)?),
                Scheme::Http => None,
            },
        };
        let proxy_tls = TlsConnector {
            peer: Peer::Proxy,
            config: match needs_tls(&route) {
                true => Some(configure(ClientCertificate::Withheld)?),
                false => None,
            },
        };
        let key = Key {
            destination: destination(&url.origin, &route, settings),
            tls: tls.config.clone().map(Configuration),
            proxy_tls: proxy_tls.config.clone().map(Configuration),
            family: settings.network.family,
            overrides: settings.network.overrides.clone(),
        };
        Ok(Exchange {
            request,
            settings,
            deadline,
            uri,
            route,
            tls,
            proxy_tls,
            pool: transport.pool(),
            key,
        })
    }

    /// Sends the request over this connection, or over a new one.
    fn attempt(&self, idle: Option<Connection>, wire: &Wire) -> Result<Response, Error> {
        let Exchange {
            request, settings, ..
        } = self;
        let (forward, instead, tunnel) = match &self.route {
            Route::Direct => (None, None, None),
            Route::Forward { proxy, forward } => (
                Some(forward.clone()),
                Some((proxy.host.clone(), proxy.port)),
                None,
            ),
            Route::Tunnel { tunnel, .. } => (None, None, Some(tunnel.clone())),
        };
        let proxy = self.route.proxy();
        let lookup = Lookup {
            instead,
            overrides: settings.network.overrides.clone(),
            is_needed: idle.is_none() && settings.network.unix_socket.is_none(),
            wire: wire.clone(),
        };
        let chain = Chain {
            tls: self.tls.clone(),
            proxy_tls: self.proxy_tls.clone(),
            forward,
            wire: wire.clone(),
            current: CurrentWire::new(wire.clone()),
            idle: Mutex::new(idle),
            pool: self.pool.clone(),
            key: self.key.clone(),
            target: self.uri.clone(),
            unix_socket: settings.network.unix_socket.clone(),
        };
        let configuration = configuration(settings, self.deadline, tunnel)?;
        let agent = Agent::with_parts(configuration, chain, lookup);
        let built = build(request, self.uri.clone())?;
        let origin = &request.url.origin;
        let response = run(&agent, built, &request.body, &settings.watch, wire)
            .map_err(|error| failure(error, origin, proxy, wire, &settings.limits))?;
        wire.with_timing(|timing| timing.first_byte = Some(timing.lap()));
        let head = wire.head().ok_or_else(|| Failure::Malformed {
            why: "its headers cannot be read".into(),
        })?;
        ensure_wholly_sent(wire, &head)?;
        let body = BodyStream::new(response.into_body(), &head, wire.clone(), settings)?;
        let proxy = match &self.route {
            Route::Forward { proxy, .. } => Some(proxy.clone()),
            Route::Direct | Route::Tunnel { .. } => None,
        };
        Ok(Response { head, body, proxy })
    }
}

/// What a connection for this origin and route can be used for.
fn destination(origin: &Origin, route: &Route, settings: &Settings) -> Destination {
    let origin = origin.clone();
    match (&settings.network.unix_socket, route) {
        (Some(path), _) => Destination::UnixSocket {
            path: path.clone(),
            origin,
        },
        (None, Route::Direct) => Destination::Server(origin),
        (None, Route::Forward { proxy, forward }) => Destination::Forwarding {
            host: proxy.host.clone(),
            port: proxy.port,
            authorization: forward.authorization.clone(),
        },
        (None, Route::Tunnel { tunnel, .. }) => Destination::Tunnel {
            origin,
            proxy: tunnel.clone(),
        },
    }
}

/// Why the exchange failed, and whether the proxy or the server failed.
fn failure(
    error: ureq::Error,
    origin: &Origin,
    proxy: Option<&Proxy>,
    wire: &Wire,
    limits: &Limits,
) -> Failure {
    let Some(proxy) = proxy else {
        return Failure::from_ureq(error, &origin.to_string(), limits);
    };
    if let Some(head) = wire.proxy_head()
        && head.status != 200
    {
        return refused(proxy, origin, &head);
    }
    let is_within_tunnel =
        matches!(&error, ureq::Error::Io(error) if error.raw_os_error().is_none());
    let connecting_to = match is_within_tunnel {
        // A reply of a SOCKS proxy may concern the server.
        true => format!("{origin} through {proxy}"),
        false => proxy.to_string(),
    };
    match Failure::from_ureq(error, &connecting_to, limits) {
        Failure::TimedOut {
            phase: Phase::Connect,
            after,
        } => Failure::Proxy {
            proxy: proxy.to_string(),
            why: ProxyError::TimedOut { after },
        },
        Failure::Resolve { host, why, hint } if host == proxy.host => Failure::Resolve {
            host,
            why,
            hint: hint.or(Some(
                "this host is the proxy; check --proxy, the profile's proxy, HTTPS_PROXY, HTTP_PROXY and ALL_PROXY",
            )),
        },
        failure => failure,
    }
}

/// The failure for a proxy's response to CONNECT.
fn refused(proxy: &Proxy, origin: &Origin, head: &Head) -> Failure {
    let why = match (head.status, proxy.login) {
        (407, Login::Absent) => ProxyError::NoCredentials,
        (407, Login::Sent) => ProxyError::WrongCredentials,
        (_, Login::Absent | Login::Sent) => ProxyError::Refused {
            target: format!("{}:{}", origin.bracketed_host(), origin.port),
            status: head.status_and_reason(),
        },
    };
    Failure::Proxy {
        proxy: proxy.to_string(),
        why,
    }
}

/// A success is not trusted if the server sent it before it received the whole request.
fn ensure_wholly_sent(wire: &Wire, head: &Head) -> Result<(), Failure> {
    if wire.is_cut() && (200..300).contains(&head.status) {
        let status = head.status;
        return Err(Failure::Truncated {
            why: format!("the server sent {status} before it received the whole request"),
        });
    }
    Ok(())
}

/// Whether the connection to the proxy uses TLS.
fn needs_tls(route: &Route) -> bool {
    matches!(route, Route::Tunnel { tunnel, .. } if tunnel.protocol() == ureq::ProxyProtocol::Https)
}

fn configuration(
    settings: &Settings,
    deadline: Deadline,
    proxy: Option<ureq::Proxy>,
) -> Result<ureq::config::Config, Failure> {
    let limits = &settings.limits;
    let left = match deadline.left() {
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
        // c47 sets all headers; ureq would add these by default.
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

/// Converts the request for ureq. The value of a secret is marked as sensitive.
fn build(request: &Request, uri: http::Uri) -> Result<http::Request<()>, Error> {
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(uri);
    for header in request.wire_headers() {
        let wrong = || Error::usage(format!("header '{}' has an invalid value", header.name));
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
        .map_err(|error| Error::usage(format!("cannot build the request: {error}")))
}

fn run(
    agent: &Agent,
    request: http::Request<()>,
    body: &Body,
    watch: &Watch,
    wire: &Wire,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let (parts, ()) = request.into_parts();
    match body {
        Body::None => agent.run(http::Request::from_parts(parts, ())),
        Body::Bytes { bytes, .. } => agent.run(http::Request::from_parts(parts, bytes.as_slice())),
        Body::File { .. } | Body::Multipart(_) | Body::Gzip(_) => {
            let reader = watch.over(body.stream());
            let reader = CutBody::new(reader, body.length(), wire.clone());
            agent.run(http::Request::from_parts(
                parts,
                ureq::SendBody::from_owned_reader(reader),
            ))
        }
    }
}
