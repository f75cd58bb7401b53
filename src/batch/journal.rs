//! The journal of a run: each request is done, failed or unknown, whatever kills the process. Lines
//! are appended with a checksum, and synced in groups.

mod entry;
mod replay;

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, fallocate};

use crate::atomic_file::{Alone, directory_of};
use crate::crypto;
use crate::error::Error;
use crate::hex;
use crate::process::user_id;

pub(crate) use entry::{Entry, Identity, Pending};
pub(crate) use replay::{Replay, State, Unreadable};

/// Results are synced at least this often, so that a power failure makes few requests unknown.
const SYNC_AT_LEAST_EVERY: Duration = Duration::from_secs(1);
/// The space that is reserved on the disk, so that the results of requests that were sent fit in.
const RESERVE: u64 = 512 << 10;
const LEAST_RESERVE: u64 = 128 << 10;

/// Whether a line must be on the disk before the work goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// For a request that must not be sent twice: not even a power failure may forget it.
    Synced,
    /// For a request that may be sent twice.
    Written,
}

/// An open journal, which no other process uses. Workers share it.
pub(crate) struct Journal {
    path: PathBuf,
    identity: Identity,
    state: Mutex<Writing>,
    synced: Condvar,
}

struct Writing {
    file: File,
    length: u64,
    reserved: u64,
    /// The numbers of the last line that was appended, and of the last that is on the disk.
    appended: u64,
    durable: u64,
    is_syncing: bool,
    last_sync: Instant,
    /// Nothing is written after an error: the state of the file is not known.
    is_broken: bool,
    /// `None` after the end of the run.
    alone: Option<Alone>,
}

/// The hash of the input and of everything else that decides about the requests of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub input: &'a str,
    /// `I/N`, or empty.
    pub shard: &'a str,
}

impl Journal {
    /// Opens the journal at `path`, or creates it, and returns what it says.
    ///
    /// # Errors
    /// When another process uses it, it belongs to another input, is damaged, or cannot be written.
    pub(crate) fn open(path: &Path, wanted: Wanted) -> Result<(Journal, Replay), Error> {
        let alone = Alone::claim(path)?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(path)
            .map_err(Error::file("open", path))?;
        let found = file.metadata().map_err(Error::file("read", path))?;
        if !found.is_file() || found.uid() != user_id() {
            let why = io::Error::other("it is not a regular file of this user");
            return Err(Error::file("use", path)(why));
        }
        let replay = match Replay::read(BufReader::with_capacity(1 << 20, &file)) {
            Ok(replay) => replay,
            Err(Unreadable::Empty) => begin(&mut file, path, wanted)?,
            Err(unreadable) => return Err(refused(path, unreadable)),
        };
        ensure_same(path, &replay.identity, wanted)?;
        // What a crash left of the last line goes, so that the next line is whole.
        file.set_len(replay.whole)
            .and_then(|()| file.sync_all())
            .map_err(Error::file("write", path))?;
        let journal = Journal {
            path: path.to_owned(),
            identity: replay.identity.clone(),
            state: Mutex::new(Writing {
                file,
                length: replay.whole,
                reserved: replay.whole,
                appended: 0,
                durable: 0,
                is_syncing: false,
                last_sync: Instant::now(),
                is_broken: false,
                alone: Some(alone),
            }),
            synced: Condvar::new(),
        };
        Ok((journal, replay))
    }

    /// Reads a journal that may be in use, for reports.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    pub(crate) fn read(path: &Path) -> Result<Replay, Error> {
        let file = File::open(path).map_err(Error::file("read", path))?;
        Replay::read(BufReader::with_capacity(1 << 20, file))
            .map_err(|unreadable| refused(path, unreadable))
    }

    /// The key for `Idempotency-Key`: the same in every attempt and every resumed run, and another
    /// for every other request.
    pub(crate) fn idempotency_key(&self, number: u64, id: Option<&str>) -> String {
        let text = format!("{} {number} {}", self.identity.run, id.unwrap_or(""));
        let hash = hex::encode(&crypto::sha256(text.as_bytes()));
        hash.get(..32).unwrap_or_default().to_owned()
    }

    /// Records that a request is about to be sent.
    ///
    /// # Errors
    /// When it cannot be recorded. Then the request may not be sent.
    pub(crate) fn sent(&self, pending: Pending, durability: Durability) -> Result<(), Error> {
        let line = self.append(&Entry::Sent(pending), Room::Reserve)?;
        match durability {
            Durability::Synced => self.sync_to(line),
            Durability::Written => Ok(()),
        }
    }

    /// Records the result of a request.
    ///
    /// # Errors
    /// When it cannot be recorded. Then the next run takes the request for unknown.
    pub(crate) fn result(&self, entry: &Entry) -> Result<(), Error> {
        let line = self.append(entry, Room::AsReserved)?;
        let is_late = {
            let state = self.lock();
            !state.is_syncing && state.last_sync.elapsed() > SYNC_AT_LEAST_EVERY
        };
        match is_late {
            true => self.sync_to(line),
            false => Ok(()),
        }
    }

    /// Puts all lines on the disk, and lets other processes use the journal. A worker that still waits for
    /// a response cannot write to it afterwards.
    ///
    /// # Errors
    /// When a line cannot be put on the disk.
    pub(crate) fn close(&self) -> Result<(), Error> {
        let mut state = self.lock();
        let (last, alone) = (state.appended, state.alone.take());
        drop(state);
        let synced = self.sync_to(last);
        drop(alone);
        synced
    }

    fn append(&self, entry: &Entry, room: Room) -> Result<u64, Error> {
        let line = entry.line();
        let mut state = self.lock();
        let written = state.append(line.as_bytes(), room);
        written.map_err(Error::file("write", &self.path))?;
        Ok(state.appended)
    }

    /// Waits until this line is on the disk. One thread syncs for all that wait.
    fn sync_to(&self, line: u64) -> Result<(), Error> {
        let mut state = self.lock();
        loop {
            if state.is_broken {
                return Err(Error::file("write", &self.path)(broken()));
            }
            if state.durable >= line {
                return Ok(());
            }
            if state.is_syncing {
                state = self
                    .synced
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let last = state.appended;
            let result = state.file.try_clone();
            state.is_syncing = true;
            drop(state);
            let result = result.and_then(|file| file.sync_data());
            state = self.lock();
            state.is_syncing = false;
            state.last_sync = Instant::now();
            match &result {
                Ok(()) => state.durable = state.durable.max(last),
                // What the disk has is not known, and a second sync may wrongly succeed.
                Err(_) => state.is_broken = true,
            }
            self.synced.notify_all();
            result.map_err(Error::file("sync", &self.path))?;
        }
    }

    /// Makes every write fail, as on a full disk.
    #[cfg(test)]
    pub(super) fn fill_disk(&self) {
        let read_only = File::open(&self.path);
        if let Ok(file) = read_only {
            self.lock().file = file;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether space for results is reserved before a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Reserve,
    AsReserved,
}

impl Writing {
    fn append(&mut self, line: &[u8], room: Room) -> io::Result<()> {
        if self.is_broken {
            return Err(broken());
        }
        if self.alone.is_none() {
            return Err(io::Error::other("the run has ended"));
        }
        if room == Room::Reserve {
            self.reserve()?;
        }
        if let Err(error) = self.file.write_all(line) {
            // A part of a line would damage the next one.
            if self.file.set_len(self.length).is_err() {
                self.is_broken = true;
            }
            self.reserved = self.length;
            return Err(error);
        }
        self.length += line.len() as u64;
        self.appended += 1;
        Ok(())
    }

    /// Reserves blocks behind the end of the file, so that a full disk is noticed before a request is
    /// sent and not when its result is recorded.
    fn reserve(&mut self) -> io::Result<()> {
        if self.reserved >= self.length + LEAST_RESERVE {
            return Ok(());
        }
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.length, RESERVE) {
            Ok(()) => {}
            Err(error)
                if error == rustix::io::Errno::NOSPC || error == rustix::io::Errno::DQUOT =>
            {
                return Err(error.into());
            }
            // Some file systems cannot reserve.
            Err(_) => {}
        }
        self.reserved = self.length + RESERVE;
        Ok(())
    }
}

fn broken() -> io::Error {
    io::Error::other("an earlier line could not be written")
}

/// Writes the first line of a new journal.
fn begin(file: &mut File, path: &Path, wanted: Wanted) -> Result<Replay, Error> {
    let random = crypto::random(16).map_err(|source| Error::System {
        action: "get random numbers",
        source,
    })?;
    let identity = Identity {
        run: hex::encode(&random),
        input: wanted.input.to_owned(),
        shard: wanted.shard.to_owned(),
    };
    let line = Entry::Header(identity).line();
    file.set_len(0)
        .and_then(|()| file.write_all(line.as_bytes()))
        .and_then(|()| file.sync_all())
        // The name of the file must survive a power failure too.
        .and_then(|()| File::open(directory_of(path))?.sync_all())
        .map_err(Error::file("write", path))?;
    Replay::read(line.as_bytes()).map_err(|unreadable| refused(path, unreadable))
}

fn ensure_same(path: &Path, has: &Identity, wanted: Wanted) -> Result<(), Error> {
    let shown = path.display();
    let hint = "give each input and template its own --journal";
    if has.input != wanted.input {
        return Err(Error::usage_hint(
            format!("the journal {shown} belongs to another input or template"),
            hint,
        ));
    }
    if has.shard != wanted.shard {
        let shard = |shard: &str| match shard {
            "" => "the whole input".to_owned(),
            shard => format!("shard {shard}"),
        };
        return Err(Error::usage_hint(
            format!(
                "the journal {shown} is of {}, not of {}",
                shard(&has.shard),
                shard(wanted.shard)
            ),
            "give each shard its own --journal",
        ));
    }
    Ok(())
}

fn refused(path: &Path, unreadable: Unreadable) -> Error {
    let shown = path.display().to_string();
    match unreadable {
        Unreadable::Read(error) => Error::file("read", path)(error),
        Unreadable::Empty => Error::malformed(shown, "it is empty"),
        Unreadable::NotAJournal => Error::malformed(shown, "it is not a journal"),
        Unreadable::Damaged(line) => Error::malformed(
            shown,
            format!("line {line} is damaged; which requests were sent is not certain"),
        ),
        Unreadable::TooManyRequests => Error::malformed(shown, "it has too many requests"),
    }
}

#[cfg(test)]
mod tests;
