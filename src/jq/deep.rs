//! Runs a function on a thread with a large stack: filters and nested values use recursion.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::mpsc;
use std::thread::Builder;

use super::overflow;
use crate::error::Error;

/// The sizes of the stack, tried in this order: a limit on the address space may allow only a small
/// one. Only the touched part takes memory.
const STACK_BYTES: [usize; 5] = [256 << 20, 64 << 20, 16 << 20, 4 << 20, 1 << 20];

/// A part of the stack for the start of the thread and for calls that need no check.
const MARGIN_BYTES: usize = 256 << 10;

/// Why a function did not return.
#[derive(Debug)]
pub(super) enum Stopped {
    /// It used up the stack. Its thread and what it holds are lost.
    Overflow,
    /// The thread could not be started.
    NotStarted(io::Error),
}

impl Stopped {
    /// The error for a caller outside of `c47 jq`.
    pub(super) fn into_error(self, what: &str) -> Error {
        match self {
            Stopped::Overflow => Error::filter(what, TOO_DEEP),
            Stopped::NotStarted(source) => Error::System {
                action: "start a thread",
                source,
            },
        }
    }
}

/// What is wrong when the stack is used up.
pub(super) const TOO_DEEP: &str = "the filter recurses too deep, or a value is nested too deep";

/// Runs `f` on a thread with a large stack. If it uses the stack up, the result is an error, and the
/// thread stops for ever; it must then hold no lock that is used later.
pub(super) fn run<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Result<T, Stopped> {
    start(f)?.wait()
}

/// A function that runs on its own thread.
pub(super) struct Running<T> {
    end: PipeReader,
    result: mpsc::Receiver<T>,
}

impl<T> Running<T> {
    /// Waits for the result.
    pub(super) fn wait(mut self) -> Result<T, Stopped> {
        let mut byte = [0];
        // The other end is closed without a byte after a panic, which only tests survive.
        match self.end.read_exact(&mut byte) {
            Ok(()) if byte == [overflow::OVERFLOW] => Err(Stopped::Overflow),
            Ok(()) | Err(_) => self.result.recv().map_err(|_| {
                Stopped::NotStarted(io::Error::other("the thread ended without a result"))
            }),
        }
    }
}

/// Starts `f` on a thread with a large stack.
pub(super) fn start<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> Result<Running<T>, Stopped> {
    let (end, writer) = io::pipe().map_err(Stopped::NotStarted)?;
    let (sender, result) = mpsc::sync_channel(1);
    // The function moves to the thread only after the thread has started.
    let (work, receiver) = mpsc::sync_channel::<(Box<dyn FnOnce() -> T + Send>, PipeWriter)>(1);
    let mut receiver = Some(receiver);
    let mut failure = io::Error::other("no stack");
    for bytes in STACK_BYTES {
        let Some(waiting) = receiver.take() else {
            break;
        };
        let shared = std::sync::Arc::new(std::sync::Mutex::new(Some(waiting)));
        let (own, sender) = (std::sync::Arc::clone(&shared), sender.clone());
        let body = move || {
            let waiting = own.lock().ok().and_then(|mut slot| slot.take());
            let Some((f, mut writer)) = waiting.and_then(|waiting| waiting.recv().ok()) else {
                return;
            };
            overflow::watch(bytes - MARGIN_BYTES / 4, writer.as_raw_fd());
            let value = f();
            overflow::unwatch();
            let _ = sender.send(value);
            let _ = writer.write_all(b"d");
        };
        match Builder::new().stack_size(bytes).spawn(body) {
            Ok(_) => {
                let _ = work.send((Box::new(f), writer));
                return Ok(Running { end, result });
            }
            Err(error) => {
                failure = error;
                receiver = shared.lock().ok().and_then(|mut slot| slot.take());
            }
        }
    }
    Err(Stopped::NotStarted(failure))
}

/// Whether the stack has room for calls that must not overflow, because they hold a lock.
pub(super) fn has_room() -> bool {
    overflow::left().is_none_or(|bytes| bytes > MARGIN_BYTES)
}
