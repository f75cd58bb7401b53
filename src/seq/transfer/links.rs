//! Symlinks among the files that are moved.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::plan::Pair;
use super::script::{Operation, Place, Script};
use crate::error::Error;

/// As many symlinks as Linux follows.
const MOST_LINKS: usize = 40;

/// Checks that no file is replaced to which a symlink leads that is moved: the symlink would lead to
/// itself, and the content would be lost.
///
/// # Errors
/// Names the first such file.
pub(super) fn check(script: &Script, pairs: &[Pair]) -> Result<(), Error> {
    if script.operation != Operation::Move {
        return Ok(());
    }
    let moved: BTreeSet<&Place> = pairs.iter().map(|pair| &pair.from).collect();
    let steps = script.steps.iter();
    let away = steps.filter(|step| script.is_staged(&step.to) && !script.is_staged(&step.from));
    let replaced = away.filter(|step| !moved.contains(&step.from));
    let replaced: BTreeSet<(u64, u64)> = replaced
        .filter_map(|step| identity(&script.path(&step.from)))
        .collect();
    if replaced.is_empty() {
        return Ok(());
    }
    let is_lost = |pair: &&Pair| leads_to(&script.path(&pair.from), &replaced);
    match pairs.iter().find(is_lost) {
        None => Ok(()),
        Some(pair) => Err(Error::usage_hint(
            format!(
                "{} is a symlink to a file that would be replaced",
                script.shown(&pair.from).display()
            ),
            "cp --overwrite copies the file that it leads to",
        )),
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = fs::symlink_metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Whether one of the files that a symlink leads to, directly or not, is one of these.
fn leads_to(link: &Path, files: &BTreeSet<(u64, u64)>) -> bool {
    let mut path = link.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else {
            return false;
        };
        path = path.parent().unwrap_or(Path::new("/")).join(target);
        if identity(&path).is_some_and(|identity| files.contains(&identity)) {
            return true;
        }
    }
    false
}
