//! What a command line names: files, directories, archives, and members of archives.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::{self, Archive, Archives};
use super::parse::Object;
use super::reader::Fault;
use super::root::Root;
use super::walk;
use crate::zip;

/// No run looks at more members of archives; each takes some hundred bytes.
const MOST_MEMBERS: usize = 1_000_000;

/// Where an input's bytes are.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    File,
    /// The number of a member.
    Member(Arc<Archive>, usize),
}

/// How an input was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// It was named.
    Named,
    /// It was met in a directory or an archive: what is no ELF file is passed over.
    Met,
}

/// A file to look at.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// As reports name it.
    pub path: PathBuf,
    pub given: Given,
    pub place: Place,
}

impl Input {
    /// Opens it as an ELF file.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub(crate) fn open(&self) -> Result<Object, Fault> {
        match &self.place {
            Place::File => Object::open(&self.path),
            Place::Member(archive, number) => match archive.source(*number)? {
                Some(source) => Object::read(source),
                None => Err(Fault::NotElf("another kind of file".into())),
            },
        }
    }

    /// Whether a fault is none of anybody's business: a file that was met and is no ELF file.
    pub(crate) fn passes_over(&self, fault: &Fault) -> bool {
        let other_kind = matches!(fault, Fault::NotElf(_) | Fault::NotRegular(_));
        other_kind && self.given == Given::Met
    }
}

/// All files that some names lead to.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub list: Vec<Input>,
    /// Directories and archives that could not be read.
    pub faults: Vec<(PathBuf, Fault)>,
    pub archives: Archives,
    /// How many of them are members of archives.
    members: usize,
}

impl Inputs {
    /// Adds what a path leads to: a file, each member of an archive, or a member that is named. A
    /// directory is taken as a file, and refused when it is opened.
    pub(crate) fn add_file(&mut self, root: &Root, path: &Path) {
        // The path inside the root, and where that is.
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
                given: Given::Named,
                place: Place::File,
            }),
        }
    }

    /// Adds what a path leads to, a directory with all that is in it.
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
                    given: Given::Met,
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
            let fault = Fault::Archive("its members are too many beside the others".into());
            return self.faults.push((path.to_owned(), fault));
        }
        self.members += members.len();
        self.archives.add(archive.clone());
        let members = members.into_iter().map(|number| Input {
            path: archive.path_of(number),
            given: Given::Met,
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
                given: Given::Named,
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

/// Only these are looked into where they are met: other programs' data is archives too.
fn is_named_archive(path: &Path) -> bool {
    let extension = path
        .extension()
        .map(|extension| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| extension == "whl" || extension == "zip")
}

/// What `work` makes of each input, in their order: of files by as many threads as there are cores,
/// of members one at a time, for each is in memory.
pub(crate) fn each<S, R: Send>(
    inputs: &[Input],
    prepare: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &Input) -> R + Sync,
) -> Vec<R> {
    let is_file = |input: &&Input| matches!(input.place, Place::File);
    let files: Vec<&Input> = inputs.iter().filter(is_file).collect();
    let mut of_files =
        walk::in_parallel(&files, &prepare, |state, input| work(state, input)).into_iter();
    let mut state = prepare();
    let in_turn = inputs.iter().filter_map(|input| match input.place {
        Place::File => of_files.next(),
        Place::Member(..) => Some(work(&mut state, input)),
    });
    in_turn.collect()
}
