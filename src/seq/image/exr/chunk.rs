//! A chunk of a file. A leaf.

use super::compression::Compression;
use super::header::Part;
use super::layout::Place;

/// An entry of the offset table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub offset: u64,
    pub part: u32,
    pub index: u32,
}

/// What the header of a chunk says.
pub(super) struct Sizes {
    /// Where the data begins.
    pub data: u64,
    /// The size of the table of deep samples.
    pub table: u64,
    pub packed: u64,
    /// The size of deep data without compression.
    pub unpacked: u64,
}

/// How much of a chunk is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Only the table of deep samples.
    Table,
    All,
}

/// A chunk and its part.
pub(super) struct Context<'a> {
    pub part: &'a Part,
    pub compression: Compression,
    pub place: Place,
}
