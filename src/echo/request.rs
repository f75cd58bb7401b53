//! Parses a request's header and the length of its body (RFC 9112), so strictly that no proxy in
//! front of c47 can have parsed another request.

use httparse::Status;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub reason: String,
}

impl Refusal {
    pub fn new(status: u16, reason: impl Into<String>) -> Refusal {
        Refusal {
            status,
            reason: reason.into(),
        }
    }
}

fn bad(reason: impl Into<String>) -> Refusal {
    Refusal::new(400, reason)
}

/// The request line and headers of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeader {
    pub method: String,
    pub target: String,
    pub version: Version,
    /// In order, with the names as sent.
    pub headers: Vec<(String, Vec<u8>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Http10,
    Http11,
}

impl Version {
    pub fn name(self) -> &'static str {
        match self {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        }
    }
}

/// The length of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    Empty,
    Bytes(u64),
    Chunked,
}

/// The end of the request header at the start of `bytes`, if it is complete. The bytes before `seen`
/// were checked before.
///
/// # Errors
/// On a line end other than CRLF, which parsers treat differently, and on TLS.
pub(super) fn header_end(bytes: &[u8], seen: usize) -> Result<Option<usize>, Refusal> {
    const TLS_HANDSHAKE: u8 = 22;
    if bytes.first() == Some(&TLS_HANDSHAKE) {
        return Err(bad("the client uses TLS, but this server is plain HTTP"));
    }
    let mut before = seen.checked_sub(1).and_then(|at| bytes.get(at).copied());
    for (at, &byte) in bytes.iter().enumerate().skip(seen) {
        if (byte == b'\n') != (before == Some(b'\r')) {
            return Err(bad("the request header contains a CR or LF alone"));
        }
        if bytes
            .get(..=at)
            .is_some_and(|header| header.ends_with(b"\r\n\r\n"))
        {
            return Ok(Some(at + 1));
        }
        before = Some(byte);
    }
    Ok(None)
}

/// Parses a complete request header, as found by [`header_end`].
///
/// # Errors
/// With 400, 431, 501 or 505.
pub(super) fn parse(bytes: &[u8], max_headers: usize) -> Result<RequestHeader, Refusal> {
    // httparse skips any number of empty lines.
    if bytes.first().is_some_and(u8::is_ascii_whitespace) {
        return Err(bad("the request line is missing"));
    }
    let mut space = vec![httparse::EMPTY_HEADER; max_headers];
    let mut request = httparse::Request::new(&mut space);
    match request.parse(bytes) {
        Ok(Status::Complete(length)) if length == bytes.len() => {}
        Ok(_) => return Err(bad("the request header is incomplete")),
        Err(error) => return Err(why_malformed(error, max_headers)),
    }
    let (Some(method), Some(target), Some(version)) =
        (request.method, request.path, request.version)
    else {
        return Err(bad("the request line is incomplete"));
    };
    let headers = request
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), header.value.to_owned()))
        .collect();
    let header = RequestHeader {
        method: method.to_owned(),
        target: target.to_owned(),
        version: if version == 0 {
            Version::Http10
        } else {
            Version::Http11
        },
        headers,
    };
    header.ensure_target()?;
    header.ensure_host()?;
    Ok(header)
}

fn why_malformed(error: httparse::Error, max_headers: usize) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => Refusal::new(
            431,
            format!("the request has more than {max_headers} headers"),
        ),
        httparse::Error::Version => Refusal::new(505, "only HTTP/1.0 and HTTP/1.1 are supported"),
        httparse::Error::HeaderName => bad("a header name is malformed, or a line is folded"),
        httparse::Error::HeaderValue => bad("a header value is malformed, or a line is folded"),
        httparse::Error::NewLine => bad("a line does not end with CRLF"),
        httparse::Error::Token | httparse::Error::Status => bad("the request line is malformed"),
    }
}

/// The path and the query of a target: `/a?b`, `http://host/a?b`, `*`.
pub(super) fn split_target(target: &str) -> (&str, &str) {
    let target = target.split('#').next().unwrap_or(target);
    let (address, query) = target.split_once('?').unwrap_or((target, ""));
    let path = match address.split_once("://") {
        Some((_, after)) if !address.starts_with('/') => match after.find('/') {
            Some(at) => after.get(at..).unwrap_or("/"),
            None => "/",
        },
        _ => address,
    };
    (path, query)
}

impl RequestHeader {
    /// The values of all headers of this name.
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        self.headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
            .collect()
    }

    /// Whether a header with a list of values contains `token`.
    fn lists(&self, name: &str, token: &[u8]) -> bool {
        self.values(name)
            .iter()
            .flat_map(|value| value.split(|&b| b == b','))
            .any(|value| value.trim_ascii().eq_ignore_ascii_case(token))
    }

    /// Whether the connection may serve another request.
    pub fn keeps_alive(&self) -> bool {
        self.version == Version::Http11 && !self.lists("connection", b"close")
    }

    /// Whether the client waits for 100 Continue before it sends the body (RFC 9110 §10.1.1).
    ///
    /// # Errors
    /// On an unknown expectation (417).
    pub fn expects_continue(&self) -> Result<bool, Refusal> {
        match self.values("expect").as_slice() {
            [] => Ok(false),
            _ if self.version == Version::Http10 => Ok(false),
            [value] if value.eq_ignore_ascii_case(b"100-continue") => Ok(true),
            _ => Err(Refusal::new(417, "the Expect header is not 100-continue")),
        }
    }

    /// The length of the body (RFC 9112 §6.3). Everything that another parser could understand
    /// differently is refused.
    ///
    /// # Errors
    /// With 400, or 501 for a transfer coding other than chunked.
    pub fn body_length(&self) -> Result<BodyLength, Refusal> {
        let lengths = self.values("content-length");
        let codings = self.values("transfer-encoding");
        match (lengths.as_slice(), codings.as_slice()) {
            ([], []) => Ok(BodyLength::Empty),
            (_, [_, ..]) if self.version == Version::Http10 => {
                Err(bad("Transfer-Encoding is not allowed in HTTP/1.0"))
            }
            ([_, ..], [_, ..]) => Err(bad(
                "the request has both Content-Length and Transfer-Encoding",
            )),
            ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") => Ok(BodyLength::Chunked),
            ([], [_]) => Err(Refusal::new(
                501,
                "the only supported Transfer-Encoding is chunked",
            )),
            ([], _) => Err(bad("the request has more than one Transfer-Encoding")),
            ([length], []) => Ok(match content_length(length)? {
                0 => BodyLength::Empty,
                length => BodyLength::Bytes(length),
            }),
            (_, []) => Err(bad("the request has more than one Content-Length")),
        }
    }

    fn ensure_target(&self) -> Result<(), Refusal> {
        let target = self.target.as_str();
        match self.method.as_str() {
            "CONNECT" => Err(Refusal::new(501, "CONNECT is not supported")),
            "OPTIONS" if target == "*" => Ok(()),
            _ if target.starts_with('/') || target.contains("://") => Ok(()),
            _ => Err(bad("the request target is neither a path nor a URL")),
        }
    }

    /// RFC 9112 §3.2.
    fn ensure_host(&self) -> Result<(), Refusal> {
        match self.values("host").len() {
            1 => Ok(()),
            0 if self.version == Version::Http10 => Ok(()),
            0 => Err(bad("the Host header is missing")),
            _ => Err(bad("the request has more than one Host header")),
        }
    }
}

fn content_length(value: &[u8]) -> Result<u64, Refusal> {
    let wrong = || bad("Content-Length is not a number");
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(wrong());
    }
    let digits = std::str::from_utf8(value).map_err(|_| wrong())?;
    digits
        .parse()
        .map_err(|_| Refusal::new(413, "Content-Length is too large"))
}

/// The length of a chunk, from its line: hexadecimal digits and optional extensions, which are
/// ignored (RFC 9112 §7.1).
///
/// # Errors
/// On anything else, such as spaces and signs.
pub(super) fn chunk_length(line: &[u8]) -> Result<u64, Refusal> {
    let digits = line
        .iter()
        .position(|b| !b.is_ascii_hexdigit())
        .unwrap_or(line.len());
    let (digits, rest) = line.split_at_checked(digits).unwrap_or((line, &[]));
    if digits.is_empty() || !(rest.is_empty() || rest.starts_with(b";")) {
        return Err(bad("a chunk size is malformed"));
    }
    if rest.iter().any(|&b| b.is_ascii_control() && b != b'\t') {
        return Err(bad("a chunk extension contains a control character"));
    }
    if digits.len() > 16 {
        return Err(Refusal::new(413, "a chunk size is too large"));
    }
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    u64::from_str_radix(digits, 16).map_err(|_| bad("a chunk size is malformed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<RequestHeader, u16> {
        let bytes = text.as_bytes();
        let end = header_end(bytes, 0).map_err(|refusal| refusal.status)?;
        let header = bytes.get(..end.unwrap()).unwrap();
        parse(header, 3).map_err(|refusal| refusal.status)
    }

    fn body_length(lines: &str) -> Result<BodyLength, u16> {
        let header = header(&format!("POST / HTTP/1.1\r\nHost: h\r\n{lines}\r\n"))?;
        header.body_length().map_err(|refusal| refusal.status)
    }

    #[test]
    fn header_names_keep_case_and_order() {
        let header =
            header("PATCH /a%20b?c HTTP/1.1\r\nhOST: h\r\nX-A:  1 \r\nx-a: \u{e9}\r\n\r\n")
                .unwrap();
        assert_eq!(header.method, "PATCH");
        assert_eq!(header.target, "/a%20b?c");
        assert_eq!(header.version, Version::Http11);
        assert_eq!(header.headers[0], ("hOST".to_owned(), b"h".to_vec()));
        assert_eq!(header.values("X-a"), [b"1".as_slice(), "\u{e9}".as_bytes()]);
        assert!(header.keeps_alive());
    }

    #[test]
    fn invalid_request_headers_are_refused() {
        for (text, status) in [
            ("GET / HTTP/1.1\r\n\r\n", 400), // no Host
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\r\n\r\n", 400),
            ("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            ("PRI * HTTP/2.0\r\n\r\n", 505),
            ("CONNECT h:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("GET / HTTP/1.1\r\nA:\r\nB:\r\nC:\r\nHost: a\r\n\r\n", 431),
            ("\u{16}\u{3}\u{1}\r\n\r\n", 400),
        ] {
            assert_eq!(header(text), Err(status), "{text:?}");
        }
        assert!(header("GET / HTTP/1.0\r\n\r\n").is_ok());
        assert!(header("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").is_ok());
        assert!(header("GET http://h/ HTTP/1.1\r\nHost: a\r\n\r\n").is_ok());
    }

    #[test]
    fn end_of_header_is_found_in_pieces() {
        let bytes = b"GET / HTTP/1.0\r\n\r\nrest";
        for seen in 0..18 {
            assert_eq!(header_end(bytes, seen), Ok(Some(18)));
        }
        assert_eq!(header_end(b"GET / HTTP/1.0\r\n\r", 3), Ok(None));
        assert!(header_end(b"GET\n", 3).is_err());
        assert!(header_end(b"GET\rX", 4).is_err());
    }

    #[test]
    fn body_length_follows_rfc_9112() {
        assert_eq!(body_length(""), Ok(BodyLength::Empty));
        assert_eq!(body_length("Content-Length: 0\r\n"), Ok(BodyLength::Empty));
        assert_eq!(
            body_length("Content-Length: 007\r\n"),
            Ok(BodyLength::Bytes(7))
        );
        assert_eq!(
            body_length("Transfer-Encoding: Chunked\r\n"),
            Ok(BodyLength::Chunked)
        );
        for (lines, status) in [
            ("Content-Length: 5\r\nContent-Length: 5\r\n", 400),
            ("Content-Length: 5, 5\r\n", 400),
            ("Content-Length: +5\r\n", 400),
            ("Content-Length: -5\r\n", 400),
            ("Content-Length: 0x5\r\n", 400),
            ("Content-Length: 5 5\r\n", 400),
            ("Content-Length:\r\n", 400),
            ("Content-Length: 99999999999999999999\r\n", 413),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
            (
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                400,
            ),
            ("Transfer-Encoding: gzip, chunked\r\n", 501),
            ("Transfer-Encoding: xchunked\r\n", 501),
            ("Transfer-Encoding: identity\r\n", 501),
            ("Transfer-Encoding: \u{b}chunked\r\n", 400),
        ] {
            assert_eq!(body_length(lines), Err(status), "{lines:?}");
        }
        let old = header("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        assert!(old.body_length().is_err());
    }

    #[test]
    fn chunk_length_is_strict() {
        assert_eq!(chunk_length(b"1aF"), Ok(0x1af));
        assert_eq!(chunk_length(b"5;a=b"), Ok(5));
        assert_eq!(chunk_length(b"ffffffffffffffff"), Ok(u64::MAX));
        for wrong in [
            b"".as_slice(),
            b" 5",
            b"5 ",
            b"+5",
            b"-1",
            b"0x5",
            b"5\t;a",
            b"g",
            b";a",
            b"5;\0",
            b"00000000000000005",
        ] {
            assert!(chunk_length(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn only_100_continue_is_accepted_in_expect() {
        let ask = |value: &str| {
            let header = header(&format!(
                "GET / HTTP/1.1\r\nHost: h\r\nExpect: {value}\r\n\r\n"
            ));
            header
                .unwrap()
                .expects_continue()
                .map_err(|refusal| refusal.status)
        };
        assert_eq!(ask("100-Continue"), Ok(true));
        assert_eq!(ask("tea"), Err(417));
    }
}
