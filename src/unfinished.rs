//! Names of unfinished files and directories. They contain the writer, so that no two writers on any
//! machine use the same name, and the next run recognizes those of killed processes.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::process;

/// In every such name, and at its end.
const MARK: &str = ".c47-";
const ENDING: &str = ".part";
/// With the writer a name has at most 143 bytes, the limit of some encrypted file systems.
const MOST_STEM_BYTES: usize = 78;
/// The number of directory entries that are checked.
const MOST_ENTRIES: usize = 10_000;
/// A file of a writer on another machine, or from before a reboot, is abandoned after this time without
/// a write.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// The writer of a file: machine, namespace, process and start time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Writer {
    /// The beginning of the boot_id of the kernel; empty if it is unknown.
    kernel: String,
    namespace: u64,
    pid: u32,
    start: u64,
}

/// What is known about a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriterStatus {
    /// This process.
    Own,
    /// On this machine in this namespace, and alive.
    Alive,
    /// On this machine in this namespace, and dead.
    Dead,
    /// On this machine in another namespace, as in a container. Locks are shared.
    SameMachine,
    /// On another machine, or before a reboot.
    Stranger,
}

impl Writer {
    /// This process.
    pub(crate) fn own() -> Writer {
        let pid = std::process::id();
        let hexadecimal = |c: &char| c.is_ascii_hexdigit();
        let kernel = process::kernel().unwrap_or_default();
        let namespace = process::namespace().unwrap_or_default();
        let digits: String = namespace.chars().filter(char::is_ascii_digit).collect();
        Writer {
            kernel: kernel.chars().filter(hexadecimal).take(16).collect(),
            namespace: digits.parse().unwrap_or(0),
            pid,
            start: process::start_of(pid).unwrap_or(0),
        }
    }

    /// Parses the text of a [`Writer`], and ignores the rest.
    pub(crate) fn parse(text: &str) -> Option<Writer> {
        let mut parts = text.split('-');
        Some(Writer {
            kernel: parts.next()?.to_owned(),
            namespace: parts.next()?.parse().ok()?,
            pid: parts.next()?.parse().ok()?,
            start: parts.next()?.parse().ok()?,
        })
    }

    pub(crate) fn writer_status(&self) -> WriterStatus {
        let own = Writer::own();
        if own.kernel.is_empty() || own.kernel != self.kernel {
            WriterStatus::Stranger
        } else if own.namespace != self.namespace || own.start == 0 {
            WriterStatus::SameMachine
        } else if own == *self {
            WriterStatus::Own
        } else if process::is_dead(self.pid, self.start) {
            WriterStatus::Dead
        } else {
            WriterStatus::Alive
        }
    }

    /// Whether this writer will not finish its file, which is open as `file`.
    pub(crate) fn has_left(&self, file: &File) -> bool {
        match self.writer_status() {
            WriterStatus::Own | WriterStatus::Alive => false,
            WriterStatus::Dead => true,
            // Processes of the same machine see each other's locks on every file system.
            WriterStatus::SameMachine => match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(_)) => is_old(file),
            },
            WriterStatus::Stranger => is_old(file),
        }
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Writer {
            kernel,
            namespace,
            pid,
            start,
        } = self;
        write!(f, "{kernel}-{namespace}-{pid}-{start}")
    }
}

/// A unique name in the directory of `target`, for the file that will become `target`.
pub(crate) fn beside(target: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let stem = target.file_name().unwrap_or_default();
    let mut name = OsString::from(".");
    name.push(shortened(stem, MOST_STEM_BYTES));
    name.push(format!("{MARK}{}-{count}{ENDING}", Writer::own()));
    target.with_file_name(name)
}

/// A name shortened to at most this number of bytes, without splitting a character.
pub(crate) fn shortened(name: &OsStr, most: usize) -> OsString {
    match name.to_str() {
        Some(name) => name
            .get(..name.floor_char_boundary(most))
            .unwrap_or(name)
            .into(),
        None => {
            let bytes = name.as_bytes();
            OsString::from_vec(bytes.get(..most).unwrap_or(bytes).to_vec())
        }
    }
}

/// Whether this is the name of an unfinished file or directory.
pub(crate) fn is_unfinished(name: &str) -> bool {
    name.ends_with(ENDING) && name.contains(MARK)
}

/// The unfinished files in a directory, with their writers.
pub(crate) fn within(directory: &Path) -> Vec<(PathBuf, Writer)> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let found = entries.flatten().take(MOST_ENTRIES).filter_map(|entry| {
        let name = entry.file_name();
        let name = name.as_bytes().strip_suffix(ENDING.as_bytes())?;
        let at = memchr::memmem::rfind(name, MARK.as_bytes())?;
        let writer = str::from_utf8(name.get(at + MARK.len()..)?).ok()?;
        Some((entry.path(), Writer::parse(writer)?))
    });
    found.collect()
}

/// Removes the regular file at `path` if it belongs to the caller and its writer, as read by `writer`,
/// will not finish it. Returns whether it did.
pub(crate) fn reclaim(path: &Path, writer: impl FnOnce(&mut File) -> Option<Writer>) -> bool {
    reclaim_if(path, |file| match writer(file) {
        Some(writer) => writer.has_left(file),
        None => is_old(file),
    })
}

/// Removes the regular file at `path` if it belongs to the caller and no process is known to lock it.
pub(crate) fn reclaim_unlocked(path: &Path) -> bool {
    reclaim_if(path, |_| true)
}

fn reclaim_if(path: &Path, is_left: impl FnOnce(&mut File) -> bool) -> bool {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path);
    let Ok(mut file) = opened else { return false };
    let is_own = |found: Metadata| found.is_file() && found.uid() == process::user_id();
    file.metadata().is_ok_and(is_own)
        && is_left(&mut file)
        // Only one process may remove it: afterwards the name may be that of another file.
        && !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
        && is_at(path, &file)
        && fs::remove_file(path).is_ok()
}

/// Whether a path is still that of this open file or directory.
pub(crate) fn is_at(path: &Path, opened: &File) -> bool {
    let id = |found: Metadata| (found.dev(), found.ino());
    match (fs::symlink_metadata(path), opened.metadata()) {
        (Ok(named), Ok(opened)) => id(named) == id(opened),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// Checks that a path is still that of this open file.
///
/// # Errors
/// When it is not: another writer uses the name.
pub(crate) fn ensure_at(path: &Path, opened: &File) -> io::Result<()> {
    match is_at(path, opened) {
        true => Ok(()),
        false => Err(io::Error::other(
            "another process removed or replaced its temporary file",
        )),
    }
}

fn is_old(file: &File) -> bool {
    let modified = file.metadata().and_then(|found| found.modified());
    modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_contain_their_writer_and_are_short() {
        for name in ["x", &"n".repeat(255), &"é".repeat(127)] {
            let target = Path::new("/nowhere").join(name);
            let (one, other) = (beside(&target), beside(&target));
            assert_ne!(one, other);
            let name = one.file_name().unwrap().to_str().unwrap();
            assert!(name.len() <= 143 && is_unfinished(name), "{name}");
            let rest = name.rsplit_once(MARK).unwrap().1;
            assert_eq!(Writer::parse(rest).unwrap(), Writer::own());
        }
    }

    #[test]
    fn only_dead_writers_of_this_machine_are_abandoned_at_once() {
        let file = File::open("/dev/null").unwrap();
        let own = Writer::own();
        assert_eq!(own.writer_status(), WriterStatus::Own);
        let with = |change: fn(&mut Writer)| {
            let mut writer = own.clone();
            change(&mut writer);
            writer
        };
        let dead = with(|writer| writer.start += 1);
        let parent = Writer {
            pid: std::os::unix::process::parent_id(),
            start: process::start_of(std::os::unix::process::parent_id()).unwrap_or(0),
            ..own.clone()
        };
        let elsewhere = with(|writer| writer.kernel = "0123456789abcdef".into());
        let contained = with(|writer| writer.namespace += 1);
        assert_eq!(dead.writer_status(), WriterStatus::Dead);
        assert!(dead.has_left(&file) && !own.has_left(&file));
        assert_eq!(parent.writer_status(), WriterStatus::Alive);
        assert_eq!(elsewhere.writer_status(), WriterStatus::Stranger);
        assert_eq!(contained.writer_status(), WriterStatus::SameMachine);
        // In a container the lock decides, not the age of the file.
        let path = std::env::temp_dir().join(format!("c47-left-{}", std::process::id()));
        let locked = File::create(&path).unwrap();
        locked.lock().unwrap();
        locked.set_modified(std::time::UNIX_EPOCH).unwrap();
        let other = File::open(&path).unwrap();
        assert!(!contained.has_left(&other) && elsewhere.has_left(&other));
        drop(locked);
        assert!(contained.has_left(&other));
        fs::remove_file(path).unwrap();
    }
}
