//! Certificates for the TLS servers of the tests: a valid one and several invalid ones.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::python;
use crate::support::{Scratch, source};

/// A certificate, with the chain above it if there is one, and its private key: PEM files.
#[derive(Debug, Clone)]
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// All certificates, as PEM files. Those of servers are for localhost, 127.0.0.1 and ::1 and issued by
/// `ca`, except as noted.
#[derive(Debug, Clone)]
pub struct Certificates {
    pub ca: PathBuf,
    pub good: Pair,
    /// Issued by an intermediate, which is in the same file.
    pub chained: Pair,
    /// As `good`, with an RSA key.
    pub rsa: Pair,
    /// Valid in 2020.
    pub expired: Pair,
    /// Valid from 2090 on.
    pub not_yet_valid: Pair,
    /// For other.example.
    pub wrong_name: Pair,
    pub self_signed: Pair,
    /// Issued by another CA, `other_ca`.
    pub unknown_issuer: Pair,
    pub other_ca: PathBuf,
    /// For a client; issued by `ca`.
    pub client: Pair,
}

/// The certificates. They are created again when the script changes.
#[track_caller]
pub fn certificates() -> Option<Certificates> {
    const MAKE: &str = include_str!("certificates.py");
    let mut version = DefaultHasher::new();
    MAKE.hash(&mut version);
    let kept = source("target/peers").join(format!("certificates-{:x}", version.finish()));
    if !kept.exists() {
        let python = python(&["cryptography"])?;
        let scratch = Scratch::new("certificates");
        let new = scratch.path().join("new");
        fs::create_dir(&new).expect("a directory");
        let made = Command::new(python)
            .args(["-c", MAKE])
            .arg(&new)
            .stdin(Stdio::null())
            .output()
            .expect("python runs");
        assert!(
            made.status.success(),
            "no certificates: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        // Another test may have created them at the same time.
        let _ = fs::rename(&new, &kept);
    }
    Some(in_directory(&kept))
}

fn in_directory(directory: &Path) -> Certificates {
    let file = |name: &str| directory.join(name);
    let pair = |name: &str| Pair {
        certificate: file(&format!("{name}.pem")),
        key: file(&format!("{name}.key")),
    };
    Certificates {
        ca: file("ca.pem"),
        good: pair("good"),
        chained: pair("chained"),
        rsa: pair("rsa"),
        expired: pair("expired"),
        not_yet_valid: pair("not_yet_valid"),
        wrong_name: pair("wrong_name"),
        self_signed: pair("self_signed"),
        unknown_issuer: pair("unknown_issuer"),
        other_ca: file("other_ca.pem"),
        client: pair("client"),
    }
}
