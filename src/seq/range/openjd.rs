//! The order of the ranges in an expression of Open Job Description.

use super::error::RangeError;
use super::part::Part;
use crate::seq::frame::Frame;
use crate::sort::Sortable;

/// Sorts the ranges, which end at a frame afterwards.
///
/// # Errors
/// When two overlap or interleave.
pub(super) fn sorted(mut parts: Vec<Part>) -> Result<Vec<Part>, RangeError> {
    for part in &mut parts {
        part.last = part.first + (part.last - part.first) / part.step * part.step;
    }
    parts.order_by_key(|part| (part.least(), part.most(), part.step));
    let mut sorted: Vec<Part> = Vec::with_capacity(parts.len());
    for mut part in parts {
        if let Some(before) = sorted.last_mut() {
            if before.most() >= part.least() {
                return Err(overlap(before, &part));
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

fn overlap(one: &Part, other: &Part) -> RangeError {
    let shown = |millionths| Frame::from_millionths(millionths).map(|frame| frame.to_string());
    let shown = |part: &Part| match (shown(part.first), shown(part.last)) {
        (Some(first), Some(last)) if first != last => format!("{first}-{last}"),
        (first, _) => first.unwrap_or_default(),
    };
    RangeError::Overlap {
        first: shown(one),
        second: shown(other),
    }
}
