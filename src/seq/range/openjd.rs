//! The order of the ranges in an expression of Open Job Description.

use super::error::RangeError;
use super::part::Part;
use crate::seq::frame::Frame;

/// Sorts the ranges, which end at a frame afterwards.
///
/// # Errors
/// When two overlap or interleave.
pub(super) fn sorted(parts: Vec<Part>) -> Result<Vec<Part>, RangeError> {
    // The numbers are sorted, and not the parts: for them there is a sort already.
    let mut order: Vec<Frame> = parts.iter().filter_map(least).collect();
    order.sort_unstable();
    let mut places: Vec<Option<Part>> = vec![None; parts.len()];
    for mut part in parts {
        part.last = part.first + (part.last - part.first) / part.step * part.step;
        // Among equal numbers the same is always found.
        let at = least(&part).and_then(|least| order.binary_search(&least).ok());
        let place = at.and_then(|at| places.get_mut(at));
        if let Some(other) = place.and_then(|place| place.replace(part)) {
            return Err(overlap(&other, &part));
        }
    }
    let mut sorted: Vec<Part> = Vec::with_capacity(places.len());
    for mut part in places.into_iter().flatten() {
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

fn least(part: &Part) -> Option<Frame> {
    Frame::from_millionths(part.least())
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
