//! A table of an object. A small one is in memory, a large one is read block by block as it is used.

use std::cell::RefCell;
use std::rc::Rc;

use crate::elf::parse::Object;
use crate::elf::reader::Fault;

/// Tables up to this size are read at once.
const SMALL_BYTES: u64 = 512 << 10;
/// The size of a block.
const BLOCK_BYTES: u64 = 16 << 10;
/// Limit for the length of a symbol's name.
const MOST_NAME_BYTES: u64 = 64 << 10;

/// A part of a file.
#[derive(Debug)]
pub(super) enum Region {
    Whole(Vec<u8>),
    InBlocks {
        object: Rc<Object>,
        offset: u64,
        size: u64,
        /// The blocks that have been read, by number.
        blocks: RefCell<Vec<Option<Vec<u8>>>>,
    },
}

impl Region {
    pub(super) fn empty() -> Region {
        Region::Whole(Vec::new())
    }

    /// The part at `address`, of `size` bytes or up to the end of its segment.
    ///
    /// # Errors
    /// When it is outside the file.
    pub(super) fn at(object: &Rc<Object>, address: u64, size: u64) -> Result<Region, Fault> {
        let (offset, left) = object
            .file_offset(address)
            .ok_or_else(|| Fault::broken("a symbol table is outside the file"))?;
        let in_file = object.source.size_bytes.saturating_sub(offset);
        let size = size.min(left).min(in_file);
        if size <= SMALL_BYTES {
            return Ok(Region::Whole(
                object.source.bytes(offset, size)?.into_owned(),
            ));
        }
        Ok(Region::InBlocks {
            object: object.clone(),
            offset,
            size,
            blocks: RefCell::default(),
        })
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Region::Whole(bytes) => bytes.len() as u64,
            Region::InBlocks { size, .. } => *size,
        }
    }

    /// Frees the blocks that have been read.
    pub(super) fn forget(&self) {
        match self {
            Region::Whole(_) => {}
            Region::InBlocks { blocks, .. } => blocks.borrow_mut().clear(),
        }
    }

    /// The `N` bytes at `at`. `None` beyond the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn array<const N: usize>(&self, at: u64) -> Result<Option<[u8; N]>, Fault> {
        if let Region::Whole(bytes) = self {
            return Ok(first_bytes(bytes, at));
        }
        if at.saturating_add(N as u64) > self.size() {
            return Ok(None);
        }
        if let Some(array) = self.with_bytes(at, |bytes| first_bytes(bytes, 0))? {
            return Ok(Some(array));
        }
        // It begins in one block and ends in the next.
        let mut array = [0; N];
        let mut done = 0;
        while let Some(rest) = array.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let got = self.with_bytes(at + done as u64, |bytes| {
                let got = bytes.len().min(rest.len());
                let from = bytes.get(..got).unwrap_or_default();
                rest.get_mut(..got)
                    .unwrap_or_default()
                    .copy_from_slice(from);
                got
            })?;
            if got == 0 {
                return Ok(None);
            }
            done += got;
        }
        Ok(Some(array))
    }

    /// Whether the string at `at` is `name`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn is_string(&self, at: u64, name: &[u8]) -> Result<bool, Fault> {
        let mut rest = name;
        let mut at = at;
        loop {
            enum Step {
                Equal(usize),
                Done(bool),
            }
            let step = self.with_bytes(at, |bytes| {
                let length = bytes.len().min(rest.len());
                if bytes.is_empty() || bytes.get(..length) != rest.get(..length) {
                    return Step::Done(false);
                }
                match bytes.get(rest.len()) {
                    Some(&next) => Step::Done(next == 0),
                    None => Step::Equal(length),
                }
            })?;
            match step {
                Step::Done(equal) => return Ok(equal),
                Step::Equal(length) => {
                    rest = rest.get(length..).unwrap_or_default();
                    at += length as u64;
                }
            }
        }
    }

    /// Reads the string at `at` into `name`. It is empty if it is outside or not terminated, and cut
    /// off if it is very long.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn string(&self, at: u64, name: &mut Vec<u8>) -> Result<(), Fault> {
        name.clear();
        let mut at = at;
        while (name.len() as u64) < MOST_NAME_BYTES {
            let (got, ended) = self.with_bytes(at, |bytes| {
                let end = memchr::memchr(0, bytes);
                let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
                name.extend_from_slice(part);
                (part.len(), end.is_some())
            })?;
            if ended {
                break;
            }
            if got == 0 {
                name.clear();
                break;
            }
            at += got as u64;
        }
        Ok(())
    }

    /// Calls `look` with the bytes from `at` to the end of the table or of the block.
    fn with_bytes<R>(&self, at: u64, look: impl FnOnce(&[u8]) -> R) -> Result<R, Fault> {
        match self {
            Region::Whole(bytes) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                Ok(look(bytes.get(at..).unwrap_or_default()))
            }
            Region::InBlocks {
                object,
                offset,
                size,
                blocks,
            } => {
                if at >= *size {
                    return Ok(look(&[]));
                }
                let number = at / BLOCK_BYTES;
                let index = usize::try_from(number).unwrap_or(usize::MAX);
                let within = usize::try_from(at % BLOCK_BYTES).unwrap_or(usize::MAX);
                if let Some(Some(block)) = blocks.borrow().get(index) {
                    return Ok(look(block.get(within..).unwrap_or_default()));
                }
                let start = number * BLOCK_BYTES;
                let length = BLOCK_BYTES.min(*size - start);
                let block = object.source.bytes(offset + start, length)?.into_owned();
                let mut blocks = blocks.borrow_mut();
                if blocks.len() <= index {
                    blocks.resize(index + 1, None);
                }
                let place = blocks.get_mut(index).map(|place| place.insert(block));
                let block = place.map(|block| &**block).unwrap_or_default();
                Ok(look(block.get(within..).unwrap_or_default()))
            }
        }
    }
}

/// The `N` bytes at `at`.
fn first_bytes<const N: usize>(bytes: &[u8], at: u64) -> Option<[u8; N]> {
    let rest = bytes.get(usize::try_from(at).ok()?..)?;
    rest.first_chunk::<N>().copied()
}
