//! The attributes of the headers of an EXR file.

use crate::seq::image::fault::Fault;
use crate::seq::image::source::{Order, Source};

/// Limit for the size of all headers.
const MOST_HEADER_BYTES: u64 = 16 << 20;
/// Limit for the attributes of all headers.
const MOST_ATTRIBUTES: usize = 16_384;
/// Limit for the size of an attribute that is used.
const MOST_VALUE_BYTES: usize = 1 << 20;

/// Attribute types whose values have a fixed size.
const SIZES: [(&[u8], usize); 24] = [
    (b"box2i", 16),
    (b"box2f", 16),
    (b"chromaticities", 32),
    (b"compression", 1),
    (b"double", 8),
    (b"envmap", 1),
    (b"float", 4),
    (b"int", 4),
    (b"keycode", 28),
    (b"lineOrder", 1),
    (b"m33f", 36),
    (b"m33d", 72),
    (b"m44f", 64),
    (b"m44d", 128),
    (b"rational", 8),
    (b"tiledesc", 9),
    (b"timecode", 8),
    (b"v2i", 8),
    (b"v2f", 8),
    (b"v2d", 16),
    (b"v3i", 12),
    (b"v3f", 12),
    (b"v3d", 24),
    (b"deepImageState", 1),
];

/// The values of the attributes that matter.
#[derive(Default)]
pub(super) struct Values {
    pub channels: Option<Vec<u8>>,
    pub compression: Option<Vec<u8>>,
    pub data_window: Option<Vec<u8>>,
    pub display_window: Option<Vec<u8>>,
    pub line_order: Option<Vec<u8>>,
    pub pixel_aspect: Option<Vec<u8>>,
    pub screen_width: Option<Vec<u8>>,
    pub tiles: Option<Vec<u8>>,
    pub name: Option<Vec<u8>>,
    pub storage: Option<Vec<u8>>,
    pub version: Option<Vec<u8>>,
    pub chunk_count: Option<Vec<u8>>,
}

impl Values {
    /// The place for the attribute with this name, and its type.
    fn place(&mut self, name: &[u8]) -> Option<(&mut Option<Vec<u8>>, &'static [u8])> {
        Some(match name {
            b"channels" => (&mut self.channels, b"chlist"),
            b"compression" => (&mut self.compression, b"compression"),
            b"dataWindow" => (&mut self.data_window, b"box2i"),
            b"displayWindow" => (&mut self.display_window, b"box2i"),
            b"lineOrder" => (&mut self.line_order, b"lineOrder"),
            b"pixelAspectRatio" => (&mut self.pixel_aspect, b"float"),
            b"screenWindowWidth" => (&mut self.screen_width, b"float"),
            b"tiles" => (&mut self.tiles, b"tiledesc"),
            b"name" => (&mut self.name, b"string"),
            b"type" => (&mut self.storage, b"string"),
            b"version" => (&mut self.version, b"int"),
            b"chunkCount" => (&mut self.chunk_count, b"int"),
            _ => return None,
        })
    }
}

/// Reads attributes one after the other.
pub(super) struct Reader<'a> {
    pub source: &'a mut Source,
    pub at: u64,
    pub longest_name: usize,
    pub attributes: usize,
}

impl Reader<'_> {
    /// A text up to its zero byte; `None` if it is empty.
    fn text(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let found = self.source.at_most(self.at, self.longest_name + 1)?;
        let Some(length) = memchr::memchr(0, found) else {
            return Err(match found.len() <= self.longest_name {
                true => Fault::truncated("the file ends in the header"),
                false => Fault::damaged("invalid attribute in the header"),
            });
        };
        let text = found.get(..length).unwrap_or_default().to_vec();
        self.at += length as u64 + 1;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, Fault> {
        let found = self.source.at_most(self.at, length)?.to_vec();
        if found.len() < length {
            return Err(Fault::truncated("the file ends in the header"));
        }
        self.at += length as u64;
        Ok(found)
    }

    /// The attributes up to the end of this header; `None` if it has none.
    pub(super) fn values(&mut self) -> Result<Option<Values>, Fault> {
        let mut values = Values::default();
        let mut is_empty = true;
        while let Some(name) = self.text()? {
            is_empty = false;
            self.attributes += 1;
            if self.attributes > MOST_ATTRIBUTES || self.at > MOST_HEADER_BYTES {
                return Err(Fault::damaged("the header is too large"));
            }
            self.value(&name, &mut values)?;
        }
        Ok((!is_empty).then_some(values))
    }

    fn value(&mut self, name: &[u8], values: &mut Values) -> Result<(), Fault> {
        let shown = String::from_utf8_lossy(name);
        let invalid = || Fault::damaged(format!("invalid attribute {shown}"));
        let kind = self.text()?.ok_or_else(invalid)?;
        let size = Order::Little.i32(&self.bytes(4)?, 0).ok_or_else(invalid)?;
        let size = usize::try_from(size).map_err(|_| invalid())?;
        let fixed = SIZES.iter().find(|(name, _)| *name == kind);
        if fixed.is_some_and(|(_, expected)| *expected != size) {
            return Err(invalid());
        }
        match values.place(name) {
            Some((_, expected)) if expected != kind && !is_optional(name) => Err(invalid()),
            Some((_, expected)) if expected != kind => self.skip(size, &shown),
            Some((place, _)) if place.is_none() && size <= MOST_VALUE_BYTES => {
                *place = Some(self.bytes(size)?);
                Ok(())
            }
            Some(_) => Err(invalid()),
            None => self.skip(size, &shown),
        }
    }

    /// Skips a value.
    fn skip(&mut self, size: usize, name: &str) -> Result<(), Fault> {
        self.at = self.at.saturating_add(size as u64);
        match self.at <= self.source.size {
            true => Ok(()),
            false => Err(Fault::truncated(format!(
                "the file ends in the header, in {name}"
            ))),
        }
    }
}

/// Attributes for which OpenEXR has defaults, and which do not affect the chunks.
fn is_optional(name: &[u8]) -> bool {
    matches!(
        name,
        b"pixelAspectRatio" | b"screenWindowWidth" | b"lineOrder"
    )
}
