//! The input of a batch as a file, which is read twice: once to check all of it before anything is
//! sent, and once to send it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::error::Error;
use crate::unfinished;

/// The size of the steps in which a file is read.
const STEP: usize = 256 << 10;

/// An input that can be read from its start again.
#[derive(Debug)]
pub(crate) struct InputFile {
    name: String,
    file: File,
    stamp: Stamp,
}

/// Length and time of the last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl InputFile {
    /// A regular file is read in place. Anything else, such as a pipe, is copied to a file in
    /// `directory` that has no name.
    ///
    /// # Errors
    /// When it cannot be read, or the copy cannot be written.
    pub(crate) fn open(path: &Path, directory: &Path) -> Result<InputFile, Error> {
        let file = File::open(path).map_err(Error::file("read", path))?;
        let found = file.metadata().map_err(Error::file("read", path))?;
        let name = path.display().to_string();
        match found.is_file() {
            true => InputFile::of(name, file),
            false => InputFile::copied(name, file, directory),
        }
    }

    /// Copies a stream to a file in `directory` that has no name.
    ///
    /// # Errors
    /// When it cannot be read, or the copy cannot be written.
    pub(crate) fn copied(
        name: String,
        mut from: impl Read,
        directory: &Path,
    ) -> Result<InputFile, Error> {
        let path = unfinished::beside(&directory.join("batch"));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)
            .map_err(Error::file("create", &path))?;
        // Requests may contain secrets: nothing is left behind, even if the process is killed.
        fs::remove_file(&path).map_err(Error::file("remove", &path))?;
        io::copy(&mut from, &mut file)
            .map_err(|error| Error::malformed(name.as_str(), crate::io_error::reason(&error)))?;
        InputFile::of(name, file)
    }

    fn of(name: String, file: File) -> Result<InputFile, Error> {
        let stamp = stamp(&file).map_err(|error| unreadable(&name, &error))?;
        Ok(InputFile { name, file, stamp })
    }

    /// Reads from the start, independent of other readers.
    pub(crate) fn reader(&self) -> BufReader<impl Read + '_> {
        BufReader::with_capacity(
            STEP,
            At {
                file: &self.file,
                position: 0,
            },
        )
    }

    /// Checks that the file is still the one that was checked: the journal knows requests by their
    /// position in it.
    ///
    /// # Errors
    /// When it has changed.
    pub(crate) fn ensure_unchanged(&self) -> Result<(), Error> {
        let now = stamp(&self.file).map_err(|error| unreadable(&self.name, &error))?;
        match now == self.stamp {
            true => Ok(()),
            false => Err(Error::malformed(
                self.name.as_str(),
                "it was changed during the run",
            )),
        }
    }
}

fn stamp(file: &File) -> io::Result<Stamp> {
    let found = file.metadata()?;
    Ok(Stamp {
        length: found.len(),
        seconds: found.mtime(),
        nanoseconds: found.mtime_nsec(),
    })
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::malformed(name, crate::io_error::reason(error))
}

/// A file from a position on.
struct At<'a> {
    file: &'a File,
    position: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn all(input: &InputFile) -> String {
        let mut text = String::new();
        input.reader().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn an_input_is_read_twice_wherever_it_comes_from() {
        let directory = std::env::temp_dir().join(format!("c47-input-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let path = directory.join("in.ndjson");
        fs::write(&path, "one\ntwo\n").unwrap();
        let file = InputFile::open(&path, &directory).unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"one\ntwo\n").unwrap();
        drop(writer);
        let pipe = InputFile::copied("-".into(), reader, &directory).unwrap();
        for input in [&file, &pipe] {
            assert_eq!(
                (all(input), all(input)),
                ("one\ntwo\n".into(), "one\ntwo\n".into())
            );
            input.ensure_unchanged().unwrap();
        }
        // The copy has no name.
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::write(&path, "one\ntwo\nthree\n").unwrap();
        let why = file.ensure_unchanged().unwrap_err().to_string();
        assert!(why.contains("changed during the run"), "{why}");
        assert!(InputFile::open(&directory.join("none"), &directory).is_err());
        fs::remove_dir_all(&directory).unwrap();
    }
}
