//! Listens on the port, and starts a thread for each connection.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::Settings;
use super::connection;
use super::error::Error;
use super::service::{Log, Place, Service};
use crate::error::Error as AnyError;

/// A server that listens but does not accept connections yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    settings: Settings,
}

impl Server {
    /// Listens on the port; 0 is any free port.
    ///
    /// # Errors
    /// When the port is in use or not allowed, or the address is not one of this machine.
    pub fn bind(address: SocketAddr, settings: Settings) -> Result<Server, Error> {
        let fail = |source| Error::Bind { address, source };
        let listener = TcpListener::bind(address).map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        Ok(Server {
            listener,
            address,
            settings,
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Responds to requests until its lifetime ends, and passes each response to `log`.
    ///
    /// # Errors
    /// When no more connections can be accepted, or `log` fails.
    pub fn run(self, log: Log) -> Result<(), AnyError> {
        let service = Arc::new(Service::new(&self.listener, self.settings, log)?);
        let (refused, refusals) = sync_channel(service.settings.limits.connections);
        let lingering = Arc::clone(&service);
        // If this thread cannot be started, those of connections cannot either.
        thread("refuse", move || refuse(&lingering, &refusals)).map_err(|source| {
            AnyError::System {
                action: "start a thread",
                source,
            }
        })?;
        loop {
            let accepted = self.listener.accept();
            if service.is_over() {
                break;
            }
            match accepted {
                Ok((stream, client)) => admit(&service, stream, client, &refused),
                Err(error) if is_transient(&error) => {
                    // Out of descriptors or memory: wait until other connections end.
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(source) => return Err(Error::Accept(source).into()),
            }
        }
        match service.failure.take_out() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// Whether an error concerns one connection only, or is temporary.
fn is_transient(error: &io::Error) -> bool {
    !matches!(
        error.raw_os_error(),
        Some(libc::EBADF | libc::EINVAL | libc::ENOTSOCK | libc::EOPNOTSUPP | libc::EFAULT)
    )
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new()
        .name(name.into())
        .stack_size(512 << 10)
        .spawn(work)
        .map(drop)
}

/// Starts a thread for a connection, or passes it to the thread that refuses connections.
fn admit(
    service: &Arc<Service>,
    stream: TcpStream,
    client: SocketAddr,
    refused: &SyncSender<(TcpStream, SocketAddr)>,
) {
    let Some(place) = Place::take(service) else {
        let _ = refused.try_send((stream, client)); // if the queue is full, it is closed without a response
        return;
    };
    let spare = stream.try_clone();
    if thread("connection", move || {
        connection::serve(&place.0, stream, client);
    })
    .is_err()
        && let Ok(stream) = spare
    {
        let _ = refused.try_send((stream, client));
    }
}

/// Responds to surplus connections with 503, one after the other, each with a short time limit.
fn refuse(service: &Service, refusals: &Receiver<(TcpStream, SocketAddr)>) {
    for (stream, client) in refusals {
        connection::refuse(service, stream, client);
    }
}
