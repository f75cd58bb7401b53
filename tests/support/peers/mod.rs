//! Programs of others that the tests compare c47 with. scripts/peers installs them.

mod aws;
mod certificates;
mod graphql;
mod httpbin;
mod images;
mod kerberos;
mod login;
mod microsocks;
mod nginx;
mod oidc;
mod process;
mod squid;
mod studio;

pub use aws::{ACCESS_KEY, S3, SECRET_KEY, moto, s3, with_botocore};
pub use certificates::{Certificates, Pair, certificates};
pub use graphql::graphql;
pub use httpbin::httpbin;
pub use images::images;
pub use kerberos::kerberos;
pub use login::login;
pub use microsocks::microsocks;
pub use nginx::{Nginx, nginx};
pub use oidc::{Oidc, browser, oidc, path_with_browser};
pub use squid::{PASSWORD, Squid, USER, squid};
pub use studio::{Example, are_lines, is_line, studio};

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::{Effort, effort, source};

/// A python that has these modules.
pub fn python(modules: &[&str]) -> Option<PathBuf> {
    if effort() == Effort::Quick {
        return missing("C47_TEST_QUICK is set");
    }
    let python = source("target/peers/venv/bin/python");
    if !python.exists() {
        return missing("no Python with modules; run scripts/peers");
    }
    static LACKING: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let lacking = LACKING
        .lock()
        .unwrap()
        .entry(modules.join(" "))
        .or_insert_with(|| lacking_modules(&python, modules))
        .clone();
    if !lacking.is_empty() {
        return missing(&format!(
            "Python modules not found: {lacking}; run scripts/peers"
        ));
    }
    Some(python)
}

/// The modules that this Python does not have, separated by commas.
fn lacking_modules(python: &Path, modules: &[&str]) -> String {
    let test = "import importlib.util, sys\n\
        print(', '.join(m for m in sys.argv[1:] if not importlib.util.find_spec(m)))";
    let answer = Command::new(python)
        .args(["-c", test])
        .args(modules)
        .stdin(Stdio::null())
        .output()
        .expect("python runs");
    assert!(
        answer.status.success(),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    String::from_utf8_lossy(&answer.stdout).trim().to_owned()
}

/// A tool in `PATH`, such as openssl, curl or nginx.
pub fn tool(name: &str) -> Option<PathBuf> {
    if effort() == Effort::Quick {
        return missing("C47_TEST_QUICK is set");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|directory| directory.join(name))
        .find(|file| fs::metadata(file).is_ok_and(|file| file.is_file()));
    found.or_else(|| missing(&format!("{name} not found; run scripts/peers")))
}

/// Reports on stderr that the test is skipped, or fails it in CI.
#[track_caller]
pub fn missing<T>(reason: &str) -> Option<T> {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let required = |name| std::env::var(name).is_ok_and(|value| value == "true" || value == "1");
    assert!(
        effort() == Effort::Quick || !required("CI") && !required("C47_REQUIRE_PEERS"),
        "{test} needs a peer: {reason}"
    );
    skipped(reason);
    None
}

/// Reports on stderr that the test, or a part of it, is skipped on this machine.
pub fn skipped(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Not eprintln!: the test harness hides the output of a passing test.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {reason}");
}

/// The directory with the webhook libraries of Slack (in `python`) and GitHub (in `node_modules`).
pub fn webhooks() -> Option<PathBuf> {
    if effort() == Effort::Quick {
        return missing("C47_TEST_QUICK is set");
    }
    let home = source("target/peers/webhooks");
    match home.join("made").exists() {
        true => Some(home),
        false => missing("no webhook libraries; run scripts/peers"),
    }
}
