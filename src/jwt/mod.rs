//! JSON Web Tokens (RFC 7519) in the compact form of a JWS (RFC 7515): signed, verified, looked
//! into; and the keys for it. Algorithms come from jsonwebtoken over ring; what a token must be
//! like is checked here, strictly.

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

/// Foreign text in a message: in quotes, and cut where it would drown what is said.
fn quoted(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("'{}…'", text.get(..end).unwrap_or_default()),
        None => format!("'{text}'"),
    }
}
