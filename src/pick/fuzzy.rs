//! Fuzzy terms: the alignment of a term with a text that has the best score, found by dynamic
//! programming over the characters of the term and the text (Smith and Waterman, without omissions).

use super::chars::{self, Class};
use super::query::Term;
use super::score::{self, BOUNDARY, CONSECUTIVE, FIRST, GAP_MORE, GAP_START, MATCH};
use super::text::{Text, folded};

/// The most cells of the table, characters of the text times those of the term. With more, the first
/// shortest occurrence is taken.
const MAX_CELLS: usize = 100 << 10;

/// Memory that is used again for each item.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The first possible position of each character of the term.
    first: Vec<usize>,
    /// Characters and bonuses of the text between the first and the last possible position.
    folded: Vec<char>,
    bonus: Vec<i16>,
    /// For each character of the term a row: the best score that ends at a position, and the number of
    /// matched characters before it without a gap.
    score: Vec<i16>,
    run: Vec<i16>,
}

/// Whether the positions of the characters are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Positions {
    Needed,
    Ignored,
}

impl Table {
    /// The score of a term in a text; `None` if it does not match. `found` gets the positions of its
    /// characters, in descending order, if they are needed.
    pub(super) fn find(
        &mut self,
        text: Text,
        term: &Term,
        positions: Positions,
        found: &mut Vec<usize>,
    ) -> Option<i64> {
        self.first.clear();
        let mut from = 0;
        for wanted in &term.chars {
            let at = text.find(*wanted, term, from)?;
            self.first.push(at);
            from = at + 1;
        }
        if text.len().saturating_mul(term.chars.len()) > MAX_CELLS {
            return greedy(text, term, from, found);
        }
        let start = *self.first.first()?;
        let last = text.find_last(*term.chars.last()?, term)?;
        self.fill(text, term, start, last);
        let (score, column) = match term.chars.as_slice() {
            [only] => self.single(*only)?,
            [..] => self.align(term, start)?,
        };
        match (positions, term.chars.len()) {
            (Positions::Ignored, _) => {}
            (Positions::Needed, 1) => found.push(start + column),
            (Positions::Needed, _) => self.trace(start, column, found),
        }
        Some(score.into())
    }

    /// Fills in the characters and bonuses from `start` to `last`.
    fn fill(&mut self, text: Text, term: &Term, start: usize, last: usize) {
        self.folded.clear();
        self.bonus.clear();
        let before = start.checked_sub(1).and_then(|at| text.get(at));
        let mut before = before.map_or(Class::White, chars::class);
        let mut add = |c: char, folded: char| {
            let class = chars::class(c);
            self.folded.push(folded);
            self.bonus.push(score::bonus(before, class));
            before = class;
        };
        match text {
            Text::Ascii(bytes) => {
                for byte in bytes.get(start..=last).unwrap_or_default() {
                    let c = char::from(*byte);
                    add(c, folded(c, term));
                }
            }
            Text::Other(chars) => {
                for c in chars.get(start..=last).unwrap_or_default() {
                    add(*c, folded(*c, term));
                }
            }
        }
    }

    /// A term of one character: the first position with the best bonus.
    fn single(&self, wanted: char) -> Option<(i16, usize)> {
        let mut best: Option<(i16, usize)> = None;
        let cells = self.folded.iter().zip(&self.bonus).enumerate();
        for (column, (c, bonus)) in cells {
            if *c == wanted && best.is_none_or(|(found, _)| *bonus > found) {
                best = Some((*bonus, column));
                if *bonus >= BOUNDARY {
                    break;
                }
            }
        }
        best.map(|(bonus, column)| (MATCH + bonus * FIRST, column))
    }

    /// Fills in the table. Returns the best score of the last row, and its column.
    fn align(&mut self, term: &Term, start: usize) -> Option<(i16, usize)> {
        let width = self.folded.len();
        let cells = width * term.chars.len();
        if self.score.len() < cells {
            self.score.resize(cells, 0);
            self.run.resize(cells, 0);
        }
        self.first_row(*term.chars.first()?);
        let mut best = (0, 0);
        let rows = term.chars.iter().zip(&self.first).enumerate().skip(1);
        for (row, (wanted, first)) in rows {
            let column = first - start;
            let (above, own) = self.score.split_at_mut_checked(row * width)?;
            let (above_run, own_run) = self.run.split_at_mut_checked(row * width)?;
            let row = Row {
                wanted: *wanted,
                column,
                folded: self.folded.get(column..)?,
                bonus: &self.bonus,
                above: above.get((row - 1) * width + column - 1..)?,
                above_run: above_run.get((row - 1) * width + column - 1..)?,
            };
            best = row.fill(own.get_mut(column..width)?, own_run.get_mut(column..width)?);
        }
        Some(best)
    }

    /// The first character of the term.
    fn first_row(&mut self, wanted: char) {
        let (mut left, mut gap) = (0_i16, GAP_START);
        let text = self.folded.iter().zip(&self.bonus);
        let table = self.score.iter_mut().zip(&mut self.run);
        for ((c, bonus), (score, run)) in text.zip(table) {
            (*score, *run, gap) = match *c == wanted {
                true => (MATCH + bonus * FIRST, 1, GAP_START),
                false => ((left + gap).max(0), 0, GAP_MORE),
            };
            left = *score;
        }
    }

    /// The positions of the characters, from the last one at `column` to the first.
    fn trace(&self, start: usize, column: usize, found: &mut Vec<usize>) {
        let width = self.folded.len();
        let cell = |table: &[i16], row: usize, column: usize| {
            let at = row * width + column;
            table.get(at).copied().unwrap_or(0)
        };
        let first = |row: usize| self.first.get(row).map_or(0, |first| first - start);
        let mut row = self.first.len() - 1;
        let mut column = column;
        let mut prefers_match = true;
        loop {
            let own = cell(&self.score, row, column);
            let diagonal = match row > 0 && column >= first(row).max(1) {
                true => cell(&self.score, row - 1, column - 1),
                false => 0,
            };
            let left = match column > first(row) {
                true => cell(&self.score, row, column - 1),
                false => 0,
            };
            if own > diagonal && (own > left || own == left && prefers_match) {
                found.push(start + column);
                if row == 0 {
                    return;
                }
                row -= 1;
            }
            prefers_match = cell(&self.run, row, column) > 1
                || row + 1 < self.first.len() && cell(&self.run, row + 1, column + 1) > 0;
            if column == 0 {
                return;
            }
            column -= 1;
        }
    }
}

/// A row of the table after the first.
struct Row<'a> {
    wanted: char,
    /// The first column that is possible.
    column: usize,
    /// The text from that column on.
    folded: &'a [char],
    /// All bonuses.
    bonus: &'a [i16],
    /// The row above, from the column before on.
    above: &'a [i16],
    above_run: &'a [i16],
}

impl Row<'_> {
    /// Fills in the row from its first column on. Returns its best score, and the column.
    fn fill(&self, scores: &mut [i16], runs: &mut [i16]) -> (i16, usize) {
        let mut best = (0, 0);
        let (mut left, mut gap) = (0_i16, GAP_START);
        let above = self.above.iter().zip(self.above_run);
        let text = self.folded.iter().zip(above);
        let own = scores.iter_mut().zip(runs);
        for (offset, ((c, (above, above_run)), (score, run))) in text.zip(own).enumerate() {
            let skipped = left + gap;
            let mut taken = 0;
            *run = 0;
            if *c == self.wanted {
                let column = self.column + offset;
                (taken, *run) = self.taken(column, *above, *above_run, skipped);
            }
            gap = match taken < skipped {
                true => GAP_MORE,
                false => GAP_START,
            };
            left = taken.max(skipped).max(0);
            *score = left;
            if left > best.0 {
                best = (left, self.column + offset);
            }
        }
        best
    }

    /// The score if the character at a column is matched, and the length of its run.
    fn taken(&self, column: usize, above: i16, above_run: i16, skipped: i16) -> (i16, i16) {
        let own = self.bonus.get(column).copied().unwrap_or(0);
        let mut run = above_run + 1;
        let mut bonus = own;
        if run > 1 {
            let length = usize::try_from(run).unwrap_or(1);
            let begin = self.bonus.get(column + 1 - length).copied().unwrap_or(0);
            // A better boundary begins another run.
            match own >= BOUNDARY && own > begin {
                true => run = 1,
                false => bonus = own.max(begin).max(CONSECUTIVE),
            }
        }
        let score = above + MATCH;
        match score + bonus < skipped {
            true => (score + own, 0),
            false => (score + bonus, run),
        }
    }
}

/// The first occurrence in a long text, which ends at `end`, from the last possible beginning on.
fn greedy(text: Text, term: &Term, end: usize, found: &mut Vec<usize>) -> Option<i64> {
    let mut wanted = term.chars.iter().rev().peekable();
    let mut start = end;
    while wanted.peek().is_some() {
        start = start.checked_sub(1)?;
        let c = folded(text.get(start)?, term);
        wanted.next_if_eq(&&c);
    }
    Some(score::of_range(text, term, start, end, found))
}
