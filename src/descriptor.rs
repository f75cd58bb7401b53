//! The descriptors this process was started with, by their numbers.
#![allow(unsafe_code)] // a descriptor known by its number

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;

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
