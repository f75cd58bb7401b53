//! Keys: what they are, where they may serve, and how they are read from whatever a file or
//! variable holds: PEM, DER, JWK, or a raw secret.

pub(super) mod asn1;
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

pub(crate) use material::Material;
pub(crate) use set::KeySet;

use crate::der;
use crate::jwt::Error;
use crate::jwt::algorithm::Algorithm;
use crate::quantity::count;
use crate::secret::Secret;

/// Whether a JWK's own words let it serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    Granted,
    /// What stands against it.
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

/// A key to sign or to verify with. It decides which algorithms are possible.
pub struct Key {
    material: Material,
    kid: Option<String>,
    /// The only algorithm a JWK's `alg` allows.
    algorithm: Option<Algorithm>,
    signing: Permission,
    verifying: Permission,
}

impl Key {
    /// A key that nothing restricts.
    pub fn of(material: Material) -> Key {
        Key {
            material,
            kid: None,
            algorithm: None,
            signing: Permission::Granted,
            verifying: Permission::Granted,
        }
    }

    /// Reads the one key that `secret` holds, in whatever format. What is neither PEM, DER nor JWK
    /// is a shared secret, byte for byte.
    ///
    /// # Errors
    /// Says what was found and what is wanted; never repeats it.
    pub fn parse(secret: &Secret) -> Result<Key, Error> {
        KeySet::parse(secret)?.into_single(None)
    }

    /// The identifier a JWK gives itself.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What it is made of.
    pub fn material(&self) -> &Material {
        &self.material
    }

    /// What it is, in words: "an RSA public key of 2048 bits".
    pub fn describe(&self) -> String {
        self.material.describe()
    }

    /// The algorithms it can be used with.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        Algorithm::ALL
            .into_iter()
            .filter(|&one| self.suits(one))
            .collect()
    }

    /// Whether an algorithm is possible with this kind of key, and allowed by its `alg`.
    pub fn suits(&self, algorithm: Algorithm) -> bool {
        algorithm.family() == self.material.family()
            && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Ensures that it can sign with this algorithm.
    ///
    /// # Errors
    /// Says what it is and what would be wanted.
    pub fn ensure_signs(&self, algorithm: Algorithm) -> Result<(), Error> {
        let wrong = |why: String, hint: Option<String>| Err(Error::WrongKey { why, hint });
        let wanted = algorithm.family();
        let found = self.describe();
        if wanted != self.material.family() {
            let why = format!("{algorithm} wants {wanted}, but the key is {found}");
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
                format!("signing wants the private key, but this is {found}"),
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
                format!("the key is {found}: signing takes 4096 bits at most"),
                None,
            );
        }
        Ok(())
    }

    /// Ensures that it may verify with this algorithm.
    ///
    /// # Errors
    /// Says why not, as the reason why a token is refused.
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

    /// What is wrong with the length of a shared secret for this algorithm: RFC 7518 §3.2 wants it
    /// as long as the hash. `None` where it is long enough, and for other keys.
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
            return Some(
                "what is neither PEM, DER nor JWK is taken for a shared secret".to_owned(),
            );
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

    /// For jsonwebtoken's signer; `None` for a public key.
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

    /// For jsonwebtoken's verifier, in the form that our provider reads.
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

/// What bytes are, before they are read.
enum Content<'a> {
    Pem(&'a [u8]),
    Json(&'a str),
    Der(&'a [u8]),
    /// PEM, DER or JSON once more in base64, as variables of containers hold it.
    Wrapped(Zeroizing<Vec<u8>>),
    Raw,
}

/// Tells what bytes are. Whatever is a public key in any of the usual spellings must be seen as
/// one: taken for a shared secret, it would let everybody sign.
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
    if pem::is_meant(text) {
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
    // What Windows writes into a file: the same text, with a NUL beside each character.
    if bytes.contains(&0) && is_spread(bytes) {
        return Err(Error::key("it is a key in UTF-16, and UTF-8 is wanted"));
    }
    match foreign(text) {
        Some(error) => Err(error),
        None => Ok(None),
    }
}

/// Whether a key is there once NUL bytes are left out.
fn is_spread(bytes: &[u8]) -> bool {
    let mut bare = Zeroizing::new(Vec::with_capacity(bytes.len()));
    bare.extend(bytes.iter().filter(|&&byte| byte != 0));
    pem::is_meant(&bare) || bare.windows(5).any(|window| window == b"\"kty\"")
}

/// Formats that c47 does not read, and that are no shared secret.
fn foreign(text: &[u8]) -> Option<Error> {
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
            "it is a public key in OpenSSH's own format, and PEM as OpenSSL writes it is wanted",
            "ssh-keygen -e -m PKCS8 -f key.pub > key.pem",
        ));
    }
    if text.starts_with(b"PuTTY-User-Key-File") {
        return Some(Error::key_hint(
            "it is a key in PuTTY's own format, and PEM as OpenSSL writes it is wanted",
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
