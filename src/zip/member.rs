//! Reads the bytes of a member.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::directory::{Entry, LOCAL_BYTES, Method, u16_at};
use super::error::Error;

/// Limit for the size of a member that is unpacked into memory. The largest libraries of GPU
/// frameworks are somewhat smaller.
const MOST_UNPACKED_BYTES: u64 = 2 << 30;
const CHUNK_BYTES: usize = 64 << 10;

/// The contents of a member.
#[derive(Debug)]
pub(crate) enum Contents {
    /// Stored without compression in this part of the archive.
    Stored {
        file: Arc<File>,
        start: u64,
    },
    Unpacked(Vec<u8>),
}

pub(super) fn contents(
    file: &Arc<File>,
    entry: &Entry,
    magic: &[u8],
) -> Result<Option<Contents>, Error> {
    let start = start(file, entry)?;
    let packed = Part {
        file,
        at: start,
        left: entry.packed_bytes,
    };
    match entry.method {
        Method::Stored => {
            let mut packed = packed;
            let mut head = vec![0; magic.len()];
            if entry.size_bytes < magic.len() as u64 {
                return Ok(None);
            }
            packed.read_exact(&mut head)?;
            if head != magic {
                return Ok(None);
            }
            ensure_crc(entry, head, packed)?;
            let file = file.clone();
            Ok(Some(Contents::Stored { file, start }))
        }
        Method::Deflated => Ok(unpacked(entry, packed, magic)?.map(Contents::Unpacked)),
    }
}

/// The target of a symlink. `None` if it is not a relative path.
pub(super) fn link_target(file: &File, entry: &Entry) -> Option<Vec<u8>> {
    const MOST_BYTES: u64 = 4096;
    let start = start(file, entry).ok()?;
    let packed = Part {
        file,
        at: start,
        left: entry.packed_bytes,
    };
    let mut target = Vec::new();
    let read = match entry.method {
        Method::Stored => packed.take(MOST_BYTES).read_to_end(&mut target),
        Method::Deflated => DeflateDecoder::new(packed)
            .take(MOST_BYTES)
            .read_to_end(&mut target),
    };
    (read.is_ok() && !target.is_empty() && !target.starts_with(b"/")).then_some(target)
}

/// The offset of a member's bytes, after a header that must agree with the directory.
fn start(file: &File, entry: &Entry) -> Result<u64, Error> {
    let wrong = || Error::member(&entry.name, "is not at the offset in the directory");
    let mut bytes = vec![0; 30 + entry.name.len()];
    file.read_exact_at(&mut bytes, entry.header_at)?;
    let (fixed, name) = bytes.split_at_checked(30).ok_or_else(wrong)?;
    let method = match entry.method {
        Method::Stored => 0,
        Method::Deflated => 8,
    };
    let lengths = (u16_at(fixed, 26).map(usize::from), u16_at(fixed, 28));
    let (Some(name_bytes), Some(extra_bytes)) = lengths else {
        return Err(wrong());
    };
    if !fixed.starts_with(b"PK\x03\x04")
        || u16_at(fixed, 8) != Some(method)
        || name_bytes != entry.name.len()
        || name != entry.name
    {
        return Err(wrong());
    }
    let start = entry.header_at + LOCAL_BYTES + name_bytes as u64 + u64::from(extra_bytes);
    let end = start.checked_add(entry.packed_bytes);
    if end.is_none_or(|end| end > entry.ends_before) {
        return Err(Error::member(&entry.name, "overlaps the next member"));
    }
    Ok(start)
}

fn unpacked(entry: &Entry, packed: Part, magic: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let damaged = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            Error::member(&entry.name, "is corrupt")
        }
        _ => Error::Io(error),
    };
    let mut decoder = DeflateDecoder::new(packed);
    let mut bytes = Vec::with_capacity(magic.len());
    let mut head = decoder.by_ref().take(magic.len() as u64);
    head.read_to_end(&mut bytes).map_err(damaged)?;
    if bytes != magic {
        return Ok(None);
    }
    if entry.size_bytes > MOST_UNPACKED_BYTES {
        return Err(Error::member(&entry.name, "is larger than 2 GiB unpacked"));
    }
    let left = entry.size_bytes.saturating_sub(bytes.len() as u64);
    // The compression ratio, which the directory checks, bounds the size.
    let more = usize::try_from(left).unwrap_or(usize::MAX);
    if bytes.try_reserve_exact(more.saturating_add(1)).is_err() {
        return Err(Error::member(&entry.name, "does not fit in memory"));
    }
    let mut rest = decoder.take(left.saturating_add(1));
    rest.read_to_end(&mut bytes).map_err(damaged)?;
    let mut crc = Crc::new();
    crc.update(&bytes);
    if bytes.len() as u64 != entry.size_bytes || crc.sum() != entry.crc32 {
        return Err(Error::member(&entry.name, "is corrupt"));
    }
    Ok(Some(bytes))
}

fn ensure_crc(entry: &Entry, head: Vec<u8>, mut rest: impl Read) -> Result<(), Error> {
    let mut crc = Crc::new();
    crc.update(&head);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let got = rest.read(&mut chunk)?;
        if got == 0 {
            break;
        }
        crc.update(chunk.get(..got).unwrap_or_default());
    }
    if crc.sum() != entry.crc32 {
        return Err(Error::member(&entry.name, "is corrupt"));
    }
    Ok(())
}

/// A part of the archive, read sequentially.
struct Part<'a> {
    file: &'a File,
    at: u64,
    left: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let buffer = buffer.get_mut(..most).unwrap_or_default();
        let got = self.file.read_at(buffer, self.at)?;
        if got == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += got as u64;
        self.left -= got as u64;
        Ok(got)
    }
}
