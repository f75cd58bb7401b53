//! Search in the text of a tree.

use super::{Node, Tree};

impl Tree {
    /// The first value after `from`, or before it, whose key or text contains `wanted`; from the end it
    /// continues at the other one. Capitals matter only if `wanted` has some.
    pub(crate) fn find(&self, wanted: &str, from: Node, way: Way) -> Option<Node> {
        let found = Matches::of(self.text.as_bytes(), wanted)?;
        let end = self.text.len();
        let start = usize::try_from(self.entry(from).start).unwrap_or(end);
        let at = match way {
            Way::Forward => {
                let after = self.entries.get(usize::try_from(from.0 + 1).ok()?);
                let after = after.map_or(end, |next| usize::try_from(next.start).unwrap_or(end));
                found.first(after, end).or_else(|| found.first(0, after))
            }
            Way::Backward => found.last(0, start).or_else(|| found.last(start, end)),
        }?;
        self.at(at)
    }

    /// The value at a place of the text.
    fn at(&self, at: usize) -> Option<Node> {
        let after = self
            .entries
            .partition_point(|entry| usize::try_from(entry.start).is_ok_and(|start| start <= at));
        u32::try_from(after.checked_sub(1)?).ok().map(Node)
    }
}

/// The direction of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Forward,
    Backward,
}

/// A search in bytes.
struct Matches<'a> {
    text: &'a [u8],
    wanted: Vec<u8>,
    ignores_case: bool,
}

impl Matches<'_> {
    fn of<'a>(text: &'a [u8], wanted: &str) -> Option<Matches<'a>> {
        let has_capitals = wanted.chars().any(char::is_uppercase);
        (!wanted.is_empty()).then(|| Matches {
            text,
            wanted: wanted.as_bytes().to_vec(),
            ignores_case: !has_capitals,
        })
    }

    fn is_at(&self, at: usize) -> bool {
        let found = self.text.get(at..at + self.wanted.len());
        found.is_some_and(|found| match self.ignores_case {
            true => found.eq_ignore_ascii_case(&self.wanted),
            false => found == self.wanted,
        })
    }

    /// Whether a match can start with this byte.
    fn starts(&self, byte: u8) -> bool {
        let first = self.wanted.first().copied().unwrap_or_default();
        byte == first || self.ignores_case && byte.to_ascii_lowercase() == first
    }

    fn first(&self, from: usize, to: usize) -> Option<usize> {
        let bytes = self.text.get(from..to)?.iter().enumerate();
        let mut candidates = bytes.filter(|(_, byte)| self.starts(**byte));
        candidates.find_map(|(at, _)| self.is_at(from + at).then_some(from + at))
    }

    fn last(&self, from: usize, to: usize) -> Option<usize> {
        let bytes = self.text.get(from..to)?.iter().enumerate().rev();
        let mut candidates = bytes.filter(|(_, byte)| self.starts(**byte));
        candidates.find_map(|(at, _)| self.is_at(from + at).then_some(from + at))
    }
}
