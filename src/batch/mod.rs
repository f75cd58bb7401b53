//! Many requests from one input: records or a template, shards, a shared rate, and a journal that
//! survives a crash.

/// Reads CSV.
pub(crate) mod csv;
/// The named values of a template, from one row or object.
pub(crate) mod fields;
/// Reads lines within bounds.
pub(crate) mod input;
// journal
/// The shared rate.
pub(crate) mod rate;
// record
/// A part of the input for each of several machines.
pub(crate) mod shard;
// template
