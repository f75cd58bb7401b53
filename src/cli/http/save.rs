//! `-o FILE`: writes the body of a response to a file or a stream.

use std::io::Write;
use std::path::Path;

use super::show::copy;
use super::status::Verbosity;
use crate::atomic_file::{AtomicFile, Place, Stop, Stream};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Response;
use crate::http::failure::{Failure, Phase};
use crate::output;

/// Writes the body to a file, complete or not at all. A device, a FIFO or a descriptor is written
/// to directly.
pub(super) fn to_file(
    answer: &mut Response,
    path: &Path,
    deadline: Deadline,
    level: Verbosity,
) -> Result<(), Error> {
    if let Place::Stream(place) = Place::of(path)? {
        let mut stream = Stream::open(&place, deadline).map_err(|stop| error_of(stop, path))?;
        return copy(answer, &mut |bytes| {
            stream.write(bytes).map_err(|stop| error_of(stop, path))
        });
    }
    let mut file = AtomicFile::create(path, 0o666)?;
    copy(answer, &mut |bytes| {
        file.write_all(bytes).map_err(Error::file("write", path))
    })?;
    file.commit()?;
    if level == Verbosity::Normal && output::stderr_is_terminal() {
        output::say(format_args!("c47 http: {} written", path.display()));
    }
    Ok(())
}

fn error_of(stop: Stop, path: &Path) -> Error {
    match stop {
        Stop::Failed(error) => Error::file("write", path)(error),
        Stop::TimedOut => Error::Http(Failure::TimedOut {
            phase: Phase::Whole,
            after: None,
        }),
    }
}
