//! Finds faults in a repository, and leftovers of interrupted installs.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

mod definition;
mod requirements;
mod tree;

use super::package::is_name;
use crate::atomic_file::directory_of;
use crate::error::Error;
use crate::io_error::reason;
use crate::shell::quote_path;
use crate::sort::Sortable;
use crate::unfinished::is_unfinished;
use definition::Demand;

/// Limits for the number of entries and the depth of a repository.
const MOST_ENTRIES: usize = 2_000_000;
const MOST_DEPTH: usize = 40;

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub kind: Kind,
    pub path: PathBuf,
    pub what: String,
    pub cure: String,
}

/// The kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Files, directories, symlinks and modes.
    Files,
    /// A package file with a syntax error.
    Syntax,
    /// A package file of another package or version, or without a name.
    Identity,
    /// A requirement that is invalid or that no package satisfies.
    Requirement,
    /// An error that Rez reports.
    Rez,
}

impl Kind {
    /// The name of each kind.
    pub(crate) const NAMES: [(&'static str, Kind); 5] = [
        ("files", Kind::Files),
        ("syntax", Kind::Syntax),
        ("identity", Kind::Identity),
        ("requirement", Kind::Requirement),
        ("rez", Kind::Rez),
    ];

    pub(crate) fn name(self) -> &'static str {
        let names = Kind::NAMES.iter();
        names
            .filter(|(_, kind)| *kind == self)
            .map(|(name, _)| *name)
            .next()
            .unwrap_or_default()
    }
}

/// The result of a check.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    pub packages: usize,
    pub versions: usize,
    pub findings: Vec<Finding>,
}

/// Checks every package of the repository. Requirements are also searched in `others`. If those are
/// unknown, requirements are not checked.
///
/// # Errors
/// When the repository cannot be read, or has too many entries.
pub(crate) fn check(repository: &Path, others: Option<&[PathBuf]>) -> Result<Checked, Error> {
    let metadata = fs::metadata(repository).map_err(Error::file("read", repository))?;
    let mut check = Check {
        readers: metadata.mode() & 0o055,
        left: MOST_ENTRIES,
        checked: Checked::default(),
        demands: Vec::new(),
    };
    let names = check
        .names(repository)
        .map_err(Error::file("read", repository))?;
    for name in names {
        // A name that is not UTF-8 is not a valid package name.
        check.in_repository(&repository.join(&name), &name.to_string_lossy());
    }
    if check.left == 0 {
        let why = format!("more than {MOST_ENTRIES} files and directories");
        return Err(Error::malformed(repository.display().to_string(), why));
    }
    if let Some(others) = others {
        let unmet = requirements::unmet(&check.demands, repository, others);
        check.checked.findings.extend(unmet);
    }
    check.checked.findings.order_by(|a, b| a.path.cmp(&b.path));
    Ok(check.checked)
}

struct Check {
    /// The r and x bits of group and others on the repository. All files in it should have them.
    readers: u32,
    left: usize,
    checked: Checked,
    /// The requirements of the packages.
    demands: Vec<Demand>,
}

impl Check {
    fn find(&mut self, path: &Path, what: impl Into<String>, cure: impl Into<String>) {
        self.find_kind(Kind::Files, path, what, cure);
    }

    fn find_kind(
        &mut self,
        kind: Kind,
        path: &Path,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.checked.findings.push(Finding {
            kind,
            path: path.to_owned(),
            what: what.into(),
            cure: cure.into(),
        });
    }

    /// The names in a directory, sorted.
    fn names(&mut self, directory: &Path) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(directory)? {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            names.push(entry?.file_name());
        }
        names.order();
        Ok(names)
    }

    /// The names in a directory below the repository. An unreadable directory is a finding.
    fn names_in(&mut self, directory: &Path) -> Option<Vec<OsString>> {
        match self.names(directory) {
            Ok(names) => Some(names),
            Err(error) => {
                self.find(
                    directory,
                    format!("it cannot be read: {}", reason(&error)),
                    format!("chmod a+rx {}", quote_path(directory)),
                );
                None
            }
        }
    }

    fn in_repository(&mut self, path: &Path, name: &str) {
        let Some(metadata) = self.target_of(path) else {
            return;
        };
        if name.starts_with('.') {
            self.leftover(path, name);
        } else if !metadata.is_dir() {
            // A file such as NAME.py next to the directories is a package too. Others are ignored.
        } else if is_name(name) {
            self.checked.packages += 1;
            self.family(path, name, &metadata);
        } else {
            self.find(
                path,
                "invalid package name, which Rez ignores",
                "rename it, also in package.py; use letters, digits and _, without a hyphen",
            );
        }
    }

    fn family(&mut self, family: &Path, name: &str, metadata: &Metadata) {
        self.mode(family, metadata);
        let Some(names) = self.names_in(family) else {
            return;
        };
        let mut versions = 0;
        for name_of_entry in &names {
            let path = family.join(name_of_entry);
            let entry = &*name_of_entry.to_string_lossy();
            if entry.starts_with('.') {
                self.marker_or_leftover(&path, entry, family);
                continue;
            }
            let Some(metadata) = self.target_of(&path) else {
                continue;
            };
            if metadata.is_dir() {
                versions += 1;
                let hidden = family.join(marker(".ignore", name_of_entry)).is_file();
                let building = family.join(marker(".building", name_of_entry)).exists();
                if !hidden && !building {
                    self.version(&path, name, &metadata);
                }
            } else if is_definition(entry) {
                versions += 1;
                self.definition(&path, name, "");
            }
        }
        self.checked.versions += versions;
        if versions == 0 {
            let leftovers = names
                .iter()
                .any(|name| name.as_encoded_bytes().starts_with(b"."));
            let command = if leftovers { "rm -r" } else { "rmdir" };
            self.find(
                family,
                "package without versions: rez search lists it, but rez env cannot use it",
                format!("{command} {}", quote_path(family)),
            );
        }
    }

    fn version(&mut self, version: &Path, family: &str, metadata: &Metadata) {
        self.mode(version, metadata);
        let Some(names) = self.names_in(version) else {
            return;
        };
        match names
            .iter()
            .find(|name| name.to_str().is_some_and(is_definition))
        {
            Some(name) => {
                let number = version.file_name().unwrap_or_default().to_string_lossy();
                self.definition(&version.join(name), family, &number);
            }
            None => {
                let name = version.file_name().unwrap_or_default();
                let marker = version.with_file_name(marker(".ignore", name));
                self.find(
                    version,
                    format!("no package.py, which breaks every request for {family}"),
                    format!(
                        "touch {} hides it from Rez; then complete or remove it",
                        quote_path(&marker)
                    ),
                );
            }
        }
        self.tree(version, &names, 0);
    }

    /// The metadata of a path's target. A dangling symlink is a finding.
    fn target_of(&mut self, path: &Path) -> Option<Metadata> {
        match fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) => {
                match fs::read_link(path) {
                    Ok(target) => self.find(
                        path,
                        format!("dangling symlink to {}", target.display()),
                        format!("rm {}, or restore its target", quote_path(path)),
                    ),
                    // Another process has removed it.
                    Err(_) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(_) => self.find(
                        path,
                        format!("it cannot be read: {}", reason(&error)),
                        format!("chmod a+rx {}", quote_path(directory_of(path))),
                    ),
                }
                None
            }
        }
    }

    fn marker_or_leftover(&mut self, path: &Path, name: &str, family: &Path) {
        if let Some(version) = name.strip_prefix(".building") {
            let is_whole = family.join(version).join("package.py").is_file();
            let what = if is_whole {
                format!("marker of an unfinished install of {version}")
            } else {
                format!("{version} is being installed, or its install was interrupted")
            };
            let cure = format!("if no install is running: rm {}", quote_path(path));
            self.find(path, what, cure);
        } else if let Some(version) = name.strip_prefix(".ignore") {
            if !family.join(version).exists() {
                let cure = format!("rm {}", quote_path(path));
                self.find(
                    path,
                    format!("it hides {version}, which does not exist"),
                    cure,
                );
            }
        } else {
            self.leftover(path, name);
        }
    }

    fn leftover(&mut self, path: &Path, name: &str) {
        if is_unfinished(name) {
            self.find(
                path,
                "leftover of an interrupted install, which Rez ignores",
                format!("if no install is running: rm -r {}", quote_path(path)),
            );
        }
    }
}

/// The marker file of Rez for a version.
fn marker(prefix: &str, version: &OsStr) -> OsString {
    let mut name = OsString::from(prefix);
    name.push(version);
    name
}

fn is_definition(name: &str) -> bool {
    matches!(name, "package.py" | "package.yaml")
}
