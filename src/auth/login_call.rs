//! One request of a login and its bounded response. A leaf, which both the token requests and the
//! discovery of an issuer use.

use std::time::Duration;

use zeroize::{Zeroize, Zeroizing};

use super::error::Error as AuthError;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::body::Body;
use crate::http::failure::Failure;
use crate::http::request::Request;
use crate::http::settings::{Intake, Retry};
use crate::http::{Caller, Follow, Settings};
use crate::redact::Secrets;
use crate::timestamp::Timestamp;

/// The time limit for a login request.
pub(super) const LOGIN_TIMEOUT: Duration = Duration::from_secs(20);
const MAX_RESPONSE_BYTES: u64 = 1 << 20;

/// A response of any status.
pub(super) struct LoginResponse {
    pub status: u16,
    pub bytes: Zeroizing<Vec<u8>>,
    /// How many seconds the service's clock is ahead of this machine's.
    pub ahead: Option<i64>,
}

/// Sends the request and reads the response before the deadline.
///
/// # Errors
/// If no response arrives.
pub(super) fn call(
    request: Request,
    settings: &Settings,
    deadline: Deadline,
) -> Result<LoginResponse, Error> {
    call_within(LOGIN_TIMEOUT, request, settings, deadline)
}

/// As [`call`], within `limit`.
///
/// # Errors
/// If no response arrives.
pub(super) fn call_within(
    limit: Duration,
    mut request: Request,
    settings: &Settings,
    deadline: Deadline,
) -> Result<LoginResponse, Error> {
    let mut settings = settings.clone();
    settings.limits.whole = Some(settings.limits.whole.map_or(limit, |own| own.min(limit)));
    settings.limits.body = Some(MAX_RESPONSE_BYTES);
    // A redirect would send the secrets to another URL. The caller decides about retries.
    settings.follow = Follow::No;
    settings.retry = Retry::default();
    settings.intake = Intake::default();
    let url = request.shown_url(Secrets::Hidden);
    let unanswered = |error| match error {
        // The other failures name the host.
        Error::Http(failure @ Failure::TimedOut { .. }) => Error::Auth(AuthError::TimedOut {
            url,
            why: failure.to_string(),
        }),
        other => other,
    };
    let called = Caller::new(settings)
        .until(deadline.or_after(limit))
        .call(&mut request);
    if let Body::Bytes { bytes, .. } = &mut request.body {
        bytes.zeroize();
    }
    let mut response = called.map_err(unanswered)?;
    let bytes = Zeroizing::new(response.body.read_all(MAX_RESPONSE_BYTES)?);
    Ok(LoginResponse {
        status: response.head.status,
        bytes,
        ahead: response.head.header("date").and_then(seconds_ahead),
    })
}

/// How many seconds a Date header is ahead of this machine's clock.
pub(crate) fn seconds_ahead(date: &str) -> Option<i64> {
    Timestamp::parse_http_date(date).map(|date| date.0.saturating_sub(Timestamp::now().0))
}

/// "the service's clock is 5m ahead of this machine's" if it differs by more than a minute.
pub(crate) fn skew(ahead: Option<i64>) -> Option<String> {
    let ahead = ahead.filter(|ahead| ahead.abs() > 60)?;
    let length = crate::quantity::format_duration(Duration::from_secs(ahead.unsigned_abs()));
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    Some(format!(
        "the service's clock is {length} {side} this machine's"
    ))
}
