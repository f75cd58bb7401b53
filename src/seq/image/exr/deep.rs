//! The chunks of deep images: for each pixel the number of its samples, then the samples.

use super::chunk::{Context, Extent, Sizes};
use super::compression::Compression;
use crate::seq::image::header::Decoding;
use crate::seq::image::inflate;
use crate::seq::image::source::{MOST_BYTES, Order};

/// Checks the table of a chunk, and its samples as far as their compression is known.
pub(super) fn decode(
    context: &Context,
    sizes: &Sizes,
    data: &[u8],
    extent: Extent,
) -> Result<Decoding, &'static str> {
    const INVALID: &str = "invalid table of deep samples";
    let table_length = usize::try_from(sizes.table).map_err(|_| INVALID)?;
    let (table, samples) = data.split_at_checked(table_length).ok_or(INVALID)?;
    let place = &context.place;
    let table_size = place.width.checked_mul(place.height).ok_or(INVALID)?;
    let table_size = table_size.checked_mul(4).ok_or(INVALID)?;
    if table_size > MOST_BYTES as u64 || context.compression == Compression::Zstd {
        return Ok(Decoding::NotDecoded);
    }
    let coder = coder(context.compression);
    let expanded;
    let counts = match coder {
        // OpenEXR writes tables of tiles at the edge with the size of a whole tile.
        _ if table.len() as u64 >= table_size => table,
        Some(coder) => {
            expanded = reconstruct(match coder {
                Coder::Rle => inflate::rle_bytes(table, table_size)?,
                Coder::Zlib => inflate::zlib_bytes(table, table_size)?,
            });
            &*expanded
        }
        None => return Err(INVALID),
    };
    let counts = counts.get(..usize::try_from(table_size).map_err(|_| INVALID)?);
    let total = total_samples(counts.ok_or(INVALID)?, place.width).ok_or(INVALID)?;
    let of_sample: u64 = context
        .part
        .channels
        .iter()
        .map(|channel| channel.pixel.bytes())
        .sum();
    if total.checked_mul(of_sample) != Some(sizes.unpacked) {
        return Err("the size of deep samples is not that of the table");
    }
    if extent == Extent::Table {
        return Ok(Decoding::Decoded);
    }
    match coder {
        _ if samples.len() as u64 == sizes.unpacked => {}
        Some(Coder::Rle) => inflate::rle(samples, sizes.unpacked)?,
        Some(Coder::Zlib) => inflate::zlib(samples, sizes.unpacked)?,
        None => return Err("invalid size"),
    }
    Ok(Decoding::Decoded)
}

/// How deep data is compressed.
#[derive(Clone, Copy, Debug)]
enum Coder {
    Rle,
    Zlib,
}

/// `None`: deep data is stored as it is.
fn coder(compression: Compression) -> Option<Coder> {
    match compression {
        Compression::Rle => Some(Coder::Rle),
        Compression::Zips => Some(Coder::Zlib),
        Compression::None
        | Compression::Zip
        | Compression::Piz
        | Compression::Pxr24
        | Compression::B44
        | Compression::B44a
        | Compression::Dwaa
        | Compression::Dwab
        | Compression::Htj2k256
        | Compression::Htj2k32
        | Compression::Lj2k
        | Compression::Zstd => None,
    }
}

/// The samples of all pixels. The table counts those of a line from its beginning; `None` if a count
/// becomes smaller.
fn total_samples(counts: &[u8], width: u64) -> Option<u64> {
    let line = usize::try_from(width.checked_mul(4)?).ok()?;
    let mut total = 0_u64;
    for line in counts.chunks(line.max(4)) {
        let mut last = 0;
        for count in line.chunks_exact(4) {
            let count = Order::Little.i32(count, 0).filter(|count| *count >= last)?;
            last = count;
        }
        total = total.checked_add(u64::try_from(last).ok()?)?;
    }
    Some(total)
}

/// Reverts what precedes the compression: each byte is the difference to the one before, and the bytes
/// at odd places are in the second half.
fn reconstruct(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut last = 0_u8;
    for (number, byte) in bytes.iter_mut().enumerate() {
        if number > 0 {
            *byte = last.wrapping_add(*byte).wrapping_sub(128);
        }
        last = *byte;
    }
    let (even, odd) = bytes.split_at(bytes.len().div_ceil(2));
    let mut result = Vec::with_capacity(bytes.len());
    for (number, byte) in even.iter().enumerate() {
        result.push(*byte);
        result.extend(odd.get(number));
    }
    result
}
