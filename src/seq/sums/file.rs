//! Reads a file once and computes its checksums.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::Advice;

use super::algorithm::{Algorithm, Hasher};
use super::finding::{Finding, State};
use crate::descriptor;
use crate::io_error::reason;

/// The size of a read. The checksums are computed while the data is in the cache of the processor.
pub(crate) const BUFFER_BYTES: usize = 1 << 20;

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    /// A file that the user or a list names. A symlink is followed.
    Named(PathBuf),
    /// A regular file that a directory listing showed. If it is a symlink by now, it is refused.
    Listed(PathBuf),
}

/// A file that was read completely, and did not change in the meantime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hashed {
    /// A checksum for each algorithm, in the same order.
    pub sums: Vec<Vec<u8>>,
    pub size: u64,
    /// Seconds since 1970.
    pub modified: i64,
}

/// Why there is no checksum.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    /// A directory, a FIFO, a device or a socket. It is not opened.
    NotRegular,
    /// Its size or its modification time changed while it was read.
    Changed,
}

impl Fault {
    /// The finding about the file at `path`.
    pub(crate) fn at(&self, path: &Path) -> Finding {
        let (state, why) = match self {
            Fault::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                (State::Missing, String::new())
            }
            Fault::Io(error) => (State::Unreadable, reason(error)),
            Fault::NotRegular => (State::Unreadable, "it is not a regular file".to_owned()),
            Fault::Changed => (State::Changed, "it changed while it was read".to_owned()),
        };
        Finding::new(path, state, why)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Io(error)
    }
}

impl Source {
    /// The path in lists; `-` for stdin.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Source::Stdin => Path::new("-"),
            Source::Named(path) | Source::Listed(path) => path,
        }
    }

    /// Reads it with `buffer` and adds the bytes to `done` as they are read.
    ///
    /// # Errors
    /// When it cannot be read or is not a regular file, or changes while it is read.
    pub(crate) fn hash(
        &self,
        algorithms: &[Algorithm],
        buffer: &mut [u8],
        done: &AtomicU64,
    ) -> Result<Hashed, Fault> {
        let mut hashers: Vec<Hasher> = algorithms.iter().copied().map(Hasher::new).collect();
        let mut file = match self {
            Source::Stdin => {
                let mut input = descriptor::stdin()?;
                let size = read(&mut input, u64::MAX, &mut hashers, buffer, done)?;
                return Ok(hashed(hashers, size, 0));
            }
            Source::Named(path) => {
                // The type is checked first, because opening a device can have an effect.
                regular(&fs::metadata(path)?)?;
                descriptor::open_at_once(path)?
            }
            Source::Listed(path) => descriptor::open_no_link(path)?,
        };
        let before = file.metadata()?;
        regular(&before)?;
        if before.len() > BUFFER_BYTES as u64 {
            advise(&file);
        }
        let size = read(&mut file, before.len(), &mut hashers, buffer, done)?;
        let after = file.metadata()?;
        let identity = |found: &Metadata| (found.len(), found.mtime(), found.mtime_nsec());
        if identity(&before) != identity(&after) || size != before.len() {
            return Err(Fault::Changed);
        }
        Ok(hashed(hashers, size, after.mtime()))
    }
}

fn hashed(hashers: Vec<Hasher>, size: u64, modified: i64) -> Hashed {
    Hashed {
        sums: hashers.into_iter().map(Hasher::finish).collect(),
        size,
        modified,
    }
}

fn regular(found: &Metadata) -> Result<(), Fault> {
    match found.is_file() {
        true => Ok(()),
        false => Err(Fault::NotRegular),
    }
}

/// Asks the kernel to read ahead. It is only faster with it.
fn advise(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, Advice::Sequential);
}

/// Reads to the end, or until more than `most` bytes were read, so that a file that grows faster
/// than it is read has an end. Returns the number of bytes.
fn read(
    input: &mut dyn Read,
    most: u64,
    hashers: &mut [Hasher],
    buffer: &mut [u8],
    done: &AtomicU64,
) -> io::Result<u64> {
    let mut size = 0_u64;
    while size <= most {
        let count = match input.read(buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        hashers.iter_mut().for_each(|hasher| hasher.update(bytes));
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        size = size.saturating_add(count);
        done.fetch_add(count, Ordering::Relaxed);
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Never ends.
    struct Endless;

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(7);
            Ok(buffer.len())
        }
    }

    #[test]
    fn growing_file_has_an_end() {
        let size = read(&mut Endless, 100, &mut [], &mut [0; 64], &AtomicU64::new(0));
        assert_eq!(size.unwrap(), 128);
    }

    #[test]
    fn only_regular_files_are_opened() {
        let hash = |source: Source| source.hash(&[], &mut [0; 64], &AtomicU64::new(0));
        for path in ["/", "/dev/null", "/dev/zero"] {
            let found = hash(Source::Named(path.into()));
            assert!(matches!(found, Err(Fault::NotRegular)), "{path}");
        }
        // A symlink.
        let found = hash(Source::Listed("/proc/self/exe".into()));
        assert!(matches!(found, Err(Fault::Io(_))));
        let found = hash(Source::Named("/nonexistent".into())).unwrap_err();
        assert_eq!(found.at(Path::new("x")).state, State::Missing);
    }
}
