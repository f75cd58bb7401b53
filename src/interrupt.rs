//! Ctrl-C and SIGTERM: programs that c47 waits for are killed, unfinished files are removed, and the
//! terminal is restored, before the process ends with 130 or 143.
#![allow(unsafe_code)] // signal handlers: only async-signal-safe calls on data that outlives them

#[cfg(feature = "tui")]
pub(crate) mod screen;

use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Child;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicUsize, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// More files than one command writes at the same time. Further files are not removed.
const SLOTS: usize = 64;

/// A file that a signal removes.
struct Watched {
    path: CString,
    /// Only a file with this beginning: another process may have a file with this name now.
    beginning: Vec<u8>,
}

static UNFINISHED: [AtomicPtr<Watched>; SLOTS] = [const { AtomicPtr::new(ptr::null_mut()) }; SLOTS];
/// The number of bytes that are compared.
const MOST_COMPARED: usize = 64;
/// The process groups of programs that c47 waits for; 0 is a free slot.
static GROUPS: [AtomicI32; SLOTS] = [const { AtomicI32::new(0) }; SLOTS];
static TERMINAL: AtomicPtr<Termios> = AtomicPtr::new(ptr::null_mut());
/// The text for stderr before the process ends.
static MESSAGE: AtomicPtr<libc::c_char> = AtomicPtr::new(ptr::null_mut());
static TERMINAL_FD: AtomicI32 = AtomicI32::new(-1);
/// The number of running sections that a signal must not interrupt, and the signal received in them.
static SECTIONS: AtomicUsize = AtomicUsize::new(0);
static PENDING: AtomicI32 = AtomicI32::new(0);

/// Whether the next signal only asks for an end, and the signal that did.
static IS_GRACEFUL: AtomicBool = AtomicBool::new(false);
static ASKED: AtomicI32 = AtomicI32::new(0);

extern "C" fn on_signal(signal: libc::c_int) {
    if IS_GRACEFUL.swap(false, Ordering::SeqCst) {
        ASKED.store(signal, Ordering::SeqCst);
        return;
    }
    if SECTIONS.load(Ordering::SeqCst) > 0 {
        PENDING.store(signal, Ordering::SeqCst);
        // A section that ended before the store has not seen the signal.
        if SECTIONS.load(Ordering::SeqCst) > 0 {
            return;
        }
    }
    clean_up_and_exit(signal);
}

/// Runs `work`, a few system calls, without interruption by a signal. A signal that arrives in the
/// meantime ends the process afterwards.
pub(crate) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    struct Section;
    impl Drop for Section {
        fn drop(&mut self) {
            if SECTIONS.fetch_sub(1, Ordering::SeqCst) == 1 {
                match PENDING.load(Ordering::SeqCst) {
                    0 => {}
                    signal => clean_up_and_exit(signal),
                }
            }
        }
    }
    SECTIONS.fetch_add(1, Ordering::SeqCst);
    let _section = Section;
    work()
}

/// Restores the terminal, if a screen is drawn on it.
pub(crate) fn restore_screen() {
    #[cfg(feature = "tui")]
    screen::restore();
}

fn clean_up_and_exit(signal: libc::c_int) {
    kill_programs();
    for slot in &UNFINISHED {
        // SAFETY: entries in slots are never freed.
        if let Some(watched) = unsafe { slot.load(Ordering::SeqCst).as_ref() }
            && has_expected_beginning(watched)
        {
            let path = watched.path.as_ptr();
            // SAFETY: a NUL-terminated string. Both calls are async-signal-safe, and rmdir removes
            // only an empty directory.
            unsafe {
                if libc::unlink(path) != 0 {
                    libc::rmdir(path);
                }
            }
        }
    }
    restore_screen();
    let terminal = TERMINAL.load(Ordering::SeqCst);
    if !terminal.is_null() {
        // SAFETY: the structure is leaked, the descriptor is open as long as the pointer is set, and
        // tcsetattr is one system call.
        let (fd, terminal) = unsafe {
            let fd = BorrowedFd::borrow_raw(TERMINAL_FD.load(Ordering::SeqCst));
            (fd, &*terminal)
        };
        let _ = tcsetattr(fd, OptionalActions::Now, terminal);
    }
    let message = MESSAGE.load(Ordering::SeqCst);
    if !message.is_null() {
        // SAFETY: a NUL-terminated string that is never freed. strlen and write are
        // async-signal-safe.
        unsafe { libc::write(libc::STDERR_FILENO, message.cast(), libc::strlen(message)) };
    }
    // 130 and 143, as in shells.
    // SAFETY: _exit is async-signal-safe and never returns.
    unsafe { libc::_exit(128 + signal) };
}

/// Whether the file still has the expected beginning. It does not allocate.
fn has_expected_beginning(watched: &Watched) -> bool {
    let expected = &watched.beginning;
    if expected.is_empty() {
        return true;
    }
    let mut found = [0_u8; MOST_COMPARED];
    let length = expected.len().min(MOST_COMPARED);
    let flags = libc::O_RDONLY | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // SAFETY: async-signal-safe calls. The buffer has the length that is read.
    let count = unsafe {
        let fd = libc::open(watched.path.as_ptr(), flags);
        let count = libc::read(fd, found.as_mut_ptr().cast(), length);
        libc::close(fd);
        count
    };
    usize::try_from(count).is_ok_and(|count| count == length)
        && found.get(..length) == expected.get(..length)
}

/// Installs handlers for SIGINT and SIGTERM that clean up and end the process with 130 and 143. An
/// ignored signal (as with `nohup`) stays ignored.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            // SAFETY: sigaction gets two valid structures, and the handler is async-signal-safe.
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
    /// Registers `path`. Its name is leaked, because the handler may read it at any time.
    pub(crate) fn new(path: &Path) -> RemoveOnSignal {
        RemoveOnSignal::while_it_begins(path, b"")
    }

    /// As [`RemoveOnSignal::new`], but the file is removed only if it has this beginning.
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

    /// Creates the file or directory at `path` with `make` and registers it, without a moment between
    /// the two in which a signal would not remove it.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) fn around<T>(
        path: &Path,
        make: impl FnOnce() -> std::io::Result<T>,
    ) -> std::io::Result<(T, RemoveOnSignal)> {
        uninterrupted(|| Ok((make()?, RemoveOnSignal::new(path))))
    }
}

impl Drop for RemoveOnSignal {
    fn drop(&mut self) {
        if let Some(slot) = self.0.and_then(|slot| UNFINISHED.get(slot)) {
            slot.store(ptr::null_mut(), Ordering::SeqCst);
        }
    }
}

/// While it lives, the first signal does not end the process, but asks for an end. The second one ends
/// it.
pub(crate) struct Graceful(());

impl Graceful {
    pub(crate) fn new() -> Graceful {
        install();
        ASKED.store(0, Ordering::SeqCst);
        IS_GRACEFUL.store(true, Ordering::SeqCst);
        Graceful(())
    }

    /// Whether a signal has asked for an end.
    pub(crate) fn is_asked(&self) -> bool {
        ASKED.load(Ordering::SeqCst) != 0
    }

    /// Ends the process as the signal would have done, if there was one.
    pub(crate) fn end(self) {
        match ASKED.load(Ordering::SeqCst) {
            0 => {}
            signal => clean_up_and_exit(signal),
        }
    }
}

impl Drop for Graceful {
    fn drop(&mut self) {
        IS_GRACEFUL.store(false, Ordering::SeqCst);
    }
}

/// While it lives, a signal prints a text on stderr before the process ends.
pub(crate) struct PrintOnSignal(());

impl PrintOnSignal {
    /// The text is leaked, because the handler may read it at any time.
    pub(crate) fn new(text: &str) -> PrintOnSignal {
        install();
        let text = CString::new(text).map_or(ptr::null_mut(), CString::into_raw);
        MESSAGE.store(text, Ordering::SeqCst);
        PrintOnSignal(())
    }
}

impl Drop for PrintOnSignal {
    fn drop(&mut self) {
        MESSAGE.store(ptr::null_mut(), Ordering::SeqCst);
    }
}

/// Kills the process group of a program. A group that has ended is not an error.
fn kill_group(group: i32) {
    if let Some(group) = Pid::from_raw(group) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Kills all programs that c47 waits for. It does not allocate.
pub(crate) fn kill_programs() {
    for slot in &GROUPS {
        kill_group(slot.load(Ordering::SeqCst));
    }
}

/// While it lives, a signal kills a program that c47 waits for, with everything in its process group.
pub(crate) struct KillOnSignal {
    slot: usize,
    group: i32,
}

impl KillOnSignal {
    /// Starts a program with `start`, which makes it the leader of a process group, without a moment in
    /// which a signal would not kill it.
    ///
    /// # Errors
    /// Those of `start`, or that too many programs are running.
    pub(crate) fn around(
        start: impl FnOnce() -> std::io::Result<Child>,
    ) -> std::io::Result<(Child, KillOnSignal)> {
        install();
        uninterrupted(|| {
            let mut child = start()?;
            let group = i32::try_from(child.id()).unwrap_or(0);
            let take = |slot: &AtomicI32| {
                slot.compare_exchange(0, group, Ordering::SeqCst, Ordering::SeqCst)
                    .is_ok()
            };
            match GROUPS.iter().position(take) {
                Some(slot) => Ok((child, KillOnSignal { slot, group })),
                None => {
                    kill_group(group);
                    let _ = child.wait();
                    Err(std::io::Error::other("too many programs are running"))
                }
            }
        })
    }

    /// Kills the group. Its leader must not have been waited for, so that its id is not reused.
    pub(crate) fn kill(&self) {
        kill_group(self.group);
    }

    /// Forgets the program, which has ended. Afterwards it can be waited for, and its id be reused.
    pub(crate) fn release(&self) {
        if let Some(slot) = GROUPS.get(self.slot) {
            slot.store(0, Ordering::SeqCst);
        }
    }
}

impl Drop for KillOnSignal {
    fn drop(&mut self) {
        self.release();
    }
}

/// While it lives, the terminal does not show typed text. A signal restores the echo.
pub(crate) struct WithoutEcho<'a> {
    fd: BorrowedFd<'a>,
    before: Termios,
}

impl WithoutEcho<'_> {
    /// Turns the echo of a terminal off.
    ///
    /// # Errors
    /// When `fd` is not a terminal.
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
        // The leaked copy stays, because a handler may read it.
        let _ = tcsetattr(self.fd, OptionalActions::Flush, &self.before);
        TERMINAL.store(ptr::null_mut(), Ordering::SeqCst);
    }
}
