//! Compares `c47 elf` with auditwheel and readelf for real visual-effects software from PyPI, which
//! scripts/peers-elf downloads.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use c47::testing::Version;

use crate::support::{self, Effort, c47, effort};

const FAMILIES: [&str; 3] = ["GLIBC", "GLIBCXX", "CXXABI"];

/// The directory of the wheels. `None` if they were not downloaded.
fn peers() -> Option<PathBuf> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    if peers.join("wheels/complete").exists() && effort() != Effort::Quick {
        return Some(peers);
    }
    support::peers::missing("wheels not found: run scripts/peers-elf")
}

fn reports(arguments: &[&str]) -> serde_json::Value {
    let output = c47().args(arguments).run().expect_code(0);
    serde_json::from_str(output.stdout_text()).unwrap()
}

/// The highest version of each family among labels such as GLIBC_2.17.
fn highest<'a>(labels: impl Iterator<Item = &'a str>) -> BTreeMap<&'static str, Version> {
    let mut highest = BTreeMap::new();
    for label in labels {
        let Some((family, version)) = label.rsplit_once('_') else {
            continue;
        };
        let Some(family) = FAMILIES.into_iter().find(|name| *name == family) else {
            continue;
        };
        let Some(version) = Version::parse(version) else {
            continue;
        };
        let old = highest.entry(family).or_insert(version);
        *old = version.max(*old);
    }
    highest
}

fn needs(report: &serde_json::Value) -> BTreeMap<&'static str, Version> {
    let labels: Vec<String> = FAMILIES
        .iter()
        .filter_map(|name| Some(format!("{name}_{}", report["needs"][*name].as_str()?)))
        .collect();
    highest(labels.iter().map(String::as_str))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
}

#[test]
fn needs_agree_with_auditwheel() {
    let Some(peers) = peers() else { return };
    let mut compared = 0;
    for entry in fs::read_dir(peers.join("wheels")).unwrap().flatten() {
        let wheel = entry.path();
        if wheel.extension().is_none_or(|extension| extension != "whl") {
            continue;
        }
        let name = entry
            .file_name()
            .to_string_lossy()
            .split('-')
            .next()
            .unwrap()
            .to_owned();
        let site = peers.join("wheels/site").join(&name);
        let report = reports(&["elf", "glibc", "--json", site.to_str().unwrap()]);
        let objects = report.as_array().unwrap();
        let mut report_path = wheel.into_os_string();
        report_path.push(".auditwheel");
        let text = fs::read_to_string(report_path).unwrap();
        if text.trim().is_empty() {
            support::peers::skipped(&format!("{name}: auditwheel printed nothing"));
            continue;
        }
        // If an object needs a newer CPU, auditwheel does not check versions.
        if text.contains("unsupported ISA") {
            let marked = objects
                .iter()
                .any(|object| object["isa"].as_str().is_some_and(|isa| isa > "x86-64-v1"));
            assert!(marked, "{name}: {text}");
            println!("{name}: auditwheel and c47 both require a newer CPU");
            continue;
        }
        let theirs = highest(words(&text));
        let mut ours = BTreeMap::new();
        for object in objects {
            for (family, version) in needs(object) {
                let old = ours.entry(family).or_insert(version);
                *old = version.max(*old);
            }
        }
        // The tag of the policy, "manylinux_2_28", may be newer than the exact versions.
        let tag = words(&text)
            .find_map(|word| word.strip_prefix("manylinux_2_")?.strip_suffix("_x86_64"));
        let tag = Version::two(2, tag.expect("a tag").parse().unwrap());
        println!("{name}: {ours:?}, {tag}");
        assert_eq!(ours, theirs, "{name}: {text}");
        assert!(ours["GLIBC"] <= tag);
        compared += 1;
    }
    assert!(compared >= 4, "{compared} wheels compared");
}

#[test]
fn each_object_agrees_with_readelf() {
    let Some(peers) = peers() else { return };
    let site = peers.join("wheels/site");
    let report = reports(&["elf", "glibc", "--json", site.to_str().unwrap()]);
    let objects = report.as_array().unwrap();
    let paths: Vec<&str> = objects
        .iter()
        .map(|object| object["path"].as_str().unwrap())
        .collect();
    let mut theirs: BTreeMap<String, BTreeMap<&str, Version>> = BTreeMap::new();
    for some in paths.chunks(100) {
        let output = Command::new("readelf")
            .args(["-W", "-V"])
            .args(some)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for part in text
            .split("\nFile: ")
            .skip(1)
            .chain(text.strip_prefix("File: "))
        {
            let (path, rest) = part.split_once('\n').unwrap();
            let needed = rest
                .split("Version needs section")
                .nth(1)
                .unwrap_or_default();
            // "Name: GLIBC_2.17  Flags: none  Version: 4". Weak needs do not count.
            let labels = needed
                .lines()
                .filter(|line| !line.contains("WEAK"))
                .filter_map(|line| line.split_once("Name: ")?.1.split_whitespace().next());
            theirs
                .entry(path.to_owned())
                .or_insert_with(|| highest(labels));
        }
    }
    for object in objects {
        let path = object["path"].as_str().unwrap();
        assert_eq!(needs(object), theirs[path], "{path}");
    }
    println!("elf glibc agrees with readelf on {} objects", objects.len());
    assert!(objects.len() > 300);
}

#[test]
fn symbols_agree_with_readelf() {
    let Some(peers) = peers() else { return };
    let site = peers.join("wheels/site/usd_core");
    let report = reports(&["elf", "glibc", "--json", site.to_str().unwrap()]);
    for object in report.as_array().unwrap() {
        let path = object["path"].as_str().unwrap();
        let output = Command::new("readelf")
            .args(["-W", "--dyn-syms", path])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let ours: Vec<String> = object["symbols"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|symbol| {
                Some(format!(
                    "{}@{}",
                    symbol["name"].as_str()?,
                    symbol["version"].as_str()?
                ))
            })
            .collect();
        let mut ours: Vec<&str> = ours.iter().map(String::as_str).collect();
        let labels: Vec<String> = needs(object)
            .iter()
            .map(|(family, version)| format!("@{family}_{version}"))
            .collect();
        let mut theirs: Vec<&str> = text
            .lines()
            .filter(|line| line.contains(" UND "))
            .filter_map(|line| line.split_whitespace().nth(7))
            .filter(|name| labels.iter().any(|label| name.ends_with(label)))
            .collect();
        ours.sort_unstable();
        ours.dedup();
        theirs.sort_unstable();
        theirs.dedup();
        assert_eq!(ours, theirs, "{path}");
    }
}

#[test]
fn dupes_finds_the_copies_in_numpy_and_scipy() {
    let Some(peers) = peers() else { return };
    let site = peers.join("wheels/site");
    let report = reports(&["elf", "dupes", "--json", site.to_str().unwrap()]);
    let duplicates = report["duplicates"].as_array().unwrap();
    let gfortran = duplicates.iter().find(|one| one["family"] == "libgfortran");
    let copies = gfortran.expect("libgfortran twice")["copies"]
        .as_array()
        .unwrap();
    let mut applications: Vec<&str> = copies
        .iter()
        .map(|copy| copy["application"].as_str().unwrap())
        .collect();
    applications.sort_unstable();
    applications.dedup();
    assert_eq!(applications, ["numpy", "scipy"]);
}
