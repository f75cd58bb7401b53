//! The ring backend for jsonwebtoken and rustls. No other module uses ring. It serves both TLS and
//! tokens, and works on kernels without `getrandom`.

pub(crate) mod digest;
pub(crate) mod ecdsa;
pub(crate) mod eddsa;
pub(crate) mod hmac;
pub(crate) mod pbes2;
pub(crate) mod rsa;
pub(crate) mod tls;

use std::io;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::jwk::{EllipticCurve, ThumbprintHash};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: new_signer,
    verifier_factory: new_verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: rsa::components_of_private,
        rsa_pub_components_from_public_key: |_| Err(refused("c47 reads public keys in DER itself")),
        ec_pub_components_from_private_key: ecdsa::components_of_private,
        ed_pub_components_from_private_key: ed_component,
        compute_digest,
    },
};

/// Installs ring as the backend of jsonwebtoken. Call it before using a key. Only the first call has
/// an effect.
pub(crate) fn install() {
    let _ = PROVIDER.install_default();
}

/// Returns `length` random bytes.
///
/// # Errors
/// If the system provides none (a chroot without /dev/urandom on an old kernel).
pub(crate) fn random(length: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system provides none"))?;
    Ok(bytes)
}

/// A salted fingerprint of `data` that is slow to brute-force (PBKDF2-HMAC-SHA256, RFC 8018 §5.2).
pub(crate) fn fingerprint(salt: &[u8], data: &[u8]) -> Vec<u8> {
    const ROUNDS: std::num::NonZeroU32 = std::num::NonZeroU32::new(20_000).unwrap();
    let mut out = vec![0; 32];
    ring::pbkdf2::derive(
        ring::pbkdf2::PBKDF2_HMAC_SHA256,
        ROUNDS,
        salt,
        data,
        &mut out,
    );
    out
}

/// SHA-1 of `data`, 20 bytes. Only for names that others chose this way.
pub(crate) fn sha1(data: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, data)
        .as_ref()
        .to_vec()
}

/// SHA-256 of `data`, 32 bytes.
pub(crate) fn sha256(data: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, data)
        .as_ref()
        .to_vec()
}

/// SHA-384 of `data`, 48 bytes.
pub(crate) fn sha384(data: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA384, data)
        .as_ref()
        .to_vec()
}

/// SHA-512 of `data`, 64 bytes.
pub(crate) fn sha512(data: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA512, data)
        .as_ref()
        .to_vec()
}

fn new_signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    // A key is never used with another algorithm family.
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(match algorithm.family() {
        AlgorithmFamily::Hmac => Box::new(hmac::Hmac::new(*algorithm, key.as_bytes())?),
        AlgorithmFamily::Rsa => Box::new(rsa::RsaSigner::new(*algorithm, key.as_bytes())?),
        AlgorithmFamily::Ec => Box::new(ecdsa::EcdsaSigner::new(*algorithm, key.as_bytes())?),
        AlgorithmFamily::Ed => Box::new(eddsa::EddsaSigner::new(key.as_bytes())?),
    })
}

fn new_verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(match algorithm.family() {
        AlgorithmFamily::Hmac => Box::new(hmac::Hmac::new(*algorithm, key.try_get_as_bytes()?)?),
        AlgorithmFamily::Rsa => Box::new(rsa::RsaVerifier::new(*algorithm, key)?),
        AlgorithmFamily::Ec => Box::new(ecdsa::EcdsaVerifier::new(*algorithm, key)?),
        AlgorithmFamily::Ed => Box::new(eddsa::EddsaVerifier::new(key)?),
    })
}

/// The error for an algorithm that a later jsonwebtoken may add.
fn unsupported() -> Error {
    ErrorKind::UnsupportedAlgorithm.into()
}

fn refused(why: &str) -> Error {
    ErrorKind::Provider(why.to_owned()).into()
}

fn ed_component(pkcs8: &[u8], curve: &EllipticCurve) -> Result<Vec<u8>, Error> {
    match curve {
        EllipticCurve::Ed25519 => eddsa::component_of_private(pkcs8),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn compute_digest(data: &[u8], hash: ThumbprintHash) -> Result<Vec<u8>, Error> {
    match hash {
        ThumbprintHash::SHA256 => Ok(sha256(data)),
        ThumbprintHash::SHA384 => Ok(sha384(data)),
        ThumbprintHash::SHA512 => Ok(sha512(data)),
        _ => Err(unsupported()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    #[test]
    fn install_can_be_called_twice() {
        install();
        install();
    }

    #[test]
    fn digests_match_fips_180() {
        assert_eq!(
            hex::encode(&sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(hex::encode(&sha384(b"abc")).starts_with("cb00753f45a35e8bb5a03d699ac65007"));
        assert!(hex::encode(&sha512(b"abc")).starts_with("ddaf35a193617abacc417349ae204131"));
    }

    #[test]
    fn random_bytes_differ() {
        let (one, other) = (random(32).unwrap(), random(32).unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }

    #[test]
    fn key_of_another_family_is_rejected() {
        let public = DecodingKey::from_rsa_raw_components(&[0xff; 256], &[1, 0, 1]);
        assert!(new_verifier(&Algorithm::HS256, &public).is_err());
        let der = DecodingKey::from_rsa_der(b"anything");
        assert!(new_verifier(&Algorithm::HS256, &der).is_err());
        let secret = EncodingKey::from_secret(b"secret");
        assert!(new_signer(&Algorithm::RS256, &secret).is_err());
    }

    #[test]
    fn key_utilities_reject_garbage() {
        let utils = &PROVIDER.key_utils;
        for garbage in [b"".as_slice(), b"0", &[0x30, 0x82, 0xff, 0xff]] {
            assert!((utils.rsa_pub_components_from_private_key)(garbage).is_err());
            assert!((utils.rsa_pub_components_from_public_key)(garbage).is_err());
            assert!((utils.ec_pub_components_from_private_key)(garbage, Algorithm::ES256).is_err());
            assert!((utils.ec_pub_components_from_private_key)(garbage, Algorithm::RS256).is_err());
            assert!(
                (utils.ed_pub_components_from_private_key)(garbage, &EllipticCurve::Ed25519)
                    .is_err()
            );
        }
    }
}
