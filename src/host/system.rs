//! Distribution and kernel.

use nanoserde::SerJson;

use super::{calls, files};
use crate::elf::root::Root;
use crate::platform::{Version, distribution};

/// The running system.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct System {
    pub hostname: Option<String>,
    pub distribution: Option<Distribution>,
    /// The kernel release, such as `3.10.0-1160.el7.x86_64`.
    pub kernel: Option<String>,
    /// `x86_64`.
    pub machine: Option<String>,
    pub uptime_s: Option<u64>,
}

/// A distribution, from its own release file.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Distribution {
    /// `centos`, `rocky`, `ubuntu`.
    pub id: Option<String>,
    /// `7`, `9.4`, `22.04`.
    pub version: Option<String>,
    /// The full name.
    pub name: String,
    /// Its name for `c47 elf glibc --target`, if known.
    pub target: Option<String>,
}

/// Files with one line, for distributions without os-release.
const RELEASES: [&str; 4] = [
    "/etc/redhat-release",
    "/etc/centos-release",
    "/etc/system-release",
    "/etc/SuSE-release",
];

/// The system below `root`. The kernel is the running one.
pub(crate) fn read(root: &Root) -> System {
    let (release, hostname, machine) = calls::kernel();
    let uptime = files::line(root, "/proc/uptime");
    System {
        hostname: Some(hostname),
        distribution: distribution_of(root),
        kernel: files::line(root, "/proc/sys/kernel/osrelease").or(Some(release)),
        machine: Some(machine),
        uptime_s: uptime
            .and_then(|line| line.split(['.', ' ']).next().map(str::to_owned))
            .and_then(|seconds| seconds.parse().ok()),
    }
}

impl System {
    /// The kernel version, from the leading numbers of the release.
    pub(crate) fn kernel_version(&self) -> Option<Version> {
        let release = self.kernel.as_ref()?;
        let end = release
            .find(|c: char| c != '.' && !c.is_ascii_digit())
            .unwrap_or(release.len());
        Version::parse(release.get(..end)?.trim_end_matches('.'))
    }
}

fn distribution_of(root: &Root) -> Option<Distribution> {
    let release = RELEASES.iter().find_map(|path| files::line(root, path));
    let os_release = ["/etc/os-release", "/usr/lib/os-release"]
        .iter()
        .find_map(|path| files::read(root, path));
    let Some(text) = os_release else {
        return release.map(by_release_line).or_else(|| {
            let version = files::line(root, "/etc/debian_version")?;
            Some(Distribution {
                target: target(Some("debian"), Some(&version)),
                name: format!("Debian {version}"),
                id: Some("debian".into()),
                version: Some(version),
            })
        });
    };
    let id = value(&text, "ID");
    let version = value(&text, "VERSION_ID");
    // os-release of CentOS 7 has no minor version ("CentOS Linux 7 (Core)"), but this file does.
    let name = release
        .or_else(|| value(&text, "PRETTY_NAME"))
        .or_else(|| value(&text, "NAME"))
        .or_else(|| id.clone())?;
    Some(Distribution {
        target: target(id.as_deref(), version.as_deref()),
        id,
        version,
        name,
    })
}

/// A variable of os-release(5), without quotes.
fn value(text: &str, name: &str) -> Option<String> {
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))?
        .trim();
    let quoted = line
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .or_else(|| {
            line.strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
        });
    let value = quoted.unwrap_or(line);
    (!value.is_empty()).then(|| value.to_owned())
}

/// `CentOS release 6.10 (Final)`, `Red Hat Enterprise Linux Server release 7.9 (Maipo)`.
fn by_release_line(line: String) -> Distribution {
    let lower = line.to_ascii_lowercase();
    let id = [
        ("centos", "centos"),
        ("red hat", "rhel"),
        ("rocky", "rocky"),
        ("almalinux", "almalinux"),
        ("amazon", "amzn"),
        ("suse", "opensuse"),
    ]
    .iter()
    .find(|(word, _)| lower.contains(word))
    .map(|(_, id)| (*id).to_owned());
    let version = line
        .split_whitespace()
        .find(|word| Version::parse(word).is_some())
        .map(str::to_owned);
    Distribution {
        target: target(id.as_deref(), version.as_deref()),
        id,
        version,
        name: line,
    }
}

/// The row of the table for the whole version, or else for its first number.
fn target(id: Option<&str>, version: Option<&str>) -> Option<String> {
    let (id, version) = (id?, version?);
    let major = version.split('.').next().unwrap_or(version);
    let row = distribution::distribution(&format!("{id}{version}"))
        .or_else(|| distribution::distribution(&format!("{id}{major}")))?;
    Some(row.id.to_owned())
}
