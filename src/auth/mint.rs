//! Tokens that c47 signs itself.

use serde::Deserialize;

use super::plan::{SigningKey, TokenId, TokenSpec};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::url::Url;
use crate::json::Text;
use crate::jwt::claim::Claim;
use crate::jwt::key::{self, Key};
use crate::jwt::{self, Mint, ShortSecret};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The members of a Google service account file that are used.
#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: String,
}

/// A signing request with its key.
pub(super) struct Signing {
    spec: TokenSpec,
    secret: Secret,
    key: Key,
    /// The token endpoint of the service account.
    pub token_uri: Option<Url>,
}

impl Signing {
    /// Reads the key.
    ///
    /// # Errors
    /// If the source cannot be read, or does not contain a key.
    pub(super) fn read(spec: &TokenSpec, deadline: Deadline) -> Result<Signing, Error> {
        let mut spec = spec.clone();
        let secret = spec.key.secret().read("Key", deadline)?;
        if let SigningKey::Plain { password, .. } = &spec.key {
            let key = match password {
                Some(password) if key::is_encrypted(&secret) => {
                    let password = password.read("Password of the key", deadline)?;
                    Key::parse(&key::unlock(&secret, &password)?)?
                }
                Some(_) | None => Key::parse(&secret)?,
            };
            return Ok(Signing {
                spec,
                secret,
                key,
                token_uri: None,
            });
        }
        let wrong = |why: &str| Error::malformed("the service account file", why);
        // serde's message could contain parts of the file.
        let account: ServiceAccount = serde_json::from_slice(secret.expose())
            .map_err(|_| wrong("it is not JSON with client_email, private_key and token_uri"))?;
        let url = Url::parse(&account.token_uri).map_err(|why| wrong(&why))?;
        let key = Key::parse(&Secret::new(account.private_key.into_bytes()))?;
        for (name, value) in [("iss", &account.client_email), ("aud", &account.token_uri)] {
            if !spec.claims.iter().any(|claim| claim.name == name) {
                spec.claims.push(Claim::new(name, Text::string(value)));
            }
        }
        spec.kid = spec.kid.or(account.private_key_id);
        Ok(Signing {
            spec,
            secret,
            key,
            token_uri: Some(url),
        })
    }

    /// The secret that the key was read from.
    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Signs a token that is valid from now.
    ///
    /// # Errors
    /// If the key does not suit the algorithm.
    pub(super) fn mint(&self) -> Result<Secret, Error> {
        let algorithm = match self.spec.algorithm {
            Some(algorithm) => algorithm,
            None => *self
                .key
                .algorithms()
                .first()
                .ok_or_else(|| Error::usage("no algorithm supports this key"))?,
        };
        let mut mint = Mint::new(algorithm, &self.key, Timestamp::now());
        // The service chose this secret and accepts no other.
        mint.short_secret = ShortSecret::Allow;
        mint.kid = self.spec.kid.clone();
        mint.claims = self.spec.claims.clone();
        let has = |name: &str| self.spec.claims.iter().any(|claim| claim.name == name);
        mint.ttl = (!has("exp")).then_some(self.spec.ttl);
        mint.jti = match self.spec.token_id {
            TokenId::Random => !has("jti"),
            TokenId::None => false,
        };
        Ok(jwt::mint(&mint)?)
    }
}
