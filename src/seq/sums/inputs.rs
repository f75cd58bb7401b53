//! The files that the arguments name.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::file::Source;
use super::finding::{Finding, State};
use crate::elf::walk;
use crate::error::Error;
use crate::io_error::reason;
use crate::seq::frame::Frame;
use crate::seq::pattern::Pattern;
use crate::seq::select;
use crate::sort;
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
    /// When a pattern matches nothing or its directory cannot be read.
    pub(crate) fn of(arguments: &[String]) -> Result<Inputs, Error> {
        let mut inputs = Inputs::default();
        for argument in arguments {
            inputs.add(argument)?;
        }
        inputs.sources.order_by(|a, b| a.path().cmp(b.path()));
        inputs.sources.dedup_by(|a, b| a.path() == b.path());
        Ok(inputs)
    }

    fn add(&mut self, argument: &str) -> Result<(), Error> {
        let path = Path::new(argument);
        if argument == "-" {
            self.sources.push(Source::Stdin);
            return Ok(());
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                self.add_directory(path);
                Ok(())
            }
            Ok(_) => {
                self.sources.push(Source::Named(path.to_owned()));
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.add_pattern(path, error),
            Err(error) => Err(Error::file("read", path)(error)),
        }
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

    fn add_pattern(&mut self, path: &Path, error: io::Error) -> Result<(), Error> {
        let Some(pattern) = Pattern::parse(path) else {
            return Err(Error::file("read", path)(error));
        };
        let sequence = select::matching(&pattern)?;
        if sequence.numbers.is_empty() {
            return Err(Error::Nothing {
                place: path.display().to_string(),
                what: "file",
            });
        }
        let existing: BTreeSet<Frame> = sort::set(sequence.numbers.iter().map(|one| one.frame));
        // Its range has been read once, without an error.
        let requested = pattern.frames().ok().flatten().unwrap_or_default();
        let missing = requested.iter().filter(|frame| !existing.contains(frame));
        let findings = missing.map(|frame| Finding::new(pattern.path(*frame), State::Missing, ""));
        self.findings.extend(findings);
        let paths = sequence.numbers.iter().map(|number| sequence.path(number));
        self.sources.extend(paths.map(Source::Named));
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
