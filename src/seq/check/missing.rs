//! Which frames have no file.

use std::collections::BTreeSet;

use super::Checked;
use crate::seq::frame::Frame;

/// Limit for the missing frames that are listed.
const MOST_LISTED: usize = 1_000_000;

/// Which frames must be there.
pub(super) struct Rule<'a> {
    pub requested: Option<&'a Vec<Frame>>,
    pub may_have_gaps: bool,
}

impl Rule<'_> {
    /// The frames without a file, and how many more there are. Without requested frames these are the
    /// ones between the first and the last that have the same distance as the others: a sequence on
    /// twos has no gaps.
    pub(super) fn frames(&self, files: &[Checked]) -> (Vec<Frame>, u64) {
        let present: BTreeSet<Frame> = files.iter().filter_map(|file| file.frame).collect();
        if let Some(requested) = self.requested {
            let is_absent = |frame: &&Frame| !present.contains(frame);
            let absent: BTreeSet<Frame> = requested.iter().filter(is_absent).copied().collect();
            return (absent.into_iter().collect(), 0);
        }
        match self.may_have_gaps {
            true => (Vec::new(), 0),
            false => gaps(&present),
        }
    }
}

fn gaps(present: &BTreeSet<Frame>) -> (Vec<Frame>, u64) {
    let pairs = || {
        let frames = present.iter().map(|frame| frame.millionths());
        frames.clone().zip(frames.skip(1))
    };
    let step = pairs().fold(0, |step, (one, next)| greatest_divisor(step, next - one));
    let mut absent = Vec::new();
    let mut unlisted = 0_u64;
    for (one, next) in pairs() {
        if step == 0 {
            break;
        }
        let count = (next - one) / step - 1;
        let room = i64::try_from(MOST_LISTED - absent.len()).unwrap_or(0);
        let listed = (1..=count.min(room)).map(|number| one + number * step);
        absent.extend(listed.filter_map(Frame::from_millionths));
        unlisted += u64::try_from(count.saturating_sub(room)).unwrap_or(0);
    }
    (absent, unlisted)
}

fn greatest_divisor(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
