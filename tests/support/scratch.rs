//! A directory that is gone when the test is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A fresh, empty directory, removed on drop.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes one whose name begins with `name`.
    pub fn new(name: &str) -> Scratch {
        // Beside the built binary, so that it can be linked in instead of copied.
        Scratch::below(Path::new(env!("CARGO_TARGET_TMPDIR")), name)
    }

    /// Makes one in another place.
    pub fn below(parent: &Path, name: &str) -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{name}-{}-{count}", std::process::id()));
        // One of the same name was left by a test process that was killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a scratch directory");
        Scratch { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, and the directories on the way to it.
    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(file);
        fs::create_dir_all(path.parent().unwrap()).expect("its directory");
        fs::write(&path, bytes).expect("a scratch file");
        path
    }

    /// Puts a program there that can be run at once: as a link, or copied by another process. A
    /// descriptor open for writing here would be inherited by what other tests start, and then
    /// the program could not be run (ETXTBSY).
    pub fn place(&self, program: &Path, name: &str) -> PathBuf {
        let path = self.path.join(name);
        if fs::hard_link(program, &path).is_err() {
            let status = Command::new("cp").arg(program).arg(&path).status();
            assert!(status.expect("cp").success(), "no copy of {program:?}");
        }
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
