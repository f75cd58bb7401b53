//! Masks secrets in headers, URLs, queries, forms, JSON and text before they are printed. A value
//! is masked if its name is that of a secret, or if it looks like a token. When in doubt it is
//! masked: `--show-secrets` can show it, but a leaked secret stays in render logs for years.

mod names;
mod text;

use std::borrow::Cow;

use crate::json::{Text, token_length};

pub(crate) use names::of_header as is_secret_header;
pub(crate) use text::{multipart, text};

/// Replaces a secret.
pub(crate) const MASK: &str = "***";

/// Whether secrets are masked in output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    #[default]
    Hidden,
    Shown,
}

impl Secrets {
    /// From the value of `--show-secrets`.
    pub(crate) fn from_switch(shown: bool) -> Secrets {
        if shown {
            Secrets::Shown
        } else {
            Secrets::Hidden
        }
    }

    /// A header's value.
    pub(crate) fn header<'a>(self, name: &str, value: &'a str) -> Cow<'a, str> {
        match self {
            Secrets::Hidden => header(name, value),
            Secrets::Shown => value.into(),
        }
    }

    /// A URL, as for [`url`].
    pub(crate) fn url(self, text: &str) -> String {
        match self {
            Secrets::Hidden => url(text),
            Secrets::Shown => text.to_owned(),
        }
    }
}

/// The scheme names that stay visible before a credential. Any other first word may be part of a
/// password.
const SCHEMES: [&str; 16] = [
    "apikey",
    "aws4-hmac-sha256",
    "basic",
    "bearer",
    "digest",
    "dpop",
    "gnap",
    "hawk",
    "jwt",
    "key",
    "negotiate",
    "ntlm",
    "oauth",
    "scram-sha-256",
    "signature",
    "token",
];

/// Masks the value of a header: `Bearer ***`.
pub(crate) fn header<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if value.is_empty() {
        return value.into();
    }
    // A challenge explains why a request was rejected. Only these two schemes put a token in it.
    if names::is_challenge(name) {
        return match value.split_once(' ') {
            Some((scheme, _)) if names::is_one_of(scheme, &["negotiate", "ntlm"]) => {
                format!("{scheme} {MASK}").into()
            }
            _ => value.into(),
        };
    }
    if names::of_header(name) {
        return credential(value).into();
    }
    if looks_like_token(value) {
        return MASK.into();
    }
    if value.contains("://") || value.contains(['?', '#']) {
        return url(value).into();
    }
    value.into()
}

/// Masks a query (without `?`) or an urlencoded form: `page=1&token=***`.
pub(crate) fn query(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    for member in query.split_inclusive('&') {
        let (member, end) = match member.strip_suffix('&') {
            Some(member) => (member, "&"),
            None => (member, ""),
        };
        // Some servers also split at ';', so each part is a member. After the name of a secret, the
        // rest is part of the secret.
        let mut rest = member;
        loop {
            let (one, tail) = match rest.split_once(';') {
                Some((one, tail)) => (one, Some(tail)),
                None => (rest, None),
            };
            match one.split_once('=') {
                Some((name, _)) if names::of_member(&decoded(name)) => {
                    out.push_str(name);
                    out.push('=');
                    out.push_str(MASK);
                    break;
                }
                Some((name, value)) => {
                    out.push_str(name);
                    out.push('=');
                    out.push_str(if reveals(&decoded(value)) {
                        MASK
                    } else {
                        value
                    });
                }
                None if reveals(&decoded(one)) => out.push_str(MASK),
                None => out.push_str(one),
            }
            let Some(tail) = tail else { break };
            out.push(';');
            rest = tail;
        }
        out.push_str(end);
    }
    out
}

/// Masks the decoded value of a query member.
pub(crate) fn member<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if value.is_empty() || !(names::of_member(name) || reveals(value)) {
        value.into()
    } else {
        MASK.into()
    }
}

/// Masks a URL, a path with a query, or a text that contains URLs: user and password, and secrets
/// in the query and fragment.
pub(crate) fn url(text: &str) -> String {
    let is_end = |c: char| c.is_ascii_whitespace() || matches!(c, '<' | '>' | '"');
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_end) {
        let url = piece.strip_suffix(is_end).unwrap_or(piece);
        out.push_str(&one_url(url));
        out.push_str(piece.get(url.len()..).unwrap_or_default());
    }
    out
}

/// Masks a proxy URL, which may have no scheme: `***@proxy:3128`.
pub(crate) fn proxy(text: &str) -> String {
    const SCHEME: &str = "http://";
    if text.contains("://") {
        return url(text);
    }
    let shown = url(&format!("{SCHEME}{text}"));
    shown.strip_prefix(SCHEME).unwrap_or(&shown).to_owned()
}

fn one_url(url: &str) -> String {
    let (scheme, after) = match url.split_once("://") {
        Some((scheme, after)) => (format!("{scheme}://"), after),
        None => (String::new(), url),
    };
    let mut rest = after;
    let mut out = scheme;
    if !out.is_empty() {
        let end = userinfo_length(after);
        if end > 0 {
            out.push_str(MASK);
            rest = after.get(end..).unwrap_or_default();
        }
    }
    let (address, fragment) = match rest.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (rest, None),
    };
    match address.split_once('?') {
        Some((path, members)) => {
            out.push_str(path);
            out.push('?');
            out.push_str(&query(members));
        }
        None => out.push_str(address),
    }
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(&query(fragment)); // OAuth's implicit flow returns tokens here
    }
    out
}

/// The length of user and password after `://`. An unescaped `/`, `?` or `#` in a password ends the
/// authority too early; then the part after the last colon is not a port number.
fn userinfo_length(after: &str) -> usize {
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let authority = after.get(..end).unwrap_or(after);
    if let Some(at) = authority.rfind('@') {
        return at;
    }
    let port = match authority.rfind(']') {
        Some(bracket) => authority.get(bracket + 1..).unwrap_or_default(),
        None => authority,
    };
    match port.rsplit_once(':') {
        Some((_, port)) if !port.trim_end().bytes().all(|b| b.is_ascii_digit()) => {
            after.rfind('@').unwrap_or(0)
        }
        _ => 0,
    }
}

/// Masks JSON: values of members with the name of a secret become `"***"`. Everything else stays
/// unchanged, also booleans, null and empty strings.
pub(crate) fn body(body: &Text) -> Text {
    let mut out = String::with_capacity(body.as_str().len());
    let mut rest = body.as_str();
    while let Some(first) = rest.bytes().next() {
        if first.is_ascii_whitespace() {
            let (blank, tail) = rest.split_at(1);
            out.push_str(blank);
            rest = tail;
            continue;
        }
        let (token, tail) = split_token(rest);
        rest = tail;
        let is_name = first == b'"' && tail.trim_ascii_start().starts_with(':');
        if !is_name {
            out.push_str(&shown(first, token));
            continue;
        }
        out.push_str(token);
        let name: String = serde_json::from_str(token).unwrap_or_default();
        if names::of_member(&name) {
            let value_at = tail.len() - after_colon(tail).len();
            let (between, value) = tail.split_at(value_at);
            out.push_str(between);
            let (value, tail) = split_value(value);
            out.push_str(match value {
                "true" | "false" | "null" | "\"\"" => value,
                _ => "\"***\"",
            });
            rest = tail;
        }
    }
    // The result is still JSON. If not, nothing is shown.
    Text::parse(out).unwrap_or_else(|_| Text::string(MASK))
}

/// Masks a text body of unknown type: JSON, a multipart form or an urlencoded form.
pub(crate) fn text_body(body: &str) -> String {
    if let Ok(json) = Text::parse(body) {
        return self::body(&json).as_str().to_owned();
    }
    let first_line = body.lines().next().unwrap_or_default();
    match first_line.strip_prefix("--") {
        Some(boundary) => {
            String::from_utf8_lossy(&multipart(body.as_bytes(), boundary)).into_owned()
        }
        None => query(body),
    }
}

/// Masks secrets in a string value whose name is harmless: it may contain a token, a URL, a form or
/// JSON.
fn shown(first: u8, token: &str) -> Cow<'_, str> {
    let may_reveal = token.contains(['=', ':', '@']) || token.contains("eyJ");
    if first != b'"' || !may_reveal {
        return token.into();
    }
    let content: String = serde_json::from_str(token).unwrap_or_default();
    let redacted = text::text(&url(&content));
    if redacted == content {
        token.into()
    } else {
        Text::string(&redacted).as_str().to_owned().into()
    }
}

/// Whether a value with a harmless name contains a secret: a token, a URL with a password, or text
/// with the name of a secret. Nested values are not checked, which bounds the work.
fn reveals(value: &str) -> bool {
    let has_user_info = value
        .split_once("://")
        .is_some_and(|(_, after)| userinfo_length(after) > 0);
    has_user_info || text::text(value) != value
}

fn split_token(rest: &str) -> (&str, &str) {
    let length = rest
        .bytes()
        .next()
        .map_or(0, |first| token_length(rest, first));
    rest.split_at_checked(length).unwrap_or((rest, ""))
}

fn after_colon(tail: &str) -> &str {
    let tail = tail.trim_ascii_start();
    tail.strip_prefix(':').unwrap_or(tail).trim_ascii_start()
}

/// Splits off the first complete value, including nested ones.
fn split_value(text: &str) -> (&str, &str) {
    let mut rest = text;
    let mut depth = 0_usize;
    loop {
        rest = rest.trim_ascii_start();
        let (token, tail) = split_token(rest);
        match token {
            "" => break,
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        rest = tail;
        if depth == 0 {
            break;
        }
    }
    text.split_at_checked(text.len() - rest.len())
        .unwrap_or((text, ""))
}

/// Masks a credential but keeps the name of its scheme.
pub(crate) fn credential(value: &str) -> String {
    match value.trim_start().split_once(' ') {
        Some((scheme, _)) if names::is_one_of(scheme, &SCHEMES) => format!("{scheme} {MASK}"),
        _ => MASK.to_owned(),
    }
}

/// Whether a value starts with a JSON Web Token (`{"` in base64url is `eyJ`), or is a credential
/// with its scheme.
fn looks_like_token(value: &str) -> bool {
    let value = value.trim_start();
    let value = match value.split_once(' ') {
        Some((scheme, rest)) if names::is_one_of(scheme, &["bearer", "basic"]) => {
            // "basic training" is not a credential: one has at least eight base64 characters.
            return rest.len() >= 8
                && rest
                    .trim_end()
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
        }
        _ => value,
    };
    value.starts_with("eyJ") && value.bytes().filter(|&b| b == b'.').count() >= 2
}

/// Decodes `%41` and `+` in the name or value of a query member.
pub(crate) fn decoded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let hex = |digit: Option<u8>| digit.and_then(|digit| (digit as char).to_digit(16));
        match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = ahead;
            }
            (b'+', ..) => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
