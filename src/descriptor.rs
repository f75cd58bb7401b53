//! File descriptors: those that this process was started with, and those of files from elsewhere.
#![allow(unsafe_code)] // borrows a descriptor by its number

use std::fs::{File, OpenOptions};
use std::io::{self, StdinLock};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

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

/// Opens a file for reading, without waiting for the writer of a FIFO. A terminal does not become the
/// controlling one. The caller checks that it is a regular file.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open_at_once(path: &Path) -> io::Result<File> {
    open(path, 0)
}

/// As [`open_at_once`], but a symbolic link is an error (ELOOP): another user may have made it.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open_no_link(path: &Path) -> io::Result<File> {
    open(path, libc::O_NOFOLLOW)
}

fn open(path: &Path, flags: i32) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | flags)
        .open(path)
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
