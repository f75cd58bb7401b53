//! Reads ZIP archives with stored or deflated members, one member at a time. All values are bounded
//! and checked for consistency.
//!
//! This does not use the `zip` crate, because that crate has many dependencies and accepts members
//! that overlap, have paths outside the archive, or have two different sizes.
//!
//! Source: APPNOTE.TXT 6.3.10 by PKWARE; zipfile of Python, which reads and writes wheels.

mod directory;
mod error;
mod member;

pub(crate) use directory::Entry;
pub(crate) use error::Error;
pub(crate) use member::Contents;

use std::fs::{File, Metadata, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An archive file and its members.
#[derive(Debug)]
pub(crate) struct Archive {
    /// Opened for each read, because there may be more archives than a process may have open files.
    path: PathBuf,
    metadata: Metadata,
    /// Files sorted by name, without directories.
    entries: Vec<Entry>,
}

impl Archive {
    /// Reads the directory of the archive at `path`.
    ///
    /// # Errors
    /// When the archive is invalid or unsupported.
    pub(crate) fn open(path: &Path) -> Result<Archive, Error> {
        let (file, metadata) = open(path)?;
        let entries = directory::read(&file, metadata.len())?;
        Ok(Archive {
            path: path.to_owned(),
            metadata,
            entries,
        })
    }

    /// The archive file, if it is still the one whose directory was read.
    fn file(&self) -> Result<Arc<File>, Error> {
        let (file, metadata) = open(&self.path)?;
        let same = |what: fn(&Metadata) -> u64| what(&metadata) == what(&self.metadata);
        if same(MetadataExt::dev) && same(MetadataExt::ino) && same(MetadataExt::size) {
            return Ok(Arc::new(file));
        }
        Err(Error::malformed("the file changed while it was being read"))
    }

    /// The number of the member with this name.
    pub(crate) fn number_of(&self, name: &[u8]) -> Option<usize> {
        self.entries
            .binary_search_by(|entry| (*entry.name).cmp(name))
            .ok()
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The contents of a member if it starts with `magic`. Otherwise only its start is read.
    ///
    /// # Errors
    /// When it cannot be read, or does not agree with the directory.
    pub(crate) fn contents(&self, entry: &Entry, magic: &[u8]) -> Result<Option<Contents>, Error> {
        member::contents(&self.file()?, entry, magic)
    }
}

impl Archive {
    /// The target of a symlink, if it is a valid path.
    pub(crate) fn link_target(&self, link: &Entry) -> Option<Vec<u8>> {
        member::link_target(&*self.file().ok()?, link)
    }
}

fn open(path: &Path) -> Result<(File, Metadata), Error> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Error::malformed("not a regular file"));
    }
    Ok((file, metadata))
}

/// Whether the file at `path` starts like an archive: with a member, or with the end record if the
/// archive is empty.
pub(crate) fn is_archive(path: &Path) -> bool {
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut head = [0; 4];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut head, 0));
    read.is_ok() && (head == *b"PK\x03\x04" || head == *b"PK\x05\x06")
}
