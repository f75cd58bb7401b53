//! Checks the chunks of a file in the order of their offsets, so that the file is read from the
//! beginning to the end.

use super::chunk::{Chunk, Context, Extent, Sizes};
use super::compression::Compression;
use super::decode;
use super::deep;
use super::header::Part;
use super::layout::Layout;
use crate::seq::image::Depth;
use crate::seq::image::fault::Fault;
use crate::seq::image::header::Decoding;
use crate::seq::image::source::{MOST_BYTES, Order, Source};
use crate::sort::Sortable;

const LITTLE: Order = Order::Little;

/// The chunks of a file, and what describes them.
pub(super) struct Walk<'a> {
    pub parts: &'a [Part],
    pub compressions: &'a [Compression],
    pub layouts: &'a [Layout],
    pub is_multi_part: bool,
    pub chunks: Vec<Chunk>,
}

impl Walk<'_> {
    /// Checks the headers of all chunks, and decodes chunks: with [`Depth::Deep`] all, otherwise
    /// samples of each part, and those that do not end where the next chunk begins.
    pub(super) fn run(mut self, source: &mut Source, depth: Depth) -> Result<Decoding, Fault> {
        self.chunks.order_by_key(|chunk| chunk.offset);
        let mut decoding = match depth {
            Depth::Deep => Decoding::Decoded,
            Depth::Quick | Depth::Headers => Decoding::NotAsked,
        };
        let count = self.chunks.len();
        for (number, chunk) in self.chunks.iter().enumerate() {
            let is_last = number + 1 == count;
            let is_sample = self.is_sample(chunk);
            if depth == Depth::Quick && !is_sample && !is_last {
                continue;
            }
            let next = self.chunks.get(number + 1).map(|next| next.offset);
            let context = self.context(chunk)?;
            let fail = |fault: Fault| Fault {
                detail: format!("{}: {}", self.name(chunk, &context), fault.detail),
                ..fault
            };
            let sizes = self.sizes(source, chunk, &context).map_err(fail)?;
            let end = sizes
                .end()
                .ok_or_else(|| fail(Fault::damaged("invalid size")))?;
            if end > source.size {
                let detail = "the file ends in its data";
                return Err(fail(Fault::truncated(detail)));
            }
            if next.is_some_and(|next| end > next) {
                return Err(fail(Fault::damaged("it overlaps the next chunk")));
            }
            let has_gap = end < next.unwrap_or(source.size) && !context.is_raw(&sizes);
            let extent = match (depth == Depth::Deep || is_sample || has_gap, sizes.table) {
                (true, _) => Extent::All,
                // The table of deep samples tells the size of the data.
                (false, 1..) => Extent::Table,
                (false, 0) => continue,
            };
            let done = context.decode(source, &sizes, extent).map_err(fail)?;
            if done == Decoding::NotDecoded && has_gap {
                let detail = "it does not end where the next chunk begins";
                return Err(fail(Fault::damaged(detail)));
            }
            if done == Decoding::NotDecoded {
                decoding = done;
            }
        }
        Ok(decoding)
    }

    /// Whether it is the first chunk of its part, or the last of the full resolution: together they show
    /// whether compression, channels and data window are those of the data.
    fn is_sample(&self, chunk: &Chunk) -> bool {
        let layout = self.layouts.get(chunk.part as usize);
        chunk.index == 0 || layout.is_some_and(|layout| u64::from(chunk.index) == layout.corner)
    }

    fn context(&self, chunk: &Chunk) -> Result<Context<'_>, Fault> {
        let at = chunk.part as usize;
        let context = || {
            let part = self.parts.get(at)?;
            Some(Context {
                part,
                compression: *self.compressions.get(at)?,
                place: self.layouts.get(at)?.place(part, u64::from(chunk.index))?,
            })
        };
        context().ok_or_else(|| Fault::damaged("invalid data window"))
    }

    /// A chunk as messages name it.
    fn name(&self, chunk: &Chunk, context: &Context) -> String {
        let part = match self.parts.len() {
            1 => String::new(),
            _ => format!("part {}, ", chunk.part),
        };
        let [x, y, level_x, level_y] = context.place.coordinates;
        match (context.part.storage.is_tiled(), level_x.max(level_y)) {
            (false, _) => format!("{part}line {x}"),
            (true, 0) => format!("{part}tile {x},{y}"),
            (true, _) => format!("{part}tile {x},{y} of level {level_x},{level_y}"),
        }
    }

    /// Reads the header of a chunk, and compares its place in the image with that of the table.
    fn sizes(&self, source: &mut Source, chunk: &Chunk, context: &Context) -> Result<Sizes, Fault> {
        let storage = context.part.storage;
        let of_part = if self.is_multi_part { 4 } else { 0 };
        let of_place = if storage.is_tiled() { 16 } else { 4 };
        let of_sizes = if storage.is_deep() { 24 } else { 4 };
        let length = of_part + of_place + of_sizes;
        let header = source.at_most(chunk.offset, length)?;
        if header.len() < length {
            return Err(Fault::truncated("the file ends in its header"));
        }
        let number = |at| LITTLE.i32(header, at).unwrap_or(-1);
        let is_here = (0..of_place / 4)
            .zip(context.place.coordinates)
            .all(|(at, expected)| number(of_part + at * 4) == expected);
        let is_of_part = of_part == 0 || u32::try_from(number(0)) == Ok(chunk.part);
        if !is_here || !is_of_part {
            return Err(Fault::damaged("the offset table leads to other data"));
        }
        let data = chunk.offset.saturating_add(length as u64);
        let at = of_part + of_place;
        if storage.is_deep() {
            let size = |at| LITTLE.u64(header, at).unwrap_or(u64::MAX);
            return Ok(Sizes {
                data,
                table: size(at),
                packed: size(at + 8),
                unpacked: size(at + 16),
            });
        }
        let unpacked = context.unpacked();
        let packed = u64::try_from(number(at)).ok();
        let least = u64::from(unpacked != Some(0));
        match packed.zip(unpacked) {
            Some((packed, unpacked)) if (least..=unpacked).contains(&packed) => Ok(Sizes {
                data,
                table: 0,
                packed,
                unpacked,
            }),
            Some(_) | None => Err(Fault::damaged("invalid size")),
        }
    }
}

impl Sizes {
    /// Where the chunk ends.
    fn end(&self) -> Option<u64> {
        self.data.checked_add(self.table)?.checked_add(self.packed)
    }
}

impl Context<'_> {
    /// The size of the pixels without compression; `None` if it is too large for a number.
    pub(super) fn unpacked(&self) -> Option<u64> {
        self.place
            .size(&self.part.channels, |channel| channel.pixel.bytes())
    }

    /// Whether the pixels are stored as they are.
    fn is_raw(&self, sizes: &Sizes) -> bool {
        !self.part.storage.is_deep() && sizes.packed == sizes.unpacked
    }

    /// Checks that the data of the chunk can be decoded.
    fn decode(
        &self,
        source: &mut Source,
        sizes: &Sizes,
        extent: Extent,
    ) -> Result<Decoding, Fault> {
        if self.is_raw(sizes) {
            return Ok(Decoding::Decoded);
        }
        let length = match extent {
            Extent::Table => sizes.table,
            Extent::All => sizes.table.saturating_add(sizes.packed),
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MOST_BYTES {
            return Ok(Decoding::NotDecoded);
        }
        let data = source.bytes(sizes.data, length)?;
        let done = match self.part.storage.is_deep() {
            true => deep::decode(self, sizes, data, extent),
            false => decode::decode(self, data, sizes.unpacked),
        };
        done.map_err(Fault::damaged)
    }
}
