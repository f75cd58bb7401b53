//! The order of matches.

use std::cmp::Ordering;

use super::matcher::Rank;
use super::store::Items;

/// A match: its rank, and below it the number of the item.
pub(super) type Key = u64;

pub(super) fn key(rank: Rank, number: u32) -> Key {
    u64::from(rank.0) << 32 | u64::from(number)
}

fn number(key: Key) -> u32 {
    u32::try_from(key & u64::from(u32::MAX)).unwrap_or(0)
}

/// The order in which matches are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The best first; equal ones in the order of the input.
    Rank,
    /// By a column of a table, from 0.
    Column(usize, Direction),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

/// The numbers of the matches in an order. `keys` are in the order of the items.
pub(super) fn numbers(keys: &[Key], order: Order, items: &Items) -> Vec<u32> {
    match order {
        Order::Rank => by_rank(keys),
        Order::Column(column, direction) => by_column(keys, column, direction, items),
    }
}

/// Sorts by the 32 bits of the rank, 16 at a time: three times as fast as a comparison.
fn by_rank(keys: &[Key]) -> Vec<u32> {
    let is_sorted = keys.windows(2).all(|pair| match pair {
        [one, other] => one >> 32 <= other >> 32,
        _ => true,
    });
    if is_sorted {
        return keys.iter().map(|key| number(*key)).collect();
    }
    let sorted = pass(&pass(keys, 32), 48);
    sorted.into_iter().map(number).collect()
}

/// Sorts by 16 bits, stably.
fn pass(keys: &[Key], shift: u32) -> Vec<Key> {
    let digit = |key: Key| usize::try_from(key >> shift & 0xffff).unwrap_or(0);
    let mut starts = vec![0_usize; 1 << 16];
    for key in keys {
        if let Some(count) = starts.get_mut(digit(*key)) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        (*start, sum) = (sum, sum + *start);
    }
    let mut sorted = vec![0; keys.len()];
    for key in keys {
        if let Some(start) = starts.get_mut(digit(*key)) {
            if let Some(place) = sorted.get_mut(*start) {
                *place = *key;
            }
            *start += 1;
        }
    }
    sorted
}

/// Sorts by the text of a column: numbers by their value and before texts.
fn by_column(keys: &[Key], column: usize, direction: Direction, items: &Items) -> Vec<u32> {
    let cell = |key: &Key| {
        let number = number(*key);
        let text = items.get(number).map_or(&b""[..], |item| item.text);
        (Cell::of(text, column), number)
    };
    let mut cells: Vec<(Cell, u32)> = keys.iter().map(cell).collect();
    cells.sort_by(|one, other| match direction {
        Direction::Ascending => one.0.compare(&other.0),
        Direction::Descending => other.0.compare(&one.0),
    });
    cells.into_iter().map(|(_, number)| number).collect()
}

/// What separates the columns of an item's text.
pub(crate) const COLUMN: u8 = b'\t';

/// The value of a column.
enum Cell<'a> {
    Number(f64),
    Text(&'a [u8]),
}

impl Cell<'_> {
    fn of(text: &[u8], column: usize) -> Cell<'_> {
        let text = text.split(|byte| *byte == COLUMN).nth(column);
        let text = text.unwrap_or_default();
        let number = std::str::from_utf8(text).ok();
        match number.and_then(|number| number.parse().ok()) {
            Some(number) => Cell::Number(number),
            None => Cell::Text(text),
        }
    }

    fn compare(&self, other: &Cell) -> Ordering {
        match (self, other) {
            (Cell::Number(one), Cell::Number(other)) => one.total_cmp(other),
            (Cell::Number(_), Cell::Text(_)) => Ordering::Less,
            (Cell::Text(_), Cell::Number(_)) => Ordering::Greater,
            (Cell::Text(one), Cell::Text(other)) => one.cmp(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pick::store::{Block, Packed};

    #[test]
    fn rank_then_number() {
        // Pseudorandom numbers (Numerical Recipes).
        let mut state = 1_u32;
        for count in 0..200 {
            let keys: Vec<Key> = (0..count)
                .map(|at| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    key(Rank(state & 0xf000_f000), at)
                })
                .collect();
            let mut expected = keys.clone();
            expected.sort();
            let expected: Vec<u32> = expected.into_iter().map(number).collect();
            assert_eq!(by_rank(&keys), expected);
        }
    }

    #[test]
    fn columns_sort_by_value() {
        let mut items = Items::new(0);
        let text = b"b\t10\na\t9\nc\t-\nd".to_vec();
        items
            .add(Block::new(Packed::split(text, b'\n'), None))
            .unwrap();
        let keys: Vec<Key> = (0..4).map(|number| key(Rank(0), number)).collect();
        let sorted = |column, direction| numbers(&keys, Order::Column(column, direction), &items);
        assert_eq!(sorted(0, Direction::Ascending), [1, 0, 2, 3]);
        assert_eq!(sorted(1, Direction::Ascending), [1, 0, 3, 2]);
        assert_eq!(sorted(1, Direction::Descending), [2, 3, 0, 1]);
        assert_eq!(sorted(7, Direction::Descending), [0, 1, 2, 3]);
    }
}
