//! A target as a command line names it, and the limits it sets.

use std::fmt;

use super::cpu::Level;
use super::distribution::{self, DISTRIBUTIONS, Distribution};
use super::version::Version;
use super::vfx::{self, CxxAbi, YEARS, Year};

/// Where a binary is to run.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    Distribution(&'static Distribution),
    /// A year of the VFX Reference Platform.
    Year(&'static Year),
    /// This machine; whoever asks reads its libraries (`elf::system::limits`).
    Host,
    /// Any system with this glibc.
    Glibc(Version),
}

/// There is no such target.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownTarget(pub String);

impl fmt::Display for UnknownTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such target: '{}'", self.0)
    }
}

impl std::error::Error for UnknownTarget {}

impl Target {
    /// Reads `centos7`, `rocky8`, `ubuntu22.04`, `CY2024`, `host`, `2.17`.
    ///
    /// # Errors
    /// When nothing is called so; [`Target::names`] is for a hint.
    pub fn parse(text: &str) -> Result<Target, UnknownTarget> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("host") {
            return Ok(Target::Host);
        }
        if let Some(version) = Version::parse(text).filter(|_| text.starts_with("2.")) {
            return Ok(Target::Glibc(version));
        }
        let year = text
            .get(..2)
            .filter(|letters| letters.eq_ignore_ascii_case("cy"))
            .and_then(|_| text.get(2..))
            .and_then(|number| number.trim_start_matches(['-', ' ']).parse().ok())
            .and_then(vfx::year);
        if let Some(year) = year {
            return Ok(Target::Year(year));
        }
        distribution::distribution(text)
            .map(Target::Distribution)
            .ok_or_else(|| UnknownTarget(text.to_owned()))
    }

    /// Every name there is, for a hint and for completion.
    pub fn names() -> Vec<String> {
        DISTRIBUTIONS
            .iter()
            .map(|row| row.id.to_owned())
            .chain(YEARS.iter().map(Year::name))
            .chain(["host".to_owned()])
            .collect()
    }

    /// Distributions and years, in the order of their tables.
    pub fn known() -> impl Iterator<Item = Target> {
        DISTRIBUTIONS
            .iter()
            .map(Target::Distribution)
            .chain(YEARS.iter().map(Target::Year))
    }

    /// What a command line calls it: `centos7`, `CY2024`, `host`, `2.17`.
    pub fn id(self) -> String {
        match self {
            Target::Distribution(row) => row.id.to_owned(),
            Target::Year(year) => year.name(),
            Target::Host => "host".to_owned(),
            Target::Glibc(version) => version.to_string(),
        }
    }

    /// The limits that are in the tables: all but those of [`Target::Host`].
    pub fn limits(self) -> Option<Limits> {
        match self {
            Target::Distribution(row) => Some(Limits {
                name: row.name.to_owned(),
                glibc: Limit::AtMost(row.glibc),
                glibcxx: Limit::AtMost(row.glibcxx),
                cxxabi: Limit::AtMost(row.cxxabi),
                // What a distribution was built for does not say what its machines can do.
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

/// The newest version of a family of symbols that a place offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    AtMost(Version),
    /// The library is not there at all.
    Absent,
    /// Nobody knows; nothing is refused on its account.
    Unknown,
}

/// What a place offers to a binary.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For people: "CentOS 7", "CY2024", "this host".
    pub name: String,
    pub glibc: Limit,
    pub glibcxx: Limit,
    pub cxxabi: Limit,
    /// The CPU it has; `None` where there may be any.
    pub cpu: Option<Level>,
    /// The C++ ABI of the libraries a plug-in meets there.
    pub cxx_abi: Option<CxxAbi>,
    pub private: Private,
}

/// Whether a place has the very glibc an object was built with, for `GLIBC_PRIVATE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Private {
    /// The object is taken to be this system's own.
    Own,
    /// Nobody knows: it may not count on it.
    Foreign,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for name in Target::names() {
            assert_eq!(Target::parse(&name).unwrap().id(), name);
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
        // Of the years only the first and the last are listed.
        let between = &years[1..years.len() - 1];
        let expected: Vec<&String> = names
            .iter()
            .filter(|name| !between.contains(name))
            .collect();
        assert_eq!(listed, expected);
    }

    #[test]
    fn what_is_no_target() {
        for wrong in [
            "", "2", "CY2014", "CY", "CY20244", "centos9", "22.04", "hots", "é", "c\u{e9}y",
        ] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }
}
