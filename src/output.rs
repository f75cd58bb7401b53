//! Output: the only module that writes to stdout and stderr. It knows about terminals and colour.
#![allow(clippy::print_stderr)] // only here

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use nanoserde::SerJson;
use rustix::fs::{FileType, OFlags};

use crate::colour::Colour;
use crate::error::Error;
use crate::error::report;
use crate::escape::{self, one_line};

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON text and a line feed.
    Json,
}

impl Format {
    /// The format a command's `--json` switch asks for.
    pub(crate) fn from_switch(json: bool) -> Format {
        if json { Format::Json } else { Format::Text }
    }
}

/// Prints a report to stdout, with a line feed at the end.
pub(crate) fn print<R: Display + SerJson>(format: Format, report: &R) -> Result<(), Error> {
    let mut text = match format {
        Format::Text => report.to_string(),
        Format::Json => report.serialize_json(),
    };
    // An empty list prints nothing, not an empty line.
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    match format {
        Format::Text => for_people(&text),
        Format::Json => bytes(escape::json(&text).as_bytes()),
    }
}

/// Prints a line to stdout.
pub(crate) fn line(text: impl Display) -> Result<(), Error> {
    for_people(&format!("{text}\n"))
}

/// Prints a line of JSON to stdout.
pub(crate) fn json_line(text: &str) -> Result<(), Error> {
    bytes(format!("{}\n", escape::json(text)).as_bytes())
}

/// Prints text to stdout: unchanged to a pipe or a file, with control characters escaped on a
/// terminal.
fn for_people(text: &str) -> Result<(), Error> {
    match stdout_is_terminal() {
        true => bytes(escape::report(text).as_bytes()),
        false => bytes(text.as_bytes()),
    }
}

/// Set when the reader of stdout has closed the pipe. Only the exit code still matters then.
static READER_HAS_GONE: AtomicBool = AtomicBool::new(false);

/// Writes bytes to stdout unchanged. A closed pipe is not an error: `c47 jwt verify … | true` keeps
/// its exit code.
///
/// # Errors
/// When stdout is closed, read-only or full.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Error> {
    if bytes.is_empty() {
        return Ok(()); // also when stdout is closed
    }
    ensure_stdout_is_writable()?;
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            READER_HAS_GONE.store(true, Ordering::Relaxed);
            Ok(())
        }
        result => result.map_err(Error::Output),
    }
}

/// Checks that stdout is open for writing. Rust's standard library ignores a closed stdout: the
/// output would be lost, and the command would succeed.
///
/// # Errors
/// When stdout was closed or read-only from the start.
pub(crate) fn ensure_stdout_is_writable() -> Result<(), Error> {
    static IS_WRITABLE: OnceLock<bool> = OnceLock::new();
    let is_writable = IS_WRITABLE.get_or_init(|| {
        rustix::fs::fcntl_getfl(io::stdout()).is_ok_and(|flags| {
            flags.intersects(OFlags::WRONLY | OFlags::RDWR) && !flags.contains(OFlags::PATH)
        })
    });
    match is_writable {
        true => Ok(()),
        false => Err(Error::Output(io::Error::other(
            "it is not open for writing",
        ))),
    }
}

/// Whether the reader of stdout has closed the pipe, so that a loop that only prints can end.
pub(crate) fn reader_has_gone() -> bool {
    READER_HAS_GONE.load(Ordering::Relaxed)
}

/// Ends a command that only prints when the reader of stdout has closed the pipe.
///
/// # Errors
/// A closed pipe, which is not reported.
pub(crate) fn ensure_reader() -> Result<(), Error> {
    match reader_has_gone() {
        true => Err(Error::Output(io::ErrorKind::BrokenPipe.into())),
        false => Ok(()),
    }
}

/// Prints a line to stderr. A failure to write it is ignored.
pub(crate) fn say(text: impl Display) {
    let text = text.to_string();
    let _ = writeln!(io::stderr(), "{}", escape::report(&text));
}

/// Replaces the last line of the terminal by `line`, without a line feed.
pub(crate) fn redraw(line: &str) {
    // Return to the first column and erase the line.
    let _ = write!(io::stderr(), "\r\x1b[K{line}");
}

/// Reports an error on stderr, and with `--json` also as an object on stdout.
pub(crate) fn fail(format: Format, command: &str, error: &Error) {
    match (format, error) {
        // stdout cannot be written.
        (Format::Text, _) | (Format::Json, Error::Output(_)) => {}
        (Format::Json, _) => {
            let _ = json_line(&report::json(error));
        }
    }
    complain(command, error);
}

/// Prints an error to stderr: `c47 http: what failed: why`, then the hint, each on one line.
pub(crate) fn complain(command: &str, error: &Error) {
    let colour = stderr_colour();
    let label = colour.styled(&format!("{command}:"), ERROR_STYLE);
    say(format_args!("{label} {}", one_line(&error.to_string())));
    if let Some(hint) = error.hint() {
        let label = colour.styled("hint:", HINT_STYLE);
        say(format_args!("{label} {}", one_line(&hint)));
    }
}

/// Bold red.
const ERROR_STYLE: &str = "1;31";
/// Cyan.
const HINT_STYLE: &str = "36";

/// Whether text on stdout is coloured: on a terminal that shows colour, without `NO_COLOR`.
pub(crate) fn stdout_colour() -> Colour {
    colour_on(stdout_is_terminal())
}

/// The same for stderr.
fn stderr_colour() -> Colour {
    colour_on(stderr_is_terminal())
}

fn colour_on(is_terminal: bool) -> Colour {
    let is_disabled = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if is_terminal && !is_disabled {
        Colour::Always
    } else {
        Colour::Never
    }
}

/// Whether stdout is a terminal.
pub(crate) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether stdout is a file or a device such as `/dev/null`, so that nothing of it reaches the terminal:
/// the reader of a pipe may write there.
pub(crate) fn stdout_is_file() -> bool {
    let kind = rustix::fs::fstat(io::stdout()).map(|found| FileType::from_raw_mode(found.st_mode));
    match kind {
        Ok(FileType::RegularFile) => true,
        Ok(FileType::CharacterDevice) => !stdout_is_terminal(),
        Ok(_) | Err(_) => false,
    }
}

/// Whether stderr is a terminal.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}
