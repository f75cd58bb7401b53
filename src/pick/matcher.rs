//! Matches items with a query.

use super::exact;
use super::fuzzy::{Positions, Table};
use super::query::{Kind, Query, Sense, Term};
use super::text::Text;

/// Memory of one thread for matching.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    chars: Vec<char>,
    table: Table,
    found: Vec<usize>,
}

/// How well an item matches: a better one is smaller. The score comes first, then the length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(pub u32);

impl Rank {
    /// Scores and lengths above 65535 are equal.
    fn new(score: i64, length: usize) -> Rank {
        let score = u16::try_from(score.max(0)).unwrap_or(u16::MAX);
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        Rank(u32::from(u16::MAX - score) << 16 | u32::from(length))
    }
}

impl Matcher {
    /// The rank of an item; `None` if it does not match.
    pub(crate) fn rank(&mut self, query: &Query, item: &[u8]) -> Option<Rank> {
        let text = Text::new(item, &mut self.chars);
        let mut score = 0;
        for group in &query.groups {
            self.found.clear();
            score += alternatives(
                &mut self.table,
                text,
                group,
                Positions::Ignored,
                &mut self.found,
            )?;
        }
        Some(Rank::new(score, text.trimmed_len()))
    }

    /// The positions of the characters of an item that match, in ascending order. A byte that is not
    /// UTF-8 counts as a character.
    pub(crate) fn positions(&mut self, query: &Query, item: &[u8]) -> Vec<usize> {
        let text = Text::new(item, &mut self.chars);
        let mut all = Vec::new();
        for group in &query.groups {
            self.found.clear();
            alternatives(
                &mut self.table,
                text,
                group,
                Positions::Needed,
                &mut self.found,
            );
            all.append(&mut self.found);
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The score of the first term of a group that matches; 0 for one that is excluded and not found.
fn alternatives(
    table: &mut Table,
    text: Text,
    group: &[Term],
    positions: Positions,
    found: &mut Vec<usize>,
) -> Option<i64> {
    let mut is_without = None;
    for term in group {
        let length = found.len();
        let score = match term.kind {
            Kind::Fuzzy => table.find(text, term, positions, found),
            Kind::Exact | Kind::Prefix | Kind::Suffix | Kind::Whole => {
                exact::find(text, term, found)
            }
        };
        match (term.sense, score) {
            (Sense::Wanted, Some(score)) => return Some(score),
            (Sense::Wanted, None) => {}
            (Sense::Excluded, Some(_)) => found.truncate(length),
            (Sense::Excluded, None) => is_without = Some(0),
        }
    }
    is_without
}
