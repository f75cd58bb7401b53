//! How arguments are read, and what is found.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::seq::frame::Frame;
use crate::seq::group::Groups;
use crate::seq::group::listing::{Hidden, Names};
use crate::seq::sequence::Sequence;

/// What a file among the arguments stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// The sequence that it belongs to.
    Whole,
    /// Itself: the given files of a directory make sequences, and no other files belong to them.
    Given,
}

/// Which directories are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The given ones.
    Given,
    /// Also those below them. Symlinks are not followed.
    All,
}

/// How arguments are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub files: Files,
    pub depth: Depth,
    /// Whether hidden files and directories in a directory are listed.
    pub hidden: Hidden,
}

/// A sequence that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its files that exist, within the range of the pattern. A pattern without files gives a sequence
    /// without numbers.
    pub sequence: Sequence,
    /// The frames in the range of the pattern.
    pub requested: Option<Vec<Frame>>,
}

/// What was found in one directory.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub directory: PathBuf,
    pub sequences: Vec<Found>,
    /// The names that `files` is about.
    pub names: Names,
    /// The places of the files that are in no sequence, sorted by name.
    pub files: Vec<usize>,
}

impl Part {
    pub(super) fn of(directory: &Path, groups: Groups) -> Part {
        let all = groups.sequences.into_iter();
        Part {
            directory: directory.to_owned(),
            sequences: all
                .map(|sequence| Found {
                    sequence,
                    requested: None,
                })
                .collect(),
            names: groups.names,
            files: groups.files,
        }
    }

    /// The names of the files that are in no sequence.
    pub(crate) fn file_names(&self) -> impl Iterator<Item = &OsStr> {
        let names = self.files.iter().map(|at| self.names.get(*at));
        names.map(OsStr::from_bytes)
    }
}
