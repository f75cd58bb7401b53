//! JSON Web Tokens (RFC 7519) in the compact form of a JWS (RFC 7515): signed, verified, looked
//! into; and the keys for it. Algorithms come from jsonwebtoken over ring; what a token must be
//! like is checked here, strictly.

pub mod algorithm;
mod base64url;
pub mod claim;
pub mod decode;
mod error;
pub mod key;
pub mod keygen;
pub mod numeric_date;
mod sign;
mod token;
pub mod verify;

pub use algorithm::Algorithm;
pub use decode::expiry;
pub use error::Error;
pub use sign::{Mint, mint};
pub use token::{MAX_BYTES, bare};

/// Foreign text in a message: in quotes, and cut where it would drown what is said.
fn quoted(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("'{}…'", text.get(..end).unwrap_or_default()),
        None => format!("'{text}'"),
    }
}
