//! TIFF and BigTIFF files. A file is whole when the strips or tiles of all its images are in it.

mod data;
mod directory;

use super::Depth;
use super::Format;
use super::fault::Fault;
use super::header::{Decoding, Header};
use super::source::Source;
use directory::Directory;

pub(super) use directory::is_tiff;

/// Limit for the images of a file.
const MOST_IMAGES: usize = 65_536;

/// Checks a file. `found` gets what the header of the first image has.
pub(super) fn examine(
    source: &mut Source,
    depth: Depth,
    found: &mut Option<Header>,
) -> Result<Decoding, Fault> {
    let file = directory::File::read(source)?;
    let mut waiting = vec![file.first];
    let mut seen = std::collections::BTreeSet::new();
    let mut decoding = match depth {
        Depth::Deep => Decoding::Decoded,
        Depth::Quick | Depth::Headers => Decoding::NotAsked,
    };
    while let Some(at) = waiting.pop() {
        if at == 0 || !seen.insert(at) {
            continue;
        }
        if seen.len() > MOST_IMAGES {
            return Err(Fault::damaged("too many images"));
        }
        let (directory, next) = file.directory(source, at)?;
        if found.is_none() {
            *found = Some(summary(&directory));
        }
        if data::check(source, &file, &directory, depth)? == Decoding::NotDecoded {
            decoding = Decoding::NotDecoded;
        }
        waiting.push(next);
        waiting.extend(&directory.children);
    }
    match found {
        Some(_) => Ok(decoding),
        None => Err(Fault::incomplete("no image was written")),
    }
}

fn summary(directory: &Directory) -> Header {
    let samples = directory.samples;
    let base = match directory.photometric {
        2 | 6 => "RGB",
        3 => "palette",
        5 => "CMYK",
        8..=10 => "Lab",
        _ => "Y",
    };
    let own = match base {
        "RGB" | "Lab" => 3,
        "CMYK" => 4,
        _ => 1,
    };
    let channels = match samples.checked_sub(own) {
        Some(0) => base.to_owned(),
        Some(1) => format!("{base}A"),
        Some(_) | None => format!("{samples} channels"),
    };
    let kind = match directory.sample_format {
        2 => "int",
        3 => "float",
        _ => "uint",
    };
    Header {
        format: Format::Tiff,
        width: directory.width,
        height: directory.height,
        channels,
        sample_type: format!("{kind}{}", directory.bits),
        compression: match directory.compression {
            1 => "none".to_owned(),
            5 => "lzw".to_owned(),
            6 | 7 => "jpeg".to_owned(),
            8 | 32_946 => "deflate".to_owned(),
            32_773 => "packbits".to_owned(),
            34_925 => "lzma".to_owned(),
            50_000 => "zstd".to_owned(),
            50_001 => "webp".to_owned(),
            other => other.to_string(),
        },
        data_window: None,
    }
}
