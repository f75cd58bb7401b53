//! ES256 and ES384 (RFC 7518 §3.4). Private keys are PKCS#8 DER with the public key, public keys are
//! uncompressed points. ES512 is not supported, because ring has no P-521.

use std::io;

use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::jwk::EllipticCurve;
use jsonwebtoken::{Algorithm, DecodingKey};
use ring::rand::SystemRandom;
use ring::signature::{
    self as scheme, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair,
    UnparsedPublicKey,
};
use signature::{Signer, Verifier};
use zeroize::Zeroizing;

/// The curves that ring supports for signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
}

impl Curve {
    /// The length of a coordinate and of a private key, in bytes.
    pub fn bytes(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
        }
    }

    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Curve::P256 => &scheme::ECDSA_P256_SHA256_FIXED_SIGNING,
            Curve::P384 => &scheme::ECDSA_P384_SHA384_FIXED_SIGNING,
        }
    }

    fn verification(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Curve::P256 => &scheme::ECDSA_P256_SHA256_FIXED,
            Curve::P384 => &scheme::ECDSA_P384_SHA384_FIXED,
        }
    }

    fn of(algorithm: Algorithm) -> Result<Curve, Error> {
        match algorithm {
            Algorithm::ES256 => Ok(Curve::P256),
            Algorithm::ES384 => Ok(Curve::P384),
            _ => Err(super::unsupported()),
        }
    }
}

/// Generates a private key as PKCS#8 DER, which includes the public key.
///
/// # Errors
/// If the system provides no random bytes.
pub(crate) fn generate(curve: Curve) -> io::Result<Zeroizing<Vec<u8>>> {
    EcdsaKeyPair::generate_pkcs8(curve.signing(), &SystemRandom::new())
        .map(|document| Zeroizing::new(document.as_ref().to_vec()))
        .map_err(|_| io::Error::other("the system provides none"))
}

/// Whether a private key and a point on this curve belong together.
///
/// # Errors
/// If the system provides no random bytes, which ring needs here.
pub(crate) fn is_pair(curve: Curve, private: &[u8], point: &[u8]) -> io::Result<bool> {
    let random = SystemRandom::new();
    let pair =
        EcdsaKeyPair::from_private_key_and_public_key(curve.signing(), private, point, &random);
    match pair {
        Ok(_) => Ok(true),
        Err(_) => super::random(1).map(|_| false),
    }
}

/// Signs with a private key.
pub(crate) struct EcdsaSigner {
    algorithm: Algorithm,
    pair: EcdsaKeyPair,
}

impl EcdsaSigner {
    pub(super) fn new(algorithm: Algorithm, pkcs8: &[u8]) -> Result<EcdsaSigner, Error> {
        Ok(EcdsaSigner {
            algorithm,
            pair: pair(Curve::of(algorithm)?, pkcs8)?,
        })
    }
}

fn pair(curve: Curve, pkcs8: &[u8]) -> Result<EcdsaKeyPair, Error> {
    EcdsaKeyPair::from_pkcs8(curve.signing(), pkcs8, &SystemRandom::new())
        .map_err(|_| ErrorKind::InvalidEcdsaKey.into())
}

impl Signer<Vec<u8>> for EcdsaSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.pair
            .sign(&SystemRandom::new(), message)
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for EcdsaSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// Verifies with a public key.
pub(crate) struct EcdsaVerifier {
    algorithm: Algorithm,
    public: UnparsedPublicKey<Vec<u8>>,
}

impl EcdsaVerifier {
    pub(super) fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<EcdsaVerifier, Error> {
        let scheme = Curve::of(algorithm)?.verification();
        let point = key.try_get_as_bytes()?.to_vec();
        Ok(EcdsaVerifier {
            algorithm,
            public: UnparsedPublicKey::new(scheme, point),
        })
    }
}

impl Verifier<Vec<u8>> for EcdsaVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.public
            .verify(message, signature)
            .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for EcdsaVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// For jsonwebtoken's JWK support: curve and coordinates of a private key in PKCS#8 DER.
pub(super) fn components_of_private(
    pkcs8: &[u8],
    algorithm: Algorithm,
) -> Result<(EllipticCurve, Vec<u8>, Vec<u8>), Error> {
    let curve = Curve::of(algorithm)?;
    let pair = pair(curve, pkcs8)?;
    let (x, y) = pair
        .public_key()
        .as_ref()
        .strip_prefix(&[4])
        .and_then(|point| point.split_at_checked(curve.bytes()))
        .ok_or(ErrorKind::InvalidEcdsaKey)?;
    let name = match curve {
        Curve::P256 => EllipticCurve::P256,
        Curve::P384 => EllipticCurve::P384,
    };
    Ok((name, x.to_vec(), y.to_vec()))
}
