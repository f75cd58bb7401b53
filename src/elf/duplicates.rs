//! Finds duplicate libraries, and versions of one library that one process would load.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use object::elf;

use super::archive::{self, Archives};
use super::family::{family, is_other_version, version, without_hash};
use super::inputs::{self, Input, Inputs, Place};
use super::notes;
use super::parse::Architecture;
use super::reader::{Fault, FileId, Source};
use super::search::{LibraryCache, Settings};
use super::tree::{self, Via};
use crate::crypto::digest::Sha256;
use crate::sort::Sortable;

/// Files are compared in parts of this size.
const CHUNK_BYTES: u64 = 128 << 10;

/// A library file.
#[derive(Clone, Debug)]
pub(crate) struct LibraryCopy {
    pub path: PathBuf,
    pub place: Place,
    /// The application it belongs to: a directory below the given one, or the given one.
    pub application: String,
    pub soname: String,
    pub build_id: Option<String>,
    pub size_bytes: u64,
    pub version: Option<String>,
    /// Identical copies have the same number, counted from 1.
    pub build: usize,
    /// Copies whose names show the same version have the same number, counted from 1.
    pub release: usize,
}

/// A library with more than one file.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The library without its version.
    pub family: String,
    /// The SONAME that all copies have, without the hash that packagers add.
    pub soname: Option<String>,
    pub copies: Vec<LibraryCopy>,
    /// How many different builds.
    pub builds: usize,
    /// How many different versions.
    pub releases: usize,
}

impl Group {
    /// The size of all copies.
    pub(crate) fn bytes(&self) -> u64 {
        self.copies.iter().map(|copy| copy.size_bytes).sum()
    }

    /// The size of all identical copies but the first.
    pub(crate) fn wasted_bytes(&self) -> u64 {
        let mut seen = BTreeSet::new();
        let again = self.copies.iter().filter(|copy| !seen.insert(copy.build));
        again.map(|copy| copy.size_bytes).sum()
    }
}

/// Libraries of one family that one process would load together.
#[derive(Clone, Debug)]
pub(crate) struct Conflict {
    pub family: String,
    /// The name and path of each library.
    pub libraries: Vec<(OsString, OsString)>,
    /// The programs and libraries whose dependency trees have all of them.
    pub objects: Vec<PathBuf>,
}

/// What was found in the directories.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    pub objects: usize,
    pub groups: Vec<Group>,
    pub conflicts: Vec<Conflict>,
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

/// Searches directories. `settings` define how dependency trees are resolved.
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
    let mut by_family: BTreeMap<(String, Architecture), Vec<LibraryCopy>> = BTreeMap::new();
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
        // A hard link is not another copy.
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
        let key = (family(&soname), seen.architecture);
        by_family.entry(key).or_default().push(LibraryCopy {
            version: file_name.and_then(|name| version(&name)),
            application,
            soname,
            build_id: seen.build_id,
            size_bytes: seen.size_bytes,
            build: 0,
            release: 0,
            place: input.place,
            path,
        });
    }
    let several = by_family.into_iter().filter(|(_, copies)| copies.len() > 1);
    let mut unread = BTreeMap::new();
    result.groups = several
        .map(|((family, _), copies)| group(family, copies, &mut unread))
        .collect();
    result.faults.extend(unread);
    result
        .groups
        .order_by_key(|group| std::cmp::Reverse(group.bytes()));
    result.conflicts = conflicts(&objects, settings, &inputs.archives);
    result
}

fn application(directory: &Path, path: &Path, several: bool) -> String {
    let name = if several {
        directory.file_name()
    } else {
        // Members of an archive are below it: `a.whl!/b/c`.
        let inside = archive::split(path).filter(|(archive, _)| *archive == directory);
        let below = match inside {
            Some((_, inside)) => inside,
            None => path.strip_prefix(directory).unwrap_or(path),
        };
        let mut components = below.components();
        let first = components.next();
        // A file directly in the directory belongs to the directory.
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

/// `None` for a file that is neither a program nor a library.
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

/// Numbers the copies. A file that cannot be read counts as different and is added to `unread`.
fn group(
    family: String,
    mut copies: Vec<LibraryCopy>,
    unread: &mut BTreeMap<PathBuf, Fault>,
) -> Group {
    let mut builds: Vec<LibraryCopy> = Vec::new();
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
    let releases = number_releases(&mut copies);
    let mut sonames: Vec<String> = copies
        .iter()
        .map(|copy| without_hash(&copy.soname))
        .collect();
    sonames.order();
    sonames.dedup();
    Group {
        family,
        soname: sonames.pop().filter(|_| sonames.is_empty()),
        copies,
        builds: builds.len(),
        releases,
    }
}

/// Numbers the versions of the copies, and returns how many there are. Identical copies are of one
/// version, whatever their names.
fn number_releases(copies: &mut [LibraryCopy]) -> usize {
    let file_name = |copy: &LibraryCopy| {
        let name = copy.path.file_name();
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    // The longest names first: they say most, and shorter ones are compared with them.
    let mut order: Vec<usize> = (0..copies.len()).collect();
    let length = |number: &usize| copies.get(*number).map_or(0, |copy| file_name(copy).len());
    order.order_by_key(|number| std::cmp::Reverse(length(number)));
    let mut releases: Vec<LibraryCopy> = Vec::new();
    for number in order {
        let Some(copy) = copies.get_mut(number) else {
            continue;
        };
        let known = releases.iter().find(|known| {
            let other = is_other_version(&known.soname, &copy.soname)
                || is_other_version(&file_name(known), &file_name(copy));
            known.build == copy.build || !other
        });
        copy.release = known.map_or(releases.len() + 1, |known| known.release);
        if known.is_none() {
            releases.push(copy.clone());
        }
    }
    releases.len()
}

/// Whether two files are identical, or which of them cannot be read.
fn is_same(one: &LibraryCopy, other: &LibraryCopy) -> Result<bool, (PathBuf, Fault)> {
    if one.size_bytes != other.size_bytes || one.build_id != other.build_id {
        return Ok(false);
    }
    let at = |file: &LibraryCopy| {
        let path = file.path.clone();
        move |fault| (path, fault)
    };
    // A whole member is in memory, so they are compared one at a time by digest.
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
    let mut buffers = (Vec::new(), Vec::new());
    for chunk in 0..size.div_ceil(CHUNK_BYTES) {
        let start = chunk * CHUNK_BYTES;
        let (buffer, other_buffer) = &mut buffers;
        let bytes = sources.0.up_to(start, CHUNK_BYTES, buffer);
        let other_bytes = sources.1.up_to(start, CHUNK_BYTES, other_buffer);
        if bytes.map_err(at(one))? != other_bytes.map_err(at(other))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The SHA-256 of a file.
fn digest(file: &LibraryCopy) -> Result<String, Fault> {
    let source = match &file.place {
        Place::File => Source::open(&file.path)?,
        Place::Member(archive, number) => match archive.source(*number)? {
            Some(source) => source,
            None => return Err(Fault::broken("it changed while it was being read")),
        },
    };
    let mut digest = Sha256::new();
    let mut buffer = Vec::new();
    for chunk in 0..source.size_bytes.div_ceil(CHUNK_BYTES) {
        digest.update(source.up_to(chunk * CHUNK_BYTES, CHUNK_BYTES, &mut buffer)?);
    }
    Ok(digest.finish())
}

type FamilyMembers = (String, Vec<(OsString, OsString)>);

fn conflicts(objects: &[Input], settings: &Settings, archives: &Archives) -> Vec<Conflict> {
    let found = inputs::each(
        objects,
        || LibraryCache::with_archives(settings.clone(), archives.clone()),
        |library_cache, input| several_of_a_family(library_cache, &input.path),
    );
    let mut conflicts: BTreeMap<FamilyMembers, Vec<PathBuf>> = BTreeMap::new();
    for (input, together) in objects.iter().zip(found) {
        for one in together {
            conflicts.entry(one).or_default().push(input.path.clone());
        }
    }
    let conflict = |((family, libraries), objects)| Conflict {
        family,
        libraries,
        objects,
    };
    conflicts.into_iter().map(conflict).collect()
}

/// The families of which a dependency tree has several libraries.
fn several_of_a_family(library_cache: &mut LibraryCache, path: &Path) -> Vec<FamilyMembers> {
    let Ok(tree) = tree::resolve(library_cache, path) else {
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
            // One library may have several paths, such as lib/a/../b and lib/b.
            let path = match library_cache.archives.canonical(Path::new(&object.path)) {
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
            libraries.order();
            (family, libraries)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_copy_is_reported_as_a_fault() {
        let exe = std::env::current_exe().unwrap();
        let copy = |path: &Path| LibraryCopy {
            path: path.to_owned(),
            place: Place::File,
            application: String::new(),
            soname: "x".into(),
            build_id: None,
            size_bytes: 1,
            version: None,
            build: 0,
            release: 0,
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
