//! The directories of a run. Each is read once for sources and once for targets, and no file in it is
//! opened.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, openat, statat};
use rustix::io::Errno;

use super::script::{Directory, Role};
use super::stage;
use crate::error::Error;
use crate::seq::group::listing::MOST_NAMES;
use crate::sort::Sortable;

/// How long another run may need to read the same directories and to write its journal.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// Bytes of names for each system call.
const BUFFER: usize = 256 << 10;

/// A name in a directory.
pub(super) struct Entry<'e> {
    pub name: &'e [u8],
    pub inode: u64,
    kind: FileType,
}

impl Entry<'_> {
    /// Whether it is a file or a symlink.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.kind, FileType::RegularFile | FileType::Symlink)
    }

    pub(super) fn is_directory(&self) -> bool {
        self.kind == FileType::Directory
    }
}

struct Opened {
    directory: Directory,
    file: File,
    id: (u64, u64),
    /// Hidden directories of other runs.
    stages: Vec<PathBuf>,
}

/// The directories with frames.
#[derive(Default)]
pub(super) struct Directories {
    all: Vec<Opened>,
}

impl Directories {
    /// The index of a directory. Two paths of the same directory have the same index.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn index(&mut self, shown: &Path) -> Result<usize, Error> {
        let here = match shown.as_os_str().is_empty() {
            true => Path::new("."),
            false => shown,
        };
        let known = |opened: &Opened| opened.directory.shown == shown;
        if let Some(index) = self.all.iter().position(known) {
            return Ok(index);
        }
        let fail = |error| Error::file("open", here)(error);
        let path = fs::canonicalize(here).map_err(fail)?;
        let file = File::open(&path).map_err(fail)?;
        let found = file.metadata().map_err(fail)?;
        if !found.is_dir() {
            return Err(fail(std::io::ErrorKind::NotADirectory.into()));
        }
        let id = (found.dev(), found.ino());
        if let Some(index) = self.all.iter().position(|opened| opened.id == id) {
            return Ok(index);
        }
        self.all.push(Opened {
            directory: Directory {
                path,
                shown: shown.to_owned(),
                role: Role::Frames,
            },
            file,
            id,
            stages: Vec::new(),
        });
        Ok(self.all.len() - 1)
    }

    /// Locks the directories against other runs on this machine until [`Directories::unlock`], so that
    /// each run sees the journals of those before it. Some file systems have no such locks; there a
    /// rename that comes too late fails.
    pub(super) fn lock(&mut self) {
        let mut all: Vec<&Opened> = self.all.iter().collect();
        // In the same order in every run.
        all.order_by_key(|opened| opened.id);
        for opened in all {
            for _ in 0..TRIES {
                match opened.file.try_lock() {
                    Err(TryLockError::WouldBlock) => sleep(PAUSE),
                    Ok(()) | Err(TryLockError::Error(_)) => break,
                }
            }
        }
    }

    pub(super) fn unlock(&self) {
        for opened in &self.all {
            let _ = opened.file.unlock();
        }
    }

    /// Reads the names in a directory.
    ///
    /// # Errors
    /// When it cannot be read or has too many names, and those of `visit`.
    pub(super) fn read(
        &mut self,
        index: usize,
        visit: &mut dyn FnMut(&Entry) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(opened) = self.all.get_mut(index) else {
            return Ok(());
        };
        opened.stages.clear();
        let path = &opened.directory.path;
        let fail = |error: Errno| Error::file("read", path)(error.into());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let again = openat(&opened.file, c".", flags, Mode::empty()).map_err(fail)?;
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER];
        let mut entries = RawDir::new(&again, &mut buffer);
        let mut count = 0;
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(fail(error)),
            };
            count += 1;
            if count > MOST_NAMES {
                let what = path.display().to_string();
                return Err(Error::malformed(what, "too many files"));
            }
            let name = entry.file_name();
            let bytes = name.to_bytes();
            if stage::is_stage(OsStr::from_bytes(bytes)) {
                opened.stages.push(path.join(OsStr::from_bytes(bytes)));
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => statat(&again, name, AtFlags::SYMLINK_NOFOLLOW)
                    .map_or(FileType::Unknown, |found| {
                        FileType::from_raw_mode(found.st_mode)
                    }),
                kind => kind,
            };
            visit(&Entry {
                name: bytes,
                inode: entry.ino(),
                kind,
            })?;
        }
        Ok(())
    }

    /// The directories as a script has them.
    pub(super) fn all(&self) -> Vec<Directory> {
        let directories = self.all.iter().map(|opened| opened.directory.clone());
        directories.collect()
    }

    /// The hidden directories of other runs, as far as directories were read.
    pub(super) fn stages(&self) -> impl Iterator<Item = &Path> {
        let stages = self.all.iter().flat_map(|opened| &opened.stages);
        stages.map(PathBuf::as_path)
    }

    /// Whether two directories are on different devices.
    pub(super) fn is_far(&self, one: usize, other: usize) -> bool {
        let device = |index: usize| self.all.get(index).map(|opened| opened.id.0);
        device(one) != device(other)
    }
}
