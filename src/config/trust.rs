//! Checks that a configuration file is safe to use: a `command:` source in it runs as the reader.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::atomic_file::{By, directory_of, is_own, is_planted, way};
use crate::error::Error;
use crate::io_error::reason;
use crate::process::user_id;
use crate::shell;

const GROUP_WRITABLE: u32 = 0o020;
const WORLD_WRITABLE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// All links and directories on the path to a file. Their owners can replace the file.
type Way = [(PathBuf, Metadata)];

/// Why a configuration file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// It is in C47_CONFIG_PATH, so it must be readable. Such a file may belong to a service user and
    /// be group-writable.
    Explicitly,
    /// It is the site's default file, with the same rules.
    BySite,
    /// It is the user's own default file.
    ByHome,
}

/// A configuration file to read if it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub path: PathBuf,
    pub named: Named,
}

/// The configuration files to search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Search {
    /// Later files override earlier ones.
    pub candidates: Vec<Candidate>,
    /// Why the home directory is not searched.
    pub gap: Option<String>,
}

/// Checks the file that was opened at the candidate's path. Returns a warning for an accepted file.
///
/// # Errors
/// A usage error with the command that fixes it.
pub(super) fn ensure(file: &Candidate, opened: &Metadata) -> Result<Option<String>, Error> {
    let path = &file.path;
    let fail = |error: std::io::Error| {
        Error::usage(format!(
            "cannot read {}: {}",
            path.display(),
            reason(&error)
        ))
    };
    if opened.mode() & WORLD_WRITABLE != 0 {
        return Err(refused(path, "all users can write it", &chmod("o-w", path)));
    }
    let way = way(path).map_err(fail)?;
    for (entry, found) in &way {
        if is_planted(found, directory_of(entry), By::Anyone).map_err(fail)? {
            let why = "another user created it in a directory that all users can write";
            return Err(refused(path, why, "copy it to your own directory"));
        }
        // In such a directory anyone can replace the file.
        if found.is_dir() && found.mode() & WORLD_WRITABLE != 0 && found.mode() & STICKY == 0 {
            let why = format!("all users can replace it in {}", entry.display());
            return Err(refused(path, &why, &chmod("o-w", entry)));
        }
    }
    match file.named {
        Named::ByHome => ensure_own(path, opened, &way).map(|()| None),
        Named::Explicitly | Named::BySite => Ok(warning(opened, &way)),
    }
}

/// Checks the user's own file: no other user may own it, write it, or control a link to it.
fn ensure_own(path: &Path, opened: &Metadata, way: &Way) -> Result<(), Error> {
    let foreign = |place: &Path| {
        let why = format!("{} belongs to another user", place.display());
        let hint = "add the file to C47_CONFIG_PATH to use it";
        Err(refused(path, &why, hint))
    };
    let is_foreign_link = |found: &Metadata| found.is_symlink() && !is_own(found);
    if let Some((link, _)) = way.iter().find(|(_, found)| is_foreign_link(found)) {
        return foreign(link);
    }
    let last = way.last().map_or(path, |(entry, _)| entry);
    let directories = [directory_of(path), directory_of(last)];
    let around = directories.map(|directory| fs::metadata(directory).ok());
    let directories = directories
        .into_iter()
        .zip(around.iter().map(Option::as_ref));
    for (place, found) in std::iter::once((path, Some(opened))).chain(directories) {
        let Some(found) = found else { continue };
        if !is_own(found) {
            return foreign(place);
        }
        if is_open_to_group(found) {
            let why = format!("the group of {} can write it", place.display());
            return Err(refused(path, &why, &chmod("g-w", place)));
        }
    }
    Ok(())
}

/// Whether other users can write it through the group. A user's private group has the user's ID.
fn is_open_to_group(found: &Metadata) -> bool {
    let is_private_group = found.gid() == user_id() && found.uid() == user_id();
    found.mode() & GROUP_WRITABLE != 0 && !is_private_group
}

/// The warning that other users can change or replace the file.
fn warning(opened: &Metadata, way: &Way) -> Option<String> {
    let owner = (!is_own(opened)).then(|| format!("user {} owns it", opened.uid()));
    let group = (opened.mode() & GROUP_WRITABLE != 0)
        .then(|| format!("members of group {} can write it", opened.gid()));
    let above = way.iter().rev().find_map(|(entry, found)| {
        let entry = entry.display();
        if !found.is_dir() {
            None
        } else if !is_own(found) && found.uid() != opened.uid() {
            Some(format!("user {} can replace it in {entry}", found.uid()))
        } else if is_open_to_group(found) && found.mode() & STICKY == 0 {
            let group = found.gid();
            Some(format!(
                "members of group {group} can replace it in {entry}"
            ))
        } else {
            None
        }
    });
    let who: Vec<String> = owner.into_iter().chain(group).chain(above).collect();
    (!who.is_empty()).then(|| {
        let who = who.join(" and ");
        format!("{who}; its command: sources run as the user of c47")
    })
}

fn refused(path: &Path, why: &str, hint: &str) -> Error {
    Error::usage_hint(format!("{} is not used: {why}", path.display()), hint)
}

fn chmod(change: &str, path: &Path) -> String {
    format!("chmod {change} {}", shell::quote_path(path))
}
