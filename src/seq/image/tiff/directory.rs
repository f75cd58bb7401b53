//! The directories of a TIFF file: the tags of an image.

use crate::seq::image::fault::Fault;
use crate::seq::image::source::{Order, Source};

/// Limit for the values of a tag: the strips of an image.
const MOST_VALUES: u64 = 16 << 20;

/// Byte order and variant of a file.
pub(super) struct File {
    order: Order,
    is_big: bool,
    /// Where the first directory is; 0 if there is none.
    pub first: u64,
}

/// The tags of an image that matter.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub width: u64,
    pub height: u64,
    pub bits: u64,
    pub samples: u64,
    pub compression: u64,
    pub photometric: u64,
    pub sample_format: u64,
    pub is_planar: bool,
    /// 1: the first bit of a byte is the highest.
    pub fill_order: u64,
    pub rows_per_strip: u64,
    /// Width and height of the tiles; `None` for strips.
    pub tile: Option<(u64, u64)>,
    pub offsets: Vec<u64>,
    pub counts: Vec<u64>,
    /// Where the directories of smaller versions are.
    pub children: Vec<u64>,
    /// Horizontal and vertical subsampling of YCbCr.
    pub subsampling: Option<(u64, u64)>,
}

/// Whether a file begins like TIFF or BigTIFF.
pub(in super::super) fn is_tiff(start: &[u8]) -> bool {
    matches!(
        start.get(..4),
        Some(b"II*\0" | b"MM\0*" | b"II+\0" | b"MM\0+")
    )
}

impl File {
    /// Reads the header.
    pub(super) fn read(source: &mut Source) -> Result<File, Fault> {
        let header = source.at_most(0, 16)?;
        let order = match header.first() {
            Some(b'I') => Order::Little,
            Some(_) | None => Order::Big,
        };
        let is_big = order.u16(header, 2) == Some(43);
        let first = match is_big {
            true => order.u64(header, 8),
            false => order.u32(header, 4).map(u64::from),
        };
        let first = first.ok_or_else(|| Fault::truncated("the file ends in the header"))?;
        Ok(File {
            order,
            is_big,
            first,
        })
    }

    /// Reads a directory, and where the next one is.
    pub(super) fn directory(
        &self,
        source: &mut Source,
        at: u64,
    ) -> Result<(Directory, u64), Fault> {
        let ends = || Fault::truncated("the file ends before its directory");
        let (count_bytes, entry_bytes, offset_bytes) = match self.is_big {
            true => (8, 20, 8),
            false => (2, 12, 4),
        };
        let start = source.at_most(at, count_bytes)?;
        let count = match self.is_big {
            true => self.order.u64(start, 0),
            false => self.order.u16(start, 0).map(u64::from),
        };
        let count = count.ok_or_else(ends)?;
        let count = match usize::try_from(count) {
            Ok(0) => return Err(Fault::damaged("a directory without tags")),
            Ok(count) if count <= usize::from(u16::MAX) => count,
            Ok(_) | Err(_) => return Err(Fault::damaged("too many tags")),
        };
        let length = count * entry_bytes + offset_bytes;
        let table = source.at_most(at.saturating_add(count_bytes as u64), length)?;
        if table.len() < length {
            return Err(ends());
        }
        let table = table.to_vec();
        let next = self.offset(&table, count * entry_bytes).unwrap_or(0);
        let mut directory = Directory {
            bits: 1,
            samples: 1,
            compression: 1,
            fill_order: 1,
            rows_per_strip: u64::from(u32::MAX),
            ..Directory::default()
        };
        for entry in table.chunks_exact(entry_bytes).take(count) {
            self.tag(source, entry, &mut directory)?;
        }
        Ok((directory, next))
    }

    /// An offset, with the size that it has in this file.
    fn offset(&self, bytes: &[u8], at: usize) -> Option<u64> {
        match self.is_big {
            true => self.order.u64(bytes, at),
            false => self.order.u32(bytes, at).map(u64::from),
        }
    }

    fn tag(
        &self,
        source: &mut Source,
        entry: &[u8],
        directory: &mut Directory,
    ) -> Result<(), Fault> {
        let tag = self.order.u16(entry, 0).unwrap_or(0);
        if !matches!(
            tag,
            256..=259 | 262 | 266 | 273 | 277..=279 | 284 | 322..=325 | 330 | 339 | 530
        ) {
            return Ok(());
        }
        let values = self.values(source, entry, tag)?;
        let first = values.first().copied().unwrap_or(0);
        let tile = directory.tile.unwrap_or_default();
        match tag {
            256 => directory.width = first,
            257 => directory.height = first,
            258 => directory.bits = first,
            259 => directory.compression = first,
            262 => directory.photometric = first,
            266 => directory.fill_order = first,
            277 => directory.samples = first,
            278 => directory.rows_per_strip = first,
            284 => directory.is_planar = first == 2,
            322 => directory.tile = Some((first, tile.1)),
            323 => directory.tile = Some((tile.0, first)),
            273 | 324 => directory.offsets = values,
            279 | 325 => directory.counts = values,
            330 => directory.children = values,
            339 => directory.sample_format = first,
            _ => directory.subsampling = Some((first, values.get(1).copied().unwrap_or(first))),
        }
        Ok(())
    }

    /// The numbers of a tag: in the entry if they fit there, otherwise elsewhere in the file.
    fn values(&self, source: &mut Source, entry: &[u8], tag: u16) -> Result<Vec<u64>, Fault> {
        let invalid = || Fault::damaged(format!("invalid tag {tag}"));
        let size = match self.order.u16(entry, 2) {
            Some(1) => 1,
            Some(3) => 2,
            Some(4 | 13) => 4,
            Some(16 | 18) => 8,
            Some(_) | None => return Err(invalid()),
        };
        let count = self.offset(entry, 4).ok_or_else(invalid)?;
        if count == 0 || count > MOST_VALUES {
            return Err(invalid());
        }
        let count = usize::try_from(count).map_err(|_| invalid())?;
        let place = entry
            .get(if self.is_big { 12 } else { 8 }..)
            .unwrap_or_default();
        let length = count * size;
        let bytes = match place.get(..length) {
            Some(bytes) => bytes,
            None => {
                let at = self.offset(place, 0).ok_or_else(invalid)?;
                let found = source.at_most(at, length)?;
                if found.len() < length {
                    return Err(Fault::truncated(format!("the file ends in tag {tag}")));
                }
                found
            }
        };
        let number = |bytes: &[u8]| match size {
            1 => bytes.first().copied().map(u64::from),
            2 => self.order.u16(bytes, 0).map(u64::from),
            4 => self.order.u32(bytes, 0).map(u64::from),
            _ => self.order.u64(bytes, 0),
        };
        Ok(bytes.chunks_exact(size).filter_map(number).collect())
    }
}
