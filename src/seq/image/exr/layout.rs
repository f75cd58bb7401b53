//! The chunks of a part: how many, where in the image, and how large.

use super::compression::Compression;
use super::header::{Channel, Levels, Part};
use crate::seq::image::fault::Fault;

/// Limit for the chunks of a file. Their offsets are held in memory.
pub(super) const MOST_CHUNKS: u64 = 16 << 20;

/// The tiles of a level.
#[derive(Clone, Copy, Debug)]
struct Level {
    x: i32,
    y: i32,
    width: u64,
    height: u64,
    across: u64,
    count: u64,
}

/// The chunks of a part, in the order of its offset table.
#[derive(Debug)]
pub(super) struct Layout {
    /// The levels of tiles; empty for scan lines.
    levels: Vec<Level>,
    lines: u64,
    pub count: u64,
    /// The last chunk of the full resolution.
    pub corner: u64,
}

/// Where a chunk is in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What the header of the chunk has: the first line, or the tile and its level.
    pub coordinates: [i32; 4],
    pub width: u64,
    /// The first line, counted as in the data window; 0 for tiles.
    pub top: i64,
    pub height: u64,
}

impl Layout {
    /// Computes the chunks of a part.
    pub(super) fn of(part: &Part, compression: Compression) -> Result<Layout, Fault> {
        let levels = levels(part)?;
        let lines = compression.lines();
        let count = match levels.is_empty() {
            true => part.data.height().div_ceil(lines),
            false => levels
                .iter()
                .fold(0, |sum: u64, level| sum.saturating_add(level.count)),
        };
        if count > MOST_CHUNKS {
            return Err(Fault::damaged(format!("{count} chunks are too many")));
        }
        let of_full = levels.first().map_or(count, |level| level.count);
        Ok(Layout {
            levels,
            lines,
            count,
            corner: of_full.saturating_sub(1),
        })
    }

    /// The place of a chunk.
    pub(super) fn place(&self, part: &Part, index: u64) -> Option<Place> {
        let Some(tiles) = part.tiles else {
            let first = index.checked_mul(self.lines)?;
            let top = i64::from(part.data.top) + i64::try_from(first).ok()?;
            return Some(Place {
                coordinates: [i32::try_from(top).ok()?, 0, 0, 0],
                width: part.data.width(),
                top,
                height: part.data.height().checked_sub(first)?.min(self.lines),
            });
        };
        let mut index = index;
        let level = self.levels.iter().find(|level| {
            let is_here = index < level.count;
            index -= if is_here { 0 } else { level.count };
            is_here
        })?;
        let (x, y) = (index % level.across, index / level.across);
        let rest = |size: u64, tile: u32, at: u64| {
            let tile = u64::from(tile);
            Some(size.checked_sub(at.checked_mul(tile)?)?.min(tile))
        };
        let number = |at| i32::try_from(at).ok();
        Some(Place {
            coordinates: [number(x)?, number(y)?, level.x, level.y],
            width: rest(level.width, tiles.width, x)?,
            top: 0,
            height: rest(level.height, tiles.height, y)?,
        })
    }
}

/// The levels of a part with tiles, in the order of the offset table.
fn levels(part: &Part) -> Result<Vec<Level>, Fault> {
    let Some(tiles) = part.tiles else {
        return Ok(Vec::new());
    };
    let (width, height) = (part.data.width(), part.data.height());
    let last = |size: u64| match tiles.rounds_up {
        true => i64::from(size.next_power_of_two().ilog2()),
        false => i64::from(size.ilog2()),
    };
    let size_at = |size: u64, level: i64| {
        let divisor = 1_u64 << level.min(62);
        let size = match tiles.rounds_up {
            true => size.div_ceil(divisor),
            false => size / divisor,
        };
        size.max(1)
    };
    let all: Vec<(i64, i64)> = match tiles.levels {
        Levels::One => vec![(0, 0)],
        Levels::Mipmap => (0..=last(width.max(height)))
            .map(|level| (level, level))
            .collect(),
        Levels::Ripmap => (0..=last(height))
            .flat_map(|y| (0..=last(width)).map(move |x| (x, y)))
            .collect(),
    };
    let mut levels = Vec::with_capacity(all.len());
    for (x, y) in all {
        let (width, height) = (size_at(width, x), size_at(height, y));
        let across = width.div_ceil(u64::from(tiles.width));
        let down = height.div_ceil(u64::from(tiles.height));
        levels.push(Level {
            x: i32::try_from(x).unwrap_or(0),
            y: i32::try_from(y).unwrap_or(0),
            width,
            height,
            across,
            count: across.saturating_mul(down),
        });
    }
    Ok(levels)
}

impl Place {
    /// How many samples a line of this channel has in the chunk.
    pub(super) fn columns(&self, channel: &Channel) -> u64 {
        self.width / u64::from(channel.every_x)
    }

    /// How many lines of this channel are in the chunk.
    pub(super) fn rows(&self, channel: &Channel) -> u64 {
        let every = i64::from(channel.every_y);
        let end = self.top.saturating_add_unsigned(self.height);
        let before = |line: i64| (line + every - 1).div_euclid(every);
        u64::try_from(before(end) - before(self.top)).unwrap_or(0)
    }

    /// How many samples the chunk has of this channel.
    pub(super) fn samples(&self, channel: &Channel) -> Option<u64> {
        self.columns(channel).checked_mul(self.rows(channel))
    }

    /// The size of the chunk without compression, when a sample of a channel has as many bytes as
    /// `bytes` says.
    pub(super) fn size(
        &self,
        channels: &[Channel],
        bytes: impl Fn(&Channel) -> u64,
    ) -> Option<u64> {
        channels.iter().try_fold(0_u64, |sum, channel| {
            sum.checked_add(self.samples(channel)?.checked_mul(bytes(channel))?)
        })
    }
}
