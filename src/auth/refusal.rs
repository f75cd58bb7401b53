//! Decides which login failures are refusals. All others are temporary: the secret may be valid.

use serde_json::Value as Json;

use super::plan::Refusals;

/// What the service refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The password, code or refresh token, which is no longer valid.
    Grant,
    /// The client or the request. The password or refresh token may still be valid.
    Client,
}

/// What a response refuses; `None` if the failure is temporary.
pub(super) fn refused(refusals: &Refusals, status: u16, json: Option<&Json>) -> Option<Refused> {
    let (is_refusal, otherwise) = match refusals {
        // An unknown error code does not discard the refresh token.
        Refusals::OAuth => (
            matches!(status, 400 | 401) && json.and_then(code).is_some(),
            Refused::Client,
        ),
        Refusals::Usual => (
            matches!(status, 400 | 401 | 422) && json.is_some(),
            Refused::Grant,
        ),
        Refusals::Statuses(statuses) => (statuses.contains(&status), Refused::Grant),
    };
    match json.and_then(code).map(of_code) {
        _ if !is_refusal => None,
        Some(Meaning::Temporary) => None,
        Some(Meaning::Refused(what)) => Some(what),
        Some(Meaning::Unknown) | None => Some(otherwise),
    }
}

/// The error code in a response body.
pub(super) fn code(json: &Json) -> Option<&str> {
    json.get("error").and_then(Json::as_str)
}

/// The meaning of an error code.
pub(super) enum Meaning {
    Temporary,
    Refused(Refused),
    Unknown,
}

/// Looks up the codes of RFC 6749 §5.2 and §4.1.2.1 and of RFC 8628 §3.5.
pub(super) fn of_code(code: &str) -> Meaning {
    match code {
        "temporarily_unavailable" | "server_error" | "slow_down" | "authorization_pending" => {
            Meaning::Temporary
        }
        "invalid_grant" | "access_denied" | "expired_token" => Meaning::Refused(Refused::Grant),
        "invalid_client"
        | "unauthorized_client"
        | "invalid_request"
        | "invalid_scope"
        | "unsupported_grant_type" => Meaning::Refused(Refused::Client),
        _ => Meaning::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_failures_are_not_refusals() {
        let check = |refusals: &Refusals, status, text: &str| {
            refused(refusals, status, serde_json::from_str(text).ok().as_ref())
        };
        let (grant, client) = (Some(Refused::Grant), Some(Refused::Client));
        let own = Refusals::Statuses(vec![403]);
        for (refusals, status, text, expected) in [
            (&Refusals::OAuth, 400, r#"{"error":"invalid_grant"}"#, grant),
            (
                &Refusals::OAuth,
                401,
                r#"{"error":"invalid_client"}"#,
                client,
            ),
            (&Refusals::OAuth, 400, r#"{"error":"other"}"#, client),
            (&Refusals::OAuth, 400, r#"{"error":"server_error"}"#, None),
            (&Refusals::OAuth, 403, r#"{"error":"invalid_grant"}"#, None),
            (&Refusals::OAuth, 400, "{}", None),
            (&Refusals::OAuth, 400, "<html>", None),
            (&Refusals::Usual, 401, "{}", grant),
            (
                &Refusals::Usual,
                422,
                r#"{"error":"wrong password"}"#,
                grant,
            ),
            (&Refusals::Usual, 401, "<html>", None),
            (&Refusals::Usual, 429, "{}", None),
            (&own, 403, "", grant),
            (&own, 401, "{}", None),
        ] {
            assert_eq!(check(refusals, status, text), expected, "{status} {text}");
        }
    }
}
