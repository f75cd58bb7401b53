//! Many requests from one input: records or a template, shards, a shared rate, and a journal that
//! survives a crash.

/// A file for each response.
pub(crate) mod body_files;
/// Reads CSV.
pub(crate) mod csv;
/// The named values of a template, from one row or object.
pub(crate) mod fields;
/// What became of a request.
pub(crate) mod finished;
/// Reads lines within bounds.
pub(crate) mod input;
/// The input as a file that is read twice.
pub(crate) mod input_file;
/// What has happened to each request, in a file that survives a crash.
pub(crate) mod journal;
/// A report about journals.
pub(crate) mod journal_report;
mod json_pattern;
mod pattern;
/// The shared rate.
pub(crate) mod rate;
/// One request of the input.
pub(crate) mod record;
/// A result as a line.
pub(crate) mod result_line;
/// The run: workers, results and the journal.
pub(crate) mod run;
/// A part of the input for each of several machines.
pub(crate) mod shard;
/// The requests of an input.
pub(crate) mod source;
/// The summary of a run.
pub(crate) mod summary;
/// What a run has done.
pub(crate) mod tally;
/// A request with places for values.
pub(crate) mod template;
/// The credential that all workers use.
pub(crate) mod token;
mod worker;
