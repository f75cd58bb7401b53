//! Checks of the machine: memory, threads, clock, files and name resolution.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::{CheckResult, Passed};
use crate::interrupt::RemoveOnSignal;
use crate::io_error::reason;
use crate::timestamp::Timestamp;
use crate::unfinished::Writer;

const THREADS: u8 = 4;
const BLOCKS: usize = 256;

/// Allocates memory in some threads, and reads and frees it in another.
pub(super) fn allocator() -> CheckResult {
    let (sender, receiver) = channel::<Vec<u8>>();
    for number in 0..THREADS {
        let sender = sender.clone();
        thread::Builder::new()
            .stack_size(64 << 10)
            .spawn(move || {
                for block in 1..=BLOCKS {
                    // The receiver may have ended after an error.
                    let _ = sender.send(vec![number; block * 17 % 8192 + 1]);
                }
            })
            .map_err(|error| format!("cannot start a thread: {}", reason(&error)))?;
    }
    drop(sender);
    let mut blocks = 0;
    let mut bytes = 0;
    for block in receiver {
        let first = block.first().copied().unwrap_or(THREADS);
        if first >= THREADS || block.iter().any(|&byte| byte != first) {
            return Err("memory contains other bytes than were written".into());
        }
        blocks += 1;
        bytes += block.len();
    }
    if blocks != usize::from(THREADS) * BLOCKS {
        return Err("a thread ended early".into());
    }
    Ok(Passed::Cleanly(format!(
        "{blocks} blocks, {} KiB, allocated by {THREADS} threads and freed by another",
        bytes >> 10
    )))
}

/// Tokens and certificates need a correct clock.
pub(super) fn clock(now: Timestamp, built: Timestamp) -> CheckResult {
    if now < built {
        return Err(format!(
            "the time is {now}, before this binary was built ({built}); tokens and certificates will be refused"
        ));
    }
    Ok(Passed::Cleanly(now.to_string()))
}

/// Writes, reads, renames and removes a file.
pub(super) fn temporary_files(directory: &Path) -> CheckResult {
    let shown = directory.display();
    if !directory.is_dir() {
        return Err(format!(
            "{shown} is not a directory; set TMPDIR to a directory"
        ));
    }
    let name = format!("c47-selftest-{}", Writer::own());
    let first = Temporary::new(directory.join(format!("{name}.1")));
    let second = Temporary::new(directory.join(format!("{name}.2")));
    let content = b"c47".repeat(1000);
    let fail = |what: &str, error: &std::io::Error| {
        Err(format!(
            "cannot {what} a file in {shown}: {}",
            reason(error)
        ))
    };
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&first.path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) => return fail("create", &error),
    };
    if let Err(error) = file.write_all(&content) {
        return fail("write", &error);
    }
    let mut back = Vec::new();
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| (&mut file).take(1 << 16).read_to_end(&mut back));
    if let Err(error) = read {
        return fail("read", &error);
    }
    if back != content {
        return Err(format!(
            "{shown}: a file contains other bytes than were written"
        ));
    }
    if let Err(error) = fs::rename(&first.path, &second.path) {
        return fail("rename", &error);
    }
    if let Err(error) = fs::remove_file(&second.path) {
        return fail("remove", &error);
    }
    Ok(Passed::Cleanly(format!(
        "written, read, renamed and removed in {shown}"
    )))
}

/// A file that is removed after the check, also by a signal.
struct Temporary {
    path: PathBuf,
    _guard: RemoveOnSignal,
}

impl Temporary {
    fn new(path: PathBuf) -> Temporary {
        let guard = RemoveOnSignal::new(&path);
        Temporary {
            path,
            _guard: guard,
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Resolves localhost, which many tools need. The resolver would wait ten seconds, but a machine that
/// has the name in /etc/hosts finds it at once.
pub(super) fn localhost() -> CheckResult {
    const TIMEOUT: Duration = Duration::from_millis(40);
    let (sender, receiver) = channel();
    thread::Builder::new()
        .spawn(move || {
            let found = ("localhost", 0).to_socket_addrs();
            let _ = sender.send(found.map(Iterator::collect::<Vec<SocketAddr>>));
        })
        .map_err(|error| format!("cannot start a thread: {}", reason(&error)))?;
    let unknown = |why: &str| {
        Ok(Passed::WithWarning(format!(
            "{why}; add it to /etc/hosts, or use http://127.0.0.1"
        )))
    };
    match receiver.recv_timeout(TIMEOUT) {
        Ok(Ok(found)) => judge_localhost(&found),
        Ok(Err(_)) => unknown("localhost cannot be resolved"),
        Err(_) => unknown("timed out resolving localhost"),
    }
}

fn judge_localhost(found: &[SocketAddr]) -> CheckResult {
    let names: Vec<String> = found.iter().map(|one| one.ip().to_string()).collect();
    let names = names.join(", ");
    match found.iter().find(|one| !one.ip().is_loopback()) {
        Some(stranger) => Err(format!(
            "localhost is {}, which is not this machine",
            stranger.ip()
        )),
        None if names.is_empty() => Err("localhost has no address".into()),
        None => Ok(Passed::Cleanly(names)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_before_the_build_is_reported() {
        assert!(clock(Timestamp(100), Timestamp(100)).is_ok());
        let why = clock(Timestamp(0), Timestamp(1_776_297_600)).unwrap_err();
        assert!(
            why.contains("1970-01-01T00:00:00Z") && why.contains("2026-04-16"),
            "{why}"
        );
    }

    #[test]
    fn localhost_on_another_machine_is_reported() {
        let of = |text: &str| judge_localhost(&[text.parse().unwrap()]);
        assert!(of("127.0.0.1:0").is_ok() && of("[::1]:0").is_ok());
        assert!(of("10.0.0.1:0").unwrap_err().contains("10.0.0.1"));
        assert!(judge_localhost(&[]).is_err());
    }

    #[test]
    fn unusable_temporary_directory_is_reported() {
        for directory in ["/nonexistent", "/dev/null", "/proc"] {
            assert!(
                temporary_files(Path::new(directory)).is_err(),
                "{directory}"
            );
        }
    }

    #[test]
    fn memory_moves_between_threads() {
        assert!(allocator().is_ok());
    }
}
