//! Checks the files of a version: dangling symlinks, absolute symlinks, modes.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Check, MOST_DEPTH};
use crate::shell::quote_path;

impl Check {
    /// Checks all files of a version.
    pub(super) fn tree(&mut self, directory: &Path, names: &[OsString], depth: usize) {
        for name in names {
            let path = directory.join(name);
            self.link(&path);
            let Some(metadata) = self.target_of(&path) else {
                continue;
            };
            let in_bin = directory.ends_with("bin") && metadata.is_file();
            if in_bin && metadata.mode() & 0o111 == 0 {
                let cure = format!("chmod a+x {}", quote_path(&path));
                self.find(&path, "tool is not executable", cure);
            }
            self.mode(&path, &metadata);
            let is_link = fs::symlink_metadata(&path).is_ok_and(|path| path.is_symlink());
            if metadata.is_dir()
                && !is_link
                && depth < MOST_DEPTH
                && self.left > 0
                && let Some(names) = self.names_in(&path)
            {
                self.tree(&path, &names, depth + 1);
            }
        }
    }

    /// An absolute symlink breaks when the package is copied or cached.
    fn link(&mut self, path: &Path) {
        if let Ok(target) = fs::read_link(path)
            && target.is_absolute()
            && target.exists()
        {
            self.find(
                path,
                format!(
                    "absolute symlink to {}, which breaks when the package is moved",
                    target.display()
                ),
                "make it relative, or replace it with its target",
            );
        }
    }

    pub(super) fn mode(&mut self, path: &Path, metadata: &Metadata) {
        let mode = metadata.mode();
        let wanted = if metadata.is_dir() {
            self.readers
        } else {
            self.readers & 0o044
        };
        let shown = quote_path(path);
        if mode & wanted != wanted {
            self.find(
                path,
                format!(
                    "mode {:04o}: not readable for all who can read the repository",
                    mode & 0o7777
                ),
                format!("chmod a+rX {shown}"),
            );
        }
        if mode & 0o002 != 0 {
            self.find(
                path,
                format!("mode {:04o}: writable for all users", mode & 0o7777),
                format!("chmod o-w {shown}"),
            );
        }
    }
}
