//! Checks a server's certificate: by webpki against the roots and, beyond that, a root that serves
//! by itself when it was named; and says who issued what nobody trusts.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use super::certificate::Fields;
use super::roots::read_directory;
use super::tls_failure::{UnknownIssuer, is_root_as_server};
use crate::deadline::Deadline;
use crate::timestamp::Timestamp;

/// webpki, and what webpki does not do.
#[derive(Debug)]
pub(super) struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    /// The roots as they stand in their file.
    roots: Vec<CertificateDer<'static>>,
    /// SSL_CERT_DIR: its hundreds of files are only read for what the bundle does not know.
    directory: Option<PathBuf>,
    of_directory: OnceLock<Option<Arc<WebPkiServerVerifier>>>,
    provider: Arc<CryptoProvider>,
    /// Until when the directory may be read.
    deadline: Deadline,
}

impl Verifier {
    pub(super) fn new(
        webpki: Arc<WebPkiServerVerifier>,
        roots: Vec<CertificateDer<'static>>,
        directory: Option<PathBuf>,
        provider: Arc<CryptoProvider>,
        deadline: Deadline,
    ) -> Verifier {
        Verifier {
            webpki,
            roots,
            directory,
            of_directory: OnceLock::new(),
            provider,
            deadline,
        }
    }

    fn of_directory(&self) -> Option<&Arc<WebPkiServerVerifier>> {
        let made = self.of_directory.get_or_init(|| {
            let directory = self.directory.clone()?;
            let read = move || read_directory(&directory);
            let certificates = self.deadline.wait_for(read).ok()??;
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(certificates);
            let provider = self.provider.clone();
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
                .build()
                .ok()
        });
        made.as_ref()
    }
}

fn is_unknown(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
    )
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verify = |webpki: &WebPkiServerVerifier| {
            webpki.verify_server_cert(server, intermediates, name, ocsp, now)
        };
        let error = match (verify(&self.webpki), self.directory.is_some()) {
            (Err(error), true) if is_unknown(&error) => {
                match self.of_directory().map(|it| verify(it)) {
                    Some(Ok(verified)) => return Ok(verified),
                    _ => error,
                }
            }
            (Ok(verified), _) => return Ok(verified),
            (Err(error), _) => error,
        };
        match error {
            rustls::Error::InvalidCertificate(why)
                if is_root_as_server(&why) && self.roots.iter().any(|root| root == server) =>
            {
                // Nobody has to vouch for what is trusted itself: the name and the dates must hold.
                verify_server_name(&ParsedCertificate::try_from(server)?, name)
                    .map_err(|error| with_names_of(server, error))?;
                ensure_valid_at(server, now)?;
                Ok(ServerCertVerified::assertion())
            }
            error if is_unknown(&error) => Err(unknown_issuer(server, intermediates)),
            error => Err(with_names_of(server, error)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// A wrong name, with the names as the certificate has them: webpki gives each in the form that
/// its own `Debug` prints.
fn with_names_of(server: &CertificateDer<'_>, error: rustls::Error) -> rustls::Error {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            expected,
            ..
        }) => {
            let presented = Fields::read(server).map_or_else(|_| Vec::new(), |it| it.names());
            CertificateError::NotValidForNameContext {
                expected,
                presented,
            }
            .into()
        }
        error => error,
    }
}

/// The last of the chain is the one whose issuer is not here.
fn unknown_issuer(
    server: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> rustls::Error {
    let last = intermediates.last().unwrap_or(server);
    let error = match Fields::read(last) {
        Ok(fields) => {
            let name = fields
                .issuer_name()
                .unwrap_or_else(|| "somebody without a name".into());
            CertificateError::Other(OtherError(Arc::new(UnknownIssuer(name))))
        }
        Err(_) => CertificateError::UnknownIssuer,
    };
    rustls::Error::InvalidCertificate(error)
}

fn ensure_valid_at(certificate: &CertificateDer<'_>, time: UnixTime) -> Result<(), rustls::Error> {
    let fields = Fields::read(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let (not_before, not_after) = fields.validity().ok_or(CertificateError::BadEncoding)?;
    let unix = |time: Timestamp| {
        let since = std::time::Duration::from_secs(u64::try_from(time.0).unwrap_or(0));
        UnixTime::since_unix_epoch(since)
    };
    let now = Timestamp(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    if now < not_before {
        let not_before = unix(not_before);
        return Err(CertificateError::NotValidYetContext { time, not_before }.into());
    }
    if now > not_after {
        let not_after = unix(not_after);
        return Err(CertificateError::ExpiredContext { time, not_after }.into());
    }
    Ok(())
}

/// `--insecure`: the handshake's signature is still checked, who signed the certificate is not.
#[derive(Debug)]
pub(super) struct TrustAnybody(pub Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
