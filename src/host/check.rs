//! The checks of a farm's node: each has a name, an answer and its reason.

use std::fmt;
use std::path::{Path, PathBuf};

use nanoserde::SerJson;

use super::clock::{TOLERANCE_S, say_ahead};
use super::libraries::Libraries;
use super::mounts;
use super::patience::Silence;
use crate::elf::root::Root;
use crate::escape::one_line;
use crate::platform::{Level, Limit, Target, Version};
use crate::quantity::say_size;

/// A check and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Check {
    pub name: String,
    pub ok: bool,
    pub detail: String,
}

/// All of them.
#[derive(Clone, Debug, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Checks {
    pub ok: bool,
    pub checks: Vec<Check>,
}

impl Check {
    /// A check by its answer: `Ok` and `Err` are words for people.
    pub(crate) fn new(name: impl Into<String>, answer: Result<String, String>) -> Check {
        let (ok, detail) = match answer {
            Ok(detail) => (true, detail),
            Err(why) => (false, why),
        };
        Check {
            name: name.into(),
            ok,
            detail,
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
            writeln!(f, "{status:<4} {name}: {detail}")?;
        }
        Ok(())
    }
}

/// Whether the host's glibc is at least this one.
pub(crate) fn glibc(libraries: &Libraries, wanted: Version) -> Check {
    let answer = at_least("glibc", libraries.glibc.as_deref(), wanted);
    Check::new("glibc", answer)
}

/// Whether what is built for a target runs here, as far as its tables say.
pub(crate) fn target(libraries: &Libraries, level: Level, target: Target) -> Check {
    let name = format!("target {}", target.id());
    let Some(limits) = target.limits() else {
        return Check::new(name, Ok("this host is what it is".into()));
    };
    let mut answers = Vec::new();
    for (what, found, limit) in [
        ("glibc", &libraries.glibc, limits.glibc),
        ("GLIBCXX", &libraries.glibcxx, limits.glibcxx),
        ("CXXABI", &libraries.cxxabi, limits.cxxabi),
    ] {
        if let Limit::AtMost(wanted) = limit {
            answers.push(at_least(what, found.as_deref(), wanted));
        }
    }
    if let Target::Distribution(row) = target {
        answers.push(level_at_least(level, row.cpu));
    }
    let wrong: Vec<String> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().err().cloned())
        .collect();
    let right: Vec<String> = answers.into_iter().flatten().collect();
    let answer = match wrong.is_empty() {
        true => Ok(right.join("; ")),
        false => Err(wrong.join("; ")),
    };
    Check::new(name, answer)
}

/// Whether the CPU has at least this level.
pub(crate) fn cpu(level: Level, wanted: Level) -> Check {
    Check::new("cpu", level_at_least(level, wanted))
}

fn level_at_least(level: Level, wanted: Level) -> Result<String, String> {
    let said = format!("{level} here, {wanted} wanted");
    if level >= wanted { Ok(said) } else { Err(said) }
}

fn at_least(what: &str, found: Option<&str>, wanted: Version) -> Result<String, String> {
    match found.and_then(Version::parse) {
        Some(found) if found >= wanted => Ok(format!("{what} {found} here, {wanted} wanted")),
        Some(found) => Err(format!("{what} {found} here, {wanted} wanted")),
        None => Err(format!("no {what} is found here, {wanted} wanted")),
    }
}

/// What is to be left on a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub path: PathBuf,
    pub amount: Amount,
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Bytes(u64),
    Inodes(u64),
}

/// Whether so much is left where it is wanted.
pub(crate) fn room(room: &Room) -> Check {
    let path: &Path = &room.path;
    let name = match room.amount {
        Amount::Bytes(_) => format!("free {}", path.display()),
        Amount::Inodes(_) => format!("free inodes {}", path.display()),
    };
    let answer = match mounts::ask(&Root::Host, path).end() {
        Ok(Ok(space)) => match room.amount {
            Amount::Bytes(wanted) => enough(
                space.available_bytes >= wanted,
                &say_size(space.available_bytes),
                &say_size(wanted),
            ),
            // Some file systems make inodes as they are needed, and count none.
            Amount::Inodes(_) if space.total_inodes == 0 => Ok("they are not counted".into()),
            Amount::Inodes(wanted) => enough(
                space.available_inodes >= wanted,
                &space.available_inodes.to_string(),
                &wanted.to_string(),
            ),
        },
        Ok(Err(why)) => Err(why),
        Err(Silence::NoAnswer) => Err("it does not answer".into()),
        Err(Silence::NotTried) => Err("it could not be tried".into()),
    };
    Check::new(name, answer)
}

fn enough(is_enough: bool, left: &str, wanted: &str) -> Result<String, String> {
    let said = format!("{left} left, {wanted} wanted");
    if is_enough { Ok(said) } else { Err(said) }
}

/// A service's answer: its status, and how far its clock is ahead of ours.
pub(crate) fn service(
    shown_url: &str,
    answer: Result<(u16, Result<i64, String>), String>,
) -> Check {
    let answer = answer.and_then(|(status, ahead)| match (status, ahead) {
        (407, _) => Err("the proxy wants a login (407)".into()),
        // Its answer counts, whatever it is: it is reached.
        (status, Err(why)) => Ok(format!("it answers {status}; {why}")),
        (status, Ok(ahead)) if ahead.unsigned_abs() < TOLERANCE_S => Ok(format!(
            "it answers {status}; its clock is {}",
            say_ahead(ahead)
        )),
        (status, Ok(ahead)) => Err(format!(
            "it answers {status}, but its clock is {}",
            say_ahead(ahead)
        )),
    });
    Check::new(format!("url {shown_url}"), answer)
}
