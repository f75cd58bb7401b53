//! Detects whether a file on a server has changed (RFC 9110 §8.8), so that a download can be
//! resumed.

use super::head::Head;
use super::url::Url;
use crate::crypto::digest::Sha256;
use crate::timestamp::Timestamp;

/// The version and location of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Validator {
    /// The value of If-Range: a strong ETag, or a modification date that is strong.
    pub if_range: String,
    /// The length of the whole file, if the server sent it.
    pub length: Option<u64>,
    /// A hash of the URL without its query, because different files may have the same date. It is a
    /// hash because the URL may contain a secret; signed URLs change the query.
    place: String,
    /// A hash of the query, if the metadata has one; distinguishes files with the same path.
    query: Option<String>,
}

impl Validator {
    /// The validator of a response; `None` if nothing in it is strong.
    pub(super) fn of(head: &Head, url: &Url, length: Option<u64>) -> Option<Validator> {
        let etag = head.header("etag").filter(|etag| is_strong(etag));
        let if_range = etag.or_else(|| strong_date(head))?.to_owned();
        Some(Validator {
            if_range,
            length,
            place: place(url),
            query: Some(query(url)),
        })
    }

    /// Whether it belongs to the file at `url`.
    pub(super) fn is_of(&self, url: &Url) -> bool {
        self.place == place(url)
    }

    /// Whether the URL had the same query.
    pub(super) fn has_query_of(&self, url: &Url) -> bool {
        self.query.as_deref() == Some(&query(url))
    }

    /// Whether the ETag of a response shows another version.
    pub(super) fn contradicts(&self, head: &Head) -> bool {
        let known = is_strong(&self.if_range).then_some(self.if_range.as_str());
        let etag = head.header("etag");
        known.is_some() && etag.is_some() && known != etag
    }

    /// The content of `NAME.part.meta`.
    pub(super) fn note(&self) -> String {
        let length = self.length.map_or("?".into(), |length| length.to_string());
        let query = self.query.as_deref().unwrap_or("?");
        format!(
            "version {}\nlength {length}\nurl-sha256 {}\nquery-sha256 {query}\n",
            self.if_range, self.place
        )
    }

    /// Parses [`Validator::note`].
    pub(super) fn parse_note(text: &str) -> Option<Validator> {
        let mut lines = text.lines();
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let if_range = value("version")?.to_owned();
        let length = value("length")?.parse().ok();
        let place = value("url-sha256")?.to_owned();
        let query = value("query-sha256").map(str::to_owned);
        let is_header = !if_range.chars().any(char::is_control);
        is_header.then_some(Validator {
            if_range,
            length,
            place,
            query,
        })
    }
}

fn place(url: &Url) -> String {
    let mut digest = Sha256::new();
    digest.update(url.origin.to_string().as_bytes());
    digest.update(url.path.as_bytes());
    digest.finish()
}

fn query(url: &Url) -> String {
    let mut digest = Sha256::new();
    digest.update(url.query.as_deref().unwrap_or_default().as_bytes());
    digest.finish()
}

/// `"…"`, not `W/"…"`.
fn is_strong(etag: &str) -> bool {
    let opaque = etag
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    opaque.is_some_and(|opaque| !opaque.chars().any(|c| c == '"' || c.is_control()))
}

/// The modification date if it is strong (RFC 9110 §8.8.2.2): older than the response, because a
/// file that changes twice in one second keeps its date.
fn strong_date(head: &Head) -> Option<&str> {
    let text = head.header("last-modified")?;
    let modified = Timestamp::parse_http_date(text)?;
    let answered = Timestamp::parse_http_date(head.header("date")?)?;
    (answered > modified).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &str) -> Option<Validator> {
        let head = Head::parse(format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n").as_bytes()).unwrap();
        Validator::of(&head, &Url::parse("http://a.lan/x?y").unwrap(), Some(5))
    }

    #[test]
    fn only_strong_validators_are_used() {
        let date = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:";
        for (headers, if_range) in [
            ("ETag: \"a\"".to_owned(), Some("\"a\"")),
            ("ETag: W/\"a\"".to_owned(), None),
            ("ETag: a".to_owned(), None),
            (
                format!("{date}38 GMT"),
                Some("Sun, 06 Nov 1994 08:49:37 GMT"),
            ),
            (format!("{date}37 GMT"), None),
            (
                "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT".to_owned(),
                None,
            ),
            (format!("ETag: \"a\"\r\n{date}38 GMT"), Some("\"a\"")),
            (String::from("X: y"), None),
        ] {
            let found = of(&headers);
            assert_eq!(
                found.map(|found| found.if_range).as_deref(),
                if_range,
                "{headers}"
            );
        }
    }

    #[test]
    fn note_round_trips() {
        let validator = of("ETag: \"a b\"").unwrap();
        assert_eq!(
            Validator::parse_note(&validator.note()),
            Some(validator.clone())
        );
        assert!(validator.is_of(&Url::parse("http://a.lan/x?z").unwrap()));
        assert!(!validator.is_of(&Url::parse("http://a.lan/z").unwrap()));
        assert!(validator.has_query_of(&Url::parse("http://a.lan/x?y").unwrap()));
        assert!(!validator.has_query_of(&Url::parse("http://a.lan/x?z").unwrap()));
        for wrong in [
            "",
            "version a",
            "version \x1b\nlength 1\nurl-sha256 x",
            "garbage\n\n\n",
        ] {
            assert_eq!(Validator::parse_note(wrong), None, "{wrong}");
        }
    }
}
