//! Takes the secrets out of what is shown: headers, addresses, queries, forms, JSON and text.
//! The name of a thing decides, and a value that gives itself away. What is masked wrongly costs
//! a look with `--show-secrets`; what is shown wrongly stays in a render log for years.

mod names;
mod text;

use std::borrow::Cow;

use crate::json::{Text, token_length};

pub(crate) use names::of_header as is_secret_header;
pub(crate) use text::{multipart, text};

/// Stands where a secret stood.
pub(crate) const MASK: &str = "***";

/// Whether secrets are masked in what is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    #[default]
    Hidden,
    Shown,
}

impl Secrets {
    /// What a `--show-secrets` switch asks for.
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

    /// An address, as [`url`] takes it.
    pub(crate) fn url(self, text: &str) -> String {
        match self {
            Secrets::Hidden => url(text),
            Secrets::Shown => text.to_owned(),
        }
    }
}

/// Words that may stand before a credential and say how it is meant. Only these stay visible:
/// the first word of anything else may be half of a password.
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

/// A header's value as it may be shown: `Bearer ***`.
pub(crate) fn header<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if value.is_empty() {
        return value.into();
    }
    // A challenge tells why a call was refused; only these two carry a token in it.
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

/// A query or an urlencoded form, without its `?`: `page=1&token=***`.
pub(crate) fn query(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    for member in query.split_inclusive('&') {
        let (member, end) = match member.strip_suffix('&') {
            Some(member) => (member, "&"),
            None => (member, ""),
        };
        // Some servers still split at ';': what comes after one is a member too, but within a
        // secret's value it is part of the secret.
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

/// A query member's decoded value as it may be shown.
pub(crate) fn member<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if value.is_empty() || !(names::of_member(name) || reveals(value)) {
        value.into()
    } else {
        MASK.into()
    }
}

/// An address, whole or from its path on, or a text with addresses in it: the user and password
/// before the host go, and the secrets of the query and of the fragment.
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

/// A proxy's address, which may lack its scheme: `***@proxy:3128`.
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
        out.push_str(&query(fragment)); // OAuth's implicit answers stand there
    }
    out
}

/// How much of what follows `://` is user and password. A password with a bare `/`, `?` or `#`
/// in it cuts the authority short: what then stands where a port should is no number.
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

/// A JSON text: the values of members with a secret's name become `"***"`, all else stays to the
/// letter. Truth values, null and the empty string tell nothing and stay.
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
    // What was a JSON text still is one; if ever not, nothing is shown.
    Text::parse(out).unwrap_or_else(|_| Text::string(MASK))
}

/// A body that is text of a kind that is not known: JSON, a multipart form, or an urlencoded one.
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

/// A value that stands under a harmless name: a string may hold a token, an address, a form or JSON
/// all the same.
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

/// Whether a value under a harmless name holds a secret: it is a token, an address with a password,
/// or text with a secret's name in it. It is only looked through, not into what it may hold in
/// turn: values within values have no end.
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

/// The whole value a checked text begins with, with all that is nested in it.
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

/// A credential with the word before it that says how it is meant, where there is one.
/// A credential as it may be shown: the word of its scheme, and a mask.
pub(crate) fn credential(value: &str) -> String {
    match value.trim_start().split_once(' ') {
        Some((scheme, _)) if names::is_one_of(scheme, &SCHEMES) => format!("{scheme} {MASK}"),
        _ => MASK.to_owned(),
    }
}

/// Whether a value is, or begins with, a JSON Web Token, or a credential with its scheme:
/// `{"` in base64url is `eyJ`.
fn looks_like_token(value: &str) -> bool {
    let value = value.trim_start();
    let value = match value.split_once(' ') {
        Some((scheme, rest)) if names::is_one_of(scheme, &["bearer", "basic"]) => {
            // "basic training" is no credential; what is has eight letters at least, all of base64.
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

/// A query member's name or value as the server will read it: `%41` and `+` decoded.
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
