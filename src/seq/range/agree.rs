//! The meaning of a range without a named syntax.

use super::error::{RangeError, Reading};
use super::part::{Part, shortened};
use super::syntax::Syntax;
use super::{expand, parts};
use crate::seq::frame::Frame;

/// Limit for the frames of a reading in a message.
const MOST_SHOWN: usize = 10;

/// The frames of a range, and the first syntax that accepts it. Steps are counted from `origin`, or
/// from the first frame of each part.
///
/// # Errors
/// When the syntaxes that accept it do not agree on the frames and their order, none accepts it, or it
/// has too many frames in one of them.
pub(crate) fn parse_agreed(
    text: &str,
    origin: Option<Frame>,
) -> Result<(Syntax, Vec<Frame>), RangeError> {
    let mut accepted: Vec<(Vec<Syntax>, Vec<Part>)> = Vec::new();
    let mut errors = Vec::new();
    for syntax in Syntax::ALL {
        match parts(text, syntax) {
            Ok(parts) => match accepted.iter_mut().find(|(_, other)| *other == parts) {
                Some((syntaxes, _)) => syntaxes.push(syntax),
                None => accepted.push((vec![syntax], parts)),
            },
            Err(RangeError::TooLong) => return Err(RangeError::TooLong),
            Err(error) => errors.push((syntax, error)),
        }
    }
    let mut readings: Vec<(Vec<Syntax>, Vec<Frame>)> = Vec::new();
    for (syntaxes, parts) in accepted {
        let frames = expand::frames(&parts, origin.map(Frame::millionths))?;
        match readings.iter_mut().find(|(_, other)| *other == frames) {
            Some((same, _)) => same.extend(syntaxes),
            None => readings.push((syntaxes, frames)),
        }
    }
    if readings.len() > 1 {
        return Err(RangeError::Ambiguous {
            text: shortened(text),
            readings: readings.into_iter().map(reading).collect(),
        });
    }
    let first = readings.pop().and_then(|(syntaxes, frames)| {
        let syntax = syntaxes.first()?;
        Some((*syntax, frames))
    });
    first.ok_or(RangeError::NoSyntax(errors))
}

fn reading((syntaxes, frames): (Vec<Syntax>, Vec<Frame>)) -> Reading {
    let shown = frames.iter().take(MOST_SHOWN).map(Frame::to_string);
    let mut shown: Vec<String> = shown.collect();
    if frames.is_empty() {
        shown.push("no frame".to_owned());
    }
    if frames.len() > MOST_SHOWN {
        shown.push("…".to_owned());
    }
    Reading {
        syntaxes,
        frames: shown.join(","),
    }
}
