//! JPEG files. A file is whole when its markers follow each other up to the first scan, and it ends
//! with EOI.

use super::Depth;
use super::Format;
use super::fault::Fault;
use super::header::{Decoding, Header};
use super::source::{Order, Source};

/// The first bytes.
pub(super) const MAGIC: [u8; 3] = [0xff, 0xd8, 0xff];
/// Limit for the segments.
const MOST_SEGMENTS: usize = 1 << 20;
/// How far from the end EOI is searched: some writers add data after it.
const TAIL_BYTES: u64 = 64 << 10;
/// How much of a scan is read at a time.
const PART_BYTES: usize = 64 << 10;

const BIG: Order = Order::Big;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

/// Checks a file. `found` gets what its header has. With [`Depth::Deep`] all segments are walked; the
/// pixels are never decoded.
pub(super) fn examine(
    source: &mut Source,
    depth: Depth,
    found: &mut Option<Header>,
) -> Result<Decoding, Fault> {
    let mut at = 2;
    for _ in 0..MOST_SEGMENTS {
        let marker = marker(source, &mut at)?;
        let length = match marker {
            END_OF_IMAGE => break,
            // Markers without a segment: RST, SOI and TEM.
            0x01 | 0xd0..=0xd8 => continue,
            _ => BIG.u16(source.at_most(at, 2)?, 0),
        };
        let length = length.ok_or_else(no_end)?;
        if length < 2 {
            return Err(Fault::damaged(format!("invalid segment at byte {at}")));
        }
        let end = at + u64::from(length);
        if end > source.size {
            return Err(no_end());
        }
        // Start of frame; C4, C8 and CC are other segments.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            *found = Some(frame(source.bytes(at, usize::from(length))?, marker)?);
        }
        at = end;
        if marker == START_OF_SCAN {
            if found.is_none() {
                return Err(Fault::damaged("a scan without a frame"));
            }
            if depth != Depth::Deep {
                return ensure_end(source, at).map(|()| Decoding::NotAsked);
            }
            at = end_of_scan(source, at)?;
        }
    }
    match found {
        Some(_) if depth == Depth::Deep => Ok(Decoding::NotDecoded),
        Some(_) => Ok(Decoding::NotAsked),
        None => Err(Fault::damaged("no frame")),
    }
}

fn no_end() -> Fault {
    Fault::truncated("the file ends before the marker EOI")
}

/// The next marker. Fill bytes may precede it.
fn marker(source: &mut Source, at: &mut u64) -> Result<u8, Fault> {
    let start = *at;
    loop {
        let [first, second] = *source.at_most(*at, 2)? else {
            return Err(no_end());
        };
        match (first, second) {
            (0xff, 0xff) => *at += 1,
            (0xff, marker) if marker != 0 => {
                *at += 2;
                return Ok(marker);
            }
            _ => return Err(Fault::damaged(format!("no marker at byte {start}"))),
        }
    }
}

fn frame(segment: &[u8], marker: u8) -> Result<Header, Fault> {
    let invalid = || Fault::damaged("invalid frame");
    let size = |at| BIG.u16(segment, at).map(u64::from).ok_or_else(invalid);
    let (Some(depth), Some(components)) = (segment.get(2), segment.get(7)) else {
        return Err(invalid());
    };
    let (height, width) = (size(3)?, size(5)?);
    let is_whole = segment.len() == 8 + 3 * usize::from(*components);
    if width == 0 || !is_whole {
        return Err(invalid());
    }
    let channels = match components {
        1 => "Y".to_owned(),
        3 => "RGB".to_owned(),
        4 => "CMYK".to_owned(),
        count => format!("{count} channels"),
    };
    let compression = match marker {
        0xc0 | 0xc1 => "jpeg",
        0xc2 => "progressive jpeg",
        _ => "other jpeg",
    };
    Ok(Header {
        format: Format::Jpeg,
        width,
        height,
        channels,
        sample_type: format!("uint{depth}"),
        compression: compression.to_owned(),
        data_window: None,
    })
}

/// Where the marker after a scan is.
fn end_of_scan(source: &mut Source, start: u64) -> Result<u64, Fault> {
    let mut at = start;
    source.expect_parts(1, 0);
    loop {
        let part = source.at_most(at, PART_BYTES)?;
        let is_last = part.len() < PART_BYTES;
        let is_marker = |pair: &[u8]| {
            pair.first() == Some(&0xff)
                && !matches!(pair.get(1), Some(0 | 0xd0..=0xd7 | 0xff) | None)
        };
        if let Some(found) = part.windows(2).position(is_marker) {
            return Ok(at + found as u64);
        }
        if is_last {
            return Err(no_end());
        }
        // The last byte may begin a marker.
        at += PART_BYTES as u64 - 1;
    }
}

/// Checks that EOI is at the end of the file.
fn ensure_end(source: &mut Source, scan: u64) -> Result<(), Fault> {
    let has_marker = |part: &[u8]| part.windows(2).any(|pair| pair == [0xff, END_OF_IMAGE]);
    let near = source.size.saturating_sub(2).max(scan);
    if has_marker(source.at_most(near, 2)?) {
        return Ok(());
    }
    let tail = source.size.saturating_sub(TAIL_BYTES).max(scan);
    match has_marker(source.at_most(tail, TAIL_BYTES as usize)?) {
        true => Ok(()),
        false => Err(no_end()),
    }
}
