//! The lease decides which process, on this machine or another, requests the token. It is a file
//! created with link(2), which is atomic on NFS too; file locks are not used. If the holder dies,
//! processes on the same machine notice at once, others when the lease expires.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::host;
use super::store::{Store, unique};
use crate::crypto;
use crate::interrupt;
use crate::json::Text;
use crate::process;
use crate::timestamp::Timestamp;

const KIND: &str = "lease";
/// The allowed clock difference between machines, in seconds.
const MAX_CLOCK_DIFFERENCE: i64 = 60;
/// The time limit for replacing a broken lease.
const TAKEOVER_TIMEOUT: Duration = Duration::from_secs(5);

/// A lease, released on drop.
pub(super) struct Lease {
    store: Store,
    id: String,
    _guard: interrupt::RemoveOnSignal,
}

/// The holder of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    id: String,
    /// The PID namespace and boot of the process; empty if unknown.
    space: String,
    pid: u32,
    start: u64,
    expires: i64,
    length: Duration,
}

/// The result of claiming a lease.
pub(super) enum Claim {
    Held(Lease),
    Busy(Holder),
}

/// The holder that is being watched, and since when.
#[derive(Default)]
pub(super) struct Watch {
    seen: Option<(String, Instant)>,
    taking_over: Option<Instant>,
}

impl Lease {
    /// Takes the lease if it is free.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub(super) fn claim(store: &Store, length: Duration) -> io::Result<Claim> {
        if let Some(holder) = holder(store, length) {
            return Ok(Claim::Busy(holder));
        }
        let id = unique()?;
        let content = content(&id, length);
        let temporary = store.temporary(content.as_str().as_bytes())?;
        let path = store.path(KIND);
        let linked = match fs::hard_link(temporary.path(), &path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            // On NFS the link may exist although the reply was lost: check the link count.
            Err(_) if fs::metadata(temporary.path()).is_ok_and(|file| file.nlink() == 2) => {
                Ok(true)
            }
            // The file system has no hard links: create the file exclusively.
            Err(_) => create_exclusively(&path, content.as_str()),
        };
        drop(temporary);
        if linked? {
            // If this process was stopped, another one may have created its own lease.
            let guard =
                interrupt::RemoveOnSignal::while_it_begins(&path, content.as_str().as_bytes());
            return Ok(Claim::Held(Lease {
                store: store.clone(),
                id,
                _guard: guard,
            }));
        }
        Ok(match holder(store, length) {
            Some(holder) => Claim::Busy(holder),
            // Released in the meantime: the caller tries again.
            None => Claim::Busy(Holder::unknown(length)),
        })
    }
}

impl Lease {
    /// Whether this process still holds it. Another one may have taken over while this one was stopped.
    pub(super) fn is_held(&self) -> bool {
        holder(&self.store, Duration::ZERO).is_some_and(|holder| holder.id == self.id)
    }
}

/// Removes a lease whose holder is dead.
///
/// # Errors
/// If it cannot be removed.
pub(super) fn remove_dead(store: &Store) -> io::Result<()> {
    match holder(store, Duration::ZERO) {
        Some(holder) if holder.is_dead() => store.remove(KIND),
        Some(_) | None => Ok(()),
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Do not remove the lease of a successor.
        if self.is_held() {
            let _ = self.store.remove(KIND); // it expires anyway
        }
    }
}

impl Holder {
    fn unknown(length: Duration) -> Holder {
        Holder {
            id: String::new(),
            space: String::new(),
            pid: 0,
            start: 0,
            expires: i64::MAX,
            length,
        }
    }

    /// How long to wait for the holder.
    pub(super) fn length(&self) -> Duration {
        self.length
    }

    fn is_dead(&self) -> bool {
        let is_here = !self.space.is_empty() && process::space().as_ref() == Some(&self.space);
        is_here && process::is_dead(self.pid, self.start)
    }
}

impl Watch {
    /// Breaks the lease if its holder is dead or the lease has expired.
    pub(super) fn look(&mut self, store: &Store, holder: &Holder) {
        let since = match &self.seen {
            Some((id, since)) if *id == holder.id => *since,
            _ => {
                let now = Instant::now();
                self.seen = Some((holder.id.clone(), now));
                self.taking_over = None;
                now
            }
        };
        let is_over = Timestamp::now().0 > holder.expires.saturating_add(MAX_CLOCK_DIFFERENCE);
        if !(holder.is_dead() || is_over || since.elapsed() > holder.length) {
            return;
        }
        let Ok(own) = unique() else { return };
        // Only the process that creates this file removes the broken lease. Otherwise a slow process
        // could remove the new lease of a fast one.
        let right = format!(
            "{KIND}-{}",
            if holder.id.is_empty() {
                "none"
            } else {
                &holder.id
            }
        );
        let has_right = match create_exclusively(&store.path(&right), &own) {
            Ok(true) => true,
            Ok(false) => {
                let first = *self.taking_over.get_or_insert_with(Instant::now);
                // The process with the right has died.
                first.elapsed() > TAKEOVER_TIMEOUT
            }
            Err(_) => false,
        };
        if !has_right {
            return;
        }
        let aside = store.path(&format!("{KIND}-{own}"));
        let current = self::holder(store, holder.length);
        if current.is_some_and(|current| current.id == holder.id) {
            let _ = fs::rename(store.path(KIND), &aside);
            let _ = fs::remove_file(&aside);
        }
        let _ = store.remove(&right); // it is removed later
    }
}

/// Creates the file exclusively; `false` if it exists.
fn create_exclusively(path: &std::path::Path, content: &str) -> io::Result<bool> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(mut file) => file.write_all(content.as_bytes()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn content(id: &str, length: Duration) -> Text {
    let pid = std::process::id();
    let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    let number = |number: u64| Text::integer(i64::try_from(number).unwrap_or(i64::MAX));
    Text::object([
        ("id", &Text::string(id)),
        ("host", &Text::string(&host::host_name())),
        (
            "space",
            &Text::string(&process::space().unwrap_or_default()),
        ),
        ("pid", &Text::integer(i64::from(pid))),
        ("start", &number(process::start_of(pid).unwrap_or(0))),
        ("expires", &Text::integer(Timestamp::now().plus(seconds).0)),
        ("length", &Text::integer(seconds)),
    ])
}

/// The holder of the lease, if there is one.
fn holder(store: &Store, length: Duration) -> Option<Holder> {
    let bytes = match store.read(KIND) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return None,
        // An unreadable lease expires after the usual time.
        Err(_) => return Some(Holder::unknown(length)),
    };
    let read = || -> Option<Holder> {
        let json: Json = serde_json::from_slice(&bytes).ok()?;
        let text = |name: &str| Some(json.get(name)?.as_str()?.to_owned());
        let id = text("id")?;
        let is_plain = id.bytes().all(|b| b.is_ascii_hexdigit()) && id.len() < 100;
        is_plain.then_some(Holder {
            id,
            space: text("space")?,
            pid: u32::try_from(json.get("pid")?.as_u64()?).ok()?,
            start: json.get("start")?.as_u64()?,
            expires: json.get("expires")?.as_i64()?,
            length: Duration::from_secs(json.get("length")?.as_u64()?.min(600)),
        })
    };
    Some(read().unwrap_or_else(|| Holder::unknown(length)))
}

/// A random duration around `pause`, so that processes do not wake at the same time.
pub(super) fn jittered(pause: Duration) -> Duration {
    let random = crypto::random(1).map_or(128, |bytes| bytes.first().copied().unwrap_or(128));
    pause.mul_f64(0.5 + f64::from(random) / 255.0)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn store(name: &str) -> (PathBuf, Store) {
        let directory =
            std::env::temp_dir().join(format!("c47-lease-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        let store = match Store::open(&directory, "p", &[]) {
            Ok(store) => store,
            Err(_) => panic!("no store"),
        };
        (directory, store)
    }

    const LENGTH: Duration = Duration::from_secs(60);

    #[test]
    fn only_one_process_holds_the_lease() {
        let (directory, store) = store("one");
        let Ok(Claim::Held(lease)) = Lease::claim(&store, LENGTH) else {
            panic!("held")
        };
        let Ok(Claim::Busy(holder)) = Lease::claim(&store, LENGTH) else {
            panic!("busy")
        };
        // The lease of a live process is not broken.
        let mut watch = Watch::default();
        watch.look(&store, &holder);
        assert!(matches!(Lease::claim(&store, LENGTH), Ok(Claim::Busy(_))));
        drop(lease);
        assert!(matches!(Lease::claim(&store, LENGTH), Ok(Claim::Held(_))));
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn lease_of_dead_process_or_expired_lease_is_broken() {
        let (directory, store) = store("dead");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i64::from(child.id());
        child.wait().unwrap();
        let lease = |space: &str, expires: i64| {
            Text::object([
                ("id", &Text::string("abc")),
                ("space", &Text::string(space)),
                ("pid", &Text::integer(pid)),
                ("start", &Text::integer(1)),
                ("expires", &Text::integer(expires)),
                ("length", &Text::integer(60)),
            ])
        };
        let here = process::space().unwrap();
        let now = Timestamp::now().0;
        for (text, is_broken) in [
            (lease(&here, now + 60), true),
            (lease("elsewhere", now + 60), false),
            // Clocks may differ by up to a minute.
            (lease("elsewhere", now - 30), false),
            (lease("elsewhere", now - 100), true),
        ] {
            store.write(KIND, text.as_str().as_bytes()).unwrap();
            let Ok(Claim::Busy(holder)) = Lease::claim(&store, LENGTH) else {
                panic!("busy")
            };
            Watch::default().look(&store, &holder);
            let is_free = matches!(Lease::claim(&store, LENGTH), Ok(Claim::Held(_)));
            assert_eq!(is_free, is_broken, "{text}");
        }
        fs::remove_dir_all(directory).unwrap();
    }
}
