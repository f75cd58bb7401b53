//! The descriptors this process was started with, by their numbers.
#![allow(unsafe_code)] // a descriptor known by its number

use std::fs::File;
use std::io::{self, StdinLock};
use std::os::fd::BorrowedFd;

use rustix::fs::OFlags;

/// Standard input, for who reads it.
///
/// # Errors
/// When it is closed or not open for reading. Rust's standard library takes that for an empty one.
pub(crate) fn stdin() -> io::Result<StdinLock<'static>> {
    let flags = rustix::fs::fcntl_getfl(io::stdin())?;
    match flags.contains(OFlags::WRONLY) || flags.contains(OFlags::PATH) {
        true => Err(io::Error::other("it is not open for reading")),
        false => Ok(io::stdin().lock()),
    }
}

/// Another descriptor for the same opening of the file: it shares the position in it.
///
/// # Errors
/// When there is no such descriptor.
pub(crate) fn duplicate(number: i32) -> io::Result<File> {
    if number < 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: the number is not -1; it is used for one system call, which fails where it is not open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    borrowed.try_clone_to_owned().map(File::from)
}
