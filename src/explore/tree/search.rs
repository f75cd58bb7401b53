//! Search in the text of a tree.

use super::{Node, Tree};

impl Tree {
    /// The first value after `from`, or before it, whose key or text contains `wanted`; from the end it
    /// continues at the other one. Capitals matter only if `wanted` has some.
    pub(crate) fn find(&self, wanted: &str, from: Node, way: Way) -> Option<Node> {
        let found = Matches::of(&self.text, wanted)?;
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

/// A search in a text.
struct Matches<'a> {
    text: &'a str,
    wanted: &'a str,
    case: Case,
    /// The characters that a match can start with.
    first: [char; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Ignored,
    Kept,
}

impl<'a> Matches<'a> {
    fn of(text: &'a str, wanted: &'a str) -> Option<Matches<'a>> {
        let first = wanted.chars().next()?;
        let has_capitals = wanted.chars().any(char::is_uppercase);
        Some(Matches {
            text,
            wanted,
            case: match has_capitals {
                true => Case::Kept,
                false => Case::Ignored,
            },
            first: [first, first.to_ascii_uppercase()],
        })
    }

    fn is_at(&self, at: usize) -> bool {
        let bytes = self.text.as_bytes().get(at..at + self.wanted.len());
        bytes.is_some_and(|found| match self.case {
            Case::Ignored => found.eq_ignore_ascii_case(self.wanted.as_bytes()),
            Case::Kept => found == self.wanted.as_bytes(),
        })
    }

    /// The first match that starts in a part of the text. The standard library finds a character fast.
    fn first(&self, from: usize, to: usize) -> Option<usize> {
        let part = self.text.get(from..to)?;
        let found = self.first.map(|c| {
            let mut places = part.match_indices(c).map(|(at, _)| from + at);
            places.find(|at| self.is_at(*at))
        });
        found.into_iter().flatten().min()
    }

    /// The last one.
    fn last(&self, from: usize, to: usize) -> Option<usize> {
        let part = self.text.get(from..to)?;
        let found = self.first.map(|c| {
            let mut places = part.rmatch_indices(c).map(|(at, _)| from + at);
            places.find(|at| self.is_at(*at))
        });
        found.into_iter().flatten().max()
    }
}
