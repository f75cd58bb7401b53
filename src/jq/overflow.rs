//! Turns the overflow of a filter's stack into an error.
//!
//! A filter can recurse without end, and a value can be nested without end. When the thread of a
//! filter touches the end of its stack, the handler of SIGSEGV writes a byte to a pipe, on which the
//! caller waits, and stops the thread for ever. Every other fault goes to the previous handler.
#![allow(unsafe_code)] // a signal handler: only async-signal-safe calls

use std::cell::Cell;
use std::mem;
use std::os::fd::RawFd;
use std::ptr;
use std::sync::OnceLock;

/// A fault this close to the end of a stack is an overflow. Frames are smaller than this.
const NEAR_BYTES: usize = 1 << 20;

/// The byte in the pipe for an overflow.
pub(super) const OVERFLOW: u8 = b'o';

/// The stack of the thread of a filter.
#[derive(Clone, Copy)]
struct Watched {
    /// The lowest address of the stack.
    low: usize,
    pipe: RawFd,
}

thread_local! {
    static WATCHED: Cell<Option<Watched>> = const { Cell::new(None) };
}

/// The handler before this one.
static PREVIOUS: OnceLock<libc::sigaction> = OnceLock::new();

/// Watches the stack of this thread, which has about `bytes`, until [`unwatch`]. An overflow writes
/// [`OVERFLOW`] to `pipe`.
pub(super) fn watch(bytes: usize, pipe: RawFd) {
    PREVIOUS.get_or_init(install);
    let low = here().saturating_sub(bytes);
    WATCHED.set(Some(Watched { low, pipe }));
}

/// Ends [`watch`].
pub(super) fn unwatch() {
    WATCHED.set(None);
}

/// The bytes that are left on the stack of this thread; `None` if it is not watched.
pub(super) fn left() -> Option<usize> {
    WATCHED.get().map(|stack| here().saturating_sub(stack.low))
}

/// About the address of the stack pointer.
#[inline(never)]
fn here() -> usize {
    let local = 0_u8;
    ptr::from_ref(std::hint::black_box(&local)) as usize
}

fn install() -> libc::sigaction {
    // SAFETY: sigaction gets valid structures. The handler runs on the alternate stack that the
    // standard library gives each of its threads.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        let mut previous: libc::sigaction = mem::zeroed();
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = on_fault;
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(libc::SIGSEGV, &action, &raw mut previous);
        previous
    }
}

extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo_t. write, pause and sigaction are
    // async-signal-safe. The thread local needs no initialization and no destructor.
    unsafe {
        let address = (*info).si_addr() as usize;
        if let Some(stack) = WATCHED.get()
            && address.abs_diff(stack.low) < NEAR_BYTES
        {
            let byte = OVERFLOW;
            libc::write(stack.pipe, (&raw const byte).cast(), 1);
            // The caller goes on without this thread. Nothing unwinds: what the thread holds is lost.
            loop {
                libc::pause();
            }
        }
        // Another fault: the instruction runs again, with the previous handler.
        let mut default: libc::sigaction = mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        libc::sigaction(signal, PREVIOUS.get().unwrap_or(&default), ptr::null_mut());
    }
}
