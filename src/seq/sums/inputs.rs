//! The files that the arguments name.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::file::Source;
use super::finding::{Finding, State};
use crate::elf::walk;
use crate::error::Error;
use crate::io_error::reason;
use crate::seq::frame::Frame;
use crate::seq::group::listing::Hidden;
use crate::seq::number::Number;
use crate::seq::select::{self, Depth, Files, Found, Rules};
use crate::sort::Sortable;

/// The files, sorted by path and each once, and what could not be read.
#[derive(Default)]
pub(crate) struct Inputs {
    pub sources: Vec<Source>,
    pub findings: Vec<Finding>,
}

impl Inputs {
    /// All files that the arguments name: files, directories with everything below them, patterns,
    /// and `-` for stdin.
    ///
    /// # Errors
    /// When one does not exist or matches nothing, or its directory cannot be read.
    pub(crate) fn of(arguments: &[String]) -> Result<Inputs, Error> {
        let mut inputs = Inputs::default();
        let mut others = Vec::new();
        for argument in arguments {
            let path = Path::new(argument);
            if argument == "-" {
                inputs.sources.push(Source::Stdin);
            } else if path.is_dir() {
                inputs.add_directory(path);
            } else {
                others.push(path.to_owned());
            }
        }
        inputs.add_files(&others)?;
        inputs.sources.order_by(|a, b| a.path().cmp(b.path()));
        inputs.sources.dedup_by(|a, b| a.path() == b.path());
        Ok(inputs)
    }

    fn add_directory(&mut self, directory: &Path) {
        let found = walk::files(directory);
        self.sources
            .extend(found.files.into_iter().map(Source::Listed));
        let unreadable = found.unreadable.into_iter();
        self.findings.extend(
            unreadable.map(|(path, error)| Finding::new(path, State::Unreadable, reason(&error))),
        );
    }

    /// Adds files and the frames of patterns.
    fn add_files(&mut self, paths: &[PathBuf]) -> Result<(), Error> {
        let rules = Rules {
            files: Files::Given,
            depth: Depth::Given,
            hidden: Hidden::Listed,
        };
        let selected = select::arguments(paths, rules)?;
        if let Some(error) = selected.errors.into_iter().next() {
            return Err(error);
        }
        self.sources
            .extend(selected.files.into_iter().map(Source::Named));
        for Found {
            sequence,
            requested,
        } in selected.sequences
        {
            if sequence.numbers.is_empty() {
                let pattern = sequence.pattern(sequence.notation);
                let place = sequence.directory.join(pattern);
                return Err(Error::Nothing {
                    place: place.display().to_string(),
                    what: "file",
                });
            }
            let existing: BTreeSet<Frame> = sequence.numbers.iter().map(|one| one.frame).collect();
            let missing = requested.into_iter().flatten();
            let missing = missing.filter(|frame| !existing.contains(frame));
            self.findings.extend(missing.map(|frame| {
                let path = sequence.path(&Number::padded(frame, sequence.padding.width()));
                Finding::new(path, State::Missing, "")
            }));
            let files = sequence.numbers.iter().map(|number| sequence.path(number));
            self.sources.extend(files.map(Source::Named));
        }
        Ok(())
    }

    /// Leaves out the file that will be replaced by the list.
    pub(crate) fn leave_out(&mut self, list: &Path) {
        let identity = |path: &Path| {
            let found = fs::metadata(path).ok()?;
            Some((found.dev(), found.ino()))
        };
        let Some(own) = identity(list) else { return };
        // Only a file with its name is examined. Another name would be a hard link, which is kept.
        let target = fs::canonicalize(list).unwrap_or_default();
        let names = [list.file_name(), target.file_name()];
        self.sources.retain(|source| {
            let path = source.path();
            !names.contains(&path.file_name()) || identity(path) != Some(own)
        });
    }
}
