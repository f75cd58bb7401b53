//! What may come into the tree of crates, and how many: every crate is code that studios run
//! beside their credentials.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use crate::support::source;

/// Raise it only with a reason beside the new line in Cargo.toml.
const MOST_CRATES: usize = 65;

/// The versions of each crate in Cargo.lock, for whatever target.
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
    assert!(crates.contains_key("ring"), "Cargo.lock was not understood");
    crates
}

#[test]
fn what_must_never_come_in() {
    let never = [
        ("aws-lc", "it aborts where the kernel lacks getrandom"),
        ("openssl", "it is a shared library at run time"),
        ("native-tls", "it is a shared library at run time"),
        ("rsa", "RUSTSEC-2023-0071, a timing leak without a fix"),
        ("tokio", "there is no async here"),
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
fn what_there_must_be_only_one_of() {
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
fn the_tree_stays_small() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--edges=normal", "--prefix=none", "--format={p}"])
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
    let crates: BTreeSet<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap_or(rest)))
        .filter(|&(name, _)| name != "c47")
        .collect();
    assert!(crates.len() > 5, "cargo tree was not understood: {text}");
    assert!(
        crates.len() <= MOST_CRATES,
        "{} crates, {MOST_CRATES} at most: raise it only with a reason in Cargo.toml\n{crates:#?}",
        crates.len()
    );
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let manifest = fs::read_to_string(source("Cargo.toml")).unwrap();
    let mut in_dependencies = false;
    // How many lines ago a comment ended; it speaks for two lines at most (a crate and its -sys).
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
                since_comment <= 2 || line.contains(" # "),
                "Cargo.toml does not say above it why this is there: {line}"
            );
        }
    }
    assert!(seen > 5, "Cargo.toml was not understood");
}
