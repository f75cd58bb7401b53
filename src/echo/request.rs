//! A request's head and the extent of its body (RFC 9112), read so strictly that no proxy before
//! us can have seen another request.

use httparse::Status;

/// Why a request is not answered with its picture.
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

/// A request without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub method: String,
    pub target: String,
    pub version: Version,
    /// In order, with their names as they were written.
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

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Empty,
    Bytes(u64),
    Chunked,
}

/// Where the head at the start of `bytes` ends, if it does. What stands before `seen` was looked
/// at before.
///
/// # Errors
/// On a line end that is no CRLF, since readers differ over it; and on TLS, which would never end.
pub(super) fn head_end(bytes: &[u8], seen: usize) -> Result<Option<usize>, Refusal> {
    const TLS_HANDSHAKE: u8 = 22;
    if bytes.first() == Some(&TLS_HANDSHAKE) {
        return Err(bad("the client speaks TLS: this is plain http"));
    }
    let mut before = seen.checked_sub(1).and_then(|at| bytes.get(at).copied());
    for (at, &byte) in bytes.iter().enumerate().skip(seen) {
        if (byte == b'\n') != (before == Some(b'\r')) {
            return Err(bad("a CR or LF stands alone in the head"));
        }
        if bytes
            .get(..=at)
            .is_some_and(|head| head.ends_with(b"\r\n\r\n"))
        {
            return Ok(Some(at + 1));
        }
        before = Some(byte);
    }
    Ok(None)
}

/// Reads a head that [`head_end`] found whole.
///
/// # Errors
/// With 400, 431, 501 or 505.
pub(super) fn parse(bytes: &[u8], max_headers: usize) -> Result<Head, Refusal> {
    // httparse would skip any number of empty lines.
    if bytes.first().is_some_and(u8::is_ascii_whitespace) {
        return Err(bad("there is no request line"));
    }
    let mut space = vec![httparse::EMPTY_HEADER; max_headers];
    let mut request = httparse::Request::new(&mut space);
    match request.parse(bytes) {
        Ok(Status::Complete(length)) if length == bytes.len() => {}
        Ok(_) => return Err(bad("the head is cut short")),
        Err(error) => return Err(why_malformed(error, max_headers)),
    }
    let (Some(method), Some(target), Some(version)) =
        (request.method, request.path, request.version)
    else {
        return Err(bad("the request line is cut short"));
    };
    let headers = request
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), header.value.to_owned()))
        .collect();
    let head = Head {
        method: method.to_owned(),
        target: target.to_owned(),
        version: if version == 0 {
            Version::Http10
        } else {
            Version::Http11
        },
        headers,
    };
    head.ensure_target()?;
    head.ensure_host()?;
    Ok(head)
}

fn why_malformed(error: httparse::Error, max_headers: usize) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => {
            Refusal::new(431, format!("there are more than {max_headers} headers"))
        }
        httparse::Error::Version => Refusal::new(505, "only HTTP/1.0 and HTTP/1.1 are spoken here"),
        httparse::Error::HeaderName => bad("a header's name is malformed, or a line is folded"),
        httparse::Error::HeaderValue => bad("a header's value is malformed, or a line is folded"),
        httparse::Error::NewLine => bad("a line ends in less than CRLF"),
        httparse::Error::Token | httparse::Error::Status => bad("the request line is malformed"),
    }
}

impl Head {
    /// The values of all headers of this name.
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        self.headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
            .collect()
    }

    /// Whether one of a list header's values is `token`.
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

    /// Whether the client waits for a word before it sends its body (RFC 9110 §10.1.1).
    ///
    /// # Errors
    /// On an expectation nobody knows (417).
    pub fn expects_continue(&self) -> Result<bool, Refusal> {
        match self.values("expect").as_slice() {
            [] => Ok(false),
            _ if self.version == Version::Http10 => Ok(false),
            [value] if value.eq_ignore_ascii_case(b"100-continue") => Ok(true),
            _ => Err(Refusal::new(417, "the Expect header is not 100-continue")),
        }
    }

    /// How the body ends (RFC 9112 §6.3), with everything refused that another reader could take
    /// otherwise.
    ///
    /// # Errors
    /// With 400, or 501 for a transfer coding other than chunked.
    pub fn extent(&self) -> Result<Extent, Refusal> {
        let lengths = self.values("content-length");
        let codings = self.values("transfer-encoding");
        match (lengths.as_slice(), codings.as_slice()) {
            ([], []) => Ok(Extent::Empty),
            (_, [_, ..]) if self.version == Version::Http10 => {
                Err(bad("HTTP/1.0 has no Transfer-Encoding"))
            }
            ([_, ..], [_, ..]) => Err(bad(
                "both Content-Length and Transfer-Encoding are given: which holds is unclear",
            )),
            ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Extent::Chunked),
            ([], [_]) => Err(Refusal::new(
                501,
                "the only Transfer-Encoding known here is chunked",
            )),
            ([], _) => Err(bad("Transfer-Encoding stands more than once")),
            ([length], []) => Ok(match content_length(length)? {
                0 => Extent::Empty,
                length => Extent::Bytes(length),
            }),
            (_, []) => Err(bad("Content-Length stands more than once")),
        }
    }

    fn ensure_target(&self) -> Result<(), Refusal> {
        let target = self.target.as_str();
        match self.method.as_str() {
            "CONNECT" => Err(Refusal::new(501, "CONNECT: there is no tunnel here")),
            "OPTIONS" if target == "*" => Ok(()),
            _ if target.starts_with('/') || target.contains("://") => Ok(()),
            _ => Err(bad("the request target is no path and no address")),
        }
    }

    /// RFC 9112 §3.2.
    fn ensure_host(&self) -> Result<(), Refusal> {
        match self.values("host").len() {
            1 => Ok(()),
            0 if self.version == Version::Http10 => Ok(()),
            0 => Err(bad("there is no Host header")),
            _ => Err(bad("Host stands more than once")),
        }
    }
}

fn content_length(value: &[u8]) -> Result<u64, Refusal> {
    let wrong = || bad("Content-Length is not one number");
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(wrong());
    }
    let digits = std::str::from_utf8(value).map_err(|_| wrong())?;
    digits
        .parse()
        .map_err(|_| Refusal::new(413, "Content-Length is beyond all bounds"))
}

/// The length of a chunk, by its line: hexadecimal digits, then perhaps extensions, which are
/// ignored (RFC 9112 §7.1).
///
/// # Errors
/// On anything else, blanks and signs included.
pub(super) fn chunk_length(line: &[u8]) -> Result<u64, Refusal> {
    let digits = line
        .iter()
        .position(|b| !b.is_ascii_hexdigit())
        .unwrap_or(line.len());
    let (digits, rest) = line.split_at_checked(digits).unwrap_or((line, &[]));
    if digits.is_empty() || !(rest.is_empty() || rest.starts_with(b";")) {
        return Err(bad("a chunk's size is malformed"));
    }
    if rest.iter().any(|&b| b.is_ascii_control() && b != b'\t') {
        return Err(bad("a chunk's extension holds a control character"));
    }
    if digits.len() > 16 {
        return Err(Refusal::new(413, "a chunk's size is beyond all bounds"));
    }
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    u64::from_str_radix(digits, 16).map_err(|_| bad("a chunk's size is malformed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Head, u16> {
        let bytes = text.as_bytes();
        let end = head_end(bytes, 0).map_err(|refusal| refusal.status)?;
        let head = bytes.get(..end.unwrap()).unwrap();
        parse(head, 3).map_err(|refusal| refusal.status)
    }

    fn extent(lines: &str) -> Result<Extent, u16> {
        let head = head(&format!("POST / HTTP/1.1\r\nHost: h\r\n{lines}\r\n"))?;
        head.extent().map_err(|refusal| refusal.status)
    }

    #[test]
    fn a_head_keeps_its_spelling_and_order() {
        let head =
            head("PATCH /a%20b?c HTTP/1.1\r\nhOST: h\r\nX-A:  1 \r\nx-a: \u{e9}\r\n\r\n").unwrap();
        assert_eq!(head.method, "PATCH");
        assert_eq!(head.target, "/a%20b?c");
        assert_eq!(head.version, Version::Http11);
        assert_eq!(head.headers[0], ("hOST".to_owned(), b"h".to_vec()));
        assert_eq!(head.values("X-a"), [b"1".as_slice(), "\u{e9}".as_bytes()]);
        assert!(head.keeps_alive());
    }

    #[test]
    fn heads_that_are_refused() {
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
            assert_eq!(head(text), Err(status), "{text:?}");
        }
        assert!(head("GET / HTTP/1.0\r\n\r\n").is_ok());
        assert!(head("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").is_ok());
        assert!(head("GET http://h/ HTTP/1.1\r\nHost: a\r\n\r\n").is_ok());
    }

    #[test]
    fn a_head_is_found_piece_by_piece() {
        let bytes = b"GET / HTTP/1.0\r\n\r\nrest";
        for seen in 0..18 {
            assert_eq!(head_end(bytes, seen), Ok(Some(18)));
        }
        assert_eq!(head_end(b"GET / HTTP/1.0\r\n\r", 3), Ok(None));
        assert!(head_end(b"GET\n", 3).is_err());
        assert!(head_end(b"GET\rX", 4).is_err());
    }

    #[test]
    fn extents() {
        assert_eq!(extent(""), Ok(Extent::Empty));
        assert_eq!(extent("Content-Length: 0\r\n"), Ok(Extent::Empty));
        assert_eq!(extent("Content-Length: 007\r\n"), Ok(Extent::Bytes(7)));
        assert_eq!(
            extent("Transfer-Encoding: Chunked\r\n"),
            Ok(Extent::Chunked)
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
            assert_eq!(extent(lines), Err(status), "{lines:?}");
        }
        let old = head("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        assert!(old.extent().is_err());
    }

    #[test]
    fn chunk_lengths() {
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
    fn expectations() {
        let ask = |value: &str| {
            let head = head(&format!(
                "GET / HTTP/1.1\r\nHost: h\r\nExpect: {value}\r\n\r\n"
            ));
            head.unwrap()
                .expects_continue()
                .map_err(|refusal| refusal.status)
        };
        assert_eq!(ask("100-Continue"), Ok(true));
        assert_eq!(ask("tea"), Err(417));
    }
}
