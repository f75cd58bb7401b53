//! HMAC (RFC 2104), and HS256, HS384 and HS512 (RFC 7518 §3.2). Signatures are compared in constant
//! time.

use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::errors::{Error, ErrorKind};
use ring::hmac;
use signature::{Signer, Verifier};

/// The hash of an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    /// Only for services that require it: SHA-1 is broken, but HMAC with it is not.
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn algorithm(self) -> hmac::Algorithm {
        match self {
            Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha384 => hmac::HMAC_SHA384,
            Hash::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

/// An incremental HMAC.
pub(crate) struct Mac {
    context: hmac::Context,
    key: hmac::Key,
}

impl Mac {
    /// An HMAC of no bytes.
    pub(crate) fn new(hash: Hash, key: &[u8]) -> Mac {
        let key = hmac::Key::new(hash.algorithm(), key);
        let context = hmac::Context::with_key(&key);
        Mac { context, key }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// The HMAC.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.context.sign().as_ref().to_vec()
    }

    /// Whether the HMAC is `tag`. The HMACs of the two are compared, in constant time.
    pub(crate) fn is(self, tag: &[u8]) -> bool {
        let computed = self.context.sign();
        let expected = hmac::sign(&self.key, computed.as_ref());
        hmac::verify(&self.key, tag, expected.as_ref()).is_ok()
    }
}

/// The HMAC of the concatenated `parts`.
pub(crate) fn sign(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Mac::new(hash, key);
    for part in parts {
        mac.update(part);
    }
    mac.finish()
}

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

#[cfg(test)]
mod tests {
    use super::{Hash, Mac, sign};
    use crate::hex;

    /// RFC 4231 §4.3 (test case 2) and RFC 2202 §3 (test case 2).
    #[test]
    fn published_examples() {
        for (hash, expected) in [
            (Hash::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (
                Hash::Sha256,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                Hash::Sha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                Hash::Sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
        ] {
            let message = b"what do ya want for nothing?";
            let tag = sign(hash, b"Jefe", &[&message[..8], &message[8..]]);
            assert_eq!(hex::encode(&tag), expected, "{hash:?}");
            let is = |key: &[u8], tag: &[u8]| {
                let mut mac = Mac::new(hash, key);
                mac.update(message);
                mac.is(tag)
            };
            assert!(is(b"Jefe", &tag));
            assert!(!is(b"jefe", &tag) && !is(b"Jefe", b""));
            assert!(!is(b"Jefe", &tag[..tag.len() - 1]));
            assert!(!is(b"Jefe", &[&tag[..], b"\0"].concat()));
        }
    }
}
