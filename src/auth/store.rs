//! Stores tokens: a private directory with a file for each token. Files that another user could have
//! written are not trusted.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::error::Error;
use crate::atomic_file::planted_link;
use crate::crypto;
use crate::descriptor;
use crate::hex;
use crate::interrupt;
use crate::io_error::reason;
use crate::process::user_id;
use crate::shell;
use crate::unfinished::{Writer, WriterStatus};

/// Larger than any token record.
const MAX_BYTES: u64 = 2 << 20;
/// Larger than nearly all token records.
const RESERVED_BYTES: usize = 64 << 10;
/// The suffix of unfinished files.
const SUFFIX: &str = ".part";
/// The age at which an unfinished file of another machine is abandoned; longer than any login.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// The files for one token: the token, the lease, and the last refusal or failure.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    directory: PathBuf,
    stem: String,
}

/// Why a token cannot be stored.
pub(crate) enum Unusable {
    /// Another user can read or write the files.
    Unsafe(Error),
    /// The directory cannot be created or written.
    Unwritable(io::Error),
    /// There is no directory; holds the reason.
    Nowhere(String),
}

impl Store {
    /// Opens the store for the token that `parts` identify, and creates `directory` if needed.
    ///
    /// # Errors
    /// If the directory cannot be created or is not private.
    pub(crate) fn open(directory: &Path, profile: &str, parts: &[&str]) -> Result<Store, Unusable> {
        ensure_private(directory)?;
        Ok(Store::named(directory, profile, parts))
    }

    /// Names the files without creating or checking anything.
    pub(super) fn named(directory: &Path, profile: &str, parts: &[&str]) -> Store {
        let mut all = Vec::new();
        for part in [&[profile], parts].concat() {
            all.extend_from_slice(&(part.len() as u64).to_be_bytes());
            all.extend_from_slice(part.as_bytes());
        }
        let digest = crypto::sha256(&all);
        let digest = hex::encode(digest.get(..12).unwrap_or(&digest));
        Store {
            directory: directory.to_owned(),
            stem: format!("{profile}-{digest}"),
        }
    }

    /// The path of a file in the store.
    pub(crate) fn path(&self, kind: &str) -> PathBuf {
        self.directory.join(format!("{}.{kind}", self.stem))
    }

    /// Reads a file; `None` if it does not exist.
    ///
    /// # Errors
    /// If it is not a private regular file of this user.
    pub(crate) fn read(&self, kind: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        read_private(&self.path(kind))
    }

    /// Writes a file atomically.
    ///
    /// # Errors
    /// If the disk is full or the directory was removed.
    pub(crate) fn write(&self, kind: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.temporary(bytes)?;
        fs::rename(temporary.path(), self.path(kind))
    }

    /// Creates a file with a unique name and writes `bytes`.
    ///
    /// # Errors
    /// If the disk is full or the directory was removed.
    pub(crate) fn temporary(&self, bytes: &[u8]) -> io::Result<Temporary> {
        let name = format!(".{}.{}-{}{SUFFIX}", self.stem, Writer::own(), unique()?);
        let path = self.directory.join(name);
        // Before the file is created, so that a signal cannot leave it behind.
        let guard = interrupt::RemoveOnSignal::new(&path);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)?;
        let mut temporary = Temporary {
            path,
            file,
            _guard: guard,
        };
        temporary.file.write_all(bytes)?;
        Ok(temporary)
    }

    /// Reserves disk space for a token, so that a full disk cannot prevent storing it later.
    ///
    /// # Errors
    /// If there is no space.
    pub(crate) fn reserve(&self) -> io::Result<Temporary> {
        // Not an array: the zeros would be in the binary.
        let temporary = self.temporary(&vec![0; RESERVED_BYTES])?;
        temporary.file.sync_all()?;
        Ok(temporary)
    }

    /// Writes a file into reserved space and syncs it, so that it survives a power failure.
    ///
    /// # Errors
    /// If it is larger than the reserved space and the disk is full, or the directory was removed.
    pub(crate) fn write_reserved(
        &self,
        kind: &str,
        mut reserved: Temporary,
        bytes: &[u8],
    ) -> io::Result<()> {
        reserved.file.seek(io::SeekFrom::Start(0))?;
        reserved.file.write_all(bytes)?;
        reserved.file.set_len(bytes.len() as u64)?;
        reserved.file.sync_all()?;
        fs::rename(reserved.path(), self.path(kind))?;
        // The file is already stored. Some network file systems cannot sync a directory.
        let _ = File::open(&self.directory).and_then(|directory| directory.sync_all());
        Ok(())
    }

    /// Removes a file. A missing file is not an error.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(crate) fn remove(&self, kind: &str) -> io::Result<()> {
        removed(&self.path(kind))
    }

    /// Removes files that killed processes left behind: unfinished files, which may contain a token,
    /// and files from taking over a lease.
    ///
    /// # Errors
    /// If one of them cannot be removed.
    pub(crate) fn sweep(&self, what: Leftovers) -> io::Result<()> {
        let unfinished = format!(".{}.", self.stem);
        let aside = format!("{}.lease-", self.stem);
        let mut result = Ok(());
        for entry in fs::read_dir(&self.directory)? {
            let Ok(entry) = entry else { continue };
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let writer = match name.strip_prefix(&unfinished) {
                Some(rest) if name.ends_with(SUFFIX) => Writer::parse(rest),
                Some(_) => continue,
                None if name.starts_with(&aside) => None,
                None => continue,
            };
            let is_left = what == Leftovers::All
                || writer.is_some_and(|writer| writer.writer_status() == WriterStatus::Dead)
                || is_old(&entry);
            if is_left {
                result = result.and(removed(&entry.path()));
            }
        }
        result
    }
}

/// Which unfinished files to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leftovers {
    /// Files of dead processes.
    OfTheDead,
    /// All files, also those being written.
    All,
}

/// A file being written. It is removed on drop or by a signal unless it was renamed.
pub(crate) struct Temporary {
    path: PathBuf,
    file: File,
    _guard: interrupt::RemoveOnSignal,
}

impl Temporary {
    /// Its path before it is renamed.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path); // usually it was renamed
    }
}

/// Whether a file is too old to be finished by any process.
fn is_old(entry: &fs::DirEntry) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED_AFTER))
}

fn removed(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A unique name.
pub(super) fn unique() -> io::Result<String> {
    Ok(hex::encode(&crypto::random(12)?))
}

/// Creates the directory if needed, and checks that it is private.
///
/// # Errors
/// If it cannot be created or is not private.
pub(super) fn ensure_private(directory: &Path) -> Result<(), Unusable> {
    let planted = planted_link(directory).map_err(Unusable::Unwritable)?;
    if let Some(link) = planted {
        return Err(Unusable::Unsafe(Error::Cache {
            path: directory.to_owned(),
            why: format!("the link {} belongs to another user", link.display()),
            hint: Some("set C47_CACHE_DIR to another directory".to_owned()),
        }));
    }
    if let Err(error) = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        // A path that is not a directory is reported below.
        if fs::symlink_metadata(directory).is_err() {
            return Err(Unusable::Unwritable(error));
        }
    }
    let metadata = fs::symlink_metadata(directory).map_err(Unusable::Unwritable)?;
    let wrong = |why: &str, hint: String| {
        Err(Unusable::Unsafe(Error::Cache {
            path: directory.to_owned(),
            why: why.to_owned(),
            hint: Some(hint),
        }))
    };
    let elsewhere = || "set C47_CACHE_DIR to another directory".to_owned();
    if metadata.file_type().is_symlink() {
        return wrong("it is a symbolic link", elsewhere());
    }
    if !metadata.is_dir() {
        return wrong("it is not a directory", elsewhere());
    }
    if metadata.uid() != user_id() {
        return wrong("it belongs to another user", elsewhere());
    }
    if metadata.mode() & 0o077 != 0 {
        return wrong(
            "other users can access it",
            format!("chmod 700 {}", shell::quote_path(directory)),
        );
    }
    Ok(())
}

fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let fail = |why: String| Error::Cache {
        path: path.to_owned(),
        why,
        hint: Some(format!("rm {}", shell::quote_path(path))),
    };
    let file = match descriptor::open_no_link(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // On NFS, the file was replaced while it was opened.
        Err(error) if error.raw_os_error() == Some(libc::ESTALE) => return Ok(None),
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
            return Err(fail("it is a symbolic link".into()));
        }
        Err(error) => return Err(fail(reason(&error))),
    };
    let metadata = file.metadata().map_err(|error| fail(reason(&error)))?;
    if !metadata.is_file() {
        return Err(fail("it is not a regular file".into()));
    }
    if metadata.uid() != user_id() {
        return Err(fail("it belongs to another user".into()));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(fail("other users can read or write it".into()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 << 10));
    match file.take(MAX_BYTES).read_to_end(&mut bytes) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.raw_os_error() == Some(libc::ESTALE) => Ok(None),
        Err(error) => Err(fail(reason(&error))),
    }
}
