//! The status line and headers of a response, as the server sent them.

/// Version, status, reason and headers; names keep their case and order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The minor version: 0 or 1.
    pub minor_version: u8,
    pub status: u16,
    /// The reason phrase of the server; may be empty.
    pub reason: String,
    pub headers: Vec<(String, Vec<u8>)>,
}

/// The limit of ureq.
const MAX_HEADERS: usize = 128;

impl Head {
    /// Parses the last response in `bytes`; 1xx responses precede it.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Head> {
        let mut rest = bytes;
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut response = httparse::Response::new(&mut headers);
            let httparse::Status::Complete(length) = response.parse(rest).ok()? else {
                return None;
            };
            let status = response.code?;
            if (100..200).contains(&status) && status != 101 {
                rest = rest.get(length..)?;
                continue;
            }
            return Some(Head {
                minor_version: response.version?,
                status,
                reason: response.reason.unwrap_or("").to_owned(),
                headers: response
                    .headers
                    .iter()
                    .map(|header| (header.name.to_owned(), header.value.to_owned()))
                    .collect(),
            });
        }
    }

    /// The values of all headers of this name that are text.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The first header of this name, if its value is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// Status and reason: the server's, or the standard one (`404 Not Found`).
    pub(crate) fn status_and_reason(&self) -> String {
        let standard = || {
            let status = ureq::http::StatusCode::from_u16(self.status).ok();
            status.and_then(|status| status.canonical_reason())
        };
        let reason = match self.reason.trim() {
            "" => standard().unwrap_or_default(),
            reason => reason,
        };
        format!("{} {reason}", self.status).trim_end().to_owned()
    }

    /// The status line.
    pub(crate) fn status_line(&self) -> String {
        let line = format!(
            "HTTP/1.{} {} {}",
            self.minor_version, self.status, self.reason
        );
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_their_spelling() {
        let head = Head::parse(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.0 404 Nothing Here\r\nX-One: a\r\nx-two: \xff\r\n\r\nbody").unwrap();
        assert_eq!(head.status_line(), "HTTP/1.0 404 Nothing Here");
        assert_eq!(
            head.headers,
            [
                ("X-One".into(), b"a".to_vec()),
                ("x-two".into(), b"\xff".to_vec())
            ]
        );
        assert_eq!(
            (head.header("x-one"), head.header("X-TWO")),
            (Some("a"), None)
        );
        assert_eq!(Head::parse(b"HTTP/1.1 200 OK\r\nX: y"), None);
        assert_eq!(Head::parse(b"HTTP/1.1 103 Early\r\n\r\n"), None);
    }
}
