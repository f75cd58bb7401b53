//! `c47 --version --json`, for bug reports.

use std::fs;

use crate::support::{c47, source};

#[test]
fn version_lists_the_libraries() {
    let version = c47()
        .args(["--version", "--json"])
        .run()
        .expect_code(0)
        .json();
    let lock = fs::read_to_string(source("Cargo.lock")).unwrap();
    for (member, name) in [
        ("allocator", "mimalloc"),
        ("crypto", "ring"),
        ("tls", "rustls"),
    ] {
        let library = version[member].as_str().unwrap();
        let number = library.strip_prefix(name).unwrap().trim();
        let entry = format!("name = \"{name}\"\nversion = \"{number}\"\n");
        assert!(lock.contains(&entry), "Cargo.lock has no {library}");
    }
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["target"], "x86_64-unknown-linux-musl");
    let commit = &version["commit"];
    let is_commit = |text: &str| text.trim_end_matches("-dirty").len() == 40;
    assert!(
        commit.is_null() || commit.as_str().is_some_and(is_commit),
        "{commit}"
    );
    assert_eq!(version.as_object().unwrap().len(), 6);
}
