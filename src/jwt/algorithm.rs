//! The algorithms c47 signs and verifies with (RFC 7518 §3.1, RFC 8037 §3.1). `none` is not one.

use std::fmt;

use crate::crypto::ecdsa::Curve;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Hs256,
    Hs384,
    Hs512,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

/// What kind of key an algorithm wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A shared secret.
    Hmac,
    Rsa,
    Ec(Curve),
    Ed25519,
}

impl Algorithm {
    /// All of them, in the order of the help.
    pub const ALL: [Algorithm; 12] = [
        Algorithm::Hs256,
        Algorithm::Hs384,
        Algorithm::Hs512,
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::EdDsa,
    ];

    /// Its name in a token's header.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Hs256 => "HS256",
            Algorithm::Hs384 => "HS384",
            Algorithm::Hs512 => "HS512",
            Algorithm::Rs256 => "RS256",
            Algorithm::Rs384 => "RS384",
            Algorithm::Rs512 => "RS512",
            Algorithm::Ps256 => "PS256",
            Algorithm::Ps384 => "PS384",
            Algorithm::Ps512 => "PS512",
            Algorithm::Es256 => "ES256",
            Algorithm::Es384 => "ES384",
            Algorithm::EdDsa => "EdDSA",
        }
    }

    /// The names of all of them.
    pub fn names() -> Vec<String> {
        Algorithm::ALL.map(|one| one.name().to_owned()).to_vec()
    }

    /// The algorithm of exactly this name: a header's `alg` knows no other spelling.
    pub fn named(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Reads a name as [`Algorithm::named`] does.
    ///
    /// # Errors
    /// Says which names there are, for a usage message.
    pub fn parse(name: &str) -> Result<Algorithm, String> {
        Algorithm::named(name).ok_or_else(|| match name {
            "none" => "'none' is no signature: c47 neither makes nor takes it".to_owned(),
            "ES512" => {
                "ES512 wants the curve P-521, which c47 does not have: take ES384".to_owned()
            }
            _ => {
                let names = Algorithm::names().join(", ");
                format!("'{name}' is no algorithm: {names}")
            }
        })
    }

    /// The kind of key it wants.
    pub fn family(self) -> Family {
        match self {
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => Family::Hmac,
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => Family::Rsa,
            Algorithm::Es256 => Family::Ec(Curve::P256),
            Algorithm::Es384 => Family::Ec(Curve::P384),
            Algorithm::EdDsa => Family::Ed25519,
        }
    }

    /// The length of its hash in bytes, the least a shared secret should have (RFC 7518 §3.2).
    pub fn hash_bytes(self) -> usize {
        match self {
            Algorithm::Hs256 | Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => 32,
            Algorithm::Hs384 | Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 => 48,
            Algorithm::Hs512 | Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::EdDsa => 64,
        }
    }

    /// jsonwebtoken's word for it.
    pub(super) fn foreign(self) -> jsonwebtoken::Algorithm {
        match self {
            Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
            Algorithm::Hs384 => jsonwebtoken::Algorithm::HS384,
            Algorithm::Hs512 => jsonwebtoken::Algorithm::HS512,
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::Rs384 => jsonwebtoken::Algorithm::RS384,
            Algorithm::Rs512 => jsonwebtoken::Algorithm::RS512,
            Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
            Algorithm::Ps384 => jsonwebtoken::Algorithm::PS384,
            Algorithm::Ps512 => jsonwebtoken::Algorithm::PS512,
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::Es384 => jsonwebtoken::Algorithm::ES384,
            Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The key it stands for, as one says it: "a shared secret", "an RSA key".
impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Hmac => "a shared secret",
            Family::Rsa => "an RSA key",
            Family::Ec(Curve::P256) => "an EC key on P-256",
            Family::Ec(Curve::P384) => "an EC key on P-384",
            Family::Ed25519 => "an Ed25519 key",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_both_ways() {
        for one in Algorithm::ALL {
            assert_eq!(Algorithm::parse(one.name()), Ok(one));
            assert_eq!(format!("{:?}", one.foreign()), one.name());
        }
    }

    #[test]
    fn what_is_no_algorithm() {
        for wrong in ["none", "None", "hs256", "HS256 ", "", "ES512", "ES256K"] {
            assert!(Algorithm::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Algorithm::parse("ES512").unwrap_err().contains("P-521"));
    }
}
