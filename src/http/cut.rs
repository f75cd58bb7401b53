//! A server may respond and close the connection before it has read the whole request, for example
//! with a 413 to an upload. The rest of the request is then discarded, and the response is read.

use std::io::{self, Read};

use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use super::wire::{CurrentWire, Wire};

/// A connection on which a failed write is not yet an error, because the response may have arrived.
/// It is below TLS, which does not read again after a failed write.
#[derive(Debug)]
pub(super) struct CutTransport {
    pub inner: Box<dyn Transport>,
    pub current: CurrentWire,
}

impl Transport for CutTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let wire = self.current.get();
        if wire.is_cut() {
            return Ok(());
        }
        match self.inner.transmit_output(amount, timeout) {
            Err(ureq::Error::Io(error)) if is_closed(&error) && wire.cut() => Ok(()),
            result => result,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        match self.inner.await_input(timeout) {
            // The failed write consumed the error that distinguishes a reset from an end.
            Ok(false) if self.current.get().is_cut() => {
                Err(io::Error::from(io::ErrorKind::ConnectionReset).into())
            }
            result => result,
        }
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// Whether the peer, or a device on the way, closed the connection.
pub(super) fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::UnexpectedEof
    )
}

/// A body that is no longer read after the connection is closed. It still has the length that was
/// announced.
pub(super) struct CutBody<R> {
    inner: R,
    /// `None` for a chunked body, which may end at any time.
    left: Option<u64>,
    wire: Wire,
}

impl<R: Read> CutBody<R> {
    pub(super) fn new(inner: R, length: Option<u64>, wire: Wire) -> CutBody<R> {
        CutBody {
            inner,
            left: length,
            wire,
        }
    }
}

impl<R: Read> Read for CutBody<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match (self.wire.is_cut(), self.left) {
            (false, _) => self.inner.read(buffer)?,
            (true, Some(left)) => {
                usize::try_from(left).map_or(buffer.len(), |l| l.min(buffer.len()))
            }
            (true, None) => 0,
        };
        self.left = self.left.map(|left| left.saturating_sub(count as u64));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::timing::{ConnectionUse, Timing};

    #[test]
    fn a_cut_body_keeps_its_length_without_being_read() {
        for (length, rest) in [(Some(100), 96), (None, 0)] {
            let wire = Wire::new(Timing::start(ConnectionUse::New));
            let mut body = CutBody::new(b"abcdefgh".as_slice(), length, wire.clone());
            let mut four = [0; 4];
            body.read_exact(&mut four).unwrap();
            assert_eq!(&four, b"abcd");
            wire.start_request();
            assert!(wire.cut());
            assert_eq!(body.read_to_end(&mut Vec::new()).unwrap(), rest);
        }
    }

    #[test]
    fn only_a_started_request_can_be_cut() {
        let wire = Wire::new(Timing::start(ConnectionUse::New));
        assert!(!wire.cut() && !wire.is_cut());
    }
}
