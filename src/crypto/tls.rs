//! ring behind rustls.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// The cipher suites and signatures of TLS 1.2 and 1.3, by ring.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
