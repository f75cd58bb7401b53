//! Programs that run with more privileges than their caller. ld.so ignores the environment for
//! them (`AT_SECURE`).

use std::path::Path;

/// Whether a file raises privileges: set-user-ID, set-group-ID or capabilities.
pub(super) fn raises_privileges(path: &Path, mode: u32) -> bool {
    const SET_USER_OR_GROUP: u32 = 0o6000;
    mode & SET_USER_OR_GROUP != 0 || has_capabilities(path)
}

/// Whether the file has the attribute `security.capability`.
fn has_capabilities(path: &Path) -> bool {
    rustix::fs::getxattr_query(path, c"security.capability").is_ok_and(|length| length > 0)
}
