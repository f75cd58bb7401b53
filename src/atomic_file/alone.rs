//! One process at a time: for files that belong together and cannot be put in their places in one
//! step.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::temporary::Temporary;
use super::{Place, rename_new};
use crate::error::Error;
use crate::unfinished::{self, Writer, shortened};

/// More than any writer's text.
const MAX_BYTES: u64 = 200;
const MOST_STEM_BYTES: usize = 200;

/// Held until it is dropped. It is a file that says who holds it, made in one step; what a killed
/// process left is found by that.
pub(crate) struct Alone {
    path: PathBuf,
    /// Locked, by which processes of other namespaces know that this one lives.
    _locked: Temporary,
}

impl Alone {
    /// Claims the files of which `target` is the first.
    ///
    /// # Errors
    /// When another process has them, or the directory cannot be written.
    pub(crate) fn claim(target: &Path) -> Result<Alone, Error> {
        let fail = |error| Error::file("write", target)(error);
        let Place::File(place) = Place::of(target)? else {
            return Err(fail(io::Error::other("it is not a regular file")));
        };
        let mut name = OsString::from(".");
        name.push(shortened(
            place.file_name().unwrap_or_default(),
            MOST_STEM_BYTES,
        ));
        name.push(".c47-alone");
        let path = place.with_file_name(name);
        // The second try is for a claim that was left behind.
        for _ in 0..2 {
            let mut temporary = Temporary::create(&path, 0o600).map_err(fail)?;
            write!(temporary.file, "{}", Writer::own()).map_err(fail)?;
            match temporary.put(|from| rename_new(from, &path)) {
                Ok(()) => {
                    return Ok(Alone {
                        path,
                        _locked: temporary,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(fail(error)),
            }
            if !unfinished::reclaim(&path, |file| {
                let mut text = String::new();
                file.take(MAX_BYTES).read_to_string(&mut text).ok()?;
                Writer::parse(&text)
            }) {
                break;
            }
        }
        Err(fail(io::Error::other("another process is writing it")))
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path); // it is found to be left behind
    }
}
