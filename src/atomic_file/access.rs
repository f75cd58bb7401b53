//! Who may read and write a file that takes another's place: no more users than before.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Gid, XattrFlags};
use rustix::io::Errno;

use super::place::{By, directory_of, is_planted};

const ACL: &str = "system.posix_acl_access";
/// Larger than any list of users that a file system keeps.
const MAX_ACL_BYTES: usize = 64 << 10;

/// Gives `file` the group, the mode and the access list of `old`, the file at `path` that it will
/// replace; where one of them cannot be had, access is narrowed instead. Bits that are not in
/// `most` are left out.
///
/// # Errors
/// When the mode cannot be set.
pub(crate) fn inherit(file: &File, old: &Metadata, path: &Path, most: u32) -> io::Result<()> {
    let mut mode = old.mode() & most & 0o777;
    if is_planted(old, directory_of(path), By::Anyone)? {
        // Another user's choice of who may read it.
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

/// The mode for another group: its members were others, and members of the old group become
/// others, so both get what both had.
fn without_group(mode: u32) -> u32 {
    let both = (mode >> 3) & mode & 0o007;
    mode & 0o700 | both << 3 | both
}

/// Without the list of the old file its mode's group bits would mean something else; the list
/// that the directory gave to the new one names users whom the old one did not.
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

/// No list, or a file system without lists.
fn has_none(error: Errno) -> bool {
    matches!(error, Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_group_gets_nothing_that_it_did_not_have() {
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
