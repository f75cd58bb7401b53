//! The failures of a call, each with its message.

use std::fmt;
use std::io;
use std::time::Duration;

use super::limits::Limits;
use crate::error::kind::ErrorKind;
use crate::exit::Exit;
use crate::io_error::reason;
use crate::quantity::{count, format_duration};

/// The phase in which the time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Resolve,
    Connect,
    Send,
    Response,
    Body,
    Whole,
}

/// Why a host name was not resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    UnknownName,
    /// Temporary: another attempt may succeed.
    NoResponse,
    /// No address belongs to the requested family.
    NoSuitableAddress,
    Other(String),
}

/// Why a connection failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// Nothing listens on the port, so the request was not sent.
    Refused,
    Other(String),
}

impl ConnectError {
    /// Why connecting failed with `error`.
    pub fn of(error: &io::Error) -> ConnectError {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => ConnectError::Refused,
            _ => ConnectError::Other(reason(error)),
        }
    }
}

/// Why a proxy did not forward the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyError {
    /// The response to CONNECT had this status.
    Refused {
        /// The requested host and port.
        target: String,
        /// `403 Forbidden`.
        status: String,
    },
    /// 407: the proxy requires credentials, and none were sent.
    NoCredentials,
    /// 407: the proxy rejected the credentials.
    WrongCredentials,
    /// The proxy did not connect in time.
    TimedOut {
        after: Option<Duration>,
    },
    Other(String),
}

const CONNECT_TIMEOUT: &str = "--connect-timeout limits the time for DNS and connect";

/// The hint for a 407.
pub(crate) const PROXY_CREDENTIALS: &str =
    "use --proxy-auth USER:SOURCE, or in a profile proxy = 'http://USER:${NAME}@HOST:PORT'";

/// A part of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Head,
    Body,
}

/// Why there is no complete response.
#[derive(Debug)]
pub enum Failure {
    /// The name does not exist, or DNS did not respond.
    Resolve {
        host: String,
        why: LookupError,
        hint: Option<&'static str>,
    },
    /// No connection: refused or unreachable.
    Connect { to: String, why: ConnectError },
    /// The TLS handshake failed, usually because of an invalid certificate.
    Tls {
        /// `'host'`, or `the proxy 'host'`.
        peer: String,
        why: String,
        hint: Option<&'static str>,
    },
    /// The proxy did not connect to the server.
    Proxy { proxy: String, why: ProxyError },
    /// The response did not arrive completely in time.
    TimedOut {
        phase: Phase,
        after: Option<Duration>,
    },
    /// The connection was closed before the end of the response.
    Truncated { why: String },
    /// The response is not valid HTTP; the text is the parser's.
    Protocol { part: Part, detail: String },
    /// The response was not expected, or is too large.
    Malformed { why: String },
    /// The request body could not be read.
    Body { why: String },
    /// There were more redirects than allowed.
    TooManyRedirects { limit: u32 },
}

impl Failure {
    /// The connection was closed before the expected end.
    pub(super) fn closed_early() -> Failure {
        Failure::Truncated {
            why: "the connection was closed early".into(),
        }
    }

    /// The exit code of the process.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::TimedOut { .. }
            | Failure::Proxy {
                why: ProxyError::TimedOut { .. },
                ..
            } => Exit::TimedOut,
            Failure::TooManyRedirects { .. } => Exit::TooManyRedirects,
            Failure::Resolve { .. }
            | Failure::Connect { .. }
            | Failure::Tls { .. }
            | Failure::Proxy { .. }
            | Failure::Truncated { .. }
            | Failure::Protocol { .. }
            | Failure::Malformed { .. }
            | Failure::Body { .. } => Exit::Failed,
        }
    }

    /// The kind of the failure, for programs.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Failure::Resolve { .. } => ErrorKind::Resolve,
            Failure::Connect { .. } => ErrorKind::Connect,
            Failure::Tls { .. } => ErrorKind::Tls,
            Failure::Proxy { why, .. } => match why {
                ProxyError::NoCredentials | ProxyError::WrongCredentials => {
                    ErrorKind::ProxyCredentials
                }
                ProxyError::TimedOut { .. } => ErrorKind::TimedOut,
                ProxyError::Refused { .. } | ProxyError::Other(_) => ErrorKind::Proxy,
            },
            Failure::TimedOut { .. } => ErrorKind::TimedOut,
            Failure::Truncated { .. } => ErrorKind::Truncated,
            Failure::Protocol { .. } => ErrorKind::Protocol,
            Failure::Malformed { .. } => ErrorKind::MalformedResponse,
            Failure::Body { .. } => ErrorKind::RequestBody,
            Failure::TooManyRedirects { .. } => ErrorKind::TooManyRedirects,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Failure::Resolve { hint, .. } | Failure::Tls { hint, .. } => hint.map(str::to_owned),
            Failure::TimedOut {
                phase: Phase::Resolve | Phase::Connect,
                ..
            } => Some(CONNECT_TIMEOUT.into()),
            Failure::TimedOut { .. } => Some("--timeout limits the time for the whole call".into()),
            Failure::TooManyRedirects { .. } => Some("use --max-redirects to allow more".into()),
            Failure::Proxy { why, .. } => match why {
                ProxyError::NoCredentials | ProxyError::WrongCredentials => {
                    Some(PROXY_CREDENTIALS.into())
                }
                ProxyError::TimedOut { .. } => Some(CONNECT_TIMEOUT.into()),
                ProxyError::Refused { .. } | ProxyError::Other(_) => None,
            },
            Failure::Connect { .. }
            | Failure::Truncated { .. }
            | Failure::Protocol { .. }
            | Failure::Malformed { .. }
            | Failure::Body { .. } => None,
        }
    }

    /// Converts an error of ureq; `limits` has the duration of a timeout.
    pub fn from_ureq(error: ureq::Error, connecting_to: &str, limits: &Limits) -> Failure {
        match error {
            ureq::Error::Other(other) => match other.downcast::<Failure>() {
                Ok(failure) => *failure,
                Err(other) => Failure::Malformed {
                    why: other.to_string(),
                },
            },
            ureq::Error::Timeout(timeout) => timed_out(timeout, limits),
            ureq::Error::HostNotFound => Failure::Resolve {
                host: connecting_to.into(),
                why: LookupError::Other("no address found".into()),
                hint: None,
            },
            ureq::Error::Io(error) => from_io(error, connecting_to, limits),
            ureq::Error::ConnectProxyFailed(why) => Failure::Proxy {
                proxy: connecting_to.into(),
                why: ProxyError::Other(why),
            },
            ureq::Error::Protocol(error) => Failure::Protocol {
                part: Part::Head,
                detail: error.to_string(),
            },
            ureq::Error::LargeResponseHeader(..) => Failure::Malformed {
                why: "its headers are larger than 64 KiB".into(),
            },
            ureq::Error::BodyStalled => Failure::Truncated {
                why: "it stalled".into(),
            },
            ureq::Error::ConnectionFailed => Failure::Connect {
                to: connecting_to.into(),
                why: ConnectError::Other("the connection failed".into()),
            },
            other => Failure::Malformed {
                why: other.to_string(),
            },
        }
    }
}

fn from_io(error: io::Error, connecting_to: &str, limits: &Limits) -> Failure {
    use io::ErrorKind as Kind;
    match error.kind() {
        _ if error
            .get_ref()
            .is_some_and(|inner| inner.is::<ureq::Error>()) =>
        {
            Failure::from_ureq(ureq::Error::from(error), connecting_to, limits)
        }
        Kind::ConnectionRefused
        | Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable => Failure::Connect {
            to: connecting_to.into(),
            why: ConnectError::of(&error),
        },
        Kind::UnexpectedEof
        | Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::BrokenPipe => Failure::closed_early(),
        Kind::TimedOut | Kind::WouldBlock => Failure::TimedOut {
            phase: Phase::Whole,
            after: None,
        },
        _ => Failure::Connect {
            to: connecting_to.into(),
            why: ConnectError::of(&error),
        },
    }
}

fn timed_out(timeout: ureq::Timeout, limits: &Limits) -> Failure {
    let (phase, after) = match timeout {
        ureq::Timeout::Resolve => (Phase::Resolve, Some(limits.connect)),
        ureq::Timeout::Connect => (Phase::Connect, Some(limits.connect)),
        ureq::Timeout::PerWrite | ureq::Timeout::SendRequest | ureq::Timeout::SendBody => {
            (Phase::Send, Some(limits.idle))
        }
        ureq::Timeout::PerRead | ureq::Timeout::RecvResponse => {
            (Phase::Response, Some(limits.idle))
        }
        ureq::Timeout::RecvBody => (Phase::Body, Some(limits.idle)),
        _ => (Phase::Whole, limits.whole),
    };
    Failure::TimedOut { phase, after }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Resolve { host, why, .. } => write!(f, "cannot resolve host '{host}': {why}"),
            Failure::Connect { to, why } => write!(f, "cannot connect to {to}: {why}"),
            Failure::Tls { peer, why, .. } => write!(f, "no secure connection to {peer}: {why}"),
            Failure::Proxy { proxy, why } => write!(f, "{proxy} {why}"),
            Failure::TimedOut { phase, after } => {
                f.write_str(match phase {
                    Phase::Resolve => "timed out looking up the host",
                    Phase::Connect => "timed out connecting",
                    Phase::Send => "timed out sending the request",
                    Phase::Response => "timed out waiting for the response",
                    Phase::Body => "timed out receiving the body",
                    Phase::Whole => "timed out",
                })?;
                after.map_or(Ok(()), |after| {
                    write!(f, " after {}", format_duration(after))
                })
            }
            Failure::Truncated { why } => write!(f, "the response is incomplete: {why}"),
            Failure::Protocol { part, detail } => {
                let what = match part {
                    Part::Head => "it is",
                    Part::Body => "its body is",
                };
                write!(
                    f,
                    "the response cannot be used: {what} not valid HTTP: {detail}"
                )
            }
            Failure::Malformed { why } => write!(f, "the response cannot be used: {why}"),
            Failure::Body { why } => write!(f, "cannot send the body: {why}"),
            Failure::TooManyRedirects { limit } => {
                write!(f, "more than {}", count(*limit, "redirect"))
            }
        }
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LookupError::UnknownName => "name not found in DNS",
            LookupError::NoResponse => "DNS did not respond",
            LookupError::NoSuitableAddress => "no address of the requested family",
            LookupError::Other(why) => why,
        })
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConnectError::Refused => "connection refused",
            ConnectError::Other(why) => why,
        })
    }
}

/// Continues a message after the name of the proxy.
impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyError::Refused { target, status } => {
                write!(f, "refused the tunnel to {target}: {status}")
            }
            ProxyError::NoCredentials => {
                f.write_str("requires credentials: 407 Proxy Authentication Required")
            }
            ProxyError::WrongCredentials => {
                f.write_str("rejected the credentials: 407 Proxy Authentication Required")
            }
            ProxyError::TimedOut { after } => {
                f.write_str("did not connect in time")?;
                after.map_or(Ok(()), |after| write!(f, " ({})", format_duration(after)))
            }
            ProxyError::Other(why) => write!(f, "failed: {why}"),
        }
    }
}

impl std::error::Error for Failure {}

/// ureq passes it through connectors and resolvers.
impl From<Failure> for ureq::Error {
    fn from(failure: Failure) -> ureq::Error {
        ureq::Error::Other(Box::new(failure))
    }
}
