//! What this process is limited to for its own sake, and what programs it starts must not inherit.
#![allow(unsafe_code)] // setrlimit(2), prctl(2)

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::OnceLock;

/// The soft limit on core files as it was found.
static CORE_FILES: OnceLock<libc::rlim_t> = OnceLock::new();

/// A process that holds a secret leaves no core file. Once a process, and cheap after that.
pub fn forbid_core_files() {
    CORE_FILES.get_or_init(|| {
        // Only the soft limit, which can be raised again.
        // SAFETY: both calls are given a valid structure.
        unsafe {
            let mut limit: libc::rlimit = std::mem::zeroed();
            if libc::getrlimit(libc::RLIMIT_CORE, &mut limit) != 0 {
                return libc::RLIM_INFINITY;
            }
            let found = limit.rlim_cur;
            limit.rlim_cur = 0;
            libc::setrlimit(libc::RLIMIT_CORE, &limit);
            found
        }
    });
}

/// Lets a program start as it would without c47: with core files, and with the transparent huge
/// pages that our allocator switches off for itself — and, since that survives exec, for a
/// Houdini we start, too.
pub fn not_for(command: &mut Command) -> &mut Command {
    let core_files = CORE_FILES.get().copied();
    // SAFETY: prctl, getrlimit and setrlimit are async-signal-safe, and nothing is allocated.
    unsafe { command.pre_exec(move || restore(core_files)) }
}

fn restore(core_files: Option<libc::rlim_t>) -> io::Result<()> {
    // SAFETY: as in `not_for`; a kernel that knows no such option says so, and nothing is lost.
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 0, 0, 0, 0);
        if let Some(found) = core_files {
            let mut limit: libc::rlimit = std::mem::zeroed();
            if libc::getrlimit(libc::RLIMIT_CORE, &mut limit) == 0 {
                limit.rlim_cur = found.min(limit.rlim_max);
                libc::setrlimit(libc::RLIMIT_CORE, &limit);
            }
        }
    }
    Ok(())
}
