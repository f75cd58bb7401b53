//! The names in a directory, in one block of memory.

use std::io;
use std::mem::MaybeUninit;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, open, statat};
use rustix::io::Errno;

/// Limit for the names in a directory.
pub(crate) const MOST_NAMES: usize = 20_000_000;
/// The buffer for names from the kernel. 64 KiB are some 2000 names for each system call.
const BUFFER: usize = 64 * 1024;

/// A list of names.
#[derive(Debug, Default)]
pub(crate) struct Names {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Names {
    pub(crate) fn push(&mut self, name: &[u8]) {
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The name at this place; empty if there is none.
    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let start = match at.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(at).copied().unwrap_or_default();
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Whether a name has one of these bytes.
    pub(crate) fn has_any_of(&self, bytes: &[u8]) -> bool {
        let mut bytes = bytes.iter();
        bytes.any(|byte| memchr::memchr(*byte, &self.bytes).is_some())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|at| self.get(at))
    }
}

/// What a directory has.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Regular files and symlinks, in the order of the file system.
    pub files: Names,
    /// Directories, without `.` and `..`.
    pub directories: Names,
}

/// Whether names that start with a point are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hidden {
    Listed,
    Skipped,
}

/// Whether the directory may be a symlink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    Followed,
    Refused,
}

/// Lists a directory. It is read once, and no file is looked at unless the file system does not say
/// what is a directory. FIFOs, devices and sockets are skipped.
///
/// # Errors
/// When it cannot be read, or has too many names.
pub(crate) fn list(directory: &Path, hidden: Hidden, links: Links) -> io::Result<Listing> {
    let path = match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    };
    let mut flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    flags.set(OFlags::NOFOLLOW, links == Links::Refused);
    let opened = open(path, flags, Mode::empty())?;
    let mut buffer = vec![MaybeUninit::uninit(); BUFFER];
    let mut entries = RawDir::new(&opened, &mut buffer);
    let mut listing = Listing::default();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        };
        let name = entry.file_name();
        let bytes = name.to_bytes();
        let is_hidden = bytes.starts_with(b".");
        if is_hidden && (hidden == Hidden::Skipped || matches!(bytes, b"." | b"..")) {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => match statat(&opened, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => FileType::from_raw_mode(found.st_mode),
                Err(_) => continue, // removed since
            },
            kind => kind,
        };
        if listing.files.len() + listing.directories.len() >= MOST_NAMES {
            return Err(io::Error::other("too many files"));
        }
        match kind {
            FileType::Directory => listing.directories.push(bytes),
            FileType::RegularFile | FileType::Symlink => listing.files.push(bytes),
            FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => {}
        }
    }
    Ok(listing)
}
