//! The programs we did not write, against which c47 is tried. scripts/peers gets them.

mod certificates;
mod httpbin;
mod microsocks;
mod nginx;
mod process;
mod squid;
mod studio;

pub use certificates::{Certificates, Pair, certificates};
pub use httpbin::httpbin;
pub use microsocks::microsocks;
pub use nginx::{Nginx, nginx};
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
        return missing("no python with modules: run scripts/peers");
    }
    static LACKING: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let lacking = LACKING
        .lock()
        .unwrap()
        .entry(modules.join(" "))
        .or_insert_with(|| lacking_modules(&python, modules))
        .clone();
    if !lacking.is_empty() {
        return missing(&format!("python lacks {lacking}: run scripts/peers"));
    }
    Some(python)
}

/// Those of the modules that this python does not have, with commas between.
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
    found.or_else(|| missing(&format!("no {name} here: run scripts/peers")))
}

/// Says on stderr that this test is skipped, or fails it where nothing may be: in CI.
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

/// Says on stderr that this test, or a part of it, is skipped for what this machine is.
pub fn skipped(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Past the test harness, which keeps what a passing test prints to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {reason}");
}
