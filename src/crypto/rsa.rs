//! RS256 to RS512 and PS256 to PS512 (RFC 7518 §3.3, §3.5). Private keys are PKCS#1 DER, public keys
//! are modulus and exponent. Verifying supports 2048 to 8192 bits, signing 2048 to 4096.

use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{self as scheme, RsaEncoding, RsaKeyPair, RsaParameters};
use signature::{Signer, Verifier};

/// The largest modulus that ring supports for signing, in bits.
pub(crate) const MAX_SIGNING_BITS: usize = 4096;

/// Checks a private key (PKCS#1 DER).
///
/// # Errors
/// The reason why it is invalid.
pub(crate) fn check(pkcs1: &[u8]) -> Result<(), String> {
    RsaKeyPair::from_der(pkcs1)
        .map(|_| ())
        .map_err(|rejected| explain(&rejected.to_string()))
}

/// Explains ring's error.
fn explain(word: &str) -> String {
    match word {
        "InconsistentComponents" => "its numbers are inconsistent".into(),
        "InvalidComponent" => "one of its numbers is invalid".into(),
        "TooSmall" => "it is too small".into(),
        "TooLarge" => "it is too large".into(),
        "VersionNotSupported" => "it has more than two primes".into(),
        "PrivateModulusLenNotMultipleOf512Bits" => {
            "its length is not a multiple of 512 bits, which signing requires".into()
        }
        other => format!("ring rejects it ({other})"),
    }
}

/// Signs with a private key.
pub(crate) struct RsaSigner {
    algorithm: Algorithm,
    encoding: &'static dyn RsaEncoding,
    pair: RsaKeyPair,
}

impl RsaSigner {
    pub(super) fn new(algorithm: Algorithm, pkcs1: &[u8]) -> Result<RsaSigner, Error> {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            Algorithm::RS256 => &scheme::RSA_PKCS1_SHA256,
            Algorithm::RS384 => &scheme::RSA_PKCS1_SHA384,
            Algorithm::RS512 => &scheme::RSA_PKCS1_SHA512,
            Algorithm::PS256 => &scheme::RSA_PSS_SHA256,
            Algorithm::PS384 => &scheme::RSA_PSS_SHA384,
            Algorithm::PS512 => &scheme::RSA_PSS_SHA512,
            _ => return Err(super::unsupported()),
        };
        Ok(RsaSigner {
            algorithm,
            encoding,
            pair: pair(pkcs1)?,
        })
    }
}

fn pair(pkcs1: &[u8]) -> Result<RsaKeyPair, Error> {
    RsaKeyPair::from_der(pkcs1)
        .map_err(|rejected| ErrorKind::InvalidRsaKey(explain(&rejected.to_string())).into())
}

impl Signer<Vec<u8>> for RsaSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(self.encoding, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| signature::Error::new())?;
        Ok(signature)
    }
}

impl JwtSigner for RsaSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// Verifies with a public key.
pub(crate) struct RsaVerifier {
    algorithm: Algorithm,
    parameters: &'static RsaParameters,
    public: PublicKeyComponents<Vec<u8>>,
}

impl RsaVerifier {
    pub(super) fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<RsaVerifier, Error> {
        let parameters = match algorithm {
            Algorithm::RS256 => &scheme::RSA_PKCS1_2048_8192_SHA256,
            Algorithm::RS384 => &scheme::RSA_PKCS1_2048_8192_SHA384,
            Algorithm::RS512 => &scheme::RSA_PKCS1_2048_8192_SHA512,
            Algorithm::PS256 => &scheme::RSA_PSS_2048_8192_SHA256,
            Algorithm::PS384 => &scheme::RSA_PSS_2048_8192_SHA384,
            Algorithm::PS512 => &scheme::RSA_PSS_2048_8192_SHA512,
            _ => return Err(super::unsupported()),
        };
        let public = match key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => PublicKeyComponents {
                n: n.clone(),
                e: e.clone(),
            },
            DecodingKeyKind::SecretOrDer(_) => return Err(ErrorKind::InvalidKeyFormat.into()),
        };
        Ok(RsaVerifier {
            algorithm,
            parameters,
            public,
        })
    }
}

impl Verifier<Vec<u8>> for RsaVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.public
            .verify(self.parameters, message, signature)
            .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for RsaVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// For jsonwebtoken's JWK support: modulus and exponent of a private key in PKCS#1 DER.
pub(super) fn components_of_private(pkcs1: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let pair = pair(pkcs1)?;
    let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
    Ok((public.n, public.e))
}
