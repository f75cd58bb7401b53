//! Whether a configuration file may be obeyed: `command:` in it runs as whoever reads it.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::atomic_file::{directory_of, is_own, is_planted, user_id};
use crate::error::Error;
use crate::io_error::reason;
use crate::shell;

const GROUP_WRITABLE: u32 = 0o020;
const WORLD_WRITABLE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Who named a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// C47_CONFIG_PATH: it must be readable. Studios keep such a file under a service user and let
    /// a group write it.
    Explicitly,
    /// It is where the site's configuration is looked for, which is kept in the same way.
    BySite,
    /// It is where the user's own configuration is looked for.
    ByHome,
}

/// A configuration file to be read, if it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub path: PathBuf,
    pub named: Named,
}

/// Where configuration is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Search {
    /// In order: later files override.
    pub candidates: Vec<Candidate>,
    /// Why no file is looked for below the home directory.
    pub gap: Option<String>,
}

/// Checks the file that was opened at the candidate's path. Returns what the user should know of
/// one that is accepted.
///
/// # Errors
/// A usage error with the command that corrects it.
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
        return Err(refused(
            path,
            "every user can write it",
            &chmod("o-w", path),
        ));
    }
    let real = fs::canonicalize(path).map_err(fail)?;
    for place in [path.as_path(), &real] {
        let entry = fs::symlink_metadata(place).map_err(fail)?;
        if is_planted(&entry, directory_of(place)).map_err(fail)? {
            let why = "another user put it into a directory that every user can write";
            return Err(refused(path, why, "copy it to a directory of your own"));
        }
        ensure_directories(path, place)?;
    }
    match file.named {
        Named::ByHome => ensure_users_own(path, opened, directory_of(&real)).map(|()| None),
        Named::Explicitly | Named::BySite => Ok(warning(opened)),
    }
}

/// In a directory that every user can write, and rename in, a file can be replaced by anyone.
fn ensure_directories(path: &Path, place: &Path) -> Result<(), Error> {
    let Ok(directory) = fs::canonicalize(directory_of(place)) else {
        return Ok(());
    };
    for above in directory.ancestors() {
        let is_open =
            |found: Metadata| found.mode() & WORLD_WRITABLE != 0 && found.mode() & STICKY == 0;
        if fs::metadata(above).is_ok_and(is_open) {
            let why = format!("every user can replace it in {}", above.display());
            return Err(refused(path, &why, &chmod("o-w", above)));
        }
    }
    Ok(())
}

/// The user's own configuration: nobody else may own or write it.
fn ensure_users_own(path: &Path, opened: &Metadata, directory: &Path) -> Result<(), Error> {
    let around = fs::metadata(directory).ok();
    let places = [(path, Some(opened)), (directory, around.as_ref())];
    for (place, found) in places {
        let Some(found) = found else { continue };
        let shown = place.display();
        if !is_own(found) {
            let why = format!("{shown} belongs to another user");
            return Err(refused(
                path,
                &why,
                "name the file in C47_CONFIG_PATH to use it",
            ));
        }
        // With a group for each user, which has the user's number, the umask leaves it this bit.
        let is_private_group = found.gid() == user_id() && found.uid() == user_id();
        if found.mode() & GROUP_WRITABLE != 0 && !is_private_group {
            let why = format!("the group of {shown} can write it");
            return Err(refused(path, &why, &chmod("g-w", place)));
        }
    }
    Ok(())
}

fn warning(opened: &Metadata) -> Option<String> {
    let owner = (!is_own(opened)).then(|| format!("user {} owns it", opened.uid()));
    let group = (opened.mode() & GROUP_WRITABLE != 0)
        .then(|| format!("members of group {} can write it", opened.gid()));
    let who: Vec<String> = owner.into_iter().chain(group).collect();
    (!who.is_empty()).then(|| {
        let who = who.join(" and ");
        format!("{who}: its command: sources run as whoever uses it")
    })
}

fn refused(path: &Path, why: &str, hint: &str) -> Error {
    Error::usage_hint(format!("{} is not used: {why}", path.display()), hint)
}

fn chmod(change: &str, path: &Path) -> String {
    format!(
        "chmod {change} {}",
        shell::quote(&path.display().to_string())
    )
}
