//! A file system with nothing in it but the binary: no CA store, no resolv.conf, no /proc, no /tmp.
//! As on Linux 3.10 there is /dev/urandom too: without getrandom(2) nothing else gives entropy.
#![allow(unsafe_code)] // chroot(2) and unshare(2) between fork and exec, mknod(2)

use std::ffi::{CString, OsStr};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::{Output, Run, Scratch, binary, c47, peers};

/// Runs the binary with these arguments in an empty root; `None` where that cannot be had.
pub fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Option<Output> {
    Some(empty_c47()?.args(arguments).run())
}

/// The binary, about to be run in an empty root; `None` where that cannot be had.
pub fn empty_c47() -> Option<Run> {
    empty_with(binary())
}

/// Another build of it, in the same way.
pub fn empty_with(program: &Path) -> Option<Run> {
    let root = Scratch::new("root");
    Some(with_root(program, &root)?.keeping(root))
}

/// The binary in a root with what the test has written into it; `None` where that cannot be had.
/// HOME is not set.
pub fn c47_in(root: &Scratch) -> Option<Run> {
    let run = with_root(binary(), root)?;
    // Without getrandom(2) this one is waited for before the other is read.
    if run.is_on_old_kernel()
        && !root.path().join("dev/random").exists()
        && let Err(error) = make_device(root, "dev/random", 8)
    {
        peers::missing(&format!("no device file may be made here: {error}"))?;
    }
    Some(run)
}

fn with_root(program: &Path, root: &Scratch) -> Option<Run> {
    if let Err(error) = try_it() {
        peers::missing(&format!("no chroot here: {error}"))?;
    }
    if !root.path().join("c47").exists() {
        root.place(program, "c47");
    }
    let run = c47().program("/c47");
    if run.is_on_old_kernel()
        && !root.path().join("dev/urandom").exists()
        && let Err(error) = make_device(root, "dev/urandom", 9)
    {
        peers::missing(&format!("no device file may be made here: {error}"))?;
    }
    Some(run.in_root(root.path()))
}

/// A device of memory: its minor number is in random(4).
fn make_device(root: &Scratch, name: &str, minor: u32) -> io::Result<()> {
    let path = root.path().join(name);
    fs::create_dir_all(path.parent().expect("it has one"))?;
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the name is a C string that outlives the call.
    match unsafe {
        libc::mknod(
            name.as_ptr(),
            libc::S_IFCHR | 0o444,
            libc::makedev(1, minor),
        )
    } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Makes `root` the root of the program that `command` starts, and its working directory.
pub(super) fn enter(command: &mut Command, root: &Path) {
    let root = CString::new(root.as_os_str().as_bytes()).expect("a path");
    let enter = move || {
        // SAFETY: async-signal-safe calls on a string that outlives them.
        let entered = unsafe {
            // Who is not root may still be it in a user namespace of his own.
            (libc::geteuid() == 0 || libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) == 0)
                && libc::chroot(root.as_ptr()) == 0
                && libc::chdir(c"/".as_ptr()) == 0
        };
        if entered {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    };
    // SAFETY: the closure allocates nothing and takes no lock.
    unsafe { command.pre_exec(enter) };
}

/// Whether this user may have a root of his own.
fn try_it() -> io::Result<()> {
    let mut command = Command::new(binary());
    command.arg("--version").stdout(std::process::Stdio::null());
    enter(&mut command, Path::new("/"));
    command.status().map(drop)
}
