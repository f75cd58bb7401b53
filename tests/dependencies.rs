//! Which crates may be dependencies, and how many. Every crate is code that runs with the credentials
//! of a studio.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use crate::support::source;

/// The most crates, of c47 with some features. Raise them only with a reason for the new dependency in
/// Cargo.toml. 22 are ratatui-core and what it depends on.
const MOST_CRATES: [(&str, usize); 2] = [("--all-features", 101), ("--no-default-features", 74)];

/// The versions of each crate in Cargo.lock, for all targets.
fn locked() -> BTreeMap<String, Vec<String>> {
    let lock = fs::read_to_string(source("Cargo.lock")).unwrap();
    let mut crates: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut name = String::new();
    for line in lock.lines() {
        if let Some(value) = line.strip_prefix("name = ") {
            name = value.trim_matches('"').to_owned();
        } else if let Some(value) = line.strip_prefix("version = ").filter(|_| !name.is_empty()) {
            let versions = crates.entry(std::mem::take(&mut name)).or_default();
            versions.push(value.trim_matches('"').to_owned());
        }
    }
    assert!(
        crates.contains_key("ring"),
        "Cargo.lock could not be parsed"
    );
    crates
}

#[test]
fn forbidden_crates_are_absent() {
    let never = [
        ("aws-lc", "it aborts on kernels without getrandom"),
        ("openssl", "it is a shared library at run time"),
        ("native-tls", "it is a shared library at run time"),
        ("rsa", "RUSTSEC-2023-0071, a timing leak without a fix"),
        ("tokio", "c47 has no async code"),
    ];
    for name in locked().keys() {
        for (banned, why) in never {
            let family = format!("{banned}-");
            assert!(
                name != banned && !name.starts_with(&family),
                "{name} is in Cargo.lock: {why}"
            );
        }
    }
}

#[test]
fn large_crates_have_one_version() {
    let locked = locked();
    for name in [
        "ring",
        "rustls",
        "rustls-webpki",
        "ureq",
        "jsonwebtoken",
        "serde_json",
    ] {
        assert_eq!(locked[name].len(), 1, "{name}: {:?}", locked[name]);
    }
}

#[test]
fn number_of_crates_is_limited() {
    for (features, most) in MOST_CRATES {
        let crates = crates(features);
        assert!(
            crates.len() <= most,
            "{} crates with {features}, the maximum is {most}: raise it only with a reason in \
             Cargo.toml\n{crates:#?}",
            crates.len()
        );
    }
}

/// The crates of the program with these features, each with its version.
fn crates(features: &str) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--edges=normal", "--prefix=none", "--format={p}"])
        .arg(features)
        .args([
            "--target=x86_64-unknown-linux-musl",
            "--locked",
            "--offline",
        ])
        .current_dir(source("."))
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "cargo tree: {errors}");
    let text = String::from_utf8(tree.stdout).unwrap();
    // A line is `name v1.2.3`, perhaps with `(proc-macro)` or a path.
    let crates: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap_or(rest)))
        .filter(|&(name, _)| name != "c47")
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    assert!(
        crates.len() > 5,
        "the output of cargo tree could not be parsed: {text}"
    );
    crates
}

#[test]
fn every_dependency_has_a_reason() {
    let manifest = fs::read_to_string(source("Cargo.toml")).unwrap();
    let mut in_dependencies = false;
    // Lines since the last comment, which can cover three lines (crates of one family).
    let mut since_comment = usize::MAX;
    let mut seen = 0;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        }
        since_comment = if line.starts_with('#') {
            0
        } else {
            since_comment.saturating_add(1)
        };
        let is_dependency =
            in_dependencies && line.starts_with(|c: char| c.is_ascii_alphanumeric());
        if is_dependency {
            seen += 1;
            assert!(
                since_comment <= 3 || line.contains(" # "),
                "Cargo.toml has no reason above this line: {line}"
            );
        }
    }
    assert!(seen > 5, "Cargo.toml could not be parsed");
}
