//! Arguments that name files and patterns of a directory.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::matching::{listed, ranged, sequence_of};
use super::part::{Files, Found, Part, Rules};
use crate::error::Error;
use crate::seq::frame::Frame;
use crate::seq::group::group;
use crate::seq::group::listing::{Hidden, Links, Names};
use crate::seq::pattern::Pattern;
use crate::sort::Sortable;

/// What an argument is.
pub(super) enum Argument {
    Directory,
    File,
    Pattern(Pattern),
}

impl Argument {
    /// # Errors
    /// When it is no pattern and does not exist, or cannot be looked at.
    pub(super) fn of(path: &Path) -> Result<Argument, Error> {
        if path.as_os_str().is_empty() {
            return Ok(Argument::Directory);
        }
        let error = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Ok(Argument::Directory),
            Ok(_) => return Ok(Argument::File),
            // A symlink whose target does not exist.
            Err(_) if fs::symlink_metadata(path).is_ok() => return Ok(Argument::File),
            Err(error) => error,
        };
        match Pattern::parse(path) {
            Some(pattern) => Ok(Argument::Pattern(pattern)),
            None => Err(Error::file("read", path)(error)),
        }
    }
}

/// Files and patterns of one directory.
pub(super) struct Parts {
    directory: PathBuf,
    files: Vec<Vec<u8>>,
    patterns: Vec<(Pattern, Option<Vec<Frame>>)>,
}

impl Parts {
    pub(super) fn in_directory(directory: &Path) -> Parts {
        Parts {
            directory: directory.to_owned(),
            files: Vec::new(),
            patterns: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, path: &Path, argument: Argument) -> Result<(), Error> {
        match argument {
            Argument::Pattern(pattern) => {
                let requested = ranged(&pattern)?;
                self.patterns.push((pattern, requested));
            }
            Argument::File | Argument::Directory => {
                let name = path.file_name().unwrap_or_default();
                self.files.push(name.as_bytes().to_vec());
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the directory cannot be read.
    pub(super) fn find(mut self, rules: Rules) -> Result<Part, Error> {
        self.files.order();
        self.files.dedup();
        let names = match (rules.files, self.patterns.is_empty()) {
            (Files::Given, true) => Names::default(),
            (Files::Given, false) | (Files::Whole, _) => {
                let patterns = self.patterns.iter().map(|(pattern, _)| &pattern.prefix);
                let mut all = self.files.iter().chain(patterns);
                let hidden = match all.any(|name| name.starts_with(b".")) {
                    true => Hidden::Listed,
                    false => rules.hidden,
                };
                listed(&self.directory, hidden, Links::Followed)?.files
            }
        };
        let mut found: Vec<Found> = Vec::new();
        for (pattern, requested) in std::mem::take(&mut self.patterns) {
            let sequence = sequence_of(&pattern, &names, requested.as_deref());
            found.push(Found {
                sequence,
                requested,
            });
        }
        let mut part = match rules.files {
            Files::Given => {
                let mut given = Names::default();
                self.files.iter().for_each(|name| given.push(name));
                Part::of(&self.directory, group(&self.directory, given))
            }
            Files::Whole if self.files.is_empty() => Part::default(),
            Files::Whole => {
                let is_given = |name: &[u8]| {
                    let found = self
                        .files
                        .binary_search_by(|given| given.as_slice().cmp(name));
                    found.is_ok()
                };
                let mut part = Part::of(&self.directory, group(&self.directory, names));
                part.sequences.retain(|found| {
                    let mut names = found.sequence.numbers.iter();
                    names.any(|number| is_given(found.sequence.name(number).as_bytes()))
                });
                let Part { names, files, .. } = &mut part;
                files.retain(|at| is_given(names.get(*at)));
                part
            }
        };
        part.directory = self.directory;
        part.sequences.retain(|one| {
            let mut same = found.iter().map(|other| &other.sequence);
            !same.any(|other| *other == one.sequence)
        });
        found.append(&mut part.sequences);
        found.order_by(|a, b| a.sequence.by_name(&b.sequence));
        part.sequences = found;
        Ok(part)
    }
}
