//! The headers of an EXR file: its parts, and what describes their chunks.

use std::collections::BTreeSet;

use super::attributes::{Reader, Values};
use crate::seq::image::fault::Fault;
use crate::seq::image::source::{Order, Source};

/// Limit for the parts.
const MOST_PARTS: usize = 4096;
/// Limit for coordinates, as in OpenEXR.
const MOST_COORDINATE: i32 = i32::MAX / 2;

/// The flags in the version field.
const TILED: u32 = 0x200;
const LONG_NAMES: u32 = 0x400;
const DEEP: u32 = 0x800;
const MULTI_PART: u32 = 0x1000;

const LITTLE: Order = Order::Little;

/// How the pixels are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Scanlines,
    Tiles,
    DeepScanlines,
    DeepTiles,
}

impl Storage {
    pub(super) fn is_tiled(self) -> bool {
        matches!(self, Storage::Tiles | Storage::DeepTiles)
    }

    pub(super) fn is_deep(self) -> bool {
        matches!(self, Storage::DeepScanlines | Storage::DeepTiles)
    }
}

/// The type of the samples of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pixel {
    Uint,
    Half,
    Float,
}

impl Pixel {
    pub(super) fn bytes(self) -> u64 {
        match self {
            Pixel::Uint | Pixel::Float => 4,
            Pixel::Half => 2,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Pixel::Uint => "uint",
            Pixel::Half => "half",
            Pixel::Float => "float",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Channel {
    pub name: Vec<u8>,
    pub pixel: Pixel,
    /// Only each n-th column and line has a sample.
    pub every_x: u32,
    pub every_y: u32,
}

/// A window in pixels; both ends are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Window {
    fn parse(value: &[u8], what: &str) -> Result<Window, Fault> {
        let number = |at| LITTLE.i32(value, at).unwrap_or(i32::MAX);
        let (left, top, right, bottom) = (number(0), number(4), number(8), number(12));
        let is_valid = left <= right
            && top <= bottom
            && left.min(top) > -MOST_COORDINATE
            && right.max(bottom) < MOST_COORDINATE;
        match is_valid {
            true => Ok(Window {
                left,
                top,
                right,
                bottom,
            }),
            false => Err(Fault::damaged(format!("invalid {what}"))),
        }
    }

    pub(super) fn width(self) -> u64 {
        u64::try_from(i64::from(self.right) - i64::from(self.left) + 1).unwrap_or(0)
    }

    pub(super) fn height(self) -> u64 {
        u64::try_from(i64::from(self.bottom) - i64::from(self.top) + 1).unwrap_or(0)
    }
}

/// Which smaller versions of the image there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Levels {
    One,
    Mipmap,
    Ripmap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tiles {
    pub width: u32,
    pub height: u32,
    pub levels: Levels,
    pub rounds_up: bool,
}

/// One image of the file.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub name: Vec<u8>,
    pub storage: Storage,
    pub channels: Vec<Channel>,
    pub compression: u8,
    pub data: Window,
    pub display: Window,
    pub tiles: Option<Tiles>,
    /// The number of chunks as the header has it.
    pub chunk_count: Option<i32>,
    /// The version of deep data.
    version: Option<i32>,
    pixel_aspect: [u8; 4],
}

/// The parts, and where the headers end.
pub(super) struct Header {
    pub parts: Vec<Part>,
    pub is_multi_part: bool,
    pub end: u64,
}

/// Reads the headers. The first four bytes have been checked.
pub(super) fn read(source: &mut Source) -> Result<Header, Fault> {
    let version = LITTLE.u32(source.bytes(0, 8)?, 4).unwrap_or(0);
    let flags = version & !0xff;
    let is_valid = version & 0xff == 2
        && flags & !(TILED | LONG_NAMES | DEEP | MULTI_PART) == 0
        && (flags & TILED == 0 || flags & (DEEP | MULTI_PART) == 0);
    if !is_valid {
        return Err(Fault::damaged("unknown version or flags"));
    }
    let mut reader = Reader {
        source,
        at: 8,
        longest_name: if flags & LONG_NAMES != 0 { 255 } else { 31 },
        attributes: 0,
    };
    let mut parts = Vec::new();
    while let Some(values) = reader.values()? {
        if parts.len() >= MOST_PARTS {
            return Err(Fault::damaged("too many parts"));
        }
        parts.push(part(values, flags)?);
        if flags & MULTI_PART == 0 {
            break;
        }
    }
    ensure_consistent(&parts, flags)?;
    Ok(Header {
        parts,
        is_multi_part: flags & MULTI_PART != 0,
        end: reader.at,
    })
}

/// Checks what the parts of a file must have in common.
fn ensure_consistent(parts: &[Part], flags: u32) -> Result<(), Fault> {
    let Some(first) = parts.first() else {
        return Err(Fault::damaged("the header has no attributes"));
    };
    let names: BTreeSet<&[u8]> = parts.iter().map(|part| &*part.name).collect();
    if names.len() < parts.len() {
        return Err(Fault::damaged("two parts have the same name"));
    }
    let is_like_first =
        |part: &Part| part.display == first.display && part.pixel_aspect == first.pixel_aspect;
    if !parts.iter().all(is_like_first) {
        return Err(Fault::damaged("the parts have different display windows"));
    }
    let has_unknown_version = |part: &Part| part.storage.is_deep() && part.version != Some(1);
    if parts.iter().any(has_unknown_version) {
        return Err(Fault::damaged("unknown version of deep data"));
    }
    let has_deep = parts.iter().any(|part| part.storage.is_deep());
    if has_deep && flags & DEEP == 0 {
        return Err(Fault::damaged("deep data without its flag"));
    }
    Ok(())
}

fn part(values: Values, flags: u32) -> Result<Part, Fault> {
    let missing = |name: &'static str| move || Fault::damaged(format!("no attribute {name}"));
    let is_new = flags & (MULTI_PART | DEEP) != 0;
    if is_new && (values.storage.is_none() || values.chunk_count.is_none())
        || flags & MULTI_PART != 0 && values.name.is_none()
        || flags & DEEP != 0 && values.version.is_none()
    {
        return Err(Fault::damaged(
            "no attribute name, type, version or chunkCount",
        ));
    }
    let storage = storage(values.storage.as_deref(), flags)?;
    let data_window = values.data_window.ok_or_else(missing("dataWindow"))?;
    let display_window = values.display_window.ok_or_else(missing("displayWindow"))?;
    let data = Window::parse(&data_window, "data window")?;
    let compression = values.compression.ok_or_else(missing("compression"))?;
    let one = || 1_f32.to_le_bytes().to_vec();
    let aspect = values.pixel_aspect.unwrap_or_else(one);
    let width = values.screen_width.unwrap_or_else(one);
    let order = values.line_order.unwrap_or_else(|| vec![0]);
    let tiles = match storage.is_tiled() {
        true => Some(tiles(&values.tiles.ok_or_else(missing("tiles"))?)?),
        false => None,
    };
    let channels = channels(&values.channels.ok_or_else(missing("channels"))?)?;
    ensure_sampling(&channels, data, storage)?;
    let is_positive = |value: &[u8], least: f32, most: f32| {
        let value = LITTLE.u32(value, 0).map_or(f32::NAN, f32::from_bits);
        (least..=most).contains(&value)
    };
    let order = order.first().copied().unwrap_or(u8::MAX);
    if !is_positive(&aspect, 1e-6, 1e6)
        || !is_positive(&width, 0.0, f32::MAX)
        || order > 2
        || order == 2 && !storage.is_tiled()
    {
        return Err(Fault::damaged("invalid attributes"));
    }
    Ok(Part {
        name: values.name.unwrap_or_default(),
        storage,
        channels,
        compression: compression.first().copied().unwrap_or(u8::MAX),
        data,
        display: Window::parse(&display_window, "display window")?,
        tiles,
        chunk_count: values.chunk_count.and_then(|value| LITTLE.i32(&value, 0)),
        version: values.version.and_then(|value| LITTLE.i32(&value, 0)),
        pixel_aspect: LITTLE.u32(&aspect, 0).unwrap_or(0).to_le_bytes(),
    })
}

fn storage(name: Option<&[u8]>, flags: u32) -> Result<Storage, Fault> {
    match name {
        _ if flags & TILED != 0 => Ok(Storage::Tiles),
        None if flags & (DEEP | MULTI_PART) == 0 => Ok(Storage::Scanlines),
        Some(b"scanlineimage") => Ok(Storage::Scanlines),
        Some(b"tiledimage") => Ok(Storage::Tiles),
        Some(b"deepscanline") => Ok(Storage::DeepScanlines),
        Some(b"deeptile") => Ok(Storage::DeepTiles),
        // The flags have priority.
        Some(_) if flags & (DEEP | MULTI_PART) == 0 => Ok(Storage::Scanlines),
        Some(_) | None => Err(Fault::damaged("unknown type of part")),
    }
}

fn tiles(value: &[u8]) -> Result<Tiles, Fault> {
    let size = |at| LITTLE.u32(value, at).unwrap_or(0);
    let mode = value.get(8).copied().unwrap_or(u8::MAX);
    let levels = match mode & 0xf {
        0 => Some(Levels::One),
        1 => Some(Levels::Mipmap),
        2 => Some(Levels::Ripmap),
        _ => None,
    };
    let is_valid = |size: u32| size > 0 && size <= i32::MAX as u32 / 4;
    match levels {
        Some(levels) if mode >> 4 <= 1 && is_valid(size(0)) && is_valid(size(4)) => Ok(Tiles {
            width: size(0),
            height: size(4),
            levels,
            rounds_up: mode >> 4 == 1,
        }),
        Some(_) | None => Err(Fault::damaged("invalid attribute tiles")),
    }
}

fn channels(mut value: &[u8]) -> Result<Vec<Channel>, Fault> {
    let invalid = || Fault::damaged("invalid attribute channels");
    let mut channels = Vec::new();
    loop {
        let length = memchr::memchr(0, value).ok_or_else(invalid)?;
        let (name, rest) = value.split_at_checked(length).ok_or_else(invalid)?;
        if name.is_empty() {
            break;
        }
        let rest = rest.get(1..).unwrap_or_default();
        let pixel = match LITTLE.i32(rest, 0) {
            Some(0) => Pixel::Uint,
            Some(1) => Pixel::Half,
            Some(2) => Pixel::Float,
            Some(_) | None => return Err(invalid()),
        };
        // Whether the values are linear, for B44: 0 or 1.
        if rest.get(4).is_none_or(|linear| *linear > 1) {
            return Err(invalid());
        }
        let every = |at| {
            LITTLE
                .i32(rest, at)
                .and_then(|every| u32::try_from(every).ok())
        };
        channels.push(Channel {
            name: name.to_vec(),
            pixel,
            every_x: every(8).filter(|every| *every > 0).ok_or_else(invalid)?,
            every_y: every(12).filter(|every| *every > 0).ok_or_else(invalid)?,
        });
        value = rest.get(16..).ok_or_else(invalid)?;
    }
    match channels.is_empty() {
        true => Err(invalid()),
        false => Ok(channels),
    }
}

/// Checks that sampled channels fit in the data window.
fn ensure_sampling(channels: &[Channel], data: Window, storage: Storage) -> Result<(), Fault> {
    let fits = |least: i32, size: u64, every: u32| {
        i64::from(least) % i64::from(every) == 0 && size.is_multiple_of(u64::from(every))
    };
    let is_valid = |channel: &Channel| {
        let is_full = channel.every_x == 1 && channel.every_y == 1;
        let may_skip = storage == Storage::Scanlines
            && fits(data.left, data.width(), channel.every_x)
            && fits(data.top, data.height(), channel.every_y);
        is_full || may_skip
    };
    match channels.iter().all(is_valid) {
        true => Ok(()),
        false => Err(Fault::damaged("invalid sampling of channels")),
    }
}
