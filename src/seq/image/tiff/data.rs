//! The strips or tiles of a TIFF image.

use super::directory::{Directory, File};
use crate::seq::image::Depth;
use crate::seq::image::fault::Fault;
use crate::seq::image::header::Decoding;
use crate::seq::image::inflate;
use crate::seq::image::source::{MOST_BYTES, Source};

/// Checks that the strips or tiles are in the file, and with [`Depth::Deep`] that they can be decoded.
pub(super) fn check(
    source: &mut Source,
    _file: &File,
    image: &Directory,
    depth: Depth,
) -> Result<Decoding, Fault> {
    let grid = Grid::of(image).ok_or_else(|| Fault::damaged("invalid size of the image"))?;
    let (name, count) = (grid.name, grid.count);
    let has_all = image.offsets.len() as u64 == count && image.counts.len() as u64 == count;
    if !has_all {
        let found = image.offsets.len().min(image.counts.len());
        return Err(Fault::incomplete(format!("{found} of {count} {name}s")));
    }
    let places = || {
        image
            .offsets
            .iter()
            .copied()
            .zip(image.counts.iter().copied())
    };
    let is_unwritten = |(offset, count): &(u64, u64)| *offset == 0 || *count == 0;
    let unwritten = places().filter(is_unwritten).count();
    if unwritten > 0 {
        let detail = format!("{unwritten} of {count} {name}s were not written");
        return Err(Fault::incomplete(detail));
    }
    let is_past_end = |(offset, count): &(u64, u64)| {
        offset
            .checked_add(*count)
            .is_none_or(|end| end > source.size)
    };
    let past_end = places().filter(is_past_end).count();
    if past_end > 0 {
        let detail = format!("{past_end} of {count} {name}s are past the end of the file");
        return Err(Fault::truncated(detail));
    }
    let is_short = |(number, (_, size)): (u64, (u64, u64))| {
        image.compression == 1 && grid.bytes(number).is_some_and(|expected| size < expected)
    };
    let mut numbered = (0..).zip(places());
    if let Some((number, _)) = numbered.find(|place| is_short(*place)) {
        return Err(Fault::damaged(format!("{name} {number} is too small")));
    }
    match depth {
        Depth::Deep => decode(source, image, &grid),
        Depth::Quick | Depth::Headers => Ok(Decoding::NotAsked),
    }
}

/// The strips or tiles that an image must have.
struct Grid {
    name: &'static str,
    count: u64,
    /// The number in each plane.
    of_plane: u64,
    /// The bytes of a line of a strip or tile; `None` if they cannot be known.
    line: Option<u64>,
    /// The lines of each, and of the last.
    rows: u64,
    last_rows: u64,
}

impl Grid {
    fn of(image: &Directory) -> Option<Grid> {
        let is_valid = image.width > 0
            && image.height > 0
            && image.samples > 0
            && image.samples <= u64::from(u16::MAX)
            && image.bits <= 64
            && image.width.max(image.height) <= u64::from(u32::MAX);
        if !is_valid {
            return None;
        }
        let planes = if image.is_planar { image.samples } else { 1 };
        let samples = if image.is_planar { 1 } else { image.samples };
        // Subsampled color has another arrangement.
        let is_plain = image.photometric != 6 || image.subsampling == Some((1, 1));
        let line = |width: u64| {
            let bits = width.checked_mul(samples)?.checked_mul(image.bits)?;
            Some(bits.div_ceil(8)).filter(|_| is_plain)
        };
        if let Some((width, height)) = image.tile {
            let across = image
                .width
                .checked_add(width)?
                .checked_sub(1)?
                .checked_div(width)?;
            let down = image
                .height
                .checked_add(height)?
                .checked_sub(1)?
                .checked_div(height)?;
            let of_plane = across.checked_mul(down)?;
            return Some(Grid {
                name: "tile",
                count: of_plane.checked_mul(planes)?,
                of_plane,
                line: line(width),
                rows: height,
                last_rows: height,
            });
        }
        let rows = image.rows_per_strip.min(image.height);
        let of_plane = image
            .height
            .checked_add(rows)?
            .checked_sub(1)?
            .checked_div(rows)?;
        Some(Grid {
            name: "strip",
            count: of_plane.checked_mul(planes)?,
            of_plane,
            line: line(image.width),
            rows,
            last_rows: image.height - (of_plane - 1) * rows,
        })
    }

    /// The size of a strip or tile without compression.
    fn bytes(&self, number: u64) -> Option<u64> {
        let is_last = (number + 1).is_multiple_of(self.of_plane);
        self.line?
            .checked_mul(if is_last { self.last_rows } else { self.rows })
    }
}

fn decode(source: &mut Source, image: &Directory, grid: &Grid) -> Result<Decoding, Fault> {
    for (number, (offset, size)) in (0..).zip(image.offsets.iter().zip(&image.counts)) {
        let length = usize::try_from(*size).unwrap_or(usize::MAX);
        let is_known = matches!(image.compression, 1 | 5 | 8 | 32_773 | 32_946);
        let expected = grid.bytes(number);
        let Some(expected) = expected.filter(|_| is_known && image.fill_order == 1) else {
            return Ok(Decoding::NotDecoded);
        };
        if length > MOST_BYTES {
            return Ok(Decoding::NotDecoded);
        }
        let done = match image.compression {
            1 => Ok(()),
            5 => lzw(source.bytes(*offset, length)?, expected),
            32_773 => packbits(source.bytes(*offset, length)?, expected),
            _ => inflate::zlib(source.bytes(*offset, length)?, expected),
        };
        let name = grid.name;
        done.map_err(|why| Fault::damaged(format!("{name} {number}: {why}")))?;
    }
    Ok(Decoding::Decoded)
}

/// Checks that a PackBits stream has at least `expected` bytes.
fn packbits(mut data: &[u8], expected: u64) -> Result<(), &'static str> {
    const ENDS: &str = "the PackBits data ends too early";
    let mut total = 0_u64;
    while total < expected {
        let (count, rest) = data.split_first().ok_or(ENDS)?;
        let count = i8::from_le_bytes([*count]);
        let (taken, added) = match count {
            i8::MIN => (0, 0),
            0.. => (
                usize::from(count.unsigned_abs()) + 1,
                u64::from(count.unsigned_abs()) + 1,
            ),
            _ => (1, u64::from(count.unsigned_abs()) + 1),
        };
        data = rest.get(taken..).ok_or(ENDS)?;
        total += added;
    }
    Ok(())
}

/// Checks that an LZW stream has at least `expected` bytes. Only the lengths of the strings are held.
fn lzw(data: &[u8], expected: u64) -> Result<(), &'static str> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    const MOST_STRINGS: usize = 4096;
    let mut lengths: Vec<u64> = Vec::with_capacity(MOST_STRINGS);
    let (mut held, mut bits, mut width) = (0_u32, 0_u32, 9_u32);
    let (mut total, mut last): (u64, Option<u64>) = (0, None);
    let mut bytes = data.iter();
    lengths.resize(END + 1, 1);
    while total < expected {
        while bits < width {
            let byte = bytes.next().ok_or("the LZW data ends too early")?;
            held = (held << 8) | u32::from(*byte);
            bits += 8;
        }
        bits -= width;
        let code = usize::try_from(held >> bits).unwrap_or(END);
        held &= (1 << bits) - 1;
        match code {
            CLEAR => {
                lengths.truncate(END + 1);
                (width, last) = (9, None);
                continue;
            }
            END => return Err("less data than the image has"),
            _ => {}
        }
        // A new string is the one before, and the first byte of this one.
        let new = last.map(|last| last + 1);
        let known = lengths.get(code).copied();
        let length = match (known, new) {
            (Some(length), _) => length,
            (None, Some(new)) if code == lengths.len() => new,
            (None, _) => return Err("invalid LZW data"),
        };
        total += length;
        if let Some(new) = new.filter(|_| lengths.len() < MOST_STRINGS) {
            lengths.push(new);
        }
        // The width grows one code early.
        width = match lengths.len() {
            ..511 => 9,
            511..1023 => 10,
            1023..2047 => 11,
            _ => 12,
        };
        last = Some(length);
    }
    Ok(())
}
