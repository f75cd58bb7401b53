//! Reads a Set-Cookie header (RFC 6265 §5.2, RFC 6265bis §5.6).

use super::date;
use crate::timestamp::Timestamp;

/// The longest name and value together.
pub(super) const MAX_BYTES: usize = 4096;
/// A longer attribute is ignored.
pub(super) const MAX_ATTRIBUTE: usize = 1024;
/// No cookie lasts longer, in seconds: 400 days.
const MAX_AGE: i64 = 400 * 24 * 60 * 60;

/// A Set-Cookie header, not checked against its URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SetCookie<'a> {
    pub name: &'a [u8],
    pub value: &'a [u8],
    /// In lower case, without a dot in front.
    pub domain: Option<String>,
    pub path: Option<String>,
    pub secure: bool,
    pub http_only: bool,
    pub expires: Option<Timestamp>,
}

/// Reads the value of a header. `None` if it is not a cookie: it has no name, is too long, or a part of
/// it contains a control character.
pub(super) fn parse(header: &[u8], now: Timestamp) -> Option<SetCookie<'_>> {
    let mut parts = header.split(|&byte| byte == b';');
    let pair = parts.next()?;
    let equals = pair.iter().position(|&byte| byte == b'=')?;
    let (name, value) = pair.split_at_checked(equals)?;
    let (name, value) = (trimmed(name), trimmed(value.get(1..)?));
    let is_bounded = name.len() + value.len() <= MAX_BYTES;
    if name.is_empty() || !is_bounded || has_control(name) || has_control(value) {
        return None;
    }
    let mut cookie = SetCookie {
        name,
        value,
        domain: None,
        path: None,
        secure: false,
        http_only: false,
        expires: None,
    };
    let (mut age, mut date) = (None, None);
    for part in parts {
        let (key, value) = attribute(part);
        if value.len() > MAX_ATTRIBUTE {
            continue;
        }
        match key.to_ascii_lowercase().as_slice() {
            b"secure" => cookie.secure = true,
            b"httponly" => cookie.http_only = true,
            b"domain" if !value.is_empty() => cookie.domain = Some(domain(value)?),
            b"path" => cookie.path = path(value)?,
            b"max-age" => age = max_age(value).or(age),
            b"expires" => date = date::parse(value).or(date),
            // SameSite concerns pages that embed other pages, which c47 does not have.
            _ => {}
        }
    }
    let date = date.map(|date| date.min(now.plus(MAX_AGE)));
    cookie.expires = age.map(|age| now.plus(age)).or(date);
    Some(cookie)
}

fn attribute(part: &[u8]) -> (&[u8], &[u8]) {
    let equals = part.iter().position(|&byte| byte == b'=');
    let split = equals.and_then(|at| Some((part.get(..at)?, part.get(at + 1..)?)));
    let (key, value) = split.unwrap_or((part, b""));
    (trimmed(key), trimmed(value))
}

fn trimmed(text: &[u8]) -> &[u8] {
    let is_inner = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = text.iter().position(is_inner).unwrap_or(text.len());
    let end = text.iter().rposition(is_inner).map_or(start, |at| at + 1);
    text.get(start..end).unwrap_or_default()
}

/// A tab separates the fields of a file.
pub(super) fn has_control(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_control)
}

/// A domain; `None` if it cannot be one, so that the cookie is refused.
fn domain(value: &[u8]) -> Option<String> {
    let value = value.strip_prefix(b".").unwrap_or(value);
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:".contains(byte);
    let text = str::from_utf8(value).ok()?;
    (!text.is_empty() && value.iter().all(is_host)).then(|| text.to_ascii_lowercase())
}

/// A path. One that does not start with a slash means the default path. A control character refuses the
/// cookie.
fn path(value: &[u8]) -> Option<Option<String>> {
    match (value.first(), has_control(value)) {
        (_, true) => None,
        (Some(b'/'), false) => Some(Some(String::from_utf8_lossy(value).into_owned())),
        (Some(_) | None, false) => Some(None),
    }
}

/// The seconds of a Max-Age, at most [`MAX_AGE`]; 0 or less deletes the cookie.
fn max_age(value: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match value.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, value),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if is_negative {
        return Some(0);
    }
    // More digits than fit are more than the limit.
    let seconds: Option<i64> = str::from_utf8(digits).ok()?.parse().ok();
    Some(seconds.unwrap_or(MAX_AGE).min(MAX_AGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000);

    fn parsed(header: &str) -> SetCookie<'_> {
        parse(header.as_bytes(), NOW).unwrap()
    }

    #[test]
    fn attributes_are_read_in_any_case_and_the_last_one_counts() {
        let cookie = parsed(
            " sid = a=b ; PATH=/x;path=/y ;Domain=.A.lan;domain=;SECURE;HttpOnly=1;SameSite=Lax;Max-Age=60;Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        );
        assert_eq!((cookie.name, cookie.value), (&b"sid"[..], &b"a=b"[..]));
        assert_eq!(cookie.path.as_deref(), Some("/y"));
        assert_eq!(cookie.domain.as_deref(), Some("a.lan"));
        assert!(cookie.secure && cookie.http_only);
        assert_eq!(cookie.expires, Some(NOW.plus(60)));
        assert_eq!(parsed("a=1;Path=/x;Path=y").path, None);
        assert_eq!(
            (parsed("a=").name, parsed("a=").value),
            (&b"a"[..], &b""[..])
        );
        assert_eq!(parsed("a=\"1\"").value, b"\"1\"");
    }

    #[test]
    fn max_age_wins_over_expires_and_both_are_limited() {
        let expires = |text: &str| parsed(text).expires;
        assert_eq!(expires("a=1"), None);
        assert_eq!(expires("a=1; Max-Age=0"), Some(NOW));
        assert_eq!(expires("a=1; Max-Age=-5"), Some(NOW));
        assert_eq!(expires("a=1; Max-Age=x"), None);
        assert_eq!(expires("a=1; Max-Age=+1"), None);
        assert_eq!(expires("a=1; Max-Age=-"), None);
        assert_eq!(expires("a=1; Max-Age=10; Max-Age=no"), Some(NOW.plus(10)));
        let most = Some(NOW.plus(MAX_AGE));
        assert_eq!(expires("a=1; Max-Age=99999999999999999999"), most);
        assert_eq!(expires("a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT"), most);
        assert_eq!(expires("a=1; Expires=never"), None);
    }

    #[test]
    fn headers_without_a_valid_name_and_value_are_refused() {
        let long = format!("a={}", "x".repeat(MAX_BYTES));
        let path = "a=1; Path=/\u{1}".to_owned();
        for wrong in [
            "",
            "a",
            "=a",
            " = ",
            ";a=1",
            "a\tb=1",
            "a=1\u{7f}",
            "a=1\u{0}",
            "a=1; Domain=é.lan",
            "a=1; Domain=.",
            &long,
            &path,
        ] {
            assert_eq!(parse(wrong.as_bytes(), NOW), None, "{wrong:?}");
        }
        let fits = format!("a={}", "x".repeat(MAX_BYTES - 1));
        assert!(parse(fits.as_bytes(), NOW).is_some());
        assert_eq!(parse(b"a=\xff", NOW).unwrap().value, b"\xff");
        let ignored = format!("a=1; Path=/{}", "x".repeat(MAX_ATTRIBUTE));
        assert_eq!(parse(ignored.as_bytes(), NOW).unwrap().path, None);
    }
}
