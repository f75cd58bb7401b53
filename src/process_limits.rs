//! What this process is limited to for its own sake, and what programs it starts must not inherit.
#![allow(unsafe_code)] // what runs between fork and exec

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::OnceLock;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use rustix::thread::disable_transparent_huge_pages;

/// The soft limit on core files as it was found.
static CORE_FILES: OnceLock<Option<u64>> = OnceLock::new();

/// A process that holds a secret leaves no core file, and no other process of its user can look
/// into its memory: a core pattern with a pipe ignores the limit, and so does a debugger. Execution
/// of another program undoes the latter by itself. Once a process, and cheap after that.
pub(crate) fn forbid_core_files() {
    CORE_FILES.get_or_init(|| {
        // Only the soft limit, which can be raised again.
        let found = getrlimit(Resource::Core);
        let forbidden = Rlimit {
            current: Some(0),
            ..found
        };
        let _ = setrlimit(Resource::Core, forbidden); // it is lowered, which is always allowed
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable); // every kernel has it
        found.current
    });
}

/// Lets a program start as it would without c47: with core files, and with the transparent huge
/// pages that our allocator switches off for itself — and, since that survives exec, for a
/// Houdini we start, too.
pub(crate) fn not_for(command: &mut Command) -> &mut Command {
    let core_files = CORE_FILES.get().copied();
    // SAFETY: three system calls, which are async-signal-safe, and nothing is allocated.
    unsafe { command.pre_exec(move || restore(core_files)) }
}

fn restore(core_files: Option<Option<u64>>) -> io::Result<()> {
    // A kernel that knows no such option says so, and nothing is lost.
    let _ = disable_transparent_huge_pages(false);
    if let Some(found) = core_files {
        let limit = getrlimit(Resource::Core);
        let restored = Rlimit {
            current: lower(found, limit.maximum),
            ..limit
        };
        let _ = setrlimit(Resource::Core, restored);
    }
    Ok(())
}

/// The lower of two limits; `None` is no limit.
fn lower(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
