//! Work on many items in several threads.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::sort::Sortable;

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
    done.order_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        let expected: Vec<usize> = items.iter().map(|item| item * 2).collect();
        for threads in [0, 1, 3, 64, 5000] {
            let count = AtomicUsize::new(0);
            let prepare = || count.fetch_add(1, Ordering::Relaxed);
            let found = in_threads(threads, &items, prepare, |_, item| item * 2);
            assert_eq!(found, expected);
            // A state for each thread.
            assert!((1..=threads.max(1)).contains(&count.into_inner()));
        }
        assert_eq!(in_parallel(&items, || (), |(), item| item * 2), expected);
        let none: Vec<usize> = in_parallel(&[], || (), |(), item: &usize| *item);
        assert!(none.is_empty());
    }
}
