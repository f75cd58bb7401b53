//! Cookies (RFC 6265, and the rules of its revision RFC 6265bis). A jar belongs to the calls of one
//! command. It can be kept in a file in the format of Netscape and curl.

mod accept;
/// A cookie in a jar.
mod cookie;
mod date;
mod domain;
/// The file of a jar.
pub(crate) mod file;
mod jar;
mod kept;
mod netscape;
mod parse;
mod suffix;

pub(crate) use cookie::Channel;
pub(crate) use kept::{Cookies, Saving};

use crate::http::url::Url;
use crate::timestamp::Timestamp;

/// The file after a response with this Set-Cookie header; for tests. It is written, read and written again.
///
/// # Panics
/// When the file is not the same after it was read.
pub fn stored_cookies(header: &[u8]) -> Vec<u8> {
    let now = Timestamp(1_700_000_000);
    let mut jar = jar::Jar::default();
    let url = Url::parse("https://www.studio.lan/a/b").ok();
    let set = parse::parse(header, now);
    if let Some(cookie) = set
        .zip(url)
        .and_then(|(set, url)| accept::accept(set, &url, Channel::Confidential))
    {
        let _ = jar.store(cookie, now);
    }
    let written = netscape::write(&jar).to_vec();
    let read = netscape::read(&written, now).unwrap_or_default();
    assert!(read == jar, "{}", String::from_utf8_lossy(&written));
    written
}

/// Whether this is a file of cookies; for tests. The file that would replace it is read too.
///
/// # Panics
/// When that file is not the same after it was read.
pub fn is_cookie_file(bytes: &[u8]) -> bool {
    let now = Timestamp(1_700_000_000);
    let Ok(jar) = netscape::read(bytes, now) else {
        return false;
    };
    let again = netscape::read(&netscape::write(&jar), now);
    assert!(again.is_ok_and(|again| again == jar));
    true
}

#[cfg(test)]
mod tests;
