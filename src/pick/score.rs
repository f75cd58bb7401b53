//! The score of a match. The numbers are those of fzf, so that the order is the one that people know: a
//! character is worth 16, more at the beginning of a word or after another matched one, and a gap
//! costs.

use super::chars::{self, Class};
use super::query::Term;
use super::text::{Text, folded};

/// For each matched character.
pub(super) const MATCH: i16 = 16;
/// For the first character of a gap, and for each further one.
pub(super) const GAP_START: i16 = -3;
pub(super) const GAP_MORE: i16 = -1;
/// At the beginning of a word.
pub(super) const BOUNDARY: i16 = 8;
/// At the beginning of the text, and after white space.
pub(super) const AFTER_WHITE: i16 = BOUNDARY + 2;
const AFTER_DELIMITER: i16 = BOUNDARY + 1;
/// At `B` in `aB`, and at `1` in `a1`.
const CAMEL: i16 = BOUNDARY - 1;
/// At least, after a matched character.
pub(super) const CONSECUTIVE: i16 = 4;
/// What the bonus of the first character of a term counts.
pub(super) const FIRST: i16 = 2;

/// The bonus of a character after another one.
pub(super) fn bonus(before: Class, class: Class) -> i16 {
    match (before, class) {
        (Class::White, Class::White | Class::NonWord) => match class {
            Class::White => AFTER_WHITE,
            _ => BOUNDARY,
        },
        (Class::White, _) => AFTER_WHITE,
        (_, Class::White) => AFTER_WHITE,
        (_, Class::NonWord) => BOUNDARY,
        (Class::Delimiter, _) => AFTER_DELIMITER,
        (Class::NonWord, _) => BOUNDARY,
        (_, Class::Delimiter) => 0,
        (Class::Lower, Class::Upper) => CAMEL,
        (Class::Number, Class::Number) => 0,
        (_, Class::Number) => CAMEL,
        (
            Class::Lower | Class::Upper | Class::Letter | Class::Number,
            Class::Lower | Class::Upper | Class::Letter,
        ) => 0,
    }
}

/// The bonus of the character at a position.
pub(super) fn bonus_at(text: Text, at: usize) -> i16 {
    let class = |at| text.get(at).map_or(Class::White, chars::class);
    let before = at.checked_sub(1).map_or(Class::White, class);
    match at {
        0 => AFTER_WHITE,
        at => bonus(before, class(at)),
    }
}

/// The score of the characters of a term between two positions, where each is taken at its first
/// occurrence. `found` gets their positions.
pub(super) fn of_range(
    text: Text,
    term: &Term,
    start: usize,
    end: usize,
    found: &mut Vec<usize>,
) -> i64 {
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    let mut before = before.map_or(Class::White, chars::class);
    let mut wanted = term.chars.iter().peekable();
    let (mut score, mut first, mut run, mut gap) = (0_i64, 0, 0, GAP_START);
    let mut factor = FIRST;
    for (at, c) in (start..end).map_while(|at| Some((at, text.get(at)?))) {
        let class = chars::class(c);
        if wanted.next_if_eq(&&folded(c, term)).is_some() {
            found.push(at);
            let own = bonus(before, class);
            let bonus = match run {
                0 => {
                    first = own;
                    own
                }
                _ => {
                    // A better boundary begins another run.
                    if own >= BOUNDARY && own > first {
                        first = own;
                    }
                    own.max(first).max(CONSECUTIVE)
                }
            };
            score += i64::from(MATCH) + i64::from(bonus * factor);
            (run, gap, factor) = (run + 1, GAP_START, 1);
        } else {
            score += i64::from(gap);
            (run, gap) = (0, GAP_MORE);
        }
        before = class;
    }
    score
}
