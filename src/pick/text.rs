//! The text of an item as characters.

use memchr::{memchr, memchr2, memrchr, memrchr2};

use super::chars;
use super::query::{Accents, Case, Term};

/// The characters of an item. A byte that is not UTF-8 is a replacement character.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'a> {
    Ascii(&'a [u8]),
    Other(&'a [char]),
}

impl<'a> Text<'a> {
    /// Decodes an item. `buffer` has the characters of an item that is not ASCII.
    pub(super) fn new(bytes: &'a [u8], buffer: &'a mut Vec<char>) -> Text<'a> {
        if bytes.is_ascii() {
            return Text::Ascii(bytes);
        }
        buffer.clear();
        for chunk in bytes.utf8_chunks() {
            buffer.extend(chunk.valid().chars());
            buffer.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
        }
        Text::Other(buffer)
    }

    /// The number of characters.
    pub(super) fn len(self) -> usize {
        match self {
            Text::Ascii(bytes) => bytes.len(),
            Text::Other(chars) => chars.len(),
        }
    }

    /// The character at a position.
    pub(super) fn get(self, at: usize) -> Option<char> {
        match self {
            Text::Ascii(bytes) => bytes.get(at).map(|byte| char::from(*byte)),
            Text::Other(chars) => chars.get(at).copied(),
        }
    }

    /// The number of characters without white space at both ends.
    pub(super) fn trimmed_len(self) -> usize {
        let (start, end) = self.trimmed();
        end.saturating_sub(start)
    }

    /// Where the text without white space at both ends begins and ends.
    pub(super) fn trimmed(self) -> (usize, usize) {
        let is_white = |at: &usize| self.get(*at).is_some_and(char::is_whitespace);
        let length = self.len();
        let start = (0..length).take_while(is_white).count();
        let end = length - (start..length).rev().take_while(is_white).count();
        (start, end)
    }

    /// The first position from `from` on of a character of a term.
    pub(super) fn find(self, wanted: char, term: &Term, from: usize) -> Option<usize> {
        match self {
            Text::Ascii(bytes) => {
                let rest = bytes.get(from..)?;
                let found = match ascii(wanted, term)? {
                    (one, other) if one == other => memchr(one, rest),
                    (one, other) => memchr2(one, other, rest),
                };
                found.map(|at| from + at)
            }
            Text::Other(chars) => {
                let mut rest = chars.get(from..)?.iter();
                let found = rest.position(|c| folded(*c, term) == wanted);
                found.map(|at| from + at)
            }
        }
    }

    /// The last position of a character of a term.
    pub(super) fn find_last(self, wanted: char, term: &Term) -> Option<usize> {
        match self {
            Text::Ascii(bytes) => match ascii(wanted, term)? {
                (one, other) if one == other => memrchr(one, bytes),
                (one, other) => memrchr2(one, other, bytes),
            },
            Text::Other(chars) => {
                let mut chars = chars.iter();
                chars.rposition(|c| folded(*c, term) == wanted)
            }
        }
    }
}

/// The ASCII characters that match one of a term; `None` if there is none.
fn ascii(wanted: char, term: &Term) -> Option<(u8, u8)> {
    let byte = u8::try_from(wanted).ok().filter(u8::is_ascii)?;
    Some(match term.case {
        Case::Sensitive => (byte, byte),
        Case::Ignored => (byte, byte.to_ascii_uppercase()),
    })
}

/// A character of an item as it is compared with those of a term.
pub(super) fn folded(c: char, term: &Term) -> char {
    let c = match term.case {
        Case::Sensitive => c,
        Case::Ignored => chars::lower(c),
    };
    match term.accents {
        Accents::Distinguished => c,
        Accents::Ignored => chars::base(c),
    }
}
