//! TLS: the roots trusted, the client's certificate, and why a check failed, in words.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use super::certificate::{UnknownIssuer, Verifier, is_root_as_server};
use crate::crypto;
use crate::error::Error;
use crate::io_error::reason;
use crate::timestamp::Timestamp;

/// Where distributions keep all their roots in one file.
pub const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu
    "/etc/pki/tls/certs/ca-bundle.crt",   // CentOS, Rocky, Alma, RHEL, Fedora
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // the same, where the link is missing
    "/etc/ssl/ca-bundle.pem",             // openSUSE
    "/var/lib/ca-certificates/ca-bundle.pem", // the same, newer
    "/etc/ssl/cert.pem",                  // Alpine
];

/// A bundle has some 200 KiB; more than this is no bundle.
const MAX_BUNDLE: u64 = 16 << 20;

/// Whom to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The machine's roots: `bundle` and `directory` are SSL_CERT_FILE and SSL_CERT_DIR.
    System {
        bundle: Option<PathBuf>,
        directory: Option<PathBuf>,
    },
    /// `--cacert`: these and no others.
    Only(PathBuf),
    /// `--insecure`: anybody.
    Anybody,
}

/// What TLS is to be done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub trust: Trust,
    /// Certificate chain and private key, PEM files.
    pub client: Option<(PathBuf, PathBuf)>,
    pub oldest: Oldest,
}

/// The oldest version of TLS that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oldest {
    #[default]
    Tls12,
    Tls13,
}

static ONLY_TLS13: [&rustls::SupportedProtocolVersion; 1] = [&rustls::version::TLS13];

/// Roots, and where they are from.
#[derive(Debug)]
pub struct Roots {
    pub certificates: Vec<CertificateDer<'static>>,
    pub from: String,
    /// Whether those compiled in serve, because the machine has no store.
    pub built_in: bool,
    /// SSL_CERT_DIR, looked into for what is not among them.
    pub directory: Option<PathBuf>,
}

/// Reads the roots to trust.
///
/// # Errors
/// When a file that was named cannot be read, or holds no certificate.
pub fn roots(trust: &Trust) -> Result<Roots, Error> {
    let (bundle, directory) = match trust {
        Trust::Only(path) => return named_bundle(path, "--cacert"),
        Trust::Anybody => {
            return Ok(Roots {
                certificates: Vec::new(),
                from: "nowhere".into(),
                built_in: false,
                directory: None,
            });
        }
        Trust::System { bundle, directory } => (bundle, directory),
    };
    let mut roots = match bundle {
        Some(path) => named_bundle(path, "SSL_CERT_FILE")?,
        None => BUNDLES
            .iter()
            .find_map(|path| named_bundle(Path::new(path), "the system's roots").ok())
            .unwrap_or_else(|| Roots {
                certificates: Vec::new(),
                from: String::new(),
                built_in: true,
                directory: None,
            }),
    };
    if let Some(directory) = directory {
        roots.directory = Some(directory.clone());
    }
    if roots.built_in {
        roots.from = "roots built into c47 (this machine has none)".into();
    }
    Ok(roots)
}

fn named_bundle(path: &Path, what: &str) -> Result<Roots, Error> {
    let certificates = certificates_of(path)
        .map_err(|why| Error::malformed(format!("{what}: {}", path.display()), why))?;
    Ok(Roots {
        certificates,
        from: path.display().to_string(),
        built_in: false,
        directory: None,
    })
}

/// The certificates in a file, PEM or DER.
///
/// # Errors
/// When it cannot be read or holds none, in words.
pub fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = read_bounded(path)?;
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        // A DER file is one certificate, without any armour.
        Ok(_) if bytes.first() == Some(&0x30) => Ok(vec![CertificateDer::from(bytes)]),
        Ok(_) => Err("it holds no certificate in PEM form".into()),
        Err(error) => Err(format!("its PEM is broken: {error}")),
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| reason(&error))?;
    let mut bytes = Vec::with_capacity(256 << 10);
    file.take(MAX_BUNDLE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    if bytes.len() as u64 > MAX_BUNDLE {
        Err("it is larger than 16 MiB".into())
    } else {
        Ok(bytes)
    }
}

/// Whatever certificates a directory's files hold; others are passed over, as OpenSSL does.
pub(super) fn read_directory(directory: &Path, certificates: &mut Vec<CertificateDer<'static>>) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten().take(10_000) {
        let path = entry.path();
        if path.is_file() {
            certificates.extend(certificates_of(&path).unwrap_or_default());
        }
    }
}

/// The configuration for a connection.
///
/// # Errors
/// When roots, client certificate or key cannot be read, or do not fit each other.
pub fn configure(options: &Options) -> Result<Arc<ClientConfig>, Error> {
    // rustls and std's hash tables take randomness for granted, and panic without.
    crypto::random(1).map_err(|source| Error::System {
        action: "get random numbers for TLS",
        source,
    })?;
    let provider = crypto::tls::provider();
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(match options.oldest {
            Oldest::Tls12 => rustls::ALL_VERSIONS,
            Oldest::Tls13 => &ONLY_TLS13,
        })
        .map_err(|error| Error::malformed("TLS", error))?;
    let verifier: Arc<dyn ServerCertVerifier> = match &options.trust {
        Trust::Anybody => Arc::new(TrustAnybody(provider)),
        trust => {
            let roots = roots(trust)?;
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
            let webpki =
                WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
                    .build()
                    .map_err(|error| Error::malformed("TLS", error))?;
            Arc::new(Verifier::new(
                webpki,
                roots.certificates,
                roots.directory,
                provider,
            ))
        }
    };
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match &options.client {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let certificates = certificates_of(chain)
                .map_err(|why| Error::malformed(format!("--cert {}", chain.display()), why))?;
            let key_der = private_key(key)?;
            builder
                .with_client_auth_cert(certificates, key_der)
                .map_err(|error| {
                    Error::malformed(
                        format!("--key {}", key.display()),
                        format!("it does not serve with the certificate: {error}"),
                    )
                })?
        }
    };
    Ok(Arc::new(config))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let wrong = |why: &str| Error::malformed(format!("--key {}", path.display()), why);
    let bytes = zeroize::Zeroizing::new(read_bounded(path).map_err(|why| wrong(&why))?);
    if bytes.windows(9).any(|part| part == b"ENCRYPTED") {
        return Err(wrong(
            "the key is encrypted; c47 takes it decrypted, in a file only you can read",
        ));
    }
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| wrong("it holds no private key in PEM form"))
}

/// What a failed handshake means, and what to do about it.
pub fn explain(error: &rustls::Error) -> (String, Option<&'static str>) {
    const CACERT: &str = "--cacert FILE names the root that signed it; --insecure trusts anybody";
    let rustls::Error::InvalidCertificate(reason) = error else {
        return explain_other(error);
    };
    match reason {
        CertificateError::ExpiredContext { not_after, .. } => (
            format!("the server's certificate expired on {}", date(*not_after)),
            Some("the service's owner must renew it"),
        ),
        CertificateError::Expired => ("the server's certificate has expired".into(), None),
        CertificateError::NotValidYetContext { not_before, .. } => (
            format!(
                "the server's certificate is not valid before {}",
                date(*not_before)
            ),
            Some("is this machine's clock right?"),
        ),
        CertificateError::NotValidForNameContext { presented, .. } => (
            format!("wrong name: the certificate is for {}", names(presented)),
            Some("call the service by the name its certificate is for"),
        ),
        CertificateError::UnknownIssuer => (
            "unknown issuer: no trusted root signed the server's certificate".into(),
            Some(CACERT),
        ),
        CertificateError::BadSignature => (
            "the certificate's signature does not match".into(),
            Some(CACERT),
        ),
        CertificateError::Revoked => ("the server's certificate was revoked".into(), None),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            ("the certificate is not for servers".into(), None)
        }
        other if is_root_as_server(other) => (
            "unknown issuer: the server's certificate is a self-signed root".into(),
            Some(CACERT),
        ),
        CertificateError::Other(other) if other.0.is::<UnknownIssuer>() => (
            format!(
                "unknown issuer: no trusted root signed the server's certificate, {}",
                other.0
            ),
            Some(CACERT),
        ),
        other => (
            format!("the server's certificate does not hold: {other:?}"),
            Some(CACERT),
        ),
    }
}

fn explain_other(error: &rustls::Error) -> (String, Option<&'static str>) {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::AlertReceived(
            Alert::CertificateRequired | Alert::BadCertificate | Alert::HandshakeFailure,
        ) => (
            format!("the server refused the handshake: {error}"),
            Some("a service that wants a client certificate takes it with --cert FILE --key FILE"),
        ),
        rustls::Error::InvalidMessage(_) => (
            "what the server speaks is not TLS".into(),
            Some("is it a plain http:// service?"),
        ),
        rustls::Error::PeerIncompatible(_) => (
            "the server offers no TLS 1.2 or 1.3 that both sides know".into(),
            None,
        ),
        other => (other.to_string(), None),
    }
}

fn date(time: UnixTime) -> Timestamp {
    Timestamp(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

/// `DnsName("a.lan")` as rustls prints names, without the wrapping; a few of many.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| match name.split_once("(\"") {
        Some((_, rest)) => rest.trim_end_matches("\")").to_owned(),
        None => name.clone(),
    };
    let shown: Vec<String> = presented.iter().take(5).map(bare).collect();
    match (shown.is_empty(), presented.len() > shown.len()) {
        (true, _) => "no name at all".into(),
        (false, false) => shown.join(", "),
        (false, true) => format!("{}, …", shown.join(", ")),
    }
}

/// `--insecure`: the handshake's signature is still checked, who signed the certificate is not.
#[derive(Debug)]
struct TrustAnybody(Arc<rustls::crypto::CryptoProvider>);

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
