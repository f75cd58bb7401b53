//! A login by a person on another device (RFC 8628): show a page and a code, then poll.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::context::{Context, DeviceCode, Prompt};
use super::error::Error as AuthError;
use super::exchange::{self, Outcome, find};
use super::plan::{Exchange, TokenPlan};
use super::service::Service;
use super::values::Values;
use crate::error::Error;
use crate::secret::Secret;

/// The maximum lifetime of a code, even if the service allows more.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A code that the person has not entered yet.
pub(super) struct Pending {
    lifetime: Duration,
    interval: Duration,
}

/// The result of the request for a code.
pub(super) enum Start {
    Shown(Pending),
    Refused(Outcome),
}

/// The error if nobody can be asked.
pub(super) fn person_required(service: &Service) -> Error {
    Error::Auth(AuthError::Refused {
        profile: service.name.clone(),
        why: "an interactive login is required".into(),
        hint: service.login_command(),
    })
}

/// Shows the code and polls until the person has logged in.
///
/// # Errors
/// If no person can be prompted, or a request fails.
pub(super) fn obtain(
    service: &Service,
    plan: &TokenPlan,
    (code, polling): (&Exchange, &Exchange),
    values: &mut Values,
    context: &Context,
) -> Result<Outcome, Error> {
    match start(service, plan, code, values, context)? {
        Start::Shown(pending) => poll(service, plan, polling, pending, values, context),
        Start::Refused(outcome) => Ok(outcome),
    }
}

fn failed(service: &Service, why: String, hint: Option<String>) -> Error {
    Error::Auth(AuthError::Failed {
        profile: service.name.clone(),
        why,
        hint,
    })
}

fn text(json: &Json, name: &str) -> Option<String> {
    find(json, name).and_then(Json::as_str).map(str::to_owned)
}

/// Requests a code and shows it.
///
/// # Errors
/// If no person can be prompted, or the response is neither a code nor a refusal.
pub(super) fn start(
    service: &Service,
    plan: &TokenPlan,
    code: &Exchange,
    values: &mut Values,
    context: &Context,
) -> Result<Start, Error> {
    let Some(person) = &context.person else {
        return Err(person_required(service));
    };
    let response = exchange::send(code, values, &context.settings, context.deadline)?;
    if response.status != 200 {
        return exchange::judge(service, plan, code, values, response).map(Start::Refused);
    }
    let json = response.json.unwrap_or(Json::Null);
    let parts = (
        text(&json, "device_code"),
        text(&json, "user_code"),
        text(&json, "verification_uri").or_else(|| text(&json, "verification_url")),
    );
    let (Some(device), Some(code), Some(page)) = parts else {
        let why = "the service returned 200 without a code".to_owned();
        return Err(failed(service, why, None));
    };
    let seconds = |name: &str| {
        find(&json, name)
            .and_then(Json::as_u64)
            .map(Duration::from_secs)
    };
    (person.show)(&Prompt::Code(DeviceCode {
        page,
        code,
        complete: text(&json, "verification_uri_complete"),
    }));
    values
        .given
        .insert("device_code", Secret::new(device.into_bytes()));
    Ok(Start::Shown(Pending {
        lifetime: seconds("expires_in")
            .unwrap_or(MAX_LIFETIME)
            .min(MAX_LIFETIME),
        interval: seconds("interval").unwrap_or(Duration::from_secs(5)),
    }))
}

/// Polls until the person has logged in.
///
/// # Errors
/// If the code expires, or a request fails.
pub(super) fn poll(
    service: &Service,
    plan: &TokenPlan,
    poll: &Exchange,
    pending: Pending,
    values: &mut Values,
    context: &Context,
) -> Result<Outcome, Error> {
    let started = Instant::now();
    let mut interval = pending.interval;
    loop {
        // Poll at least once a minute and at most once a second.
        thread::sleep(interval.clamp(Duration::from_secs(1), Duration::from_secs(60)));
        if started.elapsed() > pending.lifetime || context.deadline.is_over() {
            let hint = service.login_command();
            return Err(failed(service, "the code has expired".into(), hint));
        }
        let response = exchange::send(poll, values, &context.settings, context.deadline)?;
        let error = response.json.as_ref().and_then(|json| text(json, "error"));
        match error.as_deref() {
            Some("authorization_pending") => {}
            // RFC 8628 §3.5.
            Some("slow_down") => interval += Duration::from_secs(5),
            _ => return exchange::judge(service, plan, poll, values, response),
        }
    }
}
