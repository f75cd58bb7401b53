//! A temporary directory for a test.

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
    /// Creates one with a name that starts with `name`.
    pub fn new(name: &str) -> Scratch {
        // On the same file system as the binary, so that it can be linked instead of copied.
        Scratch::below(Path::new(env!("CARGO_TARGET_TMPDIR")), name)
    }

    /// Creates one in memory where that is possible, for tests in which much is synced to the disk.
    pub fn in_memory(name: &str) -> Scratch {
        let memory = Path::new("/dev/shm");
        match memory.is_dir() {
            true => Scratch::below(memory, name),
            false => Scratch::new(name),
        }
    }

    /// Creates one in another directory.
    pub fn below(parent: &Path, name: &str) -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{name}-{}-{count}", std::process::id()));
        // A killed test process may have left one with the same name.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a scratch directory");
        Scratch { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file and creates its parent directories.
    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(file);
        fs::create_dir_all(path.parent().unwrap()).expect("its directory");
        fs::write(&path, bytes).expect("a scratch file");
        path
    }

    /// Adds a program, as a link or copied by another process. A copy by this process could not be run
    /// (ETXTBSY) while a child of another test inherits the open descriptor.
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
