//! A target named on the command line, and its limits.

use std::fmt;

use super::cpu::Level;
use super::distribution::{self, DISTRIBUTIONS, Distribution};
use super::version::Version;
use super::vfx::{self, CxxAbi, YEARS, Year};
use crate::nearest::nearest;
use crate::sort::Sortable;

/// A system on which a binary should run.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    Distribution(&'static Distribution),
    /// A year of the VFX Reference Platform.
    Year(&'static Year),
    /// This machine. Its limits are read from its libraries (`elf::host::limits`).
    Host,
    /// Any system with this glibc.
    Glibc(Version),
}

/// An unknown target.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownTarget(pub String);

impl fmt::Display for UnknownTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown target '{}'", self.0)
    }
}

impl UnknownTarget {
    /// The hint of a usage error, with a similar name.
    pub fn hint(&self) -> String {
        let list = "'c47 help elf glibc' lists the targets";
        if let Some(known) = self.nearest_release() {
            return format!("the closest known target is {known}; {list}");
        }
        let names = Target::names();
        let typed = self.0.to_ascii_lowercase();
        let lower: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        let near = nearest(&typed, lower.iter().map(String::as_str));
        match near.and_then(|near| names.iter().find(|name| name.eq_ignore_ascii_case(near))) {
            Some(meant) => format!("did you mean '{meant}'? {list}"),
            None => list.to_owned(),
        }
    }

    /// If only the number is unknown: the newest release before it, or else the oldest release.
    fn nearest_release(&self) -> Option<String> {
        let (letters, number) = release(&self.0)?;
        let mut releases: Vec<(Version, String)> = Target::names()
            .into_iter()
            .filter_map(|name| match release(&name)? {
                (same, number) if same == letters => Some((number, name)),
                _ => None,
            })
            .collect();
        releases.order();
        let before = releases.iter().rev().find(|(known, _)| *known < number);
        let found = before.or(releases.first())?;
        Some(found.1.clone())
    }
}

/// Splits a name into lower-case letters and a number: `fedora` and 44, `manylinux` and 2.28.
fn release(name: &str) -> Option<(String, Version)> {
    let digit = name.find(|c: char| c.is_ascii_digit())?;
    let (letters, number) = name.split_at_checked(digit)?;
    let letters = letters.trim_end_matches(['-', '_', ' ']);
    let number = Version::parse(&number.replace('_', "."))?;
    Some((letters.to_ascii_lowercase(), number))
}

/// The number in a year of the VFX Reference Platform: `CY2024`, `cy-2024`.
fn year_number(text: &str) -> Option<u16> {
    text.get(..2)
        .filter(|letters| letters.eq_ignore_ascii_case("cy"))
        .and_then(|_| text.get(2..))
        .and_then(|number| number.trim_start_matches(['-', ' ']).parse().ok())
}

impl std::error::Error for UnknownTarget {}

impl Target {
    /// Parses `centos7`, `rocky8`, `ubuntu22.04`, `CY2024`, `host`, `2.17`.
    ///
    /// # Errors
    /// When the name is unknown.
    pub fn parse(text: &str) -> Result<Target, UnknownTarget> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("host") {
            return Ok(Target::Host);
        }
        if let Some(version) = Version::parse(text).filter(|_| text.starts_with("2.")) {
            return Ok(Target::Glibc(version));
        }
        if let Some(year) = year_number(text).and_then(vfx::year) {
            return Ok(Target::Year(year));
        }
        distribution::distribution(text)
            .map(Target::Distribution)
            .ok_or_else(|| UnknownTarget(text.to_owned()))
    }

    /// Every name, for hints and completions.
    pub fn names() -> Vec<String> {
        DISTRIBUTIONS
            .iter()
            .map(|row| row.id)
            .chain(distribution::other_names())
            .map(str::to_owned)
            .chain(YEARS.iter().map(Year::name))
            .chain(["host".to_owned()])
            .collect()
    }

    /// Distributions and years, in the order of their tables. Wheel tags and runtimes are not
    /// systems and are left out.
    pub fn known() -> impl Iterator<Item = Target> {
        DISTRIBUTIONS
            .iter()
            .filter(|row| row.is_a_system())
            .map(Target::Distribution)
            .chain(YEARS.iter().map(Target::Year))
    }

    /// Its name on the command line: `centos7`, `CY2024`, `host`, `2.17`.
    pub fn id(self) -> String {
        match self {
            Target::Distribution(row) => row.id.to_owned(),
            Target::Year(year) => year.name(),
            Target::Host => "host".to_owned(),
            Target::Glibc(version) => version.to_string(),
        }
    }

    /// The limits from the tables. `None` for [`Target::Host`].
    pub fn limits(self) -> Option<Limits> {
        match self {
            Target::Distribution(row) => Some(Limits {
                name: row.name.to_owned(),
                glibc: Limit::AtMost(row.glibc),
                glibcxx: Limit::AtMost(row.glibcxx),
                cxxabi: Limit::AtMost(row.cxxabi),
                // The level a distribution is built for does not limit the CPU of a machine.
                cpu: None,
                cxx_abi: None,
                private: Private::Foreign,
            }),
            Target::Year(year) => {
                let (glibcxx, cxxabi) = year.libstdcxx();
                Some(Limits {
                    name: year.name(),
                    glibc: Limit::AtMost(year.glibc),
                    glibcxx: Limit::AtMost(glibcxx),
                    cxxabi: Limit::AtMost(cxxabi),
                    cpu: None,
                    cxx_abi: Some(year.cxx_abi),
                    private: Private::Foreign,
                })
            }
            Target::Glibc(version) => Some(Limits {
                name: format!("a system with glibc {version}"),
                glibc: Limit::AtMost(version),
                glibcxx: Limit::Unknown,
                cxxabi: Limit::Unknown,
                cpu: None,
                cxx_abi: None,
                private: Private::Foreign,
            }),
            Target::Host => None,
        }
    }
}

/// The newest version of a symbol family on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    AtMost(Version),
    /// The library is not installed.
    Absent,
    /// Unknown. Nothing is rejected because of it.
    Unknown,
}

/// What a target offers a binary.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The name in reports: "CentOS 7", "CY2024", "this host".
    pub name: String,
    pub glibc: Limit,
    pub glibcxx: Limit,
    pub cxxabi: Limit,
    /// The level of its CPU. `None` if it may have any CPU.
    pub cpu: Option<Level>,
    /// The C++ ABI of the libraries that a plug-in uses there.
    pub cxx_abi: Option<CxxAbi>,
    pub private: Private,
}

/// Whether a target has the exact glibc that an object was built with, for `GLIBC_PRIVATE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Private {
    /// The object is assumed to belong to this system.
    Own,
    /// Unknown, so `GLIBC_PRIVATE` is rejected.
    Foreign,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_parsed() {
        let other: Vec<&str> = distribution::other_names().collect();
        for name in Target::names() {
            let id = Target::parse(&name).unwrap().id();
            assert!(id == name || other.contains(&name.as_str()), "{name}: {id}");
        }
        assert_eq!(Target::parse("cy2018").unwrap().id(), "CY2018");
        assert_eq!(Target::parse("2.17").unwrap().id(), "2.17");
    }

    #[test]
    fn the_manual_lists_every_target() {
        let manual = include_str!("../cli/elf/manual.md");
        let (_, list) = manual.split_once("`--target` takes `").unwrap();
        let (list, _) = list.split_once("or a glibc version").unwrap();
        let listed: Vec<&str> = list
            .split([' ', ',', '`', '\n'])
            .filter(|word| !word.is_empty() && *word != "to")
            .collect();
        let names = Target::names();
        let years: Vec<&String> = names.iter().filter(|name| name.starts_with("CY")).collect();
        // README lists only the first and the last of the years and of Fedora.
        let fedoras: Vec<&String> = names
            .iter()
            .filter(|one| one.starts_with("fedora"))
            .collect();
        let between = [&years[1..years.len() - 1], &fedoras[1..fedoras.len() - 1]].concat();
        let expected: Vec<&String> = names
            .iter()
            .filter(|name| !between.contains(name))
            .collect();
        assert_eq!(listed, expected);
    }

    #[test]
    fn unknown_target_suggests_the_closest_name() {
        for (typed, meant) in [
            ("CY2028", "target is CY2027;"),
            ("cy2014", "target is CY2015;"),
            ("fedora-46", "target is fedora45;"),
            ("el11", "target is el10;"),
            ("el6", "target is el7;"),
            ("ubuntu23.10", "target is ubuntu22.04;"),
            ("manylinux_2_29", "target is manylinux_2_28;"),
            ("cent0s7", "did you mean 'centos7'?"),
            ("snipr", "did you mean 'sniper'?"),
            ("render", "'c47 help elf glibc' lists"),
            ("", "'c47 help elf glibc' lists"),
        ] {
            let hint = Target::parse(typed).unwrap_err().hint();
            assert!(hint.contains(meant), "{typed}: {hint}");
        }
    }

    #[test]
    fn invalid_targets_are_rejected() {
        for wrong in [
            "", "2", "CY2014", "CY", "CY20244", "centos9", "22.04", "hots", "é", "c\u{e9}y",
        ] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }
}
