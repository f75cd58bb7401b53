//! Threads that make files.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::error::Error;

/// The time between two looks at Ctrl-C.
const TICK: Duration = Duration::from_millis(100);

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub files: usize,
    pub of: usize,
    pub bytes: u64,
}

/// Called often by the thread that started the run; returns false to stop.
pub(crate) type Watch<'w> = &'w mut dyn FnMut(Progress) -> bool;

/// How a file ended.
pub(super) enum Made {
    Done,
    /// It was asked to stop.
    Stopped,
    Failed(Error),
}

/// What the threads share.
#[derive(Default)]
pub(super) struct Shared {
    is_stopped: AtomicBool,
    bytes: AtomicU64,
}

impl Shared {
    /// Counts further bytes. Returns false to stop.
    pub(super) fn tick(&self, bytes: u64) -> bool {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        !self.is_stopped.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Calls `work` for each number below `count`, in up to `jobs` threads. The first failure stops all.
///
/// # Errors
/// The first failure, or `None` if `watch` asked to stop.
pub(super) fn each(
    count: usize,
    jobs: usize,
    shared: &Shared,
    work: &(dyn Fn(usize) -> Made + Sync),
    watch: Watch,
) -> Result<(), Option<Error>> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = channel();
    let stop = || shared.is_stopped.store(true, Ordering::Relaxed);
    let labour = |sender: std::sync::mpsc::Sender<Made>| {
        while shared.tick(0) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count || sender.send(work(index)).is_err() {
                break;
            }
        }
    };
    thread::scope(|scope| {
        let start = |_| {
            let sender = sender.clone();
            thread::Builder::new()
                .spawn_scoped(scope, || labour(sender))
                .ok()
        };
        let started = (0..jobs.min(count)).map_while(start).count();
        if started == 0 {
            // No thread can be started: this one does the work.
            labour(sender);
        } else {
            drop(sender);
        }
        let mut result = Ok(());
        let mut files = 0;
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(Made::Done) => files += 1,
                Ok(Made::Stopped) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Made::Failed(error)) => {
                    stop();
                    if !matches!(result, Err(Some(_))) {
                        result = Err(Some(error));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let bytes = shared.bytes();
            let of = count;
            if !watch(Progress { files, of, bytes }) && result.is_ok() {
                stop();
                result = Err(None);
            }
        }
        result
    })
}
