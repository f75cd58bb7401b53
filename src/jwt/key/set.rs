//! One key or a set of them, and which of them may verify a token.

use super::jwk::{self, Document, Unusable};
use super::material::Material;
use super::{Content, Key, asn1, content, lookalike, pem};
use crate::jwt::algorithm::Algorithm;
use crate::jwt::{Error, quoted};
use crate::secret::Secret;

/// The keys a verifier trusts.
pub struct KeySet {
    keys: Vec<Key>,
    unusable: Vec<Unusable>,
    origin: Origin,
}

/// What the keys came as.
enum Origin {
    /// One key: it verifies every token that does not name another.
    Single,
    /// A JWK set: a token that names a key gets that one or none.
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
    /// Reads keys in whatever format; what is neither PEM, DER nor JWK, and does
    /// not begin like one, is a shared secret.
    ///
    /// # Errors
    /// Says what was found and what is wanted; never repeats it.
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

    /// Reads a JWK set that a service publishes. A shared secret in it is none: it is not used.
    ///
    /// # Errors
    /// When it is no JWK set.
    pub fn parse_published(bytes: &[u8]) -> Result<KeySet, Error> {
        let mut set = KeySet::parse_json(bytes)?;
        set.keys
            .retain(|key| !matches!(key.material, Material::Shared(_)));
        Ok(set)
    }

    /// Reads a JWK set (or a single JWK), and nothing else.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse_json(bytes: &[u8]) -> Result<KeySet, Error> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Error::key("it is no JWK set, since it is not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii();
        if !text.starts_with('{') {
            return Err(Error::key("it is no JWK set, since it is no JSON object"));
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
            // Twice in base64 is nothing anybody does.
            Content::Wrapped(_) | Content::Raw => {
                return Err(Error::key("it is none that c47 knows"));
            }
        })
    }

    /// The keys that can be used.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Why keys of the set cannot be used.
    pub fn unusable(&self) -> impl Iterator<Item = &str> {
        self.unusable.iter().map(|one| one.why.as_str())
    }

    /// The one key, or of a set the one with this identifier.
    ///
    /// # Errors
    /// When there is none, or more than one.
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
                "it is a JWK set of {count} keys, and one is wanted"
            ))),
            (Some(_), _, Some(kid)) => Err(Error::key(format!(
                "it is a JWK set with {count} keys of the kid {}",
                quoted(kid)
            ))),
            (None, [one], None) => Err(Error::key(one.why.clone())),
            (None, _, None) => Err(Error::key("it is a JWK set without a usable key")),
            (None, _, Some(kid)) => Err(Error::key(format!(
                "it is a JWK set without a usable key of the kid {}",
                quoted(kid)
            ))),
        }
    }

    /// Whether any key can be used with the algorithm.
    pub fn suits(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| key.suits(algorithm))
    }

    /// What is wrong with the length of the first shared secret that is too short for the
    /// algorithm; see [`Key::short_secret`].
    pub(crate) fn short_secret(&self, algorithm: Algorithm) -> Option<String> {
        self.keys.iter().find_map(|key| key.short_secret(algorithm))
    }

    /// The keys that may verify a token with this header, one at least.
    ///
    /// # Errors
    /// Says why there is none, as the reason why the token is refused.
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
                "algorithm {algorithm} is not allowed for any key of the set"
            ));
        }
        Ok(fitting)
    }

    /// The keys a token's `kid` lets verify it.
    fn named(&self, kid: Option<&str>) -> Result<Vec<&Key>, String> {
        let all = || self.keys.iter().collect();
        let Some(kid) = kid else { return Ok(all()) };
        match self.origin {
            // A key without a kid of its own was given for whatever comes.
            Origin::Single => match self.keys.iter().find_map(Key::kid) {
                Some(own) if own != kid => Err(format!(
                    "the token is signed with the key {}, and this one is {}",
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
