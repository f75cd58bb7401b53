//! The files of a sequence.

use std::cmp::Ordering;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::notation::Notation;
use super::number::Number;
use super::pattern::Padding;

/// Files of one directory whose names differ only in the frame number. Names are bytes, because they
/// need not be UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub directory: PathBuf,
    /// The name before the number.
    pub prefix: Vec<u8>,
    /// How the numbers are written. All files of the directory whose names have this prefix, suffix
    /// and padding are in the sequence, unless it is limited to given files or a range.
    pub padding: Padding,
    /// A notation in which the pattern reads back as it is.
    pub notation: Notation,
    /// The name after the number.
    pub suffix: Vec<u8>,
    /// The numbers as written, sorted by frame. Two may have the same frame: `7` and `0007`.
    pub numbers: Vec<Number>,
}

impl Sequence {
    /// The name of the file with this number.
    pub(crate) fn name(&self, number: &Number) -> OsString {
        let text = number.text();
        OsString::from_vec([&*self.prefix, text.as_bytes(), &*self.suffix].concat())
    }

    /// The path of the file with this number.
    pub(crate) fn path(&self, number: &Number) -> PathBuf {
        self.directory.join(self.name(number))
    }

    /// The pattern in this notation. In that of the sequence it matches the files of the sequence.
    pub(crate) fn pattern(&self, notation: Notation) -> OsString {
        let place = notation.place(self.padding);
        OsString::from_vec([&*self.prefix, place.as_bytes(), &*self.suffix].concat())
    }

    /// The order of sequences of a directory.
    pub(crate) fn by_name(&self, other: &Sequence) -> Ordering {
        let names = (&self.prefix, &self.suffix).cmp(&(&other.prefix, &other.suffix));
        names.then(self.padding.width().cmp(&other.padding.width()))
    }
}
