//! HTTP and TLS over loopback, between the client and the server in this binary.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, ServerConfig, ServerConnection,
    Stream,
};

use super::certificate::{self, SelfSigned};
use super::{CheckResult, Passed};
use crate::crypto;
use crate::deadline::Deadline;
use crate::echo::{self, Guard, Lifetime, Secrets, Server};
use crate::http::body::Body;
use crate::http::credential::Credential;
use crate::http::request::Request;
use crate::http::roots;
use crate::http::tls::Trust;
use crate::http::url::Url;
use crate::http::{Caller, Limits, Settings};
use crate::io_error::reason;
use crate::json::{Text, members};
use crate::quantity::count;
use crate::timestamp::Timestamp;

/// A healthy machine needs a few milliseconds.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Calls the server with the client.
pub(super) fn http() -> CheckResult {
    let settings = echo::Settings {
        status: 200,
        lifetime: Lifetime::Responses(1),
        secrets: Secrets::Hidden,
        guard: Guard::Open,
        signatures: None,
        exec: None,
        limits: echo::Limits {
            silence: TIMEOUT,
            connection: TIMEOUT,
            ..echo::Limits::default()
        },
    };
    let server = Server::bind(loopback(), settings).map_err(|error| error.to_string())?;
    let address = server.address();
    thread::Builder::new()
        .spawn(|| server.run(Box::new(|_| Ok(()))))
        .map_err(|error| format!("cannot start a thread: {}", reason(&error)))?;
    let sent = Text::string("c47 selftest");
    let mut request = Request {
        method: "POST".into(),
        url: Url::parse(&format!("http://{address}/selftest"))?,
        headers: Vec::new(),
        credential: Credential::None,
        body: Body::json(&sent),
        path_prefix: None,
        cookies: None,
    };
    let settings = Settings {
        limits: Limits {
            connect: TIMEOUT,
            idle: TIMEOUT,
            whole: Some(TIMEOUT),
            body: None,
        },
        ..Settings::new(Trust::Anybody)
    };
    let mut response = Caller::new(settings)
        .call(&mut request)
        .map_err(|error| error.to_string())?;
    let body = response
        .body
        .read_all(1 << 16)
        .map_err(|failure| failure.to_string())?;
    let received = Text::from_bytes(&body)
        .and_then(|report| members(&report))
        .map_err(|why| format!("the response does not contain the request: {why}"))?;
    if response.head.status != 200 || !received.contains(&("body".to_owned(), sent)) {
        return Err("the response does not contain the request".into());
    }
    Ok(Passed::Cleanly(format!(
        "request and response on {address}"
    )))
}

/// A TLS handshake with a new certificate, and a message in each direction.
pub(super) fn tls(now: Timestamp) -> CheckResult {
    if now.0 < 0 {
        return Err("skipped: the clock is before 1970, when no certificate is valid".into());
    }
    let SelfSigned { certificate, key } = certificate::make(now)?;
    let provider = crypto::tls::provider();
    let wrong = |error: rustls::Error| format!("TLS setup failed: {error}");
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).map_err(wrong)?;
    let client = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(wrong)?;

    let (ours, theirs) =
        connected().map_err(|error| format!("connection failed: {}", reason(&error)))?;
    thread::Builder::new()
        .spawn(move || respond_once(server, theirs))
        .map_err(|error| format!("cannot start a thread: {}", reason(&error)))?;
    let name = ServerName::try_from("localhost").map_err(|error| error.to_string())?;
    let mut connection = ClientConnection::new(Arc::new(client), name).map_err(wrong)?;
    let mut ours = ours;
    let mut stream = Stream::new(&mut connection, &mut ours);
    let mut back = [0; 4];
    stream
        .write_all(b"ping")
        .and_then(|()| stream.read_exact(&mut back))
        .map_err(|error| format!("the handshake failed: {}", reason(&error)))?;
    if &back != b"pong" {
        return Err("the message changed on the TLS connection".into());
    }
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "unknown TLS version",
    };
    let suite = connection
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str());
    Ok(Passed::Cleanly(format!(
        "{version} with {}",
        suite.unwrap_or("unknown cipher suite")
    )))
}

/// The server's side. Errors are visible to the client.
fn respond_once(config: ServerConfig, mut stream: TcpStream) {
    let Ok(mut connection) = ServerConnection::new(Arc::new(config)) else {
        return;
    };
    let mut stream = Stream::new(&mut connection, &mut stream);
    let mut word = [0; 4];
    if stream.read_exact(&mut word).is_ok() && &word == b"ping" {
        let _ = stream.write_all(b"pong");
        let _ = stream.flush();
    }
}

/// Both ends of a loopback connection, with timeouts.
fn connected() -> std::io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(loopback())?;
    let ours = TcpStream::connect_timeout(&listener.local_addr()?, TIMEOUT)?;
    // The system has accepted the connection, so this does not block.
    let (theirs, _) = listener.accept()?;
    for end in [&ours, &theirs] {
        end.set_read_timeout(Some(TIMEOUT))?;
        end.set_write_timeout(Some(TIMEOUT))?;
        end.set_nodelay(true)?;
    }
    Ok((ours, theirs))
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// The roots that HTTPS calls from this machine trust.
pub(super) fn roots(trust: &Trust) -> CheckResult {
    let roots = roots::read(trust, Deadline::default()).map_err(|error| error.to_string())?;
    if roots.built_in {
        let count = webpki_roots::TLS_SERVER_ROOTS.len();
        return Ok(Passed::WithWarning(format!(
            "no CA bundle found on this machine; using the {count} roots built into c47"
        )));
    }
    let all = roots.certificates.len();
    let mut store = RootCertStore::empty();
    let (usable, unusable) = store.add_parsable_certificates(roots.certificates);
    match (usable, unusable) {
        (0, _) => Err(format!(
            "{}: none of its {} can be used",
            roots.from,
            count(all, "certificate")
        )),
        (_, 0) => Ok(Passed::Cleanly(format!(
            "{} from {}",
            count(usable, "root"),
            roots.from
        ))),
        _ => Ok(Passed::Cleanly(format!(
            "{} from {}, {unusable} more cannot be used",
            count(usable, "root"),
            roots.from
        ))),
    }
}
