//! What the machine itself must give: memory, threads, a clock, chance, files, names.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::{Answer, Good};
use crate::interrupt::RemoveOnSignal;
use crate::io_error::reason;
use crate::timestamp::Timestamp;
use crate::unfinished::Writer;

const THREADS: u8 = 4;
const BLOCKS: usize = 256;

/// Memory that one thread takes, another reads and frees.
pub(super) fn allocator() -> Answer {
    let (sender, receiver) = channel::<Vec<u8>>();
    for number in 0..THREADS {
        let sender = sender.clone();
        thread::Builder::new()
            .stack_size(64 << 10)
            .spawn(move || {
                for block in 1..=BLOCKS {
                    // Whoever listens may have gone; then there is nothing to free elsewhere.
                    let _ = sender.send(vec![number; block * 17 % 8192 + 1]);
                }
            })
            .map_err(|error| format!("no thread can be started: {}", reason(&error)))?;
    }
    drop(sender);
    let mut blocks = 0;
    let mut bytes = 0;
    for block in receiver {
        let first = block.first().copied().unwrap_or(THREADS);
        if first >= THREADS || block.iter().any(|&byte| byte != first) {
            return Err("memory does not hold what was written into it".into());
        }
        blocks += 1;
        bytes += block.len();
    }
    if blocks != usize::from(THREADS) * BLOCKS {
        return Err("a thread ended before its work was done".into());
    }
    Ok(Good::Well(format!(
        "{blocks} blocks, {} KiB, taken by {THREADS} threads and freed by another",
        bytes >> 10
    )))
}

/// Tokens and certificates are judged by the clock.
pub(super) fn clock(now: Timestamp, built: Timestamp) -> Answer {
    if now < built {
        return Err(format!(
            "it says {now}, before this binary was built ({built}): tokens and certificates will be refused"
        ));
    }
    Ok(Good::Well(now.to_string()))
}

/// A file is written, read back, renamed and removed.
pub(super) fn temporary_files(directory: &Path) -> Answer {
    let shown = directory.display();
    if !directory.is_dir() {
        return Err(format!("{shown} is no directory: TMPDIR names another"));
    }
    let name = format!("c47-selftest-{}", Writer::own());
    let first = Temporary::new(directory.join(format!("{name}.1")));
    let second = Temporary::new(directory.join(format!("{name}.2")));
    let content = b"c47".repeat(1000);
    let fail = |what: &str, error: &std::io::Error| {
        Err(format!(
            "{shown}: a file cannot be {what}: {}",
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
        Err(error) => return fail("made", &error),
    };
    if let Err(error) = file.write_all(&content) {
        return fail("written", &error);
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
            "{shown}: a file does not hold what was written into it"
        ));
    }
    if let Err(error) = fs::rename(&first.path, &second.path) {
        return fail("renamed", &error);
    }
    if let Err(error) = fs::remove_file(&second.path) {
        return fail("removed", &error);
    }
    Ok(Good::Well(format!(
        "written, read, renamed and removed in {shown}"
    )))
}

/// A file that is removed whatever comes of the check, or of the process.
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

/// The name every tool takes for granted. The resolver's own patience is ten seconds; a machine
/// that needs more than a moment for this name does not know it.
pub(super) fn localhost() -> Answer {
    const PATIENCE: Duration = Duration::from_millis(40);
    let (sender, receiver) = channel();
    thread::Builder::new()
        .spawn(move || {
            let found = ("localhost", 0).to_socket_addrs();
            let _ = sender.send(found.map(Iterator::collect::<Vec<SocketAddr>>));
        })
        .map_err(|error| format!("no thread can be started: {}", reason(&error)))?;
    let unknown = |why: &str| {
        Ok(Good::But(format!(
            "{why}: /etc/hosts should name it; http://127.0.0.1 works without"
        )))
    };
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(found)) => judge_localhost(&found),
        Ok(Err(_)) => unknown("the name is not known here"),
        Err(_) => unknown("the name is not found in a moment"),
    }
}

fn judge_localhost(found: &[SocketAddr]) -> Answer {
    let names: Vec<String> = found.iter().map(|one| one.ip().to_string()).collect();
    let names = names.join(", ");
    match found.iter().find(|one| !one.ip().is_loopback()) {
        Some(stranger) => Err(format!(
            "it is {}, which is not this machine: calls meant for here go there",
            stranger.ip()
        )),
        None if names.is_empty() => Err("it has no address".into()),
        None => Ok(Good::Well(names)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_the_build_is_reported() {
        assert!(clock(Timestamp(100), Timestamp(100)).is_ok());
        let why = clock(Timestamp(0), Timestamp(1_776_297_600)).unwrap_err();
        assert!(
            why.contains("1970-01-01T00:00:00Z") && why.contains("2026-04-16"),
            "{why}"
        );
    }

    #[test]
    fn a_localhost_elsewhere_is_reported() {
        let of = |text: &str| judge_localhost(&[text.parse().unwrap()]);
        assert!(of("127.0.0.1:0").is_ok() && of("[::1]:0").is_ok());
        assert!(of("10.0.0.1:0").unwrap_err().contains("10.0.0.1"));
        assert!(judge_localhost(&[]).is_err());
    }

    #[test]
    fn temporary_files_that_cannot_be() {
        for directory in ["/nonexistent", "/dev/null", "/proc"] {
            assert!(
                temporary_files(Path::new(directory)).is_err(),
                "{directory}"
            );
        }
    }

    #[test]
    fn memory_goes_from_thread_to_thread() {
        assert!(allocator().is_ok());
    }
}
