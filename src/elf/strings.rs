//! The dynamic string table of an object. A small one is read at once, a large one in parts.

use std::cell::RefCell;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::kept::Kept;
use super::reader::{Fault, Source, part};

/// The size of the part read from a larger table. A quarter of it is before the requested offset.
const WINDOW_BYTES: u64 = 16 << 10;
/// A large table is searched in parts of this size, which stay in the cache of the CPU. A part is
/// longer if a string is.
const PART_BYTES: u64 = 64 << 10;
/// String tables up to this size are read at once.
const SMALL_STRINGS_BYTES: u64 = 64 << 10;

/// What is called with each part of a string table, and the part's offset.
pub(super) type LookAtPart<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), Fault>;

/// The dynamic string table.
#[derive(Debug)]
pub(super) enum Strings {
    None,
    /// It has been read with other tables.
    InMemory {
        offset: u64,
        size: u64,
    },
    Whole {
        bytes: Kept,
        size: u64,
    },
    /// Too large to read for only a few names.
    InFile {
        offset: u64,
        size: u64,
        window: RefCell<Window>,
    },
}

/// A part of the string table that has been read.
#[derive(Debug, Default)]
pub(super) struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Strings {
    /// The table of `size` bytes at `offset` of the file.
    ///
    /// # Errors
    /// When it cannot be read, or is truncated.
    pub(super) fn at(source: &Source, offset: u64, size: u64) -> Result<Strings, Fault> {
        if source.in_memory(offset, size).is_some() {
            return Ok(Strings::InMemory { offset, size });
        }
        if size <= SMALL_STRINGS_BYTES {
            let mut bytes = Kept::take();
            source.bytes_into(offset, size, &mut bytes)?;
            return Ok(Strings::Whole { bytes, size });
        }
        if offset
            .checked_add(size)
            .is_none_or(|end| end > source.size_bytes)
        {
            return Err(Fault::broken("the string table is truncated"));
        }
        Ok(Strings::InFile {
            offset,
            size,
            window: RefCell::default(),
        })
    }

    /// The string at `offset` of the table, with at most `most` bytes.
    ///
    /// # Errors
    /// When it is outside the table, is not terminated, or is longer.
    pub(super) fn get(&self, source: &Source, offset: u64, most: u64) -> Result<OsString, Fault> {
        let outside = || Fault::broken(format!("a name outside the string table (at {offset})"));
        let too_long = || Fault::broken(format!("a name longer than {most} bytes (at {offset})"));
        if let Some(table) = self.table(source) {
            let start = usize::try_from(offset).map_err(|_| outside())?;
            let rest = table.get(start..).ok_or_else(outside)?;
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let within = rest.get(..=most);
            return match until_nul(within.unwrap_or(rest)) {
                Some(bytes) => Ok(OsString::from_vec(bytes.to_vec())),
                None if within.is_some() => Err(too_long()),
                None => Err(outside()),
            };
        }
        match self {
            Strings::None | Strings::InMemory { .. } | Strings::Whole { .. } => Err(outside()),
            Strings::InFile {
                offset: at,
                size,
                window,
            } => {
                let left = size.checked_sub(offset).ok_or_else(outside)?;
                let mut window = window.borrow_mut();
                let short = |name: OsString| match name.len() as u64 <= most {
                    true => Ok(name),
                    false => Err(too_long()),
                };
                if let Some(name) = window.name(offset) {
                    return short(name);
                }
                let before = offset.min(WINDOW_BYTES / 4);
                let mut after = WINDOW_BYTES;
                loop {
                    window.start = offset - before;
                    let size = before + left.min(after);
                    window.bytes = source.bytes(at + window.start, size)?.into_owned();
                    if let Some(name) = window.name(offset) {
                        return short(name);
                    }
                    if after >= left {
                        return Err(outside());
                    }
                    if after > most {
                        return Err(too_long());
                    }
                    after *= 8;
                }
            }
        }
    }

    /// The whole table, if it has been read.
    pub(super) fn table<'a>(&'a self, source: &'a Source) -> Option<&'a [u8]> {
        match self {
            Strings::InMemory { offset, size } => source.in_memory(*offset, *size),
            Strings::Whole { bytes, size } => part(bytes, 0, *size),
            Strings::None | Strings::InFile { .. } => None,
        }
    }

    /// Calls `look` with parts of the table and the offset of each. Every string is in one part with
    /// the NULs before and after it. A part of a large table is read into `buffer`.
    ///
    /// # Errors
    /// When it cannot be read, and those of `look`.
    pub(super) fn in_parts(
        &self,
        source: &Source,
        buffer: &mut Vec<u8>,
        look: LookAtPart,
    ) -> Result<(), Fault> {
        if let Some(table) = self.table(source) {
            return look(0, table);
        }
        let Strings::InFile { offset, size, .. } = self else {
            return Ok(());
        };
        let (mut at, mut part_bytes) = (0, PART_BYTES);
        loop {
            let left = size - at;
            let bytes = source.bytes_into(offset + at, left.min(part_bytes), buffer)?;
            if left <= part_bytes {
                return look(at, bytes);
            }
            // The last NUL is also the first byte of the next part.
            match memchr::memrchr(0, bytes).filter(|&end| end > 0) {
                Some(end) => {
                    look(at, bytes.get(..=end).unwrap_or(bytes))?;
                    at += end as u64;
                    part_bytes = PART_BYTES;
                }
                None => part_bytes *= 2,
            }
        }
    }

    /// A copy of the whole table. The memory of `buffer` is used for a large one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn copied(&self, source: &Source, mut buffer: Vec<u8>) -> Result<Vec<u8>, Fault> {
        if let Some(table) = self.table(source) {
            return Ok(table.to_vec());
        }
        match self {
            Strings::None | Strings::InMemory { .. } | Strings::Whole { .. } => Ok(Vec::new()),
            Strings::InFile { offset, size, .. } => {
                let length = source.bytes_into(*offset, *size, &mut buffer)?.len();
                buffer.truncate(length);
                Ok(buffer)
            }
        }
    }
}

impl Window {
    fn name(&self, offset: u64) -> Option<OsString> {
        let start = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        let name = until_nul(self.bytes.get(start..)?)?;
        Some(OsString::from_vec(name.to_vec()))
    }
}

/// The bytes before the first NUL. `None` if there is no NUL.
pub(super) fn until_nul(bytes: &[u8]) -> Option<&[u8]> {
    memchr::memchr(0, bytes).and_then(|end| bytes.get(..end))
}
