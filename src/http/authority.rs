//! The authority of a URL: user, password, host and port.

use std::net::{IpAddr, Ipv6Addr};

use super::percent::percent_decode;
use crate::secret::Secret;

/// A user and a password from a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserInfo {
    pub user: String,
    pub password: Option<Secret>,
}

/// Splits at the last `@`: the text before it is never a part of the host, and never reaches DNS.
pub(super) fn split_user_info(authority: &str) -> Result<(Option<UserInfo>, &str), String> {
    // Browsers read a backslash as a slash, RFC 3986 does not: the URL would have two hosts.
    if authority.contains('\\') {
        return Err("the URL contains a backslash before the path".into());
    }
    let Some((user_info, host)) = authority.rsplit_once('@') else {
        return Ok((None, authority));
    };
    let decode = |text: &str| {
        let bytes = percent_decode(text);
        if bytes.iter().any(u8::is_ascii_control) {
            return Err("the user or password in the URL contains a control character".to_owned());
        }
        Ok(bytes)
    };
    let (user, password) = match user_info.split_once(':') {
        Some((user, password)) => (user, Some(Secret::new(decode(password)?))),
        None => (user_info, None),
    };
    let user = String::from_utf8(decode(user)?)
        .map_err(|_| "the user in the URL is not UTF-8".to_owned())?;
    Ok((Some(UserInfo { user, password }), host))
}

/// Splits host and port; returns an IPv6 address without brackets.
pub(super) fn split_port(text: &str, may_be_bare: bool) -> Result<(&str, Option<u16>), String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, port)) => match port.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None => return Err("only a port may follow the ']' of an IPv6 address".into()),
            },
            None => return Err("the IPv6 address has no closing ']'".into()),
        },
        None => match text.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("write an IPv6 address in brackets: [::1]".into());
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if text.starts_with('[') && host.parse::<Ipv6Addr>().is_err() {
        return Err("the text in brackets is not an IPv6 address".into());
    }
    let port = match port {
        None | Some("") => None,
        Some(digits) if digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit()) => Some(
            digits
                .parse()
                .ok()
                .filter(|&port| port > 0)
                .ok_or("the port is not a number from 1 to 65535")?,
        ),
        Some(_) => return Err("the port is not a number from 1 to 65535".into()),
    };
    if host.is_empty() {
        return if may_be_bare && text.starts_with(':') {
            Ok(("localhost", port))
        } else {
            Err("the URL has no host".into())
        };
    }
    Ok((host, port))
}

/// Checks a host: a name of letters, digits, `-`, `.` and `_`, or an address. Other programs may
/// read a percent sign, a `#` or a letter outside ASCII in another way.
pub(super) fn check_host(host: &str) -> Result<String, String> {
    if host.parse::<IpAddr>().is_ok() {
        return Ok(host.to_owned());
    }
    if !host.is_ascii() {
        return Err(format!(
            "the host name '{host}' is not ASCII: write it in punycode (xn--…)"
        ));
    }
    let valid = host.len() <= 253
        && host
            .trim_end_matches('.')
            .split('.')
            .all(|label| !label.is_empty() && label.len() <= 63)
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    if valid {
        Ok(host.to_ascii_lowercase())
    } else {
        Err(format!("'{host}' is not a valid host name"))
    }
}
