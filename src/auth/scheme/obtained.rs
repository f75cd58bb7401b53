//! Common parts of the schemes that request a token from a service. The token is cached and shared.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::definition::{Lifetime, Scheme, SharedScheme};
use crate::auth::context::{Context, Issued, TokenRequirement};
use crate::auth::oauth;
use crate::auth::plan::{
    Binding, Exchange, Fields, Obtain, Refusals, ResponseNames, Revocation, SigningKey, Target,
    TokenPlan, TokenSpec,
};
use crate::auth::preview::{Origin, Preview};
use crate::auth::secret_ref::SecretRef;
use crate::auth::service::Service;
use crate::auth::template::Template;
use crate::auth::tokens;
use crate::config::key::{Key, Kind, words};
use crate::config::read::Reader;
use crate::error::Error;
use crate::http::credential::{Placement, ensure_header_name};
use crate::http::part::Header;
use crate::http::url::Url;
use crate::secret::Secret;

/// The profile keys for a token from a service.
pub(super) const KEYS: &[Key] = &[
    ("password", Kind::Secret),
    ("client_id", Kind::Text),
    ("client_secret", Kind::Secret),
    ("client_auth", Kind::Choice(&CLIENT_AUTH)),
    ("scope", Kind::Text),
    ("audience", Kind::Text),
    ("secrets", Kind::Secrets),
    ("refresh", Kind::Request),
    ("logout", Kind::Request),
    ("revoke_url", Kind::Text),
    ("send", Kind::Text),
    ("ttl", Kind::Duration),
    ("refusal_statuses", Kind::Statuses),
];

/// The profile keys for an OAuth token endpoint.
pub(super) const OAUTH_KEYS: &[Key] = &[("token_url", Kind::Text), ("params", Kind::Texts)];

const CLIENT_AUTH: [&str; oauth::Client::NAMES.len()] = words(&oauth::Client::NAMES);

impl Scheme for TokenPlan {
    fn issue(
        &self,
        service: &Service,
        want: &TokenRequirement,
        context: &Context,
    ) -> Result<Issued, Error> {
        let obtained = tokens::get(service, self, want, context)?;
        let credential = self.send.credential(&obtained.stored.token);
        let headers = token_headers(self, &obtained.stored.also, context)?;
        Ok(Issued {
            credential: match headers.is_empty() {
                true => credential,
                false => credential.with_headers(headers),
            },
            expires: obtained.stored.expires,
            token: Some(obtained.stored.token),
            storage: obtained.storage,
            warnings: obtained.warnings,
        })
    }

    fn preview(&self, service: &Service) -> Preview {
        let token = Preview::Token {
            placement: self.send.clone(),
            token: Origin::printed_by_auth_token(&service.name),
        };
        if self.headers.is_empty() {
            return token;
        }
        let printed = |name: &str| Origin::header_printed_by_auth_token(&service.name, name);
        let headers = self.headers.iter();
        Preview::Headers {
            token: Box::new(token),
            headers: headers
                .map(|(name, _)| (name.clone(), printed(name)))
                .collect(),
        }
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime::Cached
    }

    fn token_plan(&self) -> Option<&TokenPlan> {
        Some(self)
    }
}

/// The headers with values of the login response.
fn token_headers(
    plan: &TokenPlan,
    also: &BTreeMap<String, Secret>,
    context: &Context,
) -> Result<Vec<Header>, Error> {
    let mut value = |name: &str| {
        let text = || {
            plan.texts
                .get(name)
                .map(|text| Secret::new(text.clone().into()))
        };
        Ok(also.get(name).cloned().or_else(text))
    };
    let mut headers = Vec::new();
    for (name, template) in &plan.headers {
        let filled = template.fill(&mut value, context.deadline)?;
        headers.extend(filled.map(|value| Header::secret(name, value)));
    }
    Ok(headers)
}

/// The parts of a token plan that depend on the scheme.
pub(super) struct Grant {
    /// The name of the scheme.
    pub kind: &'static str,
    pub obtain: Obtain,
    /// The assertion for the token endpoint.
    pub jwt: Option<TokenSpec>,
    /// Which responses are a refusal, unless the profile sets it.
    pub refusals: Refusals,
}

/// Reads and checks a profile's plan, and makes a scheme of it.
///
/// # Errors
/// The first invalid key and its place, or a missing value for a request.
pub(super) fn scheme(reader: &Reader, base: &Url, grant: Grant) -> Result<SharedScheme, Error> {
    finished(reader, plan(reader, base, grant)?)
}

/// Reads a plan from a profile's keys. The scheme may change it afterwards.
///
/// # Errors
/// The first invalid key and its place.
pub(super) fn plan(reader: &Reader, base: &Url, grant: Grant) -> Result<TokenPlan, Error> {
    let Grant {
        kind,
        obtain,
        jwt,
        refusals,
    } = grant;
    let mut texts = BTreeMap::new();
    for name in ["user", "client_id", "scope", "audience", "resource"] {
        if let Some(text) = reader.text(name)? {
            texts.insert(name.to_owned(), text);
        }
    }
    let mut secrets = BTreeMap::new();
    for name in ["password", "client_secret"] {
        if let Some(secret) = reader.secret(name)? {
            secrets.insert(name.to_owned(), secret);
        }
    }
    if let Some(own) = reader.below("secrets") {
        for name in own.table.keys() {
            secrets.insert(name.clone(), own.need_secret(name)?);
        }
    }
    let named = |name: &str| texts.get(name).cloned();
    let user = named("user")
        .or_else(|| named("client_id"))
        .or_else(|| match &jwt.as_ref()?.key {
            SigningKey::ServiceAccount(SecretRef::Source(source)) => Some(source.to_string()),
            SigningKey::ServiceAccount(SecretRef::Literal(_)) | SigningKey::Plain { .. } => None,
        })
        .unwrap_or_default();
    let variant = ["scope", "audience"]
        .iter()
        .filter_map(|name| texts.get(*name).map(String::as_str))
        .collect::<Vec<_>>()
        .join("\n");
    let mut plan = TokenPlan {
        kind,
        user,
        variant,
        texts,
        secrets,
        ttl: match jwt.is_some() {
            // It is the lifetime of the signed token.
            true => None,
            false => reader.duration("ttl")?,
        },
        jwt,
        obtain,
        refresh: request(reader, "refresh", base)?,
        revoke: revocation(reader, base)?,
        issuer: None,
        binding: Binding::default(),
        headers: Vec::new(),
        send: placement(reader)?,
        refusals: reader
            .statuses("refusal_statuses")
            .map_or(refusals, Refusals::Statuses),
    };
    let is_with_token = |(_, template): &(String, Template)| {
        let mut names = template.names();
        names.any(|(name, _)| plan.also().any(|also| also == name))
    };
    let headers = reader.headers("headers")?.into_iter();
    plan.headers = headers.filter(is_with_token).collect();
    Ok(plan)
}

/// Values that are known only during a login or logout.
const GIVEN: [&str; 6] = [
    "refresh_token",
    "token",
    "device_code",
    "code",
    "redirect_uri",
    "code_verifier",
];

/// More names that only c47 gives values to.
const DERIVED: [&str; 2] = ["jwt", "client_basic"];

/// Checks that every template of the plan has its values.
///
/// # Errors
/// The missing key.
pub(super) fn finished(reader: &Reader, plan: TokenPlan) -> Result<SharedScheme, Error> {
    ensure_names(reader, &plan)?;
    let is_also = |name: &str| plan.also().any(|also| also == name);
    let of_login = plan.obtaining().into_iter().flat_map(Exchange::templates);
    let later = plan.later().flat_map(Exchange::templates);
    let headers = plan.headers.iter().map(|(_, template)| template);
    let templates = of_login
        .map(|template| (template, false))
        .chain(later.chain(headers).map(|template| (template, true)));
    for (template, is_after_login) in templates {
        for (name, optional) in template.names() {
            let known = plan.texts.contains_key(name)
                || plan.secrets.contains_key(name)
                || (is_after_login && is_also(name))
                || GIVEN.contains(&name)
                || (name == "jwt" && plan.jwt.is_some())
                || (name == "client_basic"
                    && plan.texts.contains_key("client_id")
                    && plan.secrets.contains_key("client_secret"));
            if !known && !optional {
                let key = match name {
                    "jwt" => "key",
                    "client_basic" => "client_secret",
                    name => name,
                };
                return Err(reader.missing(key, &format!(" for {}", plan.kind)));
            }
        }
    }
    Ok(Rc::new(plan))
}

/// Checks the names of the other values in the login response.
fn ensure_names(reader: &Reader, plan: &TokenPlan) -> Result<(), Error> {
    for name in plan.also() {
        let is_taken = GIVEN.contains(&name)
            || DERIVED.contains(&name)
            || plan.texts.contains_key(name)
            || plan.secrets.contains_key(name);
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if is_taken || name.is_empty() || !is_name {
            let why = format!("'also' cannot use the name '{name}'");
            return Err(reader.wrong("login", why));
        }
    }
    Ok(())
}

/// The token endpoint.
///
/// # Errors
/// If there is none.
pub(super) fn token_url(reader: &Reader, base: &Url) -> Result<Url, Error> {
    reader
        .url("token_url", Some(base))?
        .ok_or_else(|| reader.missing("token_url", ""))
}

/// How the client authenticates.
///
/// # Errors
/// If the key is invalid.
pub(super) fn client(reader: &Reader) -> Result<oauth::Client, Error> {
    let has_secret = reader.table.contains_key("client_secret");
    Ok(match reader.choice("client_auth", &oauth::Client::NAMES)? {
        Some(client) => client,
        None if has_secret => oauth::Client::Basic,
        None => oauth::Client::Public,
    })
}

fn revocation(reader: &Reader, base: &Url) -> Result<Option<Revocation>, Error> {
    let logout = request(reader, "logout", base)?;
    match (logout, reader.url("revoke_url", Some(base))?) {
        (Some(logout), _) => Ok(Some(Revocation::Session(logout))),
        (None, Some(url)) => Ok(Some(oauth::revoke(Target::Url(url), client(reader)?))),
        (None, None) => Ok(None),
    }
}

fn placement(reader: &Reader) -> Result<Placement, Error> {
    let text = reader.text("send")?;
    match text.as_deref().map(|text| text.split_once(':').ok_or(text)) {
        None | Some(Err("bearer")) => Ok(Placement::Bearer),
        Some(Ok(("header", name))) => {
            ensure_header_name(name).map_err(|why| reader.wrong("send", why))?;
            Ok(Placement::Header(name.to_owned()))
        }
        Some(Ok(("query", name))) if !name.is_empty() => Ok(Placement::Query(name.to_owned())),
        Some(_) => Err(reader.wrong("send", "must be bearer, header:NAME or query:NAME")),
    }
}

/// Reads a table of names for members of a response.
fn members(reader: &Reader, key: &str) -> Result<Vec<(String, String)>, Error> {
    let Some(table) = reader.below(key) else {
        return Ok(Vec::new());
    };
    let mut members = Vec::new();
    for name in table.table.keys() {
        members.push((name.clone(), table.need(name)?));
    }
    Ok(members)
}

/// Reads the request in `login`, `refresh` or `logout`.
///
/// # Errors
/// The first invalid key and its place.
pub(super) fn request(reader: &Reader, key: &str, base: &Url) -> Result<Option<Exchange>, Error> {
    let Some(request) = reader.below(key) else {
        return Ok(None);
    };
    let url = request
        .url("url", Some(base))?
        .ok_or_else(|| request.missing("url", ""))?;
    let (json, form) = (request.templates("json")?, request.templates("form")?);
    let fields = match (json.is_empty(), form.is_empty()) {
        (true, true) => Fields::None,
        (false, true) => Fields::Json(json),
        (true, false) => Fields::Form(form),
        (false, false) => return Err(request.wrong("form", "cannot be used with 'json'")),
    };
    let method = request.text("method")?.unwrap_or_else(|| "POST".into());
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(request.wrong("method", "must be an uppercase word such as POST"));
    }
    let default = ResponseNames::default();
    let or = |name: &str, default: String| request.text(name).map(|text| text.unwrap_or(default));
    Ok(Some(Exchange {
        method,
        target: Target::Url(url),
        headers: request.headers("headers")?,
        query: request.templates("query")?,
        fields,
        answer: ResponseNames {
            token: or("token", default.token)?,
            refresh_token: or("refresh_token", default.refresh_token)?,
            expires_in: or("expires_in", default.expires_in)?,
            expires_at: or("expires_at", default.expires_at)?,
            also: members(&request, "also")?,
        },
    }))
}
