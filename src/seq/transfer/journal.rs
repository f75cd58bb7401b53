//! A run with its journal, which is complete and synced before the first change.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, DirEntryExt, OpenOptionsExt, symlink};
use std::path::Path;

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;

use super::script::{Place, Role, Script};
use super::stage::{self, Found, JOURNAL, PART};
use super::text;
use crate::atomic_file::rename_new;
use crate::error::Error;

/// A run whose journal exists.
pub(super) struct Journal {
    pub script: Script,
    /// Whether all files have been made.
    pub is_made: bool,
    /// Whether an empty file may hold the name of a file that is being renamed.
    pub has_placeholders: bool,
    /// Whether the file system cannot rename to a name only if it is free.
    has_no_free_rename: bool,
    /// Locked as long as the run lasts.
    file: File,
    directories: Vec<File>,
}

impl Journal {
    /// Creates the hidden directories and writes the journal.
    ///
    /// # Errors
    /// When a file cannot be written. Nothing is left then.
    pub(super) fn create(script: Script) -> Result<Journal, Error> {
        let stages: Vec<_> = script
            .stages()
            .map(|(_, stage)| stage.path.clone())
            .collect();
        let Some((first, others)) = stages.split_first() else {
            return Err(Error::usage("a run needs a directory"));
        };
        let fail = |error| Error::file("write", &first.join(JOURNAL))(error);
        make_directory(first).map_err(Error::file("make", first))?;
        let file = write(first, &script).map_err(|error| {
            let _ = fs::remove_file(first.join(PART));
            let _ = fs::remove_file(first.join(JOURNAL));
            let _ = fs::remove_dir(first);
            fail(error)
        })?;
        let mut journal = Journal {
            script,
            is_made: false,
            has_placeholders: false,
            has_no_free_rename: false,
            file,
            directories: Vec::new(),
        };
        let opened = others
            .iter()
            .try_for_each(|stage| second(first, stage))
            .and_then(|()| journal.open_directories());
        if let Err(error) = opened {
            let _ = journal.remove();
            return Err(error);
        }
        Ok(journal)
    }

    /// Takes over a run that was cut short.
    ///
    /// # Errors
    /// When one of its directories cannot be opened.
    pub(super) fn take_over(found: Found) -> Result<Journal, Error> {
        let mut journal = Journal {
            script: found.record.script,
            is_made: found.record.is_made,
            has_placeholders: found.record.has_placeholders,
            has_no_free_rename: false,
            file: found.file,
            directories: Vec::new(),
        };
        for (_, stage) in journal.script.stages().skip(1) {
            second(&found.stage, &stage.path)?;
        }
        journal.open_directories()?;
        Ok(journal)
    }

    fn open_directories(&mut self) -> Result<(), Error> {
        for directory in &self.script.directories {
            let path = &directory.path;
            let opened = File::open(path).map_err(Error::file("open", path))?;
            self.directories.push(opened);
        }
        Ok(())
    }

    /// The open directory of a place.
    ///
    /// # Errors
    /// When it is not open, which is an error in the journal.
    pub(super) fn directory(&self, index: usize) -> io::Result<&File> {
        let opened = self.directories.get(index);
        opened.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Adds a line, and syncs it.
    ///
    /// # Errors
    /// When the disk is full.
    pub(super) fn append(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()
    }

    /// Moves a file. A place that is not in a hidden directory must be free.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if it is not, and those of rename(2).
    pub(super) fn rename(&mut self, from: &Place, to: &Place) -> io::Result<()> {
        let (old, new) = (
            self.directory(from.directory)?,
            self.directory(to.directory)?,
        );
        if self.script.is_staged(to) {
            return Ok(rustix::fs::renameat(old, &*from.name, new, &*to.name)?);
        }
        if !self.has_no_free_rename {
            let flags = RenameFlags::NOREPLACE;
            match rustix::fs::renameat_with(old, &*from.name, new, &*to.name, flags) {
                // Linux before 3.15, and NFS.
                Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => {}
                other => return Ok(other?),
            }
            self.has_no_free_rename = true;
        }
        if !self.has_placeholders {
            self.append(text::PLACEHOLDERS)?;
            self.has_placeholders = true;
        }
        rename_new(&self.script.path(from), &self.script.path(to))
    }

    /// Deletes a file, if it exists.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub(super) fn delete(&self, directory: usize, name: &[u8]) -> io::Result<()> {
        let directory = self.directory(directory)?;
        match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The names in the directories of the run, with their inode numbers.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(super) fn names(&self) -> Result<Vec<BTreeMap<Vec<u8>, u64>>, Error> {
        let directories = self.script.directories.iter();
        directories
            .map(|directory| names(&directory.path))
            .collect()
    }

    /// Syncs the directories with frames.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn sync(&self, role: Role) -> Result<(), Error> {
        for (directory, file) in self.script.directories.iter().zip(&self.directories) {
            if directory.role == role {
                sync(file).map_err(Error::file("sync", &directory.path))?;
            }
        }
        Ok(())
    }

    /// Removes the journal and the hidden directories, which have no other files any more.
    ///
    /// # Errors
    /// When the journal cannot be deleted.
    pub(super) fn remove(self) -> Result<(), Error> {
        // The one with the journal last.
        for (index, stage) in self.script.stages().collect::<Vec<_>>().into_iter().rev() {
            // In the open directory: another process may have renamed one above it.
            let deleted = match self.directories.get(index) {
                Some(opened) => rustix::fs::unlinkat(opened, JOURNAL, AtFlags::empty()),
                None => rustix::fs::unlink(stage.path.join(JOURNAL)),
            };
            match deleted {
                Err(error) if error != Errno::NOENT => {
                    let journal = stage.path.join(JOURNAL);
                    return Err(Error::file("delete", &journal)(error.into()));
                }
                // NFS keeps files that are open elsewhere. The next run removes the directory.
                Err(_) | Ok(()) => self.remove_directory(&stage.path),
            }
        }
        Ok(())
    }

    /// Removes an empty hidden directory, from the open directory that it is in.
    fn remove_directory(&self, stage: &Path) {
        let directories = self.script.directories.iter().zip(&self.directories);
        let mut around = directories
            .filter(|(directory, _)| stage.parent() == Some(&directory.path))
            .map(|(_, opened)| opened);
        match (around.next_back(), stage.file_name()) {
            (Some(around), Some(name)) => {
                let _ = rustix::fs::unlinkat(around, name, AtFlags::REMOVEDIR);
            }
            (None, _) | (_, None) => drop(fs::remove_dir(stage)),
        }
    }
}

fn write(stage: &Path, script: &Script) -> io::Result<File> {
    let part = stage.join(PART);
    let mut file = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o644)
        .open(&part)?;
    // Not every file system has locks. There the age of the file decides.
    let _ = file.try_lock();
    file.write_all(text::write(script).as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, stage.join(JOURNAL))?;
    sync(&File::open(stage)?)?;
    let around = stage.parent().unwrap_or(Path::new("/"));
    sync(&File::open(around)?)?;
    Ok(file)
}

/// Creates another hidden directory of a run, with a link to its journal.
fn second(first: &Path, stage: &Path) -> Result<(), Error> {
    let fail = |error| Error::file("make", stage)(error);
    let exists = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => Ok(()),
        _ => Err(error),
    };
    make_directory(stage).or_else(exists).map_err(fail)?;
    let link = symlink(first.join(JOURNAL), stage.join(JOURNAL));
    link.or_else(exists).map_err(fail)
}

fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o777).create(path)
}

fn names(path: &Path) -> Result<BTreeMap<Vec<u8>, u64>, Error> {
    let fail = |error| Error::file("read", path)(error);
    let mut names = BTreeMap::new();
    for entry in fs::read_dir(path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if !stage::is_stage(&entry.file_name()) {
            names.insert(OsStr::as_bytes(&entry.file_name()).to_vec(), entry.ino());
        }
    }
    Ok(names)
}

/// Syncs a directory, so that its entries survive a power failure.
fn sync(directory: &File) -> io::Result<()> {
    directory.sync_all().or_else(|error| match error.kind() {
        // Some network file systems do not support it.
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
        _ => Err(error),
    })
}
