//! Names of secrets.

/// A name that contains one of these names a secret.
const FRAGMENTS: [&str; 11] = [
    "key",
    "token",
    "secret",
    "passw",
    "passphrase",
    "signature",
    "auth",
    "credential",
    "assertion",
    "cookie",
    "jwt",
];

/// A name that equals one of these, ignoring `-` and `_`, names a secret. They are too short to
/// search for within names.
const WHOLE: [&str; 12] = [
    "sid",
    "tsid",
    "sessionid",
    "jsessionid",
    "phpsessid",
    "otp",
    "totp",
    "pass",
    "pwd",
    "sig",
    "hmac",
    "codeverifier",
];

/// Words of visual effects and OAuth that contain a fragment but name no secret. They are removed
/// from a name before the check.
const HARMLESS: [&str; 10] = [
    "keyframe",
    "keyword",
    "keyboard",
    "monkey",
    "keylight",
    "token_type",
    "tokentype",
    "token_uri",
    "token_url",
    "token_endpoint",
];

/// Exact names of headers that contain a fragment but are not secret, from the IANA registry and
/// widely used services. All other such headers stay masked, because a studio may send its token in
/// a header of any name.
const HARMLESS_HEADERS: [&str; 27] = [
    "accept-signature",
    "access-control-allow-credentials",
    "arc-authentication-results",
    "authentication-control",
    "authentication-info",
    "cache-key",
    "github-authentication-token-expiration",
    "idempotency-key",
    "include-referred-token-binding-id",
    "optional-www-authenticate",
    "proxy-authenticate",
    "proxy-authentication-info",
    "public-key-pins",
    "public-key-pins-report-only",
    "sec-websocket-key",
    "signature-input",
    "surrogate-key",
    "www-authenticate",
    "x-accepted-oauth-scopes",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
    "x-amz-server-side-encryption-customer-key-md5",
    "x-cache-key",
    "x-oauth-scopes",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
];

/// Whether a header with this name contains a secret.
pub(crate) fn of_header(name: &str) -> bool {
    !is_one_of(name, &HARMLESS_HEADERS) && of_member(&name.replace('-', "_"))
}

/// Whether a member (of a query, form or JSON object) with this name is a secret.
pub(super) fn of_member(name: &str) -> bool {
    let mut name = name.to_ascii_lowercase();
    if !is_secret(&name) {
        return false;
    }
    for word in HARMLESS {
        name = name.replace(word, "");
    }
    is_secret(&without_authors(&name))
}

/// Whether a header with this name requests credentials.
pub(super) fn is_challenge(name: &str) -> bool {
    is_one_of(name, &["www-authenticate", "proxy-authenticate"])
}

/// Whether `word` is one of `words`, ignoring case.
pub(super) fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

fn is_secret(lower_name: &str) -> bool {
    if lower_name.len() < 3 {
        return false; // shorter than every secret name
    }
    let bare: String = lower_name
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .collect();
    FRAGMENTS
        .iter()
        .any(|fragment| lower_name.contains(fragment))
        || WHOLE.contains(&bare.as_str())
}

/// Removes "author", which is not secret, but not "authorization".
fn without_authors(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut pieces = name.split("author");
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        if piece.starts_with("iz") || piece.starts_with("is") {
            out.push_str("author");
        }
        out.push_str(piece);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_names_are_recognized() {
        for name in [
            "access_token",
            "refreshToken",
            "client_secret",
            "password",
            "Passwd",
            "api_key",
            "apikey",
            "key",
            "tsid",
            "session_id",
            "assertion",
            "authorization",
            "authorisation",
            "Auth",
            "X-Amz-Signature",
            "sig",
            "totp",
            "private_key",
            "user[password]",
            "keyframe_key",
        ] {
            assert!(of_member(name), "{name}");
        }
        for name in [
            "page",
            "author",
            "authors",
            "co_author_id",
            "keyframes",
            "keyword",
            "token_type",
            "code",
            "compass",
            "review_session",
            "side",
            "",
        ] {
            assert!(!of_member(name), "{name}");
        }
    }

    #[test]
    fn secret_headers_are_recognized() {
        for name in [
            "Authorization",
            "Proxy-Authorization",
            "Cookie",
            "Set-Cookie",
            "X-API-KEY",
            "ftrack-api-key",
            "Signature",
            "X-Author-Token",
            "X-Authorisation",
            "X-Hub-Signature-256",
            "X-Vault-Token",
        ] {
            assert!(of_header(name), "{name}");
        }
        for name in [
            "Accept",
            "Access-Control-Allow-Credentials",
            "Authentication-Info",
            "Idempotency-Key",
            "Sec-WebSocket-Key",
            "Token-Type",
            "WWW-Authenticate",
            "X-Author",
            "X-RateLimit-Remaining-Tokens",
            "ftrack-user",
            "Host",
            "X-As-User",
        ] {
            assert!(!of_header(name), "{name}");
        }
        for name in HARMLESS_HEADERS {
            assert!(of_member(&name.replace('-', "_")), "{name} needs no entry");
        }
    }
}
