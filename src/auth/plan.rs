//! How a profile's credentials are had and sent: plain data, made by the configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use super::template::{Given, Template};
use crate::http::url::Url;
use crate::jwt::Algorithm;
use crate::jwt::claim::Claim;

/// Whom a token may be shared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All processes of this user, on whatever machine sees the cache.
    User,
    /// Those on this machine.
    Node,
    /// Nobody: each process logs in.
    None,
}

/// How a caller proves who it is to a profile's service.
#[derive(Clone, Debug)]
pub enum Scheme {
    None,
    Basic {
        user: String,
        password: Given,
    },
    Digest {
        user: String,
        password: Given,
    },
    /// The login that stands in `$NETRC`, else `~/.netrc`; the command line reads it.
    Netrc,
    Bearer(Given),
    Header {
        name: String,
        value: Given,
    },
    Query {
        name: String,
        value: Given,
    },
    /// A token of our own making, new for each call.
    Jwt(JwtOrder),
    /// A token a service gives, kept and shared.
    Token(Box<TokenPlan>),
}

/// A token to be minted.
#[derive(Clone, Debug)]
pub struct JwtOrder {
    pub key: SigningKey,
    /// Without one, the first the key suits.
    pub algorithm: Option<Algorithm>,
    pub kid: Option<String>,
    pub claims: Vec<Claim>,
    pub ttl: Duration,
}

/// Where the key of a minted token is.
#[derive(Clone, Debug)]
pub enum SigningKey {
    Plain(Given),
    /// In a Google service account's JSON file, with `iss`, `aud` and the key's id.
    ServiceAccount(Given),
}

impl SigningKey {
    /// The secret that holds it.
    pub fn given(&self) -> &Given {
        match self {
            SigningKey::Plain(given) | SigningKey::ServiceAccount(given) => given,
        }
    }
}

/// How a service's token is had.
#[derive(Clone, Debug)]
pub struct TokenPlan {
    /// The scheme's name in the configuration.
    pub kind: &'static str,
    /// Who it is for, as people and the cache's key know it.
    pub user: String,
    /// What else makes it another token: scope, audience.
    pub variant: String,
    /// Values for the templates.
    pub texts: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, Given>,
    /// What `{jwt}` stands for.
    pub jwt: Option<JwtOrder>,
    pub obtain: Obtain,
    pub refresh: Option<Exchange>,
    pub revoke: Option<Exchange>,
    pub send: Send,
    /// How long a token is good when neither the answer nor the token says it.
    pub ttl: Option<Duration>,
}

/// What is done when there is neither a token nor a refresh token.
#[derive(Clone, Debug)]
pub enum Obtain {
    /// One request.
    Exchange(Box<Exchange>),
    /// A person opens a page and types a code (RFC 8628): the request for the code, then the one
    /// that asks for the token.
    Device {
        code: Box<Exchange>,
        poll: Box<Exchange>,
    },
}

/// Where a token goes in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send {
    Bearer,
    Header(String),
    Query(String),
}

/// A request that brings or ends a token.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub method: String,
    pub target: Target,
    pub headers: Vec<(String, Template)>,
    pub query: Vec<(String, Template)>,
    pub fields: Fields,
    pub answer: AnswerNames,
}

/// Where an exchange goes.
#[derive(Clone, Debug)]
pub enum Target {
    Url(Url),
    /// The `token_uri` of the service account's file.
    TokenUri,
}

/// An exchange's body.
#[derive(Clone, Debug)]
pub enum Fields {
    None,
    Json(Vec<(String, Template)>),
    Form(Vec<(String, Template)>),
}

/// Where in the answer things are; a name with dots goes down into objects.
#[derive(Clone, Debug)]
pub struct AnswerNames {
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
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let fields = match &self.fields {
            Fields::None => &[][..],
            Fields::Json(fields) | Fields::Form(fields) => fields,
        };
        let pairs = self.headers.iter().chain(&self.query).chain(fields);
        pairs.map(|(_, template)| template)
    }
}

impl TokenPlan {
    /// The exchanges that get a token.
    pub fn obtaining(&self) -> Vec<&Exchange> {
        match &self.obtain {
            Obtain::Exchange(exchange) => vec![&**exchange],
            Obtain::Device { code, poll } => vec![&**code, &**poll],
        }
    }

    /// Every exchange.
    pub fn exchanges(&self) -> Vec<&Exchange> {
        let more = self.refresh.iter().chain(&self.revoke);
        self.obtaining().into_iter().chain(more).collect()
    }

    /// Its secrets, the signing key among them.
    pub fn givens(&self) -> impl Iterator<Item = &Given> {
        let key = self.jwt.iter().map(|order| order.key.given());
        self.secrets.values().chain(key)
    }
}
