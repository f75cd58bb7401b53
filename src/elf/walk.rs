//! Finds files under directories, and reads them in parallel.

use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// No tree has more entries than this.
const MOST_ENTRIES: usize = 20_000_000;
/// No path is deeper.
const MOST_DEPTH: usize = 128;

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Regular files, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// Directories that could not be read.
    pub unreadable: Vec<(PathBuf, io::Error)>,
}

/// All regular files under `directory`. Links are not followed: a link's target is found where it
/// is, and a loop of links is none. FIFOs, devices and sockets are passed over.
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
                    let error = io::Error::other("the tree is too large");
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

/// What `work` makes of each item, in the items' order, by as many threads as there are cores.
/// `prepare` makes what a thread keeps from item to item.
pub(crate) fn in_parallel<I: Sync, S, R: Send>(
    items: &[I],
    prepare: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &I) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(64);
    let threads = threads.min(items.len().div_ceil(8));
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
        // Where no more threads are to be had, those there are do the work.
        let more =
            (1..threads).map_while(|_| thread::Builder::new().spawn_scoped(scope, take).ok());
        let handles: Vec<_> = more.collect();
        let mut done = take();
        for handle in handles {
            // A thread that panicked has ended the process already.
            done.extend(handle.join().unwrap_or_default());
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
