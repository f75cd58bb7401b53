//! The files and directories below the root of a history.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::FOLDER;
use crate::error::Error;
use crate::seq::sums::xml::is_character;
use crate::sort::Sortable;

/// Limit for the number of entries.
const MOST_ENTRIES: usize = 20_000_000;
/// Limit for the depth.
const MOST_DEPTH: usize = 128;

/// A directory.
#[derive(Debug)]
pub(super) struct Directory {
    pub path: PathBuf,
    /// Below the root; empty for the root.
    pub relative: String,
    /// The directory above; the root has none.
    pub parent: Option<usize>,
    /// Seconds since 1970.
    pub modified: i64,
    /// Sorted by name.
    pub children: Vec<Child>,
    /// It has a folder `ascmhl`, which is not among its children.
    pub has_history: bool,
    /// Why it could not be read.
    pub fault: Option<io::Error>,
}

#[derive(Debug)]
pub(super) struct Child {
    pub name: OsString,
    pub kind: Kind,
}

/// The kind of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// A symlink to a file below the root.
    Link,
    /// The directory at this index.
    Directory(usize),
    /// A symlink to something else, a FIFO, a socket or a device.
    Other,
}

impl Child {
    /// Its name in a manifest. `None`: XML cannot have it.
    pub(super) fn text(&self) -> Option<&str> {
        let name = self.name.to_str()?;
        name.chars().all(is_character).then_some(name)
    }
}

/// All directories below `root`, each after the one above it. Symlinks to directories are not followed.
///
/// # Errors
/// When the root cannot be read, or there is too much below it.
pub(super) fn directories(root: &Path) -> Result<Vec<Directory>, Error> {
    let fail = |error| Error::file("read", root)(error);
    let real = fs::canonicalize(root).map_err(fail)?;
    let too_many =
        || Error::malformed(root.display().to_string(), "too many files and directories");
    let mut all = vec![Directory::new(root.to_owned(), String::new(), None)];
    let (mut at, mut entries) = (0, 0_usize);
    let mut depths = vec![0];
    while let Some(depth) = depths.get(at).copied() {
        let Some(directory) = all.get_mut(at) else {
            break;
        };
        let listed = list(directory, &real);
        match listed {
            Ok(children) => directory.children = children,
            Err(error) if at == 0 => return Err(fail(error)),
            Err(error) => directory.fault = Some(error),
        }
        entries = entries.saturating_add(directory.children.len());
        if entries > MOST_ENTRIES || depth > MOST_DEPTH {
            return Err(too_many());
        }
        let mut children = std::mem::take(&mut directory.children);
        let (path, relative) = (directory.path.clone(), directory.relative.clone());
        for child in &mut children {
            if let Kind::Directory(index) = &mut child.kind {
                *index = all.len();
                let below = joined(&relative, &child.name.to_string_lossy());
                all.push(Directory::new(path.join(&child.name), below, Some(at)));
                depths.push(depth + 1);
            }
        }
        if let Some(directory) = all.get_mut(at) {
            directory.children = children;
        }
        at += 1;
    }
    Ok(all)
}

/// A path below another, which is empty for the root.
pub(super) fn joined(above: &str, name: &str) -> String {
    match above {
        "" => name.to_owned(),
        above => format!("{above}/{name}"),
    }
}

impl Directory {
    fn new(path: PathBuf, relative: String, parent: Option<usize>) -> Directory {
        Directory {
            path,
            relative,
            parent,
            modified: 0,
            children: Vec::new(),
            has_history: false,
            fault: None,
        }
    }
}

/// Reads a directory whose tree has the root `real`.
fn list(directory: &mut Directory, real: &Path) -> io::Result<Vec<Child>> {
    directory.modified = fs::metadata(&directory.path)?.mtime();
    let mut children = Vec::new();
    for entry in fs::read_dir(&directory.path)? {
        let entry = entry?;
        let (name, found) = (entry.file_name(), entry.file_type()?);
        if name == FOLDER && found.is_dir() {
            directory.has_history = true;
            continue;
        }
        let kind = if found.is_dir() {
            Kind::Directory(0)
        } else if found.is_file() {
            Kind::File
        } else if found.is_symlink() && leads_to_file_in(&entry.path(), real) {
            Kind::Link
        } else {
            Kind::Other
        };
        children.push(Child { name, kind });
        if children.len() > MOST_ENTRIES {
            return Err(io::Error::other("too many files"));
        }
    }
    children.order_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    Ok(children)
}

fn leads_to_file_in(link: &Path, real: &Path) -> bool {
    let target = fs::canonicalize(link);
    target.is_ok_and(|target| target.starts_with(real) && target.is_file())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn tree_is_listed_in_order_and_links_stay_inside() {
        let root = std::env::temp_dir().join(format!("c47-mhl-tree-{}", std::process::id()));
        fs::create_dir_all(root.join("b/ascmhl")).unwrap();
        fs::write(root.join("a"), "").unwrap();
        symlink("a", root.join("inside")).unwrap();
        symlink("/etc/passwd", root.join("outside")).unwrap();
        symlink("b", root.join("to_directory")).unwrap();
        symlink("none", root.join("dangling")).unwrap();
        let all = directories(&root).unwrap();
        let kinds: Vec<_> = all[0]
            .children
            .iter()
            .map(|child| (child.name.to_str().unwrap(), child.kind))
            .collect();
        assert_eq!(
            kinds,
            [
                ("a", Kind::File),
                ("b", Kind::Directory(1)),
                ("dangling", Kind::Other),
                ("inside", Kind::Link),
                ("outside", Kind::Other),
                ("to_directory", Kind::Other),
            ]
        );
        assert!(all[1].has_history && all[1].children.is_empty());
        assert_eq!(
            (all.len(), &*all[1].relative, all[1].parent),
            (2, "b", Some(0))
        );
        fs::remove_dir_all(root).unwrap();
        assert!(directories(Path::new("/nonexistent")).is_err());
    }
}
