//! Where a body, the outputs of a filter or the items of pages are written: stdout, or the file of
//! `-o`.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::format::Show;
use super::status::Verbosity;
use crate::atomic_file::{AtomicFile, Place, Stop, Stream};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::failure::{Failure, Phase};
use crate::jq::Output;
use crate::output::{self, Strings};

/// What is written to.
pub(super) enum Sink {
    Stdout,
    /// A file, which is written completely or not at all.
    File {
        path: PathBuf,
        file: Box<AtomicFile>,
    },
    /// A device, a FIFO or a descriptor, which is written to directly.
    Stream {
        path: PathBuf,
        stream: Stream,
    },
}

impl Sink {
    /// Opens the file of `-o`; stdout without one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn open(show: &Show, deadline: Deadline) -> Result<Sink, Error> {
        match show {
            Show::File(path) => Sink::file(path, deadline),
            Show::Body
            | Show::Stream
            | Show::Headers
            | Show::Parts(_)
            | Show::Download(_)
            | Show::Json => Ok(Sink::Stdout),
        }
    }

    /// Opens a file, or what the path leads to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn file(path: &Path, deadline: Deadline) -> Result<Sink, Error> {
        let path = path.to_owned();
        match Place::of(&path)? {
            Place::Stream(place) => match Stream::open(&place, deadline) {
                Ok(stream) => Ok(Sink::Stream { path, stream }),
                Err(stop) => Err(error_of(stop, &path)),
            },
            Place::File(_) => Ok(Sink::File {
                file: Box::new(AtomicFile::create(&path, 0o666)?),
                path,
            }),
        }
    }

    /// Writes bytes unchanged.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Sink::Stdout => output::bytes(bytes),
            Sink::File { path, file } => file.write_all(bytes).map_err(Error::file("write", path)),
            Sink::Stream { path, stream } => {
                stream.write(bytes).map_err(|stop| error_of(stop, path))
            }
        }
    }

    /// Writes an output of a filter on a line.
    ///
    /// # Errors
    /// As [`Sink::write`].
    pub(super) fn output(&mut self, output: &Output, strings: Strings) -> Result<(), Error> {
        let text = output::result(output, strings, self.is_terminal());
        self.write(format!("{text}\n").as_bytes())
    }

    /// A JSON text as it is written on lines of its own.
    pub(super) fn laid_out(&self, text: &str) -> String {
        output::laid_out(text, self.is_terminal())
    }

    /// Whether it is stdout on a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Sink::Stdout) && output::stdout_is_terminal()
    }

    /// Whether nothing of it reaches the terminal, where a line of progress would be mixed with it.
    pub(super) fn is_apart(&self) -> bool {
        match self {
            Sink::Stdout => output::stdout_is_file(),
            Sink::File { .. } => true,
            Sink::Stream { .. } => false,
        }
    }

    /// Completes the file.
    ///
    /// # Errors
    /// When it cannot replace the old file.
    pub(super) fn finish(self, level: Verbosity) -> Result<(), Error> {
        let Sink::File { path, file } = self else {
            return Ok(());
        };
        file.commit()?;
        if level == Verbosity::Normal && output::stderr_is_terminal() {
            output::say(format_args!("c47 http: {} written", path.display()));
        }
        Ok(())
    }
}

fn error_of(stop: Stop, path: &Path) -> Error {
    match stop {
        Stop::Failed(error) => Error::file("write", path)(error),
        Stop::TimedOut => Error::Http(Failure::TimedOut {
            phase: Phase::Whole,
            after: None,
        }),
    }
}
