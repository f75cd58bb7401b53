//! EdDSA with Ed25519 (RFC 8037 §3.1). Private keys are PKCS#8 DER (version 1 or 2), public keys are
//! 32 bytes.

use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use signature::{Signer, Verifier};

/// The length of a private key (the seed) and of a public key, in bytes.
pub(crate) const BYTES: usize = 32;

/// The public key of a private key; `None` if the private key does not have 32 bytes.
pub(crate) fn public_of(seed: &[u8]) -> Option<Vec<u8>> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
    Some(pair.public_key().as_ref().to_vec())
}

/// Signs with a private key.
pub(crate) struct EddsaSigner(Ed25519KeyPair);

impl EddsaSigner {
    pub(super) fn new(pkcs8: &[u8]) -> Result<EddsaSigner, Error> {
        pair(pkcs8).map(EddsaSigner)
    }
}

fn pair(pkcs8: &[u8]) -> Result<Ed25519KeyPair, Error> {
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| ErrorKind::InvalidEddsaKey.into())
}

impl Signer<Vec<u8>> for EddsaSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for EddsaSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

/// Verifies with a public key.
pub(crate) struct EddsaVerifier(UnparsedPublicKey<Vec<u8>>);

impl EddsaVerifier {
    pub(super) fn new(key: &DecodingKey) -> Result<EddsaVerifier, Error> {
        let public = key.try_get_as_bytes()?.to_vec();
        Ok(EddsaVerifier(UnparsedPublicKey::new(&ED25519, public)))
    }
}

impl Verifier<Vec<u8>> for EddsaVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0
            .verify(message, signature)
            .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for EddsaVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

/// For jsonwebtoken's JWK support: the public key of a private key in PKCS#8 DER.
pub(super) fn component_of_private(pkcs8: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(pair(pkcs8)?.public_key().as_ref().to_vec())
}
