//! What is done with the frames of ranges.

use crate::seq::frame::Frame;

/// Which frames are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Those that the other range has too.
    Common,
    /// Those that it does not have.
    Others,
}

/// Keeps some of the frames, in their order.
pub(crate) fn retain(frames: &mut Vec<Frame>, mut other: Vec<Frame>, keep: Keep) {
    other.sort_unstable();
    frames.retain(|frame| {
        let is_common = other.binary_search(frame).is_ok();
        match keep {
            Keep::Common => is_common,
            Keep::Others => !is_common,
        }
    });
}

/// Whether a chunk can have gaps. The names are those of Open Job Description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gaps {
    /// NONCONTIGUOUS.
    Allowed,
    /// CONTIGUOUS: each frame is one more than the one before it.
    Refused,
}

impl Gaps {
    /// From a `--contiguous` switch.
    pub(crate) fn from_switch(contiguous: bool) -> Gaps {
        match contiguous {
            true => Gaps::Refused,
            false => Gaps::Allowed,
        }
    }
}

/// The frames in their order, in chunks of at most `most`, at least 1. Each chunk but the last is full,
/// unless a gap ends it.
pub(crate) fn chunks(frames: &[Frame], most: usize, gaps: Gaps) -> impl Iterator<Item = &[Frame]> {
    let mut rest = frames;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let most = most.clamp(1, rest.len());
        let count = match gaps {
            Gaps::Allowed => most,
            Gaps::Refused => {
                let steps = rest.iter().zip(rest.iter().skip(1)).take(most - 1);
                1 + steps
                    .take_while(|(one, next)| follows(**one, **next))
                    .count()
            }
        };
        let (chunk, others) = rest.split_at_checked(count)?;
        rest = others;
        Some(chunk)
    })
}

fn follows(one: Frame, next: Frame) -> bool {
    next.millionths() - one.millionths() == super::part::UNIT
}
