//! The CA certificates of this machine: how many, and which have expired.

use std::path::{Path, PathBuf};

use nanoserde::SerJson;

use super::Environment;
use crate::elf::root::Root;
use crate::http::certificate::Fields;
use crate::http::roots;
use crate::timestamp::Timestamp;

/// Expired in September 2021. OpenSSL before 1.1 fails on it even if another chain is valid.
pub(crate) const DST_ROOT_X3: &str = "DST Root CA X3";

/// The CA bundle.
#[derive(Clone, Debug, Default, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Certificates {
    /// The file of the bundle; null if there is none.
    pub bundle: Option<String>,
    /// The number of certificates; null if the file could not be read.
    pub roots: Option<u64>,
    /// Why it could not be read.
    pub why: Option<String>,
    pub expired: Vec<Expired>,
    /// Whether the bundle has DST Root CA X3; null if unknown.
    pub dst_root_x3: Option<bool>,
}

/// An expired CA certificate.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Expired {
    pub name: String,
    /// RFC 3339.
    pub not_after: String,
}

/// Reads SSL_CERT_FILE, or else the first bundle at a known path below `root`.
pub(crate) fn read(root: &Root, environment: &Environment, now: Timestamp) -> Certificates {
    let Some(bundle) = bundle(root, environment) else {
        return Certificates::default();
    };
    let shown = bundle.display().to_string();
    let read = root
        .resolve(&bundle)
        .map_err(|error| crate::io_error::reason(&error))
        .and_then(|path| match path.is_file() {
            true => roots::certificates_of(&path),
            false => Err("file not found".into()),
        });
    let certificates = match read {
        Ok(certificates) => certificates,
        Err(why) => {
            return Certificates {
                bundle: Some(shown),
                why: Some(why),
                ..Certificates::default()
            };
        }
    };
    let mut expired = Vec::new();
    let mut dst_root_x3 = false;
    for certificate in &certificates {
        let Ok(fields) = Fields::read(certificate) else {
            continue;
        };
        let name = fields.subject_name().unwrap_or_default();
        let name = name.trim_matches('\'');
        dst_root_x3 |= name == DST_ROOT_X3;
        if let Some((_, not_after)) = fields.validity().filter(|(_, until)| *until < now) {
            expired.push(Expired {
                name: name.to_owned(),
                not_after: not_after.to_string(),
            });
        }
    }
    Certificates {
        bundle: Some(shown),
        roots: Some(certificates.len() as u64),
        why: None,
        expired,
        dst_root_x3: Some(dst_root_x3),
    }
}

fn bundle(root: &Root, environment: &Environment) -> Option<PathBuf> {
    if let Some(named) = environment.path("SSL_CERT_FILE") {
        return Some(named);
    }
    let known = roots::BUNDLES.iter().map(Path::new);
    let mut there = known.filter(|path| root.resolve(path).is_ok_and(|path| path.is_file()));
    there.next().map(Path::to_owned)
}
