//! What the headers of an image have, for all formats.

use super::Format;
use crate::sort::Sortable;

/// The header of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub format: Format,
    /// The resolution; of EXR files that of the display window.
    pub width: u64,
    pub height: u64,
    /// `RGBA`, or names with commas between them.
    pub channels: String,
    /// The type of the samples: `half`, `uint8`.
    pub sample_type: String,
    pub compression: String,
    /// Of EXR files: left, top, right and bottom; both ends are included.
    pub data_window: Option<[i32; 4]>,
}

/// Whether the pixels could be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoding {
    /// That was not to be done.
    NotAsked,
    /// All pixels.
    Decoded,
    /// Not all: the compression is not known.
    NotDecoded,
}

/// Channels as a text: `RGBA` if all are single letters, otherwise with commas between them. The color
/// channels come first.
pub(crate) fn channel_list<'a>(names: impl Iterator<Item = &'a [u8]>) -> String {
    const ORDER: &[u8] = b"RGBAYZ";
    let mut names: Vec<String> = names
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect();
    let rank = |name: &str| {
        let (layer, last) = name.rsplit_once('.').unwrap_or(("", name));
        let place = ORDER.iter().position(|letter| last.as_bytes() == [*letter]);
        (layer.to_owned(), place.unwrap_or(ORDER.len()))
    };
    names.order_by_key(|name| rank(name));
    let is_short = names.iter().all(|name| name.chars().count() == 1);
    names.join(if is_short { "" } else { "," })
}
