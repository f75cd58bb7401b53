//! `--unix-socket`: HTTP to a local daemon over a Unix socket.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport,
};

use super::failure::{ConnectError, Failure};
use crate::deadline::Deadline;

/// A connection over a Unix socket.
#[derive(Debug)]
pub(super) struct UnixTransport {
    stream: UnixStream,
    buffers: LazyBuffers,
}

impl UnixTransport {
    /// Connects to the socket at `path`.
    pub(super) fn connect(
        path: &Path,
        details: &ConnectionDetails,
    ) -> Result<UnixTransport, ureq::Error> {
        let failed = |error: io::Error| Failure::Connect {
            to: path.display().to_string(),
            why: ConnectError::of(&error),
        };
        // connect(2) blocks forever if the daemon does not accept connections.
        let deadline = Deadline::after(limit(details.timeout));
        let socket = path.to_owned();
        let stream = deadline
            .wait_for(move || UnixStream::connect(socket))
            .map_err(failed)?
            .ok_or(ureq::Error::Timeout(details.timeout.reason))?
            .map_err(failed)?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(UnixTransport { stream, buffers })
    }
}

/// `None` without a limit; never zero, which the system reads as no limit.
fn limit(timeout: NextTimeout) -> Option<Duration> {
    timeout.not_zero().map(|limit| *limit)
}

fn late(error: io::Error, timeout: NextTimeout) -> ureq::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ureq::Error::Timeout(timeout.reason),
        _ => ureq::Error::Io(error),
    }
}

impl Transport for UnixTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let timeout = timeout.for_write();
        self.stream.set_write_timeout(limit(timeout))?;
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        let sent = self.stream.write_all(output);
        sent.map_err(|error| late(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let timeout = timeout.for_read();
        self.stream.set_read_timeout(limit(timeout))?;
        let input = self.buffers.input_append_buf();
        let amount = loop {
            match self.stream.read(input) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result.map_err(|error| late(error, timeout))?,
            }
        };
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        let mut probe = || {
            self.stream.set_nonblocking(true)?;
            let read = self.stream.read(&mut [0]);
            self.stream.set_nonblocking(false)?;
            read
        };
        // Nothing is expected: a byte, an end or an error means that the connection is unusable.
        probe().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}
