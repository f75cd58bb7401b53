//! Which names are a secret's.

/// A name with one of these in it is a secret's.
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

/// A name that is one of these, `-` and `_` aside, is a secret's; they are too short to be looked
/// for within a name.
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

/// Words of the trade, and of OAuth, that hold a fragment and no secret. They are taken out of a
/// name before it is judged.
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

/// Headers whose names hold a fragment and whose values are no secret, by their exact names: those of
/// the IANA registry and of services in wide use. A name that nobody listed stays masked: the
/// header in which a studio sends its token is in no registry.
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

/// Whether a header of this name carries a secret.
pub(crate) fn of_header(name: &str) -> bool {
    !is_one_of(name, &HARMLESS_HEADERS) && of_member(&name.replace('-', "_"))
}

/// Whether a member of this name (of a query, form or JSON object) is a secret.
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

/// Whether a header of this name asks for credentials rather than bringing them.
pub(super) fn is_challenge(name: &str) -> bool {
    is_one_of(name, &["www-authenticate", "proxy-authenticate"])
}

/// Whether `word` is one of `words`, whatever its case.
pub(super) fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

fn is_secret(lower_name: &str) -> bool {
    if lower_name.len() < 3 {
        return false; // shorter than any of them
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

/// The author of a shot is known to all; its authorization is not.
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
    fn secrets_by_name() {
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
    fn headers_that_carry_a_secret() {
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
