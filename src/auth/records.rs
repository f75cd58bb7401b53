//! The records of the token cache, as JSON: a token, a refusal or a failure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use super::store::Store;
use crate::hex;
use crate::json::Text;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// How long a refusal is remembered.
pub(super) const REFUSAL: Duration = Duration::from_secs(60);

/// The expiry of a token that is only for the process that got it.
pub(super) const NEVER_STORED: Timestamp = Timestamp(0);

/// A stored token.
#[derive(Clone, Debug)]
pub(crate) struct StoredToken {
    pub token: Secret,
    pub refresh_token: Option<Secret>,
    pub expires: Option<Timestamp>,
    pub obtained: Timestamp,
    /// Other values of the login response, by their names in the profile.
    pub also: BTreeMap<String, Secret>,
    /// The fingerprint of the secrets that this token came from: the profile's refresh token, or those
    /// of a token that is bound to them.
    pub root: Option<Mark>,
    /// Who logged in, if an ID token said so.
    pub identity: Option<Identity>,
    /// Compared on reading, because the file name contains only a hash.
    pub key: TokenKey,
}

/// Who logged in, from a verified ID token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub sub: String,
    pub email: Option<String>,
    /// `preferred_username`.
    pub username: Option<String>,
    /// The nonce of the login, which a later ID token may repeat.
    pub nonce: Option<String>,
}

impl Identity {
    /// The name for people.
    pub(crate) fn name(&self) -> &str {
        let name = self.email.as_deref().or(self.username.as_deref());
        name.unwrap_or(&self.sub)
    }

    fn parse(json: &Json) -> Option<Identity> {
        let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        Some(Identity {
            sub: text("sub")?,
            email: text("email"),
            username: text("username"),
            nonce: text("nonce"),
        })
    }

    fn to_json(&self) -> Text {
        let text = |text: &Option<String>| text.as_deref().map_or_else(Text::null, Text::string);
        Text::object([
            ("sub", &Text::string(&self.sub)),
            ("email", &text(&self.email)),
            ("username", &text(&self.username)),
            ("nonce", &text(&self.nonce)),
        ])
    }
}

/// A salted fingerprint, which recognizes a secret without revealing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub salt: Vec<u8>,
    pub mark: Vec<u8>,
}

/// What a token is for; part of the cache key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenKey {
    pub profile: String,
    pub origin: String,
    pub user: String,
    pub scheme: String,
}

impl Mark {
    fn parse(json: &Json) -> Option<Mark> {
        let bytes = |name: &str| hex::decode(json.get(name)?.as_str()?);
        Some(Mark {
            salt: bytes("salt")?,
            mark: bytes("mark")?,
        })
    }

    fn to_json(&self) -> Text {
        Text::object([
            ("salt", &Text::string(&hex::encode(&self.salt))),
            ("mark", &Text::string(&hex::encode(&self.mark))),
        ])
    }
}

/// The strings of an object that can be sent.
fn secrets(json: &Json) -> BTreeMap<String, Secret> {
    let members = json.as_object().into_iter().flatten();
    members
        .filter_map(|(name, value)| {
            let secret = Secret::new(value.as_str()?.as_bytes().to_vec());
            secret.expose_text().ok()?;
            Some((name.clone(), secret))
        })
        .collect()
}

impl StoredToken {
    /// Reads a record; `None` if it is invalid.
    pub(crate) fn parse(bytes: &[u8]) -> Option<StoredToken> {
        let json: Json = serde_json::from_slice(bytes).ok()?;
        let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        let secret = |name: &str| text(name).map(|text| Secret::new(text.into_bytes()));
        let token = secret("token")?;
        token.expose_text().ok()?;
        Some(StoredToken {
            token,
            refresh_token: secret("refresh_token"),
            expires: json.get("expires").and_then(Json::as_i64).map(Timestamp),
            obtained: Timestamp(json.get("obtained")?.as_i64()?),
            also: json.get("also").map_or_else(BTreeMap::new, secrets),
            root: json.get("root").and_then(Mark::parse),
            identity: json.get("identity").and_then(Identity::parse),
            key: TokenKey {
                profile: text("profile")?,
                origin: text("origin")?,
                user: text("user")?,
                scheme: text("scheme")?,
            },
        })
    }

    /// The token in `store`, if it is for this key.
    ///
    /// # Errors
    /// If the file is not private to this user.
    pub(crate) fn load(
        store: &Store,
        key: &TokenKey,
    ) -> Result<Option<StoredToken>, super::error::Error> {
        let bytes = store.read("token")?;
        let stored = bytes.and_then(|bytes| StoredToken::parse(&bytes));
        Ok(stored.filter(|stored| stored.key == *key))
    }

    /// The JSON that is written.
    pub(crate) fn to_json(&self) -> Text {
        let secret = |secret: &Secret| Text::string(&String::from_utf8_lossy(secret.expose()));
        let also: Vec<(&str, Text)> = self
            .also
            .iter()
            .map(|(name, value)| (name.as_str(), secret(value)))
            .collect();
        let also = Text::object(also.iter().map(|(name, value)| (*name, value)));
        Text::object([
            ("profile", &Text::string(&self.key.profile)),
            ("origin", &Text::string(&self.key.origin)),
            ("user", &Text::string(&self.key.user)),
            ("scheme", &Text::string(&self.key.scheme)),
            ("obtained", &Text::integer(self.obtained.0)),
            (
                "expires",
                &self
                    .expires
                    .map_or_else(Text::null, |expires| Text::integer(expires.0)),
            ),
            ("token", &secret(&self.token)),
            (
                "refresh_token",
                &self.refresh_token.as_ref().map_or_else(Text::null, secret),
            ),
            ("also", &also),
            (
                "root",
                &self.root.as_ref().map_or_else(Text::null, Mark::to_json),
            ),
            (
                "identity",
                &self
                    .identity
                    .as_ref()
                    .map_or_else(Text::null, Identity::to_json),
            ),
        ])
    }

    /// The record without its refresh token, which was refused. It keeps the fingerprint of the
    /// profile's refresh token, so that the token is not used again.
    pub(crate) fn without_refresh_token(self) -> StoredToken {
        StoredToken {
            refresh_token: None,
            expires: Some(Timestamp(0)),
            ..self
        }
    }

    /// Whether other processes may use it, or need what it replaces.
    pub(super) fn is_storable(&self) -> bool {
        self.expires != Some(NEVER_STORED) || self.root.is_some() || self.refresh_token.is_some()
    }

    /// Whether it has all these other values of a login response.
    pub(crate) fn has_all<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        names.all(|name| self.also.contains_key(name))
    }

    /// The time until it expires; `None` if it has no expiry.
    pub(crate) fn left(&self, now: Timestamp) -> Option<Duration> {
        let left = self.expires?.0.saturating_sub(now.0);
        Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
    }

    /// How long before expiry it is renewed: a tenth of its lifetime, at most three minutes.
    pub(crate) fn margin(&self) -> Duration {
        let life = self.left(self.obtained).unwrap_or(Duration::ZERO);
        (life / 10).clamp(Duration::from_secs(1), Duration::from_secs(180))
    }
}

/// A refusal: its time, the reason, and a fingerprint of the refused secret.
pub(super) struct Refusal {
    pub at: Timestamp,
    pub why: String,
    pub salt: Vec<u8>,
    pub mark: Vec<u8>,
}

impl Refusal {
    /// The refusal, if it is recent enough.
    pub(super) fn load(store: &Store) -> Option<Refusal> {
        let bytes = store.read("refused").ok()??;
        let json: Json = serde_json::from_slice(&bytes).ok()?;
        let refusal = Refusal {
            at: Timestamp(json.get("at")?.as_i64()?),
            why: json.get("why")?.as_str()?.to_owned(),
            salt: hex::decode(json.get("salt")?.as_str()?)?,
            mark: hex::decode(json.get("mark")?.as_str()?)?,
        };
        // A time in the future means that the clock was set back.
        let age = Timestamp::now().0.saturating_sub(refusal.at.0);
        let limit = i64::try_from(REFUSAL.as_secs()).unwrap_or(60);
        (0..limit).contains(&age).then_some(refusal)
    }

    /// Writes a refusal of now, for other processes. Without it, they try the same secret.
    pub(super) fn note(store: &Store, why: &str, mark: Mark) {
        let json = Text::object([
            ("at", &Text::integer(Timestamp::now().0)),
            ("why", &Text::string(why)),
            ("salt", &Text::string(&hex::encode(&mark.salt))),
            ("mark", &Text::string(&hex::encode(&mark.mark))),
        ]);
        let _ = store.write("refused", json.as_str().as_bytes());
    }

    /// The time since the refusal.
    pub(super) fn age(&self) -> Duration {
        let age = Timestamp::now().0.saturating_sub(self.at.0);
        Duration::from_secs(u64::try_from(age).unwrap_or(0))
    }
}

/// A failure that is reported to waiting processes.
pub(super) struct Failure {
    pub why: String,
}

impl Failure {
    /// The last failure, if it happened at or after `since`.
    pub(super) fn load(store: &Store, since: Timestamp) -> Option<Failure> {
        let bytes = store.read("failed").ok()??;
        let json: Json = serde_json::from_slice(&bytes).ok()?;
        let at = Timestamp(json.get("at")?.as_i64()?);
        let why = json.get("why")?.as_str()?.to_owned();
        (at >= since && at <= Timestamp::now()).then_some(Failure { why })
    }

    /// Writes a failure of now. Without it, the others try by themselves.
    pub(super) fn note(store: &Store, why: &str) {
        let json = Text::object([
            ("at", &Text::integer(Timestamp::now().0)),
            ("why", &Text::string(why)),
        ]);
        let _ = store.write("failed", json.as_str().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_record_is_rejected() {
        let stored = StoredToken {
            token: Secret::new(b"t\"\\x".to_vec()),
            refresh_token: None,
            expires: Some(Timestamp(100)),
            obtained: Timestamp(0),
            also: BTreeMap::from([("user_id".to_owned(), Secret::new(b"u\"7".to_vec()))]),
            root: Some(Mark {
                salt: vec![1],
                mark: vec![2, 3],
            }),
            identity: Some(Identity {
                sub: "s".into(),
                email: None,
                username: Some("lena".into()),
                nonce: None,
            }),
            key: TokenKey {
                profile: "p".into(),
                origin: "https://a.lan/api".into(),
                user: "u".into(),
                scheme: "login".into(),
            },
        };
        let text = stored.to_json();
        let back = StoredToken::parse(text.as_str().as_bytes()).unwrap();
        assert_eq!(
            (back.token, back.expires),
            (stored.token.clone(), stored.expires)
        );
        assert_eq!((&back.key, &back.root), (&stored.key, &stored.root));
        assert_eq!(back.identity, stored.identity);
        assert_eq!(back.also, stored.also);
        for length in 0..text.as_str().len() {
            assert!(StoredToken::parse(&text.as_str().as_bytes()[..length]).is_none());
        }
        assert_eq!(stored.margin(), Duration::from_secs(10));
        assert_eq!(stored.left(Timestamp(40)), Some(Duration::from_secs(60)));
    }
}
