//! HTTP/1.1 calls (RFC 9110, 9112) on ureq: one request, its credentials, its redirects, its answer.

/// The answer: its head as the server wrote it, and its body, decoded.
pub mod answer;
/// How a caller proves who it is.
pub mod auth;
/// What is sent as a body.
pub mod body;
mod certificate;
mod connect;
mod decode;
mod digest;
/// What can go wrong on the way.
pub mod failure;
mod head;
/// Request items.
pub mod item;
mod nested;
/// Logins from a file, by machine.
pub mod netrc;
/// Which proxy stands before which host.
pub mod proxy;
mod redirect;
/// The request.
pub mod request;
mod resolve;
mod send;
mod timing;
/// TLS: the roots trusted, the client's certificate, and why a check failed.
pub mod tls;
mod tls_connect;
mod unix_socket;
/// URLs and origins.
pub mod url;

pub use answer::Answer;
pub use failure::Failure;
pub use redirect::{Follow, Hop, call};
pub use send::{Family, Limits, Network, Override, Settings};
pub use timing::Timing;
