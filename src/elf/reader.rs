//! Reads parts of a file, each bounded. Not mapped: a file cut short while it is mapped kills the
//! process, and the headers that matter are a small part of it.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use object::pod::Pod;

use crate::error::Error;
use crate::io_error::reason;

/// The part read at first: the header, the program headers, and often the notes.
const HEAD_BYTES: usize = 4096;
/// No table is taken to be larger than this.
pub(crate) const MOST_TABLE_BYTES: u64 = 256 << 20;

/// Why a file could not be read as what it should be.
#[derive(Debug)]
pub enum Fault {
    /// The system refused.
    Io(io::Error),
    /// A directory, a FIFO, a device, a socket: not opened at all.
    NotRegular(&'static str),
    /// A regular file, but no ELF file: what it is instead.
    NotElf(String),
    /// An ELF file that cannot be right: what is wrong.
    Broken(String),
}

impl Fault {
    /// The fault of the file at `path`, as an error of the command.
    pub fn at(self, path: &Path) -> Error {
        match self {
            Fault::Io(source) => Error::file("read", path)(source),
            fault => Error::malformed(path.display().to_string(), fault),
        }
    }

    pub(super) fn broken(why: impl Into<String>) -> Fault {
        Fault::Broken(why.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Io(error) => f.write_str(&reason(error)),
            Fault::NotRegular(kind) => write!(f, "it is {kind}, not a file"),
            Fault::NotElf(what) => write!(f, "it is {what}, no program or library (ELF)"),
            Fault::Broken(why) => write!(f, "a broken ELF file: {why}"),
        }
    }
}

/// A file by what tells it from others: its device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub fn of(metadata: &Metadata) -> FileId {
        FileId {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

/// A regular file, open for reading at any place.
#[derive(Debug)]
pub struct Source {
    file: File,
    head: Vec<u8>,
    pub size_bytes: u64,
    pub id: FileId,
    /// Permissions with the set-user-ID and set-group-ID bits.
    pub mode: u32,
}

impl Source {
    /// Opens a regular file. Anything else is refused unopened: to open a FIFO may wait for
    /// ever, to open a device may do something.
    ///
    /// # Errors
    /// [`Fault::Io`] and [`Fault::NotRegular`].
    pub fn open(path: &Path) -> Result<Source, Fault> {
        Source::open_seen(path, &std::fs::metadata(path).map_err(Fault::Io)?)
    }

    /// As [`Source::open`], of a path whose metadata have just been asked for.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open_seen(path: &Path, metadata: &Metadata) -> Result<Source, Fault> {
        ensure_regular(metadata)?;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
            .open(path)
            .map_err(Fault::Io)?;
        let metadata = file.metadata().map_err(Fault::Io)?;
        ensure_regular(&metadata)?;
        let mut head = vec![0; HEAD_BYTES];
        let got = read_up_to(&file, &mut head, 0).map_err(Fault::Io)?;
        head.truncate(got);
        Ok(Source {
            file,
            head,
            size_bytes: metadata.len(),
            id: FileId::of(&metadata),
            mode: metadata.mode(),
        })
    }

    /// The first bytes, as many as there are up to 4096.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// `size` bytes at `offset`, all of them.
    ///
    /// # Errors
    /// [`Fault::Broken`] where they are beyond the end or too many.
    pub fn bytes(&self, offset: u64, size: u64) -> Result<Vec<u8>, Fault> {
        self.ensure_within(offset, size)?;
        if let Some(bytes) = part(&self.head, offset, size) {
            return Ok(bytes.to_vec());
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        self.fill(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// `size` bytes at `offset` into a buffer that is kept from file to file and only grows:
    /// large tables are read without getting and clearing memory anew.
    ///
    /// # Errors
    /// As [`Source::bytes`].
    pub fn bytes_into<'a>(
        &self,
        offset: u64,
        size: u64,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Fault> {
        self.ensure_within(offset, size)?;
        let size = usize::try_from(size).unwrap_or(0);
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let bytes = buffer.get_mut(..size).unwrap_or_default();
        self.fill(offset, bytes)?;
        Ok(bytes)
    }

    fn ensure_within(&self, offset: u64, size: u64) -> Result<(), Fault> {
        let end = offset.checked_add(size);
        if end.is_none_or(|end| end > self.size_bytes) {
            return Err(Fault::broken(format!(
                "it ends before byte {}",
                offset.saturating_add(size)
            )));
        }
        if size > MOST_TABLE_BYTES {
            return Err(Fault::broken(format!("a table of {size} bytes")));
        }
        Ok(())
    }

    fn fill(&self, offset: u64, bytes: &mut [u8]) -> Result<(), Fault> {
        let got = read_up_to(&self.file, bytes, offset).map_err(Fault::Io)?;
        if got < bytes.len() {
            return Err(Fault::broken("it was cut short while it was read"));
        }
        Ok(())
    }

    /// Up to `size` bytes at `offset`: fewer where the file ends.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn bytes_up_to(&self, offset: u64, size: u64) -> Result<Vec<u8>, Fault> {
        let left = self.size_bytes.saturating_sub(offset);
        self.bytes(offset.min(self.size_bytes), size.min(left))
    }
}

/// The piece of `bytes` at `offset`, if all of it is there.
pub(crate) fn part(bytes: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    bytes.get(start..end)
}

/// A plain value at `offset` of `bytes`.
pub(crate) fn value<T: Pod>(bytes: &[u8], offset: u64) -> Option<&T> {
    let rest = bytes.get(usize::try_from(offset).ok()?..)?;
    object::pod::from_bytes(rest).ok().map(|(value, _)| value)
}

fn ensure_regular(metadata: &Metadata) -> Result<(), Fault> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(());
    }
    Err(Fault::NotRegular(if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }))
}

fn read_up_to(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset.saturating_add(done as u64)) {
            Ok(0) => break,
            Ok(got) => done += got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
