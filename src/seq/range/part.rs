//! A part of a range, and its numbers.

use super::error::Fault;
use crate::seq::frame::Frame;

/// Millionths in a frame.
pub(super) const UNIT: i64 = 1_000_000;

/// A frame, or a range with a step. All numbers are in millionths of a frame, of at most 12 digits
/// before the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub first: i64,
    /// The end as written; with a step it need not be a frame.
    pub last: i64,
    /// Positive, also if the range descends.
    pub step: i64,
    pub order: Order,
}

/// Which frames a part has, in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Every step from the first.
    Step,
    /// Every step, then those of the next smaller step that are new, until all are there (fileseq's `:`).
    Stagger,
    /// All that [`Order::Step`] leaves out (fileseq's `y`).
    Fill,
}

impl Part {
    pub(super) fn least(&self) -> i64 {
        self.first.min(self.last)
    }

    pub(super) fn most(&self) -> i64 {
        self.first.max(self.last)
    }

    pub(super) fn single(frame: i64) -> Part {
        Part {
            first: frame,
            last: frame,
            step: UNIT,
            order: Order::Step,
        }
    }
}

/// Whether numbers can have decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decimals {
    Allowed,
    Refused,
}

/// The number that a text starts with, in millionths, and the rest.
///
/// # Errors
/// When it starts with none, or with one that has too many digits.
pub(super) fn number(text: &str, decimals: Decimals) -> Result<(i64, &str), Fault> {
    let digits_at = |at: usize| {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let start = usize::from(text.starts_with('-'));
    let mut end = start + digits_at(start);
    if end == start {
        return Err(Fault::NotARange);
    }
    let is_point = text.as_bytes().get(end) == Some(&b'.');
    if decimals == Decimals::Allowed && is_point && digits_at(end + 1) > 0 {
        end += 1 + digits_at(end + 1);
    }
    let (number, rest) = text.split_at_checked(end).ok_or(Fault::NotARange)?;
    let frame = Frame::parse(number).map_err(Fault::Number)?;
    Ok((frame.millionths(), rest))
}

/// The start of a text for a message.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
