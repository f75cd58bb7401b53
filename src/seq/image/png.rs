//! PNG files. A file is whole when its chunks follow each other up to IEND.

use flate2::Crc;

use super::Depth;
use super::Format;
use super::fault::Fault;
use super::header::{Decoding, Header};
use super::inflate::Inflater;
use super::source::{Order, Source};

/// The first bytes.
pub(super) const MAGIC: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
/// Limit for the chunks.
const MOST_CHUNKS: usize = 4 << 20;
/// How much of a chunk is read at a time.
const PART_BYTES: usize = 64 << 10;

const BIG: Order = Order::Big;

/// The first chunk.
struct Ihdr {
    width: u64,
    height: u64,
    depth: u64,
    samples: u64,
    color: u8,
    is_interlaced: bool,
}

/// Checks a file. `found` gets what its header has.
pub(super) fn examine(
    source: &mut Source,
    depth: Depth,
    found: &mut Option<Header>,
) -> Result<Decoding, Fault> {
    let mut at = MAGIC.len() as u64;
    let mut image: Option<Pixels> = None;
    let mut has_palette = false;
    let mut has_data = false;
    for number in 0..MOST_CHUNKS {
        let header = source.at_most(at, 8)?;
        let (Some(length), Some(name)) = (BIG.u32(header, 0), header.get(4..8)) else {
            return Err(Fault::truncated("the file ends before the chunk IEND"));
        };
        let name: [u8; 4] = name.try_into().unwrap_or_default();
        let shown = String::from_utf8_lossy(&name).into_owned();
        if !name.iter().all(u8::is_ascii_alphabetic) || length > i32::MAX as u32 {
            return Err(Fault::damaged(format!("invalid chunk at byte {at}")));
        }
        let end = at + 12 + u64::from(length);
        if end > source.size {
            return Err(Fault::truncated(format!(
                "the file ends in a chunk {shown}"
            )));
        }
        if (number == 0) != (&name == b"IHDR") {
            return Err(Fault::damaged("the first chunk is not IHDR"));
        }
        if number == 0 {
            let ihdr = ihdr(source.bytes(at + 8, 13)?, length)?;
            *found = Some(summary(&ihdr));
            image = Some(Pixels::new(&ihdr));
        }
        let is_data = &name == b"IDAT";
        if is_data && !has_data {
            let count = source.size / (u64::from(length) + 12);
            source.expect_parts(count, source.size);
        }
        has_data |= is_data;
        has_palette |= &name == b"PLTE";
        if depth == Depth::Deep {
            let pixels = image.as_mut().filter(|_| is_data);
            decode(source, at + 4, u64::from(length), pixels)
                .map_err(|fault| fault_in(&shown, fault))?;
        }
        if &name == b"IEND" {
            return finish(depth, image.as_ref(), has_data, has_palette);
        }
        at = end;
    }
    Err(Fault::damaged("too many chunks"))
}

fn fault_in(chunk: &str, fault: Fault) -> Fault {
    Fault {
        detail: format!("chunk {chunk}: {}", fault.detail),
        ..fault
    }
}

/// The verdict at the last chunk.
fn finish(
    depth: Depth,
    image: Option<&Pixels>,
    has_data: bool,
    has_palette: bool,
) -> Result<Decoding, Fault> {
    let needs_palette = image.is_some_and(|image| image.needs_palette);
    if !has_data || needs_palette && !has_palette {
        return Err(Fault::damaged("no chunk IDAT or PLTE"));
    }
    match (depth, image) {
        (Depth::Deep, Some(image)) if !image.is_complete() => {
            Err(Fault::damaged("less data than the image has"))
        }
        (Depth::Deep, _) => Ok(Decoding::Decoded),
        (Depth::Quick | Depth::Headers, _) => Ok(Decoding::NotAsked),
    }
}

fn ihdr(data: &[u8], length: u32) -> Result<Ihdr, Fault> {
    let invalid = || Fault::damaged("invalid chunk IHDR");
    let size = |at| {
        BIG.u32(data, at)
            .filter(|size| (1..=i32::MAX as u32).contains(size))
    };
    let [depth, color, compression, filter, interlace] = *data.get(8..13).unwrap_or_default()
    else {
        return Err(invalid());
    };
    let (samples, depths): (u64, &[u8]) = match color {
        0 => (1, &[1, 2, 4, 8, 16]),
        2 => (3, &[8, 16]),
        3 => (1, &[1, 2, 4, 8]),
        4 => (2, &[8, 16]),
        6 => (4, &[8, 16]),
        _ => return Err(invalid()),
    };
    if length != 13 || !depths.contains(&depth) || compression != 0 || filter != 0 || interlace > 1
    {
        return Err(invalid());
    }
    Ok(Ihdr {
        width: u64::from(size(0).ok_or_else(invalid)?),
        height: u64::from(size(4).ok_or_else(invalid)?),
        depth: u64::from(depth),
        samples,
        color,
        is_interlaced: interlace == 1,
    })
}

fn summary(ihdr: &Ihdr) -> Header {
    let channels = match ihdr.color {
        0 => "Y",
        2 => "RGB",
        4 => "YA",
        6 => "RGBA",
        _ => "palette",
    };
    Header {
        format: Format::Png,
        width: ihdr.width,
        height: ihdr.height,
        channels: channels.to_owned(),
        sample_type: format!("uint{}", ihdr.depth),
        compression: "deflate".to_owned(),
        data_window: None,
    }
}

/// Inflates the image, and checks the filter of each line.
struct Pixels {
    inflater: Inflater,
    /// For each pass the bytes of a line, with its filter, and the number of lines.
    passes: Vec<(u64, u64)>,
    /// The bytes that the current line still lacks.
    line: u64,
    needs_palette: bool,
}

impl Pixels {
    fn new(ihdr: &Ihdr) -> Pixels {
        /// First column and line of each pass, and the steps.
        const ADAM7: [[u64; 4]; 7] = [
            [0, 0, 8, 8],
            [4, 0, 8, 8],
            [0, 4, 4, 8],
            [2, 0, 4, 4],
            [0, 2, 2, 4],
            [1, 0, 2, 2],
            [0, 1, 1, 2],
        ];
        let bits = ihdr.depth * ihdr.samples;
        let pass = |[x, y, step_x, step_y]: [u64; 4]| {
            let width = ihdr.width.saturating_sub(x).div_ceil(step_x);
            let height = ihdr.height.saturating_sub(y).div_ceil(step_y);
            (width > 0 && height > 0).then_some((1 + (width * bits).div_ceil(8), height))
        };
        let mut passes: Vec<(u64, u64)> = match ihdr.is_interlaced {
            true => ADAM7.into_iter().filter_map(pass).collect(),
            false => pass([0, 0, 1, 1]).into_iter().collect(),
        };
        passes.reverse();
        Pixels {
            inflater: Inflater::new(),
            passes,
            line: 0,
            needs_palette: ihdr.color == 3,
        }
    }

    fn is_complete(&self) -> bool {
        self.inflater.has_ended() && self.passes.is_empty() && self.line == 0
    }

    fn push(&mut self, data: &[u8]) -> Result<(), &'static str> {
        let (passes, line) = (&mut self.passes, &mut self.line);
        self.inflater.push(data, &mut |part| {
            let mut rest = part;
            while let Some(first) = rest.first() {
                if *line == 0 {
                    let Some((bytes, lines)) = passes.last_mut() else {
                        return false;
                    };
                    if *first > 4 {
                        return false;
                    }
                    *line = *bytes;
                    *lines -= 1;
                    if *lines == 0 {
                        passes.pop();
                    }
                }
                let taken = rest.len().min(usize::try_from(*line).unwrap_or(usize::MAX));
                *line -= taken as u64;
                rest = rest.get(taken..).unwrap_or_default();
            }
            true
        })
    }
}

/// Checks the CRC of a chunk, which begins with its name, and inflates its part of the image.
fn decode(
    source: &mut Source,
    at: u64,
    length: u64,
    mut pixels: Option<&mut Pixels>,
) -> Result<(), Fault> {
    let mut crc = Crc::new();
    let end = at + 4 + length;
    let mut position = at;
    while position < end {
        let wanted = usize::try_from(end - position).unwrap_or(usize::MAX);
        let part = source.bytes(position, wanted.min(PART_BYTES))?;
        crc.update(part);
        // The first part begins with the name.
        let data = part.get(if position == at { 4 } else { 0 }..);
        let taken = part.len() as u64;
        if let Some(pixels) = &mut pixels {
            pixels
                .push(data.unwrap_or_default())
                .map_err(Fault::damaged)?;
        }
        position += taken;
    }
    let expected = BIG.u32(source.bytes(end, 4)?, 0);
    match expected == Some(crc.sum()) {
        true => Ok(()),
        false => Err(Fault::damaged("wrong CRC")),
    }
}
