//! Checks the claims of a token (RFC 7519 §4.1).

use super::{Policy, Reason};
use crate::json::{self, Text};
use crate::jwt::numeric_date::NumericDate;
use crate::jwt::quoted;

type Members = [(String, Text)];

/// Reads the claims in a payload.
///
/// # Errors
/// If they are not a JSON object, or a claim occurs twice.
pub(super) fn read(payload: &[u8]) -> Result<(Text, Vec<(String, Text)>), String> {
    let wrong = |why: String| format!("its claims are not valid JSON: {why}");
    let text = Text::from_bytes(payload).map_err(wrong)?;
    let members = json::members(&text).map_err(wrong)?;
    Ok((text, members))
}

/// Checks the times, then the policy.
pub(super) fn check(claims: &Members, policy: &Policy) -> Result<(), Reason> {
    check_times(claims, policy)?;
    for name in &policy.required {
        match value(claims, name).map(Text::as_str) {
            None | Some("null") => {
                return Err(Reason::Claim(format!(
                    "the claim {} is missing",
                    quoted(name)
                )));
            }
            Some(_) => {}
        }
    }
    ensure_equal(claims, "iss", policy.issuer.as_deref())?;
    ensure_equal(claims, "sub", policy.subject.as_deref())?;
    policy.audience.check(value(claims, "aud"))
}

/// Checks `nbf <= now < exp`. A time that is not a number is rejected.
fn check_times(claims: &Members, policy: &Policy) -> Result<(), Reason> {
    let leeway = policy.leeway_s;
    if let Some(end) = date(claims, "exp")?
        && end.has_come(policy.now.plus(-leeway))
    {
        let ago_s = policy.now.0.saturating_sub(end.timestamp().0).max(0);
        return Err(Reason::Expired { ago_s });
    }
    if let Some(start) = date(claims, "nbf")?
        && !start.has_come(policy.now.plus(leeway))
    {
        let from = start.timestamp();
        let wait_s = from.0.saturating_sub(policy.now.0).max(1);
        return Err(Reason::NotYetValid { from, wait_s });
    }
    Ok(())
}

fn date(claims: &Members, name: &str) -> Result<Option<NumericDate>, Reason> {
    let Some(value) = value(claims, name) else {
        return Ok(None);
    };
    match NumericDate::read(value) {
        Some(date) => Ok(Some(date)),
        None => Err(Reason::Claim(format!("the claim '{name}' is not a number"))),
    }
}

fn ensure_equal(claims: &Members, name: &str, wanted: Option<&str>) -> Result<(), Reason> {
    let Some(wanted) = wanted else { return Ok(()) };
    let found = value(claims, name).map(|value| value.read::<String>());
    Err(Reason::Claim(match found {
        Some(Ok(found)) if found == wanted => return Ok(()),
        Some(Ok(found)) => format!("{name} is {}, not {}", quoted(&found), quoted(wanted)),
        Some(Err(_)) => format!("the claim '{name}' is not a string"),
        None => format!("the claim '{name}' is missing"),
    }))
}

fn value<'a>(claims: &'a Members, name: &str) -> Option<&'a Text> {
    claims
        .iter()
        .find(|(own, _)| own == name)
        .map(|(_, value)| value)
}
