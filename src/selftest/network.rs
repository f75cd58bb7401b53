//! HTTP and TLS over loopback: what c47 calls with, tried against what c47 answers with.

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

use super::certificate::{self, Made};
use super::{Answer, Good};
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

/// More than a healthy machine needs, a thousand times over.
const PATIENCE: Duration = Duration::from_secs(5);

/// A call by the client to the service, both of this binary.
pub(super) fn http() -> Answer {
    let settings = echo::Settings {
        status: 200,
        lifetime: Lifetime::Answers(1),
        secrets: Secrets::Hidden,
        guard: Guard::Open,
        limits: echo::Limits {
            silence: PATIENCE,
            connection: PATIENCE,
            ..echo::Limits::default()
        },
    };
    let server = Server::bind(loopback(), settings).map_err(|error| error.to_string())?;
    let address = server.address();
    thread::Builder::new()
        .spawn(|| server.run(Box::new(|_| Ok(()))))
        .map_err(|error| format!("no thread can be started: {}", reason(&error)))?;
    let sent = Text::string("c47 selftest");
    let mut request = Request {
        method: "POST".into(),
        url: Url::parse(&format!("http://{address}/selftest"))?,
        headers: Vec::new(),
        credential: Credential::None,
        body: Body::json(&sent),
        path_prefix: None,
    };
    let settings = Settings {
        limits: Limits {
            connect: PATIENCE,
            idle: PATIENCE,
            whole: Some(PATIENCE),
            body: None,
        },
        ..Settings::new(Trust::Anybody)
    };
    let mut answer = Caller::new(settings)
        .call(&mut request)
        .map_err(|error| error.to_string())?;
    let body = answer
        .body
        .read_all(1 << 16)
        .map_err(|failure| failure.to_string())?;
    let came = Text::from_bytes(&body)
        .and_then(|picture| members(&picture))
        .map_err(|why| format!("the answer is not what was sent: {why}"))?;
    if answer.head.status != 200 || !came.contains(&("body".to_owned(), sent)) {
        return Err("the answer does not show what was sent".into());
    }
    Ok(Good::Well(format!("a request and its answer on {address}")))
}

/// A handshake, and a word each way under it, with a certificate made for it.
pub(super) fn tls(now: Timestamp) -> Answer {
    if now.0 < 0 {
        return Err("not tried: the clock is before 1970, when no certificate was valid".into());
    }
    let Made { certificate, key } = certificate::make(now)?;
    let provider = crypto::tls::provider();
    let wrong = |error: rustls::Error| format!("it cannot be set up: {error}");
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
        connected().map_err(|error| format!("no connection: {}", reason(&error)))?;
    thread::Builder::new()
        .spawn(move || answer_once(server, theirs))
        .map_err(|error| format!("no thread can be started: {}", reason(&error)))?;
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
        return Err("what was said under TLS came back as something else".into());
    }
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "an unknown version of TLS",
    };
    let suite = connection
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str());
    Ok(Good::Well(format!(
        "{version} with {}",
        suite.unwrap_or("a suite without a name")
    )))
}

/// The server's side. What goes wrong here the client sees.
fn answer_once(config: ServerConfig, mut stream: TcpStream) {
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

/// Two ends of a connection over loopback, neither of which waits without end.
fn connected() -> std::io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(loopback())?;
    let ours = TcpStream::connect_timeout(&listener.local_addr()?, PATIENCE)?;
    // The system has taken the connection already: this does not wait.
    let (theirs, _) = listener.accept()?;
    for end in [&ours, &theirs] {
        end.set_read_timeout(Some(PATIENCE))?;
        end.set_write_timeout(Some(PATIENCE))?;
        end.set_nodelay(true)?;
    }
    Ok((ours, theirs))
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// Whom HTTPS calls from this machine trust.
pub(super) fn roots(trust: &Trust) -> Answer {
    let roots = roots::read(trust, Deadline::default()).map_err(|error| error.to_string())?;
    if roots.built_in {
        let count = webpki_roots::TLS_SERVER_ROOTS.len();
        return Ok(Good::But(format!(
            "no CA bundle on this machine: the {count} roots built into c47 are trusted"
        )));
    }
    let all = roots.certificates.len();
    let mut store = RootCertStore::empty();
    let (usable, unusable) = store.add_parsable_certificates(roots.certificates);
    match (usable, unusable) {
        (0, _) => Err(format!(
            "{}: it has {}, none of them usable",
            roots.from,
            count(all, "certificate")
        )),
        (_, 0) => Ok(Good::Well(format!(
            "{} from {}",
            count(usable, "root"),
            roots.from
        ))),
        _ => Ok(Good::Well(format!(
            "{} from {}, {unusable} more unusable",
            count(usable, "root"),
            roots.from
        ))),
    }
}
