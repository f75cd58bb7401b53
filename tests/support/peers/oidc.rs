//! An OpenID Connect issuer, oidc-provider on Node.js, and a browser that logs in there.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::process::Process;
use super::{missing, tool};
use crate::support::{Scratch, source};

/// A running issuer.
pub struct Oidc {
    port: u16,
    _process: Process,
}

impl Oidc {
    /// The issuer's name.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}/realms/vfx", self.port)
    }

    /// The requests of the token and revocation endpoints.
    pub fn seen(&self) -> Vec<serde_json::Value> {
        let output = Command::new(tool("curl").expect("curl"))
            .args(["-s", &format!("http://127.0.0.1:{}/seen", self.port)])
            .output()
            .expect("curl runs");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// How many requests of this grant were granted.
    pub fn granted(&self, grant: &str) -> usize {
        let is_it = |one: &&serde_json::Value| one["grant_type"] == grant && one["status"] == 200;
        self.seen().iter().filter(is_it).count()
    }
}

/// A new issuer.
pub fn oidc() -> Option<Oidc> {
    let (node, _) = (tool("node")?, tool("curl")?);
    let home = source("target/peers/oidc");
    if !home.join("made").exists() {
        return missing("no oidc-provider; run scripts/peers");
    }
    let mut command = Command::new(node);
    command
        .arg(source("tests/support/peers/oidc.mjs"))
        .arg(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut process = Process::start(command).ok()?;
    let mut line = String::new();
    BufReader::new(process.stdout()).read_line(&mut line).ok()?;
    match line.trim().parse() {
        Ok(port) => Some(Oidc {
            port,
            _process: process,
        }),
        Err(_) => missing("oidc-provider does not start"),
    }
}

/// A value of PATH in which `xdg-open` is a browser that logs in.
pub fn path_with_browser(scratch: &Scratch) -> std::ffi::OsString {
    let script = format!("#!/bin/sh\nexec python3 '{}' \"$1\"\n", browser().display());
    let file = scratch.write("bin/xdg-open", script);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("executable");
    let own = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(file.parent().expect("bin").to_owned());
    std::env::join_paths(paths.chain(std::env::split_paths(&own))).expect("a PATH")
}

/// The program that plays the browser.
pub fn browser() -> PathBuf {
    source("tests/support/peers/browser.py")
}
