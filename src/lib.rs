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
mod atomic_file;
/// Profiles' credentials: logins, tokens, and where they are kept.
mod auth;
/// The command line: commands, their options, and what they print.
pub mod cli;
/// Whether text is coloured.
mod colour;
/// Completion scripts for bash, zsh, fish and nushell.
mod completions;
/// Profiles: the files read, merged and checked.
mod config;
/// ring, behind tokens and TLS.
mod crypto;
/// curl's command line: its words, and a table of its options.
mod curl;
/// The end of everything done for one call.
mod deadline;
/// DER, as much as keys and certificates need.
mod der;
/// Descriptors by their numbers.
mod descriptor;
/// A service that answers with a picture of the request.
mod echo;
/// ELF files: what they need, what ld.so would load for them, where they run.
mod elf;
/// What can go wrong, its message and hint, and its exit code.
mod error;
/// Text from elsewhere made safe for a terminal.
mod escape;
/// Exit codes.
mod exit;
/// What `-h` prints, and the manual.
mod help;
/// Bytes as hexadecimal digits.
mod hex;
/// What a machine is and has: its system, libraries, hardware, mounts, and what may break on it.
mod host;
/// HTTP calls.
mod http;
/// Ctrl-C: what must be put right before the process ends.
mod interrupt;
/// An I/O error in words.
mod io_error;
/// JSON texts: checked, kept to the letter, laid out for people.
mod json;
/// JSON Web Tokens and their keys.
mod jwt;
/// Links to the program, one a command.
mod links;
/// The nearest word to one that was mistyped.
mod nearest;
/// The commands and their options, as man pages and completions need them.
mod outline;
/// Prints reports, as text or as JSON; knows terminals and colour.
mod output;
/// Where software is to run: distributions, years of the VFX Reference Platform, CPU levels.
mod platform;
/// Processes: when they began, whether they live.
mod process;
/// Core files and huge pages: ours, and those of programs we start.
mod process_limits;
/// How far a transfer is, on a terminal.
mod progress;
/// Durations and sizes as people write them: `90s`, `15m`, `2G`.
mod quantity;
/// Takes the secrets out of what is shown.
mod redact;
/// Packages for Rez: made, installed, checked.
mod rez;
/// Secrets and where they come from.
mod secret;
/// Whether this binary works on this machine.
mod selftest;
/// Words for a POSIX shell.
mod shell;
/// Points in time as dates, RFC 3339 and back.
mod timestamp;
/// Names of what is not finished: who writes it, and what a killed process left.
mod unfinished;
/// What this program is made of.
mod version;
/// ZIP archives: their members, stored or deflated.
mod zip;

pub use process_limits::holds_secrets;

/// What the integration tests and fuzz targets call without a process of its own between. Together
/// with [`cli::main`], [`cli::install_panic_hook`] and [`holds_secrets`] it is all that is public, so that the compiler
/// finds code that nothing uses.
pub mod testing {
    pub use crate::cli::whole;
    pub use crate::echo::{Guard, Lifetime, Limits, Secrets, Server, Settings as EchoSettings};
    pub use crate::elf::demangle::demangled;
    pub use crate::elf::info::Info;
    pub use crate::elf::requirements::Requirements;
    pub use crate::elf::root::Root;
    pub use crate::elf::search::{Settings as SearchSettings, Shelves};
    pub use crate::elf::system::Cpu;
    pub use crate::elf::{tree, verdict};
    pub use crate::outline::{Command, Field, JsonOutput, JsonType, Presence, Shape, Times};
    pub use crate::platform::Version;
    pub use crate::timestamp::Timestamp;

    /// What every command prints with `--json` when it fails.
    pub const FAILURE: JsonOutput = crate::error::report::JSON;

    use crate::http::head::Head;
    use crate::jwt::key::{KeySet, Material};
    use crate::jwt::verify::{Policy, verify};
    use crate::secret::Secret;

    /// What bytes given as a key were taken for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum KeyKind {
        Refused,
        Shared,
        Asymmetric,
    }

    /// Reads a key, or the first of a set, in any format.
    pub fn read_key(bytes: &[u8]) -> KeyKind {
        let set = KeySet::parse(&Secret::new(bytes.to_vec()));
        match set.as_ref().map(|set| set.keys().first()) {
            Ok(Some(key)) if matches!(key.material(), Material::Shared(_)) => KeyKind::Shared,
            Ok(Some(_)) => KeyKind::Asymmetric,
            Ok(None) | Err(_) => KeyKind::Refused,
        }
    }

    /// How many members of an archive are programs or libraries, all of them read; nothing where the
    /// archive itself cannot be read.
    pub fn archive_objects(path: &std::path::Path) -> Option<usize> {
        let mut inputs = crate::elf::inputs::Inputs::default();
        inputs.add(path);
        let read = crate::elf::inputs::each(&inputs.list, Vec::new, |buffer, input| {
            let object = input.open()?;
            Info::of_object(&object)?;
            Requirements::of_object(&input.path, &object, buffer)
        });
        let found = read.iter().filter(|read| read.is_ok()).count();
        inputs.faults.is_empty().then_some(found)
    }

    /// Whether a token is valid under a key, at the beginning of 1970.
    pub fn is_valid_token(token: &[u8], key: &[u8]) -> bool {
        let keys = KeySet::parse(&Secret::new(key.to_vec()));
        keys.is_ok_and(|keys| verify(token, &keys, &Policy::at(Timestamp(0))).is_ok())
    }

    /// The status of a response's head, where it can be read.
    pub fn response_status(head: &[u8]) -> Option<u16> {
        Head::parse(head).map(|head| head.status)
    }

    /// A multipart body as `c47 echo` shows it.
    pub fn masked_multipart(body: &[u8], boundary: &str) -> Vec<u8> {
        crate::redact::multipart(body, boundary).into_owned()
    }

    /// Whether a text is a curl command whose options c47 has equivalents for.
    pub fn is_curl_command(text: &str) -> bool {
        crate::curl::Command::parse(text).is_ok()
    }

    /// A text as `c47 echo` shows it.
    pub fn masked_text(text: &str) -> String {
        crate::redact::text(text)
    }
}
