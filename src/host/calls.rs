//! System calls for file systems, limits and the kernel version. All are available on Linux 3.10.

use std::path::Path;

use rustix::process::Resource;

/// The free space of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    pub total_bytes: u64,
    /// For a user without privileges.
    pub available_bytes: u64,
    /// 0 if the file system does not count inodes.
    pub total_inodes: u64,
    pub available_inodes: u64,
}

/// The space on the file system of `path`.
///
/// # Errors
/// When the path does not exist, or its file system returns an error.
pub(crate) fn space(path: &Path) -> std::io::Result<Space> {
    let found = rustix::fs::statvfs(path)?;
    Ok(Space {
        total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
        available_bytes: found.f_bavail.saturating_mul(found.f_frsize),
        total_inodes: found.f_files,
        available_inodes: found.f_favail,
    })
}

/// The soft and the hard limit of this process for a resource. `None` is unlimited.
pub(crate) fn limit(resource: Resource) -> (Option<u64>, Option<u64>) {
    let found = rustix::process::getrlimit(resource);
    (found.current, found.maximum)
}

/// The kernel release, the host name and the architecture.
pub(crate) fn kernel() -> (String, String, String) {
    let found = rustix::system::uname();
    let text = |field: &std::ffi::CStr| field.to_string_lossy().into_owned();
    (
        text(found.release()),
        text(found.nodename()),
        text(found.machine()),
    )
}
