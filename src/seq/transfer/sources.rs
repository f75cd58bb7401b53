//! From arguments to pairs: which files a run takes, and the new place of each.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::directories::Directories;
use super::numbers::{Renumber, offset, renumbered};
use super::plan::{Pair, Taken};
use super::script::Place;
use crate::atomic_file::directory_of;
use crate::error::Error;
use crate::seq::frame::Frame;
use crate::seq::group::common_width;
use crate::seq::number::Number;
use crate::seq::pattern::{Padding, Pattern};

/// What the arguments say about names.
pub(crate) struct Naming<'a> {
    pub sources: &'a [String],
    /// `None`: frames get other numbers and keep their directory.
    pub target: Option<&'a str>,
    pub renumber: Renumber,
    /// The width of numbers in new names.
    pub pad: Option<u8>,
}

/// Where frames go.
enum Target {
    /// Their names are kept, except for the number.
    Directory(usize),
    Pattern(usize, Pattern),
    /// Their directories and names are kept, except for the number.
    Same,
}

/// The files of one source.
struct Source {
    directory: usize,
    /// `None`: single files without a number.
    pattern: Option<Pattern>,
    /// With their inode numbers, sorted.
    numbers: Vec<(Number, u64)>,
    /// The width that the numbers of the whole sequence have in common.
    width: Option<u8>,
    files: Vec<(Vec<u8>, u64)>,
}

/// The files that the sources name, and their new places.
///
/// # Errors
/// When a source names nothing, is a directory, or does not fit the target.
pub(super) fn pairs(naming: &Naming, directories: &mut Directories) -> Result<Vec<Pair>, Error> {
    let parsed = parse(naming.sources)?;
    let target = target(naming, directories)?;
    let mut indices = Vec::new();
    for source in &parsed {
        indices.push(directories.index(source.directory())?);
    }
    directories.lock();
    let mut pairs = Vec::new();
    for (source, directory) in parsed.into_iter().zip(indices) {
        let source = source.find(directory, directories)?;
        add(&source, &target, naming, &mut pairs)?;
    }
    Ok(pairs)
}

/// The files that the sources name, to be removed.
///
/// # Errors
/// As [`pairs`].
pub(super) fn removed(
    sources: &[String],
    directories: &mut Directories,
) -> Result<Vec<Pair>, Error> {
    let naming = Naming {
        sources,
        target: None,
        renumber: Renumber::Keep,
        pad: None,
    };
    for source in sources {
        if fs::symlink_metadata(source).is_ok() {
            return Err(Error::usage_hint(
                format!("{source} names single files"),
                "rm removes them; this command takes patterns such as shot.1-100#.exr",
            ));
        }
    }
    let mut pairs = pairs(&naming, directories)?;
    let mut seen = BTreeSet::new();
    pairs.retain(|pair| seen.insert(pair.from.clone()));
    for pair in &mut pairs {
        pair.to = None;
    }
    Ok(pairs)
}

/// The names that exist where files are to be placed.
///
/// # Errors
/// When a directory cannot be read.
pub(super) fn taken(
    pairs: &[Pair],
    directories: &mut Directories,
) -> Result<BTreeMap<Place, Taken>, Error> {
    let mut wanted: BTreeMap<usize, BTreeSet<&[u8]>> = BTreeMap::new();
    for to in pairs.iter().filter_map(|pair| pair.to.as_ref()) {
        wanted.entry(to.directory).or_default().insert(&to.name);
    }
    let mut taken = BTreeMap::new();
    for (directory, names) in wanted {
        directories.read(directory, &mut |entry| {
            if names.contains(entry.name) {
                let place = Place {
                    directory,
                    name: entry.name.to_vec(),
                };
                let found = Taken {
                    inode: entry.inode,
                    is_directory: entry.is_directory(),
                };
                taken.insert(place, found);
            }
            Ok(())
        })?;
    }
    Ok(taken)
}

/// An argument.
enum Parsed<'a> {
    Pattern(Pattern, &'a str),
    /// Files of one directory, with their inode numbers.
    Files(&'a Path, Vec<(Vec<u8>, u64)>),
}

fn parse(sources: &[String]) -> Result<Vec<Parsed<'_>>, Error> {
    let mut parsed: Vec<Parsed> = Vec::new();
    for text in sources {
        let path = Path::new(text);
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pattern = Pattern::parse(path).ok_or_else(|| {
                    Error::file("find", path)(error)
                        .with_hint("a pattern has a place for the frame number, such as shot.#.exr")
                })?;
                parsed.push(Parsed::Pattern(pattern, text));
                continue;
            }
            Err(error) => return Err(Error::file("read", path)(error)),
            Ok(found) => found,
        };
        if !found.is_file() && !found.is_symlink() {
            return Err(Error::usage_hint(
                format!("{text} is not a file"),
                "name files, or a pattern such as shot.#.exr",
            ));
        }
        let name = path.file_name().map(OsStr::as_bytes).unwrap_or_default();
        let file = (name.to_vec(), found.ino());
        let directory = path.parent().unwrap_or(Path::new(""));
        match parsed.last_mut() {
            Some(Parsed::Files(last, files)) if *last == directory => files.push(file),
            Some(_) | None => parsed.push(Parsed::Files(directory, vec![file])),
        }
    }
    Ok(parsed)
}

impl Parsed<'_> {
    fn directory(&self) -> &Path {
        match self {
            Parsed::Pattern(pattern, _) => &pattern.directory,
            Parsed::Files(directory, _) => directory,
        }
    }

    fn find(self, directory: usize, directories: &mut Directories) -> Result<Source, Error> {
        let (pattern, text) = match self {
            Parsed::Pattern(pattern, text) => (pattern, text),
            Parsed::Files(_, files) => {
                return Ok(Source {
                    directory,
                    pattern: None,
                    numbers: Vec::new(),
                    width: None,
                    files,
                });
            }
        };
        let selected = selected(&pattern)?;
        let mut numbers = Vec::new();
        let mut all = Vec::new();
        directories.read(directory, &mut |entry| {
            let Some(number) = pattern.number_in(entry.name) else {
                return Ok(());
            };
            all.push(number);
            let is_selected = |frames: &BTreeSet<Frame>| frames.contains(&number.frame);
            if !selected.as_ref().is_none_or(is_selected) {
                return Ok(());
            }
            if !entry.is_file() {
                let path = pattern.directory.join(OsStr::from_bytes(entry.name));
                let message = format!("{} is not a file", path.display());
                return Err(Error::usage(message));
            }
            numbers.push((number, entry.inode));
            Ok(())
        })?;
        if numbers.is_empty() {
            return Err(Error::Nothing {
                place: text.to_owned(),
                what: "frames",
            });
        }
        numbers.sort_unstable();
        Ok(Source {
            directory,
            pattern: Some(pattern),
            numbers,
            width: common_width(all.into_iter()),
            files: Vec::new(),
        })
    }
}

/// The frames of the range in a pattern.
fn selected(pattern: &Pattern) -> Result<Option<BTreeSet<Frame>>, Error> {
    let frames = pattern.frames().map_err(|error| {
        let range = pattern.range.as_deref().unwrap_or_default();
        Error::usage(format!("the range {range} before the padding: {error}"))
    })?;
    Ok(frames.map(|frames| frames.into_iter().collect()))
}

fn target(naming: &Naming, directories: &mut Directories) -> Result<Target, Error> {
    let Some(text) = naming.target else {
        return Ok(Target::Same);
    };
    let path = Path::new(text);
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return directories.index(path).map(Target::Directory),
        Ok(_) => {
            return Err(Error::usage_hint(
                format!("{text} exists and is not a directory"),
                "the destination is a directory or a pattern such as shot.#.exr",
            ));
        }
        Err(_) => {}
    }
    let Some(pattern) = Pattern::parse(path) else {
        return Err(Error::usage_hint(
            format!("{text} is neither a directory nor a pattern"),
            "create the directory first, or use a pattern such as shot.#.exr",
        ));
    };
    if pattern.range.is_some() {
        return Err(Error::usage_hint(
            format!("{text}: the destination has a range"),
            "the source selects the frames; --start and --offset renumber them",
        ));
    }
    if naming.sources.len() > 1 {
        return Err(Error::usage(
            "several sources require a directory as destination",
        ));
    }
    let directory = directory_of(path);
    match fs::metadata(directory) {
        Ok(found) if found.is_dir() => {}
        Ok(_) | Err(_) => {
            let shown = crate::shell::quote_path(directory);
            return Err(Error::usage_hint(
                format!("{} is not a directory", directory.display()),
                format!("create it with mkdir -p {shown}"),
            ));
        }
    }
    let index = directories.index(&pattern.directory)?;
    Ok(Target::Pattern(index, pattern))
}

/// Adds the pairs of a source.
fn add(
    source: &Source,
    target: &Target,
    naming: &Naming,
    pairs: &mut Vec<Pair>,
) -> Result<(), Error> {
    let Some(pattern) = &source.pattern else {
        return add_files(source, target, naming, pairs);
    };
    let own = Pattern {
        padding: Padding::Any,
        ..pattern.clone()
    };
    let (directory, to) = match target {
        Target::Directory(directory) => (*directory, &own),
        Target::Pattern(directory, pattern) => (*directory, pattern),
        Target::Same => (source.directory, &own),
    };
    let first = source.numbers.first().map(|(number, _)| number.frame);
    let offset = offset(first, naming.renumber)?;
    for (number, inode) in &source.numbers {
        let new = renumbered(number, source.width, offset, to.padding, naming.pad)?;
        let name = |pattern: &Pattern, number: &Number| {
            [&*pattern.prefix, number.text().as_bytes(), &*pattern.suffix].concat()
        };
        pairs.push(Pair {
            from: Place {
                directory: source.directory,
                name: name(pattern, number),
            },
            inode: *inode,
            to: Some(Place {
                directory,
                name: name(to, &new),
            }),
        });
    }
    Ok(())
}

/// Single files keep their names.
fn add_files(
    source: &Source,
    target: &Target,
    naming: &Naming,
    pairs: &mut Vec<Pair>,
) -> Result<(), Error> {
    let directory = match target {
        Target::Directory(directory) => *directory,
        Target::Same => source.directory,
        Target::Pattern(..) => {
            return Err(Error::usage_hint(
                "a single file keeps its name, so the destination must be a directory",
                "to rename one frame, use a pattern with its number: shot.7#.exr",
            ));
        }
    };
    if naming.renumber != Renumber::Keep || naming.pad.is_some() {
        return Err(Error::usage_hint(
            "single files cannot be renumbered",
            "use a pattern such as shot.#.exr, or shot.7#.exr for one frame",
        ));
    }
    for (name, inode) in &source.files {
        let place = |directory| Place {
            directory,
            name: name.clone(),
        };
        pairs.push(Pair {
            from: place(source.directory),
            inode: *inode,
            to: Some(place(directory)),
        });
    }
    Ok(())
}
