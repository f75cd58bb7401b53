//! ZIP archives: members that are stored or deflated, read one at a time. Everything in an archive
//! is bounded and checked against what the archive says of it elsewhere.
//!
//! The directory is read by our own code: the `zip` crate brings twice as many crates as this is
//! hundreds of lines, and takes members that overlap, leave the archive or have two sizes.
//!
//! Source: PKWARE's APPNOTE.TXT 6.3.10; Python's zipfile, which reads and writes wheels.

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

/// A regular file that is an archive, and the members it lists.
#[derive(Debug)]
pub(crate) struct Archive {
    /// Opened anew for each member: a directory may have more archives than a process may have files.
    path: PathBuf,
    metadata: Metadata,
    /// Files, in the order of their names; no directories.
    entries: Vec<Entry>,
}

impl Archive {
    /// Reads the directory of the archive at `path`.
    ///
    /// # Errors
    /// Says what is wrong with the archive, or what about it is not supported.
    pub(crate) fn open(path: &Path) -> Result<Archive, Error> {
        let (file, metadata) = open(path)?;
        let entries = directory::read(&file, metadata.len())?;
        Ok(Archive {
            path: path.to_owned(),
            metadata,
            entries,
        })
    }

    /// The archive's file, if it is still the one whose directory was read.
    fn file(&self) -> Result<Arc<File>, Error> {
        let (file, metadata) = open(&self.path)?;
        let same = |what: fn(&Metadata) -> u64| what(&metadata) == what(&self.metadata);
        if same(MetadataExt::dev) && same(MetadataExt::ino) && same(MetadataExt::size) {
            return Ok(Arc::new(file));
        }
        Err(Error::malformed("it changed while it was read"))
    }

    /// The member of this name, by number.
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

    /// What a member holds, if it begins with `magic`; of another only its beginning is read.
    ///
    /// # Errors
    /// When it cannot be read, or is not what the directory says of it.
    pub(crate) fn contents(&self, entry: &Entry, magic: &[u8]) -> Result<Option<Contents>, Error> {
        member::contents(&self.file()?, entry, magic)
    }
}

impl Archive {
    /// Where a symbolic link leads, if that is a path at all.
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
        return Err(Error::malformed("it is not a regular file"));
    }
    Ok((file, metadata))
}

/// Whether the file at `path` begins as an archive does, with a member or, if it has none, its end.
pub(crate) fn is_archive(path: &Path) -> bool {
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut head = [0; 4];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut head, 0));
    read.is_ok() && (head == *b"PK\x03\x04" || head == *b"PK\x05\x06")
}
