//! A temporary file beside the one that it becomes. Its name says who writes it: no other process
//! uses it, and the next run finds what a killed one left.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::place::directory_of;
use crate::interrupt::{self, RemoveOnSignal};
use crate::unfinished;

/// A name is taken only by accident.
const TRIES: usize = 10;

/// Removed when dropped, and by a signal.
pub(super) struct Temporary {
    pub file: File,
    pub path: PathBuf,
    guard: Option<RemoveOnSignal>,
}

impl Temporary {
    /// Makes an empty one for `target`, and removes what killed processes left beside it.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub(super) fn create(target: &Path, mode: u32) -> io::Result<Temporary> {
        for _ in 0..TRIES {
            match Temporary::make(unfinished::beside(target), mode) {
                Ok(Some(temporary)) => {
                    reclaim(directory_of(target));
                    return Ok(temporary);
                }
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(
            "another process removes its temporary files",
        ))
    }

    /// `None` where another process took it for one that was left behind.
    fn make(path: PathBuf, mode: u32) -> io::Result<Option<Temporary>> {
        let (file, guard) = RemoveOnSignal::around(&path, || {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&path)
        })?;
        // Processes of other namespaces know by the lock that this one lives.
        let is_lost = matches!(file.try_lock(), Err(TryLockError::WouldBlock))
            || file.metadata()?.nlink() == 0;
        Ok((!is_lost).then(|| Temporary {
            file,
            path,
            guard: Some(guard),
        }))
    }

    /// Puts it elsewhere by `place`, which leaves nothing under its own name.
    ///
    /// # Errors
    /// Those of `place`, the file is still there then; and when its name leads to another file.
    pub(super) fn put(&mut self, place: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        interrupt::undivided(|| {
            unfinished::ensure_at(&self.path, &self.file)?;
            place(&self.path)?;
            self.guard = None;
            Ok(())
        })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(guard) = self.guard.take() {
            interrupt::undivided(|| {
                if unfinished::is_at(&self.path, &self.file) {
                    let _ = fs::remove_file(&self.path);
                }
                drop(guard);
            });
        }
    }
}

/// Removes what killed processes of the caller's left in a directory.
fn reclaim(directory: &Path) {
    for (path, writer) in unfinished::within(directory) {
        unfinished::reclaim(&path, |_| Some(writer));
    }
}
