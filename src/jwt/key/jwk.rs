//! Keys in JSON (RFC 7517, RFC 7518 §6, RFC 8037 §2), private and public. Secrets are read in place,
//! and every copy is wiped.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::material::{Material, SUPPORTED};
use super::{Key, Permission};
use crate::crypto::ecdsa::Curve;
use crate::der::{self, SEQUENCE};
use crate::json;
use crate::jwt::algorithm::Algorithm;
use crate::jwt::{Error, base64url, quoted};
use crate::quantity::count;
use crate::secret::Secret;

/// The maximum number of keys in a set.
const MAX_KEYS: usize = 1000;

/// A key in a set that cannot be used, and the reason.
pub(crate) struct Unusable {
    pub kid: Option<String>,
    pub why: String,
}

/// The content of a JSON text.
pub(crate) enum Document {
    Key(Box<Key>),
    Set(Vec<Key>, Vec<Unusable>),
}

type Members<'a> = BTreeMap<String, &'a RawValue>;

/// Reads a JWK or a JWK set.
///
/// # Errors
/// If it is neither, or a single key cannot be used. A set may contain keys of unknown types
/// (RFC 7517 §5), which are listed separately.
pub(crate) fn read(text: &str) -> Result<Document, Error> {
    json::ensure_sound(text).map_err(|why| Error::key(format!("it is not valid JSON: {why}")))?;
    let members = members(text)?;
    if let Some(keys) = members.get("keys") {
        return set(keys);
    }
    if !members.contains_key("kty") {
        return Err(Error::key(
            "it is a JSON object without 'kty' or 'keys', so it is not a JWK or JWK set",
        ));
    }
    key(&members).map(|key| Document::Key(Box::new(key)))
}

fn members(text: &str) -> Result<Members<'_>, Error> {
    // serde's message could contain parts of the key.
    serde_json::from_str(text).map_err(|_| Error::key("it is not a JSON object"))
}

fn set(keys: &RawValue) -> Result<Document, Error> {
    let keys: Vec<&RawValue> = serde_json::from_str(keys.get())
        .map_err(|_| Error::key("it is a JWK set, but its 'keys' is not an array"))?;
    if keys.len() > MAX_KEYS {
        return Err(Error::key(format!(
            "it is a JWK set of {} keys; the limit is {MAX_KEYS}",
            keys.len()
        )));
    }
    let mut usable = Vec::new();
    let mut unusable = Vec::new();
    for text in keys {
        let members = members(text.get())?;
        match key(&members) {
            Ok(key) => usable.push(key),
            Err(Error::Key { why, .. }) => unusable.push(Unusable {
                kid: string(&members, "kid").ok().flatten().map(Cow::into_owned),
                why,
            }),
            Err(other) => return Err(other),
        }
    }
    Ok(Document::Set(usable, unusable))
}

fn key(members: &Members) -> Result<Key, Error> {
    let material = material(members)?;
    let algorithm = match string(members, "alg")? {
        None => None,
        Some(name) => Some(
            Algorithm::named(&name)
                .ok_or_else(|| Error::key(format!("its alg {} is not supported", quoted(&name))))?,
        ),
    };
    if let Some(algorithm) = algorithm
        && algorithm.family() != material.family()
    {
        return Err(Error::key(format!(
            "its alg is {algorithm}, but it is {}",
            material.describe()
        )));
    }
    let mut key = Key::of(material);
    key.kid = string(members, "kid")?.map(Cow::into_owned);
    key.algorithm = algorithm;
    restrict(members, &mut key)?;
    Ok(key)
}

/// Applies `use` and `key_ops` (RFC 7517 §4.2, §4.3).
fn restrict(members: &Members, key: &mut Key) -> Result<(), Error> {
    if let Some(usage) = string(members, "use")?
        && usage != "sig"
    {
        let why = format!("the key's use is {}, not 'sig'", quoted(&usage));
        key.signing = Permission::Denied(why.clone());
        key.verifying = Permission::Denied(why);
    }
    let Some(operations) = members.get("key_ops") else {
        return Ok(());
    };
    let operations: Vec<String> = serde_json::from_str(operations.get())
        .map_err(|_| Error::key("its 'key_ops' is not an array of strings"))?;
    let lists = |operation: &str| operations.iter().any(|one| one == operation);
    if !lists("sign") {
        key.signing.deny("the key's key_ops do not list 'sign'");
    }
    // WebCrypto sets only 'sign' on a private key and 'verify' on its public key. The private key
    // includes the public one, so it may verify too. A shared secret must list each operation.
    let is_pair = key.material.is_private() && !matches!(key.material, Material::Shared(_));
    let may_verify = lists("verify") || (is_pair && lists("sign"));
    if !may_verify {
        key.verifying.deny("the key's key_ops do not list 'verify'");
    }
    Ok(())
}

fn material(members: &Members) -> Result<Material, Error> {
    let kind = string(members, "kty")?.ok_or_else(|| Error::key("it is a JWK without 'kty'"))?;
    match kind.as_ref() {
        "oct" => {
            let secret = required(members, "k")?;
            if secret.is_empty() {
                return Err(Error::key("it is an empty shared secret"));
            }
            Ok(Material::Shared(Secret::new(secret.to_vec())))
        }
        "RSA" => rsa(members),
        "EC" => ec(members),
        "OKP" => {
            let curve = string(members, "crv")?.unwrap_or_default();
            if curve != "Ed25519" {
                return Err(other_curve(&curve));
            }
            let public = required(members, "x")?;
            match bytes(members, "d")? {
                Some(seed) => Material::ed25519_private(&seed, Some(&public)),
                None => Material::ed25519_public(&public),
            }
        }
        other => Err(Error::key(format!(
            "it is a JWK of type {}; {SUPPORTED}",
            quoted(other)
        ))),
    }
}

fn rsa(members: &Members) -> Result<Material, Error> {
    let modulus = required(members, "n")?;
    let exponent = required(members, "e")?;
    let Some(private) = bytes(members, "d")? else {
        return Material::rsa_public(&modulus, &exponent);
    };
    if members.contains_key("oth") {
        return Err(Error::key(
            "it is an RSA key with more than two primes, which is not supported",
        ));
    }
    let factor = |name| {
        bytes(members, name)?.ok_or_else(|| {
            Error::key(format!(
                "it is an RSA private key without '{name}': p, q, dp, dq and qi are required with d"
            ))
        })
    };
    let numbers = [
        modulus,
        exponent,
        private,
        factor("p")?,
        factor("q")?,
        factor("dp")?,
        factor("dq")?,
        factor("qi")?,
    ]
    .map(|number| der::unsigned(&number));
    let mut parts: Vec<&[u8]> = vec![&[der::INTEGER, 1, 0]]; // version: two primes
    parts.extend(numbers.iter().map(|number| number.as_slice()));
    Material::rsa_private(&der::element(SEQUENCE, &parts))
}

fn ec(members: &Members) -> Result<Material, Error> {
    let name = string(members, "crv")?.unwrap_or_default();
    let curve = match name.as_ref() {
        "P-256" => Curve::P256,
        "P-384" => Curve::P384,
        other => return Err(other_curve(other)),
    };
    let mut point = vec![4];
    for name in ["x", "y"] {
        let coordinate = required(members, name)?;
        if coordinate.len() != curve.bytes() {
            return Err(Error::key(format!(
                "its '{name}' has {}, not {}",
                count(coordinate.len(), "byte"),
                curve.bytes()
            )));
        }
        point.extend_from_slice(&coordinate);
    }
    match bytes(members, "d")? {
        Some(private) => Material::ec_private(curve, &private, &point),
        None => Material::ec_public(curve, &point),
    }
}

fn other_curve(name: &str) -> Error {
    Error::key(format!(
        "it is a JWK on the curve {}; {SUPPORTED}",
        quoted(name)
    ))
}

/// A string member. The error does not contain it.
fn string<'a>(members: &Members<'a>, name: &str) -> Result<Option<Cow<'a, str>>, Error> {
    let Some(value) = members.get(name) else {
        return Ok(None);
    };
    let text = value.get();
    let plain = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .filter(|text| !text.contains('\\'));
    match plain {
        Some(plain) => Ok(Some(Cow::Borrowed(plain))),
        None => serde_json::from_str(text)
            .map(|text| Some(Cow::Owned(text)))
            .map_err(|_| Error::key(format!("its '{name}' is not a string"))),
    }
}

/// A member in base64url.
fn bytes(members: &Members, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    match string(members, name)? {
        None => Ok(None),
        Some(text) => base64url::decode(text.as_bytes())
            .map(Some)
            .ok_or_else(|| Error::key(format!("its '{name}' is not base64url (without padding)"))),
    }
}

fn required(members: &Members, name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    bytes(members, name)?.ok_or_else(|| Error::key(format!("it is a JWK without '{name}'")))
}
