//! Patterns of names: `shot.#.exr`, `shot.%04d.exr`, `shot.1-100@@@.exr`.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::frame::{Frame, MOST_DIGITS};
use super::number::Number;
use super::range::{self, RangeError, Syntax};

/// The tiles that a UDIM number may have.
const TILES: std::ops::RangeInclusive<i64> = 1001..=1999;

/// How the frame number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// `#`: any number of digits in an existing name, 4 in a new one.
    Any,
    /// `####`, `@@@`, `%04d`, `$F4`, `<frame04>`: as `%0<width>d`. Width 1 is without padding.
    Width(u8),
    /// `<UDIM>`: 1001 to 1999.
    Udim,
}

impl Padding {
    /// The width of numbers in new names.
    pub(crate) fn width(self) -> u8 {
        match self {
            Padding::Any | Padding::Udim => 4,
            Padding::Width(width) => width,
        }
    }

    /// Whether an existing name with this number has this padding.
    pub(crate) fn matches(self, number: &Number) -> bool {
        match self {
            Padding::Any => true,
            Padding::Width(width) => number.is_padded_to(width),
            Padding::Udim => {
                let whole = number.frame.as_whole();
                number.width == 4 && whole.is_some_and(|tile| TILES.contains(&tile))
            }
        }
    }
}

/// A path with a place for the frame number in its last part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub directory: PathBuf,
    pub prefix: Vec<u8>,
    /// The range before the padding: `1-100` in `shot.1-100#.exr`.
    pub range: Option<String>,
    pub padding: Padding,
    pub suffix: Vec<u8>,
}

impl Pattern {
    /// Reads a pattern. `None`: the last part of the path has no place for a frame number. The last
    /// such place counts.
    pub(crate) fn parse(path: &Path) -> Option<Pattern> {
        let name = path.file_name()?.as_bytes();
        let (start, end, padding) = last_place(name)?;
        let before = name.get(..start)?;
        let at = range_start(before);
        let range = before.get(at..).filter(|range| !range.is_empty());
        Some(Pattern {
            directory: path.parent().unwrap_or(Path::new("")).to_owned(),
            prefix: before.get(..at)?.to_vec(),
            range: range.and_then(|range| String::from_utf8(range.to_vec()).ok()),
            padding,
            suffix: name.get(end..)?.to_vec(),
        })
    }

    /// The number in a name that matches, without regard to the range.
    pub(crate) fn number_in(&self, name: &[u8]) -> Option<Number> {
        let rest = name.strip_prefix(&*self.prefix)?;
        let text = rest.strip_suffix(&*self.suffix)?;
        let number = Number::parse(std::str::from_utf8(text).ok()?)?;
        // In shot-5.exr the minus sign belongs to the name.
        let can_be_negative = !matches!(self.prefix.last(), Some(last) if !is_before_sign(*last));
        let is_sound = can_be_negative || !number.is_negative;
        (is_sound && self.padding.matches(&number)).then_some(number)
    }

    /// The frames of the range before the padding, in the syntax of fileseq. `None`: there is no range.
    ///
    /// # Errors
    /// When the range is wrong or has too many frames.
    pub(crate) fn frames(&self) -> Result<Option<Vec<Frame>>, RangeError> {
        let range = self.range.as_deref();
        range
            .map(|range| range::parse(range, Syntax::Fileseq))
            .transpose()
    }
}

/// Whether a minus sign after this byte is that of a number.
pub(crate) fn is_before_sign(byte: u8) -> bool {
    matches!(byte, b'.' | b'_' | b' ' | b'-')
}

/// Start, end and padding of the last place for a number.
fn last_place(name: &[u8]) -> Option<(usize, usize, Padding)> {
    (0..name.len()).rev().find_map(|start| {
        let rest = name.get(start..)?;
        // The whole run of # or @ is one place.
        let first = rest.first()?;
        let continues = matches!(first, b'#' | b'@') && name.get(..start)?.last() == Some(first);
        let (padding, length) = if continues { None } else { place(rest) }?;
        Some((start, start + length, padding))
    })
}

/// The padding that a text starts with, and its length.
fn place(text: &[u8]) -> Option<(Padding, usize)> {
    let first = *text.first()?;
    match first {
        b'#' | b'@' => {
            let length = text.iter().take_while(|byte| **byte == first).count();
            let width = Padding::Width(u8::try_from(length).ok()?);
            let is_any = first == b'#' && length == 1;
            let padding = if is_any { Padding::Any } else { width };
            (length <= MOST_DIGITS).then_some((padding, length))
        }
        b'%' => enclosed(text, b"%", b"d").or_else(|| exactly(text, b"%(UDIM)d")),
        b'$' => enclosed(text, b"${F", b"}").or_else(|| {
            let digits = digits_after(text, 2);
            (text.get(1) == Some(&b'F')).then_some(())?;
            Some((width(text.get(2..2 + digits)?)?, 2 + digits))
        }),
        b'<' => enclosed(text, b"<frame", b">").or_else(|| exactly(text, b"<UDIM>")),
        _ => None,
    }
}

/// A width between `before` and `after`.
fn enclosed(text: &[u8], before: &[u8], after: &[u8]) -> Option<(Padding, usize)> {
    let rest = text.strip_prefix(before)?;
    let digits = digits_after(rest, 0);
    let width = width(rest.get(..digits)?)?;
    rest.get(digits..)?.starts_with(after).then_some(())?;
    Some((width, before.len() + digits + after.len()))
}

/// A place for a UDIM tile.
fn exactly(text: &[u8], place: &[u8]) -> Option<(Padding, usize)> {
    let start = text.get(..place.len())?;
    let is_place = start.eq_ignore_ascii_case(place);
    is_place.then_some((Padding::Udim, place.len()))
}

fn digits_after(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The padding with these digits: `04` and `4` are 4, none is 1.
fn width(digits: &[u8]) -> Option<Padding> {
    let text = std::str::from_utf8(digits).ok()?;
    let width: u8 = if text.is_empty() {
        0
    } else {
        text.parse().ok()?
    };
    (usize::from(width) <= MOST_DIGITS).then_some(Padding::Width(width.max(1)))
}

/// Where the range before a padding starts. A range follows a separator (`shot.1-10`), or has an
/// operator (`shot1-10`). A point belongs to it where an operator precedes the point: `.1-6x2.5`.
fn range_start(before: &[u8]) -> usize {
    let is_operator = |byte: &u8| matches!(byte, b'-' | b',' | b'x' | b'y' | b':');
    let mut end = before.len();
    if !before.last().is_some_and(u8::is_ascii_digit) {
        return end;
    }
    loop {
        let part = before.get(..end).unwrap_or_default();
        let is_part = |byte: &&u8| byte.is_ascii_digit() || is_operator(byte);
        let length = part.iter().rev().take_while(is_part).count();
        let start = end - length;
        let range = part.get(start..).unwrap_or_default();
        let previous = part.get(..start).unwrap_or_default();
        let is_number = range.last().is_some_and(u8::is_ascii_digit);
        let follows_letter = previous.last().is_some_and(u8::is_ascii_alphanumeric);
        if end < before.len() && range.iter().any(is_operator) && is_number && !follows_letter {
            // This part ended at a point that belongs to the range.
            return accepted(before, start);
        }
        if end < before.len() {
            return accepted(before, end + 1);
        }
        match previous.split_last() {
            Some((b'.', _)) if length > 0 => end = start - 1,
            _ => return accepted(before, start),
        }
    }
}

/// `start`, without operators that belong to the name; or the end, if no range starts there.
fn accepted(before: &[u8], start: usize) -> usize {
    let text = before.get(start..).unwrap_or_default();
    let is_letter = |byte: u8| matches!(byte, b'x' | b'y');
    let skipped = text
        .iter()
        .take_while(|byte| is_letter(**byte) || **byte == b':' || **byte == b',')
        .count();
    let start = start + skipped;
    let text = before.get(start..).unwrap_or_default();
    let follows_separator = match before.get(..start).and_then(<[u8]>::last) {
        Some(byte) => !byte.is_ascii_alphanumeric(),
        None => true,
    };
    let has_operator = text.iter().skip(1).any(|byte| !byte.is_ascii_digit());
    let has_digit = text.iter().any(u8::is_ascii_digit);
    if has_digit && (follows_separator || has_operator) {
        start
    } else {
        before.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> (String, Option<String>, Padding, String) {
        let pattern = Pattern::parse(Path::new(path)).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            text(pattern.prefix),
            pattern.range,
            pattern.padding,
            text(pattern.suffix),
        )
    }

    #[test]
    fn every_notation_is_read() {
        for (place, padding) in [
            ("#", Padding::Any),
            ("##", Padding::Width(2)),
            ("####", Padding::Width(4)),
            ("@", Padding::Width(1)),
            ("@@@", Padding::Width(3)),
            ("%d", Padding::Width(1)),
            ("%04d", Padding::Width(4)),
            ("%4d", Padding::Width(4)),
            ("$F", Padding::Width(1)),
            ("$F4", Padding::Width(4)),
            ("${F4}", Padding::Width(4)),
            ("<frame04>", Padding::Width(4)),
            ("<frame>", Padding::Width(1)),
            ("<UDIM>", Padding::Udim),
            ("<udim>", Padding::Udim),
            ("%(UDIM)d", Padding::Udim),
        ] {
            let expected = ("shot_v003.".to_owned(), None, padding, ".exr".to_owned());
            assert_eq!(parsed(&format!("/a/b#/shot_v003.{place}.exr")), expected);
        }
        for path in [
            "a.exr",
            "a.%s.exr",
            "a.%99d.exr",
            "a.$G.exr",
            "a.<x>",
            "#/a",
            "",
        ] {
            assert_eq!(Pattern::parse(Path::new(path)), None, "{path}");
        }
        assert_eq!(parsed("a.#.b.##.exr").0, "a.#.b.");
    }

    #[test]
    fn ranges_are_told_from_names() {
        for (path, prefix, range) in [
            ("shot.1-100#.exr", "shot.", Some("1-100")),
            ("shot_1-100#.exr", "shot_", Some("1-100")),
            ("shot.-5--1#.exr", "shot.", Some("-5--1")),
            ("shot1-10#.exr", "shot", Some("1-10")),
            ("sh010#.exr", "sh010", None),
            ("shot.v003.1-10,20x2@@.exr", "shot.v003.", Some("1-10,20x2")),
            ("shot.003.1-10#.exr", "shot.003.", Some("1-10")),
            ("shot.1-6x2.5#.exr", "shot.", Some("1-6x2.5")),
            ("1-10#.exr", "", Some("1-10")),
            ("shot.7#.exr", "shot.", Some("7")),
            ("shot-#.exr", "shot-", None),
            ("plate_001-####.exr", "plate_001-", None),
            ("2024-01-02-#.exr", "2024-01-02-", None),
            ("max.#.exr", "max.", None),
            ("beauty.1001-1002#.exr", "beauty.", Some("1001-1002")),
            ("beauty.1001#.exr", "beauty.", Some("1001")),
            ("proxy.1-10x2#.exr", "proxy.", Some("1-10x2")),
            ("shot-2.1-10#.exr", "shot-2.", Some("1-10")),
            ("v2-x.1-10#.exr", "v2-x.", Some("1-10")),
            ("matrix#.exr", "matrix", None),
            ("shot.#.exr", "shot.", None),
            ("plate_2048x1080.#.exr", "plate_2048x1080.", None),
        ] {
            let (found, found_range, ..) = parsed(path);
            assert_eq!((&*found, found_range.as_deref()), (prefix, range), "{path}");
        }
    }

    #[test]
    fn names_match_by_their_padding() {
        let matches = |pattern: &str, name: &str| {
            Pattern::parse(Path::new(pattern))
                .unwrap()
                .number_in(name.as_bytes())
                .is_some()
        };
        assert!(matches("a.#.exr", "a.7.exr") && matches("a.#.exr", "a.0007.exr"));
        assert!(matches("a.####.exr", "a.0007.exr") && !matches("a.####.exr", "a.7.exr"));
        assert!(matches("a.%04d.exr", "a.12345.exr") && !matches("a.%04d.exr", "a.012345.exr"));
        assert!(matches("a.@.exr", "a.12.exr") && !matches("a.@.exr", "a.012.exr"));
        assert!(matches("a.<UDIM>.exr", "a.1001.exr") && !matches("a.<UDIM>.exr", "a.2000.exr"));
        assert!(!matches("a.#.exr", "a.x.exr") && !matches("a.#.exr", "a..exr"));
        assert!(!matches("aa#aa", "aaa"));
        assert!(matches("a_@.exr", "a_-5.exr") && !matches("shot@.exr", "shot-5.exr"));
        assert!(matches("@.exr", "-5.exr") && matches("shot-@.exr", "shot-5.exr"));
    }
}
