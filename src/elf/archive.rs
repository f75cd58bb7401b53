//! Programs and libraries in ZIP archives and Python wheels, looked at where they are: a member is
//! named `wheel.whl!/directory/file`, and paths through it (`$ORIGIN/../lib`) stay inside it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object::elf;

use super::reader::{Fault, FileId, Source};
use crate::zip;

/// What stands between an archive and the path inside it, as in the URLs of Java's archives.
const BETWEEN: &str = "!/";
/// As many links as Linux follows in one path.
const MOST_LINKS: usize = 40;

/// An archive, open.
#[derive(Debug)]
pub(crate) struct Archive {
    /// As reports name it.
    path: PathBuf,
    /// Its own path, absolute.
    absolute: PathBuf,
    zip: zip::Archive,
    /// All directories, the archive itself (an empty name) among them.
    directories: BTreeSet<Vec<u8>>,
}

impl Archive {
    /// Opens the archive at `file`, which reports call `path`.
    ///
    /// # Errors
    /// When it cannot be read as an archive.
    pub(crate) fn open(file: &Path, path: &Path) -> Result<Archive, Fault> {
        let zip = zip::Archive::open(file)?;
        let mut directories = BTreeSet::from([Vec::new()]);
        for entry in zip.entries() {
            // From the innermost outwards, up to one that is known.
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

    /// Its files by number, in the order of their paths; no links.
    pub(crate) fn members(&self) -> Vec<usize> {
        let entries = self.zip.entries();
        let mut numbers: Vec<usize> = (0..entries.len()).collect();
        numbers.retain(|&number| entries.get(number).is_some_and(|entry| !entry.is_link));
        numbers.sort_by_key(|&number| self.path_of(number));
        numbers
    }

    /// How reports name a member.
    pub(crate) fn path_of(&self, number: usize) -> PathBuf {
        let name = self.zip.entries().get(number).map(|entry| &*entry.name);
        self.named(Path::new(OsStr::from_bytes(name.unwrap_or_default())))
    }

    /// How reports name what is at a path inside.
    pub(crate) fn named(&self, inside: &Path) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(BETWEEN);
        path.push(inside);
        path.into()
    }

    /// The member at a path inside.
    pub(crate) fn number_of(&self, inside: &Path) -> Option<usize> {
        match self.at(inside.as_os_str().as_bytes()) {
            Spot::Member(number) => Some(number),
            Spot::Directory | Spot::Nothing => None,
        }
    }

    /// The member of this number, `None` if it is no ELF file.
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

    /// What is at a path inside the archive, as the kernel would go along it.
    fn at(&self, inside: &[u8]) -> Spot {
        let mut links = 0;
        let mut inside = inside.to_vec();
        loop {
            let Some(name) = self.plain(&inside) else {
                return Spot::Nothing;
            };
            if self.directories.contains(&name) {
                return Spot::Directory;
            }
            let Some(number) = self.zip.number_of(&name) else {
                return Spot::Nothing;
            };
            let entry = self.zip.entries().get(number);
            let Some(link) = entry.filter(|entry| entry.is_link) else {
                return Spot::Member(number);
            };
            let Some(target) = self.zip.link_target(link).filter(|_| links < MOST_LINKS) else {
                return Spot::Nothing;
            };
            links += 1;
            let slash = memchr::memrchr(b'/', &name).map_or(0, |slash| slash + 1);
            inside = [name.get(..slash).unwrap_or_default(), &target].concat();
        }
    }

    /// A path without `.` and `..`, if it stays inside and goes through directories only.
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
pub(crate) enum Spot {
    /// The number of the member.
    Member(usize),
    Directory,
    Nothing,
}

/// The archives that are looked into: a path that leads into one of them is no path of the system.
#[derive(Clone, Debug, Default)]
pub(crate) struct Archives(BTreeMap<Vec<u8>, Arc<Archive>>);

impl Archives {
    pub(crate) fn add(&mut self, archive: Arc<Archive>) {
        let path = archive.absolute.as_os_str().as_bytes().to_vec();
        self.0.insert(path, archive);
    }

    /// The archive a path leads into, and what is there; `None` for a path of the system.
    pub(crate) fn find(&self, path: &Path) -> Option<(&Archive, Spot)> {
        if self.0.is_empty() {
            return None;
        }
        let absolute = std::path::absolute(path).ok()?;
        let bytes = absolute.as_os_str().as_bytes();
        // `x!/y` may be in a directory called `x!`: each place where an archive may end is tried.
        let mut ends = memchr::memchr_iter(b'!', bytes);
        ends.find_map(|end| {
            let (path, rest) = bytes.split_at_checked(end)?;
            let archive = self.0.get(path)?;
            match rest {
                // The archive's own directory, without a slash at its end.
                b"!" => Some((&**archive, archive.at(b""))),
                [b'!', b'/', inside @ ..] => Some((&**archive, archive.at(inside))),
                _ => None,
            }
        })
    }

    /// The member at a path.
    pub(crate) fn member(&self, path: &Path) -> Option<Member<'_>> {
        match self.find(path)? {
            (archive, Spot::Member(number)) => Some(Member { archive, number }),
            (_, Spot::Directory | Spot::Nothing) => None,
        }
    }

    /// The path of a member without `..` and links, as reports name it.
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
    /// When it cannot be read, or is no ELF file.
    pub(crate) fn source(self) -> Result<Source, Fault> {
        let source = self.archive.source(self.number)?;
        source.ok_or_else(|| Fault::NotElf("another kind of file".into()))
    }
}

/// The archive and the path inside it of `wheel.whl!/directory/file`, by the text alone.
pub(crate) fn split(path: &Path) -> Option<(&Path, &Path)> {
    let bytes = path.as_os_str().as_bytes();
    let between = memchr::memmem::find(bytes, BETWEEN.as_bytes())?;
    let part = |bytes| Path::new(OsStr::from_bytes(bytes));
    let archive = part(bytes.get(..between)?);
    Some((archive, part(bytes.get(between + BETWEEN.len()..)?)))
}
