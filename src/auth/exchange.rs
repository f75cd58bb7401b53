//! One request for a token, and what its answer says.

use std::time::Duration;

use serde_json::Value as Json;
use zeroize::{Zeroize, Zeroizing};

use super::error::Error as AuthError;
use super::plan::{Exchange, Fields, Target};
use super::profile::Profile;
use super::template::Template;
use super::values::Values;
use crate::error::Error;
use crate::escape::one_line;
use crate::http::auth::Credential;
use crate::http::body::{self, Body};
use crate::http::proxy::Route;
use crate::http::request::{Header, Request, USER_AGENT, Value};
use crate::http::url::{Scheme, Url, form_encode};
use crate::http::{self, Follow, Settings};
use crate::json::Text;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The longest a service may take to answer a login.
pub const PATIENCE: Duration = Duration::from_secs(20);
const MAX_ANSWER: u64 = 1 << 20;

/// What an exchange brought.
#[derive(Debug)]
pub struct Granted {
    pub token: Secret,
    pub refresh_token: Option<Secret>,
    /// When it ends, by this machine's clock.
    pub expires: Option<Timestamp>,
}

/// An answer, whatever it says.
pub struct Said {
    pub status: u16,
    pub json: Option<Json>,
    /// How far the service's clock is ahead of ours, in seconds.
    pub ahead: Option<i64>,
}

/// Sends the request and reads the answer.
///
/// # Errors
/// When a secret cannot be had, or no answer comes.
pub fn ask(
    profile: &Profile,
    exchange: &Exchange,
    values: &mut Values,
    settings: &Settings,
) -> Result<Said, Error> {
    let mut request = request(profile, exchange, values, settings)?;
    let mut settings = settings.clone();
    settings.limits.whole = Some(
        settings
            .limits
            .whole
            .map_or(PATIENCE, |own| own.min(PATIENCE)),
    );
    settings.limits.body = Some(MAX_ANSWER);
    // A redirect would take the secrets along to who knows where.
    let called = http::call(&mut request, &settings, Follow::No, &mut |_| {});
    if let Body::Bytes { bytes, .. } = &mut request.body {
        bytes.zeroize();
    }
    let mut answer = called?;
    let bytes = Zeroizing::new(answer.body.read_all(MAX_ANSWER)?);
    Ok(Said {
        status: answer.head.status,
        json: serde_json::from_slice(&bytes).ok(),
        ahead: answer.head.header("date").and_then(seconds_ahead),
    })
}

/// How far a Date header is ahead of this machine's clock.
pub fn seconds_ahead(date: &str) -> Option<i64> {
    Timestamp::parse_http_date(date).map(|date| date.0.saturating_sub(Timestamp::now().0))
}

/// "the service's clock is 5m ahead of this machine's", where it is more than a minute off.
pub fn skew(ahead: Option<i64>) -> Option<String> {
    let ahead = ahead.filter(|ahead| ahead.abs() > 60)?;
    let length = crate::quantity::say_duration(Duration::from_secs(ahead.unsigned_abs()));
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    Some(format!(
        "the service's clock is {length} {side} this machine's"
    ))
}

fn request(
    profile: &Profile,
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
    ensure_not_in_plaintext(profile, &url, settings)?;
    let mut query = Vec::new();
    for (name, template) in &exchange.query {
        if let Some(value) = fill(template, values)? {
            query.push(format!("{}={}", form_encode(name), form_encode(&value)));
        }
    }
    // A query with secrets in it is kept where no message shows it.
    let credential = match query.is_empty() {
        true => Credential::None,
        false => {
            let pairs = Zeroizing::new(query.join("&"));
            let (name, value) = pairs.split_once('=').unwrap_or((&pairs, ""));
            Credential::Query {
                name: name.to_owned(),
                value: Secret::new(value.as_bytes().to_vec()),
            }
        }
    };
    url.query = None;
    let body = match &exchange.fields {
        Fields::None => Body::None,
        Fields::Json(fields) => {
            let mut members = Vec::new();
            for (name, template) in fields {
                if let Some(value) = fill(template, values)? {
                    members.push((name.clone(), Text::string(&value)));
                }
            }
            body::json_of(&members).map_err(Error::usage)?
        }
        Fields::Form(fields) => {
            let mut members = Vec::new();
            for (name, template) in fields {
                if let Some(value) = fill(template, values)? {
                    members.push((name.clone(), value.to_string()));
                }
            }
            body::form_of(&members)
        }
    };
    let plain = |name: &str, value: &str| Header {
        name: name.to_owned(),
        value: Value::Plain(value.to_owned()),
    };
    let mut headers = vec![plain("user-agent", USER_AGENT)];
    let sets_accept = |(name, _): &(String, Template)| name.eq_ignore_ascii_case("accept");
    if !exchange.headers.iter().any(sets_accept) {
        headers.push(plain("accept", "application/json"));
    }
    if let Some(content_type) = body.content_type() {
        headers.push(plain("content-type", content_type));
    }
    for (name, template) in &exchange.headers {
        if let Some(value) = template.fill(&mut |name| values.get(name))? {
            headers.push(Header {
                name: name.clone(),
                value: Value::Secret(value),
            });
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

fn fill(template: &Template, values: &mut Values) -> Result<Option<Zeroizing<String>>, Error> {
    let filled = template.fill(&mut |name| values.get(name))?;
    Ok(filled.map(|secret| Zeroizing::new(String::from_utf8_lossy(secret.expose()).into_owned())))
}

/// Secrets go over plain http to this machine only, unless the profile says otherwise.
///
/// # Errors
/// Names the profile and where its credentials would go.
pub fn ensure_not_in_plaintext(
    profile: &Profile,
    url: &Url,
    settings: &Settings,
) -> Result<(), Error> {
    let route = settings.proxies.route(&url.origin).map_err(Error::usage)?;
    let stays_here = url.origin.is_loopback() && matches!(route, Route::Direct);
    if url.origin.scheme == Scheme::Https || stays_here || profile.allow_plaintext {
        return Ok(());
    }
    Err(Error::usage_hint(
        format!(
            "credentials of {} would go in plain text to {}",
            profile.name, url.origin
        ),
        "use https, or 'allow_plaintext = true' in the profile where the network may see them",
    ))
}

/// What came of an exchange, beside what is an error to anybody.
pub enum Outcome {
    Granted(Granted),
    /// The service said no, in these words.
    Refused {
        why: String,
        ahead: Option<i64>,
    },
}

/// Asks for a token.
///
/// # Errors
/// When the service cannot be asked, or answers what is neither a token nor a refusal.
pub fn obtain(
    profile: &Profile,
    exchange: &Exchange,
    values: &mut Values,
    settings: &Settings,
    ttl: Option<Duration>,
) -> Result<Outcome, Error> {
    let said = ask(profile, exchange, values, settings)?;
    judge(profile, exchange, values, said, ttl)
}

/// Makes a token or a refusal of an answer.
///
/// # Errors
/// When it is neither.
pub fn judge(
    profile: &Profile,
    exchange: &Exchange,
    values: &Values,
    said: Said,
    ttl: Option<Duration>,
) -> Result<Outcome, Error> {
    let failed = |why: String| {
        Error::Auth(AuthError::Failed {
            profile: profile.name.clone(),
            why,
            hint: None,
        })
    };
    match said.status {
        200..=299 => {}
        400..=499 if !matches!(said.status, 404 | 405 | 408 | 425) => {
            let words = said.json.as_ref().and_then(words);
            let why = match words {
                Some(words) => format!("{} {}", said.status, values.without_secrets(&words)),
                None => format!("the service answered {}", said.status),
            };
            return Ok(Outcome::Refused {
                why: one_line(&why),
                ahead: said.ahead,
            });
        }
        300..=399 => {
            return Err(failed(format!(
                "the service answered {}: a redirect of a login is not followed",
                said.status
            )));
        }
        status => return Err(failed(format!("the service answered {status}"))),
    }
    let json = said
        .json
        .ok_or_else(|| failed("the service's answer is no JSON".into()))?;
    let names = &exchange.answer;
    let Some(token) = find(&json, &names.token).and_then(Json::as_str) else {
        let why = match words(&json) {
            Some(words) => one_line(&values.without_secrets(&words)),
            None => format!("the answer has no '{}'", names.token),
        };
        return Ok(Outcome::Refused {
            why,
            ahead: said.ahead,
        });
    };
    let token = checked(token).map_err(|why| failed(format!("the token: {why}")))?;
    let refresh_token = find(&json, &names.refresh_token)
        .and_then(Json::as_str)
        .filter(|text| !text.is_empty())
        .map(checked)
        .transpose()
        .map_err(|why| failed(format!("the refresh token: {why}")))?;
    let expires = expiry(&json, exchange, &token, said.ahead.unwrap_or(0), ttl);
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
    let by_service = at.or_else(|| jwt_expiry(token));
    match by_service {
        Some(at) => Some(at.plus(-ahead)),
        None => ttl.map(|ttl| now.plus(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX))),
    }
}

fn jwt_expiry(token: &Secret) -> Option<Timestamp> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let text = token.expose_text().ok()?;
    let payload = text.split('.').nth(1)?;
    let claims: Json = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let exp = claims.get("exp")?.as_f64()?;
    exp.is_finite().then_some(Timestamp(exp as i64))
}

/// A member by its name, or by names with dots between.
pub fn find<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(json, |json, name| json.get(name))
}

/// What a service says went wrong (RFC 6749 §5.2, and what others use).
fn words(json: &Json) -> Option<String> {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    let main = text("error_description")
        .or(text("message"))
        .or(text("detail"))
        .or(text("error"))?;
    let mut words: String = main.chars().take(200).collect();
    if let Some(code) = text("error").filter(|code| *code != main && code.len() < 60) {
        words = format!("{code}: {words}");
    }
    Some(words)
}

/// Whether a failed call may have reached nobody: then it says nothing about the secret.
pub fn is_transport(error: &Error) -> bool {
    matches!(error, Error::Http(_)) || matches!(error, Error::Auth(AuthError::Failed { .. }))
}
