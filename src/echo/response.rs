//! Responses, well-formed for every status and method.

use nanoserde::SerJson;

use super::request::Refusal;
use crate::timestamp::Timestamp;

/// A response.
#[derive(Debug)]
pub(super) struct Response {
    pub status: u16,
    /// The WWW-Authenticate header of a 401 response.
    pub challenge: Option<String>,
    /// JSON.
    pub body: String,
}

/// What happens to the connection after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    KeepAlive,
    Close,
}

/// Which part of the response is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Whole,
    /// Only the headers (HEAD, RFC 9110 §9.3.2).
    HeadersOnly,
}

#[derive(SerJson)]
struct Problem<'a> {
    error: &'a str,
    reason: &'a str,
}

impl Response {
    /// An error response, with the reason as JSON.
    pub(super) fn refusal(refusal: &Refusal) -> Response {
        Response::problem(refusal.status, phrase(refusal.status), &refusal.reason)
    }

    /// The response to a missing or invalid bearer token (RFC 6750 §3).
    pub(super) fn unauthorized(reason: &str) -> Response {
        let mut response = Response::problem(401, "invalid_token", reason);
        response.challenge = Some(format!(
            "Bearer error=\"invalid_token\", error_description=\"{}\"",
            description(reason)
        ));
        response
    }

    /// The response to a request without a valid signature. No registered scheme describes these
    /// signatures, and a challenge is required (RFC 9110 §15.5.2).
    pub(super) fn unsigned(refusal: &Refusal) -> Response {
        let mut response = Response::problem(refusal.status, "invalid_signature", &refusal.reason);
        if refusal.status == 401 {
            response.challenge = Some("Signature".into());
        }
        response
    }

    /// A response with this body, JSON.
    pub(super) fn with(status: u16, body: String) -> Response {
        Response {
            status,
            challenge: (status == 401).then(|| "Bearer".to_owned()),
            body,
        }
    }

    fn problem(status: u16, error: &str, reason: &str) -> Response {
        Response {
            status,
            challenge: None,
            body: Problem { error, reason }.serialize_json() + "\n",
        }
    }

    /// The bytes to send.
    pub(super) fn bytes(&self, wanted: Wanted, then: Then, now: Timestamp) -> Vec<u8> {
        let mut header = format!(
            "HTTP/1.1 {} {}\r\nDate: {}\r\nServer: c47/{}\r\n",
            self.status,
            phrase(self.status),
            now.http_date(),
            env!("CARGO_PKG_VERSION")
        );
        // 205 has an empty body, 204 and 304 have no body (RFC 9110 §8.6, §15).
        let body = match self.status {
            204 | 205 | 304 => "",
            _ => self.body.as_str(),
        };
        if !matches!(self.status, 204 | 304) {
            header.push_str("Content-Type: application/json\r\n");
            header.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        if let Some(challenge) = &self.challenge {
            header.push_str(&format!("WWW-Authenticate: {challenge}\r\n"));
        }
        if then == Then::Close {
            header.push_str("Connection: close\r\n");
        }
        header.push_str("\r\n");
        let mut bytes = header.into_bytes();
        if wanted == Wanted::Whole {
            bytes.extend_from_slice(body.as_bytes());
        }
        bytes
    }
}

/// The reason with the characters that RFC 6750 allows: printable ASCII without `"` and `\`.
fn description(reason: &str) -> String {
    reason
        .chars()
        .map(|c| match c {
            '"' | '\\' => '\'',
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}

/// The reason phrase of a status (RFC 9110 §15); empty for an unknown one.
fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        418 => "I'm a teapot",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(response: &Response, wanted: Wanted, then: Then) -> String {
        String::from_utf8(response.bytes(wanted, then, Timestamp(784_111_777))).unwrap()
    }

    fn response(status: u16) -> Response {
        Response {
            status,
            challenge: None,
            body: "{}".into(),
        }
    }

    #[test]
    fn response_has_status_headers_and_body() {
        let expected = format!(
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: c47/{}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(
            text(&response(200), Wanted::HeadersOnly, Then::KeepAlive),
            expected
        );
        assert_eq!(
            text(&response(200), Wanted::Whole, Then::KeepAlive),
            format!("{expected}{{}}")
        );
    }

    #[test]
    fn status_204_205_and_304_have_no_body() {
        for status in [204, 304] {
            let text = text(&response(status), Wanted::Whole, Then::Close);
            assert!(!text.contains("Content-") && text.ends_with("Connection: close\r\n\r\n"));
        }
        let text = text(&response(205), Wanted::Whole, Then::Close);
        assert!(text.contains("Content-Length: 0\r\n") && text.ends_with("\r\n\r\n"));
        assert!(
            self::text(&response(299), Wanted::HeadersOnly, Then::Close)
                .starts_with("HTTP/1.1 299 \r\n")
        );
    }

    #[test]
    fn reason_cannot_break_out_of_its_quotes() {
        let text = text(
            &Response::unauthorized("a \"b\"\r\nX: \\ \u{e9}"),
            Wanted::HeadersOnly,
            Then::Close,
        );
        assert!(
            text.contains("error_description=\"a 'b'??X: ' ?\"\r\n"),
            "{text}"
        );
    }
}
