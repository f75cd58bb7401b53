//! Signs and verifies tokens with every algorithm, and checks that altered tokens are refused.

use super::{CheckResult, Passed};
use crate::crypto;
use crate::crypto::ecdsa::Curve;
use crate::io_error::reason;
use crate::jwt::algorithm::Family;
use crate::jwt::key::{Key, KeySet, Material};
use crate::jwt::verify::{Policy, verify};
use crate::jwt::{Algorithm, Mint, mint};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// A key for this check only, because ring cannot generate RSA keys. PKCS#1, 2048 bits, by `openssl genrsa -traditional 2048 | openssl rsa -traditional -outform der`.
const RSA: &[u8] = include_bytes!("rsa.der");

/// Checks that two random values differ.
pub(super) fn entropy() -> CheckResult {
    let draw =
        || crypto::random(32).map_err(|error| format!("no random numbers: {}", reason(&error)));
    let (one, other) = (draw()?, draw()?);
    if one == other || one.iter().all(|&byte| byte == 0) {
        return Err("two random values are the same".into());
    }
    Ok(Passed::Cleanly(
        "two random values of 32 bytes differ".into(),
    ))
}

/// Signs and verifies with every algorithm.
pub(super) fn all(now: Timestamp) -> CheckResult {
    let mut names = Vec::new();
    for algorithm in Algorithm::ALL {
        one(algorithm, now).map_err(|why| format!("{algorithm}: {why}"))?;
        names.push(algorithm.name());
    }
    Ok(Passed::Cleanly(format!(
        "signed and verified: {}",
        names.join(" ")
    )))
}

fn one(algorithm: Algorithm, now: Timestamp) -> Result<(), String> {
    let key = key(algorithm.family())?;
    let token = mint(&Mint::new(algorithm, &key, now)).map_err(|error| error.to_string())?;
    let keys = KeySet::from(key);
    let policy = Policy::at(now);
    let verified = verify(token.expose(), &keys, &policy)
        .map_err(|rejected| format!("the signed token does not verify: {rejected}"))?;
    if verified.algorithm != algorithm {
        return Err("the token has another algorithm".into());
    }
    match verify(&altered(token.expose()), &keys, &policy) {
        Ok(_) => Err("an altered token verifies".into()),
        Err(_) => Ok(()),
    }
}

fn key(family: Family) -> Result<Key, String> {
    let random = |length| {
        crypto::random(length).map_err(|error| format!("cannot generate a key: {}", reason(&error)))
    };
    let parsed =
        |bytes: Vec<u8>| Key::parse(&Secret::new(bytes)).map_err(|error| error.to_string());
    match family {
        Family::Hmac => Ok(Key::of(Material::Shared(Secret::new(random(64)?.to_vec())))),
        Family::Rsa => parsed(RSA.to_vec()),
        Family::Ec(curve) => {
            let pkcs8 = generate(curve)?;
            parsed(pkcs8)
        }
        Family::Ed25519 => Material::ed25519_private(&random(32)?, None)
            .map(Key::of)
            .map_err(|error| error.to_string()),
    }
}

fn generate(curve: Curve) -> Result<Vec<u8>, String> {
    crypto::ecdsa::generate(curve)
        .map(|pkcs8| pkcs8.to_vec())
        .map_err(|error| format!("cannot generate a key: {}", reason(&error)))
}

/// The token with one changed letter in its claims.
fn altered(token: &[u8]) -> Vec<u8> {
    let mut token = token.to_vec();
    let claims = token
        .iter()
        .position(|&b| b == b'.')
        .map_or(0, |dot| dot + 3);
    if let Some(letter) = token.get_mut(claims) {
        *letter = if *letter == b'A' { b'B' } else { b'A' };
    }
    token
}
