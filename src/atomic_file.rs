//! Writes a file so that it is there whole or not at all: a temporary sibling, synced, renamed.

mod access;
mod alone;
mod place;
mod stream;
mod temporary;

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};

use crate::deadline::Deadline;
use crate::error::Error;
use temporary::Temporary;

pub(crate) use access::inherit;
pub(crate) use alone::Alone;
pub(crate) use place::{
    By, Place, directory_of, ensure_directory, is_own, is_planted, planted_link, way,
};
pub(crate) use stream::{Stop, Stream};

/// A file being written. Dropped before it is committed it leaves the old one as it was.
pub(crate) struct AtomicFile {
    temporary: Temporary,
    target: PathBuf,
    /// The most that a mode taken from the old file may allow.
    mode: u32,
    replaced: Option<Metadata>,
}

/// What came of putting a file where there must be none.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum New {
    Made,
    /// Another file has this name, and stays.
    Exists,
}

impl AtomicFile {
    /// Begins to write `named`; `mode` is that of a new file (`0o600` for a secret). A file that
    /// it replaces lends its group and its mode where that is narrower: access never widens.
    ///
    /// # Errors
    /// When the directory cannot be written, or it is no regular file.
    pub(crate) fn create(named: &Path, mode: u32) -> Result<AtomicFile, Error> {
        let fail = |error| Error::file("write", named)(error);
        let target = match Place::of(named)? {
            Place::File(target) => target,
            Place::Stream(_) => return Err(fail(io::Error::other("it is not a regular file"))),
        };
        let replaced = regular(&target).map_err(fail)?;
        let first_mode = match &replaced {
            // Its final mode may depend on a group that it does not have yet.
            Some(_) => mode & 0o600,
            None => mode,
        };
        Ok(AtomicFile {
            temporary: Temporary::create(&target, first_mode).map_err(fail)?,
            target,
            mode,
            replaced,
        })
    }

    /// The path it will have.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Puts the file in its place: synced, then renamed.
    ///
    /// # Errors
    /// When the disk is full or the name cannot be taken; the old file stays.
    pub(crate) fn commit(mut self) -> Result<(), Error> {
        let target = self.target.clone();
        self.finish()
            .and_then(|()| self.temporary.put(|path| fs::rename(path, &target)))
            .map_err(Error::file("write", &target))
    }

    /// Puts the file in its place if there is none: of several processes one succeeds.
    ///
    /// # Errors
    /// When the disk is full or the name cannot be taken.
    pub(crate) fn commit_new(mut self) -> Result<New, Error> {
        let target = self.target.clone();
        let put = self
            .finish()
            .and_then(|()| self.temporary.put(|path| rename_new(path, &target)));
        match put {
            Ok(()) => Ok(New::Made),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(New::Exists),
            Err(error) => Err(Error::file("write", &target)(error)),
        }
    }

    /// All that can fail before the rename.
    fn finish(&mut self) -> io::Result<()> {
        // Its access may have been narrowed since this was begun.
        if let Some(now) = regular(&self.target)? {
            self.replaced = Some(now);
        }
        if let Some(old) = &self.replaced {
            access::inherit(&self.temporary.file, old, &self.target, self.mode)?;
        }
        self.temporary.file.sync_all()
    }
}

/// The file that would be replaced; a link is replaced without a look at what it leads to.
fn regular(target: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(target) {
        Ok(found) if found.is_file() => Ok(Some(found)),
        Ok(found) if found.is_symlink() => Ok(None),
        Ok(found) if found.is_dir() => Err(io::Error::other("it is a directory")),
        Ok(_) => Err(io::Error::other("it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // What is not known could be wider afterwards than before.
        Err(error) => Err(error),
    }
}

/// Renames a file to a name that nothing has. rename(2) would replace what has appeared meanwhile;
/// link(2) does not.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when the name is taken.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use io::ErrorKind::AlreadyExists;
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        // NFS may have done it and lost the reply.
        Err(error) if error.kind() == AlreadyExists => match is_same_file(from, to) {
            true => fs::remove_file(from),
            false => Err(error),
        },
        // A file system without hard links.
        Err(_) => match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            Err(error) if io::Error::from(error).kind() == AlreadyExists => {
                Err(AlreadyExists.into())
            }
            // Nor with this rename: an empty file takes the name first.
            Err(_) => {
                OpenOptions::new().write(true).create_new(true).open(to)?;
                fs::rename(from, to).inspect_err(|_| {
                    let _ = fs::remove_file(to);
                })
            }
        },
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let id = |path| fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()));
    matches!((id(one), id(other)), (Ok(one), Ok(other)) if one == other)
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.file.flush()
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

/// Writes `bytes` where `-o` leads to no file: a device, a FIFO, a descriptor. False where there is a
/// file to be made or replaced, and nothing was done.
///
/// # Errors
/// When it cannot be written to.
pub(crate) fn write_to_stream(named: &Path, bytes: &[u8]) -> Result<bool, Error> {
    let Place::Stream(place) = Place::of(named)? else {
        return Ok(false);
    };
    let written =
        Stream::open(&place, Deadline::default()).and_then(|mut stream| stream.write(bytes));
    written.map(|()| true).map_err(|stop| {
        Error::file("write", named)(match stop {
            Stop::Failed(error) => error,
            Stop::TimedOut => io::ErrorKind::TimedOut.into(),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

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
