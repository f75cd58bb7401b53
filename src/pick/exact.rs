//! Terms whose characters are not apart.

use super::query::{Kind, Term};
use super::score;
use super::text::{Text, folded};

/// The score of a term in a text, and the positions of its characters; `None` if it does not match.
pub(super) fn find(text: Text, term: &Term, found: &mut Vec<usize>) -> Option<i64> {
    let length = term.chars.len();
    let (start, end) = trimmed(text, term);
    let at = match term.kind {
        Kind::Exact | Kind::Fuzzy => best(text, term)?,
        Kind::Prefix => start,
        Kind::Suffix => end.checked_sub(length)?,
        Kind::Whole if end.checked_sub(start)? == length => start,
        Kind::Whole => return None,
    };
    if term.kind != Kind::Exact && !is_at(text, term, at) {
        return None;
    }
    let score = score::of_range(text, term, at, at + length, found);
    match term.kind {
        // All its characters are at a boundary.
        Kind::Whole => {
            let length = i64::try_from(length).unwrap_or(i64::MAX);
            let boundary = i64::from(score::AFTER_WHITE);
            Some((i64::from(score::MATCH) + boundary) * length + boundary)
        }
        Kind::Exact | Kind::Fuzzy | Kind::Prefix | Kind::Suffix => Some(score),
    }
}

/// The text without white space at the ends where the term has none.
fn trimmed(text: Text, term: &Term) -> (usize, usize) {
    let (start, end) = match term.kind {
        Kind::Prefix | Kind::Suffix | Kind::Whole => text.trimmed(),
        Kind::Exact | Kind::Fuzzy => (0, text.len()),
    };
    let is_white = |c: Option<&char>| c.is_some_and(|c| c.is_whitespace());
    (
        if is_white(term.chars.first()) {
            0
        } else {
            start
        },
        match is_white(term.chars.last()) {
            true => text.len(),
            false => end,
        },
    )
}

/// Whether a term is at a position.
fn is_at(text: Text, term: &Term, at: usize) -> bool {
    let mut wanted = term.chars.iter().enumerate();
    wanted.all(|(offset, wanted)| {
        let c = text.get(at + offset);
        c.is_some_and(|c| folded(c, term) == *wanted)
    })
}

/// The first position of a term with the best bonus.
fn best(text: Text, term: &Term) -> Option<usize> {
    let first = *term.chars.first()?;
    let last = text.len().checked_sub(term.chars.len())?;
    let mut best: Option<(usize, i16)> = None;
    let mut from = 0;
    while let Some(at) = text.find(first, term, from).filter(|at| *at <= last) {
        if is_at(text, term, at) {
            let bonus = score::bonus_at(text, at);
            if best.is_none_or(|(_, found)| bonus > found) {
                best = Some((at, bonus));
            }
            if bonus >= score::BOUNDARY {
                break;
            }
        }
        from = at + 1;
    }
    best.map(|(at, _)| at)
}
