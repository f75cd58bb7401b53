//! Keys in PEM, DER, JWK or as a raw secret: how they are read and what they may be used for.

pub(super) mod asn1;
mod encrypted;
pub(crate) mod jwk;
mod lookalike;
mod material;
mod oid;
pub(crate) mod pem;
mod public;
mod set;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use jsonwebtoken::{DecodingKey, EncodingKey};
use zeroize::Zeroizing;

pub(crate) use encrypted::{encrypted_der, is_encrypted, unlock};
pub(crate) use material::Material;
pub(crate) use set::KeySet;

use crate::der;
use crate::jwt::Error;
use crate::jwt::algorithm::Algorithm;
use crate::quantity::count;
use crate::secret::Secret;

/// Whether `use` and `key_ops` of a JWK allow an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    Granted,
    /// Holds the reason.
    Denied(String),
}

impl Permission {
    fn deny(&mut self, why: &str) {
        if *self == Permission::Granted {
            *self = Permission::Denied(why.to_owned());
        }
    }

    fn ensure(&self) -> Result<(), String> {
        match self {
            Permission::Granted => Ok(()),
            Permission::Denied(why) => Err(why.clone()),
        }
    }
}

/// A key for signing or verifying. It decides which algorithms are possible.
pub struct Key {
    material: Material,
    kid: Option<String>,
    /// The only allowed algorithm, from `alg` of a JWK.
    algorithm: Option<Algorithm>,
    signing: Permission,
    verifying: Permission,
}

impl Key {
    /// A key without restrictions.
    pub fn of(material: Material) -> Key {
        Key {
            material,
            kid: None,
            algorithm: None,
            signing: Permission::Granted,
            verifying: Permission::Granted,
        }
    }

    /// Reads a single key in any format. Bytes that are not PEM, DER or JWK are a shared secret.
    ///
    /// # Errors
    /// What was found and what is required. The message never contains the key.
    pub fn parse(secret: &Secret) -> Result<Key, Error> {
        KeySet::parse(secret)?.into_single(None)
    }

    /// The `kid` of a JWK.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The numbers of the key.
    pub fn material(&self) -> &Material {
        &self.material
    }

    /// A description for messages: "an RSA public key of 2048 bits".
    pub fn describe(&self) -> String {
        self.material.describe()
    }

    /// The algorithms that it supports.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        Algorithm::ALL
            .into_iter()
            .filter(|&one| self.suits(one))
            .collect()
    }

    /// Whether the type of the key and its `alg` allow an algorithm.
    pub fn suits(&self, algorithm: Algorithm) -> bool {
        algorithm.family() == self.material.family()
            && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Checks that it can sign with this algorithm.
    ///
    /// # Errors
    /// What the key is and what is required.
    pub fn ensure_signs(&self, algorithm: Algorithm) -> Result<(), Error> {
        let wrong = |why: String, hint: Option<String>| Err(Error::WrongKey { why, hint });
        let wanted = algorithm.family();
        let found = self.describe();
        if wanted != self.material.family() {
            let why = format!("{algorithm} requires {wanted}, but the key is {found}");
            return wrong(why, self.family_hint());
        }
        if let Some(only) = self.algorithm
            && only != algorithm
        {
            return wrong(
                format!("the key is for {only} only, not {algorithm}"),
                Some(format!("--alg {only}")),
            );
        }
        if !self.material.is_private() {
            return wrong(
                format!("signing requires a private key, but this is {found}"),
                None,
            );
        }
        if let Err(why) = self.signing.ensure() {
            return wrong(why, None);
        }
        if let Some(bits) = self.material.rsa_bits()
            && bits > crate::crypto::rsa::MAX_SIGNING_BITS
        {
            return wrong(
                format!("the key is {found}; signing supports at most 4096 bits"),
                None,
            );
        }
        Ok(())
    }

    /// Checks that it may verify with this algorithm.
    ///
    /// # Errors
    /// The reason why a token is rejected.
    pub fn ensure_verifies(&self, algorithm: Algorithm) -> Result<(), String> {
        if !self.suits(algorithm) {
            let only = match self.algorithm {
                Some(only) => format!(", for {only} only"),
                None => String::new(),
            };
            return Err(format!(
                "algorithm {algorithm} is not allowed for this key ({}{only})",
                self.describe()
            ));
        }
        self.verifying.ensure()
    }

    /// The warning for a shared secret that is shorter than the hash, against RFC 7518 §3.2; `None`
    /// if it is long enough, and for other keys.
    pub(crate) fn short_secret(&self, algorithm: Algorithm) -> Option<String> {
        let Material::Shared(secret) = &self.material else {
            return None;
        };
        let length = secret.expose().len();
        let least = algorithm.hash_bytes();
        (self.suits(algorithm) && length < least).then(|| {
            let length = count(length, "byte");
            format!("the secret has {length}, {algorithm} needs at least {least} (RFC 7518)")
        })
    }

    fn family_hint(&self) -> Option<String> {
        if matches!(self.material, Material::Shared(_)) && self.algorithm.is_none() {
            return Some("a key that is not PEM, DER or JWK is used as a shared secret".to_owned());
        }
        match self.algorithms().as_slice() {
            [] => None,
            [one] => Some(format!("this key is for {one}")),
            several => {
                let names: Vec<&str> = several.iter().map(|one| one.name()).collect();
                Some(format!("this key is for one of {}", names.join(", ")))
            }
        }
    }

    /// The key for jsonwebtoken's signer; `None` for a public key.
    pub(super) fn encoding_key(&self) -> Option<EncodingKey> {
        match &self.material {
            Material::Shared(secret) => Some(EncodingKey::from_secret(secret.expose())),
            Material::Rsa { private, .. } => private
                .as_ref()
                .map(|pkcs1| EncodingKey::from_rsa_der(pkcs1.expose())),
            Material::Ec { .. } => self
                .material
                .pkcs8()
                .map(|pkcs8| EncodingKey::from_ec_der(pkcs8.expose())),
            Material::Ed25519 { .. } => self
                .material
                .pkcs8()
                .map(|pkcs8| EncodingKey::from_ed_der(pkcs8.expose())),
        }
    }

    /// The key for jsonwebtoken's verifier, in the form that our provider reads.
    pub(super) fn decoding_key(&self) -> DecodingKey {
        match &self.material {
            Material::Shared(secret) => DecodingKey::from_secret(secret.expose()),
            Material::Rsa {
                modulus, exponent, ..
            } => DecodingKey::from_rsa_raw_components(modulus, exponent),
            Material::Ec { point, .. } => DecodingKey::from_ec_der(point),
            Material::Ed25519 { public, .. } => DecodingKey::from_ed_der(public),
        }
    }
}

/// The detected format.
enum Content<'a> {
    Pem(&'a [u8]),
    Json(&'a str),
    Der(&'a [u8]),
    /// PEM, DER or JSON in base64, as in environment variables of containers.
    Wrapped(Zeroizing<Vec<u8>>),
    Raw,
}

/// Detects the format. A public key must be recognized in every usual format: if it were used as a
/// shared secret, anyone could sign.
fn content(bytes: &[u8]) -> Result<Content<'_>, Error> {
    if let Some(known) = plain_content(bytes)? {
        return Ok(known);
    }
    let inner = unwrap_base64(bytes);
    if let Some(inner) = inner
        && plain_content(&inner)?.is_some()
    {
        return Ok(Content::Wrapped(inner));
    }
    Ok(Content::Raw)
}

fn plain_content(bytes: &[u8]) -> Result<Option<Content<'_>>, Error> {
    let text = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii();
    if pem::is_pem(text) {
        return Ok(Some(Content::Pem(text)));
    }
    if der::is_sequence(bytes) {
        return Ok(Some(Content::Der(bytes)));
    }
    if let Ok(text) = std::str::from_utf8(text) {
        let is_object = text.starts_with('{') && crate::json::ensure_sound(text).is_ok();
        if is_object || text.contains("\"kty\"") {
            return Ok(Some(Content::Json(text)));
        }
    }
    // Windows tools write UTF-16: the same text with a NUL in each character.
    if bytes.contains(&0) && is_key_in_utf16(bytes) {
        return Err(Error::key("it is a key in UTF-16; convert it to UTF-8"));
    }
    match unsupported_format(text) {
        Some(error) => Err(error),
        None => Ok(None),
    }
}

/// Whether the bytes are a key after removing NUL bytes.
fn is_key_in_utf16(bytes: &[u8]) -> bool {
    let mut bare = Zeroizing::new(Vec::with_capacity(bytes.len()));
    bare.extend(bytes.iter().filter(|&&byte| byte != 0));
    pem::is_pem(&bare) || bare.windows(5).any(|window| window == b"\"kty\"")
}

/// The error for a known format that is not supported.
fn unsupported_format(text: &[u8]) -> Option<Error> {
    const OPENSSH: [&[u8]; 5] = [
        b"ssh-rsa ",
        b"ssh-ed25519 ",
        b"ssh-dss ",
        b"ecdsa-sha2-",
        b"sk-",
    ];
    let is_openssh = OPENSSH.iter().any(|start| text.starts_with(start))
        && text.windows(4).any(|window| window == b"AAAA");
    if is_openssh || text.starts_with(b"---- BEGIN SSH2 PUBLIC KEY") {
        return Some(Error::key_hint(
            "it is a public key in OpenSSH format; PEM is required",
            "ssh-keygen -e -m PKCS8 -f key.pub > key.pem",
        ));
    }
    if text.starts_with(b"PuTTY-User-Key-File") {
        return Some(Error::key_hint(
            "it is a key in PuTTY format; PEM is required",
            "puttygen key.ppk -O private-openssh -o key.pem",
        ));
    }
    None
}

fn unwrap_base64(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bare = Zeroizing::new(Vec::with_capacity(bytes.len()));
    bare.extend(bytes.iter().filter(|byte| !byte.is_ascii_whitespace()));
    while bare.last() == Some(&b'=') {
        bare.pop();
    }
    while bare.len() % 4 != 0 {
        bare.push(b'=');
    }
    let mut inner = Zeroizing::new(vec![0; bare.len()]);
    let length = STANDARD
        .decode_slice(&*bare, &mut inner)
        .or_else(|_| URL_SAFE.decode_slice(&*bare, &mut inner))
        .ok()?;
    inner.truncate(length);
    Some(inner)
}
