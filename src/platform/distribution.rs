//! Linux distributions as farms and workstations run them: what their C and C++ libraries offer.
//!
//! glibc, GLIBCXX and CXXABI: github.com/mayeut/pep600_compliance. The CPU is the least level the
//! release was built for.

use super::cpu::Level;
use super::version::Version;

/// A release of a distribution.
#[derive(Debug)]
pub struct Distribution {
    /// What a command line calls it: `rocky8`, `ubuntu22.04`.
    pub id: &'static str,
    /// What people call it: `Rocky Linux 8`.
    pub name: &'static str,
    pub glibc: Version,
    pub glibcxx: Version,
    pub cxxabi: Version,
    pub cpu: Level,
}

/// All of them, grouped by maker, the oldest release first.
pub(crate) const DISTRIBUTIONS: &[Distribution] = &[
    row("centos7", "CentOS 7", 17, 19, 7, Level::V1),
    row("rhel7", "RHEL 7", 17, 19, 7, Level::V1),
    row("rocky8", "Rocky Linux 8", 28, 25, 11, Level::V1),
    row("alma8", "AlmaLinux 8", 28, 25, 11, Level::V1),
    row("rhel8", "RHEL 8", 28, 25, 11, Level::V1),
    row("rocky9", "Rocky Linux 9", 34, 29, 13, Level::V2),
    row("alma9", "AlmaLinux 9", 34, 29, 13, Level::V2),
    row("rhel9", "RHEL 9", 34, 29, 13, Level::V2),
    row("rocky10", "Rocky Linux 10", 39, 33, 15, Level::V3),
    // AlmaLinux builds a second edition for v2.
    row("alma10", "AlmaLinux 10", 39, 33, 15, Level::V2),
    row("rhel10", "RHEL 10", 39, 33, 15, Level::V3),
    row("ubuntu18.04", "Ubuntu 18.04", 27, 25, 11, Level::V1),
    row("ubuntu20.04", "Ubuntu 20.04", 31, 28, 12, Level::V1),
    row("ubuntu22.04", "Ubuntu 22.04", 35, 30, 13, Level::V1),
    row("ubuntu24.04", "Ubuntu 24.04", 39, 33, 15, Level::V1),
    row("debian10", "Debian 10", 28, 25, 11, Level::V1),
    row("debian11", "Debian 11", 31, 28, 12, Level::V1),
    row("debian12", "Debian 12", 36, 30, 13, Level::V1),
    row("debian13", "Debian 13", 41, 33, 15, Level::V1),
    row("amazon2", "Amazon Linux 2", 26, 24, 11, Level::V1),
    row("amazon2023", "Amazon Linux 2023", 34, 33, 15, Level::V1),
    row("leap15.5", "openSUSE Leap 15.5", 31, 32, 14, Level::V1),
    row("leap15.6", "openSUSE Leap 15.6", 38, 33, 15, Level::V1),
];

/// Other spellings: the letters before the number, and what they stand for.
const SPELLINGS: &[(&str, &str)] = &[
    ("rockylinux", "rocky"),
    ("almalinux", "alma"),
    ("redhat", "rhel"),
    ("amazonlinux", "amazon"),
    ("amzn", "amazon"),
    ("al", "amazon"),
    ("opensuseleap", "leap"),
    ("opensuse", "leap"),
];

/// The distribution of this name, in any usual spelling: `rocky8`, `Rocky Linux 8`, `rocky-8`,
/// `amzn2`, `opensuse-leap15.6`.
pub(crate) fn distribution(name: &str) -> Option<&'static Distribution> {
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let number = plain.find(|c: char| c.is_ascii_digit())?;
    let (letters, number) = plain.split_at_checked(number)?;
    let letters = SPELLINGS
        .iter()
        .find(|(spelling, _)| *spelling == letters)
        .map_or(letters, |(_, letters)| letters);
    let id = format!("{letters}{number}");
    DISTRIBUTIONS.iter().find(|row| row.id == id)
}

const fn row(
    id: &'static str,
    name: &'static str,
    glibc: u32,
    glibcxx: u32,
    cxxabi: u32,
    cpu: Level,
) -> Distribution {
    Distribution {
        id,
        name,
        glibc: Version::two(2, glibc),
        glibcxx: Version::three(3, 4, glibcxx),
        cxxabi: Version::three(1, 3, cxxabi),
        cpu,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_spelling() {
        for (name, id) in [
            ("centos7", "centos7"),
            ("CentOS 7", "centos7"),
            ("Rocky Linux 8", "rocky8"),
            ("almalinux9", "alma9"),
            ("amzn2", "amazon2"),
            ("al2023", "amazon2023"),
            ("Ubuntu-22.04", "ubuntu22.04"),
            ("openSUSE Leap 15.6", "leap15.6"),
        ] {
            assert_eq!(distribution(name).map(|row| row.id), Some(id), "{name}");
        }
        for wrong in ["", "centos", "7", "centos77", "ubuntu22", "é7"] {
            assert!(distribution(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn every_row_is_found_by_its_id_and_its_name() {
        for row in DISTRIBUTIONS {
            assert_eq!(distribution(row.id).map(|found| found.id), Some(row.id));
            assert_eq!(distribution(row.name).map(|found| found.id), Some(row.id));
        }
    }
}
