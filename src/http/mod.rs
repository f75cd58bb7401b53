//! HTTP/1.1 calls (RFC 9110, 9112) on ureq: one request, its credentials, its redirects, its answer.

/// The answer: its head as the server wrote it, and its body, decoded.
pub mod answer;
mod authority;
/// What is sent as a body.
pub mod body;
mod bounded;
mod caller;
/// What a certificate says.
pub mod certificate;
mod compress;
mod connect;
mod content_disposition;
/// What proves who the caller is.
pub mod credential;
mod decode;
mod digest;
/// Downloads into files.
pub mod download;
/// What can go wrong on the way.
pub mod failure;
mod file_name;
/// Whether a secret may be sent in plain text.
pub mod guard;
mod head;
/// Request items.
pub mod item;
mod limits;
mod lookup;
/// Forms with files.
pub mod multipart;
mod nested;
/// Logins from a file, by machine.
pub mod netrc;
/// What follows the requests of a caller.
pub mod observe;
mod partial;
mod percent;
/// Which proxy stands before which host.
pub mod proxy;
mod redirect;
/// The request.
pub mod request;
mod resolve;
/// Trying again.
pub mod retry;
/// The roots that TLS trusts.
pub mod roots;
mod send;
/// How calls are made, and what a profile or a command line changes.
pub mod settings;
/// Bodies that are read while they are sent.
pub mod stream;
mod timing;
/// TLS: what a connection is configured with.
pub mod tls;
mod tls_connect;
mod tls_failure;
mod unix_socket;
/// URLs and origins.
pub mod url;
mod validator;
mod verifier;

pub use answer::Answer;
pub use body::gzip;
pub use caller::{Caller, Renewal};
pub use decode::ACCEPT_ENCODING;
pub use failure::Failure;
pub use limits::Limits;
pub use settings::{Follow, Overlay, Settings};
pub use timing::Timing;
