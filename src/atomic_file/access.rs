//! Access to a file that replaces another one: never wider than before.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Gid, XattrFlags};
use rustix::io::Errno;

use super::place::{By, directory_of, is_planted};

const ACL: &str = "system.posix_acl_access";
/// Larger than any access list of a file system.
const MAX_ACL_BYTES: usize = 64 << 10;

/// Gives `file` the group, the mode and the access list of `old`, the file at `path` that it will
/// replace. If one of them cannot be set, access is narrowed instead. Bits that are not in `most` are
/// cleared.
///
/// # Errors
/// When the mode cannot be set.
pub(crate) fn inherit(file: &File, old: &Metadata, path: &Path, most: u32) -> io::Result<()> {
    let mut mode = old.mode() & most & 0o777;
    if is_planted(old, directory_of(path), By::Anyone)? {
        // Another user decided who may read it.
        mode &= 0o700;
    }
    let new = file.metadata()?;
    let group = Some(Gid::from_raw(old.gid()));
    if new.gid() != old.gid() && rustix::fs::fchown(file, None, group).is_err() {
        mode = without_group(mode);
    }
    if copy_list(file, path).is_err() {
        mode &= 0o700;
    }
    file.set_permissions(Permissions::from_mode(mode))
}

/// The mode for another group. Members of the new group were others before, and members of the old
/// group become others, so both get the bits that both had.
fn without_group(mode: u32) -> u32 {
    let both = (mode >> 3) & mode & 0o007;
    mode & 0o700 | both << 3 | both
}

/// Copies the access list. Without it the group bits of the mode have another meaning, and a default
/// list of the directory could give access to more users.
fn copy_list(file: &File, old: &Path) -> Result<(), Errno> {
    let mut list = vec![0; MAX_ACL_BYTES];
    match rustix::fs::lgetxattr(old, ACL, list.as_mut_slice()) {
        Ok(length) => {
            let list = list.get(..length).unwrap_or_default();
            rustix::fs::fsetxattr(file, ACL, list, XattrFlags::empty())
        }
        Err(error) if has_none(error) => match rustix::fs::fremovexattr(file, ACL) {
            Err(error) if !has_none(error) => Err(error),
            _ => Ok(()),
        },
        Err(error) => Err(error),
    }
}

/// Whether the error means that there is no list, or that the file system does not support lists.
fn has_none(error: Errno) -> bool {
    matches!(error, Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_group_gets_no_more_access() {
        for (mode, narrowed) in [
            (0o660, 0o600),
            (0o640, 0o600),
            (0o664, 0o644),
            (0o604, 0o600),
            (0o644, 0o644),
            (0o666, 0o666),
        ] {
            assert_eq!(without_group(mode), narrowed, "{mode:o}");
        }
    }
}
