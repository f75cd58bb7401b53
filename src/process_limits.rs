//! Limits of this process: core files, huge pages and signals. Programs that it starts do not
//! inherit them.
#![allow(unsafe_code)] // signal handling, and code between fork and exec

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, setsid,
};
use rustix::thread::disable_transparent_huge_pages;

/// The original soft limit on core files.
static CORE_FILES: OnceLock<Option<u64>> = OnceLock::new();

static HOLDS_SECRETS: AtomicBool = AtomicBool::new(false);

/// Whether this process holds a secret, or has held one. The allocator then overwrites freed memory.
pub fn holds_secrets() -> bool {
    HOLDS_SECRETS.load(Ordering::Relaxed)
}

/// Called when the process gets a secret. It then writes no core file, other processes of the user
/// cannot read its memory, and freed memory is overwritten. The limit alone is not enough: a core
/// pattern with a pipe and debuggers ignore it. Only the first call does something.
pub(crate) fn forbid_core_files() {
    CORE_FILES.get_or_init(|| {
        HOLDS_SECRETS.store(true, Ordering::Relaxed);
        // Only the soft limit, so that it can be restored for other programs.
        let found = getrlimit(Resource::Core);
        let forbidden = Rlimit {
            current: Some(0),
            ..found
        };
        let _ = setrlimit(Resource::Core, forbidden); // lowering it is always allowed
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable); // every kernel supports it
        found.current
    });
}

/// Runs before Rust's runtime, which aborts if a standard stream is closed and /dev/null does not
/// exist.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = open_closed_streams;

/// Opens closed standard streams, so that a file that is opened later does not become one. Reading
/// a closed stdin and writing to a closed stdout still fail, also in programs that c47 starts.
/// Without /dev/null it opens the root directory, which can be neither read nor written.
extern "C" fn open_closed_streams() {
    for stream in 0..=2 {
        let mode = match stream {
            libc::STDIN_FILENO => libc::O_WRONLY,
            libc::STDOUT_FILENO => libc::O_RDONLY,
            _ => libc::O_RDWR,
        };
        // SAFETY: system calls on constant C strings. Rust's runtime is not used.
        unsafe {
            let is_closed = libc::fcntl(stream, libc::F_GETFD) == -1;
            if is_closed && libc::open(c"/dev/null".as_ptr(), mode) == -1 {
                libc::open(c"/".as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY);
            }
        }
    }
}

/// Whether c47 ignores SIGXFSZ, and its parent process did not.
static IGNORES_FILE_SIZE_SIGNAL: AtomicBool = AtomicBool::new(false);

/// Ignores SIGXFSZ, so that a file larger than `ulimit -f` is a write error instead of the end of the
/// process.
pub(crate) fn ignore_file_size_signal() {
    // SAFETY: sigaction gets valid structures, and SIG_IGN is not a function.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGXFSZ, std::ptr::null(), &mut action) == 0
            && action.sa_sigaction == libc::SIG_DFL
        {
            action.sa_sigaction = libc::SIG_IGN;
            if libc::sigaction(libc::SIGXFSZ, &action, std::ptr::null_mut()) == 0 {
                IGNORES_FILE_SIZE_SIGNAL.store(true, Ordering::SeqCst);
            }
        }
    }
}

/// Restores the limits for a program that c47 starts: core files, and the transparent huge pages that
/// the allocator turns off, which exec would inherit.
pub(crate) fn restore_limits_for(command: &mut Command) -> &mut Command {
    let core_files = CORE_FILES.get().copied();
    // SAFETY: only async-signal-safe system calls, without allocation.
    unsafe { command.pre_exec(move || restore(core_files)) }
}

/// Makes a program the leader of its own session and process group, so that it can be killed with
/// everything that it starts. It has no terminal: asking a person fails at once and does not hang.
pub(crate) fn in_own_session(command: &mut Command) -> &mut Command {
    // SAFETY: an async-signal-safe system call, without allocation.
    unsafe { command.pre_exec(|| Ok(setsid().map(drop)?)) }
}

fn restore(core_files: Option<Option<u64>>) -> io::Result<()> {
    if IGNORES_FILE_SIZE_SIGNAL.load(Ordering::SeqCst) {
        // SAFETY: an async-signal-safe call.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_DFL) };
    }
    // Kernels without this option return an error, which does not matter.
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

/// The lower of two limits; `None` is unlimited.
fn lower(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
