//! Finds the sequences and files that arguments name.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::frame::Frame;
use super::group::listing::{self, Hidden, Links, Names};
use super::group::{Groups, common_width, group};
use super::notation::Notation;
use super::pattern::{Padding, Pattern};
use super::sequence::Sequence;
use crate::error::Error;

/// Limit for the depth of directories.
const MOST_DEPTH: usize = 128;

/// What a file among the arguments stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// The sequence that it belongs to.
    Whole,
    /// Itself: the given files of a directory make sequences, and no other files belong to them.
    Given,
}

/// Which directories are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The given ones.
    Given,
    /// Also those below them. Symlinks are not followed.
    All,
}

/// How arguments are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub files: Files,
    pub depth: Depth,
    /// Whether hidden files and directories in a directory are listed.
    pub hidden: Hidden,
}

/// A sequence that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its files that exist, within the range of the pattern. A pattern without files gives a sequence
    /// without numbers.
    pub sequence: Sequence,
    /// The frames in the range of the pattern.
    pub requested: Option<Vec<Frame>>,
}

/// What was found in one directory.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub directory: PathBuf,
    pub sequences: Vec<Found>,
    /// The names that `files` is about.
    pub names: Names,
    /// The places of the files that are in no sequence, sorted by name.
    pub files: Vec<usize>,
}

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
            Ok(Argument::Nameless) => visit(Err(missing(path)))?,
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

/// What an argument is.
enum Argument {
    Directory,
    File,
    Pattern(Pattern),
    /// It has no file name, as `..` that does not exist.
    Nameless,
}

impl Argument {
    /// # Errors
    /// When it is no pattern and does not exist, or cannot be looked at.
    fn of(path: &Path) -> Result<Argument, Error> {
        let error = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Ok(Argument::Directory),
            Ok(_) if path.file_name().is_some() => return Ok(Argument::File),
            Ok(_) => return Ok(Argument::Nameless),
            // A symlink whose target does not exist.
            Err(_) if fs::symlink_metadata(path).is_ok() => return Ok(Argument::File),
            Err(error) => error,
        };
        match Pattern::parse(path) {
            Some(pattern) => Ok(Argument::Pattern(pattern)),
            None => Err(Error::file("read", path)(error)),
        }
    }
}

fn missing(path: &Path) -> Error {
    Error::file("read", path)(io::ErrorKind::NotFound.into())
}

/// Arguments in the order in which they are listed.
enum Named<'a> {
    Directory(&'a Path),
    Parts(Parts),
}

/// Files and patterns of one directory.
struct Parts {
    directory: PathBuf,
    files: Vec<Vec<u8>>,
    patterns: Vec<(Pattern, Option<Vec<Frame>>)>,
}

impl Parts {
    fn in_directory(directory: &Path) -> Parts {
        Parts {
            directory: directory.to_owned(),
            files: Vec::new(),
            patterns: Vec::new(),
        }
    }

    fn add(&mut self, path: &Path, argument: Argument) -> Result<(), Error> {
        match argument {
            Argument::Pattern(pattern) => {
                let requested = pattern.range.as_deref().map(frames_of).transpose()?;
                self.patterns.push((pattern, requested));
            }
            Argument::File | Argument::Directory | Argument::Nameless => {
                let name = path.file_name().unwrap_or_default();
                self.files.push(name.as_bytes().to_vec());
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the directory cannot be read.
    fn find(mut self, rules: Rules) -> Result<Part, Error> {
        self.files.sort_unstable();
        self.files.dedup();
        let names = match (rules.files, self.patterns.is_empty()) {
            (Files::Given, true) => Names::default(),
            (Files::Given, false) | (Files::Whole, _) => {
                let patterns = self.patterns.iter().map(|(pattern, _)| &pattern.prefix);
                let mut all = self.files.iter().chain(patterns);
                let hidden = match all.any(|name| name.starts_with(b".")) {
                    true => Hidden::Listed,
                    false => rules.hidden,
                };
                listed(&self.directory, hidden, Links::Followed)?.files
            }
        };
        let mut found: Vec<Found> = Vec::new();
        for (pattern, requested) in std::mem::take(&mut self.patterns) {
            let sequence = sequence_of(&pattern, &names, requested.as_deref());
            found.push(Found {
                sequence,
                requested,
            });
        }
        let mut part = match rules.files {
            Files::Given => {
                let mut given = Names::default();
                self.files.iter().for_each(|name| given.push(name));
                Part::of(&self.directory, group(&self.directory, given))
            }
            Files::Whole if self.files.is_empty() => Part::default(),
            Files::Whole => {
                let is_given = |name: &[u8]| {
                    let found = self
                        .files
                        .binary_search_by(|given| given.as_slice().cmp(name));
                    found.is_ok()
                };
                let mut part = Part::of(&self.directory, group(&self.directory, names));
                part.sequences.retain(|found| {
                    let mut names = found.sequence.numbers.iter();
                    names.any(|number| is_given(found.sequence.name(number).as_bytes()))
                });
                let Part { names, files, .. } = &mut part;
                files.retain(|at| is_given(names.get(*at)));
                part
            }
        };
        part.directory = self.directory;
        part.sequences.retain(|one| {
            let mut same = found.iter().map(|other| &other.sequence);
            !same.any(|other| *other == one.sequence)
        });
        found.append(&mut part.sequences);
        part.sequences = found;
        Ok(part)
    }
}

impl Part {
    fn of(directory: &Path, groups: Groups) -> Part {
        let all = groups.sequences.into_iter();
        Part {
            directory: directory.to_owned(),
            sequences: all
                .map(|sequence| Found {
                    sequence,
                    requested: None,
                })
                .collect(),
            names: groups.names,
            files: groups.files,
        }
    }

    /// The names of the files that are in no sequence.
    pub(crate) fn file_names(&self) -> impl Iterator<Item = &OsStr> {
        let names = self.files.iter().map(|at| self.names.get(*at));
        names.map(OsStr::from_bytes)
    }
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
                let too_deep = io::Error::other("too many nested directories");
                visit(Err(Error::file("read", &path)(too_deep)))?;
            }
            Depth::All => {
                let names = below.iter().map(OsStr::from_bytes);
                let mut paths: Vec<PathBuf> = names.map(|name| path.join(name)).collect();
                paths.sort_unstable_by(|a, b| b.cmp(a));
                waiting.extend(paths.into_iter().map(|path| (path, depth + 1)));
            }
        }
    }
    Ok(())
}

fn listed(directory: &Path, hidden: Hidden, links: Links) -> Result<listing::Listing, Error> {
    let shown = match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    };
    listing::list(directory, hidden, links).map_err(Error::file("read", shown))
}

/// The files that match a pattern; none is not an error. Only the directory is read, no file. The range
/// of the pattern is not used.
///
/// # Errors
/// When the directory cannot be read or has too many names.
pub(crate) fn matching(pattern: &Pattern) -> Result<Sequence, Error> {
    let names = listed(&pattern.directory, Hidden::Listed, Links::Followed)?.files;
    Ok(sequence_of(pattern, &names, None))
}

/// The names that match a pattern and are among these frames.
fn sequence_of(pattern: &Pattern, names: &Names, requested: Option<&[Frame]>) -> Sequence {
    let requested: Option<BTreeSet<Frame>> =
        requested.map(|frames| frames.iter().copied().collect());
    let numbers = names.iter().filter_map(|name| pattern.number_in(name));
    let is_requested = |frame: &Frame| {
        requested
            .as_ref()
            .is_none_or(|frames| frames.contains(frame))
    };
    let mut numbers: Vec<_> = numbers
        .filter(|number| is_requested(&number.frame))
        .collect();
    numbers.sort_unstable();
    // Any width: if all have one, it is that.
    let padding = match (pattern.padding, common_width(numbers.iter().copied())) {
        (Padding::Any, Some(width)) if !numbers.is_empty() => Padding::Width(width),
        (padding, _) => padding,
    };
    Sequence {
        directory: pattern.directory.clone(),
        prefix: pattern.prefix.clone(),
        padding,
        notation: Notation::Hash,
        suffix: pattern.suffix.clone(),
        numbers,
    }
}

/// The frames of the range of a pattern.
fn frames_of(range: &str) -> Result<Vec<Frame>, Error> {
    // Until ranges are merged: numbers and first-last, with commas.
    let wrong = || Error::usage(format!("'{range}' is not a frame range"));
    let mut frames = Vec::new();
    for part in range.split(',') {
        let (first, last) = match part.get(1..).and_then(|rest| rest.find('-')) {
            Some(at) => (part.get(..=at), part.get(at + 2..)),
            None => (Some(part), Some(part)),
        };
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
        let (Some(first), Some(last)) = (number(first), number(last)) else {
            return Err(wrong());
        };
        if last.saturating_sub(first) > 10_000_000 {
            return Err(wrong());
        }
        frames.extend((first..=last).filter_map(Frame::whole));
    }
    Ok(frames)
}
