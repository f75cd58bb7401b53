//! Reads bounded parts of a file. Files are not mapped, because a mapped file that is truncated
//! kills the process.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;

use object::elf;
use object::pod::Pod;
use rustix::fs::{CWD, Mode, OFlags};

pub(crate) use super::fault::Fault;
use super::fault::{ensure_elf, ensure_regular};
use super::kept::Kept;
use crate::zip::Contents;

/// The size of the first read: the header, the program headers, and often the notes.
const HEAD_BYTES: usize = 4096;
/// Limit for the size of a table.
pub(crate) const MOST_TABLE_BYTES: u64 = 256 << 20;

/// Identifies a file: its device and inode, and the number of a member in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId {
    device: u64,
    inode: u64,
    member: Option<usize>,
}

impl FileId {
    pub fn of(metadata: &Metadata) -> FileId {
        FileId {
            device: metadata.dev(),
            inode: metadata.ino(),
            member: None,
        }
    }

    /// The id of a member of the archive with this metadata.
    pub fn of_member(archive: &Metadata, number: usize) -> FileId {
        FileId {
            member: Some(number),
            ..FileId::of(archive)
        }
    }
}

/// Where the bytes of a file are.
#[derive(Debug)]
enum Bytes {
    /// In a file, or in the part of an archive that starts here.
    File {
        file: Arc<File>,
        start: u64,
    },
    Memory(Vec<u8>),
}

/// A regular file or a member of an archive, open for reading at any offset.
#[derive(Debug)]
pub struct Source {
    bytes: Bytes,
    head: Vec<u8>,
    ahead: Ahead,
    pub size_bytes: u64,
    pub id: FileId,
    /// The permissions, including the set-user-ID and set-group-ID bits.
    pub mode: u32,
}

/// Another part of a file that has been read.
#[derive(Debug, Default)]
struct Ahead {
    start: u64,
    size: u64,
    bytes: Option<Kept>,
}

impl Source {
    /// Opens a regular file. Anything else is rejected without opening it: opening a FIFO may
    /// block, and opening a device may have side effects.
    ///
    /// # Errors
    /// [`Fault::Io`] and [`Fault::NotRegular`].
    pub fn open(path: &Path) -> Result<Source, Fault> {
        ensure_regular(&std::fs::metadata(path).map_err(Fault::Io)?)?;
        Source::of_file(open_to_read(path)?, Vec::new())
    }

    /// Opens an ELF file. Any other file costs an open and a read: its metadata is not needed. The
    /// path leads to a regular file, as a directory entry or its metadata said.
    ///
    /// # Errors
    /// [`Fault::NotElf`], [`Fault::Io`], and [`Fault::NotRegular`] if the file was replaced.
    pub(super) fn open_elf(path: &Path) -> Result<Source, Fault> {
        let file = open_to_read(path)?;
        let mut head = [0; HEAD_BYTES];
        match read_head(&file, &mut head) {
            Ok(got) => {
                let head = head.get(..got).unwrap_or_default();
                ensure_elf(head)?;
                Source::of_file(file, head.to_vec())
            }
            // A directory, for example, which has the name of the file by now.
            Err(error) => {
                ensure_regular(&file.metadata().map_err(Fault::Io)?)?;
                Err(Fault::Io(error))
            }
        }
    }

    /// An open file of which `head` has been read.
    fn of_file(file: File, head: Vec<u8>) -> Result<Source, Fault> {
        let metadata = file.metadata().map_err(Fault::Io)?;
        ensure_regular(&metadata)?;
        let bytes = Bytes::File {
            file: Arc::new(file),
            start: 0,
        };
        let (id, mode) = (FileId::of(&metadata), metadata.mode());
        Source::of(bytes, head, metadata.len(), id, mode)
    }

    /// A member of an archive with `size_bytes`.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub(super) fn of_member(
        contents: Contents,
        size_bytes: u64,
        id: FileId,
    ) -> Result<Source, Fault> {
        let bytes = match contents {
            Contents::Stored { file, start } => Bytes::File { file, start },
            Contents::Unpacked(bytes) => Bytes::Memory(bytes),
        };
        // Unpacking does not set the set-user-ID bit.
        Source::of(bytes, Vec::new(), size_bytes, id, 0)
    }

    /// Reads the rest of the head.
    fn of(
        bytes: Bytes,
        mut head: Vec<u8>,
        size_bytes: u64,
        id: FileId,
        mode: u32,
    ) -> Result<Source, Fault> {
        let done = head.len();
        let head_bytes = usize::try_from(size_bytes).unwrap_or(HEAD_BYTES);
        head.resize(HEAD_BYTES.min(head_bytes), 0);
        if let Some(rest) = head.get_mut(done..) {
            let got = bytes.read_up_to(rest, done as u64).map_err(Fault::Io)?;
            head.truncate(done + got);
        }
        Ok(Source {
            bytes,
            head,
            ahead: Ahead::default(),
            size_bytes,
            id,
            mode,
        })
    }

    /// The first bytes, at most 4096.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Reads the bytes from `start` to `end` at once, for tables that are read one by one later. A
    /// part that is not in the file is missed only when it is needed.
    pub(super) fn read_ahead(&mut self, start: u64, end: u64) {
        let end = end.min(self.size_bytes);
        let size = end.saturating_sub(start);
        if self.in_memory(start, size).is_some() {
            return;
        }
        let mut bytes = Kept::take();
        let got = self.bytes.read_up_to(sized(&mut bytes, size), start);
        self.ahead = Ahead {
            start,
            size: got.unwrap_or(0) as u64,
            bytes: Some(bytes),
        };
    }

    /// The `size` bytes at `offset`, if they have been read.
    pub(super) fn in_memory(&self, offset: u64, size: u64) -> Option<&[u8]> {
        let in_ahead = || {
            let offset = offset.checked_sub(self.ahead.start)?;
            let is_read = offset.checked_add(size)? <= self.ahead.size;
            part(
                self.ahead.bytes.as_deref().filter(|_| is_read)?,
                offset,
                size,
            )
        };
        match &self.bytes {
            Bytes::File { .. } => part(&self.head, offset, size).or_else(in_ahead),
            Bytes::Memory(bytes) => part(bytes, offset, size),
        }
    }

    /// All `size` bytes at `offset`.
    ///
    /// # Errors
    /// [`Fault::Broken`] if they are beyond the end or too many.
    pub fn bytes(&self, offset: u64, size: u64) -> Result<Cow<'_, [u8]>, Fault> {
        self.ensure_within(offset, size)?;
        if let Some(bytes) = self.in_memory(offset, size) {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        self.fill(offset, &mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    /// As [`Source::bytes`], but what has to be read goes into a buffer that is reused, so that memory
    /// for large tables is allocated once.
    ///
    /// # Errors
    /// As [`Source::bytes`].
    pub fn bytes_into<'a>(
        &'a self,
        offset: u64,
        size: u64,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Fault> {
        self.ensure_within(offset, size)?;
        if let Some(bytes) = self.in_memory(offset, size) {
            return Ok(bytes);
        }
        let bytes = sized(buffer, size);
        self.fill(offset, bytes)?;
        Ok(bytes)
    }

    /// As [`Source::bytes_into`], with fewer bytes at the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn up_to<'a>(
        &'a self,
        offset: u64,
        size: u64,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Fault> {
        let left = self.size_bytes.saturating_sub(offset);
        self.bytes_into(offset.min(self.size_bytes), size.min(left), buffer)
    }

    fn ensure_within(&self, offset: u64, size: u64) -> Result<(), Fault> {
        let end = offset.checked_add(size);
        if end.is_none_or(|end| end > self.size_bytes) {
            return Err(Fault::broken(format!(
                "the file ends before byte {}",
                offset.saturating_add(size)
            )));
        }
        if size > MOST_TABLE_BYTES {
            return Err(Fault::broken(format!(
                "a table of {size} bytes is too large"
            )));
        }
        Ok(())
    }

    fn fill(&self, offset: u64, bytes: &mut [u8]) -> Result<(), Fault> {
        let got = self.bytes.read_up_to(bytes, offset).map_err(Fault::Io)?;
        if got < bytes.len() {
            return Err(Fault::broken(
                "the file was truncated while it was being read",
            ));
        }
        Ok(())
    }

    /// Up to `size` bytes at `offset`, fewer at the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bytes_up_to(&self, offset: u64, size: u64) -> Result<Cow<'_, [u8]>, Fault> {
        let left = self.size_bytes.saturating_sub(offset);
        self.bytes(offset.min(self.size_bytes), size.min(left))
    }
}

/// The first `size` bytes of a buffer, which is made longer if necessary.
fn sized(buffer: &mut Vec<u8>, size: u64) -> &mut [u8] {
    let size = usize::try_from(size).unwrap_or(0);
    if buffer.len() < size {
        buffer.resize(size, 0);
    }
    buffer.get_mut(..size).unwrap_or_default()
}

/// The `size` bytes at `offset`, if `bytes` has all of them.
pub(crate) fn part(bytes: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    bytes.get(start..end)
}

/// A value at `offset` of `bytes`.
pub(crate) fn value<T: Pod>(bytes: &[u8], offset: u64) -> Option<&T> {
    let rest = bytes.get(usize::try_from(offset).ok()?..)?;
    object::pod::from_bytes(rest).ok().map(|(value, _)| value)
}

/// Opens a file for reading, with one system call. The standard library of musl uses a second one to
/// close the file on exec, as on Linux before 2.6.23.
fn open_to_read(path: &Path) -> Result<File, Fault> {
    // A FIFO or a terminal that has replaced the file by now does no harm.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let open = || rustix::fs::openat(CWD, path, flags, Mode::empty());
    let file = rustix::io::retry_on_intr(open).map_err(|error| Fault::Io(error.into()))?;
    Ok(File::from(file))
}

impl Bytes {
    fn read_up_to(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Bytes::File { file, start } => read_up_to(file, bytes, start.saturating_add(offset)),
            Bytes::Memory(all) => {
                let offset = usize::try_from(offset).unwrap_or(usize::MAX);
                let rest = all.get(offset..).unwrap_or_default();
                let got = rest.len().min(bytes.len());
                let from = rest.get(..got).unwrap_or_default();
                bytes
                    .get_mut(..got)
                    .unwrap_or_default()
                    .copy_from_slice(from);
                Ok(got)
            }
        }
    }
}

fn read_up_to(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    read_at_least(file, bytes, bytes.len(), offset)
}

/// Reads the head of a file, or as much of it as shows that it is no ELF file.
fn read_head(file: &File, head: &mut [u8]) -> io::Result<usize> {
    let got = read_at_least(file, head, 1, 0)?;
    let is_start = |bytes: &[u8]| bytes.len() < elf::ELFMAG.len() && elf::ELFMAG.starts_with(bytes);
    match head.split_at_mut_checked(got) {
        Some((start, rest)) if got > 0 && is_start(start) => {
            let least = elf::ELFMAG.len() - got;
            Ok(got + read_at_least(file, rest, least, got as u64)?)
        }
        _ => Ok(got),
    }
}

/// Reads until there are `least` bytes, or the file ends. One read of a regular file gets all, but
/// network file systems and a signal may cut it off.
fn read_at_least(file: &File, bytes: &mut [u8], least: usize, offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < least
        && let Some(rest) = bytes.get_mut(done..)
    {
        match file.read_at(rest, offset.saturating_add(done as u64)) {
            Ok(0) => break,
            Ok(got) => done += got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
