//! What a run does: files are made in a hidden directory, then files are renamed one after the other.
//! Every change that others can see is a rename, so what has been done can be told from the names.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What is done with the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Move,
    Copy,
    Link,
    Remove,
}

impl Operation {
    pub(crate) const ALL: [Operation; 4] = [
        Operation::Move,
        Operation::Copy,
        Operation::Link,
        Operation::Remove,
    ];

    /// The subcommand.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Operation::Move => "mv",
            Operation::Copy => "cp",
            Operation::Link => "ln",
            Operation::Remove => "rm",
        }
    }

    /// What has been done with the files.
    pub(crate) fn past(self) -> &'static str {
        match self {
            Operation::Move => "moved",
            Operation::Copy => "copied",
            Operation::Link => "linked",
            Operation::Remove => "removed",
        }
    }
}

/// Whether the checksum of a copy is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    No,
    Checksum,
}

/// A name in one of the directories of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub directory: usize,
    pub name: Vec<u8>,
}

/// Who uses a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It has frames.
    Frames,
    /// A hidden directory of the run. The first one has the journal.
    Stage,
}

/// A directory of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    /// Absolute, without symlinks.
    pub path: PathBuf,
    /// As the user wrote it.
    pub shown: PathBuf,
    pub role: Role,
}

/// How a file in the first hidden directory is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A copy with mode and times.
    Copy,
    /// A copy also with owner and extended attributes, which replaces its source.
    Carry,
    HardLink,
    /// A symlink with this target.
    Symlink(Vec<u8>),
}

/// A file to make in the first hidden directory. Its name is [`Make::name`] of its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Make {
    pub way: Way,
    pub from: Place,
}

impl Make {
    /// The name of the finished file.
    pub(crate) fn name(index: usize) -> Vec<u8> {
        format!("new.{index}").into_bytes()
    }

    /// The name while it is being written.
    pub(crate) fn part(index: usize) -> Vec<u8> {
        format!("part.{index}").into_bytes()
    }
}

/// A rename. A name that is not in a hidden directory must be free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub from: Place,
    pub to: Place,
    /// The inode number of the file. 0 if it is unknown.
    pub inode: u64,
}

/// A whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub operation: Operation,
    pub verify: Verify,
    pub directories: Vec<Directory>,
    pub makes: Vec<Make>,
    pub steps: Vec<Step>,
}

impl Script {
    /// Whether a place is in a hidden directory.
    pub(crate) fn is_staged(&self, place: &Place) -> bool {
        let directory = self.directories.get(place.directory);
        directory.is_some_and(|directory| directory.role == Role::Stage)
    }

    /// The index of the hidden directory with the journal.
    pub(crate) fn stage(&self) -> usize {
        let is_stage = |directory: &Directory| directory.role == Role::Stage;
        self.directories.iter().position(is_stage).unwrap_or(0)
    }

    /// The hidden directories; the first has the journal.
    pub(crate) fn stages(&self) -> impl DoubleEndedIterator<Item = (usize, &Directory)> {
        let directories = self.directories.iter().enumerate();
        directories.filter(|(_, directory)| directory.role == Role::Stage)
    }

    /// The path of a place, as the user wrote it.
    pub(crate) fn shown(&self, place: &Place) -> PathBuf {
        self.joined(place, |directory| &directory.shown)
    }

    /// The absolute path of a place.
    pub(crate) fn path(&self, place: &Place) -> PathBuf {
        self.joined(place, |directory| &directory.path)
    }

    fn joined(&self, place: &Place, which: impl Fn(&Directory) -> &PathBuf) -> PathBuf {
        let directory = self.directories.get(place.directory).map(which);
        let directory = directory.map_or(Path::new(""), PathBuf::as_path);
        directory.join(std::ffi::OsStr::from_bytes(&place.name))
    }

    /// Sets the inode numbers of the files that were made.
    pub(crate) fn set_made(&mut self, inodes: &[u64]) {
        let stage = self.stage();
        let names = inodes.iter().enumerate();
        let by_name: BTreeMap<Vec<u8>, u64> = names
            .map(|(index, inode)| (Make::name(index), *inode))
            .collect();
        for step in &mut self.steps {
            if step.from.directory == stage
                && let Some(inode) = by_name.get(&step.from.name)
            {
                step.inode = *inode;
            }
        }
    }

    /// The file that the user named for each step that ends or begins where others see it, and its new
    /// place.
    pub(crate) fn files(&self) -> Vec<(&Place, Option<&Place>)> {
        let stage = self.stage();
        let made: BTreeMap<Vec<u8>, &Place> = self
            .makes
            .iter()
            .enumerate()
            .map(|(index, make)| (Make::name(index), &make.from))
            .collect();
        self.steps
            .iter()
            .filter_map(|step| {
                let source = match step.from.directory == stage {
                    true => made.get(&step.from.name).copied(),
                    false => None,
                };
                match (source, self.is_staged(&step.to)) {
                    (Some(source), _) => Some((source, Some(&step.to))),
                    (None, false) => Some((&step.from, Some(&step.to))),
                    (None, true) if self.operation == Operation::Remove => Some((&step.from, None)),
                    (None, true) => None,
                }
            })
            .collect()
    }
}
