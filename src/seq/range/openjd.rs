//! The integer range expression of Open Job Description.

use super::error::{Fault, RangeError};
use super::part::{Decimals, Order, Part, UNIT, is_space, number, wrong};
use crate::seq::frame::Frame;

/// Reads `1-10:3,20`. White space may stand between numbers and signs. The parts are sorted and end at
/// a frame; one with a negative step descends.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, RangeError> {
    if text.chars().all(is_space) {
        return Err(RangeError::NoFrames);
    }
    let parts = text.split(',');
    let mut parts: Vec<Part> = parts
        .map(|text| part(text).map_err(|fault| wrong(text.trim_matches(is_space), fault)))
        .collect::<Result<_, _>>()?;
    parts.sort_unstable_by_key(|part| (part.least(), part.most(), part.step));
    let mut sorted: Vec<Part> = Vec::with_capacity(parts.len());
    for mut part in parts {
        if let Some(before) = sorted.last_mut() {
            if before.most() >= part.least() {
                return Err(RangeError::Overlap {
                    first: shown(before),
                    second: shown(&part),
                });
            }
            if are_merged(before, &part) {
                *before = ascending(*before);
                part = ascending(part);
            }
        }
        sorted.push(part);
    }
    Ok(sorted)
}

/// Whether openjd-model makes one range of two neighbours. It then ascends.
pub(super) fn are_merged(one: &Part, next: &Part) -> bool {
    one.step == next.step && one.most() + one.step == next.least()
}

fn ascending(part: Part) -> Part {
    Part {
        first: part.least(),
        last: part.most(),
        ..part
    }
}

fn part(text: &str) -> Result<Part, Fault> {
    let (first, rest) = signed(text)?;
    if rest.is_empty() {
        return Ok(Part::single(first));
    }
    let (last, rest) = signed(rest.strip_prefix('-').ok_or(Fault::NotARange)?)?;
    let step = if rest.is_empty() {
        UNIT
    } else {
        let (step, rest) = signed(rest.strip_prefix(':').ok_or(Fault::NotARange)?)?;
        if !rest.is_empty() {
            return Err(Fault::NotARange);
        }
        step
    };
    let last = match step {
        0 => return Err(Fault::ZeroStep),
        1.. if first > last => return Err(Fault::PositiveStep),
        ..0 if first < last => return Err(Fault::NegativeStep),
        _ => first + (last - first) / step * step,
    };
    Ok(Part {
        first,
        last,
        step: step.abs(),
        order: Order::Step,
    })
}

/// A number with white space around it and after its sign.
fn signed(text: &str) -> Result<(i64, &str), Fault> {
    let text = text.trim_start_matches(is_space);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest.trim_start_matches(is_space)),
        None => (1, text),
    };
    if digits.starts_with('-') {
        return Err(Fault::NotARange);
    }
    let (value, rest) = number(digits, Decimals::Refused)?.ok_or(Fault::NotARange)?;
    Ok((sign * value, rest.trim_start_matches(is_space)))
}

fn shown(part: &Part) -> String {
    let frame = |millionths| Frame::from_millionths(millionths).map(|frame| frame.to_string());
    let (first, last) = (frame(part.least()), frame(part.most()));
    match (first, last) {
        (Some(first), Some(last)) if first == last => first,
        (first, last) => format!("{}-{}", first.unwrap_or_default(), last.unwrap_or_default()),
    }
}
