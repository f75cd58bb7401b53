//! Simulates Linux 3.10: a seccomp filter that fails every newer system call with ENOSYS.
#![allow(unsafe_code)] // prctl(2) between fork and exec

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use libc::{BPF_ABS, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter, sock_fprog};

/// The first x86-64 system call after 3.10: sched_setattr, of 3.14.
const FIRST_UNKNOWN: u32 = 314;

/// Installs the filter in the program that `command` starts, and in its children.
pub fn install(command: &mut Command) {
    const { assert!(cfg!(target_arch = "x86_64"), "the numbers are x86-64's") };
    // Loads offset 0 of struct seccomp_data, the number of the system call. Calls of the x32 ABI have
    // higher numbers and fail too. Calls of 32-bit programs are not checked.
    let mut filter = [
        statement(BPF_LD | BPF_W | BPF_ABS, 0),
        sock_filter {
            code: (BPF_JMP | BPF_JGE | BPF_K) as u16,
            jt: 0,
            jf: 1,
            k: FIRST_UNKNOWN,
        },
        statement(
            BPF_RET | BPF_K,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32,
        ),
        statement(BPF_RET | BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    let enter = move || {
        let program = sock_fprog {
            len: filter.len() as u16,
            filter: filter.as_mut_ptr(),
        };
        // SAFETY: both calls are async-signal-safe, and the kernel copies the filter.
        let installed = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
        };
        if installed {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    };
    // SAFETY: the closure neither allocates nor locks.
    unsafe { command.pre_exec(enter) };
}

const fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    }
}
