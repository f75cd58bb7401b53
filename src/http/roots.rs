//! The roots that TLS trusts, and certificates in files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use crate::deadline::Deadline;
use crate::error::Error;
use crate::io_error::reason;
use crate::secret::KeySource;

/// Where distributions keep all their roots in one file.
pub(crate) const BUNDLES: [&str; 6] = [
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
pub(crate) enum Trust {
    /// The machine's roots: `bundle` and `directory` are SSL_CERT_FILE and SSL_CERT_DIR.
    System {
        bundle: Option<PathBuf>,
        directory: Option<PathBuf>,
    },
    /// `--cacert`: these and no others.
    Only(KeySource),
    /// `--insecure`: anybody.
    Anybody,
}

/// Roots, and where they are from.
#[derive(Debug)]
pub(crate) struct Roots {
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

/// The certificates in a file, PEM or DER.
///
/// # Errors
/// When it cannot be read or holds none, in words.
pub(crate) fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    parsed(read_bounded(path)?)
}

/// The certificates that a source gives; `option` names it in messages.
///
/// # Errors
/// As [`certificates_of`], and those of the source.
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
        // A DER file is one certificate, without any armour.
        Ok(_) if bytes.first() == Some(&0x30) => Ok(vec![CertificateDer::from(bytes)]),
        Ok(_) => Err("it holds no certificate in PEM form".into()),
        Err(error) => Err(format!("its PEM is broken: {error}")),
    }
}

/// A file of certificates or a key, whole.
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

/// Whatever certificates a directory's files hold; others are passed over, as OpenSSL does.
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
