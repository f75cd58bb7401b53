//! The modules of c47. `cli` parses the command line and calls a domain module, which returns a report
//! or an error. `output` prints it, and `main` exits with the exit code.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

/// Writes a file completely or not at all.
mod atomic_file;
/// The credentials of profiles: logins, tokens, and their storage.
mod auth;
/// Many requests from one input.
mod batch;
/// The command line: commands, options and output.
pub mod cli;
/// Whether text is coloured.
mod colour;
/// Completion scripts for bash, zsh, fish and nushell.
mod completions;
/// The configuration with profiles: reads, merges and checks its files.
mod config;
/// Cryptography with ring, for tokens and TLS.
mod crypto;
/// Parses curl command lines, with a table of curl's options.
mod curl;
/// The time limit for one call.
mod deadline;
/// The parts of DER that keys and certificates need.
mod der;
/// File descriptors by number.
mod descriptor;
/// An HTTP server that returns each request as JSON.
mod echo;
/// ELF files: requirements, the libraries ld.so would load, and where they run.
mod elf;
/// Errors, with message, hint and exit code.
mod error;
/// Escapes foreign text for terminals.
mod escape;
/// Exit codes.
mod exit;
/// Explores services.
mod explore;
/// Short help and manual pages.
mod help;
/// Hexadecimal digits.
mod hex;
/// HMAC signatures of requests: what is signed, and how the signature is written.
mod hmac;
/// Reports about a machine: system, libraries, hardware, mounts and hazards.
mod host;
/// HTTP calls.
mod http;
/// Cleans up on Ctrl-C and SIGTERM.
mod interrupt;
/// The text of I/O errors.
mod io_error;
/// jq filters.
mod jq;
/// JSON texts: checks them, keeps them unchanged, and formats them for people.
mod json;
/// JSON Web Tokens and keys.
mod jwt;
/// Symlinks for the commands.
mod links;
/// Suggestions for mistyped words.
mod nearest;
/// The table of commands and options for help, manual pages and completions.
mod outline;
/// Prints reports as text or JSON. Knows about terminals and colour.
mod output;
/// Work on many items in several threads.
mod parallel;
/// Chooses among many items.
#[cfg(feature = "tui")]
mod pick;
/// Target platforms: distributions, years of the VFX Reference Platform, CPU levels.
mod platform;
/// Processes and their identity.
mod process;
/// Core files, huge pages and signals of c47 and of programs that it starts.
mod process_limits;
/// Runs programs with limits on their time and output.
mod program;
/// The progress line of transfers.
mod progress;
/// Durations and sizes: `90s`, `15m`, `2G`.
mod quantity;
/// Masks secrets in output.
mod redact;
/// Creates, installs and checks Rez packages.
mod rez;
/// Secrets and their sources.
mod secret;
/// Checks that this binary works on this machine.
mod selftest;
/// Frame sequences.
mod seq;
/// Quoting for POSIX shells.
mod shell;
/// Sorts lists with one copy of the algorithm.
mod sort;
/// Timestamps and dates.
mod timestamp;
/// Keys, mouse and screens of interactive commands.
#[cfg(feature = "tui")]
mod tui;
/// Names of unfinished files, which contain their writer.
mod unfinished;
/// Takes the place of the stack unwinder in the release.
mod unwinder;
/// The version of c47 and its libraries.
mod version;
/// Reads ZIP archives.
mod zip;

pub use process_limits::holds_secrets;

/// Items that the integration tests and fuzz targets call directly. Only these, [`cli::main`],
/// [`cli::install_panic_hook`] and [`holds_secrets`] are public, so that the compiler finds unused
/// code.
pub mod testing {
    pub use crate::cli::whole;
    pub use crate::echo::Settings as EchoSettings;
    pub use crate::echo::{Exec, Guard, Lifetime, Limits, Secrets, Server, Signatures};
    pub use crate::elf::demangle::demangled;
    pub use crate::elf::info::Info;
    pub use crate::elf::requirements::Requirements;
    pub use crate::elf::root::Root;
    pub use crate::elf::search::{LibraryCache, Settings as SearchSettings};
    pub use crate::elf::system::Cpu;
    pub use crate::elf::{tree, verdict};
    pub use crate::outline::{Command, Field, JsonOutput, JsonType, Presence, Shape, Times};
    pub use crate::platform::Version;
    pub use crate::timestamp::Timestamp;

    /// The `--json` output of a command that fails.
    pub const FAILURE: JsonOutput = crate::error::report::JSON;

    pub use crate::http::cookies::{is_cookie_file, stored_cookies};

    /// The names of all authentication schemes.
    pub const SCHEMES: &[&str] = &crate::auth::scheme::NAMES;

    use std::collections::BTreeMap;

    use crate::http::head::Head;
    use crate::jwt::key::{KeySet, Material, is_encrypted, unlock};
    use crate::jwt::verify::{Policy, verify};
    use crate::secret::Secret;

    /// The result of reading bytes as a key.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum KeyKind {
        Refused,
        Shared,
        Asymmetric,
    }

    /// Reads a key, or the first key of a set, in any format.
    pub fn read_key(bytes: &[u8]) -> KeyKind {
        let set = KeySet::parse(&Secret::new(bytes.to_vec()));
        match set.as_ref().map(|set| set.keys().first()) {
            Ok(Some(key)) if matches!(key.material(), Material::Shared(_)) => KeyKind::Shared,
            Ok(Some(_)) => KeyKind::Asymmetric,
            Ok(None) | Err(_) => KeyKind::Refused,
        }
    }

    /// Whether a password decrypts a private key.
    pub fn unlocks(key: &[u8], password: &[u8]) -> bool {
        let key = Secret::new(key.to_vec());
        is_encrypted(&key) && unlock(&key, &Secret::new(password.to_vec())).is_ok()
    }

    /// Reads all programs and libraries in an archive and returns their number; `None` if the archive
    /// cannot be read.
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

    /// How many findings a plug-in has in a program of this system, which opens others before;
    /// `None` if it cannot be determined.
    pub fn plugin_findings(plugin: &std::path::Path, also: &[std::path::PathBuf]) -> Option<usize> {
        use crate::elf::fits::{Checker, Host, Options, Visibility};
        let mut library_cache = LibraryCache::new(SearchSettings {
            root: Root::Host,
            library_path: Default::default(),
            preload: Default::default(),
            cpu: Cpu::of_this_machine(),
        });
        let program = std::path::Path::new("/bin/sh");
        let host = Host::read(&mut library_cache, program, also, Visibility::Global).ok()?;
        let report = Checker::new(host, Options::default()).check(plugin).ok()?;
        Some(report.findings.len())
    }

    /// Whether a build of a library can replace another one; `None` if one of them cannot be read.
    pub fn can_replace(a: &std::path::Path, b: &std::path::Path) -> Option<bool> {
        use crate::elf::diff::{Diff, Library};
        use crate::elf::parse::Object;
        let library = |path| Library::of(path, Object::open(path).ok()?).ok();
        Some(Diff::of(library(a)?, library(b)?).can_replace())
    }

    /// Whether a token is valid with a key, at the beginning of 1970.
    pub fn is_valid_token(token: &[u8], key: &[u8]) -> bool {
        let keys = KeySet::parse(&Secret::new(key.to_vec()));
        keys.is_ok_and(|keys| verify(token, &keys, &Policy::at(Timestamp(0))).is_ok())
    }

    /// The sections of a file of the AWS CLI.
    ///
    /// # Errors
    /// Names the first invalid line, without its text.
    pub fn aws_sections(text: &str) -> Result<BTreeMap<String, BTreeMap<String, String>>, String> {
        crate::auth::aws::parse_ini(text)
    }

    /// Whether a response of STS has keys that can be part of a request.
    pub fn has_sts_keys(xml: &str) -> bool {
        crate::auth::aws::has_sts_keys(xml)
    }

    /// The status in the header of a response, if it can be parsed.
    pub fn response_status(head: &[u8]) -> Option<u16> {
        Head::parse(head).map(|head| head.status)
    }

    /// A multipart body as shown by `c47 echo`.
    pub fn masked_multipart(body: &[u8], boundary: &str) -> Vec<u8> {
        crate::redact::multipart(body, boundary).into_owned()
    }

    /// Whether a text is a curl command that c47 supports.
    pub fn is_curl_command(text: &str) -> bool {
        crate::curl::Command::parse(text).is_ok()
    }

    /// Reads an OpenAPI document, a GraphQL schema and a response, and completes a line with them. Returns
    /// the number of candidates.
    #[cfg(feature = "tui")]
    pub fn candidates(document: &[u8], schema: &[u8], response: &str, line: &str) -> usize {
        use crate::explore::complete::{Knowledge, complete};
        use crate::explore::graphql::Schema;
        use crate::explore::history::masked;
        use crate::explore::openapi::Api;
        use crate::explore::tree::{Folds, Tree};
        use crate::http::url::Url;
        let base = Url::parse("https://a.lan/api");
        let mut knowledge = Knowledge {
            api: base.ok().and_then(|base| Api::parse(document, &base).ok()),
            schema: Schema::parse(schema).ok(),
            ..Knowledge::default()
        };
        if let Ok(tree) = Tree::of(response.into()) {
            knowledge.seen.add("/data/projects", &tree);
            for node in Folds::none().lines(&tree, Tree::root(), 100) {
                tree.path(node);
            }
        }
        masked(line);
        complete(line, &knowledge).candidates.len()
    }

    /// The number of checksums in a list.
    pub fn checksums(list: &[u8]) -> usize {
        let lines = list.split(|byte| *byte == b'\n');
        lines
            .filter_map(|line| crate::seq::sums::list::parse(line, None))
            .count()
    }

    /// Whether a text is a manifest or a chain file of ASC MHL.
    pub fn is_mhl(text: &str) -> bool {
        crate::seq::sums::mhl::is_readable(text)
    }

    /// A text as shown by `c47 echo`.
    pub fn masked_text(text: &str) -> String {
        crate::redact::text(text)
    }

    /// The frames of a range in a syntax of `c47 seq range`.
    ///
    /// # Errors
    /// The message for the user.
    pub fn seq_frames(range: &str, syntax: &str) -> Result<Vec<String>, String> {
        use crate::seq::range::{Syntax, parse};
        let syntax = Syntax::from_name(syntax).ok_or("no such syntax")?;
        let frames = parse(range, syntax).map_err(|error| error.to_string())?;
        Ok(frames.iter().map(ToString::to_string).collect())
    }

    /// The compact range of frames in a syntax of `c47 seq range`.
    ///
    /// # Errors
    /// The message for the user.
    pub fn seq_range(frames: &[String], syntax: &str, width: u8) -> Result<String, String> {
        use crate::seq::frame::Frame;
        use crate::seq::range::{Syntax, write_padded};
        let syntax = Syntax::from_name(syntax).ok_or("no such syntax")?;
        let frames = frames.iter().map(|frame| Frame::parse(frame));
        let frames: Vec<Frame> = frames
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())?;
        write_padded(&frames, syntax, width).map_err(|error| error.to_string())
    }
}
