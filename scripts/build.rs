//! The build script: sets the commit and the versions of libraries for `c47 --version --json`. The
//! result does not depend on the machine or the time.
#![allow(clippy::print_stdout, clippy::panic)] // cargo reads stdout and reports panics

use std::path::Path;
use std::process::Command;

const NAMED_CRATES: [&str; 3] = ["mimalloc", "ring", "rustls"];

fn main() {
    println!("cargo::rerun-if-changed=scripts/build.rs");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    for name in NAMED_CRATES {
        let version = locked(&lock, name).unwrap_or_else(|| panic!("Cargo.lock has no {name}"));
        println!(
            "cargo::rustc-env=C47_{}_VERSION={version}",
            name.to_uppercase()
        );
    }
    presets();
    // Debug builds need the unwind tables for tests.
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rerun-if-changed=scripts/release.ld");
        println!("cargo::rustc-link-arg-bins=-T");
        println!("cargo::rustc-link-arg-bins={folder}/scripts/release.ld");
        // The linker's list of what is in the binary, for scripts/size.
        if let Ok(map) = std::env::var("C47_LINK_MAP") {
            println!("cargo::rustc-link-arg-bins=-Wl,-Map={map}");
        }
    }
    println!("cargo::rerun-if-env-changed=C47_LINK_MAP");
    println!("cargo::rerun-if-env-changed=C47_COMMIT");
    println!("cargo::rerun-if-env-changed=C47_DATE");
    // With the commit, every commit would recompile a debug build.
    // Sources unpacked within another repository are not of its commit.
    if std::env::var("PROFILE").as_deref() == Ok("release") && Path::new(".git").exists() {
        set("C47_COMMIT", commit);
        set("C47_DATE", || git(&["log", "-1", "--format=%cs"]));
    }
}

/// Lists the presets, so that a new preset is only a new file.
fn presets() {
    const FOLDER: &str = "src/auth/presets";
    println!("cargo::rerun-if-changed={FOLDER}");
    let entries = std::fs::read_dir(FOLDER).unwrap_or_else(|error| panic!("{FOLDER}: {error}"));
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort_by_key(|file| file.file_stem().map(|stem| stem.to_owned()));
    let mut rows = String::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "toml"))
    {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        rows.push_str(&format!("    ({name:?}, {text:?}),\n"));
    }
    let table = format!("pub(crate) const ALL: &[(&str, &str)] = &[\n{rows}];\n");
    let out = std::env::var_os("OUT_DIR").unwrap_or_else(|| panic!("cargo sets OUT_DIR"));
    std::fs::write(Path::new(&out).join("presets.rs"), table)
        .unwrap_or_else(|error| panic!("presets.rs: {error}"));
}

/// The variable from the environment, which cargo passes on, else the output of git.
fn set(name: &str, ask: impl Fn() -> Option<String>) {
    if std::env::var_os(name).is_none()
        && let Some(value) = ask()
    {
        println!("cargo::rustc-env={name}={value}");
    }
}

/// The version of a crate with only one version in Cargo.lock.
fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let entry = lock
        .split_once(&format!("\nname = \"{name}\"\nversion = \""))?
        .1;
    entry.split('"').next()
}

/// HEAD, with `-dirty` if the sources of the program differ from it.
fn commit() -> Option<String> {
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    for changing in [log.as_str(), "src", "Cargo.toml", ".cargo"] {
        println!("cargo::rerun-if-changed={changing}");
    }
    let head = git(&["rev-parse", "HEAD"])?;
    let sources = [
        "src",
        "scripts/build.rs",
        "Cargo.toml",
        "Cargo.lock",
        ".cargo",
    ];
    let status = ["status", "--porcelain", "--"];
    let changes = git(&[&status[..], &sources[..]].concat())?;
    let dirty = if changes.is_empty() { "" } else { "-dirty" };
    Some(format!("{head}{dirty}"))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
