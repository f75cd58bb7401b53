//! The dynamic string table of an object. A small one is read at once, a large one in parts.

use std::cell::RefCell;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::reader::{Fault, Source, part};

/// The size of the part read from a larger table. A quarter of it is before the requested offset.
const WINDOW_BYTES: u64 = 16 << 10;
/// String tables up to this size are read at once.
const SMALL_STRINGS_BYTES: u64 = 64 << 10;

/// The dynamic string table.
#[derive(Debug)]
pub(super) enum Strings {
    None,
    Whole(Vec<u8>),
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
        if part(source.head(), offset, size).is_some() || size <= SMALL_STRINGS_BYTES {
            return Ok(Strings::Whole(source.bytes(offset, size)?));
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
        match self {
            Strings::None => Err(outside()),
            Strings::Whole(table) => {
                let start = usize::try_from(offset).map_err(|_| outside())?;
                let rest = table.get(start..).ok_or_else(outside)?;
                let most = usize::try_from(most).unwrap_or(usize::MAX);
                let within = rest.get(..=most);
                match until_nul(within.unwrap_or(rest)) {
                    Some(bytes) => Ok(OsString::from_vec(bytes.to_vec())),
                    None if within.is_some() => Err(too_long()),
                    None => Err(outside()),
                }
            }
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
                    window.bytes = source.bytes(at + window.start, before + left.min(after))?;
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

    /// The whole table. A large one is read into `buffer`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn all<'a>(
        &'a self,
        source: &'a Source,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Fault> {
        match self {
            Strings::None => Ok(&[]),
            Strings::Whole(table) => Ok(table),
            Strings::InFile { offset, size, .. } => source.bytes_into(*offset, *size, buffer),
        }
    }

    /// A copy of the whole table. The memory of `buffer` is used for a large one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn copied(&self, source: &Source, mut buffer: Vec<u8>) -> Result<Vec<u8>, Fault> {
        match self {
            Strings::None => Ok(Vec::new()),
            Strings::Whole(table) => Ok(table.clone()),
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
