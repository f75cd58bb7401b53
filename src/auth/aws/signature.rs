//! Signature Version 4: from a request, keys and a time to the signature. Nothing here reads a clock.

use crate::crypto::hmac::{Hash, sign};
use crate::crypto::sha256;
use crate::hex;
use crate::http::part::{Header, QueryMember, Value};
use crate::http::signer::Signature;
use crate::http::url::{Url, encode, form_decode, form_encode, percent_decode};
use crate::secret::Secret;
use crate::sort::Sortable;
use crate::timestamp::Timestamp;

use super::keys::Keys;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The longest validity of a presigned URL, in seconds: 7 days.
pub(crate) const MAX_PRESIGNED: u64 = 7 * 24 * 3600;

/// The hash in place of one of the body, where the service does not require it.
pub(super) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The header with the hash of the body.
pub(super) const CONTENT_HASH: &str = "x-amz-content-sha256";

/// Headers that are not signed: those that proxies change, those that describe the connection or the
/// client, and those that are added after the signature.
const UNSIGNED_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-amzn-trace-id",
    "x-forwarded-for",
];

/// What a signature is valid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub region: String,
    pub service: String,
}

impl Scope {
    /// Whether the service is S3, whose paths are signed as they are, and which needs the hash of the
    /// body in a header.
    pub(super) fn is_s3(&self) -> bool {
        self.service == "s3" || self.service.starts_with("s3-")
    }
}

/// Where the signature is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Headers,
    /// In the query, valid for this many seconds.
    Query(u64),
}

/// A request to sign.
pub(super) struct Unsigned<'a> {
    pub method: &'a str,
    pub url: &'a Url,
    /// All headers, in lower case.
    pub headers: &'a [Header],
    /// The hash of the body, or [`UNSIGNED_PAYLOAD`].
    pub payload: &'a str,
}

/// Signs a request at a time.
pub(super) fn signature(
    request: &Unsigned<'_>,
    keys: &Keys,
    scope: &Scope,
    mode: Mode,
    at: Timestamp,
) -> Signature {
    let time = compact(at);
    match mode {
        Mode::Headers => in_headers(request, keys, scope, &time),
        Mode::Query(seconds) => in_query(request, keys, scope, &time, seconds),
    }
}

/// `20150830T123600Z`.
fn compact(at: Timestamp) -> String {
    at.to_string().replace(['-', ':'], "")
}

fn in_headers(request: &Unsigned<'_>, keys: &Keys, scope: &Scope, time: &str) -> Signature {
    let mut added = vec![Header::plain("x-amz-date", time)];
    let needs_hash = scope.is_s3() || request.payload == UNSIGNED_PAYLOAD;
    let is_given = request.headers.iter().any(|it| it.name == CONTENT_HASH);
    if needs_hash && !is_given {
        added.push(Header::plain(CONTENT_HASH, request.payload));
    }
    if let Some(token) = &keys.session_token {
        added.push(Header::secret("x-amz-security-token", token.clone()));
    }
    let is_replaced = |header: &&Header| !added.iter().any(|new| new.name == header.name);
    let kept = request.headers.iter().filter(is_replaced);
    let headers = CanonicalHeaders::of(kept.chain(&added));
    let query = canonical_query(request.url.query.as_deref(), &[]);
    let signed = sign_request(request, &headers, &query, keys, scope, time);
    let value = format!(
        "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signed}",
        keys.access_key,
        scope.text(time),
        headers.names,
    );
    added.push(Header::secret(
        "authorization",
        Secret::new(value.into_bytes()),
    ));
    Signature {
        headers: added,
        query: Vec::new(),
    }
}

fn in_query(
    request: &Unsigned<'_>,
    keys: &Keys,
    scope: &Scope,
    time: &str,
    seconds: u64,
) -> Signature {
    let headers = CanonicalHeaders::of(request.headers.iter());
    let member = |name: &str, value: &str| QueryMember {
        name: name.to_owned(),
        value: Secret::new(form_encode(value).into_bytes()),
    };
    let credential = format!("{}/{}", keys.access_key, scope.text(time));
    let mut members = vec![
        member("X-Amz-Algorithm", ALGORITHM),
        member("X-Amz-Credential", &credential),
        member("X-Amz-Date", time),
        member("X-Amz-Expires", &seconds.to_string()),
        member("X-Amz-SignedHeaders", &headers.names),
    ];
    if let Some(token) = &keys.session_token {
        let token = String::from_utf8_lossy(token.expose());
        members.push(member("X-Amz-Security-Token", &token));
    }
    let query = canonical_query(request.url.query.as_deref(), &members);
    let signed = sign_request(request, &headers, &query, keys, scope, time);
    members.push(member("X-Amz-Signature", &signed));
    Signature {
        headers: Vec::new(),
        query: members,
    }
}

impl Scope {
    fn text(&self, time: &str) -> String {
        let date = time.split('T').next().unwrap_or_default();
        format!("{date}/{}/{}/aws4_request", self.region, self.service)
    }
}

/// The signature of the canonical request, in hexadecimal digits.
fn sign_request(
    request: &Unsigned<'_>,
    headers: &CanonicalHeaders,
    query: &str,
    keys: &Keys,
    scope: &Scope,
    time: &str,
) -> String {
    let canonical = [
        request.method.as_bytes(),
        canonical_path(&request.url.path, scope).as_bytes(),
        query.as_bytes(),
        &headers.lines,
        headers.names.as_bytes(),
        request.payload.as_bytes(),
    ]
    .join(&b'\n');
    let hash = hex::encode(&sha256(&canonical));
    let text = format!("{ALGORITHM}\n{time}\n{}\n{hash}", scope.text(time));
    let date = time.split('T').next().unwrap_or_default();
    let hmac = |key: &[u8], text: &str| Secret::new(sign(Hash::Sha256, key, &[text.as_bytes()]));
    let first = Secret::new([b"AWS4", keys.secret_key.expose()].concat());
    let steps = [date, &scope.region, &scope.service, "aws4_request"];
    let key = steps
        .iter()
        .fold(first, |key, step| hmac(key.expose(), step));
    hex::encode(hmac(key.expose(), &text).expose())
}

/// The path in the canonical request. S3 encodes it once, and a slash or a dot is part of an object's
/// name. Other services normalize the path and encode it twice.
fn canonical_path(path: &str, scope: &Scope) -> String {
    if scope.is_s3() {
        return encode(&percent_decode(path), b"/");
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let end = match path.ends_with('/') && !segments.is_empty() {
        true => "/",
        false => "",
    };
    encode(format!("/{}{end}", segments.join("/")).as_bytes(), b"/")
}

/// The query, with each name and value encoded in the same way, sorted by name and then by value.
fn canonical_query(query: Option<&str>, added: &[QueryMember]) -> String {
    let recoded = |text: &str| encode(&form_decode(text), b"");
    let pairs = query.unwrap_or_default().split('&');
    let given = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (recoded(name), recoded(value))
    });
    let added = added.iter().map(|member| {
        let value = String::from_utf8_lossy(member.value.expose());
        (member.name.clone(), value.into_owned())
    });
    let mut all: Vec<(String, String)> = given.chain(added).collect();
    all.order();
    let pairs: Vec<String> = all
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// The signed headers.
struct CanonicalHeaders {
    /// `name:value` and a line break for each.
    lines: Vec<u8>,
    /// The names, separated by semicolons.
    names: String,
}

impl CanonicalHeaders {
    /// Headers are sorted by name. The values of a name that repeats are joined in their order.
    fn of<'a>(headers: impl Iterator<Item = &'a Header>) -> CanonicalHeaders {
        let mut sorted: Vec<(&str, Vec<u8>)> = Vec::new();
        for header in headers.filter(|it| !UNSIGNED_HEADERS.contains(&it.name.as_str())) {
            let value = match &header.value {
                Value::Plain(text) => trimmed(text.as_bytes()),
                Value::Secret(secret) => trimmed(secret.expose()),
            };
            match sorted.iter_mut().find(|(name, _)| *name == header.name) {
                Some((_, values)) => {
                    values.push(b',');
                    values.extend(value);
                }
                None => sorted.push((&header.name, value)),
            }
        }
        sorted.order_by_key(|(name, _)| *name);
        let names: Vec<&str> = sorted.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines = sorted
            .iter()
            .flat_map(|(name, value)| [name.as_bytes(), b":", value, b"\n"].concat())
            .collect();
        CanonicalHeaders { lines, names }
    }
}

/// A value without white space at its ends, and with one space in place of several.
fn trimmed(value: &[u8]) -> Vec<u8> {
    let words = value.split(u8::is_ascii_whitespace);
    let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}

#[cfg(test)]
mod tests;
