//! A root file system that contains only the binary: no CA store, no resolv.conf, no /proc, no /tmp.
//! For Linux 3.10 it also has /dev/urandom, the only source of random numbers without getrandom(2).
#![allow(unsafe_code)] // chroot(2) and unshare(2) between fork and exec, mknod(2)

use std::ffi::{CString, OsStr};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::{Output, Run, Scratch, binary, c47, peers};

/// Runs the binary with these arguments in an empty root; `None` if that is not possible.
pub fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Option<Output> {
    Some(empty_c47()?.args(arguments).run())
}

/// The binary, to be run in an empty root; `None` if that is not possible.
pub fn empty_c47() -> Option<Run> {
    empty_with(binary())
}

/// The same for another build.
pub fn empty_with(program: &Path) -> Option<Run> {
    let root = Scratch::new("root");
    Some(with_root(program, &root)?.keeping(root))
}

/// The binary in a root with files of the test; `None` if that is not possible.
/// HOME is not set.
pub fn c47_in(root: &Scratch) -> Option<Run> {
    let run = with_root(binary(), root)?;
    // Without getrandom(2), /dev/random is polled before /dev/urandom is read.
    if run.is_on_old_kernel()
        && !root.path().join("dev/random").exists()
        && let Err(error) = make_device(root, "dev/random", 8)
    {
        peers::missing(&format!("cannot create a device file: {error}"))?;
    }
    Some(run)
}

fn with_root(program: &Path, root: &Scratch) -> Option<Run> {
    if let Err(error) = try_it() {
        peers::missing(&format!("cannot use chroot: {error}"))?;
    }
    if !root.path().join("c47").exists() {
        root.place(program, "c47");
    }
    let run = c47().program("/c47");
    if run.is_on_old_kernel()
        && !root.path().join("dev/urandom").exists()
        && let Err(error) = make_device(root, "dev/urandom", 9)
    {
        peers::missing(&format!("cannot create a device file: {error}"))?;
    }
    Some(run.in_root(root.path()))
}

/// A memory device with a minor number from random(4).
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
            // Other users than root need a user namespace.
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

/// Whether this user can change the root.
fn try_it() -> io::Result<()> {
    let mut command = Command::new(binary());
    command.arg("--version").stdout(std::process::Stdio::null());
    enter(&mut command, Path::new("/"));
    command.status().map(drop)
}
