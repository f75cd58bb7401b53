//! The RPATH and RUNPATH directories of an object, with `$ORIGIN` and the other tokens replaced.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

use super::walk::Walk;
use crate::elf::linkage::SearchPath;
use crate::elf::system::System;
use crate::elf::tokens::{self, Tokens};

impl Walk<'_> {
    /// The directories of an object's RPATH or RUNPATH.
    pub(super) fn search_path_directories(&self, number: usize) -> Rc<[Vec<u8>]> {
        let Some(object) = self.tree.objects.get(number) else {
            return Rc::new([]);
        };
        let (SearchPath::Rpath(path) | SearchPath::Runpath(path)) =
            &object.library.linkage.search_path
        else {
            return Rc::new([]);
        };
        if path.is_empty() {
            return Rc::new([]);
        }
        let has_tokens = path.as_bytes().contains(&b'$');
        let origin = if has_tokens {
            self.origin(number)
        } else {
            None
        };
        let tokens = self.system.tokens(origin.as_deref());
        if self.secure && number == 0 {
            return trusted_directories(path.as_bytes(), tokens, &self.system).into();
        }
        let separators: &[u8] = match *self.system {
            System::Glibc(_) => b":",
            System::Musl(_) => b":\n",
        };
        tokens::directories(path.as_bytes(), separators, tokens).into()
    }

    /// `$ORIGIN`: the directory an object was loaded from.
    pub(super) fn origin(&self, number: usize) -> Option<Vec<u8>> {
        let object = self.tree.objects.get(number)?;
        let mut path = Cow::Borrowed(Path::new(&object.path));
        if number == 0 && object.library.interpreter.is_some() {
            // For a program, ld.so takes the path with symlinks resolved (`/proc/self/exe`). A
            // library keeps the path by which it was loaded.
            path = Cow::Owned(self.library_cache.canonical(&path).ok()?);
        }
        let absolute = std::path::absolute(&path).ok()?;
        // Unlike `absolute`, ld.so does not normalize the path.
        let path = if path.is_absolute() {
            &*path
        } else {
            &absolute
        };
        let bytes = path.as_os_str().as_bytes();
        let slash = memchr::memrchr(b'/', bytes)?;
        Some(bytes.get(..slash.max(1))?.to_vec())
    }
}

/// For a privileged program `$ORIGIN` is used only at the start of an element, and only if the
/// result is a default directory.
fn trusted_directories(path: &[u8], tokens: Tokens, system: &System) -> Vec<Vec<u8>> {
    let System::Glibc(glibc) = system else {
        return Vec::new();
    };
    path.split(|&byte| byte == b':')
        .filter_map(|element| {
            let directory = tokens::directories(element, b":", tokens).pop()?;
            if memchr::memmem::find(element, b"ORIGIN").is_none() {
                return Some(directory);
            }
            let leads = element.starts_with(b"$ORIGIN") || element.starts_with(b"${ORIGIN}");
            let plain = without_dots(&directory);
            let trusted = glibc
                .directories
                .iter()
                .any(|trusted| plain.starts_with(trusted));
            (leads && trusted).then_some(directory)
        })
        .collect()
}

/// A directory without `.` and `..`, by its text only, with `/` at the end.
fn without_dots(directory: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in directory.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut plain = b"/".to_vec();
    for part in parts {
        plain.extend_from_slice(part);
        plain.push(b'/');
    }
    plain
}
