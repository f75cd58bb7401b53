//! Finds the files that an argument names.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::pattern::Pattern;
use super::sequence::Sequence;
use crate::error::Error;

/// Limit for the names in a directory.
pub(crate) const MOST_NAMES: usize = 20_000_000;

/// The files that match a pattern; none is not an error. Only the directory is read, no file.
///
/// # Errors
/// When the directory cannot be read or has too many names.
pub(crate) fn matching(pattern: &Pattern) -> Result<Sequence, Error> {
    let directory = match pattern.directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => &pattern.directory,
    };
    let fail = |error| Error::file("read", directory)(error);
    let mut numbers = Vec::new();
    for (read, entry) in fs::read_dir(directory).map_err(fail)?.enumerate() {
        if read >= MOST_NAMES {
            let what = directory.display().to_string();
            return Err(Error::malformed(what, "too many files"));
        }
        let name = entry.map_err(fail)?.file_name();
        numbers.extend(pattern.number_in(name.as_bytes()));
    }
    numbers.sort_unstable();
    Ok(Sequence {
        directory: pattern.directory.clone(),
        prefix: pattern.prefix.clone(),
        suffix: pattern.suffix.clone(),
        numbers,
    })
}
