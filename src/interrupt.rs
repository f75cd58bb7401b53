//! Ctrl-C and SIGTERM: a half-written file is removed and the terminal's echo restored before the
//! process ends with 130 or 143.
#![allow(unsafe_code)] // signal handlers: only async-signal-safe calls on data that outlives them

use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// As many files as one command ever writes at a time; one more is written without this care.
const SLOTS: usize = 64;

/// What a signal removes.
struct Watched {
    path: CString,
    /// Only a file that begins like this: another process may have given the name to its own.
    beginning: Vec<u8>,
}

static UNFINISHED: [AtomicPtr<Watched>; SLOTS] = [const { AtomicPtr::new(ptr::null_mut()) }; SLOTS];
/// So many bytes of a file tell whose it is.
const MOST_COMPARED: usize = 64;
static TERMINAL: AtomicPtr<Termios> = AtomicPtr::new(ptr::null_mut());
/// What is said on stderr before the process ends.
static FAREWELL: AtomicPtr<libc::c_char> = AtomicPtr::new(ptr::null_mut());
static TERMINAL_FD: AtomicI32 = AtomicI32::new(-1);
/// Sections running that a signal must not divide, and the signal that came meanwhile.
static SECTIONS: AtomicUsize = AtomicUsize::new(0);
static PENDING: AtomicI32 = AtomicI32::new(0);

extern "C" fn on_signal(signal: libc::c_int) {
    if SECTIONS.load(Ordering::SeqCst) > 0 {
        PENDING.store(signal, Ordering::SeqCst);
        // A section that ended before the store did not see the signal.
        if SECTIONS.load(Ordering::SeqCst) > 0 {
            return;
        }
    }
    put_right_and_exit(signal);
}

/// Runs `work`, a few system calls, without a signal ending the process between them; one that
/// arrives meanwhile ends it afterwards.
pub(crate) fn undivided<T>(work: impl FnOnce() -> T) -> T {
    struct Section;
    impl Drop for Section {
        fn drop(&mut self) {
            if SECTIONS.fetch_sub(1, Ordering::SeqCst) == 1 {
                match PENDING.load(Ordering::SeqCst) {
                    0 => {}
                    signal => put_right_and_exit(signal),
                }
            }
        }
    }
    SECTIONS.fetch_add(1, Ordering::SeqCst);
    let _section = Section;
    work()
}

fn put_right_and_exit(signal: libc::c_int) {
    for slot in &UNFINISHED {
        // SAFETY: what is in a slot is never freed.
        if let Some(watched) = unsafe { slot.load(Ordering::SeqCst).as_ref() }
            && begins_alike(watched)
        {
            let path = watched.path.as_ptr();
            // SAFETY: a NUL-terminated string; both calls are async-signal-safe, and rmdir takes
            // only a directory that is empty.
            unsafe {
                if libc::unlink(path) != 0 {
                    libc::rmdir(path);
                }
            }
        }
    }
    let terminal = TERMINAL.load(Ordering::SeqCst);
    if !terminal.is_null() {
        // SAFETY: the pointer is to a leaked structure, and the descriptor is open while there is
        // one; tcsetattr is one system call.
        let (fd, terminal) = unsafe {
            let fd = BorrowedFd::borrow_raw(TERMINAL_FD.load(Ordering::SeqCst));
            (fd, &*terminal)
        };
        let _ = tcsetattr(fd, OptionalActions::Now, terminal);
    }
    let farewell = FAREWELL.load(Ordering::SeqCst);
    if !farewell.is_null() {
        // SAFETY: the pointer is to a NUL-terminated string that is never freed; strlen and write
        // are async-signal-safe.
        unsafe { libc::write(libc::STDERR_FILENO, farewell.cast(), libc::strlen(farewell)) };
    }
    // The shell's convention, and the conventions' 130 and 143.
    // SAFETY: _exit is async-signal-safe and never returns.
    unsafe { libc::_exit(128 + signal) };
}

/// Whether the file still begins as expected. Nothing is allocated.
fn begins_alike(watched: &Watched) -> bool {
    let expected = &watched.beginning;
    if expected.is_empty() {
        return true;
    }
    let mut found = [0_u8; MOST_COMPARED];
    let length = expected.len().min(MOST_COMPARED);
    let flags = libc::O_RDONLY | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // SAFETY: async-signal-safe calls; the buffer is as long as is read.
    let count = unsafe {
        let fd = libc::open(watched.path.as_ptr(), flags);
        let count = libc::read(fd, found.as_mut_ptr().cast(), length);
        libc::close(fd);
        count
    };
    usize::try_from(count).is_ok_and(|count| count == length)
        && found.get(..length) == expected.get(..length)
}

/// Makes SIGINT and SIGTERM end the process with 130 and 143 after putting things right.
/// A signal that is ignored (as under `nohup`) stays ignored.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            // SAFETY: sigaction is given two valid structures; the handler is async-signal-safe.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                if libc::sigaction(signal, ptr::null(), &mut action) == 0
                    && action.sa_sigaction != libc::SIG_IGN
                {
                    action.sa_sigaction = on_signal as *const () as usize;
                    action.sa_flags = 0;
                    libc::sigfillset(&mut action.sa_mask);
                    libc::sigaction(signal, &action, ptr::null_mut());
                }
            }
        }
    });
}

/// While it lives, a signal removes the file, or the directory if it is empty by then.
pub(crate) struct RemoveOnSignal(Option<usize>);

impl RemoveOnSignal {
    /// Watches over `path`. Its name is leaked: a handler may be reading it at any moment.
    pub(crate) fn new(path: &Path) -> RemoveOnSignal {
        RemoveOnSignal::while_it_begins(path, b"")
    }

    /// As [`RemoveOnSignal::new`], for a file that is removed only while it begins like this.
    pub(crate) fn while_it_begins(path: &Path, beginning: &[u8]) -> RemoveOnSignal {
        install();
        let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
            return RemoveOnSignal(None);
        };
        let watched = Box::into_raw(Box::new(Watched {
            path,
            beginning: beginning.to_owned(),
        }));
        let slot = UNFINISHED.iter().position(|slot| {
            slot.compare_exchange(ptr::null_mut(), watched, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
        });
        RemoveOnSignal(slot)
    }

    /// Makes the file or directory at `path` by `make` and watches over it, without a moment
    /// between the two in which a signal would leave it behind.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) fn around<T>(
        path: &Path,
        make: impl FnOnce() -> std::io::Result<T>,
    ) -> std::io::Result<(T, RemoveOnSignal)> {
        undivided(|| Ok((make()?, RemoveOnSignal::new(path))))
    }
}

impl Drop for RemoveOnSignal {
    fn drop(&mut self) {
        if let Some(slot) = self.0.and_then(|slot| UNFINISHED.get(slot)) {
            slot.store(ptr::null_mut(), Ordering::SeqCst);
        }
    }
}

/// While it lives, a signal prints a text on stderr before the process ends.
pub(crate) struct SayOnSignal(());

impl SayOnSignal {
    /// The text is leaked: a handler may be reading it at any moment.
    pub(crate) fn new(text: &str) -> SayOnSignal {
        install();
        let text = CString::new(text).map_or(ptr::null_mut(), CString::into_raw);
        FAREWELL.store(text, Ordering::SeqCst);
        SayOnSignal(())
    }
}

impl Drop for SayOnSignal {
    fn drop(&mut self) {
        FAREWELL.store(ptr::null_mut(), Ordering::SeqCst);
    }
}

/// While it lives, the terminal does not show what is typed; a signal brings the echo back.
pub(crate) struct WithoutEcho<'a> {
    fd: BorrowedFd<'a>,
    before: Termios,
}

impl WithoutEcho<'_> {
    /// Turns the echo of a terminal off.
    ///
    /// # Errors
    /// When `fd` is no terminal.
    pub(crate) fn new(fd: BorrowedFd) -> std::io::Result<WithoutEcho> {
        install();
        let before = tcgetattr(fd)?;
        TERMINAL_FD.store(fd.as_raw_fd(), Ordering::SeqCst);
        TERMINAL.store(Box::into_raw(Box::new(before.clone())), Ordering::SeqCst);
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        if let Err(error) = tcsetattr(fd, OptionalActions::Flush, &silent) {
            TERMINAL.store(ptr::null_mut(), Ordering::SeqCst);
            return Err(error.into());
        }
        Ok(WithoutEcho { fd, before })
    }
}

impl Drop for WithoutEcho<'_> {
    fn drop(&mut self) {
        // The leaked copy stays: a handler may be reading it.
        let _ = tcsetattr(self.fd, OptionalActions::Flush, &self.before);
        TERMINAL.store(ptr::null_mut(), Ordering::SeqCst);
    }
}
