//! Prints one line on stderr for a response outside 2xx. The body may be empty, or saved in a file,
//! and the log of a job must still show what failed.

use crate::http::failure::PROXY_CREDENTIALS;
use crate::http::proxy::{Login, Proxy};
use crate::http::request::Request;
use crate::http::response::ResponseHead;
use crate::redact::{self, Secrets};
use crate::{escape, output};

/// How much is printed on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verbosity {
    Normal,
    /// `--quiet`: prints errors only.
    Quiet,
}

impl Verbosity {
    /// Reads the `--quiet` switch.
    pub(super) fn from_switch(quiet: bool) -> Verbosity {
        match quiet {
            true => Verbosity::Quiet,
            false => Verbosity::Normal,
        }
    }
}

/// Reports the status of a response outside 2xx, and what was not done because of it.
pub(super) fn report(
    request: &Request,
    head: &ResponseHead,
    proxy: Option<&Proxy>,
    level: Verbosity,
    consequence: &str,
) {
    if level == Verbosity::Quiet || (200..300).contains(&head.status) {
        return;
    }
    let is_from_proxy = head.status == 407 && proxy.is_some();
    let text = line(request, head, proxy);
    output::say(format_args!(
        "c47 http: {}{consequence}",
        escape::one_line(&text)
    ));
    if is_from_proxy {
        output::say(format_args!("hint: {PROXY_CREDENTIALS}"));
    }
}

/// The line about a response outside 2xx, for a terminal.
pub(super) fn escaped_line(
    request: &Request,
    head: &ResponseHead,
    proxy: Option<&Proxy>,
) -> String {
    escape::one_line(&line(request, head, proxy))
}

/// Formats `404 Not Found from GET https://a.lan/x`, with details.
fn line(request: &Request, head: &ResponseHead, proxy: Option<&Proxy>) -> String {
    let status = head.status_and_reason();
    let call = format!("{} {}", request.method, request.shown_url(Secrets::Hidden));
    let mut text = match proxy {
        Some(proxy) if head.status == 407 => {
            let what = match proxy.login {
                Login::Absent => "requires credentials",
                Login::Sent => "rejected the credentials",
            };
            format!("{status}: {proxy} {what}; the request was {call}")
        }
        Some(proxy) => format!("{status} from {call} through {proxy}"),
        None => format!("{status} from {call}"),
    };
    let location = head.header("location");
    if let (300..=399, Some(location)) = (head.status, location) {
        text.push_str(&format!("; location: {}", redact::url(location)));
    }
    let challenge = match head.status {
        401 => "www-authenticate",
        407 => "proxy-authenticate",
        _ => return text,
    };
    let schemes = schemes(head, challenge);
    if !schemes.is_empty() {
        text.push_str(&format!("; {challenge}: {}", schemes.join(", ")));
    }
    text
}

/// The scheme of each challenge; the parameters may contain a token.
fn schemes<'a>(head: &'a ResponseHead, challenge: &str) -> Vec<&'a str> {
    let values = head
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(challenge));
    let schemes = values.filter_map(|(_, value)| {
        let scheme = std::str::from_utf8(value).ok()?.split_whitespace().next()?;
        let is_token = scheme.len() <= 32
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        is_token.then_some(scheme)
    });
    schemes.collect()
}
