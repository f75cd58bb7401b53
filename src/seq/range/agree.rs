//! The meaning of a range without a named syntax.

use super::error::RangeError;
use super::part::{Part, shortened};
use super::syntax::Syntax;
use super::{expand, parts, write_padded};
use crate::seq::frame::Frame;

/// Limit for the frames of a reading in a message.
const MOST_SHOWN: usize = 1000;

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
    let origin = origin.map(Frame::millionths);
    let mut first: Option<(Syntax, Vec<Part>, Vec<Frame>)> = None;
    let (mut readings, mut errors) = (Vec::new(), Vec::new());
    let mut is_ambiguous = false;
    for syntax in Syntax::ALL {
        let parts = match parts(text, syntax) {
            Ok(parts) => parts,
            Err(error @ RangeError::TooLong) => return Err(error),
            Err(error) => {
                errors.push((syntax, error.to_string()));
                continue;
            }
        };
        match &first {
            // The same parts are not expanded again.
            Some((_, same, frames)) if *same == parts => readings.push((syntax, shown(frames))),
            Some((_, _, others)) => {
                let frames = expand::frames(&parts, origin)?;
                is_ambiguous |= *others != frames;
                readings.push((syntax, shown(&frames)));
            }
            None => {
                let frames = expand::frames(&parts, origin)?;
                readings.push((syntax, shown(&frames)));
                first = Some((syntax, parts, frames));
            }
        }
    }
    match first {
        Some((syntax, _, frames)) if !is_ambiguous => Ok((syntax, frames)),
        Some(_) => Err(RangeError::Ambiguous {
            text: shortened(text),
            readings,
        }),
        None => Err(RangeError::NoSyntax(errors)),
    }
}

/// The frames for a message.
fn shown(frames: &[Frame]) -> String {
    let start = frames.get(..MOST_SHOWN).unwrap_or(frames);
    match write_padded(start, Syntax::Fileseq, 0) {
        Ok(range) if !range.is_empty() => shortened(&range),
        Ok(_) | Err(_) => "no frame".to_owned(),
    }
}
