//! Checksums of files: lists as the standard tools write them, and ASC MHL histories.

pub(crate) mod algorithm;
mod c4;
pub(crate) mod check;
pub(crate) mod file;
pub(crate) mod finding;
pub(crate) mod inputs;
pub(crate) mod list;
pub(crate) mod mhl;
pub(crate) mod readers;
mod xml;
