//! Printing: the one place that writes to stdout and stderr, and knows terminals and colour.
#![allow(clippy::print_stderr)] // this is the place

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use nanoserde::SerJson;
use rustix::fs::OFlags;

use crate::colour::Colour;
use crate::error::Error;
use crate::error::report;
use crate::escape::{self, one_line};

/// Who reads a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// People.
    Text,
    /// Programs: one JSON text and a line feed.
    Json,
}

impl Format {
    /// The format a command's `--json` switch asks for.
    pub(crate) fn from_switch(json: bool) -> Format {
        if json { Format::Json } else { Format::Text }
    }
}

/// Prints a report to stdout, and a line feed where it does not end in one.
pub(crate) fn print<R: Display + SerJson>(format: Format, report: &R) -> Result<(), Error> {
    let mut text = match format {
        Format::Text => report.to_string(),
        Format::Json => report.serialize_json(),
    };
    // An empty list is no line, not an empty one.
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

/// Text on stdout: to the letter in a pipe or a file, without hidden controls on a terminal.
fn for_people(text: &str) -> Result<(), Error> {
    match stdout_is_terminal() {
        true => bytes(escape::report(text).as_bytes()),
        false => bytes(text.as_bytes()),
    }
}

/// Set when stdout's reader has gone. The rest of the command only has its exit code to give.
static READER_HAS_GONE: AtomicBool = AtomicBool::new(false);

/// Writes bytes to stdout as they are, all of them, at once. A reader that has gone is no error: a
/// verdict keeps its exit code in `c47 jwt verify … | true`.
///
/// # Errors
/// When stdout is closed, read-only or full.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Error> {
    if bytes.is_empty() {
        return Ok(()); // nothing that could be lost
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

/// Checks that stdout is open for writing. Rust's standard library takes no notice where it is not:
/// the output would be lost and the command a success.
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

/// Whether what is written to stdout reaches nobody: a loop that only prints may end.
pub(crate) fn reader_has_gone() -> bool {
    READER_HAS_GONE.load(Ordering::Relaxed)
}

/// Ends a command that exists only to print, once nobody reads it.
///
/// # Errors
/// A closed pipe, which is silent.
pub(crate) fn ensure_reader() -> Result<(), Error> {
    match reader_has_gone() {
        true => Err(Error::Output(io::ErrorKind::BrokenPipe.into())),
        false => Ok(()),
    }
}

/// Says a line on stderr; that it cannot be said is nobody's business.
pub(crate) fn say(text: impl Display) {
    let text = text.to_string();
    let _ = writeln!(io::stderr(), "{}", escape::report(&text));
}

/// Puts `line` in place of the terminal's last line, without a line feed.
pub(crate) fn redraw(line: &str) {
    // Back to the first column, and away with what stands there.
    let _ = write!(io::stderr(), "\r\x1b[K{line}");
}

/// Reports a failure: on stderr, and where a program reads stdout as an object there too.
pub(crate) fn fail(format: Format, command: &str, error: &Error) {
    match (format, error) {
        // What cannot be written to takes no report of it.
        (Format::Text, _) | (Format::Json, Error::Output(_)) => {}
        (Format::Json, _) => {
            let _ = json_line(&report::json(error));
        }
    }
    complain(command, error);
}

/// Tells why a command failed: `c47 http: what: why`, then the hint, each on one line.
pub(crate) fn complain(command: &str, error: &Error) {
    say(format_args!("{command}: {}", one_line(&error.to_string())));
    if let Some(hint) = error.hint() {
        say(format_args!("hint: {}", one_line(&hint)));
    }
}

/// Whether stdout is a terminal that shows colour, and `NO_COLOR` is not set.
pub(crate) fn stdout_colour() -> Colour {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if stdout_is_terminal() && !unwanted {
        Colour::Always
    } else {
        Colour::Never
    }
}

/// Whether a person is looking at stdout.
pub(crate) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person is looking at stderr.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}
