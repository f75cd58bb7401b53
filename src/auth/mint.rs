//! Tokens that c47 mints: claims, signed with a key.

use serde::Deserialize;

use super::plan::{JwtOrder, SigningKey, TokenId};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::url::Url;
use crate::json::Text;
use crate::jwt::claim::Claim;
use crate::jwt::key::Key;
use crate::jwt::{self, Mint, ShortSecret};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// What a Google service account's file says, as far as it is needed.
#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: String,
}

/// An order with its key at hand.
pub(super) struct Signing {
    order: JwtOrder,
    secret: Secret,
    key: Key,
    /// Where the service account's tokens are obtained.
    pub token_uri: Option<Url>,
}

impl Signing {
    /// Reads the key.
    ///
    /// # Errors
    /// When its source has none, or it is no key.
    pub(super) fn read(order: &JwtOrder, deadline: Deadline) -> Result<Signing, Error> {
        let mut order = order.clone();
        let secret = order.key.secret().read("Key", deadline)?;
        if let SigningKey::Plain(_) = order.key {
            let key = Key::parse(&secret)?;
            return Ok(Signing {
                order,
                secret,
                key,
                token_uri: None,
            });
        }
        let wrong = |why: &str| Error::malformed("the service account's file", why);
        // serde's own message could repeat what it read.
        let account: ServiceAccount = serde_json::from_slice(secret.expose())
            .map_err(|_| wrong("it is no JSON with client_email, private_key and token_uri"))?;
        let url = Url::parse(&account.token_uri).map_err(|why| wrong(&why))?;
        let key = Key::parse(&Secret::new(account.private_key.into_bytes()))?;
        for (name, value) in [("iss", &account.client_email), ("aud", &account.token_uri)] {
            if !order.claims.iter().any(|claim| claim.name == name) {
                order.claims.push(Claim::new(name, Text::string(value)));
            }
        }
        order.kid = order.kid.or(account.private_key_id);
        Ok(Signing {
            order,
            secret,
            key,
            token_uri: Some(url),
        })
    }

    /// The secret the key came from.
    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Makes a token, from now on.
    ///
    /// # Errors
    /// When the key does not suit the algorithm.
    pub(super) fn mint(&self) -> Result<Secret, Error> {
        let algorithm = match self.order.algorithm {
            Some(algorithm) => algorithm,
            None => *self
                .key
                .algorithms()
                .first()
                .ok_or_else(|| Error::usage("no algorithm suits the key"))?,
        };
        let mut mint = Mint::new(algorithm, &self.key, Timestamp::now());
        // The service chose the secret, and no other would be accepted.
        mint.short_secret = ShortSecret::Allow;
        mint.kid = self.order.kid.clone();
        mint.claims = self.order.claims.clone();
        let has = |name: &str| self.order.claims.iter().any(|claim| claim.name == name);
        mint.ttl = (!has("exp")).then_some(self.order.ttl);
        mint.jti = match self.order.token_id {
            TokenId::Random => !has("jti"),
            TokenId::None => false,
        };
        Ok(jwt::mint(&mint)?)
    }
}
