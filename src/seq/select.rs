//! Finds the sequences and files that arguments name.

mod argument;
mod matching;
mod part;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::group::group;
use super::group::listing::Links;
use crate::error::Error;
use crate::sort::Sortable;
use argument::{Argument, Parts};
use matching::listed;
#[cfg(test)]
pub(crate) use matching::matching;
pub(crate) use part::{Depth, Files, Found, Part, Rules};

/// Limit for the depth of directories.
const MOST_DEPTH: usize = 128;

/// What arguments name.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    pub sequences: Vec<Found>,
    /// Files that are in no sequence.
    pub files: Vec<PathBuf>,
    /// What could not be read.
    pub errors: Vec<Error>,
}

/// The sequences and files that arguments name. An argument is a file or directory that exists, or a
/// pattern. Each file and each sequence is there once.
///
/// # Errors
/// A range that is not one. What cannot be read or does not exist is in `errors`.
pub(crate) fn arguments(paths: &[PathBuf], rules: Rules) -> Result<Selected, Error> {
    let mut selected = Selected::default();
    let Selected {
        sequences,
        files,
        errors,
    } = &mut selected;
    each(paths, rules, &mut |part| {
        match part {
            Ok(part) => {
                files.extend(part.file_names().map(|name| part.directory.join(name)));
                sequences.extend(part.sequences);
            }
            Err(error) => errors.push(error),
        }
        Ok(())
    })?;
    Ok(selected)
}

/// The same for each directory, as soon as it has been read. `visit` gets what could not be read as an
/// error.
///
/// # Errors
/// A range that is not one, and errors of `visit`.
pub(crate) fn each(paths: &[PathBuf], rules: Rules, visit: &mut Visit) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let mut named = Vec::new();
    let mut places: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for path in paths {
        match Argument::of(path) {
            Ok(Argument::Directory) => named.push(Named::Directory(path)),
            Ok(argument) => {
                let parent = path.parent().unwrap_or(Path::new(""));
                let at = *places.entry(parent.to_owned()).or_insert_with(|| {
                    named.push(Named::Parts(Parts::in_directory(parent)));
                    named.len() - 1
                });
                if let Some(Named::Parts(parts)) = named.get_mut(at) {
                    parts.add(path, argument)?;
                }
            }
            Err(error) => visit(Err(error))?,
        }
    }
    for one in named {
        match one {
            Named::Directory(path) if seen.insert(path) => tree(path, rules, visit)?,
            Named::Directory(_) => {}
            Named::Parts(parts) => match parts.find(rules) {
                Ok(part) => visit(Ok(part))?,
                Err(error) => visit(Err(error))?,
            },
        }
    }
    Ok(())
}

/// Gets what was found in a directory, or why it could not be read.
pub(crate) type Visit<'a> = dyn FnMut(Result<Part, Error>) -> Result<(), Error> + 'a;

/// Arguments in the order in which they are listed.
enum Named<'a> {
    Directory(&'a Path),
    Parts(Parts),
}

/// Lists a directory, and with `Depth::All` those below it, each before its own directories.
fn tree(directory: &Path, rules: Rules, visit: &mut Visit) -> Result<(), Error> {
    let mut waiting = vec![(directory.to_owned(), 0)];
    while let Some((path, depth)) = waiting.pop() {
        let links = match depth {
            0 => Links::Followed,
            _ => Links::Refused,
        };
        let listing = match listed(&path, rules.hidden, links) {
            Ok(listing) => listing,
            Err(error) => {
                visit(Err(error))?;
                continue;
            }
        };
        let below = listing.directories;
        visit(Ok(Part::of(&path, group(&path, listing.files))))?;
        match rules.depth {
            Depth::Given => {}
            Depth::All if depth >= MOST_DEPTH && below.len() > 0 => {
                let too_deep = std::io::Error::other("too many nested directories");
                visit(Err(Error::file("read", &path)(too_deep)))?;
            }
            Depth::All => {
                let names = below.iter().map(OsStr::from_bytes);
                let mut paths: Vec<PathBuf> = names.map(|name| path.join(name)).collect();
                paths.order_by(|a, b| b.cmp(a));
                waiting.extend(paths.into_iter().map(|path| (path, depth + 1)));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::seq::number::Number;
    use crate::seq::pattern::Pattern;

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
