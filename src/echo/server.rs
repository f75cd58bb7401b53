//! Takes the port and gives each connection its thread.

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

/// A service that has its port and does not yet answer.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    settings: Settings,
}

impl Server {
    /// Takes the port; 0 is any free one.
    ///
    /// # Errors
    /// When the port is taken, is not allowed, or the address is not this machine's.
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

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until its lifetime is over, telling `log` of each answer.
    ///
    /// # Errors
    /// When no connection can be taken any more, or `log` fails.
    pub fn run(self, log: Log) -> Result<(), AnyError> {
        let service = Arc::new(Service::new(&self.listener, self.settings, log)?);
        let (refused, refusals) = sync_channel(service.settings.limits.connections);
        let farewells = Arc::clone(&service);
        // Without a thread for the surplus there is none for anyone.
        thread("refuse", move || refuse(&farewells, &refusals)).map_err(|source| {
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
                    // Out of descriptors or memory: connections that end give some back.
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

/// Errors of one connection, or of a moment, that do not end the service.
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

/// Gives a connection its thread, or hands it to those who are refused.
fn admit(
    service: &Arc<Service>,
    stream: TcpStream,
    client: SocketAddr,
    refused: &SyncSender<(TcpStream, SocketAddr)>,
) {
    let Some(place) = Place::take(service) else {
        let _ = refused.try_send((stream, client)); // where that is full too, it is just closed
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

/// Tells surplus connections so, one after the other, each in a moment.
fn refuse(service: &Service, refusals: &Receiver<(TcpStream, SocketAddr)>) {
    for (stream, client) in refusals {
        connection::refuse(service, stream, client);
    }
}
