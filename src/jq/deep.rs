//! Runs a function on a thread with a large stack: filters and nested values use recursion.

use std::thread::{Builder, scope};

use crate::error::Error;

/// The size of the stack. Only the touched part takes memory.
const STACK_BYTES: usize = 256 << 20;

/// Runs `f` on a thread with a large stack.
///
/// # Errors
/// When the thread cannot be started.
pub(super) fn run<T: Send>(f: impl FnOnce() -> T + Send) -> Result<T, Error> {
    let failed = |source| Error::System {
        action: "start a thread",
        source,
    };
    scope(|threads| {
        let builder = Builder::new().stack_size(STACK_BYTES);
        let thread = builder.spawn_scoped(threads, f).map_err(failed)?;
        thread
            .join()
            .map_err(|_| failed(std::io::Error::other("it stopped")))
    })
}
