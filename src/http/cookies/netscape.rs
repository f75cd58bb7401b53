//! The file format of Netscape, as curl writes it: a line for each cookie, with seven fields between tabs.

use std::fmt::Write;

use zeroize::Zeroizing;

use super::cookie::{Channel, Cookie, Scope};
use super::domain::is_address;
use super::jar::{Jar, MAX_COOKIES};
use super::parse::{MAX_ATTRIBUTE, MAX_BYTES, has_control};
use super::suffix;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// Python's http.cookiejar requires the first line.
const HEADER: &str = "# Netscape HTTP Cookie File\n# Written by c47; it may be edited.\n\n";
const HTTP_ONLY: &[u8] = b"#HttpOnly_";
/// More than any jar needs.
pub(super) const MAX_FILE_BYTES: u64 = 20 << 20;
/// Files of other programs may have more cookies than are kept.
const MAX_LINES: usize = 10 * MAX_COOKIES;
const MAX_DOMAIN: usize = 253;

/// Reads the text of a file.
///
/// # Errors
/// The line that is not a cookie. A file of another kind must not be overwritten.
pub(super) fn read(bytes: &[u8], now: Timestamp) -> Result<Jar, String> {
    let mut cookies = Vec::new();
    for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if number == MAX_LINES {
            return Err(format!("it has more than {MAX_LINES} lines"));
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (line, http_only) = match line.strip_prefix(HTTP_ONLY) {
            Some(line) => (line, true),
            None => (line, false),
        };
        if line.trim_ascii().is_empty() || line.starts_with(b"#") {
            continue;
        }
        let cookie = cookie(line, http_only);
        let cookie = cookie.ok_or_else(|| {
            let number = number + 1;
            format!("line {number} is not a cookie in the format of Netscape and curl")
        })?;
        if cookie.fits_prefix() && cookie.name.len() + cookie.value.expose().len() <= MAX_BYTES {
            cookies.push(cookie);
        }
    }
    Ok(Jar::of(cookies, now))
}

fn cookie(line: &[u8], http_only: bool) -> Option<Cookie> {
    let mut fields = line.split(|&byte| byte == b'\t');
    let mut text = || str::from_utf8(fields.next()?).ok();
    let (domain, with_subdomains) = (text()?, switch(text()?)?);
    let (path, secure, expires) = (text()?, switch(text()?)?, expiry(text()?)?);
    let name = fields.next()?;
    // Some programs remove the tab before an empty value.
    let value = fields.next().unwrap_or_default();
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    let is_valid = fields.next().is_none()
        && !domain.is_empty()
        && domain.len() <= MAX_DOMAIN
        && domain.bytes().all(is_host)
        && path.starts_with('/')
        && path.len() <= MAX_ATTRIBUTE
        && !name.is_empty()
        && ![path.as_bytes(), name, value].into_iter().any(has_control);
    let domain = domain.to_ascii_lowercase();
    let scope = match with_subdomains && !is_address(&domain) && !suffix::is_shared(&domain) {
        true => Scope::Domain,
        false => Scope::Host,
    };
    is_valid.then(|| Cookie {
        name: name.to_vec(),
        value: Secret::new(value.to_vec()),
        domain,
        scope,
        path: path.to_owned(),
        secure,
        http_only,
        expires,
        channel: Channel::Confidential,
    })
}

fn switch(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    match (is("TRUE"), is("FALSE")) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

/// The outer `None` is not a time. 0 and an empty field are cookies of a session. Some programs write
/// fractions.
fn expiry(text: &str) -> Option<Option<Timestamp>> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    match whole {
        "" => text.is_empty().then_some(None),
        "0" => Some(None),
        _ if !is_number => None,
        whole => Some(Some(Timestamp(whole.parse().unwrap_or(i64::MAX)))),
    }
}

/// The text of a file with these cookies.
pub(super) fn write(jar: &Jar) -> Zeroizing<Vec<u8>> {
    let mut lines = Vec::new();
    let mut length = HEADER.len();
    for cookie in jar.cookies() {
        let head = head(cookie);
        length += head.len() + cookie.name.len() + cookie.value.expose().len() + 2;
        lines.push((head, cookie));
    }
    // Reserved, because a vector that grows leaves copies of the secrets behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    bytes.extend_from_slice(HEADER.as_bytes());
    for (head, cookie) in lines {
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(&cookie.name);
        bytes.push(b'\t');
        bytes.extend_from_slice(cookie.value.expose());
        bytes.push(b'\n');
    }
    bytes
}

/// The fields before the name, with a tab at the end.
fn head(cookie: &Cookie) -> String {
    let word = |is_on: bool| if is_on { "TRUE" } else { "FALSE" };
    let is_domain = cookie.scope == Scope::Domain;
    let mut head = String::new();
    if cookie.http_only {
        head.push_str("#HttpOnly_");
    }
    if is_domain {
        head.push('.');
    }
    // Expired cookies are not in a jar, so 0 is free for those of a session.
    let expires = cookie.expires.map_or(0, |expires| expires.0);
    let (subdomains, secure) = (word(is_domain), word(cookie.secure));
    let Cookie { domain, path, .. } = cookie;
    let _ = write!(
        head,
        "{domain}\t{subdomains}\t{path}\t{secure}\t{expires}\t"
    );
    head
}
