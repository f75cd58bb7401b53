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
/// Profiles' credentials: logins, tokens, and where they are kept.
pub mod auth;
/// The command line: commands, their options, and what they print.
pub mod cli;
/// Whether text is coloured.
pub mod colour;
/// Completion scripts for bash, zsh, fish and nushell.
pub mod completions;
/// Profiles: the files read, merged and checked.
pub mod config;
/// ring, behind tokens and TLS.
pub mod crypto;
/// DER, as much as keys and certificates need.
pub mod der;
/// A service that answers with a picture of the request.
pub mod echo;
/// ELF files: what they need, what ld.so would load for them, where they run.
pub mod elf;
/// What can go wrong, its message and hint, and its exit code.
pub mod error;
/// Text from elsewhere made safe for a terminal.
pub mod escape;
/// Exit codes.
pub mod exit;
/// Bytes as hexadecimal digits.
pub mod hex;
/// What a machine is and has: its system, libraries, hardware, mounts, and what may break on it.
pub mod host;
/// HTTP calls.
pub mod http;
/// Ctrl-C: what must be put right before the process ends.
pub mod interrupt;
/// An I/O error in words.
pub mod io_error;
/// JSON texts: checked, kept to the letter, laid out for people.
pub mod json;
/// JSON Web Tokens and their keys.
pub mod jwt;
/// Links to the program, one a command.
pub mod links;
/// Man pages.
pub mod man;
/// The nearest word to one that was mistyped.
pub mod nearest;
/// The commands and their options, as man pages and completions need them.
pub mod outline;
/// Prints reports, as text or as JSON; knows terminals and colour.
pub mod output;
/// Where software is to run: distributions, years of the VFX Reference Platform, CPU levels.
pub mod platform;
/// Core files and huge pages: ours, and those of programs we start.
pub mod process_limits;
/// How far a transfer is, on a terminal.
pub mod progress;
/// Durations and sizes as people write them: `90s`, `15m`, `2G`.
pub mod quantity;
/// Takes the secrets out of what is shown.
pub mod redact;
/// Packages for Rez: made, installed, checked.
pub mod rez;
/// Secrets and where they come from.
pub mod secret;
/// Whether this binary works on this machine.
pub mod selftest;
/// Words for a POSIX shell.
pub mod shell;
/// Points in time as dates, RFC 3339 and back.
pub mod timestamp;
/// What this program is made of.
pub mod version;
