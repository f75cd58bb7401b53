//! The chunks of DWAA and DWAB: four streams, with the sizes of all in front.

use super::chunk::Context;
use super::header::{Channel, Pixel};
use super::huffman;
use crate::seq::image::header::Decoding;
use crate::seq::image::inflate;
use crate::seq::image::source::Order;

const LITTLE: Order = Order::Little;
const INVALID: &str = "invalid DWA data";
const ENDS: &str = "the DWA data ends too early";

/// Eleven numbers of 8 bytes.
const HEADER_BYTES: usize = 88;
/// The coefficients of a block of 8 by 8 samples, without the first.
const BLOCK: u64 = 63;

/// How the samples of a channel are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Unknown,
    LossyDct,
    Rle,
}

/// A rule that finds the scheme of a channel by the last part of its name.
struct Rule<'a> {
    suffix: &'a [u8],
    ignores_case: bool,
    pixel: u8,
    scheme: Scheme,
}

/// What precedes the streams.
struct Sizes {
    version: u64,
    unknown: u64,
    unknown_packed: u64,
    ac_packed: u64,
    dc_packed: u64,
    rle_packed: u64,
    rle: u64,
    rle_raw: u64,
    ac_count: u64,
    dc_count: u64,
    ac_coder: u64,
}

/// Checks a chunk.
pub(super) fn decode(context: &Context, data: &[u8]) -> Result<Decoding, &'static str> {
    let sizes = sizes(data).ok_or(ENDS)?;
    let mut rest = data.get(HEADER_BYTES..).ok_or(ENDS)?;
    match sizes.version {
        0 | 1 => {}
        2 => {
            let length = usize::from(LITTLE.u16(rest, 0).ok_or(ENDS)?);
            let rules = rules(rest.get(2..length).ok_or(INVALID)?)?;
            ensure_sizes(context, &sizes, &rules)?;
            rest = rest.get(length..).ok_or(ENDS)?;
        }
        _ => return Err("unknown version of DWA"),
    }
    let mut stream = |size: u64| -> Result<&[u8], &'static str> {
        let size = usize::try_from(size).map_err(|_| ENDS)?;
        let (stream, after) = rest.split_at_checked(size).ok_or(ENDS)?;
        rest = after;
        Ok(stream)
    };
    let unknown = stream(sizes.unknown_packed)?;
    let ac = stream(sizes.ac_packed)?;
    let dc = stream(sizes.dc_packed)?;
    let rle = stream(sizes.rle_packed)?;
    if !unknown.is_empty() || sizes.unknown > 0 {
        inflate::zlib(unknown, sizes.unknown)?;
    }
    blocks(&sizes, ac)?;
    if !dc.is_empty() || sizes.dc_count > 0 {
        inflate::zlib(dc, sizes.dc_count.checked_mul(2).ok_or(INVALID)?)?;
    }
    if sizes.rle_raw > 0 {
        inflate::rle(&inflate::zlib_bytes(rle, sizes.rle)?, sizes.rle_raw)?;
    }
    Ok(Decoding::Decoded)
}

fn sizes(data: &[u8]) -> Option<Sizes> {
    let number = |at: usize| LITTLE.u64(data, at * 8);
    Some(Sizes {
        version: number(0)?,
        unknown: number(1)?,
        unknown_packed: number(2)?,
        ac_packed: number(3)?,
        dc_packed: number(4)?,
        rle_packed: number(5)?,
        rle: number(6)?,
        rle_raw: number(7)?,
        ac_count: number(8)?,
        dc_count: number(9)?,
        ac_coder: number(10)?,
    })
}

fn rules(mut data: &[u8]) -> Result<Vec<Rule<'_>>, &'static str> {
    let mut rules = Vec::new();
    while !data.is_empty() {
        let length = memchr::memchr(0, data).ok_or(INVALID)?;
        let (suffix, rest) = data.split_at_checked(length).ok_or(INVALID)?;
        let [_, value, pixel, rest @ ..] = rest else {
            return Err(INVALID);
        };
        let scheme = match (value >> 2) & 3 {
            0 => Scheme::Unknown,
            1 => Scheme::LossyDct,
            2 => Scheme::Rle,
            _ => return Err(INVALID),
        };
        // The position among red, green and blue, plus one; 0 for other channels.
        if value >> 4 > 3 || *pixel > 2 {
            return Err(INVALID);
        }
        rules.push(Rule {
            suffix,
            ignores_case: value & 1 != 0,
            pixel: *pixel,
            scheme,
        });
        data = rest;
    }
    Ok(rules)
}

/// The scheme of a channel: that of the last rule that matches.
fn scheme(rules: &[Rule], channel: &Channel) -> Scheme {
    let after_dot = memchr::memrchr(b'.', &channel.name).map_or(0, |at| at + 1);
    let suffix = channel.name.get(after_dot..).unwrap_or_default();
    let pixel = match channel.pixel {
        Pixel::Uint => 0,
        Pixel::Half => 1,
        Pixel::Float => 2,
    };
    let matches = |rule: &&Rule| {
        let is_equal = match rule.ignores_case {
            true => suffix.eq_ignore_ascii_case(rule.suffix),
            false => suffix == rule.suffix,
        };
        rule.pixel == pixel && is_equal
    };
    let rule = rules.iter().rev().find(matches);
    rule.map_or(Scheme::Unknown, |rule| rule.scheme)
}

/// Checks the sizes of the streams: the channels determine them.
fn ensure_sizes(context: &Context, sizes: &Sizes, rules: &[Rule]) -> Result<(), &'static str> {
    let (mut unknown, mut rle, mut blocks) = (0_u64, 0_u64, 0_u64);
    for channel in &context.part.channels {
        let (columns, rows) = (context.place.columns(channel), context.place.rows(channel));
        let bytes = columns
            .saturating_mul(rows)
            .saturating_mul(channel.pixel.bytes());
        match scheme(rules, channel) {
            Scheme::Unknown => unknown = unknown.saturating_add(bytes),
            Scheme::Rle => rle = rle.saturating_add(bytes),
            Scheme::LossyDct => {
                let here = columns.div_ceil(8).saturating_mul(rows.div_ceil(8));
                blocks = blocks.saturating_add(here);
            }
        }
    }
    match sizes.unknown == unknown && sizes.rle_raw == rle && sizes.dc_count == blocks {
        true => Ok(()),
        false => Err("the sizes of the DWA data are not those of the channels"),
    }
}

/// Checks the coefficients of all blocks: each block has 63, of which zeros are stored as runs.
fn blocks(sizes: &Sizes, data: &[u8]) -> Result<(), &'static str> {
    if data.is_empty() && sizes.ac_count == 0 && sizes.dc_count == 0 {
        return Ok(());
    }
    let (mut complete, mut held, mut is_valid) = (0_u64, 0_u64, true);
    let mut coefficient = |value: u16| {
        let run = u64::from(value & 0xff);
        held += match (value & 0xff00 == 0xff00, run) {
            (true, 0) => BLOCK - held,
            (true, run) => run,
            (false, _) => 1,
        };
        is_valid &= held <= BLOCK;
        if held >= BLOCK {
            (complete, held) = (complete + 1, 0);
        }
    };
    match sizes.ac_coder {
        0 => huffman::decode(data, sizes.ac_count, &mut |value, times| {
            (0..times).for_each(|_| coefficient(value));
            true
        })?,
        1 => {
            let size = sizes.ac_count.checked_mul(2).ok_or(INVALID)?;
            let values = inflate::zlib_bytes(data, size)?;
            let values = values.chunks_exact(2);
            values
                .filter_map(|value| LITTLE.u16(value, 0))
                .for_each(&mut coefficient);
        }
        _ => return Err(INVALID),
    }
    match is_valid && complete == sizes.dc_count && held == 0 {
        true => Ok(()),
        false => Err(INVALID),
    }
}
