//! What this process is limited to for its own sake, and what programs it starts must not inherit.
#![allow(unsafe_code)] // a signal that is ignored, and what runs between fork and exec

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use rustix::thread::disable_transparent_huge_pages;

/// The soft limit on core files as it was found.
static CORE_FILES: OnceLock<Option<u64>> = OnceLock::new();

static HOLDS_SECRETS: AtomicBool = AtomicBool::new(false);

/// Whether this process holds a secret, or has held one: the allocator then overwrites what is
/// freed.
pub fn holds_secrets() -> bool {
    HOLDS_SECRETS.load(Ordering::Relaxed)
}

/// A process that holds a secret leaves no core file, and no other process of its user can look
/// into its memory: a core pattern with a pipe ignores the limit, and so does a debugger. Execution
/// of another program undoes the latter by itself. What is freed is overwritten. Once a process, and
/// cheap after that.
pub(crate) fn forbid_core_files() {
    CORE_FILES.get_or_init(|| {
        HOLDS_SECRETS.store(true, Ordering::Relaxed);
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

/// Runs before Rust's runtime, which aborts where a standard stream is closed and there is no
/// /dev/null to open in its place.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = open_closed_streams;

/// Opens closed standard streams, so that no file that is opened later becomes one. A closed stdin
/// stays unreadable and a closed stdout unwritable, also for a program that is started: it is no
/// empty input, and output must not get lost in /dev/null.
/// Where there is no /dev/null, it opens the root directory: to read it or to write to it fails, as
/// with a closed stream.
extern "C" fn open_closed_streams() {
    for stream in 0..=2 {
        let mode = match stream {
            libc::STDIN_FILENO => libc::O_WRONLY,
            libc::STDOUT_FILENO => libc::O_RDONLY,
            _ => libc::O_RDWR,
        };
        // SAFETY: system calls on constant C strings; nothing of Rust's runtime is used.
        unsafe {
            let is_closed = libc::fcntl(stream, libc::F_GETFD) == -1;
            if is_closed && libc::open(c"/dev/null".as_ptr(), mode) == -1 {
                libc::open(c"/".as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY);
            }
        }
    }
}

/// Whether SIGXFSZ was ignored by us, and not before.
static IGNORES_FILE_SIZE_SIGNAL: AtomicBool = AtomicBool::new(false);

/// A file larger than `ulimit -f` allows becomes an error of the write that is reported and cleaned
/// up after, not the death of the process.
pub(crate) fn ignore_file_size_signal() {
    // SAFETY: sigaction is given valid structures, and SIG_IGN is no function that could be wrong.
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

/// Lets a program start as it would without c47: with core files, and with the transparent huge
/// pages that our allocator switches off for itself — and, since that survives exec, for a
/// Houdini we start, too.
pub(crate) fn not_for(command: &mut Command) -> &mut Command {
    let core_files = CORE_FILES.get().copied();
    // SAFETY: a few system calls, which are async-signal-safe, and nothing is allocated.
    unsafe { command.pre_exec(move || restore(core_files)) }
}

fn restore(core_files: Option<Option<u64>>) -> io::Result<()> {
    if IGNORES_FILE_SIZE_SIGNAL.load(Ordering::SeqCst) {
        // SAFETY: an async-signal-safe call.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_DFL) };
    }
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
