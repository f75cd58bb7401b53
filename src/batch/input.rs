//! Lines of an input of any size, each within a bound.

use std::fmt;
use std::io::{self, BufRead};

/// The longest line: a request with its body.
pub(crate) const MAX_LINE: usize = 16 << 20;

/// An invalid line. Reading goes on with the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// From 1.
    pub line: u64,
    pub why: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Why there is no next record.
#[derive(Debug)]
pub(crate) enum InputError {
    /// Only this record.
    Invalid(Invalid),
    /// The rest of the input is lost.
    Read(io::Error),
}

/// A line of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub number: u64,
    /// Without its end.
    pub text: &'a [u8],
    /// LF or CRLF; empty at the end of the input.
    pub ending: &'a [u8],
}

/// Reads lines and counts them.
pub(crate) struct Lines<R> {
    input: R,
    number: u64,
    line: Vec<u8>,
    max: usize,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Lines<R> {
        Lines::bounded(input, MAX_LINE)
    }

    /// Like `new`, with another bound.
    pub(super) fn bounded(input: R, max: usize) -> Lines<R> {
        Lines {
            input,
            number: 0,
            line: Vec::new(),
            max,
        }
    }

    /// The next line. A byte order mark at the start is dropped.
    ///
    /// # Errors
    /// When the input cannot be read, or the line is too long; then the next call returns the line
    /// after it.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>, InputError> {
        self.line.clear();
        let mut is_too_long = false;
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(InputError::Read(error)),
            };
            if available.is_empty() {
                if self.line.is_empty() && !is_too_long {
                    return Ok(None);
                }
                break;
            }
            let end = memchr::memchr(b'\n', available);
            let taken = end.map_or(available.len(), |end| end + 1);
            let room = (self.max + 2).saturating_sub(self.line.len());
            self.line.extend(available.iter().take(taken.min(room)));
            is_too_long |= taken > room;
            self.input.consume(taken);
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        let line = self.line.as_slice();
        let length = match line {
            [.., b'\r', b'\n'] => line.len() - 2,
            [.., b'\n'] => line.len() - 1,
            _ => line.len(),
        };
        let (mut text, ending) = line.split_at(length);
        if self.number == 1 {
            text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        }
        if is_too_long || text.len() > self.max {
            let max = crate::quantity::format_size(self.max as u64);
            return Err(InputError::Invalid(Invalid {
                line: self.number,
                why: format!("it is longer than {max}"),
            }));
        }
        Ok(Some(Line {
            number: self.number,
            text,
            ending,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn all(input: &[u8], max: usize) -> Vec<String> {
        // A tiny buffer: every boundary is met.
        let mut lines = Lines::bounded(BufReader::with_capacity(3, input), max);
        let mut found = Vec::new();
        loop {
            match lines.next() {
                Ok(Some(line)) => {
                    let text = String::from_utf8_lossy(line.text);
                    found.push(format!("{} {text}", line.number));
                }
                Ok(None) => return found,
                Err(InputError::Invalid(invalid)) => found.push(invalid.to_string()),
                Err(InputError::Read(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn lines_end_with_lf_crlf_or_the_input() {
        assert_eq!(all(b"", 9), Vec::<String>::new());
        assert_eq!(
            all(b"\xef\xbb\xbfa\r\n\n\rb\nc", 9),
            ["1 a", "2 ", "3 \rb", "4 c"]
        );
        assert_eq!(all(b"a\n", 9), ["1 a"]);
    }

    #[test]
    fn a_line_that_is_too_long_does_not_hide_the_next() {
        let long = [b"x".repeat(1000), b"\ny\n".to_vec()].concat();
        for (max, expected) in [(999, false), (1000, true)] {
            let found = all(&long, max);
            assert_eq!(found.len(), 2, "{found:?}");
            assert_eq!(found[1], "2 y");
            assert_eq!(found[0].starts_with("1 xxx"), expected, "{max}");
        }
        assert!(all(&b"x".repeat(1000), 10)[0].starts_with("line 1: it is longer"));
    }
}
