//! Finds the files that an argument names.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::number::Number;
use super::pattern::Pattern;
use super::sequence::Sequence;
use crate::error::Error;

/// Limit for the names in a directory.
pub(crate) const MOST_NAMES: usize = 20_000_000;

/// The files that match a pattern and its range; none is not an error. Only the directory is read, no
/// file.
///
/// # Errors
/// When the range is wrong, or the directory cannot be read or has too many names.
pub(crate) fn matching(pattern: &Pattern) -> Result<Sequence, Error> {
    let directory = match pattern.directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => &pattern.directory,
    };
    let mut frames = pattern.frames().map_err(|error| {
        let range = pattern.range.as_deref().unwrap_or_default();
        Error::usage(format!("the range {range} before the padding: {error}"))
    })?;
    if let Some(frames) = &mut frames {
        frames.sort_unstable();
    }
    let is_wanted = |number: &Number| match &frames {
        Some(frames) => frames.binary_search(&number.frame).is_ok(),
        None => true,
    };
    let fail = |error| Error::file("read", directory)(error);
    let mut numbers = Vec::new();
    for (read, entry) in fs::read_dir(directory).map_err(fail)?.enumerate() {
        if read >= MOST_NAMES {
            let what = directory.display().to_string();
            return Err(Error::malformed(what, "too many files"));
        }
        let name = entry.map_err(fail)?.file_name();
        numbers.extend(pattern.number_in(name.as_bytes()).filter(is_wanted));
    }
    numbers.sort_unstable();
    Ok(Sequence {
        directory: pattern.directory.clone(),
        prefix: pattern.prefix.clone(),
        suffix: pattern.suffix.clone(),
        numbers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_of_a_pattern_limits_the_frames() {
        let directory = std::env::temp_dir().join(format!("c47-range-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        for name in ["a.1.exr", "a.0002.exr", "a.3.exr", "a.5.exr", "a.12.exr"] {
            fs::write(directory.join(name), "").unwrap();
        }
        let found = |name: &str| {
            let pattern = Pattern::parse(&directory.join(name)).unwrap();
            matching(&pattern).map(|sequence| {
                let numbers = sequence.numbers.iter();
                numbers.map(Number::text).collect::<Vec<_>>().join(" ")
            })
        };
        assert_eq!(found("a.#.exr").unwrap(), "1 0002 3 5 12");
        assert_eq!(found("a.1-5#.exr").unwrap(), "1 0002 3 5");
        assert_eq!(found("a.12,5-1x2#.exr").unwrap(), "1 3 5 12");
        assert_eq!(found("a.2-9@@@@.exr").unwrap(), "0002");
        assert_eq!(found("a.7#.exr").unwrap(), "");
        let error = found("a.1-9x0#.exr").unwrap_err();
        assert_eq!(error.exit(), crate::exit::Exit::Usage);
        assert_eq!(
            error.to_string(),
            "the range 1-9x0 before the padding: '1-9x0': the step is zero"
        );
        fs::remove_dir_all(&directory).unwrap();
    }
}
