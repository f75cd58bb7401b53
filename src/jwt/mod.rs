//! JSON Web Tokens (RFC 7519) in the compact form of a JWS (RFC 7515), and their keys. jsonwebtoken
//! and ring implement the algorithms. The format and the claims are checked strictly here.

pub(crate) mod algorithm;
mod base64url;
pub(crate) mod claim;
pub(crate) mod decode;
mod error;
pub(crate) mod key;
pub(crate) mod keygen;
pub(crate) mod numeric_date;
mod sign;
mod token;
pub(crate) mod verify;

pub(crate) use algorithm::Algorithm;
pub(crate) use decode::expiry;
pub(crate) use error::Error;
pub(crate) use sign::{Mint, ShortSecret, mint};
pub(crate) use token::{MAX_BYTES, bare};

/// Untrusted text for a message: quoted, and truncated.
fn quoted(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("'{}…'", text.get(..end).unwrap_or_default()),
        None => format!("'{text}'"),
    }
}
