//! The application into which a plug-in is loaded: a program, a directory of its libraries, or the
//! memory map of a process.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::families::soname;
use super::known::Unreadable;
use super::scope;
use crate::elf::reader::Fault;
use crate::elf::search::{Candidate, LibraryCache};
use crate::elf::tree::{Process, Tree};
use crate::sort::Sortable;

/// Limit for the size of a memory map.
const MOST_MAP_BYTES: u64 = 64 << 20;
/// Limit for the number of files in a directory of libraries.
const MOST_LIBRARIES: usize = 10_000;

/// Which of the objects that a host opens are searched for every other object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// RTLD_LOCAL.
    Local,
    /// RTLD_GLOBAL.
    Global,
}

/// What is known of a host.
pub(crate) struct Host<'a> {
    pub process: Process<'a>,
    /// The objects that are searched for every object, in order.
    pub global: Vec<usize>,
    /// Files that could not be read.
    pub skipped: Vec<Unreadable>,
    /// The release of Python, if the host is one: `3.11`.
    pub python: Option<String>,
}

impl<'a> Host<'a> {
    /// The host at `path`, with the libraries in `also` opened afterwards.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(
        library_cache: &'a mut LibraryCache,
        path: &Path,
        also: &[PathBuf],
        visibility: Visibility,
    ) -> Result<Host<'a>, Unreadable> {
        let unreadable = |fault| Unreadable {
            path: path.to_owned(),
            fault,
        };
        let root = library_cache.settings.root.clone();
        let inside = root.inside(path);
        let outside = root
            .resolve(&inside)
            .map_err(|error| unreadable(Fault::Io(error)))?;
        let (mut process, faults, every) = if outside.is_dir() {
            let libraries = libraries_in(library_cache, &inside).map_err(unreadable)?;
            let (process, faults) = of_libraries(library_cache, &libraries).map_err(unreadable)?;
            (process, faults, true)
        } else if let Some(files) = mapped_files(&outside).map_err(unreadable)? {
            let (process, faults) = of_map(library_cache, path, files).map_err(unreadable)?;
            (process, faults, visibility == Visibility::Global)
        } else {
            let process = Process::start(library_cache, path).map_err(unreadable)?;
            if process.tree().is_static() {
                let why = "it is statically linked and cannot load plug-ins";
                return Err(unreadable(Fault::Broken(why.into())));
            }
            (process, Vec::new(), false)
        };
        let mut skipped: Vec<Unreadable> = faults
            .into_iter()
            .map(|(path, fault)| Unreadable { path, fault })
            .collect();
        let opened = open_also(&mut process, also, &mut skipped)?;
        let tree = process.tree();
        let everything: Vec<usize> = (0..tree.objects.len()).collect();
        let mut lists = vec![scope::of_program(tree)];
        if every {
            lists.push(scope::with_needed(tree, &everything));
        }
        if visibility == Visibility::Global {
            lists.extend(
                opened
                    .iter()
                    .map(|&number| scope::with_needed(tree, &[number])),
            );
        }
        let lists: Vec<&[usize]> = lists.iter().map(Vec::as_slice).collect();
        Ok(Host {
            global: scope::joined(&lists, tree.objects.len()),
            python: python(&path.canonicalize().unwrap_or(path.to_owned()), tree),
            process,
            skipped,
        })
    }
}

/// Opens the files and the libraries in the directories, in order. Returns their numbers.
fn open_also(
    process: &mut Process,
    also: &[PathBuf],
    skipped: &mut Vec<Unreadable>,
) -> Result<Vec<usize>, Unreadable> {
    let mut opened = Vec::new();
    for path in also {
        let at = |fault| Unreadable {
            path: path.clone(),
            fault,
        };
        let root = &process.library_cache().settings.root;
        let inside = root.inside(path);
        let is_dir = root.resolve(&inside).is_ok_and(|outside| outside.is_dir());
        if !is_dir {
            opened.push(process.open(path).map_err(at)?);
            continue;
        }
        for library in files_in(process.library_cache(), &inside).map_err(at)? {
            match process.open(&library) {
                Ok(number) => opened.push(number),
                Err(Fault::NotElf(_) | Fault::NotRegular(_)) => {}
                Err(fault) => skipped.push(Unreadable {
                    path: library,
                    fault,
                }),
            }
        }
    }
    Ok(opened)
}

/// The files directly in a directory, sorted.
fn files_in(library_cache: &LibraryCache, directory: &Path) -> Result<Vec<PathBuf>, Fault> {
    let outside = library_cache
        .settings
        .root
        .resolve(directory)
        .map_err(Fault::Io)?;
    let mut files = Vec::new();
    for entry in fs::read_dir(outside).map_err(Fault::Io)? {
        let name = entry.map_err(Fault::Io)?.file_name();
        if files.len() >= MOST_LIBRARIES {
            return Err(Fault::Broken(format!(
                "it has more than {MOST_LIBRARIES} files"
            )));
        }
        files.push(directory.join(name));
    }
    files.order();
    Ok(files)
}

/// The programs and libraries directly in a directory. One that needs others comes first, because
/// it shows which interpreter they have.
fn libraries_in(library_cache: &mut LibraryCache, directory: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut dynamic = Vec::new();
    let mut others = Vec::new();
    for path in files_in(library_cache, directory)? {
        match library_cache.candidate(path.as_os_str().as_bytes()) {
            Candidate::Present(library) if !library.loads_nothing() => dynamic.push(path),
            Candidate::Present(_) => others.push(path),
            Candidate::Absent | Candidate::Broken(_) => {}
        }
    }
    dynamic.append(&mut others);
    Ok(dynamic)
}

type WithFaults<'a> = (Process<'a>, Vec<(PathBuf, Fault)>);

fn of_libraries<'a>(
    library_cache: &'a mut LibraryCache,
    libraries: &[PathBuf],
) -> Result<WithFaults<'a>, Fault> {
    let Some((first, others)) = libraries.split_first() else {
        return Err(Fault::NotElf("a directory without libraries".into()));
    };
    Process::of_files(library_cache, first, others)
}

/// The process of a memory map. `path` is `/proc/PID/maps`, or a copy of one.
fn of_map<'a>(
    library_cache: &'a mut LibraryCache,
    path: &Path,
    files: Vec<PathBuf>,
) -> Result<WithFaults<'a>, Fault> {
    let named = path
        .parent()
        .and_then(|process| fs::read_link(process.join("exe")).ok());
    let mut program = named.filter(|program| files.contains(program));
    if program.is_none() {
        program = files
            .iter()
            .find(|path| is_program(library_cache, path))
            .cloned();
    }
    let Some(program) = program else {
        return Err(Fault::NotElf("a memory map without a program".into()));
    };
    let others: Vec<PathBuf> = files.into_iter().filter(|path| *path != program).collect();
    Process::of_files(library_cache, &program, &others)
}

fn is_program(library_cache: &mut LibraryCache, path: &Path) -> bool {
    match library_cache.candidate(path.as_os_str().as_bytes()) {
        // libc.so.6 has an interpreter and a SONAME.
        Candidate::Present(library) => {
            library.interpreter.is_some() && library.linkage.soname.is_none()
        }
        Candidate::Absent | Candidate::Broken(_) => false,
    }
}

/// The files in a memory map, the first mapped one first. `None` if the file is none.
///
/// Later libraries are usually mapped at lower addresses, so the order of addresses is reversed.
fn mapped_files(path: &Path) -> Result<Option<Vec<PathBuf>>, Fault> {
    // Opening a FIFO may block, and opening a device may have side effects.
    if !fs::metadata(path).map_err(Fault::Io)?.is_file() {
        return Ok(None);
    }
    let file = fs::File::open(path).map_err(Fault::Io)?;
    let mut head = [0; 32];
    let mut reader = file.take(MOST_MAP_BYTES);
    let got = reader.read(&mut head).map_err(Fault::Io)?;
    let start = head.get(..got).unwrap_or_default();
    if !is_map(start) {
        return Ok(None);
    }
    let mut bytes = start.to_vec();
    reader.read_to_end(&mut bytes).map_err(Fault::Io)?;
    let mut files: Vec<PathBuf> = Vec::new();
    for line in bytes.split(|&byte| byte == b'\n').rev() {
        let Some(path) = mapped_path(line) else {
            continue;
        };
        if !files.contains(&path) {
            files.push(path);
        }
        if files.len() > MOST_LIBRARIES {
            return Err(Fault::Broken(format!(
                "it maps more than {MOST_LIBRARIES} files"
            )));
        }
    }
    Ok(Some(files))
}

/// Whether a file starts as `55d0c8a6c000-55d0c8a6e000 r`.
fn is_map(start: &[u8]) -> bool {
    let hexadecimal = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_hexdigit);
    let mut words = start.split(|&byte| byte == b' ');
    let range = words.next().unwrap_or_default();
    let mut ends = range.split(|&byte| byte == b'-');
    ends.next().is_some_and(hexadecimal)
        && ends.next().is_some_and(hexadecimal)
        && words
            .next()
            .is_some_and(|mode| matches!(mode.first(), Some(b'r' | b'-')))
}

/// The path in a line of a memory map: `address mode offset device inode   path`.
fn mapped_path(line: &[u8]) -> Option<PathBuf> {
    let mut rest = line;
    for _ in 0..5 {
        let word = memchr::memchr(b' ', rest)?;
        rest = rest.get(word..)?;
        let spaces = rest.iter().take_while(|&&byte| byte == b' ').count();
        rest = rest.get(spaces..)?;
    }
    let path = rest.strip_suffix(b" (deleted)").unwrap_or(rest);
    if !path.starts_with(b"/") {
        return None;
    }
    // The kernel writes a line feed in a path as \012.
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = memchr::memmem::find(rest, b"\\012") {
        plain.extend_from_slice(rest.get(..at)?);
        plain.push(b'\n');
        rest = rest.get(at + 4..)?;
    }
    plain.extend_from_slice(rest);
    Some(PathBuf::from(OsString::from_vec(plain)))
}

/// The release of Python in the name of the program or of its libpython.
fn python(program: &Path, tree: &Tree) -> Option<String> {
    let release = |name: &str, start: &str| {
        let rest = name.strip_prefix(start)?;
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let number = rest.get(..end.unwrap_or(rest.len()))?.trim_end_matches('.');
        let (major, minor) = number.split_once('.')?;
        let minor = minor.split('.').next()?;
        (!minor.is_empty()).then(|| format!("{major}.{minor}"))
    };
    let name = program
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let of_program = name.and_then(|name| release(&name, "python"));
    of_program.or_else(|| {
        let mut sonames = tree
            .objects
            .iter()
            .map(|object| soname(object).to_string_lossy());
        sonames.find_map(|name| release(&name, "libpython"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_map_is_recognized_and_read() {
        assert!(is_map(b"55d0c8a6c000-55d0c8a6e000 r--p 0"));
        assert!(is_map(b"55d0c8a6c000-55d0c8a6e000 ---p 0"));
        for other in [
            &b""[..],
            b"\x7fELF\x02",
            b"#!/bin/sh",
            b"abc-def",
            b"- r--p",
        ] {
            assert!(!is_map(other), "{other:?}");
        }
        let path = |line: &str| mapped_path(line.as_bytes());
        let start = "7f0-7f1 r-xp 00001000 fe:01 1234     ";
        for (text, expected) in [
            ("/lib/a b.so", Some("/lib/a b.so")),
            ("/lib/a.so (deleted)", Some("/lib/a.so")),
            ("/lib/a\\012b", Some("/lib/a\nb")),
            ("[heap]", None),
            ("", None),
        ] {
            assert_eq!(path(&format!("{start}{text}")), expected.map(PathBuf::from));
        }
        assert_eq!(path("7f0-7f1"), None);
    }
}
