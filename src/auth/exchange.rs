//! One request for a token, and what its answer says.

use std::time::Duration;

use serde_json::Value as Json;
use zeroize::{Zeroize, Zeroizing};

use super::context::Context;
use super::error::Error as AuthError;
use super::plan::{Exchange, Fields, Target, TokenPlan};
use super::refusal::{Meaning, Refused, code, of_code, refused};
use super::service::Service;
use super::template::Template;
use super::values::Values;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::escape::one_line;
use crate::http::body::{self, Body};
use crate::http::credential::{Credential, QueryMember};
use crate::http::guard;
use crate::http::request::{Header, Request, USER_AGENT};
use crate::http::settings::{Intake, Retry};
use crate::http::url::form_encode;
use crate::http::{Caller, Follow, Settings};
use crate::json::Text;
use crate::jwt;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The longest a service may take to answer a login.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
const MAX_ANSWER: u64 = 1 << 20;
/// As much of a service's own words as a message shows.
const MAX_WORDS: usize = 200;

/// What an exchange brought.
#[derive(Debug)]
pub(super) struct Granted {
    pub token: Secret,
    pub refresh_token: Option<Secret>,
    /// When it ends, by this machine's clock.
    pub expires: Option<Timestamp>,
}

/// An answer, whatever it says.
pub(super) struct TokenResponse {
    pub status: u16,
    pub json: Option<Json>,
    /// How far the service's clock is ahead of ours, in seconds.
    pub ahead: Option<i64>,
}

/// Sends the request and reads the answer, before the deadline.
///
/// # Errors
/// When a secret cannot be had, or no answer comes.
pub(super) fn ask(
    exchange: &Exchange,
    values: &mut Values,
    settings: &Settings,
    deadline: Deadline,
) -> Result<TokenResponse, Error> {
    let mut request = request(exchange, values, settings)?;
    let mut settings = settings.clone();
    settings.limits.whole = Some(
        settings
            .limits
            .whole
            .map_or(PATIENCE, |own| own.min(PATIENCE)),
    );
    settings.limits.body = Some(MAX_ANSWER);
    // A redirect would take the secrets to a place nobody chose; a retry is the caller's decision.
    settings.follow = Follow::No;
    settings.retry = Retry::default();
    settings.intake = Intake::default();
    let called = Caller::new(settings)
        .until(deadline.or_after(PATIENCE))
        .call(&mut request);
    if let Body::Bytes { bytes, .. } = &mut request.body {
        bytes.zeroize();
    }
    let mut answer = called?;
    let bytes = Zeroizing::new(answer.body.read_all(MAX_ANSWER)?);
    Ok(TokenResponse {
        status: answer.head.status,
        json: serde_json::from_slice(&bytes).ok(),
        ahead: answer.head.header("date").and_then(seconds_ahead),
    })
}

/// How far a Date header is ahead of this machine's clock.
pub(crate) fn seconds_ahead(date: &str) -> Option<i64> {
    Timestamp::parse_http_date(date).map(|date| date.0.saturating_sub(Timestamp::now().0))
}

/// "the service's clock is 5m ahead of this machine's", where it is more than a minute off.
pub(crate) fn skew(ahead: Option<i64>) -> Option<String> {
    let ahead = ahead.filter(|ahead| ahead.abs() > 60)?;
    let length = crate::quantity::say_duration(Duration::from_secs(ahead.unsigned_abs()));
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    Some(format!(
        "the service's clock is {length} {side} this machine's"
    ))
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
            .ok_or_else(|| Error::usage("there is no token_url"))?,
    };
    url.query = None;
    // Before any secret is read; the body is one too.
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
    })
}

/// A query may hold secrets: it is a credential, which no message shows.
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

/// What came of an exchange, beside what is an error to anybody.
pub(super) enum Outcome {
    Granted(Granted),
    /// The service said no, in these words.
    Refused {
        what: Refused,
        why: String,
        ahead: Option<i64>,
    },
}

/// Asks for a token.
///
/// # Errors
/// When the service cannot be asked, or answers what is neither a token nor a refusal.
pub(super) fn obtain(
    service: &Service,
    plan: &TokenPlan,
    exchange: &Exchange,
    values: &mut Values,
    context: &Context,
) -> Result<Outcome, Error> {
    let response = ask(exchange, values, &context.settings, context.deadline)?;
    judge(service, plan, exchange, values, response)
}

/// Makes a token or a refusal of an answer.
///
/// # Errors
/// When it is neither: such a failure is temporary.
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
    let words = json.as_ref().and_then(|json| words(json, values));
    if !matches!(status, 200..=299) {
        if let Some(what) = refused(&plan.refusals, status, json.as_ref()) {
            let why = match words {
                Some(words) => format!("{status} {words}"),
                None => format!("the service answered {status}"),
            };
            return Ok(Outcome::Refused { what, why, ahead });
        }
        return Err(failed(match (status, words) {
            (300..=399, _) => {
                format!("the service answered {status}: a redirect of a login is not followed")
            }
            (_, Some(words)) => format!("the service answered {status}: {words}"),
            (_, None) => format!("the service answered {status}"),
        }));
    }
    let json = json.ok_or_else(|| failed("the service's answer is no JSON".into()))?;
    let names = &exchange.answer;
    let Some(token) = find(&json, &names.token).and_then(Json::as_str) else {
        let why = words.unwrap_or_else(|| format!("the answer has no '{}'", names.token));
        let what = match code(&json).map(of_code) {
            Some(Meaning::Temporary) => return Err(failed(why)),
            Some(Meaning::Refused(what)) => what,
            Some(Meaning::Unknown) | None => Refused::Client,
        };
        return Ok(Outcome::Refused { what, why, ahead });
    };
    let token = checked(token).map_err(|why| failed(format!("the token: {why}")))?;
    let refresh_token = find(&json, &names.refresh_token)
        .and_then(Json::as_str)
        .filter(|text| !text.is_empty())
        .map(checked)
        .transpose()
        .map_err(|why| failed(format!("the refresh token: {why}")))?;
    let expires = expiry(&json, exchange, &token, ahead.unwrap_or(0), plan.ttl);
    Ok(Outcome::Granted(Granted {
        token,
        refresh_token,
        expires,
    }))
}

fn checked(text: &str) -> Result<Secret, &'static str> {
    let secret = Secret::new(text.as_bytes().to_vec());
    if text.is_empty() || text.chars().any(|c| c.is_control() || c == ' ') {
        return Err("it is empty or holds what no header can");
    }
    secret.expose_text()?;
    Ok(secret)
}

/// When a token ends: by `expires_in`, else by `expires_at`, else by the token's own `exp`, else by
/// the profile's `ttl`.
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
    // The service's times are by its clock.
    let by_service = at.or_else(|| jwt::expiry(token));
    match by_service {
        Some(at) => Some(at.plus(-ahead)),
        None => ttl.map(|ttl| now.plus(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX))),
    }
}

/// A member by its name, or by names with dots between.
pub(super) fn find<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(json, |json, name| json.get(name))
}

/// What a service says went wrong (RFC 6749 §5.2, and what others use), as it may be shown. Secrets
/// are masked first: half of one would not be found.
fn words(json: &Json, values: &Values) -> Option<String> {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    let main = text("error_description")
        .or(text("message"))
        .or(text("detail"))
        .or(text("error"))?;
    let shown = |text: &str| {
        let masked = one_line(&values.without_secrets(text));
        masked.chars().take(MAX_WORDS).collect::<String>()
    };
    let words = shown(main);
    match text("error").filter(|code| *code != main && code.len() < 60) {
        Some(code) => Some(format!("{}: {words}", shown(code))),
        None => Some(words),
    }
}

/// Whether a failed call may have reached nobody: then it says nothing about the secret.
pub(super) fn is_transport(error: &Error) -> bool {
    matches!(error, Error::Http(_)) || matches!(error, Error::Auth(AuthError::Failed { .. }))
}
