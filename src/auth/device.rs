//! A login by a person on another device (RFC 8628): show a page and a code, then poll.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::context::{Context, DeviceCode};
use super::error::Error as AuthError;
use super::exchange::{self, Outcome, find};
use super::plan::{Exchange, TokenPlan};
use super::service::Service;
use super::values::Values;
use crate::error::Error;
use crate::secret::Secret;
use crate::shell::quote;

/// The maximum lifetime of a code, even if the service allows more.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Shows the code and polls until the person has logged in.
///
/// # Errors
/// If no person can be prompted, or a request fails.
pub(super) fn obtain(
    service: &Service,
    plan: &TokenPlan,
    (code, poll): (&Exchange, &Exchange),
    values: &mut Values,
    context: &Context,
) -> Result<Outcome, Error> {
    let failed = |why: String, hint: Option<String>| {
        Error::Auth(AuthError::Failed {
            profile: service.name.clone(),
            why,
            hint,
        })
    };
    let Some(show) = context.show_code else {
        return Err(Error::Auth(AuthError::Refused {
            profile: service.name.clone(),
            why: "an interactive login is required".into(),
            hint: Some(format!("c47 auth login {}", quote(&service.name))),
        }));
    };
    let response = exchange::send(code, values, &context.settings, context.deadline)?;
    let text = |json: &Json, name: &str| find(json, name).and_then(Json::as_str).map(str::to_owned);
    let (status, json) = (response.status, response.json.unwrap_or(Json::Null));
    let parts = (
        text(&json, "device_code"),
        text(&json, "user_code"),
        text(&json, "verification_uri").or_else(|| text(&json, "verification_url")),
    );
    let (200, (Some(device), Some(code), Some(page))) = (status, parts) else {
        let why = format!("the service returned {status} without a code");
        return Err(failed(why, None));
    };
    let seconds = |name: &str| {
        find(&json, name)
            .and_then(Json::as_u64)
            .map(Duration::from_secs)
    };
    let lifetime = seconds("expires_in")
        .unwrap_or(MAX_LIFETIME)
        .min(MAX_LIFETIME);
    let mut interval = seconds("interval").unwrap_or(Duration::from_secs(5));
    show(&DeviceCode {
        page,
        code,
        complete: text(&json, "verification_uri_complete"),
    });
    values
        .given
        .insert("device_code", Secret::new(device.into_bytes()));
    let started = Instant::now();
    loop {
        // Poll at least once a minute and at most once a second.
        thread::sleep(interval.clamp(Duration::from_secs(1), Duration::from_secs(60)));
        if started.elapsed() > lifetime || context.deadline.is_over() {
            let hint = format!("c47 auth login {}", quote(&service.name));
            return Err(failed("the code has expired".into(), Some(hint)));
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
