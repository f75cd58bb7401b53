//! The public key as a JWK, with its thumbprint (RFC 7638) as the `kid`.

use super::Key;
use super::material::{Material, curve_name};
use crate::crypto;
use crate::crypto::ecdsa::Curve;
use crate::json::Text;
use crate::jwt::base64url;

impl Material {
    /// The members of the public key, in the order of RFC 7638 §3.2; `None` for a shared secret,
    /// which has no public key.
    pub fn public_members(&self) -> Option<Vec<(&'static str, Text)>> {
        let bytes = |bytes: &[u8]| Text::string(&base64url::encode(bytes));
        Some(match self {
            Material::Shared(_) => return None,
            Material::Rsa {
                modulus, exponent, ..
            } => vec![
                ("e", bytes(exponent)),
                ("kty", Text::string("RSA")),
                ("n", bytes(modulus)),
            ],
            Material::Ec { curve, point, .. } => {
                let (x, y) = coordinates(*curve, point);
                vec![
                    ("crv", Text::string(curve_name(*curve))),
                    ("kty", Text::string("EC")),
                    ("x", bytes(x)),
                    ("y", bytes(y)),
                ]
            }
            Material::Ed25519 { public, .. } => vec![
                ("crv", Text::string("Ed25519")),
                ("kty", Text::string("OKP")),
                ("x", bytes(public)),
            ],
        })
    }

    /// The SHA-256 thumbprint in base64url; `None` for a shared secret.
    pub fn thumbprint(&self) -> Option<String> {
        let members = self.public_members()?;
        let text = Text::object(members.iter().map(|(name, value)| (*name, value)));
        Some(base64url::encode(&crypto::sha256(text.as_str().as_bytes())))
    }
}

impl Key {
    /// The public JWK, without private members. It has `alg` if only one algorithm is possible.
    pub fn public_jwk(&self) -> Option<Text> {
        let mut members = self.material.public_members()?;
        members.push(("use", Text::string("sig")));
        if let [only] = self.algorithms().as_slice() {
            members.push(("alg", Text::string(only.name())));
        }
        members.push(("kid", Text::string(&self.material.thumbprint()?)));
        Some(Text::object(
            members.iter().map(|(name, value)| (*name, value)),
        ))
    }
}

/// The coordinates of an uncompressed point.
fn coordinates(curve: Curve, point: &[u8]) -> (&[u8], &[u8]) {
    point
        .strip_prefix(&[4])
        .and_then(|both| both.split_at_checked(curve.bytes()))
        .unwrap_or_default()
}
