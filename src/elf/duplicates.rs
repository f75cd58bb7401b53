//! Libraries that are there more than once, and which of them would meet in one process.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use object::elf;

use super::archive::{self, Archives};
use super::family::{family, version, without_hash};
use super::inputs::{self, Input, Inputs, Place};
use super::notes;
use super::parse::Architecture;
use super::reader::{Fault, FileId, Source};
use super::search::{Settings, Shelves};
use super::tree::{self, Via};
use crate::crypto::digest::Sha256;

/// No comparison reads more at once.
const CHUNK_BYTES: u64 = 1 << 20;

/// A library file.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    pub path: PathBuf,
    pub place: Place,
    /// The application it belongs to: the directory below the one that was given, or that one.
    pub application: String,
    pub soname: String,
    pub build_id: Option<String>,
    pub size_bytes: u64,
    pub version: Option<String>,
    /// Copies of the same bytes have the same number, from 1.
    pub build: usize,
}

/// A SONAME that is there more than once.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The SONAME, without the marks that packagers put into it.
    pub soname: String,
    pub copies: Vec<Carried>,
    /// How many different ones.
    pub builds: usize,
}

impl Group {
    /// What all copies take together.
    pub(crate) fn bytes(&self) -> u64 {
        self.copies.iter().map(|copy| copy.size_bytes).sum()
    }

    /// What copies of the same bytes take beyond the first.
    pub(crate) fn wasted_bytes(&self) -> u64 {
        let mut seen = BTreeSet::new();
        let again = self.copies.iter().filter(|copy| !seen.insert(copy.build));
        again.map(|copy| copy.size_bytes).sum()
    }
}

/// Libraries of one family that one process would load together.
#[derive(Clone, Debug)]
pub(crate) struct Meeting {
    pub family: String,
    /// Their names and paths.
    pub libraries: Vec<(OsString, OsString)>,
    /// The programs and libraries whose trees have them all.
    pub objects: Vec<PathBuf>,
}

/// All that was found under some directories.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    pub objects: usize,
    pub groups: Vec<Group>,
    pub meetings: Vec<Meeting>,
    /// Files and directories that could not be read.
    pub faults: Vec<(PathBuf, Fault)>,
}

struct Seen {
    id: FileId,
    architecture: Architecture,
    soname: Option<String>,
    build_id: Option<String>,
    size_bytes: u64,
    needs_something: bool,
}

/// Looks through directories. `settings` say how the objects' trees are resolved.
pub(crate) fn duplicates(directories: &[PathBuf], settings: &Settings) -> Duplicates {
    let mut result = Duplicates::default();
    let mut inputs = Inputs::default();
    let mut applications = Vec::new();
    for directory in directories {
        inputs.add(directory);
        let several = directories.len() > 1;
        let new = inputs.list.iter().skip(applications.len());
        let names: Vec<String> = new
            .map(|input| application(directory, &input.path, several))
            .collect();
        applications.extend(names);
    }
    result.faults.append(&mut inputs.faults);
    let seen = inputs::each(&inputs.list, || (), |(), input| look(input));
    let mut by_name: BTreeMap<(String, Architecture), Vec<Carried>> = BTreeMap::new();
    let mut objects: Vec<Input> = Vec::new();
    let mut ids = BTreeSet::new();
    for ((input, application), seen) in inputs.list.into_iter().zip(applications).zip(seen) {
        let path = input.path.clone();
        let seen = match seen {
            Ok(Some(seen)) => seen,
            Ok(None) => continue,
            Err(fault) => {
                result.faults.push((path, fault));
                continue;
            }
        };
        // Another hard link is no other copy.
        if !ids.insert(seen.id) {
            continue;
        }
        result.objects += 1;
        if seen.needs_something {
            objects.push(input.clone());
        }
        let Some(soname) = seen.soname else { continue };
        let file_name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let key = (without_hash(&soname), seen.architecture);
        by_name.entry(key).or_default().push(Carried {
            version: file_name.and_then(|name| version(&name)),
            application,
            soname,
            build_id: seen.build_id,
            size_bytes: seen.size_bytes,
            build: 0,
            place: input.place,
            path,
        });
    }
    let several = by_name.into_iter().filter(|(_, copies)| copies.len() > 1);
    let mut unread = BTreeMap::new();
    result.groups = several
        .map(|((soname, _), copies)| group(soname, copies, &mut unread))
        .collect();
    result.faults.extend(unread);
    result
        .groups
        .sort_by_key(|group| std::cmp::Reverse(group.bytes()));
    result.meetings = meetings(&objects, settings, &inputs.archives);
    result
}

fn application(directory: &Path, path: &Path, several: bool) -> String {
    let name = if several {
        directory.file_name()
    } else {
        // What is in an archive is below it: `a.whl!/b/c`.
        let inside = archive::split(path).filter(|(archive, _)| *archive == directory);
        let below = match inside {
            Some((_, inside)) => inside,
            None => path.strip_prefix(directory).unwrap_or(path),
        };
        let mut components = below.components();
        let first = components.next();
        // A file right below the directory belongs to the directory.
        match components.next() {
            Some(_) => first.map(|component| component.as_os_str()),
            None => directory.file_name(),
        }
    };
    let name = name.map_or_else(
        || directory.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    name.strip_suffix('!').map(str::to_owned).unwrap_or(name)
}

/// `None` for what is no program and no library.
fn look(input: &Input) -> Result<Option<Seen>, Fault> {
    let object = match input.open() {
        Ok(object) => object,
        Err(Fault::NotElf(_) | Fault::NotRegular(_)) => return Ok(None),
        Err(fault) => return Err(fault),
    };
    if object.kind != elf::ET_DYN.0 && object.kind != elf::ET_EXEC.0 {
        return Ok(None);
    }
    let soname = object
        .value(elf::DT_SONAME)
        .map(|at| object.string(at))
        .transpose()?;
    Ok(Some(Seen {
        id: object.source.id,
        architecture: object.architecture,
        soname: soname.map(|name| name.to_string_lossy().into_owned()),
        build_id: notes::notes(&object)?.build_id,
        size_bytes: object.source.size_bytes,
        needs_something: object.value(elf::DT_NEEDED).is_some(),
    }))
}

/// Numbers the copies; a file that cannot be read is like no other, and noted in `unread`.
fn group(soname: String, mut copies: Vec<Carried>, unread: &mut BTreeMap<PathBuf, Fault>) -> Group {
    let mut builds: Vec<Carried> = Vec::new();
    for copy in &mut copies {
        let mut known = None;
        for build in &builds {
            match is_same(build, copy) {
                Ok(false) => {}
                Ok(true) => {
                    known = Some(build.build);
                    break;
                }
                Err((path, fault)) => {
                    unread.entry(path).or_insert(fault);
                }
            }
        }
        copy.build = known.unwrap_or(builds.len() + 1);
        if known.is_none() {
            builds.push(copy.clone());
        }
    }
    Group {
        soname,
        copies,
        builds: builds.len(),
    }
}

/// Whether two files have the same bytes; or which of them cannot be read.
fn is_same(one: &Carried, other: &Carried) -> Result<bool, (PathBuf, Fault)> {
    if one.size_bytes != other.size_bytes || one.build_id != other.build_id {
        return Ok(false);
    }
    let at = |file: &Carried| {
        let path = file.path.clone();
        move |fault| (path, fault)
    };
    // A member is in memory whole: one at a time.
    if let (Place::Member(..), _) | (_, Place::Member(..)) = (&one.place, &other.place) {
        let (one, other) = (
            digest(one).map_err(at(one))?,
            digest(other).map_err(at(other))?,
        );
        return Ok(one == other);
    }
    let sources = (
        Source::open(&one.path).map_err(at(one))?,
        Source::open(&other.path).map_err(at(other))?,
    );
    let size = sources.0.size_bytes.max(sources.1.size_bytes);
    for chunk in 0..size.div_ceil(CHUNK_BYTES) {
        let read = |source: &Source| source.bytes_up_to(chunk * CHUNK_BYTES, CHUNK_BYTES);
        if read(&sources.0).map_err(at(one))? != read(&sources.1).map_err(at(other))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The SHA-256 of a file.
fn digest(file: &Carried) -> Result<String, Fault> {
    let source = match &file.place {
        Place::File => Source::open(&file.path)?,
        Place::Member(archive, number) => match archive.source(*number)? {
            Some(source) => source,
            None => return Err(Fault::broken("it changed while it was read")),
        },
    };
    let mut digest = Sha256::new();
    for chunk in 0..source.size_bytes.div_ceil(CHUNK_BYTES) {
        digest.update(&source.bytes_up_to(chunk * CHUNK_BYTES, CHUNK_BYTES)?);
    }
    Ok(digest.finish())
}

type Together = (String, Vec<(OsString, OsString)>);

fn meetings(objects: &[Input], settings: &Settings, archives: &Archives) -> Vec<Meeting> {
    let found = inputs::each(
        objects,
        || Shelves::with_archives(settings.clone(), archives.clone()),
        |shelves, input| together(shelves, &input.path),
    );
    let mut meetings: BTreeMap<Together, Vec<PathBuf>> = BTreeMap::new();
    for (input, together) in objects.iter().zip(found) {
        for one in together {
            meetings.entry(one).or_default().push(input.path.clone());
        }
    }
    let meeting = |((family, libraries), objects)| Meeting {
        family,
        libraries,
        objects,
    };
    meetings.into_iter().map(meeting).collect()
}

/// The libraries of one family that an object's tree has more than one of.
fn together(shelves: &mut Shelves, path: &Path) -> Vec<Together> {
    let Ok(tree) = tree::resolve(shelves, path) else {
        return Vec::new();
    };
    let mut families: BTreeMap<String, Vec<(OsString, OsString)>> = BTreeMap::new();
    for object in tree
        .objects
        .iter()
        .filter(|object| object.via != Via::AlreadyLoaded)
    {
        let name = object
            .library
            .linkage
            .soname
            .as_ref()
            .unwrap_or(&object.name);
        let base = Path::new(name)
            .file_name()
            .unwrap_or(name)
            .to_string_lossy()
            .into_owned();
        if base.contains(".so") {
            // One library has many paths: lib/a/../b and lib/b.
            let path = match shelves.archives.canonical(Path::new(&object.path)) {
                Some(path) => path.into_os_string(),
                None => std::fs::canonicalize(&object.path)
                    .map_or_else(|_| object.path.clone(), PathBuf::into_os_string),
            };
            let pair = (name.clone(), path);
            families.entry(family(&base)).or_default().push(pair);
        }
    }
    families
        .into_iter()
        .filter(|(_, libraries)| libraries.len() > 1)
        .map(|(family, mut libraries)| {
            libraries.sort();
            (family, libraries)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_cannot_be_compared_is_a_fault() {
        let exe = std::env::current_exe().unwrap();
        let copy = |path: &Path| Carried {
            path: path.to_owned(),
            place: Place::File,
            application: String::new(),
            soname: "x".into(),
            build_id: None,
            size_bytes: 1,
            version: None,
            build: 0,
        };
        let gone = Path::new("/nowhere/x");
        let mut unread = BTreeMap::new();
        let found = group(
            "x".into(),
            vec![copy(gone), copy(&exe), copy(&exe)],
            &mut unread,
        );
        assert_eq!(found.builds, 2);
        assert!(matches!(unread.get(gone), Some(Fault::Io(_))));
    }
}
