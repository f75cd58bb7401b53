//! `-o FILE`: the body of a response into a file, or into what is no file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::show::copy;
use super::status::Voice;
use crate::atomic_file::{AtomicFile, Place};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Answer;
use crate::http::failure::{Failure, Phase};
use crate::output;

/// A program that reads the FIFO may be started at the same time as c47.
const READER_STARTS: Duration = Duration::from_secs(5);
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The body into a file, whole or not at all; a device, a FIFO or a descriptor is written to.
pub(super) fn to_file(
    answer: &mut Answer,
    path: &Path,
    deadline: Deadline,
    voice: Voice,
) -> Result<(), Error> {
    if let Place::Stream(place) = Place::of(path)? {
        let mut stream = Stream::open(&place, deadline).map_err(|stop| stop.at(path))?;
        return copy(answer, &mut |bytes| {
            stream.write(bytes).map_err(|stop| stop.at(path))
        });
    }
    let mut file = AtomicFile::create(path, 0o666)?;
    copy(answer, &mut |bytes| {
        file.write_all(bytes).map_err(Error::file("write", path))
    })?;
    file.commit()?;
    if voice == Voice::Normal && io::stderr().is_terminal() {
        output::say(format_args!("c47 http: {} written", path.display()));
    }
    Ok(())
}

/// What is written to, never waiting beyond the deadline.
struct Stream {
    file: File,
    deadline: Deadline,
}

/// Why nothing more is written to a stream.
enum Stop {
    Failed(io::Error),
    TimedOut,
}

impl Stop {
    fn at(self, path: &Path) -> Error {
        match self {
            Stop::Failed(error) => Error::file("write", path)(error),
            Stop::TimedOut => Error::Http(Failure::TimedOut {
                phase: Phase::Whole,
                after: None,
            }),
        }
    }
}

impl Stream {
    fn open(place: &Path, deadline: Deadline) -> Result<Stream, Stop> {
        let found = fs::metadata(place).map_err(Stop::Failed)?;
        let is_fifo = found.file_type().is_fifo();
        let began = Instant::now();
        let mut pauses = Pauses::new(deadline);
        let file = loop {
            let error = match open(place, found.is_file()) {
                Ok(file) => break file,
                Err(error) => error,
            };
            if !is_fifo || error.raw_os_error() != Some(libc::ENXIO) {
                return Err(Stop::Failed(error));
            }
            if began.elapsed() >= READER_STARTS {
                let why = "it is a FIFO, and no process reads from it";
                return Err(Stop::Failed(io::Error::other(why)));
            }
            pauses.next()?;
        };
        Ok(Stream { file, deadline })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let mut left = bytes;
        let mut pauses = Pauses::new(self.deadline);
        while !left.is_empty() {
            match self.file.write(left) {
                Ok(0) => return Err(Stop::Failed(io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    left = left.get(count..).unwrap_or_default();
                    pauses = Pauses::new(self.deadline);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => pauses.next()?,
                Err(error) => return Err(Stop::Failed(error)),
            }
        }
        Ok(())
    }
}

/// Opens a stream without waiting. Of a descriptor this is another opening of the same file, so
/// that the original one stays as it is.
fn open(place: &Path, is_file: bool) -> io::Result<File> {
    let own = own_descriptor(place);
    if is_file && let Some(own) = own {
        // The position in the file is shared with what else is written there.
        return own;
    }
    let opened = OpenOptions::new()
        .write(true)
        .append(is_file)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(place);
    match (opened, own) {
        // A socket, or a terminal of another user, cannot be opened again.
        (Err(_), Some(own)) => own,
        (opened, _) => opened,
    }
}

/// Standard output or standard error, where `place` is one of them.
fn own_descriptor(place: &Path) -> Option<io::Result<File>> {
    let own = format!("/proc/{}/fd", std::process::id());
    let number = place.strip_prefix(own).ok()?.to_str()?;
    let descriptor = match number {
        "1" => io::stdout().as_fd().try_clone_to_owned(),
        "2" => io::stderr().as_fd().try_clone_to_owned(),
        _ => return None,
    };
    Some(descriptor.map(File::from))
}

/// Longer and longer pauses, none beyond the deadline.
struct Pauses {
    next: Duration,
    deadline: Deadline,
}

impl Pauses {
    fn new(deadline: Deadline) -> Pauses {
        Pauses {
            next: SHORTEST_PAUSE,
            deadline,
        }
    }

    fn next(&mut self) -> Result<(), Stop> {
        let left = self.deadline.left().unwrap_or(Duration::MAX);
        if left.is_zero() {
            return Err(Stop::TimedOut);
        }
        sleep(self.next.min(left));
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
