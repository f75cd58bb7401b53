//! Runs a function on a thread with a large stack: filters and nested values use recursion.

use std::fs;
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::Builder;

use rustix::process::{Resource, getrlimit};

use super::overflow;
use crate::error::Error;

/// The sizes of the stack, tried in this order: a limit on the address space may allow only a small
/// one. Only the touched part takes memory.
const STACK_BYTES: [usize; 5] = [256 << 20, 64 << 20, 16 << 20, 4 << 20, 1 << 20];

/// The last of them.
const LEAST_STACK_BYTES: usize = 1 << 20;

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

/// Runs `work` on up to `count` threads with large stacks, at least one. When one of them uses its
/// stack up, `stop` is called, which must make the others end.
pub(super) fn run_on<T: Send + 'static>(
    count: usize,
    work: impl FnOnce() -> T + Clone + Send + 'static,
    stop: impl FnOnce(),
) -> Result<Vec<T>, Stopped> {
    let (mut end, writer) = io::pipe().map_err(Stopped::NotStarted)?;
    let (sender, results) = mpsc::channel();
    let mut started = 0;
    for _ in 0..count {
        let writer = writer.try_clone().map_err(Stopped::NotStarted)?;
        match start(work.clone(), writer, sender.clone()) {
            Ok(()) => started += 1,
            Err(_) if started > 0 => break,
            Err(stopped) => return Err(stopped),
        }
    }
    drop((writer, sender));
    for _ in 0..started {
        let mut byte = [0];
        // The pipe ends without a byte after a panic, which only tests survive.
        match end.read_exact(&mut byte) {
            Ok(()) if byte == [overflow::OVERFLOW] => {
                stop();
                return Err(Stopped::Overflow);
            }
            Ok(()) => {}
            Err(error) => return Err(Stopped::NotStarted(error)),
        }
    }
    Ok(results.iter().take(started).collect())
}

/// Runs `f` on a thread with a large stack. If it uses the stack up, the result is an error, and the
/// thread stops for ever; it must then hold no lock that is used later.
pub(super) fn run<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Result<T, Stopped> {
    let (mut end, writer) = io::pipe().map_err(Stopped::NotStarted)?;
    let (sender, result) = mpsc::channel();
    start(f, writer, sender)?;
    let mut byte = [0];
    match end.read_exact(&mut byte) {
        Ok(()) if byte == [overflow::OVERFLOW] => Err(Stopped::Overflow),
        Ok(()) | Err(_) => result.recv().map_err(|_| {
            Stopped::NotStarted(io::Error::other("the thread ended without a result"))
        }),
    }
}

/// A quarter of what is left of the limit on the address space: a filter that uses up its stack needs
/// memory as well, and a program without memory ends without an error.
fn most_stack() -> usize {
    match getrlimit(Resource::As).current {
        Some(bytes) => {
            let left = bytes.saturating_sub(mapped_bytes().unwrap_or(0));
            usize::try_from(left / 4).unwrap_or(usize::MAX)
        }
        None => usize::MAX,
    }
}

/// The address space that this process uses. `None` without /proc.
fn mapped_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let size = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))?;
    let kib: u64 = size.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}

/// Starts `f` on a thread with a large stack. The thread sends the result, and then writes a byte.
fn start<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
    writer: PipeWriter,
    sender: mpsc::Sender<T>,
) -> Result<(), Stopped> {
    let mut failure = io::Error::other("no stack");
    // A thread that is not started must leave the function for the next try.
    let work = Arc::new(Mutex::new(Some((f, writer, sender))));
    let most = most_stack();
    for bytes in STACK_BYTES {
        if bytes > most && bytes > LEAST_STACK_BYTES {
            continue;
        }
        let own = Arc::clone(&work);
        let body = move || {
            let taken = own.lock().ok().and_then(|mut work| work.take());
            let Some((f, mut writer, sender)) = taken else {
                return;
            };
            overflow::watch(bytes - MARGIN_BYTES / 4, writer.as_raw_fd());
            let value = f();
            overflow::unwatch();
            let _ = sender.send(value);
            let _ = writer.write_all(b"d");
        };
        match Builder::new().stack_size(bytes).spawn(body) {
            Ok(_) => return Ok(()),
            Err(error) => failure = error,
        }
    }
    Err(Stopped::NotStarted(failure))
}

/// Whether the stack has room for calls that must not overflow, because they hold a lock.
pub(super) fn has_room() -> bool {
    overflow::left().is_none_or(|bytes| bytes > MARGIN_BYTES)
}
