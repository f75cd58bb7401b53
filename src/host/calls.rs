//! What the kernel says of file systems, limits and itself. All these system calls are older than
//! any kernel this runs on.

use std::path::Path;

use rustix::process::Resource;

/// What a file system has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    pub total_bytes: u64,
    /// For a user without privileges.
    pub available_bytes: u64,
    /// 0 where the file system does not count them.
    pub total_inodes: u64,
    pub available_inodes: u64,
}

/// The space on the file system of `path`.
///
/// # Errors
/// When there is nothing at the path, or its file system does not say.
pub(crate) fn space(path: &Path) -> std::io::Result<Space> {
    let found = rustix::fs::statvfs(path)?;
    Ok(Space {
        total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
        available_bytes: found.f_bavail.saturating_mul(found.f_frsize),
        total_inodes: found.f_files,
        available_inodes: found.f_favail,
    })
}

/// The soft and the hard limit of this process for a resource; `None` is no limit.
pub(crate) fn limit(resource: Resource) -> (Option<u64>, Option<u64>) {
    let found = rustix::process::getrlimit(resource);
    (found.current, found.maximum)
}

/// The kernel's release, the machine's name and its architecture.
pub(crate) fn kernel() -> (String, String, String) {
    let found = rustix::system::uname();
    let text = |field: &std::ffi::CStr| field.to_string_lossy().into_owned();
    (
        text(found.release()),
        text(found.nodename()),
        text(found.machine()),
    )
}
