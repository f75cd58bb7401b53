//! The ring backend for rustls.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// The cipher suites and signature algorithms for TLS 1.2 and 1.3.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
