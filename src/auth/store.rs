//! Where tokens are kept: a directory nobody else can read, a file for each token. Nothing in it
//! is trusted that another user could have put there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::Error;
use super::host;
use crate::crypto;
use crate::hex;
use crate::io_error::reason;

/// More than any token and what stands beside it.
const MAX_BYTES: u64 = 2 << 20;

/// The files of one token: the token, the lease of who gets it, and the last refusal.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    directory: PathBuf,
    stem: String,
}

/// Why no token can be stored.
pub(crate) enum Unusable {
    /// Somebody else could read or write what is there.
    Unsafe(Error),
    /// It cannot be made or written.
    Unwritable(io::Error),
}

impl Store {
    /// The store of the token that `parts` tell from all others, in `directory`, which is made if
    /// it is not there.
    ///
    /// # Errors
    /// When the directory cannot be had, or cannot be trusted.
    pub(crate) fn open(directory: &Path, profile: &str, parts: &[&str]) -> Result<Store, Unusable> {
        ensure_private(directory)?;
        let mut all = Vec::new();
        for part in [&[profile], parts].concat() {
            all.extend_from_slice(&(part.len() as u64).to_be_bytes());
            all.extend_from_slice(part.as_bytes());
        }
        let digest = crypto::sha256(&all);
        let digest = hex::encode(digest.get(..12).unwrap_or(&digest));
        Ok(Store {
            directory: directory.to_owned(),
            stem: format!("{profile}-{digest}"),
        })
    }

    /// The path of one of its files.
    pub(crate) fn path(&self, kind: &str) -> PathBuf {
        self.directory.join(format!("{}.{kind}", self.stem))
    }

    /// What a file holds; `None` when it is not there.
    ///
    /// # Errors
    /// When it is no plain file of ours that only we can read.
    pub(crate) fn read(&self, kind: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        read_private(&self.path(kind))
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// When the disk is full, or the directory has gone.
    pub(crate) fn write(&self, kind: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.temporary(bytes)?;
        let renamed = fs::rename(&temporary, self.path(kind));
        if renamed.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        renamed
    }

    /// A new file of ours with a name nobody else has, holding `bytes`.
    ///
    /// # Errors
    /// When the disk is full, or the directory has gone.
    pub(crate) fn temporary(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let name = format!(".{}.{}.part", self.stem, unique()?);
        let path = self.directory.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)?;
        if let Err(error) = file.write_all(bytes) {
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(path)
    }

    /// Removes a file; that it is not there is as good.
    pub(crate) fn remove(&self, kind: &str) {
        let _ = fs::remove_file(self.path(kind));
    }
}

/// A name no other process anywhere makes.
pub(super) fn unique() -> io::Result<String> {
    Ok(hex::encode(&crypto::random(12)?))
}

/// Makes the directory if it is not there, and ensures that it is ours alone.
///
/// # Errors
/// When it cannot be made, or is not ours alone.
pub(super) fn ensure_private(directory: &Path) -> Result<(), Unusable> {
    if let Err(error) = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        // What is no directory is looked at below.
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
    let shown = directory.display();
    let elsewhere = || "name another with C47_CACHE_DIR".to_owned();
    if metadata.file_type().is_symlink() {
        return wrong("it is a symbolic link", elsewhere());
    }
    if !metadata.is_dir() {
        return wrong("it is no directory", elsewhere());
    }
    if metadata.uid() != host::user_id() {
        return wrong("it belongs to another user", elsewhere());
    }
    if metadata.mode() & 0o077 != 0 {
        return wrong("others can look into it", format!("chmod 700 {shown}"));
    }
    Ok(())
}

fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let fail = |why: String| Error::Cache {
        path: path.to_owned(),
        why,
        hint: Some(format!("rm {}", path.display())),
    };
    // Not blocking: what was replaced by a pipe must not hang.
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path);
    let file: File = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // On NFS, a file replaced while it is opened.
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
    if metadata.uid() != host::user_id() {
        return Err(fail("it belongs to another user".into()));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(fail("others can read or write it".into()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 << 10));
    match file.take(MAX_BYTES).read_to_end(&mut bytes) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.raw_os_error() == Some(libc::ESTALE) => Ok(None),
        Err(error) => Err(fail(reason(&error))),
    }
}
