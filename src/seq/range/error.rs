//! Why a range cannot be read or written.

use std::fmt;

use super::syntax::Syntax;
use crate::seq::frame::{Frame, FrameError};

/// Limit for the frames of a range, as in fileseq.
pub(crate) const MOST_FRAMES: usize = 10_000_000;
/// Limit for the bytes of a range.
pub(crate) const MOST_TEXT: usize = 1 << 20;

/// Why a range cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RangeError {
    /// The text is longer than [`MOST_TEXT`] bytes.
    TooLong,
    /// More than [`MOST_FRAMES`] frames.
    TooManyFrames,
    /// The same frames are repeated too often to be counted in reasonable time.
    TooManyRepeats,
    /// No frame, in a syntax that requires one.
    NoFrames,
    /// A part of the text is wrong.
    Part { part: String, fault: Fault },
    /// Two ranges share frames or interleave (OpenJD).
    Overlap { first: String, second: String },
    /// No syntax accepts the text.
    NoSyntax(Vec<(Syntax, String)>),
    /// Syntaxes that accept the text read it differently.
    Ambiguous {
        text: String,
        readings: Vec<(Syntax, String)>,
    },
    /// The syntax has no subframes.
    Subframe { frame: Frame, syntax: Syntax },
    /// The syntax cannot express the order of the frames.
    Order(Syntax),
}

/// What is wrong with a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    NotARange,
    Number(FrameError),
    ZeroStep,
    /// A negative step in an ascending range.
    NegativeStep,
    /// A descending range without a negative step (OpenJD).
    PositiveStep,
    /// A step with decimals after `:` or `y`.
    SubframeStep,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::NotARange => "not a frame or range",
            Fault::Number(error) => return error.fmt(f),
            Fault::ZeroStep => "the step is zero",
            Fault::NegativeStep => "negative step in an ascending range",
            Fault::PositiveStep => "a descending range needs a negative step",
            Fault::SubframeStep => "the step has decimals",
        })
    }
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RangeError::TooLong => f.write_str("the range is longer than 1 MiB"),
            RangeError::TooManyFrames => write!(f, "more than {MOST_FRAMES} frames"),
            RangeError::TooManyRepeats => f.write_str("too many repeated frames"),
            RangeError::NoFrames => f.write_str("no frames"),
            RangeError::Part { part, fault } => write!(f, "'{part}': {fault}"),
            RangeError::Overlap { first, second } => {
                write!(f, "{first} and {second} overlap")
            }
            RangeError::NoSyntax(errors) => match errors.as_slice() {
                [(_, one), (_, second), (_, third)] if one == second && one == third => {
                    f.write_str(one)
                }
                _ => list(f, errors, |f, syntax, error| write!(f, "{syntax}: {error}")),
            },
            RangeError::Ambiguous { text, readings } => {
                write!(f, "'{text}' has more than one meaning: ")?;
                list(f, readings, |f, syntax, frames| {
                    write!(f, "{frames} in {syntax}")
                })
            }
            RangeError::Subframe { frame, syntax } => {
                write!(f, "{} has no subframes such as {frame}", syntax.name())
            }
            RangeError::Order(syntax) => {
                write!(
                    f,
                    "{} cannot express the order of the frames",
                    syntax.name()
                )
            }
        }
    }
}

/// What the syntaxes say, separated by semicolons.
fn list(
    f: &mut fmt::Formatter<'_>,
    all: &[(Syntax, String)],
    one: fn(&mut fmt::Formatter<'_>, &str, &str) -> fmt::Result,
) -> fmt::Result {
    for (at, (syntax, text)) in all.iter().enumerate() {
        f.write_str(if at > 0 { "; " } else { "" })?;
        one(f, syntax.name(), text)?;
    }
    Ok(())
}
