//! The state that callers keep between requests: TLS configurations and idle connections. Threads
//! share it.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;

use super::bounded::within;
use super::pool::Pool;
use super::tls::{self, ClientCertificate};
use crate::deadline::Deadline;
use crate::error::Error;

/// The number of idle connections to one destination.
const MAX_IDLE: usize = 8;

/// The shared state of callers.
#[derive(Clone)]
pub(crate) struct Transport(Arc<Shared>);

struct Shared {
    /// Created once, so that later connections resume their sessions.
    configurations: Mutex<Vec<Configured>>,
    pool: Pool,
}

struct Configured {
    options: tls::Options,
    certificate: ClientCertificate,
    config: Arc<ClientConfig>,
}

impl Default for Transport {
    fn default() -> Transport {
        Transport::for_callers(MAX_IDLE)
    }
}

impl Transport {
    /// For this many callers at the same time, each with its connection.
    pub(crate) fn for_callers(count: usize) -> Transport {
        Transport(Arc::new(Shared {
            configurations: Mutex::default(),
            pool: Pool::new(count),
        }))
    }

    /// The idle connections.
    pub(super) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// The TLS configuration for these options, with or without the client certificate.
    ///
    /// # Errors
    /// When roots, certificate or key cannot be read before the deadline: their files may be pipes,
    /// or on a file server that does not respond.
    pub(super) fn tls(
        &self,
        options: &tls::Options,
        certificate: ClientCertificate,
        deadline: Deadline,
    ) -> Result<Arc<ClientConfig>, Error> {
        // The lock is held meanwhile, so that the files are read only once.
        let mut configurations = self
            .0
            .configurations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = configurations
            .iter()
            .find(|known| known.certificate == certificate && known.options == *options);
        if let Some(known) = known {
            return Ok(Arc::clone(&known.config));
        }
        let read = options.clone();
        let config = within(deadline, move || {
            tls::configure(&read, certificate, deadline)
        })?;
        configurations.push(Configured {
            options: options.clone(),
            certificate,
            config: Arc::clone(&config),
        });
        Ok(config)
    }
}
