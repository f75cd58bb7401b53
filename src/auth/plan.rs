//! How tokens are signed or requested: plain data from options and configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use super::aws::origin::Origin;
use super::login_call::LOGIN_TIMEOUT;
use super::records::StoredToken;
use super::secret_ref::SecretRef;
use super::template::Template;
use crate::http::credential::Placement;
use crate::http::url::Url;
use crate::jwt::Algorithm;
use crate::jwt::claim::Claim;
use crate::secret::Secret;

/// A token for c47 to sign.
#[derive(Clone, Debug)]
pub(crate) struct TokenSpec {
    pub key: SigningKey,
    /// The default is the first algorithm that supports the key.
    pub algorithm: Option<Algorithm>,
    pub kid: Option<String>,
    pub claims: Vec<Claim>,
    pub ttl: Duration,
    pub token_id: TokenId,
}

/// Whether a signed token gets a random ID (`jti`), which lets a service reject replays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TokenId {
    Random,
    #[default]
    None,
}

/// The source of the signing key.
#[derive(Clone, Debug)]
pub(crate) enum SigningKey {
    Plain {
        key: SecretRef,
        /// The password of an encrypted key.
        password: Option<SecretRef>,
    },
    /// A Google service account file, which also contains `iss`, `aud` and the key ID.
    ServiceAccount(SecretRef),
}

impl SigningKey {
    /// The password of the key.
    pub(crate) fn password(&self) -> Option<&SecretRef> {
        match self {
            SigningKey::Plain { password, .. } => password.as_ref(),
            SigningKey::ServiceAccount(_) => None,
        }
    }

    /// The secret with the key.
    pub(crate) fn secret(&self) -> &SecretRef {
        match self {
            SigningKey::Plain { key, .. } | SigningKey::ServiceAccount(key) => key,
        }
    }
}

/// How a token is requested from a service.
#[derive(Clone, Debug)]
pub(crate) struct TokenPlan {
    /// The scheme's name in the configuration.
    pub kind: &'static str,
    /// The user, for messages and the cache key.
    pub user: String,
    /// Scope and audience, which are also part of the cache key.
    pub variant: String,
    /// Values for the templates.
    pub texts: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretRef>,
    /// The token that replaces `{jwt}`.
    pub jwt: Option<TokenSpec>,
    pub obtain: Obtain,
    pub refresh: Option<Exchange>,
    pub revoke: Option<Revocation>,
    /// The issuer whose metadata has the endpoints.
    pub issuer: Option<Issuer>,
    pub binding: Binding,
    /// Headers that are sent with the token. They contain values of the login response.
    pub headers: Vec<(String, Template)>,
    pub send: Placement,
    /// The lifetime of a token if neither the response nor the token says it.
    pub ttl: Option<Duration>,
    pub refusals: Refusals,
}

/// Which responses to a token request are a refusal. Every other failure is temporary: the secret
/// may be valid, and the stored tokens remain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusals {
    /// 400 or 401 with an error code in JSON (RFC 6749 §5.2).
    OAuth,
    /// 400, 401 or 422 with any JSON, for a service without its own list.
    Usual,
    /// These statuses.
    Statuses(Vec<u16>),
}

/// An OpenID Connect or OAuth issuer, which publishes its endpoints and keys.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    /// As in its metadata and its tokens, which are compared with this text.
    pub name: String,
    pub url: Url,
    /// The client, which is the audience of ID tokens.
    pub client_id: String,
}

/// What a stored token belongs to, besides profile, URL, user and scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Nothing else.
    #[default]
    Profile,
    /// The secrets that were sent for it: another subject token gets another token.
    Secrets,
}

/// How tokens are revoked.
#[derive(Clone, Debug)]
pub(crate) enum Revocation {
    /// A request for the whole session.
    Session(Exchange),
    /// A request for each token, the refresh token first (RFC 7009 §2.1).
    EachToken(Exchange),
}

impl Revocation {
    /// The request.
    pub(crate) fn exchange(&self) -> &Exchange {
        match self {
            Revocation::Session(exchange) | Revocation::EachToken(exchange) => exchange,
        }
    }
}

/// How to log in without a token or refresh token.
#[derive(Clone, Debug)]
pub(crate) enum Obtain {
    /// One request.
    Exchange(Box<Exchange>),
    /// A person opens a page and types a code (RFC 8628): a request for the code, then polling for
    /// the token.
    Device {
        code: Box<Exchange>,
        poll: Box<Exchange>,
    },
    /// Temporary keys of AWS. The token is their JSON.
    Aws(Box<Origin>),
    /// A person logs in on a page of the issuer (OpenID Connect).
    Browser(Box<BrowserLogin>),
    /// A program of the user.
    Helper(HelperCall),
}

/// A login on a page: an authorization request with PKCE (RFC 7636) whose response arrives at a port of
/// this machine (RFC 8252).
#[derive(Clone, Debug)]
pub(crate) struct BrowserLogin {
    /// The redirect port; `None` for any free one.
    pub port: Option<u16>,
    /// More parameters of the authorization request.
    pub params: Vec<(String, String)>,
    /// Redeems the authorization code.
    pub redeem: Exchange,
    /// Without a browser: the requests of a device login, if the issuer offers it.
    pub device_code: Exchange,
    pub device_poll: Exchange,
}

/// A program that makes credentials.
#[derive(Clone, Debug)]
pub(crate) struct HelperCall {
    pub words: Vec<String>,
    /// The description of the request; it may contain secrets.
    pub input: Secret,
}

/// A request that gets or revokes a token.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub method: String,
    pub target: Target,
    pub headers: Vec<(String, Template)>,
    pub query: Vec<(String, Template)>,
    pub fields: Fields,
    pub answer: ResponseNames,
}

/// The URL of a token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Url(Url),
    /// The `token_uri` in the service account file.
    TokenUri,
    /// In the metadata of the issuer.
    Discovered(Endpoint),
}

/// An endpoint in the metadata of an issuer (RFC 8414 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Authorization,
    Token,
    DeviceAuthorization,
    Revocation,
    Keys,
}

impl Endpoint {
    /// All endpoints that c47 uses.
    pub(crate) const ALL: [Endpoint; 5] = [
        Endpoint::Authorization,
        Endpoint::Token,
        Endpoint::DeviceAuthorization,
        Endpoint::Revocation,
        Endpoint::Keys,
    ];

    /// The name of its member.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Endpoint::Authorization => "authorization_endpoint",
            Endpoint::Token => "token_endpoint",
            Endpoint::DeviceAuthorization => "device_authorization_endpoint",
            Endpoint::Revocation => "revocation_endpoint",
            Endpoint::Keys => "jwks_uri",
        }
    }
}

/// The body of a token request.
#[derive(Clone, Debug)]
pub(crate) enum Fields {
    None,
    Json(Vec<(String, Template)>),
    Form(Vec<(String, Template)>),
}

/// The names of the members in the response. Dots select members of nested objects.
#[derive(Clone, Debug)]
pub(crate) struct ResponseNames {
    pub token: String,
    pub refresh_token: String,
    pub expires_in: String,
    pub expires_at: String,
    /// Names for other members, whose values are stored with the token.
    pub also: Vec<(String, String)>,
}

impl Default for ResponseNames {
    /// RFC 6749 §5.1.
    fn default() -> ResponseNames {
        ResponseNames {
            token: "access_token".into(),
            refresh_token: "refresh_token".into(),
            expires_in: "expires_in".into(),
            expires_at: "expires_at".into(),
            also: Vec::new(),
        }
    }
}

impl Exchange {
    /// All templates in the request.
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
    /// Whether a login uses a refresh token from the profile. A service with rotation accepts it
    /// only once.
    pub(crate) fn starts_with_refresh_token(&self) -> bool {
        self.secrets.contains_key("refresh_token")
    }

    /// Whether a person logs in on a page of the service.
    pub(crate) fn is_interactive(&self) -> bool {
        match self.obtain {
            Obtain::Device { .. } | Obtain::Browser(_) => true,
            Obtain::Exchange(_) | Obtain::Aws(_) | Obtain::Helper(_) => false,
        }
    }

    /// Whether a login asks a person.
    pub(crate) fn needs_person(&self) -> bool {
        self.is_interactive() || self.secrets().any(SecretRef::is_prompt)
    }

    /// The time for a refresh, a login, and reading the secrets.
    pub(crate) fn login_time(&self) -> Duration {
        let commands = self.secrets().any(SecretRef::is_command);
        let more = if commands { 130 } else { 10 };
        // The metadata and keys of an issuer are two requests more.
        let requests = if self.issuer.is_some() { 4 } else { 2 };
        LOGIN_TIMEOUT * requests + Duration::from_secs(more)
    }

    /// Whether a program or an endpoint of this machine makes the token, so that its lifetime is known
    /// only from its output.
    pub(super) fn is_local(&self) -> bool {
        match self.obtain {
            Obtain::Aws(_) | Obtain::Helper(_) => true,
            Obtain::Exchange(_) | Obtain::Device { .. } | Obtain::Browser(_) => false,
        }
    }

    /// Whether other processes may use a token. The output of a helper without an expiry is for one
    /// request.
    pub(super) fn is_shareable(&self, stored: &StoredToken) -> bool {
        let is_for_one_request =
            matches!(self.obtain, Obtain::Helper(_)) && stored.expires.is_none();
        stored.is_storable() && !is_for_one_request
    }

    /// The requests that get a token.
    pub(crate) fn obtaining(&self) -> Vec<&Exchange> {
        match &self.obtain {
            Obtain::Exchange(exchange) => vec![&**exchange],
            Obtain::Device { code, poll } => vec![&**code, &**poll],
            Obtain::Aws(_) | Obtain::Helper(_) => Vec::new(),
            Obtain::Browser(login) => vec![&login.redeem, &login.device_code, &login.device_poll],
        }
    }

    /// The names of the other values in the login response.
    pub(crate) fn also(&self) -> impl Iterator<Item = &str> {
        let exchanges = self.obtaining().into_iter();
        exchanges
            .flat_map(|exchange| &exchange.answer.also)
            .map(|(name, _)| name.as_str())
    }

    /// The requests after the login.
    pub(crate) fn later(&self) -> impl Iterator<Item = &Exchange> {
        let revoke = self.revoke.iter().map(Revocation::exchange);
        self.refresh.iter().chain(revoke)
    }

    /// All secrets, including the signing key.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let key = self.jwt.iter().map(|spec| spec.key.secret());
        let password = self.jwt.iter().filter_map(|spec| spec.key.password());
        self.secrets.values().chain(key).chain(password)
    }
}
