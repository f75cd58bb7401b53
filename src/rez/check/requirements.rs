//! Finds requirements that no package satisfies.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::definition::Demand;
use super::{Finding, Kind, is_definition, marker};
use crate::rez::requirement::{self, Requirement};
use crate::rez::version::Version;
use crate::sort::Sortable;

/// Limit for the number of versions of a package.
const MOST_VERSIONS: usize = 100_000;
/// Limit for the number of versions in a message.
const MOST_NAMED: usize = 5;

/// The versions of a package in all repositories.
enum Versions {
    Known(Vec<(String, Version)>),
    /// The package exists in a form that only Rez can read.
    Unknown,
}

/// The packages of the repositories, read on demand.
struct Catalogue<'a> {
    repositories: Vec<&'a Path>,
    packages: BTreeMap<String, Versions>,
}

/// The requirements that no package satisfies, each with its package file.
pub(super) fn unmet(demands: &[Demand], repository: &Path, others: &[PathBuf]) -> Vec<Finding> {
    let mut catalogue = Catalogue {
        repositories: [repository]
            .into_iter()
            .chain(others.iter().map(PathBuf::as_path))
            .collect(),
        packages: BTreeMap::new(),
    };
    let mut findings = Vec::new();
    for demand in demands {
        let requires = demand.requires.iter();
        findings.extend(requires.filter_map(|text| catalogue.finding(&demand.file, text)));
        // A variant that cannot be resolved is not a fault if another one can.
        let variants = demand.variants.iter().map(|variant| {
            let mut texts = variant.iter();
            texts.find_map(|text| catalogue.finding(&demand.file, text))
        });
        if let Some(faults) = variants.collect::<Option<Vec<Finding>>>() {
            findings.extend(faults);
        }
    }
    findings.dedup();
    findings
}

impl Catalogue<'_> {
    /// The fault of a requirement, if it has one.
    fn finding(&mut self, file: &Path, text: &str) -> Option<Finding> {
        let finding = |what: String, cure: String| Finding {
            kind: Kind::Requirement,
            path: file.to_owned(),
            what,
            cure,
        };
        let requirement = match Requirement::parse(text) {
            Ok(requirement) => requirement,
            Err(why) => {
                let cure = "write it as foo, foo-2, foo-2+, foo-2+<4 or foo==2.1";
                return Some(finding(
                    format!("invalid requirement '{text}': {why}"),
                    cure.to_owned(),
                ));
            }
        };
        if requirement.kind != requirement::Kind::Package {
            return None;
        }
        let name = requirement.name.clone();
        let Versions::Known(versions) = self.versions(&name) else {
            return None;
        };
        if versions
            .iter()
            .any(|(_, version)| requirement.range.contains(version))
        {
            return None;
        }
        let there = match versions.len() {
            0 => format!("package {name} does not exist"),
            _ => format!("{name} has only the versions {}", listed(versions)),
        };
        Some(finding(
            format!("requires {requirement}, but {there}"),
            format!("install {name}, correct the requirement, or name its repository with --with"),
        ))
    }

    fn versions(&mut self, name: &str) -> &Versions {
        if !self.packages.contains_key(name) {
            let found = self.look(name);
            self.packages.insert(name.to_owned(), found);
        }
        self.packages.get(name).unwrap_or(&Versions::Unknown)
    }

    fn look(&self, name: &str) -> Versions {
        let mut versions = Vec::new();
        for repository in &self.repositories {
            // One file may contain all versions of a package.
            let combined = ["py", "yaml"].map(|ending| repository.join(format!("{name}.{ending}")));
            if combined.iter().any(|file| file.exists()) {
                return Versions::Unknown;
            }
            let family = repository.join(name);
            let Ok(entries) = fs::read_dir(&family) else {
                if family.exists() {
                    return Versions::Unknown;
                }
                continue;
            };
            for entry in entries {
                let Ok(entry) = entry else {
                    return Versions::Unknown;
                };
                let file_name = entry.file_name();
                let text = file_name.to_string_lossy().into_owned();
                let is_hidden = [".ignore", ".building"]
                    .iter()
                    .any(|prefix| family.join(marker(prefix, &file_name)).exists());
                if text.starts_with('.') || is_hidden {
                    continue;
                }
                let number = match is_definition(&text) {
                    true => "",
                    false if entry.path().is_dir() => text.as_str(),
                    false => continue,
                };
                match Version::parse(number) {
                    Some(version) if versions.len() < MOST_VERSIONS => {
                        versions.push((number.to_owned(), version));
                    }
                    Some(_) | None => return Versions::Unknown,
                }
            }
        }
        versions.order_by(|(_, a), (_, b)| a.cmp(b));
        Versions::Known(versions)
    }
}

/// The last versions, in order.
fn listed(versions: &[(String, Version)]) -> String {
    let more = versions.len().saturating_sub(MOST_NAMED);
    let last = versions
        .iter()
        .skip(more)
        .map(|(text, _)| match text.as_str() {
            "" => "(no version)".to_owned(),
            text => text.to_owned(),
        });
    let last: Vec<String> = last.collect();
    match more {
        0 => last.join(", "),
        more => format!("{more} older ones and {}", last.join(", ")),
    }
}
