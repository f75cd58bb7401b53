//! Writes a file so that it is there whole or not at all: a temporary sibling, synced, renamed.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::interrupt;

/// A file being written. Dropped before [`AtomicFile::commit`] it leaves the old one as it was.
pub(crate) struct AtomicFile {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
    /// The mode to give it where it replaces a file; a new one has got its own, less the umask.
    mode: Option<u32>,
    committed: bool,
    _guard: interrupt::RemoveOnSignal,
}

impl AtomicFile {
    /// Begins to write `target`; `mode` is that of a new file (`0o600` for a secret). A file that
    /// is there already lends its mode where that is narrower: permissions never widen.
    ///
    /// # Errors
    /// When the directory cannot be written, or `target` is no regular file.
    pub(crate) fn create(target: &Path, mode: u32) -> Result<AtomicFile, Error> {
        // Through a link the file it points to is replaced, not the link.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let replaced = match fs::metadata(&target) {
            Ok(old) if !old.is_file() => {
                let kind = if old.is_dir() {
                    "it is a directory"
                } else {
                    "it is not a regular file"
                };
                return Err(Error::file("write", &target)(io::Error::other(kind)));
            }
            Ok(old) => Some(old.permissions().mode() & mode & 0o777),
            Err(_) => None,
        };
        let name = target
            .file_name()
            .ok_or_else(|| Error::file("write", &target)(io::Error::other("it names no file")))?;
        for attempt in 0..100 {
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{attempt}.part", std::process::id()));
            let temporary = target.with_file_name(hidden);
            match OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(replaced.unwrap_or(mode))
                .open(&temporary)
            {
                Ok(file) => {
                    let guard = interrupt::RemoveOnSignal::new(&temporary);
                    return Ok(AtomicFile {
                        file,
                        temporary,
                        target,
                        mode: replaced,
                        committed: false,
                        _guard: guard,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::file("write", &target)(error)),
            }
        }
        Err(Error::file("write", &target)(io::Error::other(
            "a hundred unfinished ones stand beside it",
        )))
    }

    /// Puts the file in its place: synced, then renamed.
    ///
    /// # Errors
    /// When the disk is full or the name cannot be taken; the old file stays.
    pub(crate) fn commit(mut self) -> Result<(), Error> {
        let permissions = match self.mode {
            Some(mode) => self.file.set_permissions(Permissions::from_mode(mode)),
            None => Ok(()),
        };
        permissions
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(&self.temporary, &self.target))
            .map_err(Error::file("write", &self.target))?;
        self.committed = true;
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.committed {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes `bytes` to `target` in one go; see [`AtomicFile::create`] for `mode`.
///
/// # Errors
/// As [`AtomicFile::create`] and [`AtomicFile::commit`].
pub(crate) fn write(target: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let mut file = AtomicFile::create(target, mode)?;
    file.write_all(bytes)
        .map_err(Error::file("write", target))?;
    file.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let directory =
            std::env::temp_dir().join(format!("c47-atomic-{}-{name}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        directory
    }

    #[test]
    fn permissions_never_widen() {
        let directory = scratch("mode");
        let path = directory.join("secret");
        write(&path, b"one", 0o600).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        write(&path, b"two", 0o644).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read(&path).unwrap(), b"two");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_file_not_committed_leaves_the_old_one_and_no_litter() {
        let directory = scratch("drop");
        let path = directory.join("file");
        write(&path, b"old", 0o644).unwrap();
        let mut file = AtomicFile::create(&path, 0o644).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_link_stays_a_link() {
        let directory = scratch("link");
        write(&directory.join("real"), b"old", 0o644).unwrap();
        std::os::unix::fs::symlink("real", directory.join("link")).unwrap();
        write(&directory.join("link"), b"new", 0o644).unwrap();
        assert!(
            fs::symlink_metadata(directory.join("link"))
                .unwrap()
                .is_symlink()
        );
        assert_eq!(fs::read(directory.join("real")).unwrap(), b"new");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_directory_or_a_device_is_refused() {
        assert!(write(Path::new("/dev/null"), b"x", 0o644).is_err());
        assert!(write(&std::env::temp_dir(), b"x", 0o644).is_err());
    }
}
