//! A request as JSON, and the log line.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nanoserde::SerJson;

use super::Secrets;
use super::exec::Ran;
use super::request::{Refusal, RequestHeader, split_target};
use crate::colour::Colour;
use crate::json::{self, Text};
use crate::redact;

/// Larger JSON is not indented: the indentation of a deep array could be a hundred times its size.
const MAX_LAID_OUT_BYTES: usize = 64 << 10;

/// The name and value of a query parameter or a header.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
pub struct Member {
    pub name: String,
    pub value: String,
}

/// A request. For an invalid request most fields are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, SerJson)]
#[nserde(serialize_none_as_null)]
pub struct RequestReport {
    pub method: Option<String>,
    /// As in the request line.
    pub target: Option<String>,
    /// The target's path, not decoded.
    pub path: Option<String>,
    /// Decoded, in order.
    pub query: Vec<Member>,
    pub version: Option<String>,
    pub headers: Vec<Member>,
    /// JSON unchanged, or a text as a string.
    pub body: Option<Text>,
    /// A body that is neither JSON nor text.
    pub body_base64: Option<String>,
    /// The claims of the verified token.
    pub claims: Option<Text>,
    /// The rule that verified the signature.
    pub verified: Option<String>,
}

impl RequestReport {
    /// Makes it from a request; `body` is without chunk headers.
    pub fn new(header: &RequestHeader, body: &[u8], secrets: Secrets) -> RequestReport {
        let (path, query) = split_target(&header.target);
        let (body, body_base64) = report_body(header, body, secrets);
        RequestReport {
            method: Some(header.method.clone()),
            target: Some(secrets.url(&header.target)),
            path: Some(path.to_owned()),
            query: members_of_query(query, secrets),
            version: Some(header.version.name().to_owned()),
            headers: members_of_headers(header, secrets),
            body,
            body_base64,
            claims: None,
            verified: None,
        }
    }

    /// The body of the response.
    pub fn to_body(&self) -> String {
        let text = self.serialize_json();
        let mut body = match Text::parse(text.as_str()) {
            Ok(checked) if text.len() <= MAX_LAID_OUT_BYTES => {
                json::layout(&checked, Colour::Never)
            }
            _ => text,
        };
        body.push('\n');
        body
    }
}

fn members_of_query(query: &str, secrets: Secrets) -> Vec<Member> {
    query
        .split('&')
        .filter(|member| !member.is_empty())
        .map(|member| {
            let (name, value) = member.split_once('=').unwrap_or((member, ""));
            let name = redact::decoded(name);
            let value = redact::decoded(value);
            let value = match secrets {
                Secrets::Hidden => redact::member(&name, &value).into_owned(),
                Secrets::Shown => value,
            };
            Member { name, value }
        })
        .collect()
}

fn members_of_headers(header: &RequestHeader, secrets: Secrets) -> Vec<Member> {
    header
        .headers
        .iter()
        .map(|(name, value)| {
            let value = header_text(value);
            Member {
                name: name.clone(),
                value: secrets.header(name, &value).into_owned(),
            }
        })
        .collect()
}

/// A header value as text: UTF-8 if it is valid, else ISO 8859-1, so that no byte is lost.
fn header_text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => text.into(),
        Err(_) => value.iter().map(|&byte| char::from(byte)).collect(),
    }
}

fn report_body(
    header: &RequestHeader,
    body: &[u8],
    secrets: Secrets,
) -> (Option<Text>, Option<String>) {
    if body.is_empty() {
        return (None, None);
    }
    if let Ok(text) = Text::from_bytes(body) {
        return match secrets {
            Secrets::Hidden => (Some(redact::body(&text)), None),
            Secrets::Shown => (Some(text), None),
        };
    }
    let kind = header.values("content-type");
    let kind = String::from_utf8_lossy(kind.first().copied().unwrap_or_default());
    let body = match (secrets, boundary(&kind)) {
        (Secrets::Hidden, Some(boundary)) => redact::multipart(body, &boundary),
        _ => body.into(),
    };
    // A text contains no NUL.
    let is_text = !body.contains(&0);
    match (std::str::from_utf8(&body), secrets) {
        (Ok(text), Secrets::Shown) if is_text => (Some(Text::string(text)), None),
        (Ok(text), Secrets::Hidden) if is_text && is_form(&kind) => {
            (Some(Text::string(&redact::query(text))), None)
        }
        (Ok(text), Secrets::Hidden) if is_text => (Some(Text::string(&redact::text(text))), None),
        _ => (None, Some(STANDARD.encode(&body))),
    }
}

fn is_form(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// RFC 2046 §5.1.1. Longer boundaries would make searches slow.
const MAX_BOUNDARY_BYTES: usize = 70;

/// Checks that a multipart body can be parsed in reasonable time.
///
/// # Errors
/// With 400, when its boundary is too long.
pub(super) fn ensure_boundary(header: &RequestHeader) -> Result<(), Refusal> {
    let kind = header.values("content-type");
    let kind = String::from_utf8_lossy(kind.first().copied().unwrap_or_default());
    match boundary(&kind) {
        Some(long) if long.len() > MAX_BOUNDARY_BYTES => Err(Refusal::new(
            400,
            format!(
                "the multipart boundary has {} bytes; RFC 2046 allows {MAX_BOUNDARY_BYTES}",
                long.len()
            ),
        )),
        _ => Ok(()),
    }
}

/// The boundary in a multipart Content-Type.
fn boundary(kind: &str) -> Option<String> {
    let is_multipart = kind
        .get(..10)
        .is_some_and(|start| start.eq_ignore_ascii_case("multipart/"));
    let at = kind.to_ascii_lowercase().find("boundary=")?;
    let value = kind.get(at + 9..)?;
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split(';').next(),
    }?;
    (is_multipart && !value.is_empty()).then(|| value.trim().to_owned())
}

/// A response, for the log.
#[derive(Clone, Debug)]
pub struct Entry {
    pub report: RequestReport,
    pub status: u16,
    pub client: IpAddr,
    /// From the first byte of the request to the last byte of the response.
    pub took: Duration,
    /// Why the request was refused, if it was.
    pub refusal: Option<Refusal>,
    /// How the program for the request has ended, if one ran.
    pub ran: Option<Ran>,
}

/// `127.0.0.1 GET /x?token=*** 200 12ms`, then the reason if it was refused.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.client)?;
        match (&self.report.method, &self.report.target) {
            (Some(method), Some(target)) => write!(f, " {method} {target}")?,
            _ => f.write_str(" -")?,
        }
        write!(f, " {} {}ms", self.status, self.took.as_millis())?;
        match &self.refusal {
            Some(refusal) => write!(f, ": {}", refusal.reason),
            None => Ok(()),
        }
    }
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Outcome {
    status: u16,
    reason: Option<String>,
    client: String,
    milliseconds: u64,
    exit_code: Option<i32>,
    stdout: Option<String>,
    stderr: Option<String>,
}

impl Entry {
    /// The request with `status`, `reason`, `client` and `milliseconds`, on one line.
    pub fn to_json_line(&self) -> String {
        let outcome = Outcome {
            status: self.status,
            reason: self.refusal.as_ref().map(|refusal| refusal.reason.clone()),
            client: self.client.to_string(),
            milliseconds: u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            exit_code: self.ran.as_ref().and_then(|ran| ran.exit_code),
            stdout: self.ran.as_ref().map(|ran| ran.stdout.clone()),
            stderr: self.ran.as_ref().map(|ran| ran.stderr.clone()),
        };
        let mut line = self.report.serialize_json();
        line.pop(); // the closing brace
        line.push(',');
        line.push_str(outcome.serialize_json().get(1..).unwrap_or("}"));
        // A JSON body keeps its line breaks, which in JSON are only between tokens.
        line.retain(|c| !matches!(c, '\n' | '\r'));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::echo::request::parse;

    fn report(header: &str, body: &[u8], secrets: Secrets) -> RequestReport {
        let header = parse(format!("{header}\r\n\r\n").as_bytes(), 20).unwrap();
        RequestReport::new(&header, body, secrets)
    }

    #[test]
    fn path_and_query_are_split() {
        for (target, path, query) in [
            ("/a/b?c=d?e", "/a/b", "c=d?e"),
            ("/", "/", ""),
            ("*", "*", ""),
            ("http://h:80/a?b", "/a", "b"),
            ("http://h?b", "/", "b"),
            ("/a://b/c", "/a://b/c", ""),
        ] {
            assert_eq!(split_target(target), (path, query), "{target}");
        }
    }

    #[test]
    fn secrets_are_masked_in_all_fields() {
        let header = "POST /x?token=s3cret&page=1&n=a%20b HTTP/1.0\r\nAuthorization: Bearer s3cret\r\nCookie: a=s3cret";
        let body = br#"{"user":"me","password":"s3cret"}"#;
        let hidden = report(header, body, Secrets::Hidden);
        assert!(!hidden.to_body().contains("s3cret"));
        assert_eq!(
            hidden.target.as_deref(),
            Some("/x?token=***&page=1&n=a%20b")
        );
        assert_eq!(hidden.query[2].value, "a b");
        assert_eq!(hidden.headers[0].value, "Bearer ***");
        let shown = report(header, body, Secrets::Shown);
        assert_eq!(shown.to_body().matches("s3cret").count(), 5);
    }

    #[test]
    fn body_is_json_text_or_base64() {
        let of = |kind: &str, body: &[u8]| {
            let header = format!("POST / HTTP/1.0\r\nContent-Type: {kind}");
            let report = report(&header, body, Secrets::Hidden);
            report
                .body
                .map(|body| body.as_str().to_owned())
                .or(report.body_base64)
        };
        assert_eq!(of("x/y", b""), None);
        assert_eq!(of("x/y", b"1.10").unwrap(), "1.10");
        assert_eq!(of("x/y", b"caf\xc3\xa9\n").unwrap(), "\"café\\n\"");
        assert_eq!(of("x/y", b"\xff\x00").unwrap(), "/wA=");
        assert_eq!(of("x/y", b"a\0").unwrap(), "YQA=");
        assert_eq!(
            of("application/x-www-form-urlencoded", b"a=1&secret=x").unwrap(),
            "\"a=1&secret=***\""
        );
        let form = b"--b\r\nContent-Disposition: form-data; name=key\r\n\r\nx\r\n--b--\r\n";
        assert!(
            of("multipart/form-data; boundary=\"b\"", form)
                .unwrap()
                .contains("***")
        );
    }

    #[test]
    fn log_entry_is_one_line() {
        let entry = Entry {
            report: report("POST / HTTP/1.0", b"{\r\n \"a\":\n1.10}", Secrets::Hidden),
            status: 200,
            client: [127, 0, 0, 1].into(),
            took: Duration::from_millis(12),
            refusal: None,
            ran: None,
        };
        assert_eq!(entry.to_string(), "127.0.0.1 POST / 200 12ms");
        let line = entry.to_json_line();
        assert!(
            Text::parse(line.as_str()).is_ok() && !line.contains('\n'),
            "{line}"
        );
        assert!(
            line.ends_with(r#""status":200,"reason":null,"client":"127.0.0.1","milliseconds":12,"exit_code":null,"stdout":null,"stderr":null}"#)
        );
    }
}
