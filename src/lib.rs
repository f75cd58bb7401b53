//! The rooms of c47. Data goes one way: `cli` parses and calls a domain module, which returns a
//! report or an error; `output` prints the one, `main` turns the other into an exit code.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

/// Writes a file so that it is there whole or not at all.
pub mod atomic_file;
/// The command line: commands, their options, and what they print.
pub mod cli;
/// ELF files: what they need, what ld.so would load for them, where they run.
pub mod elf;
/// What can go wrong, its message and hint, and its exit code.
pub mod error;
/// Exit codes.
pub mod exit;
/// Ctrl-C: what must be put right before the process ends.
pub mod interrupt;
/// JSON texts: checked, kept to the letter, laid out for people.
pub mod json;
/// Prints reports, as text or as JSON; knows terminals and colour.
pub mod output;
/// Where software is to run: distributions, years of the VFX Reference Platform, CPU levels.
pub mod platform;
/// Durations and sizes as people write them: `90s`, `15m`, `2G`.
pub mod quantity;
/// Secrets and where they come from.
pub mod secret;
/// Points in time as dates, RFC 3339 and back.
pub mod timestamp;
