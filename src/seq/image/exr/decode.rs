//! Decodes the pixels of a chunk, to check that it can be done. Nothing is kept.

use super::chunk::Context;
use super::compression::Compression;
use super::dwa;
use super::header::{Channel, Pixel};
use super::huffman;
use crate::seq::image::header::Decoding;
use crate::seq::image::inflate;
use crate::seq::image::source::Order;

/// The size of the bitmap of all 16-bit values.
const BITMAP_BYTES: u16 = 8192;

/// Checks the data of a chunk that is smaller than its pixels.
pub(super) fn decode(
    context: &Context,
    data: &[u8],
    unpacked: u64,
) -> Result<Decoding, &'static str> {
    match context.compression {
        Compression::None => return Err("less data than the image has"),
        Compression::Rle => inflate::rle(data, unpacked)?,
        Compression::Zips | Compression::Zip => inflate::zlib(data, unpacked)?,
        Compression::Pxr24 => pxr24(context, data)?,
        Compression::Piz => piz(data, unpacked)?,
        Compression::B44 | Compression::B44a => b44(context, data)?,
        Compression::Dwaa | Compression::Dwab => return dwa::decode(context, data),
        Compression::Htj2k256 | Compression::Htj2k32 | Compression::Lj2k | Compression::Zstd => {
            return Ok(Decoding::NotDecoded);
        }
    }
    Ok(Decoding::Decoded)
}

/// Floats have 24 bits.
fn pxr24(context: &Context, data: &[u8]) -> Result<(), &'static str> {
    let bytes = |channel: &Channel| match channel.pixel {
        Pixel::Uint => 4,
        Pixel::Half => 2,
        Pixel::Float => 3,
    };
    let size = context.place.size(&context.part.channels, bytes);
    inflate::zlib(data, size.ok_or("invalid size")?)
}

/// A bitmap of the values that occur, and Huffman codes.
fn piz(data: &[u8], unpacked: u64) -> Result<(), &'static str> {
    const ENDS: &str = "the PIZ data ends too early";
    let least = Order::Little.u16(data, 0).ok_or(ENDS)?;
    let most = Order::Little.u16(data, 2).ok_or(ENDS)?;
    if most >= BITMAP_BYTES {
        return Err("invalid PIZ data");
    }
    let bitmap = (usize::from(most) + 1).saturating_sub(usize::from(least));
    let rest = data.get(4 + bitmap..).ok_or(ENDS)?;
    let length = Order::Little.u32(rest, 0).ok_or(ENDS)?;
    let end = 4_usize.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
    let codes = rest.get(4..end).ok_or(ENDS)?;
    huffman::decode(codes, unpacked / 2, &mut |_, _| true)
}

/// Blocks of 4 by 4 samples with 14 bytes, or 3 bytes if all samples are equal.
fn b44(context: &Context, data: &[u8]) -> Result<(), &'static str> {
    const ENDS: &str = "the B44 data ends too early";
    let mut rest = data;
    for channel in &context.part.channels {
        let (columns, rows) = (context.place.columns(channel), context.place.rows(channel));
        if channel.pixel != Pixel::Half {
            let size = columns.saturating_mul(rows).saturating_mul(4);
            let size = usize::try_from(size).map_err(|_| ENDS)?;
            rest = rest.get(size..).ok_or(ENDS)?;
            continue;
        }
        let blocks = columns.div_ceil(4).saturating_mul(rows.div_ceil(4));
        for _ in 0..blocks {
            let is_flat = *rest.get(2).ok_or(ENDS)? >= 13 << 2;
            rest = rest.get(if is_flat { 3 } else { 14 }..).ok_or(ENDS)?;
        }
    }
    match rest.is_empty() {
        true => Ok(()),
        false => Err("more data than the image has"),
    }
}
