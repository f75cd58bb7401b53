//! The numbers in a name.

use crate::seq::frame::{MOST_DECIMALS, MOST_DIGITS};
use crate::seq::number::Number;
use crate::seq::pattern::is_before_sign;

/// A run of digits in a name that can be a number: at most 12 digits. A minus sign belongs to it
/// after a point, an underscore, a space, another minus sign, or at the start of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where it starts, with its sign.
    pub start: usize,
    /// Where its digits start.
    pub digits: usize,
    pub end: usize,
}

impl Place {
    pub(super) fn text<'a>(&self, name: &'a [u8]) -> &'a [u8] {
        name.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn digits<'a>(&self, name: &'a [u8]) -> &'a [u8] {
        name.get(self.digits..self.end).unwrap_or_default()
    }

    pub(super) fn before<'a>(&self, name: &'a [u8]) -> &'a [u8] {
        name.get(..self.start).unwrap_or_default()
    }

    pub(super) fn after<'a>(&self, name: &'a [u8]) -> &'a [u8] {
        name.get(self.end..).unwrap_or_default()
    }
}

/// The places of a name, in order.
pub(super) fn places(name: &[u8]) -> Places<'_> {
    Places { name, at: 0 }
}

/// Iterates over the places of a name.
pub(super) struct Places<'a> {
    name: &'a [u8],
    at: usize,
}

impl Iterator for Places<'_> {
    type Item = Place;

    fn next(&mut self) -> Option<Place> {
        loop {
            let mut digits = self.at;
            while !self.name.get(digits)?.is_ascii_digit() {
                digits += 1;
            }
            let mut end = digits + 1;
            while self.name.get(end).is_some_and(u8::is_ascii_digit) {
                end += 1;
            }
            self.at = end;
            if end - digits <= MOST_DIGITS {
                let start = signed_start(self.name, digits);
                return Some(Place { start, digits, end });
            }
        }
    }
}

fn signed_start(name: &[u8], digits: usize) -> usize {
    let before = name.get(..digits).unwrap_or_default();
    match before.split_last() {
        Some((b'-', before)) => match before.last() {
            Some(last) if !is_before_sign(*last) => digits,
            Some(_) | None => digits - 1,
        },
        Some(_) | None => digits,
    }
}

/// A number with or without decimals.
pub(super) fn number(text: &[u8]) -> Option<Number> {
    Number::parse(std::str::from_utf8(text).ok()?)
}

/// Whether the second place follows the first with only a point between, and can be its decimals.
pub(super) fn can_be_decimals(name: &[u8], first: &Place, second: &Place) -> bool {
    second.start == second.digits
        && second.digits == first.end + 1
        && name.get(first.end) == Some(&b'.')
        && second.end - second.digits <= MOST_DECIMALS
}
