//! The checks of `c47 host check`. Each has a name, a result and a reason.

use std::fmt;
use std::path::{Path, PathBuf};

use nanoserde::SerJson;

use super::background::NoResult;
use super::clock::{TOLERANCE_S, clock_difference};
use super::libraries::Libraries;
use super::mounts;
use crate::elf::root::Root;
use crate::escape::one_line;
use crate::platform::{Level, Limit, Target, Version};
use crate::quantity::format_size;

/// A check and its result.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Check {
    pub name: String,
    pub ok: bool,
    pub detail: String,
    /// What failed, for programs; `None` if the name of the check says it.
    pub kind: Option<String>,
}

/// All checks.
#[derive(Clone, Debug, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Checks {
    pub ok: bool,
    pub checks: Vec<Check>,
}

impl Check {
    /// A check from its result. `Ok` and `Err` contain the text of the report.
    pub(crate) fn new(name: impl Into<String>, result: Result<String, String>) -> Check {
        let (ok, detail) = match result {
            Ok(detail) => (true, detail),
            Err(why) => (false, why),
        };
        Check {
            name: name.into(),
            ok,
            detail,
            kind: None,
        }
    }

    /// A failed check with the kind of the failure.
    pub(crate) fn failed(name: impl Into<String>, kind: &str, why: impl Into<String>) -> Check {
        Check {
            kind: Some(kind.to_owned()),
            ..Check::new(name, Err(why.into()))
        }
    }
}

impl Checks {
    pub(crate) fn new(checks: Vec<Check>) -> Checks {
        Checks {
            ok: checks.iter().all(|check| check.ok),
            checks,
        }
    }
}

impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let status = if check.ok { "ok" } else { "FAIL" };
            let (name, detail) = (one_line(&check.name), one_line(&check.detail));
            match &check.kind {
                None => writeln!(f, "{status:<4} {name}: {detail}")?,
                Some(kind) => writeln!(f, "{status:<4} {name}: {kind}: {detail}")?,
            }
        }
        Ok(())
    }
}

/// Checks that the host's glibc is at least `wanted`.
pub(crate) fn glibc(libraries: &Libraries, wanted: Version) -> Check {
    let result = at_least("glibc", libraries.glibc.as_deref(), wanted);
    Check::new("glibc", result)
}

/// Checks that binaries built for a target run here, according to the tables of targets.
pub(crate) fn target(libraries: &Libraries, level: Level, target: Target) -> Check {
    let name = format!("target {}", target.id());
    let Some(limits) = target.limits() else {
        return Check::new(name, Ok("always true on this host".into()));
    };
    let mut results = Vec::new();
    for (what, found, limit) in [
        ("glibc", &libraries.glibc, limits.glibc),
        ("GLIBCXX", &libraries.glibcxx, limits.glibcxx),
        ("CXXABI", &libraries.cxxabi, limits.cxxabi),
    ] {
        if let Limit::AtMost(wanted) = limit {
            results.push(at_least(what, found.as_deref(), wanted));
        }
    }
    if let Target::Distribution(row) = target {
        results.push(level_at_least(level, row.cpu));
    }
    let wrong: Vec<String> = results
        .iter()
        .filter_map(|result| result.as_ref().err().cloned())
        .collect();
    let right: Vec<String> = results.into_iter().flatten().collect();
    let result = match wrong.is_empty() {
        true => Ok(right.join("; ")),
        false => Err(wrong.join("; ")),
    };
    Check::new(name, result)
}

/// Checks that the CPU has at least this level.
pub(crate) fn cpu(level: Level, wanted: Level) -> Check {
    Check::new("cpu", level_at_least(level, wanted))
}

fn level_at_least(level: Level, wanted: Level) -> Result<String, String> {
    let detail = format!("found {level}, required {wanted}");
    if level >= wanted {
        Ok(detail)
    } else {
        Err(detail)
    }
}

fn at_least(what: &str, found: Option<&str>, wanted: Version) -> Result<String, String> {
    match found.and_then(Version::parse) {
        Some(found) if found >= wanted => Ok(format!("found {what} {found}, required {wanted}")),
        Some(found) => Err(format!("found {what} {found}, required {wanted}")),
        None => Err(format!("{what} not found, required {wanted}")),
    }
}

/// The free space or inodes required on a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FreeRequirement {
    pub path: PathBuf,
    pub amount: Amount,
}

/// The required amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Bytes(u64),
    Inodes(u64),
}

/// Checks free space or inodes.
pub(crate) fn free(free: &FreeRequirement) -> Check {
    let path: &Path = &free.path;
    let name = match free.amount {
        Amount::Bytes(_) => format!("free {}", path.display()),
        Amount::Inodes(_) => format!("free inodes {}", path.display()),
    };
    let result = match mounts::space_in_background(&Root::Host, path).wait() {
        Ok(Ok(space)) => match free.amount {
            Amount::Bytes(wanted) => compare_free(
                space.available_bytes >= wanted,
                &format_size(space.available_bytes),
                &format_size(wanted),
            ),
            // Some file systems create inodes on demand and do not count them.
            Amount::Inodes(_) if space.total_inodes == 0 => {
                Ok("the file system has no limit of inodes".into())
            }
            Amount::Inodes(wanted) => compare_free(
                space.available_inodes >= wanted,
                &space.available_inodes.to_string(),
                &wanted.to_string(),
            ),
        },
        Ok(Err(why)) => Err(why),
        Err(NoResult::TimedOut) => Err("the file system does not respond".into()),
        Err(NoResult::NotStarted) => Err("the check could not be started".into()),
    };
    Check::new(name, result)
}

fn compare_free(passes: bool, left: &str, wanted: &str) -> Result<String, String> {
    let detail = format!("{left} free, required {wanted}");
    if passes { Ok(detail) } else { Err(detail) }
}

/// Checks the response of a service: its status, and how far its clock is ahead of ours.
pub(crate) fn service(
    shown_url: &str,
    result: Result<(u16, Result<i64, String>), String>,
) -> Check {
    let result = result.and_then(|(status, ahead)| match (status, ahead) {
        (407, _) => Err("the proxy requires authentication (407)".into()),
        // Any other status shows that the service is reachable.
        (status, Err(why)) => Ok(format!("status {status}; {why}")),
        (status, Ok(ahead)) if ahead.unsigned_abs() < TOLERANCE_S => Ok(format!(
            "status {status}; its clock is {}",
            clock_difference(ahead)
        )),
        (status, Ok(ahead)) => Err(format!(
            "status {status}, but its clock is {}",
            clock_difference(ahead)
        )),
    });
    Check::new(format!("url {shown_url}"), result)
}
