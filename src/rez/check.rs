//! Finds what breaks a repository, and what somebody left lying in it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::package::is_name;
use crate::atomic_file::directory_of;
use crate::error::Error;
use crate::io_error::reason;
use crate::shell::quote_path;
use crate::unfinished::is_unfinished;

/// Entries looked at, and how deep; a repository that has more is no repository of packages.
const MOST_ENTRIES: usize = 2_000_000;
const MOST_DEPTH: usize = 40;
/// As much of a package file as is read in search of its name.
const MOST_BYTES: u64 = 1 << 20;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub path: PathBuf,
    pub what: String,
    pub cure: String,
}

/// A repository and what is wrong with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    pub packages: usize,
    pub versions: usize,
    pub findings: Vec<Finding>,
}

/// Looks at every package of the repository.
///
/// # Errors
/// When the repository itself cannot be read, or has no end.
pub(crate) fn check(repository: &Path) -> Result<Checked, Error> {
    let metadata = fs::metadata(repository).map_err(Error::file("read", repository))?;
    let mut check = Check {
        readers: metadata.mode() & 0o055,
        left: MOST_ENTRIES,
        checked: Checked::default(),
    };
    let names = check
        .names(repository)
        .map_err(Error::file("read", repository))?;
    for name in names {
        // A name that is not UTF-8 is no name of a package either way.
        check.in_repository(&repository.join(&name), &name.to_string_lossy());
    }
    if check.left == 0 {
        let why = format!("more than {MOST_ENTRIES} files and directories");
        return Err(Error::malformed(repository.display().to_string(), why));
    }
    check.checked.findings.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(check.checked)
}

struct Check {
    /// Who may read the repository, of group and others, should read all in it: r and x bits.
    readers: u32,
    left: usize,
    checked: Checked,
}

impl Check {
    fn find(&mut self, path: &Path, what: impl Into<String>, cure: impl Into<String>) {
        self.checked.findings.push(Finding {
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
        names.sort();
        Ok(names)
    }

    /// The names in a directory below the repository; that it cannot be read is a finding.
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
            // package.py files beside directories are packages, too; anything else is ignored.
        } else if is_name(name) {
            self.checked.packages += 1;
            self.family(path, name, &metadata);
        } else {
            self.find(
                path,
                "its name is none of a Rez package, so that Rez does not see it",
                "rename it and the name in its package.py: letters, digits and _, no hyphen",
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
                "a package without any version: rez search names it, rez env cannot have it",
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
            Some(name) => self.definition(&version.join(name), family),
            None => {
                let name = version.file_name().unwrap_or_default();
                let marker = version.with_file_name(marker(".ignore", name));
                self.find(
                    version,
                    format!("it has no package.py, which breaks every request for {family}"),
                    format!(
                        "touch {} hides it; then remove it, or finish it",
                        quote_path(&marker)
                    ),
                );
            }
        }
        self.tree(version, &names, 0);
    }

    /// Everything in a version: dead links, links out of it, modes.
    fn tree(&mut self, directory: &Path, names: &[OsString], depth: usize) {
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

    /// What a path leads to; a link to nothing is a finding.
    fn target_of(&mut self, path: &Path) -> Option<Metadata> {
        match fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) => {
                match fs::read_link(path) {
                    Ok(target) => self.find(
                        path,
                        format!("a dead link to {}", target.display()),
                        format!("rm {}, or bring back what it points to", quote_path(path)),
                    ),
                    // Removed meanwhile: somebody else is at work.
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

    fn mode(&mut self, path: &Path, metadata: &Metadata) {
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

    /// Rez believes what the file says: an empty one hides every older version with a package
    /// that does nothing.
    fn definition(&mut self, file: &Path, family: &str) {
        let mut text = Vec::new();
        let read =
            fs::File::open(file).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut text));
        if let Err(error) = read {
            let cure = format!("chmod a+r {}", quote_path(file));
            self.find(file, format!("it cannot be read: {}", reason(&error)), cure);
            return;
        }
        let text = String::from_utf8_lossy(&text);
        let says = name_in(&text);
        if text.trim().is_empty() || says == Says::Nothing {
            self.find(
                file,
                "it names no package: Rez takes this version for one that does nothing",
                "install the version anew, or hide it: rez pkg-ignore",
            );
        } else if let Says::Name(name) = says
            && name != family
        {
            self.find(
                file,
                format!("it is of a package named {name}, in the directory of {family}"),
                format!("move the version to where {name} is, or correct the name"),
            );
        }
    }

    fn marker_or_leftover(&mut self, path: &Path, name: &str, family: &Path) {
        if let Some(version) = name.strip_prefix(".building") {
            let is_whole = family.join(version).join("package.py").is_file();
            let what = if is_whole {
                format!("the mark of an install of {version} that never ended")
            } else {
                format!("{version} is being installed, or was given up")
            };
            let cure = format!("when no install runs: rm {}", quote_path(path));
            self.find(path, what, cure);
        } else if let Some(version) = name.strip_prefix(".ignore") {
            if !family.join(version).exists() {
                let cure = format!("rm {}", quote_path(path));
                self.find(
                    path,
                    format!("it hides {version}, which is not there"),
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
                "an install that was killed left it behind; Rez does not see it",
                format!("when no install runs: rm -r {}", quote_path(path)),
            );
        }
    }
}

/// The file by which Rez marks a version.
fn marker(prefix: &str, version: &OsStr) -> OsString {
    let mut name = OsString::from(prefix);
    name.push(version);
    name
}

fn is_definition(name: &str) -> bool {
    matches!(name, "package.py" | "package.yaml")
}

/// What a package file says its name is.
#[derive(Debug, PartialEq, Eq)]
enum Says {
    Nothing,
    /// It is computed, or written in a way that only Python knows.
    Something,
    Name(String),
}

/// Looks for `name = "…"` or `name: …` at the beginning of a line.
fn name_in(text: &str) -> Says {
    let mut says = Says::Nothing;
    for line in text.lines() {
        let Some(rest) = line.strip_prefix("name") else {
            // A function of that name, or an import that may bring it.
            if line.starts_with("def name(") || line.starts_with("from ") || line.starts_with('@') {
                says = Says::Something;
            }
            continue;
        };
        let Some(value) = rest.trim_start().strip_prefix(['=', ':']) else {
            continue;
        };
        let value = value.split('#').next().unwrap_or(value).trim();
        let bare = value.trim_matches(['"', '\'']);
        return if is_name(bare) && (bare != value || rest.trim_start().starts_with(':')) {
            Says::Name(bare.to_owned())
        } else {
            Says::Something
        };
    }
    says
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_package_files() {
        let name = |name: &str| Says::Name(name.into());
        assert_eq!(
            name_in("format_version = 2\n\nname = \"c47\"\n"),
            name("c47")
        );
        assert_eq!(name_in("name='c47' # ours\n"), name("c47"));
        assert_eq!(name_in("name: c47\n"), name("c47"));
        assert_eq!(name_in("name = NAME\n"), Says::Something);
        assert_eq!(
            name_in("@early()\ndef name():\n    return 'x'\n"),
            Says::Something
        );
        assert_eq!(name_in("version = '1'\n"), Says::Nothing);
        assert_eq!(name_in("names = 'x'\n"), Says::Nothing);
    }
}
