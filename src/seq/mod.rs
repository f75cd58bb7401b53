//! Frame sequences: the names of frames, patterns and ranges, and what is done with their files.

pub(crate) mod check;
pub(crate) mod frame;
pub(crate) mod group;
pub(crate) mod image;
pub(crate) mod notation;
pub(crate) mod number;
pub(crate) mod pattern;
pub(crate) mod range;
pub(crate) mod select;
pub(crate) mod sequence;
pub(crate) mod summary;
pub(crate) mod sums;
pub(crate) mod transfer;
