//! HTTP/1.1 calls (RFC 9110, 9112) on ureq: requests, credentials, redirects and responses.

/// The words of a call.
pub(crate) mod arguments;
mod authority;
/// Request bodies.
pub(crate) mod body;
mod bounded;
mod caller;
/// The fields of a certificate.
pub(crate) mod certificate;
mod compress;
mod connect;
mod content_disposition;
mod content_range;
/// Cookies.
pub(crate) mod cookies;
/// Credentials as they are sent.
pub(crate) mod credential;
mod cut;
mod decode;
mod digest;
/// Downloads to files.
pub(crate) mod download;
mod earlier;
/// The failures of a call.
pub(crate) mod failure;
/// Safe names for files.
pub(crate) mod file_name;
/// Pages of GraphQL connections.
pub(crate) mod graphql;
/// GraphQL documents and requests, and the errors in responses.
pub(crate) mod graphql_document;
/// Whether a secret may be sent in plain text.
pub(crate) mod guard;
pub(crate) mod head;
/// Request items.
pub(crate) mod item;
mod keep_alive;
mod limits;
mod link_header;
mod lookup;
/// Multipart forms.
pub(crate) mod multipart;
mod nested;
/// Logins from a netrc file.
pub(crate) mod netrc;
mod note;
/// Observers of the requests of a caller.
pub(crate) mod observe;
mod page_items;
/// The settings of pages.
pub(crate) mod page_settings;
/// Lists in pages.
pub(crate) mod pages;
/// Headers and query parameters.
pub(crate) mod part;
mod partial;
mod percent;
/// Requests that are repeated until a condition is met.
pub(crate) mod poll;
mod pool;
/// The proxy for a host.
pub(crate) mod proxy;
/// Proxy addresses.
pub(crate) mod proxy_address;
mod redirect;
/// Requests.
pub(crate) mod request;
mod resolve;
/// Responses: headers as sent by the server, and the decoded body.
pub(crate) mod response;
/// Retries.
pub(crate) mod retry;
/// Trusted root certificates.
pub(crate) mod roots;
mod seen;
mod send;
/// The settings of calls, and the overlays of profiles and command lines.
pub(crate) mod settings;
/// Signatures of requests.
pub(crate) mod signer;
/// Bodies that are read while they are sent.
pub(crate) mod stream;
mod timing;
/// The TLS configuration.
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

pub(crate) use body::gzip;
pub(crate) use caller::{Caller, Renewal};
pub(crate) use decode::accept_encoding;
pub(crate) use failure::Failure;
pub(crate) use limits::Limits;
pub(crate) use response::Response;
pub(crate) use settings::{Follow, Overlay, Settings};
pub(crate) use timing::{ConnectionUse, Timing};
pub(crate) use transport::Transport;
