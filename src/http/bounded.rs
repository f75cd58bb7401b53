//! Reads whole streams, up to a limit.

use std::io::Read;

use super::failure::{Failure, Phase};
use crate::deadline::Deadline;
use crate::descriptor;
use crate::error::Error;
use crate::io_error::reason;

/// The largest body from stdin or a pipe, which is held in memory because it cannot be read twice.
/// Files are streamed.
pub(crate) const MAX_IN_MEMORY: u64 = 64 << 20;

/// Runs `read` within the time of the call: an item's file may be a pipe without a writer.
///
/// # Errors
/// The errors of `read`, and a timeout.
pub(crate) fn within<T: Send + 'static>(
    deadline: Deadline,
    read: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let result = deadline.wait_for(read).map_err(|source| Error::System {
        action: "start a thread",
        source,
    })?;
    result.unwrap_or_else(|| {
        Err(Error::Http(Failure::TimedOut {
            phase: Phase::Whole,
            after: None,
        }))
    })
}

/// Reads all of stdin.
pub(super) fn read_stdin() -> Result<Vec<u8>, Error> {
    const NAME: &str = "standard input";
    let stdin = descriptor::stdin().map_err(|error| Error::malformed(NAME, reason(&error)))?;
    read_bounded(stdin, NAME)
}

/// Reads a whole stream of unknown length.
pub(super) fn read_bounded(from: impl Read, name: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    from.take(MAX_IN_MEMORY + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::malformed(name, reason(&error)))?;
    if bytes.len() as u64 > MAX_IN_MEMORY {
        return Err(Error::usage_hint(
            format!("{name} is larger than 64 MiB"),
            "write it to a file first; --body FILE streams files of any size",
        ));
    }
    Ok(bytes)
}
