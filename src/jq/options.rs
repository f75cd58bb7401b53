//! What `c47 jq` is asked to do, without the interpreter.
#![cfg_attr(not(feature = "jq"), allow(dead_code))] // the command line sets what only filters read

use std::path::PathBuf;

use crate::error::Error;

/// A file with inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Stdin,
    File(PathBuf),
}

/// How inputs are read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    /// The filter runs once, with null.
    pub is_null: bool,
    /// Each line is a string.
    pub is_raw: bool,
    /// All inputs together are one.
    pub is_slurped: bool,
    /// Each input becomes the parts of its stream.
    pub is_streamed: bool,
}

/// White space of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One line for each output.
    Compact,
    Spaces(usize),
    Tabs,
}

/// What ends each output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    LineFeed,
    Nothing,
    Nul,
}

/// How outputs are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writing {
    pub layout: Layout,
    /// Whether strings are written without quotes.
    pub is_raw: bool,
    pub ending: Ending,
    /// Whether a record separator is before each output.
    pub has_separators: bool,
    pub is_sorted: bool,
    pub is_ascii: bool,
    pub is_coloured: bool,
    /// Whether control characters are escaped, because a terminal would obey them.
    pub is_terminal: bool,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    Text(String),
    /// A JSON text, and where it comes from.
    Json(String, String),
    /// JSON texts, which become an array, and the file they come from.
    Texts(Vec<u8>, String),
}

/// A filter, its inputs and its outputs.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub filter: String,
    pub inputs: Vec<Input>,
    pub reading: Reading,
    pub writing: Writing,
    /// The variables, without `$`.
    pub named: Vec<(String, Argument)>,
    /// `$ARGS.positional`
    pub positional: Vec<Argument>,
    pub environment: Vec<(String, String)>,
    /// Whether the exit code tells about the last output.
    pub has_exit_status: bool,
}

/// Where outputs and messages go.
#[derive(Clone, Copy)]
pub(crate) struct Sinks {
    /// stdout.
    pub out: fn(&[u8]) -> Result<(), Error>,
    /// stderr, for `debug` and `stderr`.
    pub say: fn(&[u8]),
    /// Reports an error.
    pub complain: fn(&Error),
}

/// The exit codes of jq.
pub(crate) mod code {
    pub(crate) const DONE: i32 = 0;
    /// The last output was false or null.
    pub(crate) const FALSE: i32 = 1;
    pub(crate) const USAGE: i32 = 2;
    /// A file could not be read, or an input is not JSON.
    pub(crate) const INPUT: i32 = 2;
    pub(crate) const COMPILE: i32 = 3;
    /// There was no output.
    pub(crate) const NOTHING: i32 = 4;
    pub(crate) const FAILED: i32 = 5;
}
