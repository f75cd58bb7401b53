//! The supported algorithms (RFC 7518 §3.1, RFC 8037 §3.1). `none` is never accepted.

use std::fmt;

use crate::crypto::ecdsa::Curve;

/// A signature algorithm.
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

/// The type of key that an algorithm requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A shared secret.
    Hmac,
    Rsa,
    Ec(Curve),
    Ed25519,
}

impl Algorithm {
    /// All algorithms, in the order of the help.
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

    /// The name in a token's header.
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

    /// All names.
    pub fn names() -> Vec<String> {
        Algorithm::ALL.map(|one| one.name().to_owned()).to_vec()
    }

    /// The algorithm with exactly this name. The `alg` header is case-sensitive.
    pub fn named(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Reads a name as [`Algorithm::named`] does.
    ///
    /// # Errors
    /// The valid names, for a usage message.
    pub fn parse(name: &str) -> Result<Algorithm, String> {
        Algorithm::named(name).ok_or_else(|| match name {
            "none" => "'none' is not supported: tokens must be signed".to_owned(),
            "ES512" => {
                "ES512 is not supported: c47 has no P-521; use ES384 (c47 jwt keygen --alg ES384)"
                    .to_owned()
            }
            _ => {
                let names = Algorithm::names().join(", ");
                format!("unknown algorithm '{name}'; use one of {names}")
            }
        })
    }

    /// The type of key that it requires.
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

    /// The length of its hash in bytes, the minimum length of a shared secret (RFC 7518 §3.2).
    pub fn hash_bytes(self) -> usize {
        match self {
            Algorithm::Hs256 | Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => 32,
            Algorithm::Hs384 | Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 => 48,
            Algorithm::Hs512 | Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::EdDsa => 64,
        }
    }

    /// The same algorithm in jsonwebtoken.
    pub(super) fn to_jsonwebtoken(self) -> jsonwebtoken::Algorithm {
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

/// The type of key, for messages: "a shared secret", "an RSA key".
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
    fn names_round_trip() {
        for one in Algorithm::ALL {
            assert_eq!(Algorithm::parse(one.name()), Ok(one));
            assert_eq!(format!("{:?}", one.to_jsonwebtoken()), one.name());
        }
    }

    #[test]
    fn unknown_algorithms_are_rejected() {
        for wrong in ["none", "None", "hs256", "HS256 ", "", "ES512", "ES256K"] {
            assert!(Algorithm::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Algorithm::parse("ES512").unwrap_err().contains("P-521"));
    }
}
