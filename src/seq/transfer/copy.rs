//! Copies one file: by reference where the file system can, else in the kernel, else with a buffer.

use std::ffi::CStr;
use std::fs::{File, Metadata, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};

use rustix::fs::{
    Advice, AtFlags, Gid, Mode, OFlags, SeekFrom, Timespec, Timestamps, Uid, XattrFlags, chownat,
    openat, readlinkat, statat, symlinkat, utimensat,
};
use rustix::io::Errno;

use super::script::{Verify, Way};
use crate::crypto::digest::Sha256;

/// The size of a read, and of a copy in the kernel between two checks for Ctrl-C.
const BUFFER: usize = 1 << 20;
const CHUNK: u64 = 32 << 20;
const ACL: &str = "system.posix_acl_access";
/// Attributes that belong to the user, not to the machine.
const USER: &[u8] = b"user.";
/// Larger than any attribute or list of names of a file system.
const MAX_ATTRIBUTE_BYTES: usize = 64 << 10;

/// Why a file was not copied.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was asked to stop.
    Stopped,
    Read(io::Error),
    Write(io::Error),
}

/// Called with the number of further bytes; returns false to stop.
pub(super) type Tick<'t> = &'t dyn Fn(u64) -> bool;

/// A name in an open directory.
pub(super) type At<'a> = (&'a File, &'a [u8]);

/// Copies a file to a new one. A symlink is followed, but with [`Way::Carry`] the new one is a symlink
/// too. Returns the number of bytes.
///
/// # Errors
/// As [`regular`].
pub(super) fn copy(
    from: At,
    to: At,
    way: &Way,
    verify: Verify,
    tick: Tick,
) -> Result<u64, Failure> {
    if *way == Way::Carry {
        match readlinkat(from.0, from.1, Vec::new()) {
            Ok(target) => {
                let made = link(from, to, &target);
                return made
                    .map(|()| 0)
                    .map_err(|error| Failure::Write(error.into()));
            }
            // It is no symlink.
            Err(Errno::INVAL) => {}
            Err(error) => return Err(Failure::Read(error.into())),
        }
    }
    regular(from, to, way, verify, tick)
}

/// Makes a symlink with the times of another one, and with its owner as far as possible.
fn link(from: At, to: At, target: &CStr) -> Result<(), Errno> {
    let found = statat(from.0, from.1, AtFlags::SYMLINK_NOFOLLOW)?;
    symlinkat(target, to.0, to.1)?;
    let (owner, group) = (Uid::from_raw(found.st_uid), Gid::from_raw(found.st_gid));
    let own = |owner| chownat(to.0, to.1, owner, Some(group), AtFlags::SYMLINK_NOFOLLOW);
    let _ = own(Some(owner)).or_else(|_| own(None));
    let time = |tv_sec, nanoseconds| Timespec {
        tv_sec,
        tv_nsec: i64::try_from(nanoseconds).unwrap_or(0),
    };
    let times = Timestamps {
        last_access: time(found.st_atime, found.st_atime_nsec),
        last_modification: time(found.st_mtime, found.st_mtime_nsec),
    };
    // Not every file system has times of symlinks.
    let _ = utimensat(to.0, to.1, &times, AtFlags::SYMLINK_NOFOLLOW);
    Ok(())
}

/// Copies a regular file to a new one, and syncs it. The new file has the mode and the times of the
/// source, with [`Way::Carry`] also owner and attributes. Returns its size.
///
/// # Errors
/// When a file cannot be read or written, the source changes meanwhile, or the copy differs.
fn regular(
    (from_directory, from): At,
    (to_directory, to): At,
    way: &Way,
    verify: Verify,
    tick: Tick,
) -> Result<u64, Failure> {
    let mut flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    if *way == Way::Carry {
        flags |= OFlags::NOFOLLOW;
    }
    let source = openat(from_directory, from, flags, Mode::empty());
    let source = File::from(source.map_err(|error| Failure::Read(error.into()))?);
    let before = source.metadata().map_err(Failure::Read)?;
    if !before.is_file() {
        let why = io::Error::other("it is not a regular file");
        return Err(Failure::Read(why));
    }
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let target = openat(to_directory, to, flags, Mode::RUSR | Mode::WUSR);
    let target = File::from(target.map_err(|error| Failure::Write(error.into()))?);
    let digest = match verify {
        Verify::No => {
            contents(&source, &target, &before, tick)?;
            None
        }
        Verify::Checksum => Some(digested(&source, &target, tick)?),
    };
    let after = source.metadata().map_err(Failure::Read)?;
    let state = |found: &Metadata| (found.size(), found.mtime(), found.mtime_nsec());
    let written = target.metadata().map_err(Failure::Write)?.size();
    if state(&before) != state(&after) || before.size() != written {
        let why = io::Error::other("it changed while it was copied");
        return Err(Failure::Read(why));
    }
    attributes(&source, &target, &before, way).map_err(Failure::Write)?;
    target.sync_all().map_err(Failure::Write)?;
    if let Some(digest) = digest {
        // From the disk or the server, not from memory.
        let _ = rustix::fs::fadvise(&target, 0, None, Advice::DontNeed);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let again = openat(to_directory, to, flags, Mode::empty());
        let again = again.map_err(|error| Failure::Write(error.into()))?;
        if read_digest(&File::from(again), tick)? != digest {
            let why = "the copy differs from its source when it is read back";
            return Err(Failure::Write(io::Error::other(why)));
        }
    }
    Ok(written)
}

/// Copies the bytes, in the kernel if it can.
fn contents(source: &File, target: &File, found: &Metadata, tick: Tick) -> Result<(), Failure> {
    let size = found.size();
    if size > 0 && rustix::fs::ioctl_ficlone(target, source).is_ok() {
        return check(tick(size));
    }
    let is_sparse = found.blocks().saturating_mul(512) < size;
    let mut at = 0;
    while at < size {
        let (start, end) = match is_sparse {
            true => data(source, at, size),
            false => (at, size),
        };
        range(source, target, (start, end), tick)?;
        // A hole is copied, too.
        check(tick(start - at))?;
        at = end;
    }
    match size {
        // A file whose size is not known.
        0 => buffered(source, target, (0, u64::MAX), tick).map(drop),
        _ => target.set_len(size).map_err(Failure::Write),
    }
}

/// The next part of a sparse file that has data, from `at`.
fn data(source: &File, at: u64, size: u64) -> (u64, u64) {
    match rustix::fs::seek(source, SeekFrom::Data(at)) {
        Ok(start) => {
            let end = rustix::fs::seek(source, SeekFrom::Hole(start)).unwrap_or(size);
            (start.min(size), end.clamp(start.min(size), size))
        }
        Err(Errno::NXIO) => (size, size),
        Err(_) => (at, size),
    }
}

/// Copies a part of a file.
fn range(
    source: &File,
    target: &File,
    (start, end): (u64, u64),
    tick: Tick,
) -> Result<(), Failure> {
    let (mut from, mut to) = (start, start);
    while from < end {
        let length = usize::try_from((end - from).min(CHUNK)).unwrap_or(BUFFER);
        let copied = rustix::io::retry_on_intr(|| {
            rustix::fs::copy_file_range(source, Some(&mut from), target, Some(&mut to), length)
        });
        match copied {
            Ok(count) if count > 0 => check(tick(count as u64))?,
            // The disk is full: a buffer does not help.
            Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => {
                return Err(Failure::Write(error.into()));
            }
            // The file system, or both together, cannot do it. Some kernels return 0 instead.
            Ok(_) | Err(_) => {
                buffered(source, target, (from, end), tick)?;
                break;
            }
        }
    }
    Ok(())
}

/// Copies a part of a file with a buffer; it may end before `end`.
fn buffered(
    source: &File,
    target: &File,
    (start, end): (u64, u64),
    tick: Tick,
) -> Result<(), Failure> {
    let mut buffer = vec![0; BUFFER];
    let mut at = start;
    while at < end {
        let most = usize::try_from(end - at).unwrap_or(BUFFER).min(BUFFER);
        let room = buffer.get_mut(..most).unwrap_or_default();
        let count = read(|| source.read_at(room, at))?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        target.write_all_at(bytes, at).map_err(Failure::Write)?;
        at += count as u64;
        check(tick(count as u64))?;
    }
    Ok(())
}

/// Copies the bytes with a buffer. Returns their digest.
fn digested(mut source: &File, mut target: &File, tick: Tick) -> Result<String, Failure> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = read(|| source.read(&mut buffer))?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Ok(digest.finish());
        };
        digest.update(bytes);
        target.write_all(bytes).map_err(Failure::Write)?;
        check(tick(count as u64))?;
    }
}

fn read_digest(mut file: &File, tick: Tick) -> Result<String, Failure> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = read(|| file.read(&mut buffer))?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Ok(digest.finish());
        };
        digest.update(bytes);
        check(tick(0))?;
    }
}

fn read(mut once: impl FnMut() -> io::Result<usize>) -> Result<usize, Failure> {
    loop {
        match once() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map_err(Failure::Read),
        }
    }
}

fn check(is_wanted: bool) -> Result<(), Failure> {
    match is_wanted {
        true => Ok(()),
        false => Err(Failure::Stopped),
    }
}

/// Sets owner, mode, access list and times as `way` says. Access is never wider than to the source.
fn attributes(source: &File, target: &File, found: &Metadata, way: &Way) -> io::Result<()> {
    let mut mode = found.mode() & 0o777;
    if *way == Way::Carry {
        let owner = Some(Uid::from_raw(found.uid()));
        let group = Some(Gid::from_raw(found.gid()));
        // Only root may give a file away; its set-user-ID bit would be for another user.
        if rustix::fs::fchown(target, owner, group).is_ok() {
            mode = found.mode() & 0o7777;
        } else {
            let _ = rustix::fs::fchown(target, None, group);
        }
        user_attributes(source, target);
    }
    if access_list(source, target).is_err() {
        // The group bits may be the mask of the list.
        mode &= 0o707;
    }
    target.set_permissions(Permissions::from_mode(mode))?;
    let time = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
    let times = Timestamps {
        last_access: time(found.atime(), found.atime_nsec()),
        last_modification: time(found.mtime(), found.mtime_nsec()),
    };
    Ok(rustix::fs::futimens(target, &times)?)
}

/// Copies the access list, or removes that which the directory gave the new file.
fn access_list(source: &File, target: &File) -> Result<(), Errno> {
    let mut list = vec![0; MAX_ATTRIBUTE_BYTES];
    match rustix::fs::fgetxattr(source, ACL, list.as_mut_slice()) {
        Ok(length) => {
            let list = list.get(..length).unwrap_or_default();
            rustix::fs::fsetxattr(target, ACL, list, XattrFlags::empty())
        }
        Err(error) if has_none(error) => match rustix::fs::fremovexattr(target, ACL) {
            Err(error) if !has_none(error) => Err(error),
            Err(_) | Ok(()) => Ok(()),
        },
        Err(error) => Err(error),
    }
}

fn has_none(error: Errno) -> bool {
    matches!(error, Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS)
}

/// Copies the attributes of the user, as far as the file system has them.
fn user_attributes(source: &File, target: &File) {
    let mut names = vec![0; MAX_ATTRIBUTE_BYTES];
    let length = rustix::fs::flistxattr(source, names.as_mut_slice()).unwrap_or(0);
    let names = names.get(..length).unwrap_or_default();
    let mut value = vec![0; MAX_ATTRIBUTE_BYTES];
    for name in names
        .split(|byte| *byte == 0)
        .filter(|name| name.starts_with(USER))
    {
        if let Ok(length) = rustix::fs::fgetxattr(source, name, value.as_mut_slice()) {
            let value = value.get(..length).unwrap_or_default();
            let _ = rustix::fs::fsetxattr(target, name, value, XattrFlags::empty());
        }
    }
}
