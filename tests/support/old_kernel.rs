//! Linux 3.10, as far as a program can tell: a seccomp filter that answers ENOSYS to every system
//! call that kernel did not have.
#![allow(unsafe_code)] // prctl(2) between fork and exec

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use libc::{BPF_ABS, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter, sock_fprog};

/// The first number that is not in 3.10's table for x86-64: sched_setattr, of 3.14.
const FIRST_UNKNOWN: u32 = 314;

/// Installs the filter in the program that `command` starts, and in all that it starts.
pub fn install(command: &mut Command) {
    const { assert!(cfg!(target_arch = "x86_64"), "the numbers are x86-64's") };
    // Returns 0 of struct seccomp_data: the number of the system call. Those of the x32 ABI are
    // above all others and fail too; what a 32-bit program calls is not looked at.
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
        // SAFETY: both calls are async-signal-safe; the kernel copies the program before it returns.
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
    // SAFETY: the closure allocates nothing and takes no lock.
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
