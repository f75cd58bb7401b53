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
use crate::jq::{Filter, Output};
use crate::json::{self, Text};

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON text and a line feed.
    Json,
}

/// Prints reports as `--json`, `--jq` and `--raw-output` ask for. Every command with reports has
/// these options.
pub(crate) enum Printer {
    Text,
    Json,
    /// The results of a jq filter.
    Filtered(Filter, Strings),
}

/// How the strings among the results of a filter are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strings {
    /// As JSON, like every other value.
    Json,
    /// Without quotes and escapes.
    Raw,
}

impl Strings {
    /// From a `--raw-output` switch.
    pub(crate) fn from_switch(raw_output: bool) -> Strings {
        match raw_output {
            true => Strings::Raw,
            false => Strings::Json,
        }
    }
}

impl Printer {
    /// From the options of a command. Call it before the command does any work.
    ///
    /// # Errors
    /// A usage error when the filter does not compile, or `raw_output` is given without one.
    pub(crate) fn from_options(
        json: bool,
        jq: Option<&str>,
        raw_output: bool,
    ) -> Result<Printer, Error> {
        match jq {
            Some(filter) => Ok(Printer::Filtered(
                Filter::compile("--jq", filter)?,
                Strings::from_switch(raw_output),
            )),
            None if raw_output => Err(Error::usage("--raw-output requires --jq")),
            None if json => Ok(Printer::Json),
            None => Ok(Printer::Text),
        }
    }

    /// Whether the output is for people or for programs.
    pub(crate) fn format(&self) -> Format {
        match self {
            Printer::Text => Format::Text,
            Printer::Json | Printer::Filtered(..) => Format::Json,
        }
    }

    /// Prints a report.
    ///
    /// # Errors
    /// When stdout cannot be written, or the filter fails.
    pub(crate) fn print<R: Display + SerJson>(&self, report: &R) -> Result<(), Error> {
        match self {
            Printer::Text | Printer::Json => print(self.format(), report),
            Printer::Filtered(filter, strings) => {
                print_results(&results(filter, &report.serialize_json())?, *strings)
            }
        }
    }
}

/// The results of a command's filter for its report.
///
/// # Errors
/// When the filter fails.
pub(crate) fn results(filter: &Filter, json: &str) -> Result<Vec<Output>, Error> {
    filter.outputs("--jq", json.as_bytes())
}

/// Prints the results of a filter, one a line.
pub(crate) fn print_results(outputs: &[Output], strings: Strings) -> Result<(), Error> {
    bytes(result_lines(outputs, strings).as_bytes())
}

/// The results of a filter as they are printed.
pub(crate) fn result_lines(outputs: &[Output], strings: Strings) -> String {
    let mut text = String::new();
    for output in outputs {
        text.push_str(&result(output, strings, stdout_is_terminal()));
        text.push('\n');
    }
    text
}

/// A result of a filter as it is written: strings as `strings` says, other values as compact JSON.
/// On a terminal JSON is laid out, and control characters of a raw string are escaped.
pub(crate) fn result(output: &Output, strings: Strings, on_terminal: bool) -> String {
    match (strings, output.as_str()) {
        (Strings::Raw, Some(text)) if on_terminal => escape::lines(text),
        (Strings::Raw, Some(text)) => text.to_owned(),
        (Strings::Json, _) | (Strings::Raw, None) => laid_out(output.json(), on_terminal),
    }
}

/// A JSON text as it is written on lines of its own: laid out on a terminal, else unchanged.
pub(crate) fn laid_out(text: &str, on_terminal: bool) -> String {
    if !on_terminal {
        return text.to_owned();
    }
    match Text::parse(escape::json(text)) {
        Ok(text) => json::layout(&text, stdout_colour()),
        // Nested too deep to be laid out.
        Err(_) => escape::lines(text),
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

/// Writes a part of a stream to stdout.
///
/// # Errors
/// When stdout cannot be written. A closed pipe is an error that is not reported: the stream ends.
pub(crate) fn stream(text: &[u8]) -> Result<(), Error> {
    bytes(text)?;
    ensure_reader()
}

/// Writes to stderr without a line feed. A failure to write it is ignored.
pub(crate) fn raw_message(text: &[u8]) {
    let _ = match stderr_is_terminal() {
        true => io::stderr().write_all(escape::report(&String::from_utf8_lossy(text)).as_bytes()),
        false => io::stderr().write_all(text),
    };
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

/// The same for a terminal that is neither of them.
#[cfg(feature = "tui")]
pub(crate) fn terminal_colour() -> Colour {
    colour_on(true)
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
