//! Symlinks to the program, one for each command. Called by the name of a link, c47 runs that command.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::interrupt::RemoveOnSignal;
use crate::process::user_id;
use crate::sort::Sortable;
use crate::unfinished::{self, WriterStatus};

/// The links in a directory.
pub(crate) struct Links<'a> {
    /// The absolute path of the program.
    pub program: &'a Path,
    pub directory: &'a Path,
    /// The names of the links.
    pub names: &'a [String],
}

/// What exists at the path of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Free,
    /// A link to this program.
    Ours,
    /// A symlink to another file, or a dangling one.
    OtherLink,
    /// A file or directory.
    Taken,
}

impl Links<'_> {
    /// The path of each link, and what exists there.
    pub(crate) fn places(&self) -> Vec<(PathBuf, Place)> {
        let paths = self.names.iter().map(|name| self.directory.join(name));
        paths
            .map(|path| (path.clone(), self.place(&path)))
            .collect()
    }

    fn place(&self, path: &Path) -> Place {
        let Ok(metadata) = fs::symlink_metadata(path) else {
            return Place::Free;
        };
        if !metadata.is_symlink() {
            return Place::Taken;
        }
        let ours = fs::read_link(path).is_ok_and(|target| target == self.target())
            || same_file(path, self.program);
        if ours { Place::Ours } else { Place::OtherLink }
    }

    /// The target of the links: only the name if the program is in the same directory, so that the
    /// directory can be moved.
    fn target(&self) -> PathBuf {
        let beside = self
            .program
            .parent()
            .is_some_and(|parent| same_file(parent, self.directory));
        match self.program.file_name() {
            Some(name) if beside => PathBuf::from(name),
            _ => self.program.to_owned(),
        }
    }

    /// The links to this program in the directory with names that `is_wanted` accepts, sorted.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(crate) fn existing(
        &self,
        is_wanted: impl Fn(&OsStr) -> bool,
    ) -> Result<Vec<PathBuf>, Error> {
        let unreadable = Error::file("read", self.directory);
        let entries = match fs::read_dir(self.directory) {
            Ok(entries) => entries,
            Err(error) => return Err(unreadable(error)),
        };
        let mut links = Vec::new();
        for entry in entries {
            let name = match entry {
                Ok(entry) => entry.file_name(),
                Err(error) => return Err(unreadable(error)),
            };
            let path = self.directory.join(&name);
            if is_wanted(&name) && self.place(&path) == Place::Ours {
                links.push(path);
            }
        }
        links.order();
        Ok(links)
    }

    /// Creates a link atomically. It replaces an existing symlink.
    ///
    /// # Errors
    /// When the directory cannot be written, or a file exists there.
    pub(crate) fn make(&self, path: &Path) -> Result<(), Error> {
        reclaim(self.directory);
        let temporary = unfinished::beside(path);
        let _guard = RemoveOnSignal::new(&temporary);
        let made = symlink(self.target(), &temporary).and_then(|()| {
            // rename would also replace a file that was created in the meantime.
            if fs::symlink_metadata(path).is_ok_and(|there| !there.is_symlink()) {
                return Err(io::Error::other("it is a file, not a symlink"));
            }
            fs::rename(&temporary, path)
        });
        if made.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        made.map_err(Error::file("write", path))
    }

    /// Removes one link.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub(crate) fn remove(&self, path: &Path) -> Result<(), Error> {
        fs::remove_file(path).map_err(Error::file("remove", path))
    }
}

/// Removes temporary links of killed processes.
fn reclaim(directory: &Path) {
    for (path, writer) in unfinished::within(directory) {
        let is_own_link = |found: fs::Metadata| found.is_symlink() && found.uid() == user_id();
        if writer.writer_status() == WriterStatus::Dead
            && fs::symlink_metadata(&path).is_ok_and(is_own_link)
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// The program in one of `directories` that a link with this name in `own` would hide.
pub(crate) fn shadowed(name: &str, directories: &[PathBuf], own: &Path) -> Option<PathBuf> {
    directories
        .iter()
        .filter(|directory| !same_file(directory, own))
        .map(|directory| directory.join(name))
        .find(|file| fs::metadata(file).is_ok_and(|file| file.is_file()))
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}
