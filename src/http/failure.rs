//! What can go wrong between a request and its answer: each a line of its own.

use std::fmt;
use std::io;
use std::time::Duration;

use super::limits::Limits;
use crate::error::kind::ErrorKind;
use crate::exit::Exit;
use crate::io_error::reason;
use crate::quantity::{count, say_duration};

/// Where a call spent its time when it ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Resolve,
    Connect,
    Send,
    Answer,
    Body,
    Whole,
}

/// Why a host's name gave no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    UnknownName,
    /// Asking again may bring one.
    NoResponse,
    /// There are addresses, but none of the wanted family.
    NoSuitableAddress,
    Other(String),
}

/// Why a connection was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// Nobody listens: the request was certainly not sent.
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

/// Why a proxy did not let the request through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyError {
    /// It answered CONNECT with this status.
    Refused {
        /// The host and port that were asked for.
        target: String,
        /// `403 Forbidden`.
        status: String,
    },
    /// 407: it asks for credentials, and none were sent.
    NoCredentials,
    /// 407: it rejected those that were sent.
    WrongCredentials,
    /// There was no connection through it in time.
    TimedOut {
        after: Option<Duration>,
    },
    Other(String),
}

const CONNECT_TIMEOUT: &str = "--connect-timeout limits the time for DNS and connect";

/// What to do about a 407.
pub(crate) const PROXY_CREDENTIALS: &str =
    "use --proxy-auth USER:SOURCE, or in a profile proxy = 'http://USER:${NAME}@HOST:PORT'";

/// A part of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Head,
    Body,
}

/// Why there is no answer, or not a whole one.
#[derive(Debug)]
pub enum Failure {
    /// DNS knows no such name, or did not answer.
    Resolve {
        host: String,
        why: LookupError,
        hint: Option<&'static str>,
    },
    /// No connection: refused, unreachable.
    Connect { to: String, why: ConnectError },
    /// The TLS handshake failed: usually a certificate that does not hold.
    Tls {
        /// `'host'`, or `the proxy 'host'`.
        peer: String,
        why: String,
        hint: Option<&'static str>,
    },
    /// The proxy would not connect us.
    Proxy { proxy: String, why: ProxyError },
    /// Nothing came, or not all of it, in time.
    TimedOut {
        phase: Phase,
        after: Option<Duration>,
    },
    /// The connection broke before the answer was whole.
    Truncated { why: String },
    /// The answer is no HTTP, in the parser's words.
    Protocol { part: Part, detail: String },
    /// The answer is not what was asked for, or more than we take.
    Malformed { why: String },
    /// The request's body could not be read.
    Body { why: String },
    /// More redirects than allowed.
    TooManyRedirects { limit: u32 },
}

impl Failure {
    /// The connection was closed, cleanly or not, while more was expected.
    pub(super) fn closed_early() -> Failure {
        Failure::Truncated {
            why: "the connection was closed early".into(),
        }
    }

    /// The code the process exits with.
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

    /// What kind of failure it is, for programs.
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

    /// What to do about it.
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

    /// What ureq ran into. `limits` says after how long, where time ran out.
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
        ureq::Timeout::PerRead | ureq::Timeout::RecvResponse => (Phase::Answer, Some(limits.idle)),
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
                    Phase::Answer => "timed out waiting for the response",
                    Phase::Body => "timed out receiving the body",
                    Phase::Whole => "timed out",
                })?;
                after.map_or(Ok(()), |after| write!(f, " after {}", say_duration(after)))
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

/// Goes on after the proxy's name.
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
                after.map_or(Ok(()), |after| write!(f, " ({})", say_duration(after)))
            }
            ProxyError::Other(why) => write!(f, "failed: {why}"),
        }
    }
}

impl std::error::Error for Failure {}

/// As ureq's connectors and resolvers hand it through.
impl From<Failure> for ureq::Error {
    fn from(failure: Failure) -> ureq::Error {
        ureq::Error::Other(Box::new(failure))
    }
}
