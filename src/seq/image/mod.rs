//! Image files: what their headers have, and whether the files are whole. One file for each format.

mod dpx;
mod exr;
pub(crate) mod fault;
pub(crate) mod header;
mod inflate;
mod jpeg;
mod png;
mod source;
mod tiff;

use std::path::Path;
use std::time::{Duration, SystemTime};

use fault::{Fault, Kind};
use header::{Decoding, Header};
use source::{Order, Source};

/// A file that was changed this recently may still be written.
const RECENT: Duration = Duration::from_secs(10);

/// How much of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The headers and offset tables, and the first and last chunks.
    Quick,
    /// Also the header of each chunk.
    Headers,
    /// All pixels.
    Deep,
}

/// The formats whose files are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Exr,
    Dpx,
    Png,
    Jpeg,
    Tiff,
}

/// The formats, and the extensions of their files.
const EXTENSIONS: [(Format, &str, &[&str]); 5] = [
    (Format::Exr, "exr", &["exr", "sxr", "mxr"]),
    (Format::Dpx, "dpx", &["dpx"]),
    (Format::Png, "png", &["png"]),
    (Format::Jpeg, "jpeg", &["jpg", "jpeg"]),
    (Format::Tiff, "tiff", &["tif", "tiff", "tx"]),
];

impl Format {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        let row = EXTENSIONS.iter().find(|row| row.0 == self);
        row.map_or("", |row| row.1)
    }

    /// The format of files with this extension.
    fn of_name(path: &Path) -> Option<Format> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        let row = EXTENSIONS.iter().find(|row| row.2.contains(&&*extension));
        row.map(|row| row.0)
    }

    /// The format of a file that begins like this.
    fn of_content(start: &[u8]) -> Option<Format> {
        let is_dpx = |order: Order| order.u32(start, 0) == Some(dpx::MAGIC);
        if start.starts_with(&exr::MAGIC) {
            Some(Format::Exr)
        } else if start.starts_with(&png::MAGIC) {
            Some(Format::Png)
        } else if start.starts_with(&jpeg::MAGIC) {
            Some(Format::Jpeg)
        } else if tiff::is_tiff(start) {
            Some(Format::Tiff)
        } else if is_dpx(Order::Big) || is_dpx(Order::Little) {
            Some(Format::Dpx)
        } else {
            None
        }
    }
}

/// The result for a file.
#[derive(Clone, Debug)]
pub(crate) struct Examined {
    /// `None` if the file cannot be opened.
    pub size: Option<u64>,
    /// What could be read; `None` also for other formats.
    pub header: Option<Header>,
    /// Why the file is not whole.
    pub fault: Option<Fault>,
    pub decoding: Decoding,
    /// A file that is not whole, and has been changed in the last seconds.
    pub is_being_written: bool,
}

/// Reads a file. It never fails: what is wrong is in the result.
pub(crate) fn examine(path: &Path, depth: Depth) -> Examined {
    let mut examined = Examined {
        size: None,
        header: None,
        fault: None,
        decoding: Decoding::NotAsked,
        is_being_written: false,
    };
    let mut source = match Source::open(path) {
        Ok(source) => source,
        Err(fault) => {
            examined.fault = Some(fault);
            return examined;
        }
    };
    examined.size = Some(source.size);
    match content(&mut source, path, depth, &mut examined.header) {
        Ok(decoding) => examined.decoding = decoding,
        Err(fault) => {
            examined.is_being_written = is_being_written(&source);
            examined.fault = Some(fault);
        }
    }
    examined
}

fn content(
    source: &mut Source,
    path: &Path,
    depth: Depth,
    found: &mut Option<Header>,
) -> Result<Decoding, Fault> {
    if source.size == 0 {
        return Err(Fault::empty());
    }
    let start = source.at_most(0, 16)?;
    let expected = Format::of_name(path);
    let format = Format::of_content(start);
    let shown = crate::hex::encode(start.get(..4).unwrap_or(start));
    let decoding = match (format, expected) {
        (Some(Format::Exr), _) => exr::examine(source, depth, found),
        (Some(Format::Dpx), _) => dpx::examine(source, depth, found),
        (Some(Format::Png), _) => png::examine(source, depth, found),
        (Some(Format::Jpeg), _) => jpeg::examine(source, depth, found),
        (Some(Format::Tiff), _) => tiff::examine(source, depth, found),
        (None, Some(expected)) => {
            let name = expected.name().to_ascii_uppercase();
            Err(Fault::damaged(format!(
                "the content is not {name}: it begins with {shown}"
            )))
        }
        (None, None) => Ok(Decoding::NotDecoded),
    }?;
    match (format, expected) {
        (Some(format), Some(expected)) if format != expected => Err(Fault {
            kind: Kind::Format,
            detail: format!("the content is {}", format.name()),
        }),
        (_, _) => Ok(decoding),
    }
}

/// Whether a file grows, or was changed in the last seconds.
fn is_being_written(source: &Source) -> bool {
    let Some((size, modified)) = source.state_now() else {
        return false;
    };
    let is_recent = |time: SystemTime| match SystemTime::now().duration_since(time) {
        Ok(age) => age < RECENT,
        // The clock of the server is ahead.
        Err(ahead) => ahead.duration() < RECENT,
    };
    size != source.size || modified != source.modified || modified.is_some_and(is_recent)
}
