//! A login by a person on another device (RFC 8628): a page, a code, and polling as told.

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

/// No code lives longer here, whatever the service says.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// Shows the code and waits for the person.
///
/// # Errors
/// When nobody is there, or the service cannot be asked.
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
            why: "a person must log in".into(),
            hint: Some(format!("c47 auth login {}", quote(&service.name))),
        }));
    };
    let said = exchange::send(code, values, &context.settings, context.deadline)?;
    let text = |json: &Json, name: &str| find(json, name).and_then(Json::as_str).map(str::to_owned);
    let (status, json) = (said.status, said.json.unwrap_or(Json::Null));
    let parts = (
        text(&json, "device_code"),
        text(&json, "user_code"),
        text(&json, "verification_uri").or_else(|| text(&json, "verification_url")),
    );
    let (200, (Some(device), Some(code), Some(page))) = (status, parts) else {
        let why = format!("the service answered {status} and gave no code");
        return Err(failed(why, None));
    };
    let seconds = |name: &str| {
        find(&json, name)
            .and_then(Json::as_u64)
            .map(Duration::from_secs)
    };
    let lifetime = seconds("expires_in").unwrap_or(LONGEST).min(LONGEST);
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
        // Never faster than once a second, never slower than a person's patience.
        thread::sleep(interval.clamp(Duration::from_secs(1), Duration::from_secs(60)));
        if started.elapsed() > lifetime || context.deadline.is_over() {
            let hint = format!("c47 auth login {}", quote(&service.name));
            return Err(failed("the code has expired".into(), Some(hint)));
        }
        let said = exchange::send(poll, values, &context.settings, context.deadline)?;
        let error = said.json.as_ref().and_then(|json| text(json, "error"));
        match error.as_deref() {
            Some("authorization_pending") => {}
            // RFC 8628 §3.5.
            Some("slow_down") => interval += Duration::from_secs(5),
            _ => return exchange::judge(service, plan, poll, values, said),
        }
    }
}
