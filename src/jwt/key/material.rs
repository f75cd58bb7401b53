//! The checked numbers of a key, independent of its format.

use super::oid;
use crate::crypto::ecdsa::Curve;
use crate::crypto::{ecdsa, eddsa, rsa};
use crate::der::{self, OCTET_STRING, OID, Reader, SEQUENCE};
use crate::jwt::Error;
use crate::jwt::algorithm::Family;
use crate::quantity::count;
use crate::secret::Secret;

/// A checked key. A private key includes its public key.
pub enum Material {
    /// A shared secret, never empty.
    Shared(Secret),
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
        /// PKCS#1 DER.
        private: Option<Secret>,
    },
    Ec {
        curve: Curve,
        /// `4`, x, y (SEC 1 §2.3.3).
        point: Vec<u8>,
        private: Option<Secret>,
    },
    Ed25519 {
        public: Vec<u8>,
        /// The seed.
        private: Option<Secret>,
    },
}

/// The supported keys, for messages.
pub(super) const SUPPORTED: &str =
    "c47 supports RSA, EC (P-256, P-384), Ed25519 and shared secrets";

const MIN_RSA_BITS: usize = 2048;
const MAX_RSA_BITS: usize = 8192;

impl Material {
    /// An RSA public key from its modulus and exponent, big-endian.
    pub fn rsa_public(modulus: &[u8], exponent: &[u8]) -> Result<Material, Error> {
        let modulus = der::without_leading_zeros(modulus);
        let exponent = der::without_leading_zeros(exponent);
        let bits = bits(modulus);
        if bits < MIN_RSA_BITS {
            return Err(Error::key(format!(
                "it is an RSA key of {bits} bits, which is too weak; at least {MIN_RSA_BITS} are required"
            )));
        }
        if bits > MAX_RSA_BITS {
            return Err(Error::key(format!(
                "it is an RSA key of {bits} bits; at most {MAX_RSA_BITS} are supported"
            )));
        }
        let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        // ring supports exponents of up to 33 bits. With exponent 1 anyone can sign.
        if !odd(modulus) || !odd(exponent) || exponent == [1] || self::bits(exponent) > 33 {
            return Err(Error::key("its numbers are not a valid RSA key"));
        }
        Ok(Material::Rsa {
            modulus: modulus.to_vec(),
            exponent: exponent.to_vec(),
            private: None,
        })
    }

    /// An RSA private key from PKCS#1 DER (RFC 8017 §A.1.2).
    pub fn rsa_private(pkcs1: &[u8]) -> Result<Material, Error> {
        let wrong = |_| Error::key("it is not a valid RSA private key (PKCS#1)");
        let mut numbers = Reader::sequence_of(pkcs1).map_err(wrong)?;
        if numbers.small().map_err(wrong)? != 0 {
            return Err(Error::key(
                "it is an RSA key with more than two primes, which is not supported",
            ));
        }
        let modulus = numbers.unsigned().map_err(wrong)?;
        let exponent = numbers.unsigned().map_err(wrong)?;
        let public = Material::rsa_public(modulus, exponent)?;
        for _ in 0..6 {
            numbers.unsigned().map_err(wrong)?; // d, p, q, d mod p-1, d mod q-1, 1/q mod p
        }
        numbers.finish().map_err(wrong)?;
        // A larger key can only verify, so only its public key is checked.
        if bits(modulus) <= rsa::MAX_SIGNING_BITS {
            rsa::check(pkcs1)
                .map_err(|why| Error::key(format!("it is an RSA private key, but {why}")))?;
        }
        match public {
            Material::Rsa {
                modulus, exponent, ..
            } => Ok(Material::Rsa {
                modulus,
                exponent,
                private: Some(Secret::new(pkcs1.to_vec())),
            }),
            other => Ok(other),
        }
    }

    /// An EC public key from its point.
    pub fn ec_public(curve: Curve, point: &[u8]) -> Result<Material, Error> {
        ensure_point(curve, point)?;
        Ok(Material::Ec {
            curve,
            point: point.to_vec(),
            private: None,
        })
    }

    /// An EC private key with its public key.
    pub fn ec_private(curve: Curve, private: &[u8], point: &[u8]) -> Result<Material, Error> {
        ensure_point(curve, point)?;
        if !ecdsa::is_pair(curve, private, point).map_err(Error::Random)? {
            return Err(Error::key(
                "it is an EC private key that does not match its public key",
            ));
        }
        Ok(Material::Ec {
            curve,
            point: point.to_vec(),
            private: Some(Secret::new(private.to_vec())),
        })
    }

    /// An Ed25519 public key.
    pub fn ed25519_public(public: &[u8]) -> Result<Material, Error> {
        if public.len() != eddsa::BYTES {
            return Err(Error::key(format!(
                "it is an Ed25519 key of {}, not 32",
                count(public.len(), "byte")
            )));
        }
        Ok(Material::Ed25519 {
            public: public.to_vec(),
            private: None,
        })
    }

    /// An Ed25519 private key from its seed, and its public key if the format has it.
    pub fn ed25519_private(seed: &[u8], public: Option<&[u8]>) -> Result<Material, Error> {
        let computed = eddsa::public_of(seed).ok_or_else(|| {
            Error::key(format!(
                "it is an Ed25519 private key of {}, not 32",
                count(seed.len(), "byte")
            ))
        })?;
        if public.is_some_and(|public| public != computed) {
            return Err(Error::key(
                "it is an Ed25519 private key that does not match its public key",
            ));
        }
        Ok(Material::Ed25519 {
            public: computed,
            private: Some(Secret::new(seed.to_vec())),
        })
    }

    /// The type of the key.
    pub fn family(&self) -> Family {
        match self {
            Material::Shared(_) => Family::Hmac,
            Material::Rsa { .. } => Family::Rsa,
            Material::Ec { curve, .. } => Family::Ec(*curve),
            Material::Ed25519 { .. } => Family::Ed25519,
        }
    }

    /// Whether it can sign: a shared secret or a private key.
    pub fn is_private(&self) -> bool {
        match self {
            Material::Shared(_) => true,
            Material::Rsa { private, .. }
            | Material::Ec { private, .. }
            | Material::Ed25519 { private, .. } => private.is_some(),
        }
    }

    /// A description for messages: "an RSA public key of 2048 bits".
    pub fn describe(&self) -> String {
        let half = if self.is_private() {
            "private"
        } else {
            "public"
        };
        match self {
            Material::Shared(secret) => {
                format!(
                    "a shared secret of {}",
                    count(secret.expose().len(), "byte")
                )
            }
            Material::Rsa { modulus, .. } => {
                format!("an RSA {half} key of {} bits", bits(modulus))
            }
            Material::Ec { curve, .. } => format!("an EC {half} key on {}", curve_name(*curve)),
            Material::Ed25519 { .. } => format!("an Ed25519 {half} key"),
        }
    }

    /// The length of an RSA modulus; `None` for other keys.
    pub fn rsa_bits(&self) -> Option<usize> {
        match self {
            Material::Rsa { modulus, .. } => Some(bits(modulus)),
            Material::Shared(_) | Material::Ec { .. } | Material::Ed25519 { .. } => None,
        }
    }

    /// The private key as PKCS#8 DER (RFC 5958), for EC and Ed25519 only. Ed25519 keys are written as
    /// version 1, which every OpenSSL reads.
    pub fn pkcs8(&self) -> Option<Secret> {
        let (algorithm, key) = match self {
            Material::Ec {
                curve,
                point,
                private: Some(private),
            } => (
                ec_identifier(*curve),
                // RFC 5915 §3, without the curve, which PKCS#8 already contains
                der::element(
                    SEQUENCE,
                    &[
                        &der::unsigned(&[1]),
                        &der::element(OCTET_STRING, &[private.expose()]),
                        &der::element(der::context(1), &[&der::bit_string(point)]),
                    ],
                ),
            ),
            Material::Ed25519 {
                private: Some(seed),
                ..
            } => (
                identifier(&[&der::element(OID, &[oid::ED25519])]),
                der::element(OCTET_STRING, &[seed.expose()]),
            ),
            Material::Shared(_)
            | Material::Rsa { .. }
            | Material::Ec { private: None, .. }
            | Material::Ed25519 { private: None, .. } => return None,
        };
        let key = der::element(OCTET_STRING, &[&key]);
        let mut pkcs8 = der::element(SEQUENCE, &[&der::unsigned(&[0]), &algorithm, &key]);
        Some(Secret::new(std::mem::take(&mut *pkcs8)))
    }

    /// The public key as SubjectPublicKeyInfo (RFC 5280 §4.1.2.7); `None` for a secret.
    pub fn spki(&self) -> Option<Vec<u8>> {
        let (algorithm, key) = match self {
            Material::Shared(_) => return None,
            Material::Rsa {
                modulus, exponent, ..
            } => (
                identifier(&[
                    &der::element(OID, &[oid::RSA]),
                    &der::element(der::NULL, &[]),
                ]),
                der::element(
                    SEQUENCE,
                    &[&der::unsigned(modulus), &der::unsigned(exponent)],
                )
                .to_vec(),
            ),
            Material::Ec { curve, point, .. } => (ec_identifier(*curve), point.clone()),
            Material::Ed25519 { public, .. } => (
                identifier(&[&der::element(OID, &[oid::ED25519])]),
                public.clone(),
            ),
        };
        Some(der::element(SEQUENCE, &[&algorithm, &der::bit_string(&key)]).to_vec())
    }
}

/// The name of a curve in JWKs and messages.
pub(super) fn curve_name(curve: Curve) -> &'static str {
    match curve {
        Curve::P256 => "P-256",
        Curve::P384 => "P-384",
    }
}

fn identifier(parts: &[&[u8]]) -> Vec<u8> {
    der::element(SEQUENCE, parts).to_vec()
}

fn ec_identifier(curve: Curve) -> Vec<u8> {
    let curve = match curve {
        Curve::P256 => oid::P256,
        Curve::P384 => oid::P384,
    };
    identifier(&[&der::element(OID, &[oid::EC]), &der::element(OID, &[curve])])
}

fn ensure_point(curve: Curve, point: &[u8]) -> Result<(), Error> {
    match point.first() {
        Some(4) if point.len() == 1 + 2 * curve.bytes() => Ok(()),
        Some(2 | 3) if point.len() == 1 + curve.bytes() => Err(Error::key_hint(
            "it is an EC key with a compressed point, which is not supported",
            "openssl ec -pubin -in key.pem -conv_form uncompressed -out uncompressed.pem (without -pubin for a private key)",
        )),
        _ => Err(Error::key(format!(
            "it is an EC key with an invalid point for {}",
            curve_name(curve)
        ))),
    }
}

/// The length in bits of a number without leading zeros.
fn bits(number: &[u8]) -> usize {
    match number.split_first() {
        Some((first, rest)) => rest.len() * 8 + (8 - first.leading_zeros() as usize),
        None => 0,
    }
}
