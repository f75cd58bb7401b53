//! One token request and its response.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::context::Context;
use super::error::Error as AuthError;
use super::login_call;
use super::plan::{Exchange, Fields, ResponseNames, Target, TokenPlan};
use super::refusal::{Meaning, Refused, code, of_code, refused};
use super::service::Service;
use super::template::Template;
use super::values::Values;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::escape::one_line;
use crate::http::Settings;
use crate::http::body::{self, Body};
use crate::http::credential::Credential;
use crate::http::guard;
use crate::http::part::{Header, QueryMember};
use crate::http::request::{Request, USER_AGENT};
use crate::http::url::form_encode;
use crate::json::Text;
use crate::jwt;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The maximum length of the service's error text in a message.
pub(super) const MAX_ERROR_CHARS: usize = 200;

/// The tokens in a response.
#[derive(Debug)]
pub(super) struct Granted {
    pub token: Secret,
    pub refresh_token: Option<Secret>,
    /// The ID token (OpenID Connect Core §3.1.3.3), not verified yet.
    pub id_token: Option<Secret>,
    /// When it expires, by this machine's clock.
    pub expires: Option<Timestamp>,
    /// How many seconds the service's clock is ahead of this machine's.
    pub ahead: Option<i64>,
    /// Other values of the response, by their names in the profile.
    pub also: BTreeMap<String, Secret>,
}

/// The response to a token request, of any status.
pub(super) struct TokenResponse {
    pub status: u16,
    pub json: Option<Json>,
    /// How many seconds the service's clock is ahead of this machine's.
    pub ahead: Option<i64>,
}

/// Sends the request and reads the response before the deadline.
///
/// # Errors
/// If a secret cannot be read or no response arrives.
pub(super) fn send(
    exchange: &Exchange,
    values: &mut Values,
    settings: &Settings,
    deadline: Deadline,
) -> Result<TokenResponse, Error> {
    let request = request(exchange, values, settings)?;
    let response = login_call::call(request, settings, deadline)?;
    Ok(TokenResponse {
        status: response.status,
        json: serde_json::from_slice(&response.bytes).ok(),
        ahead: response.ahead,
    })
}

fn request(
    exchange: &Exchange,
    values: &mut Values,
    settings: &Settings,
) -> Result<Request, Error> {
    let mut url = match &exchange.target {
        Target::Url(url) => url.clone(),
        Target::TokenUri => values
            .signing()?
            .token_uri
            .clone()
            .ok_or_else(|| Error::usage("no token_url given"))?,
        Target::Discovered(endpoint) => values.endpoint(*endpoint, settings)?,
    };
    // The query of an endpoint in metadata is a part of it (RFC 6749 §3.2).
    if !matches!(exchange.target, Target::Discovered(_)) {
        url.query = None;
    }
    // Before any secret is read. The body contains secrets too.
    guard::ensure_confidential(&url.origin, settings)?;
    let credential = query(exchange, values)?;
    let body = body(&exchange.fields, values)?;
    let mut headers = vec![Header::plain("user-agent", USER_AGENT)];
    let sets_accept = |(name, _): &(String, Template)| name.eq_ignore_ascii_case("accept");
    if !exchange.headers.iter().any(sets_accept) {
        headers.push(Header::plain("accept", "application/json"));
    }
    if let Some(content_type) = body.content_type() {
        headers.push(Header::plain("content-type", content_type));
    }
    for (name, template) in &exchange.headers {
        if let Some(value) = values.fill(template)? {
            headers.push(Header::secret(name, value));
        }
    }
    Ok(Request {
        method: exchange.method.clone(),
        url,
        headers,
        credential,
        body,
        path_prefix: None,
        cookies: None,
    })
}

/// The query may contain secrets, so it is a credential, which no message shows.
fn query(exchange: &Exchange, values: &mut Values) -> Result<Credential, Error> {
    let mut members = Vec::new();
    for (name, template) in &exchange.query {
        if let Some(value) = fill(template, values)? {
            members.push(QueryMember {
                name: form_encode(name),
                value: Secret::new(form_encode(&value).into_bytes()),
            });
        }
    }
    Ok(match members.is_empty() {
        true => Credential::None,
        false => Credential::Query(members),
    })
}

fn body(fields: &Fields, values: &mut Values) -> Result<Body, Error> {
    match fields {
        Fields::None => Ok(Body::None),
        Fields::Json(fields) => {
            let mut members = Vec::new();
            for (name, template) in fields {
                if let Some(value) = fill(template, values)? {
                    members.push((name.clone(), Text::string(&value)));
                }
            }
            body::json_of(&members).map_err(Error::usage)
        }
        Fields::Form(fields) => {
            let mut members = Vec::new();
            for (name, template) in fields {
                if let Some(value) = fill(template, values)? {
                    members.push((name.clone(), value.to_string()));
                }
            }
            Ok(body::form_of(&members))
        }
    }
}

fn fill(template: &Template, values: &mut Values) -> Result<Option<Zeroizing<String>>, Error> {
    let filled = values.fill(template)?;
    Ok(filled.map(|secret| Zeroizing::new(String::from_utf8_lossy(secret.expose()).into_owned())))
}

/// The result of a token request that got a usable response.
pub(super) enum Outcome {
    Granted(Granted),
    /// The service refused; `why` is its error text.
    Refused {
        what: Refused,
        why: String,
        ahead: Option<i64>,
    },
}

/// Requests a token.
///
/// # Errors
/// If the request fails, or the response is neither a token nor a refusal.
pub(super) fn obtain(
    service: &Service,
    plan: &TokenPlan,
    exchange: &Exchange,
    values: &mut Values,
    context: &Context,
) -> Result<Outcome, Error> {
    let response = send(exchange, values, &context.settings, context.deadline)?;
    judge(service, plan, exchange, values, response)
}

/// Reads a token or a refusal from a response.
///
/// # Errors
/// If it is neither. Such a failure is temporary.
pub(super) fn judge(
    service: &Service,
    plan: &TokenPlan,
    exchange: &Exchange,
    values: &Values,
    response: TokenResponse,
) -> Result<Outcome, Error> {
    let failed = |why: String| {
        Error::Auth(AuthError::Failed {
            profile: service.name.clone(),
            why,
            hint: None,
        })
    };
    let TokenResponse {
        status,
        json,
        ahead,
    } = response;
    let message = json.as_ref().and_then(|json| error_text(json, values));
    if !matches!(status, 200..=299) {
        if let Some(what) = refused(&plan.refusals, status, json.as_ref()) {
            let why = match message {
                Some(message) => format!("{status} {message}"),
                None => format!("the service returned {status}"),
            };
            return Ok(Outcome::Refused { what, why, ahead });
        }
        return Err(failed(match (status, message) {
            (300..=399, _) => {
                format!("the service returned {status}; redirects of a login are not followed")
            }
            (_, Some(message)) => format!("the service returned {status}: {message}"),
            (_, None) => format!("the service returned {status}"),
        }));
    }
    let json = json.ok_or_else(|| failed("the response is not JSON".into()))?;
    let names = &exchange.answer;
    let Some(token) = find(&json, &names.token).and_then(Json::as_str) else {
        let why = message.unwrap_or_else(|| format!("the response has no '{}'", names.token));
        let what = match code(&json).map(of_code) {
            Some(Meaning::Temporary) => return Err(failed(why)),
            Some(Meaning::Refused(what)) => what,
            Some(Meaning::Unknown) | None => Refused::Client,
        };
        return Ok(Outcome::Refused { what, why, ahead });
    };
    let token = checked(token).map_err(|why| failed(format!("invalid token: {why}")))?;
    let refresh_token = find(&json, &names.refresh_token)
        .and_then(Json::as_str)
        .filter(|text| !text.is_empty())
        .map(checked)
        .transpose()
        .map_err(|why| failed(format!("invalid refresh token: {why}")))?;
    let id_token = find(&json, "id_token")
        .and_then(Json::as_str)
        .map(checked)
        .transpose()
        .map_err(|why| failed(format!("invalid ID token: {why}")))?;
    let expires = expiry(&json, exchange, &token, ahead.unwrap_or(0), plan.ttl);
    Ok(Outcome::Granted(Granted {
        token,
        refresh_token,
        id_token,
        expires,
        ahead,
        also: others(&json, names).map_err(failed)?,
    }))
}

/// The other values that the profile names.
fn others(json: &Json, names: &ResponseNames) -> Result<BTreeMap<String, Secret>, String> {
    let value = |path: &str| match find(json, path) {
        Some(Json::String(text)) => checked(text).map_err(|why| format!("invalid '{path}': {why}")),
        Some(Json::Number(number)) => Ok(Secret::new(number.to_string().into_bytes())),
        Some(Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_)) | None => {
            Err(format!("the response has no '{path}'"))
        }
    };
    let values = names.also.iter();
    values
        .map(|(name, path)| Ok((name.clone(), value(path)?)))
        .collect()
}

fn checked(text: &str) -> Result<Secret, &'static str> {
    let secret = Secret::new(text.as_bytes().to_vec());
    if text.is_empty() || text.chars().any(|c| c.is_control() || c == ' ') {
        return Err("it is empty or contains a space or control character");
    }
    secret.expose_text()?;
    Ok(secret)
}

/// When a token expires: `expires_in`, else `expires_at`, else the token's `exp`, else the profile's
/// `ttl`.
fn expiry(
    json: &Json,
    exchange: &Exchange,
    token: &Secret,
    ahead: i64,
    ttl: Option<Duration>,
) -> Option<Timestamp> {
    let now = Timestamp::now();
    let names = &exchange.answer;
    let number = |value: &Json| match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let seconds = |value: f64| (value.is_finite() && value >= 0.0).then_some(value as i64);
    if let Some(left) = find(json, &names.expires_in)
        .and_then(number)
        .and_then(seconds)
    {
        return Some(now.plus(left));
    }
    let at = find(json, &names.expires_at).and_then(|value| match value {
        Json::String(text) => Timestamp::parse(text).ok(),
        value => number(value).and_then(seconds).map(Timestamp),
    });
    // These times are by the service's clock.
    let by_service = at.or_else(|| jwt::expiry(token));
    match by_service {
        Some(at) => Some(at.plus(-ahead)),
        None => ttl.map(|ttl| now.plus(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX))),
    }
}

/// A member by its name, or by names separated by dots.
pub(super) fn find<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(json, |json, name| json.get(name))
}

/// The error text in a response (RFC 6749 §5.2 and other common members), without secrets. Masking
/// comes before truncation, because a truncated secret would not be recognized.
fn error_text(json: &Json, values: &Values) -> Option<String> {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    let main = text("error_description")
        .or(text("message"))
        .or(text("detail"))
        .or(text("error"))?;
    let shown = |text: &str| {
        let masked = one_line(&values.without_secrets(text));
        masked.chars().take(MAX_ERROR_CHARS).collect::<String>()
    };
    let message = shown(main);
    match text("error").filter(|code| *code != main && code.len() < 60) {
        Some(code) => Some(format!("{}: {message}", shown(code))),
        None => Some(message),
    }
}

/// Whether the call failed without a verdict on the secret.
pub(super) fn is_transport(error: &Error) -> bool {
    matches!(error, Error::Http(_))
        || matches!(
            error,
            Error::Auth(
                AuthError::Failed { .. } | AuthError::TimedOut { .. } | AuthError::Helper { .. }
            )
        )
}
