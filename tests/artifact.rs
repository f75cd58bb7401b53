//! The release binary: static, position independent, small.

use std::fs;
use std::path::PathBuf;

use crate::support::{Effort, Run, effort, peers, source};

/// The largest sizes: of the release, with all features, and of the core, without any. 6.5 MiB and
/// 5.4 MiB: batches, all logins and sequences are parts of the core.
const MOST_BYTES: u64 = 6_815_744;
const MOST_BYTES_OF_CORE: u64 = 5_662_310;

/// The binary in `C47_TEST_RELEASE`, else the last one built by scripts/package.
fn release() -> Option<PathBuf> {
    let path = match std::env::var_os("C47_TEST_RELEASE") {
        Some(path) => PathBuf::from(path),
        None => {
            let name = format!("c47-{}-x86_64-linux-musl", env!("CARGO_PKG_VERSION"));
            source("target/package").join(name).join("bin/c47")
        }
    };
    if path.exists() && effort() != Effort::Quick {
        return Some(path);
    }
    peers::missing("no release binary: run scripts/package")
}

#[test]
fn binary_needs_no_interpreter_and_no_library() {
    let (Some(release), Some(readelf)) = (release(), peers::tool("readelf")) else {
        return;
    };
    let run = Run::of(readelf).args(["--wide", "--file-header", "--segments", "--dynamic"]);
    let output = run.arg(&release).run().expect_code(0);
    let text = output.stdout_text();
    let lines = |word: &str| text.lines().filter(|line| line.contains(word)).count();
    assert_eq!(lines("Machine:") * lines("X86-64"), 1, "{text}");
    // static-pie: the format of a shared object, but without an interpreter.
    assert!(
        text.contains("DYN (Position-Independent Executable file)"),
        "{text}"
    );
    assert_eq!(lines("INTERP"), 0, "it has an interpreter: {text}");
    assert_eq!(lines("(NEEDED)"), 0, "it needs a shared library: {text}");
    assert_eq!(lines("RUNPATH") + lines("RPATH"), 0, "{text}");
    // No writable relocation table, no executable stack.
    assert_eq!(lines("GNU_RELRO"), 1, "{text}");
    let stack = text
        .lines()
        .find(|line| line.contains("GNU_STACK"))
        .unwrap();
    assert!(stack.contains(" RW ") && !stack.contains("RWE"), "{stack}");
}

#[test]
fn binary_is_small() {
    let Some(release) = release() else { return };
    let size = fs::metadata(&release).unwrap().len();
    assert!(size <= MOST_BYTES, "{size} bytes, {MOST_BYTES} at most");
}

#[test]
fn core_without_features_is_smaller() {
    let core = source("target/core/x86_64-unknown-linux-musl/release/c47");
    if !core.exists() || effort() == Effort::Quick {
        // scripts/test builds it.
        let _: Option<()> = peers::missing("no core binary: run scripts/test");
        return;
    }
    let size = fs::metadata(&core).unwrap().len();
    assert!(
        size <= MOST_BYTES_OF_CORE,
        "{size} bytes, {MOST_BYTES_OF_CORE} at most"
    );
    // It is another program than the release.
    let output = Run::of(core).args(["selftest", "--jq", "."]).run();
    let output = output.expect_code(2);
    assert!(
        output.stderr_text().contains("cargo feature jq"),
        "{}",
        output.tell()
    );
}

#[test]
fn table_of_sizes_is_true() {
    let Some(release) = release() else { return };
    // The map is of the last release built here.
    let built = source("target/package/build/x86_64-unknown-linux-musl/release/c47");
    if !built.exists() || fs::read(&built).unwrap() != fs::read(&release).unwrap() {
        let _: Option<()> = peers::missing("no map of this release binary: run scripts/package");
        return;
    }
    let Some(python) = peers::tool("python3") else {
        return;
    };
    let check = Run::of(python).arg(source("scripts/size")).arg("--check");
    check.run().expect_code(0);
}

#[test]
fn binary_contains_no_path_of_the_build() {
    let Some(release) = release() else { return };
    let bytes = fs::read(release).unwrap();
    let here = env!("CARGO_MANIFEST_DIR").as_bytes();
    let found = bytes.windows(here.len()).any(|window| window == here);
    assert!(!found, "the source tree's path is in the binary");
}

#[test]
fn binary_starts_in_20_megabytes_of_address_space() {
    let Some(release) = release() else { return };
    let script = "ulimit -v 20000 && exec \"$0\" --version";
    let output = Run::of("sh").args(["-c", script]).arg(release).run();
    assert!(output.expect_code(0).stdout_text().starts_with("c47 "));
}
