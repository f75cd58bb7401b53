//! The files of a command line: files, directories, archives, and members of archives.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::{self, Archive, Archives};
use super::parse::Object;
use super::reader::Fault;
use super::root::Root;
use super::walk;
use crate::parallel;
use crate::zip;

/// Limit for the number of archive members in one run. Each takes a few hundred bytes.
const MOST_MEMBERS: usize = 1_000_000;

/// Where the bytes of an input are.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    File,
    /// A member of an archive, by number.
    Member(Arc<Archive>, usize),
}

/// How an input was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was named on the command line.
    Argument,
    /// It was found in a directory or an archive. Files that are not ELF files are skipped.
    Found,
}

/// A file to check.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Its path in reports.
    pub path: PathBuf,
    pub origin: Origin,
    pub place: Place,
}

impl Input {
    /// Opens it as an ELF file.
    ///
    /// # Errors
    /// When it cannot be read, or is not an ELF file.
    pub(crate) fn open(&self) -> Result<Object, Fault> {
        match &self.place {
            // Its type is known from the directory.
            Place::File if self.origin == Origin::Found => Object::open_regular(&self.path),
            Place::File => Object::open(&self.path),
            Place::Member(archive, number) => match archive.source(*number)? {
                Some(source) => Object::read(source),
                None => Err(Fault::NotElf("a file of unknown type".into())),
            },
        }
    }

    /// Whether to skip the file silently: it was found in a directory and is not an ELF file.
    pub(crate) fn should_skip(&self, fault: &Fault) -> bool {
        let other_kind = matches!(fault, Fault::NotElf(_) | Fault::NotRegular(_));
        other_kind && self.origin == Origin::Found
    }
}

/// All files that the arguments lead to.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub list: Vec<Input>,
    /// Directories and archives that could not be read.
    pub faults: Vec<(PathBuf, Fault)>,
    pub archives: Archives,
    /// How many inputs are members of archives.
    members: usize,
}

impl Inputs {
    /// Adds a file, each member of an archive, or a named member. A directory is added as a file,
    /// and opening it fails.
    pub(crate) fn add_file(&mut self, root: &Root, path: &Path) {
        // The path inside the root, and its real path.
        let place = |path: &Path| {
            let inside = root.inside(path);
            let outside = root.resolve(&inside).ok()?;
            zip::is_archive(&outside).then_some((inside, outside))
        };
        if let Some((inside, outside)) = place(path) {
            return self.add_archive(&outside, &inside);
        }
        let member =
            archive::split(path).and_then(|(archive, member)| Some((place(archive)?, member)));
        match member {
            Some(((inside, outside), member)) => self.add_member(&outside, &inside, member),
            None => self.list.push(Input {
                path: path.to_owned(),
                origin: Origin::Argument,
                place: Place::File,
            }),
        }
    }

    /// Adds what a path leads to, and all files in a directory.
    pub(crate) fn add(&mut self, path: &Path) {
        if !path.is_dir() {
            return self.add_file(&Root::Host, path);
        }
        let found = walk::files(path);
        for (path, error) in found.unreadable {
            self.faults.push((path, Fault::Io(error)));
        }
        for path in found.files {
            if is_named_archive(&path) && zip::is_archive(&path) {
                self.add_archive(&path, &path);
            } else {
                self.list.push(Input {
                    path,
                    origin: Origin::Found,
                    place: Place::File,
                });
            }
        }
    }

    fn add_archive(&mut self, file: &Path, path: &Path) {
        let archive = match Archive::open(file, path) {
            Ok(archive) => Arc::new(archive),
            Err(fault) => return self.faults.push((path.to_owned(), fault)),
        };
        let members = archive.members();
        if self.members + members.len() > MOST_MEMBERS {
            let fault = Fault::Archive("too many members in all archives together".into());
            return self.faults.push((path.to_owned(), fault));
        }
        self.members += members.len();
        self.archives.add(archive.clone());
        let members = members.into_iter().map(|number| Input {
            path: archive.path_of(number),
            origin: Origin::Found,
            place: Place::Member(archive.clone(), number),
        });
        self.list.extend(members);
    }

    fn add_member(&mut self, file: &Path, path: &Path, member: &Path) {
        let archive = match Archive::open(file, path) {
            Ok(archive) => Arc::new(archive),
            Err(fault) => return self.faults.push((path.to_owned(), fault)),
        };
        self.archives.add(archive.clone());
        match archive.number_of(member) {
            Some(number) => self.list.push(Input {
                path: archive.path_of(number),
                origin: Origin::Argument,
                place: Place::Member(archive, number),
            }),
            None => {
                let path = archive.named(member);
                let fault = Fault::Io(std::io::Error::from_raw_os_error(libc::ENOENT));
                self.faults.push((path, fault));
            }
        }
    }
}

/// Only these are opened when found in a directory, because data files of other programs may be
/// ZIP archives as well.
fn is_named_archive(path: &Path) -> bool {
    let extension = path
        .extension()
        .map(|extension| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| extension == "whl" || extension == "zip")
}

/// What the arguments lead to.
#[derive(Debug)]
pub(crate) struct Contents<R> {
    /// The programs and libraries in order, and the results for them.
    pub read: Vec<(PathBuf, Result<R, Fault>)>,
    /// Directories and archives that could not be read.
    pub faults: Vec<(PathBuf, Fault)>,
}

/// The result of `work` for each program and library that the arguments lead to. A file is opened
/// once, by the thread that reads it; directories and archives are opened after that.
pub(crate) fn read_all<S, R: Send>(
    arguments: &[String],
    prepare: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &Path, &Object) -> Result<R, Fault> + Sync,
) -> Contents<R> {
    let files = parallel::in_parallel(arguments, &prepare, |state, argument| {
        let path = Path::new(argument);
        let object = open_file(path)?;
        Some(object.and_then(|object| work(state, path, &object)))
    });
    let mut inputs = Inputs::default();
    let mut sources = Vec::new();
    for (argument, result) in arguments.iter().zip(files) {
        if result.is_none() {
            inputs.add(Path::new(argument));
        }
        sources.push((argument, result, inputs.list.len()));
    }
    // Most files in a directory have no result, and take no more memory than a pointer.
    let found = each(&inputs.list, prepare, |state, input| {
        let result = input
            .open()
            .and_then(|object| work(state, &input.path, &object));
        match result {
            Err(fault) if input.should_skip(&fault) => None,
            result => Some(Box::new(result)),
        }
    });
    let mut found = inputs.list.into_iter().zip(found).enumerate().peekable();
    let mut read = Vec::new();
    for (argument, result, end) in sources {
        read.extend(result.map(|result| (PathBuf::from(argument), result)));
        while let Some((_, (input, result))) = found.next_if(|(number, _)| *number < end) {
            read.extend(result.map(|result| (input.path, *result)));
        }
    }
    Contents {
        read,
        faults: inputs.faults,
    }
}

/// The file that an argument names. `None` if it may lead to more or to something else: a directory,
/// an archive or a member of one, or nothing.
fn open_file(path: &Path) -> Option<Result<Object, Fault>> {
    let metadata = std::fs::metadata(path).ok().filter(|it| !it.is_dir())?;
    match Object::open_seen(path, &metadata) {
        Err(Fault::NotElf(_)) if zip::is_archive(path) => None,
        opened => Some(opened),
    }
}

/// The result of `work` for each input, in order. Files are read by one thread per core. Members
/// are read one at a time, because each is in memory.
pub(crate) fn each<S, R: Send>(
    inputs: &[Input],
    prepare: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &Input) -> R + Sync,
) -> Vec<R> {
    let is_file = |input: &&Input| matches!(input.place, Place::File);
    let files: Vec<&Input> = inputs.iter().filter(is_file).collect();
    let mut of_files =
        parallel::in_parallel(&files, &prepare, |state, input| work(state, input)).into_iter();
    let mut state = prepare();
    let in_turn = inputs.iter().filter_map(|input| match input.place {
        Place::File => of_files.next(),
        Place::Member(..) => Some(work(&mut state, input)),
    });
    in_turn.collect()
}
