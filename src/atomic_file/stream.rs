//! What is written to instead of replaced: a device, a FIFO, an open descriptor.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::place;
use crate::deadline::Deadline;
use crate::{descriptor, output};

/// A program that reads the FIFO may be started at the same time as c47.
const READER_STARTS: Duration = Duration::from_secs(5);
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What is written to, never waiting beyond the deadline.
pub(crate) struct Stream {
    file: File,
    deadline: Deadline,
}

/// Why nothing more is written to a stream.
pub(crate) enum Stop {
    Failed(io::Error),
    TimedOut,
}

impl Stream {
    /// Opens it. A FIFO is waited for until a process reads from it.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub(crate) fn open(place: &Path, deadline: Deadline) -> Result<Stream, Stop> {
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

    /// Writes all the bytes.
    ///
    /// # Errors
    /// When they cannot be written, or not before the deadline.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
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
    let own = place::own_descriptor(place);
    if own == Some(libc::STDOUT_FILENO) {
        // Another opening could be writable where stdout itself is not.
        output::ensure_stdout_is_writable()
            .map_err(|_| io::Error::from_raw_os_error(libc::EBADF))?;
    }
    if is_file && let Some(own) = own {
        // The position in the file is shared with what else is written there.
        return descriptor::duplicate(own);
    }
    let opened = OpenOptions::new()
        .write(true)
        .append(is_file)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(place);
    match (opened, own) {
        // A socket, or a terminal of another user, cannot be opened again.
        (Err(_), Some(own)) => descriptor::duplicate(own),
        (opened, _) => opened,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_that_is_not_open_is_an_error() {
        let place = format!("/proc/{}/fd/900", std::process::id());
        assert!(Stream::open(Path::new(&place), Deadline::default()).is_err());
    }
}
