//! Reads which part of a file a response contains.

use super::head::Head;

/// Content-Range of a 206 (RFC 9110 §14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub start: u64,
    /// The offset after the last byte.
    pub end: u64,
    /// The length of the whole file, if the server sends it.
    pub whole: Option<u64>,
}

impl Range {
    /// Reads the header; `None` if it is missing or invalid.
    pub(super) fn of(head: &Head) -> Option<Range> {
        let text = head.header("content-range")?.trim();
        let (range, whole) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (start, last) = (number(first)?, number(last)?);
        let end = last.checked_add(1)?;
        let whole = match whole {
            "*" => None,
            whole => Some(number(whole)?),
        };
        let is_possible = start < end && whole.is_none_or(|whole| end <= whole);
        is_possible.then_some(Range { start, end, whole })
    }
}

/// Reads the length of the file in a 416: `bytes */N`.
pub(super) fn unsatisfied_length(head: &Head) -> Option<u64> {
    let text = head.header("content-range")?.trim();
    number(text.strip_prefix("bytes */")?)
}

/// Reads a number that contains only digits.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let range = |value: &str| {
            let text = format!("HTTP/1.1 206 Part\r\nContent-Range: {value}\r\n\r\n");
            Range::of(&Head::parse(text.as_bytes()).unwrap())
        };
        let whole = |start, end, whole| Some(Range { start, end, whole });
        assert_eq!(range("bytes 5-9/10"), whole(5, 10, Some(10)));
        assert_eq!(range("bytes 5-7/*"), whole(5, 8, None));
        for wrong in [
            "",
            "bytes 5-9",
            "bytes 5-10/10",
            "bytes 9-5/10",
            "bytes -5/10",
            "bytes +5-9/10",
            "bytes */10",
            "lines 5-9/10",
            "bytes 0-18446744073709551615/*",
        ] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }
}
