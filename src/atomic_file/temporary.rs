//! A temporary file in the directory of its target. Its name contains its writer, so that no other
//! process uses it, and the next run can remove the files of killed processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::place::directory_of;
use crate::interrupt::{self, RemoveOnSignal};
use crate::unfinished;

/// A name is in use only by accident.
const TRIES: usize = 10;

/// Removed when dropped, and by a signal.
pub(super) struct Temporary {
    pub file: File,
    pub path: PathBuf,
    guard: Option<RemoveOnSignal>,
}

impl Temporary {
    /// Creates an empty one for `target`, and removes those of killed processes.
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
            "another process removes the temporary files of c47",
        ))
    }

    /// `None` if another process removed it as a leftover file.
    fn make(path: PathBuf, mode: u32) -> io::Result<Option<Temporary>> {
        let (file, guard) = RemoveOnSignal::around(&path, || {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&path)
        })?;
        // The lock shows processes in other namespaces that this one is alive.
        let is_lost = matches!(file.try_lock(), Err(TryLockError::WouldBlock))
            || file.metadata()?.nlink() == 0;
        Ok((!is_lost).then(|| Temporary {
            file,
            path,
            guard: Some(guard),
        }))
    }

    /// Moves it with `place`.
    ///
    /// # Errors
    /// Those of `place`, after which the file still exists, and when the path is another file now.
    pub(super) fn put(&mut self, place: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        interrupt::uninterrupted(|| {
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
            interrupt::uninterrupted(|| {
                if unfinished::is_at(&self.path, &self.file) {
                    let _ = fs::remove_file(&self.path);
                }
                drop(guard);
            });
        }
    }
}

/// Removes the temporary files of killed processes of the caller in a directory.
fn reclaim(directory: &Path) {
    for (path, writer) in unfinished::within(directory) {
        unfinished::reclaim(&path, |_| Some(writer));
    }
}
