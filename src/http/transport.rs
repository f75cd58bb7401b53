//! The state that a caller keeps between requests: TLS configurations, which are created once, so
//! that later connections resume their sessions. A connection pool would belong here.

use std::sync::Arc;

use rustls::ClientConfig;

use super::bounded::within;
use super::settings::Settings;
use super::tls::{self, ClientCertificate};
use crate::deadline::Deadline;
use crate::error::Error;

/// The state of one caller, with one set of settings.
#[derive(Default)]
pub(super) struct Transport {
    configurations: Vec<(ClientCertificate, Arc<ClientConfig>)>,
}

impl Transport {
    /// The TLS configuration, with or without the client certificate.
    ///
    /// # Errors
    /// When roots, certificate or key cannot be read before the deadline: their files may be pipes,
    /// or on a file server that does not respond.
    pub(super) fn tls(
        &mut self,
        settings: &Settings,
        certificate: ClientCertificate,
        deadline: Deadline,
    ) -> Result<Arc<ClientConfig>, Error> {
        let known = self
            .configurations
            .iter()
            .find(|(of, _)| *of == certificate);
        if let Some((_, configuration)) = known {
            return Ok(Arc::clone(configuration));
        }
        let options = settings.tls.clone();
        let configuration = within(deadline, move || {
            tls::configure(&options, certificate, deadline)
        })?;
        self.configurations
            .push((certificate, Arc::clone(&configuration)));
        Ok(configuration)
    }
}
