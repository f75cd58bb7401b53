//! The release package, as scripts/package builds it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::{Effort, Run, Scratch, effort, empty_root, peers, source};

/// The last archive built by scripts/package, unpacked; `None` if there is none.
fn unpacked() -> Option<(Scratch, PathBuf)> {
    let name = format!("c47-{}-x86_64-linux-musl", env!("CARGO_PKG_VERSION"));
    let archive = source("target/package").join(format!("{name}.tar.gz"));
    if !archive.exists() || effort() == Effort::Quick {
        return peers::missing("no release archive: run scripts/package");
    }
    let scratch = Scratch::new("unpacked");
    let run = Run::of("tar").args(["-xzf".as_ref(), archive.as_os_str()]);
    run.current_dir(scratch.path()).run().expect_code(0);
    let root = scratch.path().join(name);
    Some((scratch, root))
}

fn files(directory: &Path, below: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, below, found);
        } else {
            found.insert(
                path.strip_prefix(below)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
}

#[test]
fn checksums_cover_all_files() {
    let Some((_scratch, root)) = unpacked() else {
        return;
    };
    let check = Run::of("sha256sum").args(["--check", "--strict", "SHA256SUMS"]);
    check.current_dir(&root).run().expect_code(0);
    let mut found = BTreeSet::new();
    files(&root, &root, &mut found);
    found.remove("SHA256SUMS");
    let sums = fs::read_to_string(root.join("SHA256SUMS")).unwrap();
    let named: BTreeSet<String> = sums
        .lines()
        .map(|line| line.split_once("  ").unwrap().1.to_owned())
        .collect();
    assert_eq!(named, found);
    for file in [
        "bin/c47",
        "share/man/man1/c47-rez-install.1",
        "share/bash-completion/completions/c47",
        "share/zsh/site-functions/_c47",
        "share/fish/vendor_completions.d/c47.fish",
        "share/nushell/completions/c47-completions.nu",
        "LICENSE",
        "THIRD-PARTY-LICENSES.txt",
        "c47.cdx.json",
    ] {
        assert!(found.contains(file), "no {file} in {found:?}");
    }
}

#[test]
fn package_contains_no_path_of_the_build() {
    let Some((_scratch, root)) = unpacked() else {
        return;
    };
    let mut found = BTreeSet::new();
    files(&root, &root, &mut found);
    let home = std::env::var("HOME").unwrap();
    let cargo = format!("{home}/.cargo");
    for file in found {
        let bytes = fs::read(root.join(&file)).unwrap();
        for place in [env!("CARGO_MANIFEST_DIR"), &cargo] {
            let here = bytes
                .windows(place.len())
                .any(|part| part == place.as_bytes());
            assert!(!here, "{place} is in {file}");
        }
    }
}

#[test]
fn sbom_lists_the_crates_of_cargo_tree() {
    let Some((_scratch, root)) = unpacked() else {
        return;
    };
    let sbom = fs::read(root.join("c47.cdx.json")).unwrap();
    let sbom: serde_json::Value = serde_json::from_slice(&sbom).unwrap();
    assert_eq!(
        (&sbom["bomFormat"], &sbom["specVersion"]),
        (&"CycloneDX".into(), &"1.5".into())
    );
    let components = sbom["components"].as_array().unwrap();
    let tree = Run::of(env!("CARGO")).args(["tree", "--edges=normal", "--prefix=none"]);
    let tree = tree.args([
        "--format={p}",
        "--target=x86_64-unknown-linux-musl",
        "--offline",
    ]);
    let home = std::env::var("HOME").unwrap();
    let tree = tree
        .env("HOME", home)
        .current_dir(source("."))
        .run()
        .expect_code(0);
    let licences = fs::read_to_string(root.join("THIRD-PARTY-LICENSES.txt")).unwrap();
    for line in tree
        .stdout_text()
        .lines()
        .filter(|line| !line.starts_with("c47 "))
    {
        let mut words = line.split_whitespace();
        let (Some(name), Some(version)) = (words.next(), words.next()) else {
            continue;
        };
        let version = version.trim_start_matches('v');
        let component = components
            .iter()
            .find(|component| component["name"] == name && component["version"] == version)
            .unwrap_or_else(|| panic!("the SBOM has no {name} {version}"));
        assert_eq!(
            component["hashes"][0]["content"].as_str().unwrap().len(),
            64
        );
        assert!(
            licences.contains(&format!("\n{name} {version}: ")),
            "no licence of {name}"
        );
    }
    let references: BTreeSet<&str> = components
        .iter()
        .map(|component| component["bom-ref"].as_str().unwrap())
        .collect();
    assert_eq!(references.len(), components.len());
    for dependency in sbom["dependencies"].as_array().unwrap() {
        for need in dependency["dependsOn"].as_array().unwrap() {
            assert!(
                references.contains(need.as_str().unwrap()),
                "{need} is not a component"
            );
        }
    }
}

#[test]
fn version_names_the_commit() {
    let Some((_scratch, root)) = unpacked() else {
        return;
    };
    let version = Run::of(root.join("bin/c47")).args(["--version", "--json"]);
    let version = version.run().expect_code(0).json();
    let commit = version["commit"].as_str().unwrap();
    assert_eq!(commit.trim_end_matches("-dirty").len(), 40, "{commit}");
}

#[test]
fn package_runs_in_an_empty_root() {
    let Some((_scratch, root)) = unpacked() else {
        return;
    };
    let program = root.join("bin/c47");
    let run = |arguments: &[&str]| empty_root::empty_with(&program).map(|run| run.args(arguments));
    let Some(version) = run(&["--version"]) else {
        return;
    };
    let version = version.run().expect_code(0);
    assert!(
        version.stdout_text().starts_with("c47 "),
        "{}",
        version.tell()
    );
    let help = run(&["echo", "-h"]).unwrap().run().expect_code(0);
    assert!(
        help.stdout_text().starts_with("Usage: c47 echo"),
        "{}",
        help.tell()
    );
    run(&["man", "rez"]).unwrap().run().expect_code(0);
    run(&["completions", "bash"]).unwrap().run().expect_code(0);
    let sign = run(&[
        "jwt", "sign", "--alg", "HS256", "--key", "env:KEY", "--ttl", "5m",
    ])
    .unwrap();
    let token = sign.env("KEY", "k".repeat(64)).run().expect_code(0);
    assert_eq!(
        token.stdout_text().matches('.').count(),
        2,
        "{}",
        token.tell()
    );
    let list = run(&["--list"]).unwrap().run().expect_code(0);
    if list.stdout_text().lines().any(|name| name == "elf") {
        run(&["elf", "glibc", "/c47"]).unwrap().run().expect_code(0);
    }
    // Commands that need /proc report an error.
    for arguments in [&["rez", "install", "--repo", "/"][..], &["links"]] {
        let output = run(arguments).unwrap().run().expect_code(7);
        let text = output.stderr_text();
        assert_eq!(
            text.lines().count(),
            1 + text.matches("\nhint: ").count(),
            "{text}"
        );
        // The root contains a file with the name of the package.
        let is_said = text.contains("no such file")
            || text.contains("not a directory")
            || text.contains("/proc");
        assert!(is_said, "{text}");
    }
}

#[test]
#[ignore = "one or two release builds; scripts/package --check is the same"]
fn two_clones_give_the_same_bytes() {
    let run = Run::of(source("scripts/package"))
        .arg("--check")
        .current_dir(source("."));
    let home = std::env::var("HOME").unwrap();
    run.env("HOME", home)
        .limit(Duration::from_secs(3600))
        .run()
        .expect_code(0);
}
