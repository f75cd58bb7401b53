//! A connection's bytes: what was read and not yet used, and the clock that runs meanwhile.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::Limits;
use super::request::Refusal;

const READ_BYTES: usize = 16 << 10;

/// Why a request cannot be read to its end.
#[derive(Debug)]
pub(super) enum Fault {
    /// The client has gone, or says nothing and has nothing to be told.
    Gone,
    /// The client is told.
    Refused(Refusal),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Fault {
        Fault::Refused(refusal)
    }
}

/// What came of one read.
enum Came {
    Bytes,
    End,
    /// Nothing for too long.
    Silence,
}

pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where in the buffer the unused bytes begin.
    start: usize,
    silence: Duration,
    deadline: Instant,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, limits: &Limits) -> Wire {
        let _ = stream.set_nodelay(true);
        Wire {
            stream,
            buffer: Vec::new(),
            start: 0,
            silence: limits.silence,
            deadline: Instant::now() + limits.connection,
        }
    }

    /// The bytes that came and were not used.
    pub(super) fn unused(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Marks bytes as used.
    pub(super) fn skip(&mut self, length: usize) {
        self.start = self.buffer.len().min(self.start + length);
    }

    /// Waits for the first byte of the next request. There may be none, ever.
    pub(super) fn wait(&mut self) -> Result<(), Fault> {
        if self.unused().is_empty() && !matches!(self.read(), Came::Bytes) {
            return Err(Fault::Gone);
        }
        Ok(())
    }

    /// Waits for more bytes of a request that has begun.
    ///
    /// # Errors
    /// When the client is silent too long (408), or ends in the middle of `what`.
    pub(super) fn more(&mut self, what: &str) -> Result<(), Fault> {
        match self.read() {
            Came::Bytes => Ok(()),
            Came::End => {
                Err(Refusal::new(400, format!("the connection ended within {what}")).into())
            }
            Came::Silence => {
                Err(Refusal::new(408, format!("the client took too long over {what}")).into())
            }
        }
    }

    /// A line of at most `limit` bytes, without its CRLF.
    ///
    /// # Errors
    /// As [`Wire::more`]; and when the line is longer, or ends in less than CRLF.
    pub(super) fn line(&mut self, limit: usize, what: &str) -> Result<Vec<u8>, Fault> {
        let mut seen = 0;
        loop {
            let unused = self.unused();
            let fresh = unused.get(seen..).unwrap_or_default();
            if let Some(at) = fresh.iter().position(|&b| b == b'\n') {
                let end = seen + at;
                let line = unused.get(..end).unwrap_or_default();
                let Some(line) = line.strip_suffix(b"\r") else {
                    return Err(bare(what));
                };
                if line.contains(&b'\r') {
                    return Err(bare(what));
                }
                let line = line.to_vec();
                self.skip(end + 1);
                return Ok(line);
            }
            seen = unused.len();
            if seen > limit {
                return Err(Refusal::new(400, format!("{what} is too long")).into());
            }
            self.more(what)?;
        }
    }

    fn read(&mut self) -> Came {
        self.buffer.drain(..self.start);
        self.start = 0;
        let Some(wait) = self.time_left() else {
            return Came::Silence;
        };
        let length = self.buffer.len();
        self.buffer.resize(length + READ_BYTES, 0);
        let free = self.buffer.get_mut(length..).unwrap_or_default();
        let read = self
            .stream
            .set_read_timeout(Some(wait))
            .and_then(|()| retrying(|| (&self.stream).read(free)));
        self.buffer
            .truncate(length + read.as_ref().map_or(0, |&read| read));
        match read {
            Ok(0) => Came::End,
            Ok(_) => Came::Bytes,
            Err(error) if is_timeout(&error) => Came::Silence,
            Err(_) => Came::End,
        }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// When the client has gone or takes nothing for too long.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let wait = self.time_left().ok_or(Fault::Gone)?;
            let written = self
                .stream
                .set_write_timeout(Some(wait))
                .and_then(|()| retrying(|| (&self.stream).write(rest)));
            match written {
                Ok(0) | Err(_) => return Err(Fault::Gone),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    /// Gives a connection whose time is up this much more, for its last answer.
    pub(super) fn grant(&mut self, more: Duration) {
        self.deadline = self.deadline.max(Instant::now() + more);
    }

    /// Ends the connection so that the last answer arrives: bytes that came and were not read
    /// would make the system reset it, and the client lose the answer.
    pub(super) fn farewell(mut self, patience: Duration) {
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let now = Instant::now();
        self.deadline = self.deadline.max(now).min(now + patience);
        while matches!(self.read(), Came::Bytes) {
            self.buffer.clear();
        }
    }

    /// How long the next read or write may take; `None` when the connection's time is up.
    fn time_left(&self) -> Option<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        // A timeout of zero means none at all.
        (left >= Duration::from_millis(1)).then(|| left.min(self.silence))
    }
}

fn bare(what: &str) -> Fault {
    Refusal::new(400, format!("a CR or LF stands alone in {what}")).into()
}

fn retrying(mut action: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match action() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
