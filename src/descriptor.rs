//! File descriptors that this process was started with.
#![allow(unsafe_code)] // borrows a descriptor by its number

use std::fs::File;
use std::io::{self, StdinLock};
use std::os::fd::BorrowedFd;

use rustix::fs::OFlags;

/// Standard input, open for reading.
///
/// # Errors
/// When it is closed or not open for reading. Rust's standard library treats that as empty input.
pub(crate) fn stdin() -> io::Result<StdinLock<'static>> {
    let flags = rustix::fs::fcntl_getfl(io::stdin())?;
    match flags.contains(OFlags::WRONLY) || flags.contains(OFlags::PATH) {
        true => Err(io::Error::other("it is not open for reading")),
        false => Ok(io::stdin().lock()),
    }
}

/// A duplicate of a descriptor. It shares the file position.
///
/// # Errors
/// When the descriptor is not open.
pub(crate) fn duplicate(number: i32) -> io::Result<File> {
    if number < 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: the number is not -1. It is used for one system call, which fails if it is not open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    borrowed.try_clone_to_owned().map(File::from)
}
