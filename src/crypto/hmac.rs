//! HS256, HS384 and HS512 (RFC 7518 §3.2). Signatures are compared in constant time.

use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::errors::{Error, ErrorKind};
use ring::hmac;
use signature::{Signer, Verifier};

/// Signs and verifies with a shared secret.
pub(crate) struct Hmac {
    algorithm: Algorithm,
    key: hmac::Key,
}

impl Hmac {
    pub(super) fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Hmac, Error> {
        let hash = match algorithm {
            Algorithm::HS256 => hmac::HMAC_SHA256,
            Algorithm::HS384 => hmac::HMAC_SHA384,
            Algorithm::HS512 => hmac::HMAC_SHA512,
            _ => return Err(super::unsupported()),
        };
        // Anyone can sign with an empty secret.
        if secret.is_empty() {
            return Err(ErrorKind::InvalidKeyFormat.into());
        }
        let key = hmac::Key::new(hash, secret);
        Ok(Hmac { algorithm, key })
    }
}

impl Signer<Vec<u8>> for Hmac {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.key, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hmac {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        hmac::verify(&self.key, message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hmac {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl JwtVerifier for Hmac {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
