//! The random values of a login: the PKCE verifier (RFC 7636), `state` and `nonce`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto;
use crate::error::Error;
use crate::secret::Secret;

/// The values that bind the response to this login.
pub(super) struct Bonds {
    pub verifier: Secret,
    /// The S256 challenge of the verifier.
    pub challenge: String,
    pub state: String,
    pub nonce: String,
}

impl Bonds {
    /// New random values.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub(super) fn new() -> Result<Bonds, Error> {
        let verifier = random_text()?;
        Ok(Bonds {
            challenge: challenge(&verifier),
            verifier: Secret::new(verifier.into_bytes()),
            state: random_text()?,
            nonce: random_text()?,
        })
    }
}

/// 256 random bits in base64url, 43 characters.
fn random_text() -> Result<String, Error> {
    let bytes = crypto::random(32).map_err(|source| Error::System {
        action: "get random numbers",
        source,
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// RFC 7636 §4.2.
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(crypto::sha256(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_matches_rfc_7636_appendix_b() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn values_are_new_for_each_login() {
        let (one, other) = (Bonds::new().unwrap(), Bonds::new().unwrap());
        assert_eq!(one.verifier.expose().len(), 43);
        assert_ne!(one.state, other.state);
        assert_ne!(one.nonce, other.nonce);
        assert_ne!(one.challenge, other.challenge);
    }
}
