//! A range as text.

use std::fmt::Write as _;

use super::error::RangeError;
use super::openjd;
use super::part::{Order, Part, UNIT};
use super::syntax::Syntax;
use crate::seq::frame::Frame;
use crate::seq::number::Number;

/// The shortest usual text for frames, in their order: `1-10,20-30x2,35`. Numbers have at least
/// `width` characters.
///
/// # Errors
/// When the syntax cannot express the frames: subframes in Deadline and OpenJD; no frame; in OpenJD
/// ranges that do not ascend.
pub(crate) fn write_padded(
    frames: &[Frame],
    syntax: Syntax,
    width: u8,
) -> Result<String, RangeError> {
    check(frames, syntax)?;
    let mut text = String::new();
    let mut rest = frames;
    let mut before: Option<Part> = None;
    while let Some((run, part)) = next_run(rest) {
        rest = rest.get(run.len()..).unwrap_or_default();
        if let Some(before) = before.replace(part)
            && syntax == Syntax::OpenJd
            && !keep_order(&before, &part)
        {
            return Err(RangeError::Order(syntax));
        }
        if !text.is_empty() {
            text.push(',');
        }
        if let [first, .., last] = run {
            push(&mut text, *first, width);
            text.push('-');
            push(&mut text, *last, width);
            push_step(&mut text, &part, syntax);
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
    match frames.iter().find(|frame| frame.as_whole().is_none()) {
        Some(&frame) => Err(RangeError::Subframe { frame, syntax }),
        None => Ok(()),
    }
}

/// Whether OpenJD reads two neighbours in the order in which they are written.
fn keep_order(one: &Part, next: &Part) -> bool {
    let descends = |part: &Part| part.first > part.last;
    let becomes_ascending = openjd::are_merged(one, next) && (descends(one) || descends(next));
    one.most() < next.least() && !becomes_ascending
}

fn push_step(text: &mut String, part: &Part, syntax: Syntax) {
    let mark = match syntax {
        Syntax::OpenJd if part.first > part.last => ":-",
        Syntax::OpenJd | Syntax::Fileseq | Syntax::Deadline if part.step == UNIT => return,
        Syntax::OpenJd => ":",
        Syntax::Fileseq | Syntax::Deadline => "x",
    };
    // Three frames and more have a step of at most 12 digits.
    if let Some(step) = Frame::from_millionths(part.step) {
        text.push_str(mark);
        push(text, step, 0);
    }
}

/// The frames of the next range. Two frames are a range only if they
/// follow each other, as in fileseq.
fn next_run(frames: &[Frame]) -> Option<(&[Frame], Part)> {
    let steps = frames.iter().zip(frames.iter().skip(1));
    let mut steps = steps.map(|(one, next)| next.millionths() - one.millionths());
    let step = steps.next().unwrap_or(0);
    let same = steps.take_while(|next| *next == step).count();
    let is_single = step == 0 || (same == 0 && step.abs() != UNIT);
    let count = if is_single { 1 } else { same + 2 };
    let run = frames.get(..count)?;
    let part = Part {
        first: run.first()?.millionths(),
        last: run.last()?.millionths(),
        step: if is_single { UNIT } else { step.abs() },
        order: Order::Step,
    };
    Some((run, part))
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
