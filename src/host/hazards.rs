//! Finds what is likely to break a job on this machine.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nanoserde::SerJson;

use super::background::{self, NoResult};
use super::certificates::{DST_ROOT_X3, Expired};
use super::mounts::{self, State};
use super::shadows::Shadowed;
use super::{Environment, Report, Surroundings};
use crate::elf::root::Root;
use crate::platform::Version;
use crate::quantity::format_size;

/// A file system with less free space counts as full.
pub(crate) const NEARLY_FULL_BYTES: u64 = 100 << 20;
/// Limit for the number of names in a message.
const MOST_NAMED: usize = 5;

/// Limit for the number of paths that are checked.
const MOST_LOOKED_AT: usize = 100;
/// Variables that name certificates.
const TRUSTED: [&str; 5] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
];

/// Something that may break programs.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Hazard {
    /// The cause: a variable (`LD_LIBRARY_PATH`), or `clock`, `certificates`, `mount`, `kernel`.
    pub name: String,
    pub detail: String,
}

/// All hazards. `shadowed` has the tools that would load other libraries. It is `None` if the
/// directories did not respond.
pub(crate) fn find(
    surroundings: &Surroundings,
    report: &Report,
    shadowed: Option<Vec<Shadowed>>,
) -> Vec<Hazard> {
    let Surroundings {
        root, environment, ..
    } = surroundings;
    let mut hazards = Hazards(Vec::new());
    library_path(environment, shadowed, &mut hazards);
    let missing = Missing::of(root, named_paths(environment));
    preload(environment, &missing, &mut hazards);
    python(environment, &missing, &mut hazards);
    for name in TRUSTED {
        let path = environment.path(name);
        if let Some(path) = path.filter(|path| missing.holds(path)) {
            let detail = format!("{} does not exist: TLS fails", path.display());
            hazards.add(name, detail);
        }
    }
    temporary(surroundings, report, &mut hazards);
    clock(surroundings, report, &mut hazards);
    certificates(report, &mut hazards);
    for mount in &report.mounts {
        if mount.state == State::DoesNotRespond {
            let detail = format!("{} ({}) does not respond", mount.path, mount.source);
            hazards.add("mount", detail);
        }
    }
    kernel(report, &mut hazards);
    hazards.0
}

struct Hazards(Vec<Hazard>);

impl Hazards {
    fn add(&mut self, name: &str, detail: impl Into<String>) {
        self.0.push(Hazard {
            name: name.to_owned(),
            detail: detail.into(),
        });
    }
}

fn library_path(environment: &Environment, shadowed: Option<Vec<Shadowed>>, hazards: &mut Hazards) {
    const NAME: &str = "LD_LIBRARY_PATH";
    let Some(value) = environment.get(NAME) else {
        return;
    };
    let entries = || value.as_bytes().split(|byte| matches!(byte, b':' | b';'));
    if entries().any(|entry| !entry.starts_with(b"/") && !entry.starts_with(b"$")) {
        hazards.add(
            NAME,
            "an entry is empty or relative: programs load libraries from their working directory",
        );
    }
    match shadowed {
        Some(found) => {
            for one in found {
                hazards.add(NAME, describe_shadowed(&one));
            }
        }
        None => hazards.add(NAME, "its directories do not respond in time"),
    }
}

fn describe_shadowed(shadowed: &Shadowed) -> String {
    let file = shadowed.file.file_name().unwrap_or_default().display();
    let subject = match shadowed.file.file_name() == Some(OsStr::new(shadowed.tool)) {
        true => shadowed.tool.to_owned(),
        false => format!("{} ({file})", shadowed.tool),
    };
    let libraries: Vec<String> = shadowed
        .libraries
        .iter()
        .take(MOST_NAMED)
        .map(|library| match &library.instead_of {
            Some(usual) => format!("{} instead of {usual}", library.loaded),
            None => format!("{}, which the system does not have", library.loaded),
        })
        .collect();
    let more = shadowed.libraries.len().saturating_sub(MOST_NAMED);
    let mut text = match libraries.is_empty() {
        true => format!("{subject} does not find its libraries"),
        false => format!("{subject} loads {}", libraries.join(", ")),
    };
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    if !shadowed.broken.is_empty() {
        let why: Vec<&str> = shadowed
            .broken
            .iter()
            .take(MOST_NAMED)
            .map(String::as_str)
            .collect();
        text.push_str(&format!("; it does not start: {}", why.join(", ")));
    }
    text
}

/// The files in LD_PRELOAD.
fn preloaded(environment: &Environment) -> impl Iterator<Item = &Path> {
    let value = environment.get("LD_PRELOAD").map(|value| value.as_bytes());
    value
        .unwrap_or_default()
        .split(|byte| matches!(byte, b':' | b' '))
        .filter(|entry| !entry.is_empty())
        .take(MOST_NAMED)
        .map(|entry| Path::new(OsStr::from_bytes(entry)))
}

fn preload(environment: &Environment, missing: &Missing, hazards: &mut Hazards) {
    for path in preloaded(environment) {
        let shown = path.display();
        // ld.so searches a bare name, and `$LIB` is replaced by a directory.
        let is_path = path.is_absolute() && !path.as_os_str().as_bytes().contains(&b'$');
        hazards.add(
            "LD_PRELOAD",
            match is_path && missing.holds(path) {
                true => format!("{shown} does not exist: every program prints an error"),
                false => format!("every program loads {shown} first"),
            },
        );
    }
}

/// PYTHONHOME, or the first of its two directories.
fn python_home(environment: &Environment) -> Option<PathBuf> {
    let home = environment.get("PYTHONHOME")?;
    let first = home.as_bytes().split(|&byte| byte == b':').next()?;
    Some(PathBuf::from(OsStr::from_bytes(first)))
}

fn python_path(environment: &Environment) -> impl Iterator<Item = PathBuf> {
    let path = environment.get("PYTHONPATH").cloned().unwrap_or_default();
    let entries: Vec<PathBuf> = std::env::split_paths(&path).collect();
    entries
        .into_iter()
        .filter(|entry| !entry.as_os_str().is_empty())
}

fn python(environment: &Environment, missing: &Missing, hazards: &mut Hazards) {
    if let Some(home) = python_home(environment) {
        let shown = home.display();
        hazards.add(
            "PYTHONHOME",
            match missing.holds(&home) {
                true => format!("{shown} does not exist: Python does not start"),
                false => format!("every Python uses the standard library in {shown}"),
            },
        );
    }
    let text = match python_path(environment).count() {
        0 => return,
        1 => "every Python imports from another directory first".to_owned(),
        count => format!("every Python imports from {count} other directories first"),
    };
    let lost: Vec<String> = python_path(environment)
        .filter(|entry| missing.holds(entry))
        .take(MOST_NAMED)
        .map(|entry| entry.display().to_string())
        .collect();
    hazards.add(
        "PYTHONPATH",
        match lost.is_empty() {
            true => text,
            false => format!("{text}; not found: {}", lost.join(", ")),
        },
    );
}

fn temporary(surroundings: &Surroundings, report: &Report, hazards: &mut Hazards) {
    let directory = surroundings.environment.temporary();
    let shown = directory.display().to_string();
    let Ok(outside) = surroundings.root.resolve(&directory) else {
        return hazards.add("TMPDIR", format!("{shown} does not exist"));
    };
    match background::start(move || mounts::is_writable(&outside)).wait() {
        Ok(Ok(())) => {}
        Ok(Err(why)) => {
            return hazards.add("TMPDIR", format!("cannot write to {shown}: {why}"));
        }
        Err(NoResult::TimedOut) => {
            return hazards.add("TMPDIR", format!("{shown} does not respond"));
        }
        Err(NoResult::NotStarted) => {}
    }
    let Some(mount) = mounts::used_for(&report.mounts, "tmp") else {
        return;
    };
    if let Some(free) = mount
        .available_bytes
        .filter(|&free| free < NEARLY_FULL_BYTES)
    {
        let free = format_size(free);
        hazards.add("TMPDIR", format!("{shown} is nearly full: {free} free"));
    }
    if mount.available_inodes == Some(0) {
        hazards.add("TMPDIR", format!("{shown} is full: no free inodes"));
    }
}

fn clock(surroundings: &Surroundings, report: &Report, hazards: &mut Hazards) {
    let Surroundings { now, built, .. } = surroundings;
    if now < built {
        hazards.add(
            "clock",
            format!("the time {now} is before this binary was built ({built})"),
        );
    }
    let ahead = report.clock.compared.as_ref().and_then(|it| it.ahead_s);
    if let Some(ahead) = ahead.filter(|it| it.unsigned_abs() >= super::clock::TOLERANCE_S) {
        let text = super::clock::clock_difference(ahead);
        hazards.add("clock", format!("the clock of the service is {text}"));
    }
}

fn certificates(report: &Report, hazards: &mut Hazards) {
    const NAME: &str = "certificates";
    let Some(certificates) = &report.certificates else {
        return hazards.add(NAME, "the file system of the CA bundle does not respond");
    };
    let Some(bundle) = &certificates.bundle else {
        return hazards.add(
            NAME,
            "no CA bundle found: TLS fails in curl, git and Python",
        );
    };
    if let Some(why) = &certificates.why {
        hazards.add(NAME, format!("{bundle}: {why}"));
    }
    // Other expired certificates are harmless. This one breaks chains that are valid without it.
    let x3 = |expired: &&Expired| expired.name == DST_ROOT_X3;
    if let Some(expired) = certificates.expired.iter().find(x3) {
        hazards.add(
            NAME,
            format!(
                "{bundle}: {DST_ROOT_X3} expired on {}; because of it OpenSSL 1.0 rejects certificates of Let's Encrypt",
                expired.not_after
            ),
        );
    }
}

/// Features missing in old kernels that have caused failures.
fn kernel(report: &Report, hazards: &mut Hazards) {
    let Some(version) = report.system.kernel_version() else {
        return;
    };
    if version < Version::two(3, 17) {
        hazards.add(
            "kernel",
            "older than 3.17: getrandom, renameat2, statx and copy_file_range may be missing",
        );
    }
    let has_nfs = report
        .mounts
        .iter()
        .any(|mount| mount.kind.starts_with("nfs"));
    if has_nfs && version < Version::two(4, 5) {
        hazards.add("kernel", "copy_file_range fails on NFS (EOPNOTSUPP)");
    }
}

/// Paths that do not exist.
struct Missing(BTreeSet<PathBuf>);

impl Missing {
    /// Checks all paths concurrently. A path that does not respond does not count as missing.
    fn of(root: &Root, paths: impl Iterator<Item = PathBuf>) -> Missing {
        let task: Vec<_> = paths
            .take(MOST_LOOKED_AT)
            .map(|path| {
                let (root, named) = (root.clone(), path.clone());
                let task = background::start(move || {
                    root.resolve(&named)
                        .and_then(|path| path.try_exists())
                        .unwrap_or(false)
                });
                (path, task)
            })
            .collect();
        let missing = task
            .into_iter()
            .filter_map(|(path, task)| (task.wait() == Ok(false)).then_some(path));
        Missing(missing.collect())
    }

    fn holds(&self, path: &Path) -> bool {
        self.0.contains(path)
    }
}

/// The paths that variables name.
fn named_paths(environment: &Environment) -> impl Iterator<Item = PathBuf> {
    let certificates = TRUSTED.iter().filter_map(|name| environment.path(name));
    let home = python_home(environment).into_iter();
    let preloaded = preloaded(environment).map(PathBuf::from);
    certificates
        .chain(home)
        .chain(preloaded)
        .chain(python_path(environment))
}
