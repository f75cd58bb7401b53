//! Where tokens are kept: a directory nobody else can read, a file for each token. Nothing in it
//! is trusted that another user could have put there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::error::Error;
use crate::atomic_file::planted_link;
use crate::crypto;
use crate::hex;
use crate::interrupt;
use crate::io_error::reason;
use crate::process::user_id;
use crate::shell;
use crate::unfinished::{Kinship, Writer};

/// More than any token and what stands beside it.
const MAX_BYTES: u64 = 2 << 20;
/// More than nearly all tokens need.
const ROOM: usize = 64 << 10;
/// What unfinished files end in.
const SUFFIX: &str = ".part";
/// Longer than any login takes: an unfinished file of another machine is then nobody's.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

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
    /// There is none, and why.
    Nowhere(String),
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
        fs::rename(temporary.path(), self.path(kind))
    }

    /// A new file of ours with a name nobody else has, holding `bytes`.
    ///
    /// # Errors
    /// When the disk is full, or the directory has gone.
    pub(crate) fn temporary(&self, bytes: &[u8]) -> io::Result<Temporary> {
        let name = format!(".{}.{}-{}{SUFFIX}", self.stem, Writer::own(), unique()?);
        let path = self.directory.join(name);
        // Before the file is there: a signal in between must not leave it.
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

    /// A file with room for a token, on the disk already: what is written into it later is not
    /// lost to a disk that is full.
    ///
    /// # Errors
    /// When there is no room.
    pub(crate) fn reserve(&self) -> io::Result<Temporary> {
        let temporary = self.temporary(&[0; ROOM])?;
        temporary.file.sync_all()?;
        Ok(temporary)
    }

    /// Writes a file in the place of what was reserved, and onto the disk: it is there after the
    /// machine has lost its power.
    ///
    /// # Errors
    /// When it is larger than what was reserved and the disk is full, or the directory has gone.
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
        // It is kept; some network file systems cannot sync a directory.
        let _ = File::open(&self.directory).and_then(|directory| directory.sync_all());
        Ok(())
    }

    /// Removes a file; that it is not there is as good.
    ///
    /// # Errors
    /// When it stays.
    pub(crate) fn remove(&self, kind: &str) -> io::Result<()> {
        removed(&self.path(kind))
    }

    /// Removes what killed processes left of this token: unfinished files, with a token in them
    /// perhaps, and those by which a lease was taken over.
    ///
    /// # Errors
    /// When one of them stays.
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
                || writer.is_some_and(|writer| writer.kinship() == Kinship::Dead)
                || is_old(&entry);
            if is_left {
                result = result.and(removed(&entry.path()));
            }
        }
        result
    }
}

/// Which unfinished files are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leftovers {
    /// Those that nobody will finish.
    OfTheDead,
    /// All: what is being written is not wanted any more.
    All,
}

/// A file being written, removed when it is dropped under its name or by a signal.
pub(crate) struct Temporary {
    path: PathBuf,
    file: File,
    _guard: interrupt::RemoveOnSignal,
}

impl Temporary {
    /// Its name, for as long as it has not got another.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path); // it has been renamed, as a rule
    }
}

/// Whether a file is older than any process needs to finish it.
fn is_old(entry: &fs::DirEntry) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED))
}

fn removed(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
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
    let planted = planted_link(directory).map_err(Unusable::Unwritable)?;
    if let Some(link) = planted {
        return Err(Unusable::Unsafe(Error::Cache {
            path: directory.to_owned(),
            why: format!("the link {} belongs to another user", link.display()),
            hint: Some("name another with C47_CACHE_DIR".to_owned()),
        }));
    }
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
    let elsewhere = || "name another with C47_CACHE_DIR".to_owned();
    if metadata.file_type().is_symlink() {
        return wrong("it is a symbolic link", elsewhere());
    }
    if !metadata.is_dir() {
        return wrong("it is no directory", elsewhere());
    }
    if metadata.uid() != user_id() {
        return wrong("it belongs to another user", elsewhere());
    }
    if metadata.mode() & 0o077 != 0 {
        return wrong(
            "others can look into it",
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
    if metadata.uid() != user_id() {
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
