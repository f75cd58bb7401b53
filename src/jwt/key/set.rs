//! A single key or a set of keys, and which of them may verify a token.

use super::jwk::{self, Document, Unusable};
use super::material::Material;
use super::{Content, Key, asn1, content, lookalike, pem};
use crate::jwt::algorithm::Algorithm;
use crate::jwt::{Error, quoted};
use crate::secret::Secret;

/// The trusted keys of a verifier.
pub struct KeySet {
    keys: Vec<Key>,
    unusable: Vec<Unusable>,
    origin: Origin,
}

/// The form in which the keys were given.
enum Origin {
    /// A single key, which verifies every token.
    Single,
    /// A JWK set. A token with a `kid` is verified only by the key with that `kid`.
    Set,
}

impl From<Key> for KeySet {
    fn from(key: Key) -> KeySet {
        KeySet {
            keys: vec![key],
            unusable: Vec::new(),
            origin: Origin::Single,
        }
    }
}

impl KeySet {
    /// Reads keys in any format. Bytes that are not PEM, DER or JWK, and do not start like one, are a
    /// shared secret.
    ///
    /// # Errors
    /// What was found and what is required. The message never contains the key.
    pub fn parse(secret: &Secret) -> Result<KeySet, Error> {
        let bytes = secret.expose();
        if bytes.is_empty() {
            return Err(Error::key("it is empty"));
        }
        let found = content(bytes)?;
        match found {
            Content::Raw => {
                lookalike::ensure_none(bytes)?;
                Ok(Key::of(Material::Shared(secret.clone())).into())
            }
            Content::Wrapped(inner) => KeySet::read(content(&inner)?),
            other => KeySet::read(other),
        }
    }

    /// Reads a JWK set that a service publishes. A published shared secret is not secret, so it is skipped.
    ///
    /// # Errors
    /// If it is not a JWK set.
    pub fn parse_published(bytes: &[u8]) -> Result<KeySet, Error> {
        let mut set = KeySet::parse_json(bytes)?;
        set.keys
            .retain(|key| !matches!(key.material, Material::Shared(_)));
        Ok(set)
    }

    /// Reads only a JWK set or a single JWK.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse_json(bytes: &[u8]) -> Result<KeySet, Error> {
        let text =
            std::str::from_utf8(bytes).map_err(|_| Error::key("it is not a JWK set: not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii();
        if !text.starts_with('{') {
            return Err(Error::key("it is not a JWK set: not a JSON object"));
        }
        KeySet::read(Content::Json(text))
    }

    fn read(found: Content) -> Result<KeySet, Error> {
        Ok(match found {
            Content::Pem(text) => Key::of(pem::read(text)?).into(),
            Content::Der(bytes) => Key::of(asn1::any(bytes)?).into(),
            Content::Json(text) => match jwk::read(text)? {
                Document::Key(key) => KeySet::from(*key),
                Document::Set(keys, unusable) => KeySet {
                    keys,
                    unusable,
                    origin: Origin::Set,
                },
            },
            // base64 in base64 is not supported.
            Content::Wrapped(_) | Content::Raw => {
                return Err(Error::key("its format is not supported"));
            }
        })
    }

    /// The usable keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The reasons why other keys of the set cannot be used.
    pub fn unusable(&self) -> impl Iterator<Item = &str> {
        self.unusable.iter().map(|one| one.why.as_str())
    }

    /// The single key, or the key of a set with this `kid`.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn into_single(self, kid: Option<&str>) -> Result<Key, Error> {
        let is_set = matches!(self.origin, Origin::Set);
        let mut fitting: Vec<Key> = self
            .keys
            .into_iter()
            .filter(|key| !is_set || kid.is_none_or(|kid| key.kid() == Some(kid)))
            .collect();
        let count = fitting.len();
        match (fitting.pop(), self.unusable.as_slice(), kid) {
            (Some(key), _, _) if count == 1 => Ok(key),
            (Some(_), _, None) => Err(Error::key(format!(
                "it is a JWK set of {count} keys; select one with its kid"
            ))),
            (Some(_), _, Some(kid)) => Err(Error::key(format!(
                "it is a JWK set with {count} keys with the kid {}",
                quoted(kid)
            ))),
            (None, [one], None) => Err(Error::key(one.why.clone())),
            (None, _, None) => Err(Error::key("it is a JWK set without a usable key")),
            (None, _, Some(kid)) => Err(Error::key(format!(
                "it is a JWK set without a usable key with the kid {}",
                quoted(kid)
            ))),
        }
    }

    /// Whether any key supports the algorithm.
    pub fn suits(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| key.suits(algorithm))
    }

    /// The warning for the first shared secret that is too short; see [`Key::short_secret`].
    pub(crate) fn short_secret(&self, algorithm: Algorithm) -> Option<String> {
        self.keys.iter().find_map(|key| key.short_secret(algorithm))
    }

    /// The keys that may verify a token with this header, at least one.
    ///
    /// # Errors
    /// The reason why the token is rejected.
    pub fn candidates(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<Vec<&Key>, String> {
        let named = self.named(kid)?;
        let refusals: Vec<String> = named
            .iter()
            .filter_map(|key| key.ensure_verifies(algorithm).err())
            .collect();
        if let ([_], [refusal]) = (named.as_slice(), refusals.as_slice()) {
            return Err(refusal.clone());
        }
        let fitting: Vec<&Key> = named
            .into_iter()
            .filter(|key| key.ensure_verifies(algorithm).is_ok())
            .collect();
        if fitting.is_empty() {
            return Err(format!(
                "algorithm {algorithm} is not allowed for any key in the set"
            ));
        }
        Ok(fitting)
    }

    /// The keys that may verify a token with this `kid`.
    fn named(&self, kid: Option<&str>) -> Result<Vec<&Key>, String> {
        let all = || self.keys.iter().collect();
        let Some(kid) = kid else { return Ok(all()) };
        match self.origin {
            // A single key without a kid verifies every token.
            Origin::Single => match self.keys.iter().find_map(Key::kid) {
                Some(own) if own != kid => Err(format!(
                    "the token is signed with the key {}, but this key is {}",
                    quoted(kid),
                    quoted(own)
                )),
                _ => Ok(all()),
            },
            Origin::Set => {
                let named: Vec<&Key> = self
                    .keys
                    .iter()
                    .filter(|key| key.kid() == Some(kid))
                    .collect();
                if !named.is_empty() {
                    return Ok(named);
                }
                let unusable = self
                    .unusable
                    .iter()
                    .find(|one| one.kid.as_deref() == Some(kid));
                Err(match unusable {
                    Some(one) => format!("the key {} cannot be used: {}", quoted(kid), one.why),
                    None => format!("the key {} is not in the set", quoted(kid)),
                })
            }
        }
    }
}
