//! A range as text.

use std::fmt::Write as _;

use super::error::RangeError;
use super::part::UNIT;
use super::syntax::Syntax;
use crate::seq::frame::Frame;
use crate::seq::number::Number;

/// The shortest usual text for frames, in their order: `1-10,20-30x2,35`. Numbers have at least
/// `width` characters.
///
/// # Errors
/// When the syntax cannot express the frames: subframes in Deadline and OpenJD; no frame; in OpenJD
/// frames that do not ascend.
pub(crate) fn write_padded(
    frames: &[Frame],
    syntax: Syntax,
    width: u8,
) -> Result<String, RangeError> {
    let step_mark = match syntax {
        Syntax::Fileseq | Syntax::Deadline => 'x',
        Syntax::OpenJd => ':',
    };
    check(frames, syntax)?;
    let mut text = String::new();
    let mut rest = frames;
    while let Some((run, step)) = next_run(rest) {
        rest = rest.get(run.len().max(1)..).unwrap_or_default();
        if !text.is_empty() {
            text.push(',');
        }
        if let [first, .., last] = run {
            push(&mut text, *first, width);
            text.push('-');
            push(&mut text, *last, width);
            // Three frames and more have a step of at most 12 digits.
            if step != UNIT
                && let Some(step) = Frame::from_millionths(step)
            {
                text.push(step_mark);
                push(&mut text, step, 0);
            }
        } else if let [frame] = run {
            push(&mut text, *frame, width);
        }
    }
    Ok(text)
}

fn check(frames: &[Frame], syntax: Syntax) -> Result<(), RangeError> {
    if syntax == Syntax::Fileseq {
        return Ok(());
    }
    if frames.is_empty() {
        return Err(RangeError::NoFrames);
    }
    if let Some(&frame) = frames.iter().find(|frame| frame.as_whole().is_none()) {
        return Err(RangeError::Subframe { frame, syntax });
    }
    let ascends = frames
        .iter()
        .zip(frames.iter().skip(1))
        .all(|(one, next)| one < next);
    match syntax {
        Syntax::OpenJd if !ascends => Err(RangeError::NotAscending(syntax)),
        Syntax::Fileseq | Syntax::Deadline | Syntax::OpenJd => Ok(()),
    }
}

/// The frames of the next range, and its step in millionths. Two frames are a range only if they
/// follow each other, as in fileseq.
fn next_run(frames: &[Frame]) -> Option<(&[Frame], i64)> {
    let steps = frames.iter().zip(frames.iter().skip(1));
    let mut steps = steps.map(|(one, next)| next.millionths() - one.millionths());
    let step = steps.next().unwrap_or(0);
    let same = steps.take_while(|next| *next == step).count();
    let is_single = step == 0 || (same == 0 && step.abs() != UNIT);
    let count = if is_single { 1 } else { same + 2 };
    let run = frames.get(..count)?;
    Some((run, step.abs()))
}

/// Adds a frame with at least `width` characters before the point.
pub(crate) fn push(text: &mut String, frame: Frame, width: u8) {
    let written = match width {
        0 => write!(text, "{frame}"),
        width => write!(text, "{}", Number::padded(frame, width).text()),
    };
    // Writing to a String does not fail.
    written.unwrap_or(());
}
