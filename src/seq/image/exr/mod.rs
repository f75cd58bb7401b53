//! EXR files. A file is whole when each chunk of its offset tables is where the table says, belongs
//! to that place of the image, and ends where the next begins.

mod attributes;
mod chunk;
mod compression;
mod decode;
mod deep;
mod dwa;
mod header;
mod huffman;
mod layout;
mod walk;

use super::Depth;
use super::fault::Fault;
use super::header::{Decoding, Header};
use super::source::{Order, Source};
use chunk::Chunk;
use compression::Compression;
use header::{Part, Window};
use layout::{Layout, MOST_CHUNKS};
use walk::Walk;

use crate::sort::Sortable;

/// The first bytes.
pub(super) const MAGIC: [u8; 4] = [0x76, 0x2f, 0x31, 0x01];

/// Checks a file. `found` gets what its headers have.
pub(super) fn examine(
    source: &mut Source,
    depth: Depth,
    found: &mut Option<Header>,
) -> Result<Decoding, Fault> {
    let header = header::read(source)?;
    let compressions = compressions(&header.parts)?;
    *found = Some(summary(&header.parts, &compressions));
    let mut layouts = Vec::with_capacity(header.parts.len());
    let mut count = 0_u64;
    for (part, compression) in header.parts.iter().zip(&compressions) {
        let layout = Layout::of(part, *compression)?;
        ensure_count(part, &layout, header.is_multi_part)?;
        count = count.saturating_add(layout.count);
        layouts.push(layout);
    }
    let tables_end = header.end.saturating_add(count.saturating_mul(8));
    if count > MOST_CHUNKS {
        return Err(Fault::damaged(format!("{count} chunks are too many")));
    }
    if tables_end > source.size {
        return Err(Fault::truncated("the file ends in the offset table"));
    }
    let chunks = chunks(source, header.end, &layouts)?;
    ensure_written(&chunks, tables_end, source.size)?;
    source.expect_parts(count, source.size.saturating_sub(tables_end));
    let walk = Walk {
        parts: &header.parts,
        compressions: &compressions,
        layouts: &layouts,
        is_multi_part: header.is_multi_part,
        chunks,
    };
    walk.run(source, depth)
}

fn compressions(parts: &[Part]) -> Result<Vec<Compression>, Fault> {
    let compression = |part: &Part| {
        let number = part.compression;
        let known = Compression::from_number(number);
        known
            .filter(|compression| !part.storage.is_deep() || compression.is_for_deep())
            .ok_or_else(|| Fault::damaged(format!("invalid compression {number}")))
    };
    parts.iter().map(compression).collect()
}

/// Checks the number of chunks in the header of a part.
fn ensure_count(part: &Part, layout: &Layout, is_multi_part: bool) -> Result<(), Fault> {
    let is_used = is_multi_part || part.storage.is_deep();
    match part.chunk_count {
        Some(count) if is_used && u64::try_from(count) != Ok(layout.count) => {
            let expected = layout.count;
            Err(Fault::damaged(format!(
                "chunkCount is {count}, but the image has {expected} chunks"
            )))
        }
        Some(_) | None => Ok(()),
    }
}

/// Reads the offset tables of all parts at once.
fn chunks(source: &mut Source, at: u64, layouts: &[Layout]) -> Result<Vec<Chunk>, Fault> {
    let count: u64 = layouts.iter().map(|layout| layout.count).sum();
    let bytes = usize::try_from(count.saturating_mul(8)).unwrap_or(usize::MAX);
    let mut table = source.bytes(at, bytes)?.chunks_exact(8);
    let mut chunks = Vec::with_capacity(table.len());
    for (part, layout) in layouts.iter().enumerate() {
        for index in 0..layout.count {
            let offset = table.next().and_then(|entry| Order::Little.u64(entry, 0));
            chunks.push(Chunk {
                offset: offset.unwrap_or(0),
                part: u32::try_from(part).unwrap_or(u32::MAX),
                index: u32::try_from(index).unwrap_or(u32::MAX),
            });
        }
    }
    Ok(chunks)
}

/// Checks that each offset is in the file.
fn ensure_written(chunks: &[Chunk], first: u64, size: u64) -> Result<(), Fault> {
    let count =
        |test: &dyn Fn(u64) -> bool| chunks.iter().filter(|chunk| test(chunk.offset)).count();
    let of_all = |count, what| format!("{count} of {} chunks {what}", chunks.len());
    let unwritten = count(&|offset| offset == 0);
    let past_end = count(&|offset| offset >= size);
    let misplaced = count(&|offset| offset < first);
    if unwritten > 0 {
        return Err(Fault::incomplete(of_all(unwritten, "were not written")));
    }
    if past_end > 0 {
        return Err(Fault::truncated(of_all(
            past_end,
            "are past the end of the file",
        )));
    }
    match misplaced {
        0 => Ok(()),
        count => Err(Fault::damaged(of_all(count, "have an invalid offset"))),
    }
}

/// What the headers have, for reports.
fn summary(parts: &[Part], compressions: &[Compression]) -> Header {
    let first = parts.first();
    let window = |window: fn(&Part) -> Window| first.map(window);
    let size = |size: fn(Window) -> u64| window(|part| part.display).map_or(0, size);
    let mut types: Vec<&str> = Vec::new();
    for channel in parts.iter().flat_map(|part| &part.channels) {
        if !types.contains(&channel.pixel.name()) {
            types.push(channel.pixel.name());
        }
    }
    types.order();
    let mut names: Vec<&str> = Vec::new();
    for compression in compressions {
        if !names.contains(&compression.name()) {
            names.push(compression.name());
        }
    }
    let is_deep = parts.iter().any(|part| part.storage.is_deep());
    Header {
        format: super::Format::Exr,
        width: size(Window::width),
        height: size(Window::height),
        channels: all_channels(parts),
        sample_type: match is_deep {
            true => format!("deep {}", types.join(",")),
            false => types.join(","),
        },
        compression: names.join(","),
        data_window: window(|part| part.data)
            .map(|window| [window.left, window.top, window.right, window.bottom]),
    }
}

/// `RGBA`, or with the names of the parts: `RGBA depth:Z`.
fn all_channels(parts: &[Part]) -> String {
    let of_part = |part: &Part| {
        let names = part.channels.iter().map(|channel| &*channel.name);
        let channels = super::header::channel_list(names);
        match parts.len() {
            1 => channels,
            _ => format!("{}:{channels}", String::from_utf8_lossy(&part.name)),
        }
    };
    parts.iter().map(of_part).collect::<Vec<_>>().join(" ")
}
