//! Finds files in directories.

use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::sort::Sortable;
use rustix::fs::{CWD, FileType, Mode, OFlags, RawDir};

/// Limit for the number of entries.
const MOST_ENTRIES: usize = 20_000_000;
/// Limit for the depth.
const MOST_DEPTH: usize = 128;
/// Entries are read in parts of this size: those of most directories with one system call. The C
/// library of the binary reads 2 KiB.
const PART_BYTES: usize = 32 << 10;

/// The result of a walk.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Regular files, sorted by path.
    pub files: Vec<PathBuf>,
    /// Directories that could not be read.
    pub unreadable: Vec<(PathBuf, io::Error)>,
}

/// What is to be visited.
enum Waiting {
    File(PathBuf),
    Directory(PathBuf, usize),
}

impl Waiting {
    /// The path as bytes. They are compared faster than the components of a path.
    fn path(&self) -> &OsStr {
        match self {
            Waiting::File(path) | Waiting::Directory(path, _) => path.as_os_str(),
        }
    }
}

/// All regular files below `directory`. Symlinks are not followed, so each file is found once and
/// loops do no harm. FIFOs, devices and sockets are skipped.
pub(crate) fn files(directory: &Path) -> Found {
    let mut found = Found::default();
    let mut entries = 0;
    let mut buffer = Vec::with_capacity(PART_BYTES);
    let mut waiting = vec![Waiting::Directory(directory.to_owned(), 0)];
    while let Some(next) = waiting.pop() {
        match next {
            Waiting::File(path) => found.files.push(path),
            Waiting::Directory(path, depth) => {
                let known = waiting.len();
                let buffer = buffer.spare_capacity_mut();
                if let Err(error) = list(&path, depth, buffer, &mut entries, &mut waiting) {
                    found.unreadable.push((path, error));
                }
                // The last one is visited first, with all that is below it, so that the files are in
                // the order of their paths.
                if let Some(new) = waiting.get_mut(known..) {
                    new.order_by(|one, other| other.path().cmp(one.path()));
                }
            }
        }
    }
    found
}

/// Adds the files and directories in a directory to `waiting`, up to the first error.
fn list(
    path: &Path,
    depth: usize,
    buffer: &mut [MaybeUninit<u8>],
    entries: &mut usize,
    waiting: &mut Vec<Waiting>,
) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory =
        rustix::io::retry_on_intr(|| rustix::fs::openat(CWD, path, flags, Mode::empty()))?;
    let mut listing = RawDir::new(directory, buffer);
    while let Some(entry) = listing.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        *entries += 1;
        if *entries > MOST_ENTRIES || depth >= MOST_DEPTH {
            return Err(io::Error::other("too many files and directories"));
        }
        let path = || path.join(OsStr::from_bytes(name));
        let kind = match entry.file_type() {
            // Some file systems do not store types in directories.
            FileType::Unknown => type_of(&path()),
            kind => kind,
        };
        if kind.is_dir() {
            waiting.push(Waiting::Directory(path(), depth + 1));
        } else if kind.is_file() {
            waiting.push(Waiting::File(path()));
        }
    }
    Ok(())
}

/// The type of what is at a path, not that of a symlink's target.
fn type_of(path: &Path) -> FileType {
    rustix::fs::lstat(path).map_or(FileType::Unknown, |found| {
        FileType::from_raw_mode(found.st_mode)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn files_are_in_the_order_of_their_paths_and_symlinks_are_skipped() {
        let top = std::env::temp_dir().join(format!("c47-walk-{}", std::process::id()));
        let names = ["b/c", "b.d/a", "b-c", "a", "b/a/z", "z"];
        for name in names {
            let path = top.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        symlink(top.join("a"), top.join("link")).unwrap();
        symlink(&top, top.join("loop")).unwrap();
        let found = files(&top);
        let mut expected: Vec<PathBuf> = names.iter().map(|name| top.join(name)).collect();
        expected.sort();
        assert_eq!(found.files, expected);
        assert!(found.unreadable.is_empty());
        assert!(type_of(&top).is_dir());
        assert!(type_of(&top.join("a")).is_file());
        assert!(type_of(&top.join("loop")).is_symlink());
        assert!(!type_of(&top.join("absent")).is_file());
        fs::remove_dir_all(&top).unwrap();
        assert_eq!(files(&top).unreadable.len(), 1);
    }
}
