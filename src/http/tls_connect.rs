//! The TLS handshake with rustls. ureq's own connector panics on a client key that does not match
//! its certificate, and hides why verification failed.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::unversioned::transport::time::Instant;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use super::failure::Failure;
use super::tls_failure::{HandshakeError, explain};

/// The other end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Server,
    Proxy,
}

/// Connects with a prepared configuration.
#[derive(Clone, Debug)]
pub(super) struct TlsConnector {
    /// `None` for plain http, where no roots are read.
    pub config: Option<Arc<ClientConfig>>,
    pub peer: Peer,
}

impl TlsConnector {
    /// Performs the handshake for the host of `details` over `transport`.
    pub(super) fn handshake(
        &self,
        details: &ConnectionDetails,
        transport: Box<dyn Transport>,
    ) -> Result<TlsTransport, ureq::Error> {
        let host = details
            .uri
            .host()
            .unwrap_or("")
            .trim_matches(['[', ']'])
            .to_owned();
        let fail = |broken: HandshakeError| {
            let explained = explain(&broken);
            ureq::Error::from(Failure::Tls {
                peer: match self.peer {
                    Peer::Server => format!("'{host}'"),
                    Peer::Proxy => format!("the proxy '{host}'"),
                },
                why: explained.why,
                hint: explained.hint,
            })
        };
        let config = self
            .config
            .clone()
            .ok_or_else(|| fail(HandshakeError::NotPrepared))?;
        let name = ServerName::try_from(host.clone()).map_err(|_| fail(HandshakeError::NoName))?;
        let mut connection = ClientConnection::new(config, name)
            .map_err(|error| fail(HandshakeError::Tls(&error)))?;
        let mut socket = TransportAdapter::new(transport, details.current_time.clone());
        socket.set_timeout(remaining(details));
        match connection.complete_io(&mut socket) {
            Ok(_) => {}
            Err(error) => {
                let inner = error.get_ref();
                if inner.is_some_and(|inner| inner.is::<ureq::Error>()) {
                    return Err(ureq::Error::from(error));
                }
                return Err(match inner.and_then(|inner| inner.downcast_ref()) {
                    Some(reason) => fail(HandshakeError::Tls(reason)),
                    None => fail(HandshakeError::Connection(&error)),
                });
            }
        }
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(TlsTransport {
            buffers,
            stream: StreamOwned::new(connection, socket),
        })
    }
}

/// The remaining time for the connection, after DNS and TCP.
fn remaining(details: &ConnectionDetails) -> NextTimeout {
    let mut timeout = details.timeout;
    if let (false, Instant::Exact(now), Instant::Exact(began)) = (
        timeout.after.is_not_happening(),
        (details.current_time)(),
        details.now,
    ) {
        timeout.after = timeout
            .after
            .saturating_sub(now.duration_since(began))
            .into();
    }
    timeout
}

/// A connection with TLS.
pub(super) struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output)?;
        self.stream.flush()?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let input = self.buffers.input_append_buf();
        match self.stream.read(input) {
            Ok(amount) => {
                self.buffers.input_appended(amount);
                Ok(amount > 0)
            }
            // Without close_notify the response may have been truncated on the network, so this is
            // not the end of a body without a length.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Failure::Truncated {
                why: "the connection was closed without a TLS close_notify".into(),
            }
            .into()),
            Err(error) => Err(error.into()),
        }
    }

    fn is_open(&mut self) -> bool {
        let (connection, socket) = (&mut self.stream.conn, self.stream.sock.get_mut());
        // The response is complete, so these bytes can only be a close_notify or data that no one
        // requested.
        let is_quiet = socket.buffers().input().is_empty()
            && connection.process_new_packets().is_ok_and(|state| {
                state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed()
            });
        is_quiet && socket.is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTransport")
    }
}
