//! The C and C++ library versions of Linux distributions and of other build targets.
//!
//! Sources: github.com/mayeut/pep600_compliance for distributions (Fedora 28, 29 and 32 to 37 from
//! their GCC version); auditwheel's policy/manylinux-policy.json, x86-64, for manylinux policies;
//! gitlab.steamos.cloud/steamrt/steam-runtime-tools, docs/container-runtime.md, for the Steam
//! Runtime. The CPU is the lowest level the release is built for.

use super::cpu::Level;
use super::version::Version;

/// The kind of a row in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A distribution with long-term support.
    LongTerm,
    /// A distribution with about a year of support, which farms do not use.
    ShortTerm,
    /// A Python wheel tag: what a wheel with this tag may need.
    WheelTag,
    /// Libraries that are distributed with an application.
    Runtime,
}

/// A release of a distribution, or another named set of libraries.
#[derive(Debug)]
pub struct Distribution {
    /// Its name on the command line: `rocky8`, `ubuntu22.04`.
    pub id: &'static str,
    /// Its full name: `Rocky Linux 8`.
    pub name: &'static str,
    pub glibc: Version,
    pub glibcxx: Version,
    pub cxxabi: Version,
    pub cpu: Level,
    pub kind: Kind,
}

impl Distribution {
    /// Whether it is a distribution that runs on a machine.
    pub fn is_a_system(&self) -> bool {
        match self.kind {
            Kind::LongTerm | Kind::ShortTerm => true,
            Kind::WheelTag | Kind::Runtime => false,
        }
    }
}

/// All rows, grouped by vendor, oldest release first.
pub(crate) const DISTRIBUTIONS: &[Distribution] = &[
    row("centos7", "CentOS 7", 17, 19, 7, Level::V1),
    row("rhel7", "RHEL 7", 17, 19, 7, Level::V1),
    row("rocky8", "Rocky Linux 8", 28, 25, 11, Level::V1),
    row("alma8", "AlmaLinux 8", 28, 25, 11, Level::V1),
    row("rhel8", "RHEL 8", 28, 25, 11, Level::V1),
    row("centos8", "CentOS 8", 28, 25, 11, Level::V1),
    row("rocky9", "Rocky Linux 9", 34, 29, 13, Level::V2),
    row("alma9", "AlmaLinux 9", 34, 29, 13, Level::V2),
    row("rhel9", "RHEL 9", 34, 29, 13, Level::V2),
    row("rocky10", "Rocky Linux 10", 39, 33, 15, Level::V3),
    // AlmaLinux 10 also has a build for v2.
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
    fedora("fedora28", "Fedora 28", 27, 25, 11),
    fedora("fedora29", "Fedora 29", 28, 25, 11),
    fedora("fedora30", "Fedora 30", 29, 27, 12),
    fedora("fedora31", "Fedora 31", 30, 28, 12),
    fedora("fedora32", "Fedora 32", 31, 28, 12),
    fedora("fedora33", "Fedora 33", 32, 28, 12),
    fedora("fedora34", "Fedora 34", 33, 29, 13),
    fedora("fedora35", "Fedora 35", 34, 29, 13),
    fedora("fedora36", "Fedora 36", 35, 30, 13),
    fedora("fedora37", "Fedora 37", 36, 30, 13),
    fedora("fedora38", "Fedora 38", 37, 32, 14),
    fedora("fedora39", "Fedora 39", 38, 32, 14),
    fedora("fedora40", "Fedora 40", 39, 33, 15),
    fedora("fedora41", "Fedora 41", 40, 33, 15),
    fedora("fedora42", "Fedora 42", 41, 34, 15),
    fedora("fedora43", "Fedora 43", 42, 34, 15),
    fedora("fedora44", "Fedora 44", 43, 35, 17),
    fedora("fedora45", "Fedora 45", 44, 36, 17),
    wheel_tag("manylinux_2_5", 5, 8, 1),
    wheel_tag("manylinux_2_12", 12, 13, 3),
    wheel_tag("manylinux_2_17", 17, 19, 7),
    wheel_tag("manylinux_2_24", 24, 22, 10),
    wheel_tag("manylinux_2_26", 26, 22, 10),
    wheel_tag("manylinux_2_27", 27, 24, 11),
    wheel_tag("manylinux_2_28", 28, 24, 11),
    wheel_tag("manylinux_2_31", 31, 28, 12),
    wheel_tag("manylinux_2_34", 34, 29, 13),
    wheel_tag("manylinux_2_35", 35, 30, 13),
    wheel_tag("manylinux_2_36", 36, 30, 13),
    wheel_tag("manylinux_2_38", 38, 30, 13),
    wheel_tag("manylinux_2_39", 39, 33, 15),
    wheel_tag("manylinux_2_40", 40, 33, 15),
    wheel_tag("manylinux_2_41", 41, 33, 15),
    // 1 uses the glibc of Ubuntu 12.04 or later and the libstdc++ of GCC 5.4. 2 is based on
    // Debian 10, 3 on Debian 11.
    runtime("steamrt1", "Steam Runtime 1 (scout)", 15, 21, 9),
    runtime("steamrt2", "Steam Runtime 2 (soldier)", 28, 25, 11),
    runtime("steamrt3", "Steam Runtime 3 (sniper)", 31, 28, 12),
];

/// Other spellings of the letters before the number.
const SPELLINGS: &[(&str, &str)] = &[
    ("el", "rhel"),
    ("rockylinux", "rocky"),
    ("almalinux", "alma"),
    ("redhat", "rhel"),
    ("amazonlinux", "amazon"),
    ("amzn", "amazon"),
    ("al", "amazon"),
    ("opensuseleap", "leap"),
    ("opensuse", "leap"),
    ("fc", "fedora"),
    ("fedoralinux", "fedora"),
    ("steamruntime", "steamrt"),
];

/// Other names, and the row of each.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("manylinux1", "manylinux_2_5"),
    ("manylinux2010", "manylinux_2_12"),
    ("manylinux2014", "manylinux_2_17"),
    // Valve recommends this one for new software.
    ("steamrt", "steamrt3"),
    ("sniper", "steamrt3"),
    ("soldier", "steamrt2"),
    ("scout", "steamrt1"),
];

/// Alternative names that completions and hints offer.
pub(crate) fn other_names() -> impl Iterator<Item = &'static str> {
    const ENTERPRISE: [&str; 4] = ["el7", "el8", "el9", "el10"];
    ENTERPRISE
        .into_iter()
        .chain(OTHER_NAMES.iter().map(|(name, _)| *name))
}

/// The distribution with this name, in any usual spelling: `rocky8`, `Rocky Linux 8`, `rocky-8`,
/// `el8`, `amzn2`, `opensuse-leap15.6`, `manylinux_2_28_x86_64`.
pub(crate) fn distribution(name: &str) -> Option<&'static Distribution> {
    // A wheel tag ends in the architecture. The table is for x86-64.
    let plain = plain(name.strip_suffix("_x86_64").unwrap_or(name));
    let by_id = |id: &str| {
        let id = self::plain(id);
        DISTRIBUTIONS.iter().find(|row| self::plain(row.id) == id)
    };
    if let Some((_, id)) = OTHER_NAMES.iter().find(|(other, _)| *other == plain) {
        return by_id(id);
    }
    if let Some(row) = DISTRIBUTIONS
        .iter()
        .find(|row| self::plain(row.name) == plain)
    {
        return Some(row);
    }
    let number = plain.find(|c: char| c.is_ascii_digit())?;
    let (letters, number) = plain.split_at_checked(number)?;
    let letters = SPELLINGS
        .iter()
        .find(|(spelling, _)| *spelling == letters)
        .map_or(letters, |(_, letters)| letters);
    by_id(&format!("{letters}{number}"))
}

/// A name in lower case, without spaces and dashes.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, ' ' | '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
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
        kind: Kind::LongTerm,
    }
}

const fn fedora(
    id: &'static str,
    name: &'static str,
    glibc: u32,
    glibcxx: u32,
    cxxabi: u32,
) -> Distribution {
    Distribution {
        kind: Kind::ShortTerm,
        ..row(id, name, glibc, glibcxx, cxxabi, Level::V1)
    }
}

const fn wheel_tag(id: &'static str, glibc: u32, glibcxx: u32, cxxabi: u32) -> Distribution {
    Distribution {
        kind: Kind::WheelTag,
        ..row(id, id, glibc, glibcxx, cxxabi, Level::V1)
    }
}

const fn runtime(
    id: &'static str,
    name: &'static str,
    glibc: u32,
    glibcxx: u32,
    cxxabi: u32,
) -> Distribution {
    Distribution {
        kind: Kind::Runtime,
        ..row(id, name, glibc, glibcxx, cxxabi, Level::V1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_found_in_any_usual_spelling() {
        for (name, id) in [
            ("centos7", "centos7"),
            ("CentOS 7", "centos7"),
            ("Rocky Linux 8", "rocky8"),
            ("almalinux9", "alma9"),
            ("amzn2", "amazon2"),
            ("al2023", "amazon2023"),
            ("Ubuntu-22.04", "ubuntu22.04"),
            ("openSUSE Leap 15.6", "leap15.6"),
            ("el7", "rhel7"),
            ("EL8", "rhel8"),
            ("el9", "rhel9"),
            ("el10", "rhel10"),
            ("CentOS 8", "centos8"),
            ("fedora-44", "fedora44"),
            ("Fedora 28", "fedora28"),
            ("fc41", "fedora41"),
            ("manylinux2014", "manylinux_2_17"),
            ("manylinux_2_17", "manylinux_2_17"),
            ("manylinux_2_28_x86_64", "manylinux_2_28"),
            ("manylinux2014_x86_64", "manylinux_2_17"),
            ("steamrt", "steamrt3"),
            ("sniper", "steamrt3"),
            ("soldier", "steamrt2"),
            ("scout", "steamrt1"),
            ("Steam Runtime 2", "steamrt2"),
        ] {
            assert_eq!(distribution(name).map(|row| row.id), Some(id), "{name}");
        }
        for wrong in [
            "",
            "centos",
            "7",
            "el",
            "el6",
            "fedora27",
            "manylinux",
            "centos77",
            "ubuntu22",
            "é7",
        ] {
            assert!(distribution(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn every_row_is_found_by_id_and_name() {
        for row in DISTRIBUTIONS {
            assert_eq!(distribution(row.id).map(|found| found.id), Some(row.id));
            assert_eq!(distribution(row.name).map(|found| found.id), Some(row.id));
        }
    }

    /// Compares with the policy file of auditwheel, if it is installed for the tests.
    #[test]
    fn wheel_tags_agree_with_auditwheel() {
        let file = "target/peers/auditwheel/lib/python3.11/site-packages/auditwheel/policy/manylinux-policy.json";
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let Ok(text) = std::fs::read_to_string(file) else {
            return;
        };
        let policies: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let mut compared = 0;
        for policy in &policies {
            let versions = &policy["symbol_versions"]["x86_64"];
            let Some(row) = policy["name"].as_str().and_then(distribution) else {
                continue;
            };
            let highest = |family: &str| {
                let all = versions[family].as_array().unwrap().iter();
                all.filter_map(|version| Version::parse(version.as_str()?))
                    .max()
                    .unwrap()
            };
            assert_eq!(highest("GLIBC"), row.glibc, "{}", row.id);
            assert_eq!(highest("GLIBCXX"), row.glibcxx, "{}", row.id);
            assert_eq!(highest("CXXABI"), row.cxxabi, "{}", row.id);
            for alias in policy["aliases"].as_array().unwrap() {
                let found = distribution(alias.as_str().unwrap());
                assert_eq!(found.map(|found| found.id), Some(row.id));
            }
            compared += 1;
        }
        assert!(compared > 10, "{compared}");
    }
}
