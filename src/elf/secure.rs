//! Programs that run with more rights than their caller: ld.so does not listen to the
//! environment for them (`AT_SECURE`).

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Whether a file gives its caller rights: set-user-ID, set-group-ID or capabilities.
pub fn raises_rights(path: &Path, mode: u32) -> bool {
    const SET_USER_OR_GROUP: u32 = 0o6000;
    mode & SET_USER_OR_GROUP != 0 || has_capabilities(path)
}

/// Whether the file has the attribute `security.capability`.
#[allow(unsafe_code)] // the standard library has no extended attributes
fn has_capabilities(path: &Path) -> bool {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: both strings end in NUL and outlive the call; a size of 0 asks for the length only,
    // and nothing is written.
    let length = unsafe {
        libc::getxattr(
            path.as_ptr(),
            c"security.capability".as_ptr(),
            std::ptr::null_mut(),
            0,
        )
    };
    length > 0
}
