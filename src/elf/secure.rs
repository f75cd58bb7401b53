//! Programs that run with more rights than their caller: ld.so does not listen to the
//! environment for them (`AT_SECURE`).

use std::path::Path;

/// Whether a file gives its caller rights: set-user-ID, set-group-ID or capabilities.
pub(super) fn raises_rights(path: &Path, mode: u32) -> bool {
    const SET_USER_OR_GROUP: u32 = 0o6000;
    mode & SET_USER_OR_GROUP != 0 || has_capabilities(path)
}

/// Whether the file has the attribute `security.capability`.
fn has_capabilities(path: &Path) -> bool {
    rustix::fs::getxattr_query(path, c"security.capability").is_ok_and(|length| length > 0)
}
