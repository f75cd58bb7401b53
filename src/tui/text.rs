//! Text for cells of the terminal. What could control the terminal or reorder text is shown escaped.

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::escape;

/// A part of a text that is shown as one unit: a character with its combining characters, or an escape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// What is shown.
    pub shown: Cow<'a, str>,
    /// The number of columns it takes.
    pub width: u16,
    /// The characters of the text that it stands for. A byte that is not UTF-8 counts as one.
    pub characters: Range<usize>,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Shown as it is.
    Plain,
    /// Shown as an escape: `\u{1b}`, `\xff`.
    Escaped,
}

/// The pieces of a text, which need not be UTF-8.
pub(crate) fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    bytes.utf8_chunks().flat_map(move |chunk| {
        let mut pieces = Vec::new();
        for grapheme in chunk.valid().graphemes(true) {
            add(&mut pieces, grapheme, &mut at);
        }
        for byte in chunk.invalid() {
            pieces.push(escaped(format!("\\x{byte:02x}"), at, 1));
            at += 1;
        }
        pieces
    })
}

fn add<'a>(pieces: &mut Vec<Piece<'a>>, grapheme: &'a str, at: &mut usize) {
    let safe = escape::one_line(grapheme);
    let count = grapheme.chars().count();
    let width = u16::try_from(grapheme.width()).unwrap_or(u16::MAX);
    match safe == grapheme {
        // A combining character without a base would join what is left of it.
        true if width == 0 => pieces.push(escaped(
            grapheme.chars().flat_map(char::escape_unicode).collect(),
            *at,
            count,
        )),
        true => pieces.push(Piece {
            shown: grapheme.into(),
            width,
            characters: *at..*at + count,
            kind: Kind::Plain,
        }),
        false => pieces.push(escaped(safe, *at, count)),
    }
    *at += count;
}

fn escaped(shown: String, at: usize, count: usize) -> Piece<'static> {
    Piece {
        width: u16::try_from(shown.width()).unwrap_or(u16::MAX),
        shown: shown.into(),
        characters: at..at + count,
        kind: Kind::Escaped,
    }
}

/// The number of columns of a text.
pub(crate) fn width(bytes: &[u8]) -> usize {
    match bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        true => bytes.len(),
        false => pieces(bytes).map(|piece| usize::from(piece.width)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        pieces(bytes)
            .map(|piece| piece.shown.into_owned())
            .collect()
    }

    #[test]
    fn controls_are_shown_escaped() {
        assert_eq!(shown(b"a\x1b[2Jb\xffc\xc3"), "a\\u{1b}[2Jb\\xffc\\xc3");
        assert_eq!(
            shown("a\u{202e}b\u{9b}c\r\n".as_bytes()),
            "a\\u{202e}b\\u{9b}c\\r\\n"
        );
        assert_eq!(
            shown("e\u{301} 漢👩\u{200d}🚀".as_bytes()),
            "e\u{301} 漢👩\u{200d}🚀"
        );
        // Nothing to combine with.
        assert_eq!(shown("\u{301}x\u{200d}".as_bytes()), "\\u{301}x\u{200d}");
    }

    #[test]
    fn widths_and_characters() {
        let text = "a漢e\u{301}".as_bytes();
        let found: Vec<(u16, Range<usize>)> = pieces(text)
            .map(|piece| (piece.width, piece.characters))
            .collect();
        assert_eq!(found, [(1, 0..1), (2, 1..2), (1, 2..4)]);
        assert_eq!((width(text), width(b"ab c"), width(b"\xff")), (4, 4, 4));
    }
}
