//! Finds files in directories, and reads them in parallel.

use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Limit for the number of entries.
const MOST_ENTRIES: usize = 20_000_000;
/// Limit for the depth.
const MOST_DEPTH: usize = 128;

/// The result of a walk.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Regular files, sorted by path.
    pub files: Vec<PathBuf>,
    /// Directories that could not be read.
    pub unreadable: Vec<(PathBuf, io::Error)>,
}

/// All regular files below `directory`. Symlinks are not followed, so each file is found once and
/// loops do no harm. FIFOs, devices and sockets are skipped.
pub(crate) fn files(directory: &Path) -> Found {
    let mut found = Found::default();
    let mut entries = 0;
    let mut waiting = vec![(directory.to_owned(), 0)];
    while let Some((path, depth)) = waiting.pop() {
        let listing = match fs::read_dir(&path) {
            Ok(listing) => listing,
            Err(error) => {
                found.unreadable.push((path, error));
                continue;
            }
        };
        for entry in listing {
            entries += 1;
            let entry = match entry {
                Ok(entry) if entries <= MOST_ENTRIES && depth < MOST_DEPTH => entry,
                Ok(_) => {
                    let error = io::Error::other("too many files and directories");
                    found.unreadable.push((path.clone(), error));
                    break;
                }
                Err(error) => {
                    found.unreadable.push((path.clone(), error));
                    break;
                }
            };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push((entry.path(), depth + 1)),
                Ok(kind) if kind.is_file() => found.files.push(entry.path()),
                _ => {}
            }
        }
    }
    found.files.sort();
    found
}

/// The results of `work` for each item, in order, with one thread per core. `prepare` makes the
/// state that a thread reuses for its items.
pub(crate) fn in_parallel<I: Sync, S, R: Send>(
    items: &[I],
    prepare: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &I) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(64);
    in_threads(threads.min(items.len().div_ceil(8)), items, prepare, work)
}

/// The same with up to `threads` threads.
pub(crate) fn in_threads<I: Sync, S, R: Send>(
    threads: usize,
    items: &[I],
    prepare: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &I) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(items.len());
    if threads <= 1 {
        let mut state = prepare();
        return items.iter().map(|item| work(&mut state, item)).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut state = prepare();
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            done.push((at, work(&mut state, item)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        // If no more threads can be started, the existing ones do the work.
        let more =
            (1..threads).map_while(|_| thread::Builder::new().spawn_scoped(scope, take).ok());
        let handles: Vec<_> = more.collect();
        let mut done = take();
        for handle in handles {
            // A thread that panics has already ended the process.
            done.extend(handle.join().unwrap_or_default());
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
