//! How tokens are made and obtained: plain data, read from options and configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use super::secret_ref::SecretRef;
use super::template::Template;
use crate::http::credential::Placement;
use crate::http::url::Url;
use crate::jwt::Algorithm;
use crate::jwt::claim::Claim;

/// A token to be minted.
#[derive(Clone, Debug)]
pub(crate) struct JwtOrder {
    pub key: SigningKey,
    /// Without one, the first the key suits.
    pub algorithm: Option<Algorithm>,
    pub kid: Option<String>,
    pub claims: Vec<Claim>,
    pub ttl: Duration,
    pub token_id: TokenId,
}

/// Whether a minted token gets a random id (`jti`), so that a service may refuse it the second time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TokenId {
    Random,
    #[default]
    None,
}

/// Where the key of a minted token is.
#[derive(Clone, Debug)]
pub(crate) enum SigningKey {
    Plain(SecretRef),
    /// In a Google service account's JSON file, with `iss`, `aud` and the key's id.
    ServiceAccount(SecretRef),
}

impl SigningKey {
    /// The secret that holds it.
    pub(crate) fn secret(&self) -> &SecretRef {
        match self {
            SigningKey::Plain(secret) | SigningKey::ServiceAccount(secret) => secret,
        }
    }
}

/// How a service's token is obtained.
#[derive(Clone, Debug)]
pub(crate) struct TokenPlan {
    /// The scheme's name in the configuration.
    pub kind: &'static str,
    /// Who it is for, as people and the cache's key know it.
    pub user: String,
    /// What else makes it another token: scope, audience.
    pub variant: String,
    /// Values for the templates.
    pub texts: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretRef>,
    /// What `{jwt}` stands for.
    pub jwt: Option<JwtOrder>,
    pub obtain: Obtain,
    pub refresh: Option<Exchange>,
    pub revoke: Option<Exchange>,
    pub send: Placement,
    /// How long a token is good when neither the answer nor the token says it.
    pub ttl: Option<Duration>,
    pub refusals: Refusals,
}

/// Which responses to a request for a token are a refusal. Every other failure is temporary: it
/// says nothing about the secret that was sent, and costs no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusals {
    /// 400 or 401 with an error code in JSON (RFC 6749 §5.2).
    OAuth,
    /// 400, 401 or 422 with JSON of any kind, for a service that is not described further.
    Usual,
    /// These statuses.
    Statuses(Vec<u16>),
}

/// What is done when there is neither a token nor a refresh token.
#[derive(Clone, Debug)]
pub(crate) enum Obtain {
    /// One request.
    Exchange(Box<Exchange>),
    /// A person opens a page and types a code (RFC 8628): the request for the code, then the one
    /// that asks for the token.
    Device {
        code: Box<Exchange>,
        poll: Box<Exchange>,
    },
}

/// A request that brings or ends a token.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub method: String,
    pub target: Target,
    pub headers: Vec<(String, Template)>,
    pub query: Vec<(String, Template)>,
    pub fields: Fields,
    pub answer: AnswerNames,
}

/// Where an exchange goes.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Url(Url),
    /// The `token_uri` of the service account's file.
    TokenUri,
}

/// An exchange's body.
#[derive(Clone, Debug)]
pub(crate) enum Fields {
    None,
    Json(Vec<(String, Template)>),
    Form(Vec<(String, Template)>),
}

/// Where in the answer things are; a name with dots goes down into objects.
#[derive(Clone, Debug)]
pub(crate) struct AnswerNames {
    pub token: String,
    pub refresh_token: String,
    pub expires_in: String,
    pub expires_at: String,
}

impl Default for AnswerNames {
    /// RFC 6749 §5.1.
    fn default() -> AnswerNames {
        AnswerNames {
            token: "access_token".into(),
            refresh_token: "refresh_token".into(),
            expires_in: "expires_in".into(),
            expires_at: "expires_at".into(),
        }
    }
}

impl Exchange {
    /// Every template in it.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        let fields = match &self.fields {
            Fields::None => &[][..],
            Fields::Json(fields) | Fields::Form(fields) => fields,
        };
        let pairs = self.headers.iter().chain(&self.query).chain(fields);
        pairs.map(|(_, template)| template)
    }
}

impl TokenPlan {
    /// Whether a login spends a refresh token that a person obtained: one that a service with
    /// rotation takes only once.
    pub(crate) fn starts_with_refresh_token(&self) -> bool {
        self.secrets.contains_key("refresh_token")
    }

    /// The exchanges that get a token.
    pub(crate) fn obtaining(&self) -> Vec<&Exchange> {
        match &self.obtain {
            Obtain::Exchange(exchange) => vec![&**exchange],
            Obtain::Device { code, poll } => vec![&**code, &**poll],
        }
    }

    /// Every exchange.
    pub(crate) fn exchanges(&self) -> Vec<&Exchange> {
        let more = self.refresh.iter().chain(&self.revoke);
        self.obtaining().into_iter().chain(more).collect()
    }

    /// Its secrets, the signing key among them.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let key = self.jwt.iter().map(|order| order.key.secret());
        self.secrets.values().chain(key)
    }
}
