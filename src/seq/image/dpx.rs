//! DPX files, versions 1 and 2, in both byte orders. A file is whole when it has the pixels of all
//! image elements.

use super::Depth;
use super::Format;
use super::fault::Fault;
use super::header::{Decoding, Header};
use super::source::{Order, Source};

/// The first bytes: `SDPX` in big-endian files.
pub(super) const MAGIC: u32 = u32::from_be_bytes(*b"SDPX");
/// The size of the headers that every file has.
const HEADER_BYTES: usize = 1664;
/// Where the image elements begin, and the size of each.
const ELEMENTS: usize = 780;
const ELEMENT_BYTES: usize = 72;
const MOST_ELEMENTS: u16 = 8;
/// A number that the writer did not set.
const UNDEFINED: u32 = u32::MAX;

/// An image element.
struct Element {
    descriptor: u8,
    bits: u8,
    packing: u16,
    is_compressed: bool,
    offset: u32,
    line_padding: u64,
}

/// Checks a file. `found` gets what its header has.
pub(super) fn examine(
    source: &mut Source,
    depth: Depth,
    found: &mut Option<Header>,
) -> Result<Decoding, Fault> {
    let size = source.size;
    let header = source.at_most(0, HEADER_BYTES)?;
    let order = match Order::Big.u32(header, 0) {
        Some(MAGIC) => Order::Big,
        Some(_) | None => Order::Little,
    };
    if header.len() < HEADER_BYTES {
        return Err(Fault::truncated("the file ends in the header"));
    }
    let number = |at| order.u32(header, at).unwrap_or(0);
    let (image, declared) = (number(4), number(16));
    let (width, height) = (u64::from(number(772)), u64::from(number(776)));
    let count = order.u16(header, 770).unwrap_or(0);
    let is_valid = |size: u64| size > 0 && size < u64::from(UNDEFINED);
    if !is_valid(width) || !is_valid(height) || !(1..=MOST_ELEMENTS).contains(&count) {
        return Err(Fault::damaged("invalid size or number of image elements"));
    }
    let elements: Vec<Element> = (0..usize::from(count))
        .filter_map(|number| element(header, ELEMENTS + number * ELEMENT_BYTES, order, image))
        .collect();
    *found = Some(summary(width, height, &elements));
    for element in &elements {
        let offset = u64::from(element.offset);
        if offset < HEADER_BYTES as u64 {
            return Err(Fault::damaged("an image element begins in the header"));
        }
        let unset = declared == UNDEFINED;
        let declared = if unset { 0 } else { u64::from(declared) };
        let (least, most) = match element.lines(width) {
            Some((least, most)) => (least.checked_mul(height), most.checked_mul(height)),
            // Compressed, or of an unknown form: only the size of the file is known.
            None => (Some(1), Some(declared)),
        };
        let end = |bytes: Option<u64>| bytes.and_then(|bytes| offset.checked_add(bytes));
        let (Some(least), Some(most)) = (end(least), end(most)) else {
            return Err(Fault::damaged("the image is too large"));
        };
        // Lines end with unused bytes in the files of some writers.
        let needed = least.max(declared.min(most));
        if needed > size {
            let missing = needed - size;
            return Err(Fault::truncated(format!("{missing} bytes are missing")));
        }
    }
    let is_known = elements.iter().all(|element| !element.is_compressed);
    Ok(match depth {
        Depth::Deep if is_known => Decoding::Decoded,
        Depth::Deep => Decoding::NotDecoded,
        Depth::Quick | Depth::Headers => Decoding::NotAsked,
    })
}

fn element(header: &[u8], at: usize, order: Order, image: u32) -> Option<Element> {
    let offset = order.u32(header, at + 28)?;
    let padding = order.u32(header, at + 32)?;
    Some(Element {
        descriptor: *header.get(at + 20)?,
        bits: *header.get(at + 23)?,
        packing: order.u16(header, at + 24)?,
        is_compressed: order.u16(header, at + 26)? == 1,
        // Some writers set only the offset of the whole image.
        offset: if matches!(offset, 0 | UNDEFINED) {
            image
        } else {
            offset
        },
        line_padding: if padding == UNDEFINED {
            0
        } else {
            u64::from(padding)
        },
    })
}

impl Element {
    /// The samples of a pixel.
    fn samples(&self) -> Option<u64> {
        match self.descriptor {
            1..=9 => Some(1),
            50 => Some(3),
            51 | 52 => Some(4),
            // 4:2:2: each pixel has one of the two color samples.
            100 => Some(2),
            101 | 102 => Some(3),
            103 => Some(4),
            150..=156 => Some(u64::from(self.descriptor) - 148),
            _ => None,
        }
    }

    /// The least and the most bytes of a line; `None` if they cannot be known.
    fn lines(&self, width: u64) -> Option<(u64, u64)> {
        let samples = self.samples().filter(|_| !self.is_compressed)?;
        let samples = width.checked_mul(samples)?;
        let bits = match (self.bits, self.packing) {
            (bits @ (1 | 8 | 16 | 32 | 64), _) | (bits @ (10 | 12), 0) => {
                samples.checked_mul(u64::from(bits))?
            }
            // Three samples in 32 bits.
            (10, _) => samples.checked_mul(32)?.div_ceil(3),
            (12, _) => samples.checked_mul(16)?,
            _ => return None,
        };
        let (least, most) = (bits / 8, bits.div_ceil(32) * 4);
        let padding = self.line_padding;
        Some((least.checked_add(padding)?, most.checked_add(padding)?))
    }
}

fn summary(width: u64, height: u64, elements: &[Element]) -> Header {
    let name = |element: &Element| match element.descriptor {
        1 => "R".to_owned(),
        2 => "G".to_owned(),
        3 => "B".to_owned(),
        4 => "A".to_owned(),
        6 => "Y".to_owned(),
        8 => "Z".to_owned(),
        50 => "RGB".to_owned(),
        51 => "RGBA".to_owned(),
        52 => "ABGR".to_owned(),
        100 => "CbYCrY".to_owned(),
        102 => "CbYCr".to_owned(),
        other => format!("descriptor {other}"),
    };
    let names: Vec<String> = elements.iter().map(name).collect();
    let first = elements.first();
    Header {
        format: Format::Dpx,
        width,
        height,
        channels: names.join(","),
        sample_type: first.map_or(String::new(), |element| match element.bits {
            bits @ (32 | 64) => format!("float{bits}"),
            bits => format!("uint{bits}"),
        }),
        compression: match first.is_some_and(|element| element.is_compressed) {
            true => "rle".to_owned(),
            false => "none".to_owned(),
        },
        data_window: None,
    }
}
