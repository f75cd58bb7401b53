//! Programs and libraries in ZIP archives and Python wheels, read without unpacking. A member is
//! named `wheel.whl!/directory/file`, and paths such as `$ORIGIN/../lib` stay inside the archive.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object::elf;

use super::reader::{Fault, FileId, Source};
use crate::sort::Sortable;
use crate::zip;

/// The separator between an archive and the path inside it, as in Java's jar URLs.
const SEPARATOR: &str = "!/";
/// Linux follows at most this many symlinks in one path.
const MOST_LINKS: usize = 40;

/// An open archive.
#[derive(Debug)]
pub(crate) struct Archive {
    /// Its path in reports.
    path: PathBuf,
    /// Its absolute path.
    absolute: PathBuf,
    zip: zip::Archive,
    /// All directories, including the archive itself (an empty name).
    directories: BTreeSet<Vec<u8>>,
}

impl Archive {
    /// Opens the archive at `file`, named `path` in reports.
    ///
    /// # Errors
    /// When it cannot be read as an archive.
    pub(crate) fn open(file: &Path, path: &Path) -> Result<Archive, Fault> {
        let zip = zip::Archive::open(file)?;
        let mut directories = BTreeSet::from([Vec::new()]);
        for entry in zip.entries() {
            // Adds the parents, up to the first one that is known.
            let mut name = entry.name.as_slice();
            while let Some(slash) = memchr::memrchr(b'/', name) {
                name = name.get(..slash).unwrap_or_default();
                if !directories.insert(name.to_vec()) {
                    break;
                }
            }
        }
        let absolute = std::path::absolute(path).map_err(Fault::Io)?;
        Ok(Archive {
            path: path.to_owned(),
            absolute,
            zip,
            directories,
        })
    }

    /// The numbers of its regular files, sorted by path.
    pub(crate) fn members(&self) -> Vec<usize> {
        let entries = self.zip.entries();
        let mut numbers: Vec<usize> = (0..entries.len()).collect();
        numbers.retain(|&number| entries.get(number).is_some_and(|entry| !entry.is_link));
        numbers.order_by_key(|&number| self.path_of(number));
        numbers
    }

    /// The path of a member in reports.
    pub(crate) fn path_of(&self, number: usize) -> PathBuf {
        let name = self.zip.entries().get(number).map(|entry| &*entry.name);
        self.named(Path::new(OsStr::from_bytes(name.unwrap_or_default())))
    }

    /// The path in reports for a path inside the archive.
    pub(crate) fn named(&self, inside: &Path) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(SEPARATOR);
        path.push(inside);
        path.into()
    }

    /// The member at a path inside the archive.
    pub(crate) fn number_of(&self, inside: &Path) -> Option<usize> {
        match self.at(inside.as_os_str().as_bytes()) {
            Location::Member(number) => Some(number),
            Location::Directory | Location::Nothing => None,
        }
    }

    /// The member with this number. `None` if it is not an ELF file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn source(&self, number: usize) -> Result<Option<Source>, Fault> {
        let Some(entry) = self.zip.entries().get(number) else {
            return Ok(None);
        };
        let contents = self.zip.contents(entry, &elf::ELFMAG)?;
        let id = self.id(number);
        contents
            .map(|contents| Source::of_member(contents, entry.size_bytes, id))
            .transpose()
    }

    fn id(&self, number: usize) -> FileId {
        FileId::of_member(self.zip.metadata(), number)
    }

    /// What is at a path inside the archive. Symlinks are followed as the kernel does.
    fn at(&self, inside: &[u8]) -> Location {
        let mut links = 0;
        let mut inside = inside.to_vec();
        loop {
            let Some(name) = self.plain(&inside) else {
                return Location::Nothing;
            };
            if self.directories.contains(&name) {
                return Location::Directory;
            }
            let Some(number) = self.zip.number_of(&name) else {
                return Location::Nothing;
            };
            let entry = self.zip.entries().get(number);
            let Some(link) = entry.filter(|entry| entry.is_link) else {
                return Location::Member(number);
            };
            let Some(target) = self.zip.link_target(link).filter(|_| links < MOST_LINKS) else {
                return Location::Nothing;
            };
            links += 1;
            let slash = memchr::memrchr(b'/', &name).map_or(0, |slash| slash + 1);
            inside = [name.get(..slash).unwrap_or_default(), &target].concat();
        }
    }

    /// The path without `.` and `..`, if it stays inside the archive and its parents are directories.
    fn plain(&self, inside: &[u8]) -> Option<Vec<u8>> {
        let mut name: Vec<u8> = Vec::new();
        for part in inside.split(|&byte| byte == b'/') {
            match part {
                b"" | b"." => continue,
                _ if !self.directories.contains(&name) => return None,
                b".." => {
                    if name.is_empty() {
                        return None;
                    }
                    name.truncate(memchr::memrchr(b'/', &name).unwrap_or(0));
                }
                part => {
                    if !name.is_empty() {
                        name.push(b'/');
                    }
                    name.extend_from_slice(part);
                }
            }
        }
        Some(name)
    }
}

/// What is at a path inside an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// The number of the member.
    Member(usize),
    Directory,
    Nothing,
}

/// The open archives. A path into one of them is not a path of the file system.
#[derive(Clone, Debug, Default)]
pub(crate) struct Archives(BTreeMap<Vec<u8>, Arc<Archive>>);

impl Archives {
    pub(crate) fn add(&mut self, archive: Arc<Archive>) {
        let path = archive.absolute.as_os_str().as_bytes().to_vec();
        self.0.insert(path, archive);
    }

    /// The archive a path leads into, and what is there. `None` for a path of the file system.
    pub(crate) fn find(&self, path: &Path) -> Option<(&Archive, Location)> {
        if self.0.is_empty() {
            return None;
        }
        let absolute = std::path::absolute(path).ok()?;
        let bytes = absolute.as_os_str().as_bytes();
        // A directory may be named `x!`, so each possible end of an archive's path is tried.
        let mut ends = memchr::memchr_iter(b'!', bytes);
        ends.find_map(|end| {
            let (path, rest) = bytes.split_at_checked(end)?;
            let archive = self.0.get(path)?;
            match rest {
                // The root directory of the archive, without a slash at the end.
                b"!" => Some((&**archive, archive.at(b""))),
                [b'!', b'/', inside @ ..] => Some((&**archive, archive.at(inside))),
                _ => None,
            }
        })
    }

    /// The member at a path.
    pub(crate) fn member(&self, path: &Path) -> Option<Member<'_>> {
        match self.find(path)? {
            (archive, Location::Member(number)) => Some(Member { archive, number }),
            (_, Location::Directory | Location::Nothing) => None,
        }
    }

    /// The path of a member in reports, without `..` and symlinks.
    pub(crate) fn canonical(&self, path: &Path) -> Option<PathBuf> {
        let member = self.member(path)?;
        Some(member.archive.path_of(member.number))
    }
}

/// A file in an archive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    archive: &'a Archive,
    number: usize,
}

impl Member<'_> {
    pub(crate) fn id(self) -> FileId {
        self.archive.id(self.number)
    }

    /// The member's bytes.
    ///
    /// # Errors
    /// When it cannot be read, or is not an ELF file.
    pub(crate) fn source(self) -> Result<Source, Fault> {
        let source = self.archive.source(self.number)?;
        source.ok_or_else(|| Fault::NotElf("a file of unknown type".into()))
    }
}

/// Splits `wheel.whl!/directory/file` into the archive and the path inside it, by the text only.
pub(crate) fn split(path: &Path) -> Option<(&Path, &Path)> {
    let bytes = path.as_os_str().as_bytes();
    let at = memchr::memmem::find(bytes, SEPARATOR.as_bytes())?;
    let part = |bytes| Path::new(OsStr::from_bytes(bytes));
    let archive = part(bytes.get(..at)?);
    Some((archive, part(bytes.get(at + SEPARATOR.len()..)?)))
}
