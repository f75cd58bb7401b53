//! Trusted root certificates, and certificates in files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use crate::deadline::Deadline;
use crate::error::Error;
use crate::io_error::reason;
use crate::secret::KeySource;

/// The bundles of all roots in the common distributions.
pub(crate) const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu
    "/etc/pki/tls/certs/ca-bundle.crt",   // CentOS, Rocky, Alma, RHEL, Fedora
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // the same, where the link is missing
    "/etc/ssl/ca-bundle.pem",             // openSUSE
    "/var/lib/ca-certificates/ca-bundle.pem", // the same, newer
    "/etc/ssl/cert.pem",                  // Alpine
];

/// The size limit of a bundle, which usually has about 200 KiB.
const MAX_BUNDLE: u64 = 16 << 20;

/// Which servers to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The system's roots: `bundle` and `directory` are SSL_CERT_FILE and SSL_CERT_DIR.
    System {
        bundle: Option<PathBuf>,
        directory: Option<PathBuf>,
    },
    /// `--cacert`: only these roots.
    Only(KeySource),
    /// `--insecure`: any server.
    Anybody,
}

/// Roots, and where they come from.
#[derive(Debug)]
pub(crate) struct Roots {
    pub certificates: Vec<CertificateDer<'static>>,
    pub from: String,
    /// Whether the built-in roots are used, because the system has none.
    pub built_in: bool,
    /// SSL_CERT_DIR, which is read if the bundle does not have the root.
    pub directory: Option<PathBuf>,
}

/// Reads the trusted roots.
///
/// # Errors
/// When a given file cannot be read, or contains no certificate.
pub(crate) fn read(trust: &Trust, deadline: Deadline) -> Result<Roots, Error> {
    let (bundle, directory) = match trust {
        Trust::Only(source) => {
            return Ok(Roots {
                certificates: certificates_from(source, "--cacert", deadline)?,
                from: source.to_string(),
                built_in: false,
                directory: None,
            });
        }
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

/// Reads the certificates in a PEM or DER file.
///
/// # Errors
/// The reason as text, when the file cannot be read or contains none.
pub(crate) fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    parsed(read_bounded(path)?)
}

/// Reads the certificates of a source; `option` names it in messages.
///
/// # Errors
/// As [`certificates_of`], and the errors of the source.
pub(super) fn certificates_from(
    source: &KeySource,
    option: &str,
    deadline: Deadline,
) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = match source.file() {
        Some(path) => certificates_of(path),
        None => parsed(
            source
                .read_until("certificate", deadline)?
                .expose()
                .to_vec(),
        ),
    };
    found.map_err(|why| Error::malformed(format!("{option} {source}"), why))
}

fn parsed(bytes: Vec<u8>) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        // A DER file is a single certificate.
        Ok(_) if bytes.first() == Some(&0x30) => Ok(vec![CertificateDer::from(bytes)]),
        Ok(_) => Err("it contains no PEM certificate".into()),
        Err(error) => Err(format!("invalid PEM: {error}")),
    }
}

/// Reads a whole file of certificates or a key.
pub(super) fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
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

/// Reads the certificates in a directory; ignores other files, as OpenSSL does.
pub(super) fn read_directory(directory: &Path) -> Vec<CertificateDer<'static>> {
    let mut certificates = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else {
        return certificates;
    };
    for entry in entries.flatten().take(10_000) {
        let path = entry.path();
        if path.is_file() {
            certificates.extend(certificates_of(&path).unwrap_or_default());
        }
    }
    certificates
}
