//! The system in which files are searched: this one, or the root directory of another. No path and
//! no symlink leaves that directory.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::error::Error;

/// Linux follows at most this many symlinks in one path.
const MOST_LINKS: usize = 40;

/// Where paths start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// This system.
    Host,
    /// A directory that is another system's `/`: an absolute path without symlinks.
    Under(PathBuf),
}

impl Root {
    /// The root at `directory`.
    ///
    /// # Errors
    /// When it is not a directory, or cannot be read.
    pub fn under(directory: &Path) -> Result<Root, Error> {
        let path = fs::canonicalize(directory).map_err(Error::file("read", directory))?;
        if !path.is_dir() {
            return Err(Error::malformed(
                directory.display().to_string(),
                "not a directory",
            ));
        }
        Ok(if path == Path::new("/") {
            Root::Host
        } else {
            Root::Under(path)
        })
    }

    /// The path on this system of the file at `path` inside the root, with all symlinks resolved.
    ///
    /// # Errors
    /// When there is no such file, or the symlinks form a loop.
    pub fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let Root::Under(root) = self else {
            return Ok(path.to_owned());
        };
        let mut reached = root.clone();
        let mut depth = 0_usize;
        let mut links = 0;
        let mut rest = parts(path);
        while let Some(part) = rest.pop() {
            if part == ".." {
                // The parent of the root is the root.
                if depth > 0 {
                    reached.pop();
                    depth -= 1;
                }
                continue;
            }
            let next = reached.join(&part);
            match fs::read_link(&next) {
                Ok(target) => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(io::Error::from_raw_os_error(libc::ELOOP));
                    }
                    if target.is_absolute() {
                        reached.clone_from(root);
                        depth = 0;
                    }
                    rest.extend(parts(&target));
                }
                // EINVAL: it exists but is not a symlink.
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                    reached = next;
                    depth += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(reached)
    }

    /// The path inside the root with all symlinks resolved, as in `/proc/self/exe`.
    ///
    /// # Errors
    /// As [`Root::resolve`].
    pub fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        match self {
            Root::Host => fs::canonicalize(path),
            Root::Under(root) => {
                let outside = self.resolve(path)?;
                let inside = outside.strip_prefix(root).unwrap_or(&outside);
                Ok(Path::new("/").join(inside))
            }
        }
    }

    /// The path inside the root for a path from the user, which is a path inside the root, or a
    /// path on this system below the root.
    pub fn inside(&self, named: &Path) -> PathBuf {
        let Root::Under(root) = self else {
            return named.to_owned();
        };
        let absolute = std::path::absolute(named).unwrap_or_else(|_| named.to_owned());
        if let Ok(inside) = absolute.strip_prefix(root) {
            return Path::new("/").join(inside);
        }
        // The directories above it may be symlinks of this system.
        let parent = absolute
            .parent()
            .and_then(|parent| fs::canonicalize(parent).ok());
        match (parent, absolute.file_name()) {
            (Some(parent), Some(name)) => match parent.strip_prefix(root) {
                Ok(inside) => Path::new("/").join(inside).join(name),
                Err(_) => absolute,
            },
            _ => absolute,
        }
    }
}

/// The components of a path in reverse order, without `/` and `.`.
fn parts(path: &Path) -> Vec<OsString> {
    let mut parts: Vec<OsString> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect();
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn symlinks_do_not_leave_the_root() {
        let directory = std::env::temp_dir().join(format!("c47-root-{}", std::process::id()));
        let root_path = directory.join("root");
        fs::create_dir_all(root_path.join("usr/lib")).unwrap();
        fs::write(root_path.join("usr/lib/a"), "x").unwrap();
        symlink("/usr/lib", root_path.join("lib")).unwrap();
        symlink("../../../../../usr/lib/a", root_path.join("usr/lib/b")).unwrap();
        symlink("loop", root_path.join("loop")).unwrap();
        symlink("/etc/passwd", root_path.join("usr/lib/c")).unwrap();
        let root = Root::under(&root_path).unwrap();
        let Root::Under(real) = &root else { panic!() };
        let at = |path: &str| root.resolve(Path::new(path));
        assert_eq!(at("/lib/a").unwrap(), real.join("usr/lib/a"));
        assert_eq!(at("/usr/lib/b").unwrap(), real.join("usr/lib/a"));
        assert_eq!(at("/../../lib/../lib/a").unwrap(), real.join("usr/lib/a"));
        assert!(at("/usr/lib/c").is_err());
        assert_eq!(at("/loop").unwrap_err().raw_os_error(), Some(libc::ELOOP));
        let canonical = root.canonical(Path::new("/lib/b")).unwrap();
        assert_eq!(canonical, Path::new("/usr/lib/a"));
        assert_eq!(root.inside(&root_path.join("lib/a")), Path::new("/lib/a"));
        assert_eq!(root.inside(Path::new("/lib/a")), Path::new("/lib/a"));
        fs::remove_dir_all(directory).unwrap();
    }
}
