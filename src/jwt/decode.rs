//! Decodes a token without verifying it.

use super::Error;
use super::numeric_date::NumericDate;
use super::token;
use crate::json::{self, Text};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// A decoded token.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub header: Text,
    pub claims: Text,
    /// The claims `iat`, `nbf` and `exp`, if present.
    pub issued: Option<NumericDate>,
    pub not_before: Option<NumericDate>,
    pub expires: Option<NumericDate>,
}

/// Decodes a bare token (see [`super::bare`]).
///
/// # Errors
/// If it is not a token, or its claims are not a JSON object.
pub(crate) fn decode(token: &[u8]) -> Result<Decoded, Error> {
    let parts = token::parse(token).map_err(Error::Token)?;
    let wrong = |why: String| Error::Token(format!("its claims are not valid JSON: {why}"));
    let claims = Text::from_bytes(&parts.payload).map_err(wrong)?;
    let members = json::members(&claims).map_err(wrong)?;
    let date = |name: &str| {
        members
            .iter()
            .find(|(own, _)| own == name)
            .and_then(|(_, value)| NumericDate::read(value))
    };
    Ok(Decoded {
        issued: date("iat"),
        not_before: date("nbf"),
        expires: date("exp"),
        header: parts.header.text,
        claims,
    })
}

/// The expiry of a token, unverified and in whole seconds; `None` if it has none or is not a JWT.
pub(crate) fn expiry(token: &Secret) -> Option<Timestamp> {
    let decoded = decode(token::bare(token.expose())).ok()?;
    decoded.expires.map(NumericDate::timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::base64url;

    #[test]
    fn expiry_is_read_without_a_key() {
        let token = |claims: &str| {
            let parts = ["{\"alg\":\"RS256\"}", claims, "no signature"];
            let encoded = parts.map(|part| base64url::encode(part.as_bytes()));
            Secret::new(encoded.join(".").into_bytes())
        };
        let read = |claims: &str| expiry(&token(claims)).map(|time| time.0);
        assert_eq!(read("{\"exp\":1300819380}"), Some(1_300_819_380));
        assert_eq!(read("{\"exp\":1300819380.7}"), Some(1_300_819_380));
        assert_eq!(read("{\"exp\":\"soon\"}"), None);
        assert_eq!(read("{}"), None);
        assert_eq!(read("[]"), None);
        assert_eq!(expiry(&Secret::new(b"opaque".to_vec())), None);
    }
}
