//! Buffered reads and writes of a connection, with time limits.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::Limits;
use super::request::Refusal;

const READ_BYTES: usize = 16 << 10;

/// Why a request cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// The client has disconnected, or sends nothing and expects no response.
    Gone,
    /// The client gets an error response.
    Refused(Refusal),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Fault {
        Fault::Refused(refusal)
    }
}

/// The result of one read.
enum ReadOutcome {
    Bytes,
    End,
    /// The time limit was reached.
    Silence,
}

pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The start of the unused bytes in the buffer.
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

    /// The bytes that were read and not used yet.
    pub(super) fn unused(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Marks bytes as used.
    pub(super) fn skip(&mut self, length: usize) {
        self.start = self.buffer.len().min(self.start + length);
    }

    /// Waits for the first byte of the next request.
    pub(super) fn wait(&mut self) -> Result<(), Fault> {
        if self.unused().is_empty() && !matches!(self.read(), ReadOutcome::Bytes) {
            return Err(Fault::Gone);
        }
        Ok(())
    }

    /// Waits for more bytes of a request that has started.
    ///
    /// # Errors
    /// When the client sends nothing for too long (408), or disconnects in the middle of `what`.
    pub(super) fn more(&mut self, what: &str) -> Result<(), Fault> {
        match self.read() {
            ReadOutcome::Bytes => Ok(()),
            ReadOutcome::End => Err(Refusal::new(
                400,
                format!("the connection ended in the middle of {what}"),
            )
            .into()),
            ReadOutcome::Silence => {
                Err(Refusal::new(408, format!("timed out reading {what}")).into())
            }
        }
    }

    /// A line of at most `limit` bytes, without its CRLF.
    ///
    /// # Errors
    /// As [`Wire::more`], and when the line is longer or does not end with CRLF.
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

    fn read(&mut self) -> ReadOutcome {
        self.buffer.drain(..self.start);
        self.start = 0;
        let Some(wait) = self.time_left() else {
            return ReadOutcome::Silence;
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
            Ok(0) => ReadOutcome::End,
            Ok(_) => ReadOutcome::Bytes,
            Err(error) if is_timeout(&error) => ReadOutcome::Silence,
            Err(_) => ReadOutcome::End,
        }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// When the client has disconnected, or reads nothing for too long.
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

    /// Extends the time limit of the connection, for its last response.
    pub(super) fn grant(&mut self, more: Duration) {
        self.deadline = self.deadline.max(Instant::now() + more);
    }

    /// Closes the connection so that the last response arrives. Unread bytes would make the system
    /// reset the connection, and the client would lose the response.
    pub(super) fn linger(mut self, patience: Duration) {
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let now = Instant::now();
        self.deadline = self.deadline.max(now).min(now + patience);
        while matches!(self.read(), ReadOutcome::Bytes) {
            self.buffer.clear();
        }
    }

    /// How long the next read or write may take; `None` after the time limit.
    fn time_left(&self) -> Option<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        // Zero would disable the timeout.
        (left >= Duration::from_millis(1)).then(|| left.min(self.silence))
    }
}

fn bare(what: &str) -> Fault {
    Refusal::new(400, format!("{what} contains a CR or LF alone")).into()
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
