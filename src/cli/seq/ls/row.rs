//! A sequence as it is listed.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use nanoserde::{SerJson, SerJsonState};

use crate::seq::frame::Frame;
use crate::seq::notation::Notation;
use crate::seq::pattern::Padding;
use crate::seq::select::Found;
use crate::seq::summary::{Summary, size};

/// A sequence as it is listed.
pub(super) struct Row {
    /// The path with the place of the frame.
    pub pattern: PathBuf,
    pub directory: PathBuf,
    pub prefix: Vec<u8>,
    pub suffix: Vec<u8>,
    pub padding: Padding,
    pub place: String,
    pub count: usize,
    pub summary: Summary,
    pub size: Option<u64>,
}

impl Row {
    /// `notation`: that of `--pad`. The default is that of the sequence.
    pub(super) fn of(found: &Found, notation: Option<Notation>, with_size: bool) -> Row {
        let sequence = &found.sequence;
        let notation = notation.unwrap_or(sequence.notation);
        Row {
            pattern: sequence.directory.join(sequence.pattern(notation)),
            directory: sequence.directory.clone(),
            prefix: sequence.prefix.clone(),
            suffix: sequence.suffix.clone(),
            padding: sequence.padding,
            place: notation.place(sequence.padding),
            count: sequence.numbers.len(),
            summary: Summary::of(found),
            size: with_size.then(|| size(sequence)),
        }
    }

    pub(super) fn first(&self) -> Option<Frame> {
        self.summary.ends.map(|(first, _)| first)
    }

    pub(super) fn last(&self) -> Option<Frame> {
        self.summary.ends.map(|(_, last)| last)
    }
}

impl SerJson for Row {
    fn ser_json(&self, depth: usize, state: &mut SerJsonState) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let texts = [
            ("{\"pattern\":", text(self.pattern.as_os_str().as_bytes())),
            (
                ",\"directory\":",
                text(self.directory.as_os_str().as_bytes()),
            ),
            (",\"prefix\":", text(&self.prefix)),
            (",\"suffix\":", text(&self.suffix)),
            (",\"range\":", self.summary.range.clone()),
            (",\"missing\":", self.summary.missing()),
        ];
        for (name, text) in texts {
            state.out.push_str(name);
            text.ser_json(depth, state);
        }
        let padding = match self.padding {
            Padding::Any => None,
            Padding::Width(_) | Padding::Udim => Some(self.padding.width().to_string()),
        };
        let numbers = [
            ("padding", padding),
            ("first", self.first().map(|frame| frame.to_string())),
            ("last", self.last().map(|frame| frame.to_string())),
            ("count", Some(self.count.to_string())),
            (
                "missing_count",
                Some(self.summary.missing_count.to_string()),
            ),
            ("size", self.size.map(|size| size.to_string())),
        ];
        for (name, number) in numbers {
            let number = number.as_deref().unwrap_or("null");
            state.out.push_str(&format!(",\"{name}\":{number}"));
        }
        state.out.push('}');
    }
}
