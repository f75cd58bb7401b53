//! HTTP/1.1 calls (RFC 9110, 9112) on ureq: one request, its credentials, its redirects, its answer.

/// The answer: its head as the server wrote it, and its body, decoded.
pub(crate) mod answer;
mod authority;
mod begun;
/// What is sent as a body.
pub(crate) mod body;
mod bounded;
mod caller;
/// What a certificate says.
pub(crate) mod certificate;
mod compress;
mod connect;
mod content_disposition;
mod content_range;
/// What proves who the caller is.
pub(crate) mod credential;
mod cut;
mod decode;
mod digest;
/// Downloads into files.
pub(crate) mod download;
/// What can go wrong on the way.
pub(crate) mod failure;
mod file_name;
/// Whether a secret may be sent in plain text.
pub(crate) mod guard;
pub(crate) mod head;
/// Request items.
pub(crate) mod item;
mod limits;
mod lookup;
/// Forms with files.
pub(crate) mod multipart;
mod nested;
/// Logins from a file, by machine.
pub(crate) mod netrc;
mod note;
/// What follows the requests of a caller.
pub(crate) mod observe;
mod partial;
mod percent;
/// Which proxy stands before which host.
pub(crate) mod proxy;
/// The address of a proxy.
pub(crate) mod proxy_address;
mod redirect;
/// The request.
pub(crate) mod request;
mod resolve;
/// Trying again.
pub(crate) mod retry;
/// The roots that TLS trusts.
pub(crate) mod roots;
mod send;
/// How calls are made, and what a profile or a command line changes.
pub(crate) mod settings;
/// Bodies that are read while they are sent.
pub(crate) mod stream;
mod timing;
/// TLS: what a connection is configured with.
pub(crate) mod tls;
mod tls_connect;
mod tls_failure;
mod transport;
mod unix_socket;
/// URLs and origins.
pub(crate) mod url;
mod validator;
mod verifier;
mod wanted;
mod wire;

pub(crate) use answer::Answer;
pub(crate) use body::gzip;
pub(crate) use caller::{Caller, Renewal};
pub(crate) use decode::accept_encoding;
pub(crate) use failure::Failure;
pub(crate) use limits::Limits;
pub(crate) use settings::{Follow, Overlay, Settings};
pub(crate) use timing::Timing;
