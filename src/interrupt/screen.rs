//! The terminal while a screen is drawn on it: a signal, a panic and the end of the process restore it,
//! and signals that concern the screen wake the loop that draws it.
#![allow(unsafe_code)] // signal handlers: only async-signal-safe calls on data that outlives them

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};

use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

static SAVED: AtomicPtr<Termios> = AtomicPtr::new(ptr::null_mut());
static TERMINAL: AtomicI32 = AtomicI32::new(-1);
/// What is written before the settings are restored.
static RESET: AtomicPtr<&'static [u8]> = AtomicPtr::new(ptr::null_mut());
/// Where a signal writes to wake the loop.
static WAKER: AtomicI32 = AtomicI32::new(-1);
static HAS_NEWS: AtomicBool = AtomicBool::new(false);
static IS_STOP_ASKED: AtomicBool = AtomicBool::new(false);

/// What a signal asks of the loop that draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    None,
    /// The size may have changed, or another program has used the terminal.
    Redraw,
    /// Restore the terminal and stop the process.
    Stop,
}

/// The signals that concern the screen.
const SIGNALS: [libc::c_int; 3] = [libc::SIGWINCH, libc::SIGCONT, libc::SIGTSTP];

/// Restores the terminal, if a screen is drawn on it. It does not allocate.
pub(crate) fn restore() {
    let (saved, reset) = (SAVED.load(Ordering::SeqCst), RESET.load(Ordering::SeqCst));
    let fd = TERMINAL.load(Ordering::SeqCst);
    if saved.is_null() || reset.is_null() || fd < 0 {
        return;
    }
    // SAFETY: both are leaked, the descriptor is open as long as the pointers are set, and both calls
    // are async-signal-safe. The descriptor is nonblocking, so that a stalled terminal does not keep
    // the process from ending.
    unsafe {
        let reset: &[u8] = *reset;
        libc::write(fd, reset.as_ptr().cast(), reset.len());
        let _ = tcsetattr(BorrowedFd::borrow_raw(fd), OptionalActions::Now, &*saved);
    }
}

extern "C" fn on_signal(signal: libc::c_int) {
    match signal {
        libc::SIGTSTP => IS_STOP_ASKED.store(true, Ordering::SeqCst),
        _ => HAS_NEWS.store(true, Ordering::SeqCst),
    }
    let one = 1_u64.to_ne_bytes();
    // SAFETY: write is async-signal-safe, and the buffer has this length. errno is restored for the
    // code that was interrupted.
    unsafe {
        let errno = *libc::__errno_location();
        libc::write(WAKER.load(Ordering::SeqCst), one.as_ptr().cast(), one.len());
        *libc::__errno_location() = errno;
    }
}

fn set_handler(signal: libc::c_int, handler: usize) {
    // SAFETY: a valid structure, and a handler that is async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(signal, &action, ptr::null_mut());
    }
}

/// The terminal in raw mode. Its settings are restored when this is dropped, by a signal, and by
/// [`restore`].
pub(crate) struct RawMode {
    fd: i32,
    saved: Termios,
    reset: &'static [u8],
    /// Signals whose handlers were replaced: those that were not ignored.
    signals: Vec<libc::c_int>,
}

impl RawMode {
    /// Sets raw mode. `reset` is written before the settings are restored. The caller keeps `fd`, which
    /// should be nonblocking, and `waker`, an eventfd, open longer than the returned value.
    ///
    /// # Errors
    /// When `fd` is not a terminal.
    pub(crate) fn new(
        fd: BorrowedFd,
        waker: BorrowedFd,
        reset: &'static [u8],
    ) -> io::Result<RawMode> {
        let saved = tcgetattr(fd)?;
        WAKER.store(waker.as_raw_fd(), Ordering::SeqCst);
        let mut raw = RawMode {
            fd: fd.as_raw_fd(),
            saved,
            reset,
            signals: Vec::new(),
        };
        raw.enter()?;
        for signal in SIGNALS {
            // SAFETY: sigaction gets a valid structure.
            let is_ignored = unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, ptr::null(), &mut action) == 0
                    && action.sa_sigaction == libc::SIG_IGN
            };
            if !is_ignored {
                set_handler(signal, on_signal as *const () as usize);
                raw.signals.push(signal);
            }
        }
        Ok(raw)
    }

    /// Sets raw mode again, after another program has used the terminal.
    ///
    /// # Errors
    /// When the terminal is closed.
    pub(crate) fn enter(&self) -> io::Result<()> {
        // SAFETY: the caller of `new` keeps it open.
        let fd = unsafe { BorrowedFd::borrow_raw(self.fd) };
        if SAVED.load(Ordering::SeqCst).is_null() {
            let saved = Box::into_raw(Box::new(self.saved.clone()));
            RESET.store(Box::into_raw(Box::new(self.reset)), Ordering::SeqCst);
            TERMINAL.store(self.fd, Ordering::SeqCst);
            SAVED.store(saved, Ordering::SeqCst);
        }
        let mut raw = self.saved.clone();
        raw.make_raw();
        tcsetattr(fd, OptionalActions::Now, &raw)?;
        Ok(())
    }

    /// Restores the terminal until the next [`RawMode::enter`].
    pub(crate) fn leave(&self) {
        restore();
        // The leaked copies stay, because a handler may read them.
        SAVED.store(ptr::null_mut(), Ordering::SeqCst);
    }

    /// Stops the process and its job, as Ctrl-Z does, until SIGCONT. A process that no shell could
    /// continue is not stopped: the kernel ignores the signal then.
    pub(crate) fn stop(&self) {
        self.leave();
        // The other programs of the job first. This one must stop here, and not in another thread.
        set_handler(libc::SIGTSTP, libc::SIG_IGN);
        let _ = kill_current_process_group(Signal::TSTP);
        set_handler(libc::SIGTSTP, libc::SIG_DFL);
        // SAFETY: the signal stops the process, or is ignored.
        unsafe { libc::raise(libc::SIGTSTP) };
        set_handler(libc::SIGTSTP, on_signal as *const () as usize);
    }

    /// What signals have asked for since the last call.
    pub(crate) fn news(&self) -> News {
        let has_news = HAS_NEWS.swap(false, Ordering::SeqCst);
        match (IS_STOP_ASKED.swap(false, Ordering::SeqCst), has_news) {
            (true, _) => News::Stop,
            (false, true) => News::Redraw,
            (false, false) => News::None,
        }
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        self.leave();
        for signal in &self.signals {
            set_handler(*signal, libc::SIG_DFL);
        }
        WAKER.store(-1, Ordering::SeqCst);
        TERMINAL.store(-1, Ordering::SeqCst);
    }
}
