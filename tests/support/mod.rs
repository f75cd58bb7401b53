//! What the integration tests share: the runner and scratch directories.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The binary under test, in a clean environment and an empty directory of its own.
pub fn c47() -> Run {
    Run {
        command: Command::new(env!("CARGO_BIN_EXE_c47")),
        stdin: Vec::new(),
        scratch: Scratch::new("run"),
        directory: None,
    }
}

pub struct Run {
    command: Command,
    stdin: Vec<u8>,
    scratch: Scratch,
    directory: Option<PathBuf>,
}

impl Run {
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Run {
        self.command.arg(argument);
        self
    }

    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Run {
        self.command.args(arguments);
        self
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Run {
        self.command.env(name, value);
        self
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Run {
        self.stdin = bytes.into();
        self
    }

    pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Run {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    pub fn run(mut self) -> Output {
        let directory = self
            .directory
            .unwrap_or_else(|| self.scratch.path().to_owned());
        let names: Vec<_> = self
            .command
            .get_envs()
            .map(|(n, v)| (n.to_owned(), v.map(OsStr::to_owned)))
            .collect();
        self.command.env_clear().current_dir(directory);
        for (name, value) in names {
            if let Some(value) = value {
                self.command.env(name, value);
            }
        }
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let what = format!("{:?}", self.command);
        let mut child = self.command.spawn().expect("c47 starts");
        let mut stdin = child.stdin.take().unwrap();
        let bytes = self.stdin;
        let writer = std::thread::spawn(move || {
            let _ = stdin.write_all(&bytes);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: output.stderr,
            what,
        }
    }
}

pub struct Output {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    what: String,
}

impl Output {
    pub fn expect_code(self, code: i32) -> Output {
        assert!(
            self.code == code,
            "{}\nexit {}, not {code}\n--- stdout\n{}\n--- stderr\n{}",
            self.what,
            self.code,
            String::from_utf8_lossy(&self.stdout),
            String::from_utf8_lossy(&self.stderr)
        );
        self
    }

    pub fn stdout_text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    pub fn stderr_text(&self) -> &str {
        std::str::from_utf8(&self.stderr).unwrap()
    }
}

/// A fresh, empty directory, removed on drop.
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = parent.join(format!("{name}-{}-{count}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a scratch directory");
        Scratch { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(file);
        fs::create_dir_all(path.parent().unwrap()).expect("its directory");
        fs::write(&path, bytes).expect("a scratch file");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
