//! What is in a version: dead links, links out of it, modes.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Check, MOST_DEPTH};
use crate::shell::quote_path;

impl Check {
    /// Everything in a version: dead links, links out of it, modes.
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
                self.find(&path, "a tool that is not executable", cure);
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

    /// An absolute link breaks when the package is copied or cached.
    fn link(&mut self, path: &Path) {
        if let Ok(target) = fs::read_link(path)
            && target.is_absolute()
            && target.exists()
        {
            self.find(
                path,
                format!(
                    "a link to {}, which does not move with the package",
                    target.display()
                ),
                "make it relative, or replace it by what it points to",
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
                    "mode {:04o}: not everyone who may read the repository may read it",
                    mode & 0o7777
                ),
                format!("chmod a+rX {shown}"),
            );
        }
        if mode & 0o002 != 0 {
            self.find(
                path,
                format!("mode {:04o}: anyone may change it", mode & 0o7777),
                format!("chmod o-w {shown}"),
            );
        }
    }
}
