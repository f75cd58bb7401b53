//! What a caller keeps between its requests: TLS configurations, each made once, so that later
//! connections resume its sessions. A pool of connections belongs here.

use std::sync::Arc;

use rustls::ClientConfig;

use super::bounded::within;
use super::settings::Settings;
use super::tls::{self, ClientCertificate};
use crate::deadline::Deadline;
use crate::error::Error;

/// Belongs to one caller, and so to one set of settings.
#[derive(Default)]
pub(super) struct Transport {
    configurations: Vec<(ClientCertificate, Arc<ClientConfig>)>,
}

impl Transport {
    /// The TLS configuration for servers that may, or may not, see the client certificate.
    ///
    /// # Errors
    /// When roots, certificate or key cannot be read, or not before the deadline: their files may
    /// be pipes, or on a file server that hangs.
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
