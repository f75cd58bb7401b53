//! The TLS configuration.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};

use super::roots;
pub(crate) use super::roots::Trust;
use super::verifier::{AcceptAnyCertificate, Verifier};
use crate::crypto::{self, pbes2};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::jwt;
use crate::process_limits::forbid_core_files;
use crate::secret::{KeySource, Secret};
use crate::timestamp::Timestamp;

/// The options of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub trust: Trust,
    /// Certificate chain and private key, in PEM.
    pub client: Option<(KeySource, KeySource)>,
    pub oldest: Oldest,
}

/// Whether the server may receive the client certificate, which belongs to one origin like
/// credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientCertificate {
    Shown,
    Withheld,
}

/// The oldest accepted TLS version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Oldest {
    #[default]
    Tls12,
    Tls13,
}

static ONLY_TLS13: [&rustls::SupportedProtocolVersion; 1] = [&rustls::version::TLS13];

/// The configuration for a connection, with or without the client certificate.
///
/// # Errors
/// When roots, client certificate or key cannot be read or do not match.
pub(super) fn configure(
    options: &Options,
    certificate: ClientCertificate,
    deadline: Deadline,
) -> Result<Arc<ClientConfig>, Error> {
    // rustls and std's hash tables panic without random numbers.
    crypto::random(1).map_err(|source| Error::System {
        action: "get random numbers for TLS",
        source,
    })?;
    ensure_clock(Timestamp::now())?;
    let provider = crypto::tls::provider();
    let builder = ClientConfig::builder_with_details(provider.clone(), Arc::new(Clock))
        .with_protocol_versions(match options.oldest {
            Oldest::Tls12 => rustls::ALL_VERSIONS,
            Oldest::Tls13 => &ONLY_TLS13,
        })
        .map_err(|error| Error::malformed("TLS", error))?;
    let verifier = verifier(&options.trust, provider, deadline)?;
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let client = match certificate {
        ClientCertificate::Shown => options.client.as_ref(),
        ClientCertificate::Withheld => None,
    };
    let config = match client {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let certificates = roots::certificates_from(chain, "--cert", deadline)?;
            let key_der = private_key(key, deadline)?;
            builder
                .with_client_auth_cert(certificates, key_der)
                .map_err(|error| {
                    Error::malformed(
                        format!("--key {key}"),
                        format!("it does not match the certificate: {error}"),
                    )
                })?
        }
    };
    Ok(Arc::new(config))
}

/// The clock of rustls panics before 1970; with this one the handshake fails.
#[derive(Debug)]
struct Clock;

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(Timestamp::now().0).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// Ensures that the clock is set: without a battery it may start in 1969, when no certificate is
/// valid.
fn ensure_clock(now: Timestamp) -> Result<(), Error> {
    if now.0 >= 0 {
        return Ok(());
    }
    Err(Error::malformed(
        "the clock of this machine",
        format!("it is set to {now}, before 1970; certificates cannot be checked"),
    ))
}

/// The verifier of the server's certificate.
fn verifier(
    trust: &Trust,
    provider: Arc<CryptoProvider>,
    deadline: Deadline,
) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    if matches!(trust, Trust::Anybody) {
        return Ok(Arc::new(AcceptAnyCertificate(provider)));
    }
    let roots = roots::read(trust, deadline)?;
    let mut store = RootCertStore::empty();
    if roots.built_in {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let (usable, _) = store.add_parsable_certificates(roots.certificates.iter().cloned());
    if usable == 0 && !roots.built_in && roots.directory.is_none() {
        return Err(Error::malformed(
            roots.from,
            "none of its certificates can be used as a root",
        ));
    }
    let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
        .build()
        .map_err(|error| Error::malformed("TLS", error))?;
    Ok(Arc::new(Verifier::new(
        webpki,
        roots.certificates,
        roots.directory,
        provider,
        deadline,
    )))
}

fn private_key(key: &KeySource, deadline: Deadline) -> Result<PrivateKeyDer<'static>, Error> {
    let wrong = |why: &str| Error::malformed(format!("--key {key}"), why);
    forbid_core_files();
    let read;
    let bytes = match key.file() {
        Some(path) => {
            read = Secret::new(roots::read_bounded(path).map_err(|why| wrong(&why))?);
            read.expose()
        }
        None => key.read_until("private key", deadline)?.expose(),
    };
    if let Some(der) = jwt::key::encrypted_der(bytes) {
        let Some(password) = key.password() else {
            let hint = "give its password with --key-password, or cert_key_password in a profile";
            return Err(wrong("the key is encrypted").with_hint(hint));
        };
        let password = password.read_until("Password of the key", deadline)?;
        let plain = pbes2::decrypt(&der, password.expose()).map_err(|error| {
            let wrong = wrong(&error.to_string());
            match error.hint() {
                Some(hint) => wrong.with_hint(hint),
                None => wrong,
            }
        })?;
        return Ok(PrivateKeyDer::Pkcs8(plain.to_vec().into()));
    }
    if bytes.windows(9).any(|part| part == b"ENCRYPTED") {
        let error = wrong("the key is encrypted in an old format (not PKCS#8)");
        return Err(error.with_hint(pbes2::CONVERT));
    }
    PrivateKeyDer::from_pem_slice(bytes).map_err(|_| wrong("it contains no PEM private key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_before_1970_is_an_error() {
        assert!(ensure_clock(Timestamp(0)).is_ok());
        let why = ensure_clock(Timestamp(-1)).unwrap_err().to_string();
        assert!(
            why.contains("clock") && why.contains("1969-12-31T23:59:59Z"),
            "{why}"
        );
    }
}
