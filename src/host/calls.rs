//! The system calls the standard library lacks: statvfs(3), getrlimit(2), uname(2). All of them
//! older than any kernel this runs on.
#![allow(unsafe_code)] // they fill structures of C

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What a file system has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
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
pub fn space(path: &Path) -> std::io::Result<Space> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut filled = MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the path ends in NUL, the structure is as large as the call takes it to be, and
    // all its fields are numbers, for which zeros are values.
    let (result, filled) = unsafe {
        let result = libc::statvfs(path.as_ptr(), filled.as_mut_ptr());
        (result, filled.assume_init())
    };
    if result != 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(Space {
        total_bytes: filled.f_blocks.saturating_mul(filled.f_frsize),
        available_bytes: filled.f_bavail.saturating_mul(filled.f_frsize),
        total_inodes: filled.f_files,
        available_inodes: filled.f_favail,
    })
}

/// The soft and the hard limit of this process for a resource; `None` is no limit.
pub fn limit(resource: libc::c_int) -> Option<(Option<u64>, Option<u64>)> {
    let mut filled = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure outlives the call, which fills it.
    if unsafe { libc::getrlimit(resource, &raw mut filled) } != 0 {
        return None;
    }
    let finite = |limit: u64| Some(limit).filter(|&limit| limit != libc::RLIM_INFINITY);
    Some((finite(filled.rlim_cur), finite(filled.rlim_max)))
}

/// The kernel's release, the machine's name and its architecture.
pub fn kernel() -> Option<(String, String, String)> {
    let mut filled = MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: the structure is as large as the call takes it to be; its fields are bytes, for
    // which zeros are values.
    let (result, filled) = unsafe {
        let result = libc::uname(filled.as_mut_ptr());
        (result, filled.assume_init())
    };
    if result != 0 {
        return None;
    }
    let text = |field: &[libc::c_char]| {
        let bytes: Vec<u8> = field.iter().map(|&c| c.cast_unsigned()).collect();
        let name = CStr::from_bytes_until_nul(&bytes).ok()?;
        Some(name.to_string_lossy().into_owned())
    };
    Some((
        text(&filled.release)?,
        text(&filled.nodename)?,
        text(&filled.machine)?,
    ))
}
