//! Frame ranges in the syntaxes of fileseq, Deadline and Open Job Description.

mod agree;
mod error;
mod expand;
mod grammar;
mod openjd;
mod part;
mod set;
mod syntax;
mod write;

use super::frame::Frame;
pub(crate) use agree::parse_agreed;
pub(crate) use error::{MOST_FRAMES, MOST_TEXT, RangeError};
use part::Part;
pub(crate) use set::{Gaps, Keep, chunks, retain};
pub(crate) use syntax::Syntax;
pub(crate) use write::{push, write_padded};

/// The frames of a range, in order and each once; at most [`MOST_FRAMES`].
///
/// # Errors
/// When the text is not a range of this syntax, or has too many frames.
pub(crate) fn parse(text: &str, syntax: Syntax) -> Result<Vec<Frame>, RangeError> {
    expand::frames(&parts(text, syntax)?, None)
}

/// As [`parse`], but steps are counted from `origin` instead of the first frame of each range:
/// `1004-1030x10` from 1001 is 1011,1021.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_from(
    text: &str,
    syntax: Syntax,
    origin: Option<Frame>,
) -> Result<Vec<Frame>, RangeError> {
    expand::frames(&parts(text, syntax)?, origin.map(Frame::millionths))
}

/// The shortest usual text for frames, in their order. `parse` reads the same frames from it, if they
/// are distinct and the text has at most [`MOST_TEXT`] bytes.
///
/// # Errors
/// When the syntax cannot express the frames: subframes in Deadline and OpenJD; no frame; in OpenJD
/// ranges that do not ascend.
pub(crate) fn write(frames: &[Frame], syntax: Syntax) -> Result<String, RangeError> {
    write_padded(frames, syntax, 0)
}

fn parts(text: &str, syntax: Syntax) -> Result<Vec<Part>, RangeError> {
    if text.len() > MOST_TEXT {
        return Err(RangeError::TooLong);
    }
    let parts = grammar::parts(text, syntax)?;
    match syntax {
        Syntax::Fileseq | Syntax::Deadline => Ok(parts),
        Syntax::OpenJd => openjd::sorted(parts),
    }
}

#[cfg(test)]
mod tests;
