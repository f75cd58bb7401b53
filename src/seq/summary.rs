//! Range, missing frames and size of a sequence.

use std::fmt::Write as _;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, open, statat};

use super::frame::Frame;
use super::pattern::Padding;
use super::range::{self, Syntax};
use super::select::Found;
use super::sequence::Sequence;
use crate::parallel::in_parallel;

/// Above this number missing frames are written as plain ranges, without steps.
const MOST_LISTED: u64 = 1_000_000;

/// The frames of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// The frames that exist, as a range in the syntax of fileseq.
    pub range: String,
    /// The first and the last frame that exist.
    pub ends: Option<(Frame, Frame)>,
    /// Missing whole frames: first and last of each gap.
    pub gaps: Vec<(i64, i64)>,
    pub missing_count: u64,
}

impl Summary {
    /// Missing are whole frames between the first and the last one, or of the range that was asked for.
    /// UDIM tiles are never missing.
    pub(crate) fn of(found: &Found) -> Summary {
        let numbers = found.sequence.numbers.iter();
        let mut frames: Vec<Frame> = numbers.map(|number| number.frame).collect();
        frames.dedup();
        let gaps = match (&found.requested, found.sequence.padding) {
            (_, Padding::Udim) => Vec::new(),
            (Some(requested), Padding::Any | Padding::Width(_)) => absent(requested, &frames),
            (None, Padding::Any | Padding::Width(_)) => between(&frames),
        };
        let lengths = gaps.iter().map(|(first, last)| first.abs_diff(*last) + 1);
        Summary {
            missing_count: lengths.sum(),
            range: written(&frames),
            ends: frames.first().copied().zip(frames.last().copied()),
            gaps,
        }
    }

    /// The missing frames as a range; empty if there are none.
    pub(crate) fn missing(&self) -> String {
        if self.missing_count <= MOST_LISTED {
            let frames = self.gaps.iter().flat_map(|(first, last)| *first..=*last);
            return written(&frames.filter_map(Frame::whole).collect::<Vec<_>>());
        }
        let mut text = String::new();
        for (first, last) in &self.gaps {
            let comma = if text.is_empty() { "" } else { "," };
            let written = match first == last {
                true => write!(text, "{comma}{first}"),
                false => write!(text, "{comma}{first}-{last}"),
            };
            written.unwrap_or(()); // writing to a String does not fail
        }
        text
    }
}

/// fileseq has a text for all frames.
fn written(frames: &[Frame]) -> String {
    range::write(frames, Syntax::Fileseq).unwrap_or_default()
}

/// The gaps between whole frames, which are sorted.
fn between(frames: &[Frame]) -> Vec<(i64, i64)> {
    let mut gaps = Vec::new();
    let mut last: Option<i64> = None;
    for whole in frames.iter().filter_map(|frame| frame.as_whole()) {
        if let Some(last) = last
            && whole - last > 1
        {
            gaps.push((last + 1, whole - 1));
        }
        last = Some(whole);
    }
    gaps
}

/// The requested whole frames that do not exist. Both lists are sorted.
fn absent(requested: &[Frame], frames: &[Frame]) -> Vec<(i64, i64)> {
    let mut gaps: Vec<(i64, i64)> = Vec::new();
    let missing = requested
        .iter()
        .filter(|frame| frames.binary_search(frame).is_err());
    for whole in missing.filter_map(|frame| frame.as_whole()) {
        match gaps.last_mut() {
            Some((_, last)) if *last + 1 == whole => *last = whole,
            Some((_, last)) if *last == whole => {}
            Some(_) | None => gaps.push((whole, whole)),
        }
    }
    gaps
}

/// The bytes of all files of a sequence, with one system call for each. Of a symlink it is the size of
/// the file it leads to. A file that was removed since counts as 0.
pub(crate) fn size(sequence: &Sequence) -> u64 {
    let directory = match sequence.directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => &sequence.directory,
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(directory) = open(directory, flags, Mode::empty()) else {
        return 0;
    };
    let sizes = in_parallel(
        &sequence.numbers,
        || (),
        |(), number| match statat(&directory, sequence.name(number), AtFlags::empty()) {
            Ok(found) => u64::try_from(found.st_size).unwrap_or(0),
            Err(_) => 0,
        },
    );
    sizes.into_iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::notation::Notation;
    use crate::seq::number::Number;

    fn summary(numbers: &str, requested: Option<&str>) -> (String, String, u64) {
        let numbers = numbers.split(' ').filter_map(Number::parse).collect();
        let requested = requested.map(|range| range::parse(range, Syntax::Fileseq).unwrap());
        let summary = Summary::of(&Found {
            sequence: Sequence {
                directory: "".into(),
                prefix: Vec::new(),
                padding: Padding::Width(1),
                notation: Notation::Hash,
                suffix: Vec::new(),
                numbers,
            },
            requested,
        });
        let missing = summary.missing();
        (summary.range, missing, summary.missing_count)
    }

    #[test]
    fn missing_frames_are_whole_frames_between_others() {
        for (numbers, requested, range, missing, count) in [
            ("1 2 3", None, "1-3", "", 0),
            ("1 3 5 7", None, "1-7x2", "2-6x2", 3),
            ("1 2 5 0005 6", None, "1-2,5-6", "3-4", 2),
            ("-2 1", None, "-2,1", "-1-0", 2),
            ("1 1.5 2", None, "1-2x0.5", "", 0),
            ("1.5 2.5", None, "1.5-2.5", "", 0),
            ("3 4", Some("1-5"), "3-4", "1-2,5", 3),
            ("", Some("1-5x2"), "", "1-5x2", 3),
            (
                "1 999999999999",
                None,
                "1,999999999999",
                "2-999999999998",
                999_999_999_997,
            ),
        ] {
            let expected = (range.to_owned(), missing.to_owned(), count);
            assert_eq!(summary(numbers, requested), expected);
        }
    }
}
