//! Reads parts of a file. Files are not mapped, because a mapped file that is truncated kills the
//! process.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::Advice;

use super::fault::Fault;
use crate::io_error::reason;

/// The size of the first read: it has the header, and often the offset table.
const FIRST_BYTES: usize = 16 << 10;
/// Parts that are closer together than this are read with what is between them.
const NEAR_BYTES: u64 = 32 << 10;
/// The size of a read that has many parts.
const WINDOW_BYTES: usize = 256 << 10;
/// Limit for the data that is held in memory.
pub(super) const MOST_BYTES: usize = 512 << 20;

/// A regular file, open for reading at any offset.
pub(super) struct Source {
    file: File,
    pub size: u64,
    pub modified: Option<SystemTime>,
    buffer: Vec<u8>,
    /// The offset of the buffer.
    start: u64,
    /// How much a read fetches at least.
    least: usize,
}

impl Source {
    /// Opens a file. It does not wait for the writer of a FIFO.
    pub(super) fn open(path: &Path) -> Result<Source, Fault> {
        let fail = |error: io::Error| Fault::unreadable(reason(&error));
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
            .open(path)
            .map_err(fail)?;
        let metadata = file.metadata().map_err(fail)?;
        if !metadata.is_file() {
            return Err(Fault::unreadable("not a regular file"));
        }
        Ok(Source {
            file,
            size: metadata.len(),
            modified: metadata.modified().ok(),
            buffer: Vec::new(),
            start: 0,
            least: FIRST_BYTES,
        })
    }

    /// The size and the time of the last change, now.
    pub(super) fn state_now(&self) -> Option<(u64, Option<SystemTime>)> {
        let metadata = self.file.metadata().ok()?;
        Some((metadata.len(), metadata.modified().ok()))
    }

    /// Prepares for `count` small reads in the rest of the file: one by one if they are far apart,
    /// otherwise the whole rest in large reads.
    pub(super) fn expect_parts(&mut self, count: u64, rest: u64) {
        if rest / count.max(1) < NEAR_BYTES {
            self.least = WINDOW_BYTES;
        } else {
            self.least = 64;
            // Without read-ahead, which would fetch the data between the parts.
            let _ = rustix::fs::fadvise(&self.file, 0, None, Advice::Random);
        }
    }

    /// Exactly these bytes.
    pub(super) fn bytes(&mut self, at: u64, length: usize) -> Result<&[u8], Fault> {
        let size = self.size;
        let found = self.at_most(at, length)?;
        if found.len() < length {
            return Err(Fault::truncated(format!("the file ends at byte {size}")));
        }
        Ok(found)
    }

    /// These bytes, or fewer at the end of the file.
    pub(super) fn at_most(&mut self, at: u64, length: usize) -> Result<&[u8], Fault> {
        let rest = usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX);
        let length = length.min(rest);
        let has_all = at >= self.start
            && at + length as u64 <= self.start.saturating_add(self.buffer.len() as u64);
        if !has_all {
            self.fill(at, length.max(self.least).min(rest))?;
        }
        let from = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let found = self.buffer.get(from..).unwrap_or_default();
        Ok(found.get(..length).unwrap_or(found))
    }

    fn fill(&mut self, at: u64, length: usize) -> Result<(), Fault> {
        if length > MOST_BYTES {
            return Err(Fault::damaged(format!("a part of {length} bytes")));
        }
        self.buffer.clear();
        self.buffer.resize(length, 0);
        self.start = at;
        let mut done = 0;
        while let Some(rest) = self.buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, at.saturating_add(done as u64)) {
                Ok(0) => break, // the file became shorter
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.clear();
                    return Err(Fault::unreadable(reason(&error)));
                }
            }
        }
        self.buffer.truncate(done);
        Ok(())
    }
}

/// The order of the bytes in a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    fn array<const N: usize>(self, bytes: &[u8], at: usize) -> Option<[u8; N]> {
        let mut array: [u8; N] = bytes.get(at..at.checked_add(N)?)?.try_into().ok()?;
        if self == Order::Big {
            array.reverse();
        }
        Some(array)
    }

    pub(super) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        self.array(bytes, at).map(u16::from_le_bytes)
    }

    pub(super) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        self.array(bytes, at).map(u32::from_le_bytes)
    }

    pub(super) fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        self.array(bytes, at).map(u64::from_le_bytes)
    }

    pub(super) fn i32(self, bytes: &[u8], at: usize) -> Option<i32> {
        self.array(bytes, at).map(i32::from_le_bytes)
    }
}
