//! The connector chain: proxy, TCP, TLS. On top it records the response headers as received, limits
//! their size, and measures time.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, LazyBuffers, NextTimeout,
    SocksConnector, TcpConnector, Transport,
};

use super::cut::{CutTransport, is_closed};
use super::failure::{Failure, ProxyError};
use super::keep_alive::idle_limit;
use super::pool::{Connection, Key, Pool};
use super::proxy::Forward;
use super::tls_connect::TlsConnector;
use super::unix_socket::UnixTransport;
use super::wire::{CurrentWire, Wire};

/// The whole chain, as ureq requires it.
#[derive(Debug)]
pub(super) struct Chain {
    pub tls: TlsConnector,
    /// For the connection to an https proxy, which does not receive the client certificate.
    pub proxy_tls: TlsConnector,
    pub forward: Option<Forward>,
    pub wire: Wire,
    /// The same exchange, for the layers of a new connection.
    pub current: CurrentWire,
    /// An open connection, which is used instead of a new one.
    pub idle: Mutex<Option<Connection>>,
    /// Where the connection goes after the exchange.
    pub pool: Pool,
    pub key: Key,
    /// The destination of the request: a connection to a proxy is not recorded.
    pub target: ureq::http::Uri,
    /// The socket to connect to instead of the host.
    pub unix_socket: Option<PathBuf>,
}

impl Connector<()> for Chain {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(connection) = idle {
            connection.current.set(self.wire.clone());
            return Ok(Some(self.watched(connection)));
        }
        let Some(transport) = self.open(details)? else {
            return Ok(None);
        };
        self.wire.with_timing(|timing| {
            let lap = timing.lap();
            timing.connect = Some(timing.connect.unwrap_or_default() + lap);
        });
        // The connection to a CONNECT proxy is made by this chain too.
        let is_to_proxy = details.config.proxy().is_none() && *details.uri != self.target;
        let transport: Box<dyn Transport> = if details.needs_tls() {
            let tls = if is_to_proxy {
                &self.proxy_tls
            } else {
                &self.tls
            };
            let secured = tls.handshake(details, transport)?;
            self.wire
                .with_timing(|timing| timing.tls = Some(timing.lap()));
            Box::new(secured)
        } else {
            transport
        };
        // The responses of a proxy are not those of the server.
        if is_to_proxy {
            return Ok(Some(Box::new(ToProxy {
                inner: transport,
                wire: self.wire.clone(),
            })));
        }
        Ok(Some(self.watched(Connection {
            transport,
            current: self.current.clone(),
            opened: Instant::now(),
        })))
    }
}

impl Chain {
    fn watched(&self, connection: Connection) -> Box<dyn Transport> {
        Box::new(Watched {
            inner: connection.transport,
            forward: self.forward.clone(),
            wire: self.wire.clone(),
            ownership: Some(Ownership {
                pool: self.pool.clone(),
                key: self.key.clone(),
                current: connection.current,
                opened: connection.opened,
            }),
        })
    }

    fn open(&self, details: &ConnectionDetails) -> Result<Option<Box<dyn Transport>>, ureq::Error> {
        if let Some(path) = &self.unix_socket {
            let inner = Box::new(UnixTransport::connect(path, details)?);
            return Ok(Some(self.cuttable(inner)));
        }
        let tcp =
            ().chain(SocksConnector::default())
                .chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default());
        let transport = tcp.connect(details, None)?;
        Ok(transport.map(|transport| self.cuttable(Box::new(transport))))
    }

    fn cuttable(&self, inner: Box<dyn Transport>) -> Box<dyn Transport> {
        Box::new(CutTransport {
            inner,
            current: self.current.clone(),
        })
    }
}

/// A connection to a proxy that opens a tunnel; records the headers of its response.
#[derive(Debug)]
struct ToProxy {
    inner: Box<dyn Transport>,
    wire: Wire,
}

impl Transport for ToProxy {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let before = self.inner.buffers().input().len();
        let progress = self.inner.await_input(timeout)?;
        let input = self.inner.buffers().input();
        self.wire
            .record_proxy_headers(input.get(before..).unwrap_or_default())?;
        Ok(progress)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// A connection during one exchange; records the response headers.
#[derive(Debug)]
struct Watched {
    inner: Box<dyn Transport>,
    /// Removed after the request line is rewritten.
    forward: Option<Forward>,
    wire: Wire,
    /// `None` after the connection has gone to the pool.
    ownership: Option<Ownership>,
}

/// What the pool needs to keep a connection.
#[derive(Debug)]
struct Ownership {
    pool: Pool,
    key: Key,
    current: CurrentWire,
    opened: Instant,
}

impl Watched {
    /// Gives the connection to the pool, unless its state or the server forbids that.
    fn release(&mut self) {
        let Some(ownership) = self.ownership.take() else {
            return;
        };
        let transport = std::mem::replace(&mut self.inner, Box::new(Closed::new()));
        let limit = self.wire.head().as_ref().and_then(idle_limit);
        if let (Some(limit), false) = (limit, self.wire.is_cut()) {
            let connection = Connection {
                transport,
                current: ownership.current,
                opened: ownership.opened,
            };
            ownership.pool.give(ownership.key, connection, limit);
        }
    }
}

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if self.wire.is_cut() {
            return Ok(()); // the connection is closed before encryption
        }
        self.wire.start_request();
        let amount = match self.forward.take() {
            Some(forward) => rewrite_for_proxy(self.inner.buffers(), amount, &forward)?,
            None => amount,
        };
        self.inner.transmit_output(amount, timeout)?;
        self.wire
            .with_timing(|timing| timing.mark = std::time::Instant::now());
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let before = self.inner.buffers().input().len();
        let timeout = self.wire.within_hurry(timeout);
        let progress = match self.inner.await_input(timeout) {
            // ureq treats these errors as the end of a body without a length, but a reset can be
            // forged by anyone on the network.
            Err(ureq::Error::Io(error)) if is_closed(&error) => {
                return Err(Failure::closed_early().into());
            }
            result => result?,
        };
        let new = self
            .inner
            .buffers()
            .input()
            .get(before..)
            .unwrap_or_default();
        self.wire.record_headers(new)?;
        Ok(progress)
    }

    /// ureq asks this only when it has read the whole response and the headers of both sides let
    /// it use the connection again. The pool takes the connection, and ureq drops the rest.
    fn is_open(&mut self) -> bool {
        self.release();
        false
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// Stands in for a connection that has gone to the pool.
#[derive(Debug)]
struct Closed(LazyBuffers);

impl Closed {
    fn new() -> Closed {
        Closed(LazyBuffers::new(1, 1))
    }
}

impl Transport for Closed {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.0
    }

    fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        Err(Failure::closed_early().into())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        Err(Failure::closed_early().into())
    }

    fn is_open(&mut self) -> bool {
        false
    }
}

/// Rewrites `GET /x HTTP/1.1` to `GET http://host/x HTTP/1.1`, and adds the proxy's credentials.
/// ureq writes the whole request line into the first output.
fn rewrite_for_proxy(
    buffers: &mut dyn Buffers,
    amount: usize,
    forward: &Forward,
) -> Result<usize, Failure> {
    let too_long = || Failure::Proxy {
        proxy: forward.proxy.clone(),
        why: ProxyError::Other("the request headers are too long".into()),
    };
    let output = buffers.output();
    let head = output.get(..amount).unwrap_or_default().to_vec();
    let space = head.iter().position(|&b| b == b' ').ok_or_else(too_long)?;
    let line_end = head
        .windows(2)
        .position(|pair| pair == b"\r\n")
        .ok_or_else(too_long)?
        + 2;
    let mut new = Vec::with_capacity(amount + 256);
    new.extend_from_slice(head.get(..=space).unwrap_or_default());
    new.extend_from_slice(forward.origin.as_bytes());
    new.extend_from_slice(head.get(space + 1..line_end).unwrap_or_default());
    if let Some(authorization) = &forward.authorization {
        new.extend_from_slice(b"Proxy-Authorization: ");
        new.extend_from_slice(authorization.expose());
        new.extend_from_slice(b"\r\n");
    }
    new.extend_from_slice(head.get(line_end..).unwrap_or_default());
    output
        .get_mut(..new.len())
        .ok_or_else(too_long)?
        .copy_from_slice(&new);
    Ok(new.len())
}
