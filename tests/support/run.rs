//! Runs a program in a defined environment, and captures its output.
#![allow(unsafe_code)] // signal(2) between fork and exec

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use super::{Child, Scratch, empty_root, old_kernel};

/// The standard input of a program.
pub(super) enum Stdin {
    /// Nothing: `/dev/null`.
    Null,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// A pipe that stays open and empty: a read blocks.
    Silent,
}

/// A program to run.
pub struct Run {
    program: PathBuf,
    called: Option<OsString>,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    stdin: Stdin,
    stdout: Option<Stdio>,
    directory: Option<PathBuf>,
    root: Option<PathBuf>,
    /// Removed when the program has ended.
    kept: Option<Scratch>,
    old_kernel: bool,
    as_nobody: bool,
    limit: Duration,
}

impl Run {
    /// A program, by its path or from `PATH`.
    pub fn of(program: impl AsRef<Path>) -> Run {
        Run {
            program: program.as_ref().to_owned(),
            called: None,
            arguments: Vec::new(),
            variables: Vec::new(),
            stdin: Stdin::Null,
            stdout: None,
            directory: None,
            root: None,
            kept: None,
            old_kernel: false,
            as_nobody: false,
            limit: Duration::from_secs(60),
        }
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Run {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub fn args<A: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = A>) -> Run {
        arguments.into_iter().fold(self, Run::arg)
    }

    /// Adds a variable to the environment, which has PATH, HOME, TMPDIR and LANG.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Run {
        self.variables
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets standard input, which is empty by default.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Run {
        self.stdin = Stdin::Bytes(bytes.into());
        self
    }

    /// Standard input is an open pipe without data, as in a loop over ssh.
    pub fn silent_stdin(mut self) -> Run {
        self.stdin = Stdin::Silent;
        self
    }

    /// Standard output is this file and is not captured.
    pub fn stdout_to(mut self, file: File) -> Run {
        self.stdout = Some(file.into());
        self
    }

    /// Standard output is a pipe without a reader, as after `| head -1`.
    pub fn stdout_closed(mut self) -> Run {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        self.stdout = Some(writer.into());
        self
    }

    /// Runs it here instead of in an empty directory.
    pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Run {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    /// The name of the program (`argv[0]`).
    pub fn called(mut self, name: impl AsRef<OsStr>) -> Run {
        self.called = Some(name.as_ref().to_owned());
        self
    }

    /// The time limit, after which it is killed and the test fails (default: 60 s).
    pub fn limit(mut self, limit: Duration) -> Run {
        self.limit = limit;
        self
    }

    /// System calls that are newer than Linux 3.10 fail with ENOSYS.
    pub fn on_old_kernel(mut self) -> Run {
        self.old_kernel = true;
        self
    }

    /// Runs it as the user and group of [`super::NOBODY`], without other groups.
    pub fn run_by_nobody(mut self) -> Run {
        self.as_nobody = true;
        self
    }

    /// Runs another program, or the same through a link.
    pub fn program(mut self, program: impl AsRef<Path>) -> Run {
        self.program = program.as_ref().to_owned();
        self
    }

    pub(super) fn is_on_old_kernel(&self) -> bool {
        self.old_kernel
    }

    /// Uses this directory as root. The paths of the program and the working directory are inside it.
    pub(super) fn in_root(mut self, root: &Path) -> Run {
        self.root = Some(root.to_owned());
        self
    }

    /// Removes this directory once the program has ended.
    pub fn keeping(mut self, scratch: Scratch) -> Run {
        self.kept = Some(scratch);
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Output {
        self.spawn().wait()
    }

    /// Starts it; it is killed when the [`Child`] is dropped.
    #[track_caller]
    pub fn spawn(self) -> Child {
        let home = Scratch::new("home");
        let directory = self.directory.as_deref().unwrap_or(home.path());
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().process_group(0);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("LANG", "C.UTF-8");
        match &self.root {
            None => {
                command.current_dir(directory);
                command.env("HOME", home.path()).env("TMPDIR", home.path());
            }
            Some(root) => empty_root::enter(&mut command, root),
        }
        if let Some(name) = &self.called {
            command.arg0(name);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(match self.stdin {
            Stdin::Null => Stdio::null(),
            Stdin::Bytes(_) | Stdin::Silent => Stdio::piped(),
        });
        command.stdout(self.stdout.unwrap_or_else(Stdio::piped));
        command.stderr(Stdio::piped());
        if self.as_nobody {
            // The standard library clears the supplementary groups if root does this.
            command.uid(super::NOBODY).gid(super::NOBODY);
        }
        with_default_signals(&mut command);
        // Last, so that the filter does not affect the code above.
        if self.old_kernel {
            old_kernel::install(&mut command);
        }
        let command_line = command_line(&command, &self.variables, directory, self.old_kernel);
        let scratches = [Some(home), self.kept];
        Child::start(command, self.stdin, command_line, self.limit, scratches)
    }
}

/// Restores the default for Ctrl-C, which background jobs of a shell ignore.
fn with_default_signals(command: &mut Command) {
    let reset = || {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
            // SAFETY: signal(2) with SIG_DFL only changes the disposition in this process.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: the closure only calls async-signal-safe functions.
    unsafe { command.pre_exec(reset) };
}

/// The command as a person would type it, for the message of a failing test.
fn command_line(
    command: &Command,
    variables: &[(OsString, OsString)],
    directory: &Path,
    old_kernel: bool,
) -> String {
    let mut line = String::from("command:");
    for (name, value) in variables {
        line.push_str(&format!(" {}={value:?}", name.display()));
    }
    line.push_str(&format!(" {}", command.get_program().display()));
    for argument in command.get_args() {
        line.push_str(&format!(" {argument:?}"));
    }
    let kernel = if old_kernel { "\nkernel: as 3.10" } else { "" };
    format!("{line}\nin: {}{kernel}", directory.display())
}

/// The result of a program.
pub struct Output {
    /// The exit code, or the negated number of the signal that killed it.
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    command_line: String,
}

impl Output {
    pub(super) fn new(
        status: ExitStatus,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
        command_line: String,
    ) -> Self {
        let code = status
            .code()
            .unwrap_or_else(|| -status.signal().unwrap_or(0));
        Output {
            code,
            stdout,
            stderr,
            command_line,
        }
    }

    /// Fails the test unless it exited with `code`.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Output {
        assert!(
            self.code == code,
            "exit code {} instead of {code}\n{}",
            self.code,
            self.tell()
        );
        self
    }

    /// Standard output, which must be UTF-8.
    #[track_caller]
    pub fn stdout_text(&self) -> &str {
        str::from_utf8(&self.stdout)
            .unwrap_or_else(|_| panic!("stdout is not UTF-8\n{}", self.tell()))
    }

    /// Standard error, which must be UTF-8.
    #[track_caller]
    pub fn stderr_text(&self) -> &str {
        str::from_utf8(&self.stderr)
            .unwrap_or_else(|_| panic!("stderr is not UTF-8\n{}", self.tell()))
    }

    /// Standard output read as one JSON text.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not JSON: {error}\n{}", self.tell()))
    }

    /// Everything about the run, for the message of a failing test.
    pub fn tell(&self) -> String {
        format!(
            "{}\nexit code: {}\nstdout:\n{}\nstderr:\n{}",
            self.command_line,
            self.code,
            String::from_utf8_lossy(&self.stdout),
            String::from_utf8_lossy(&self.stderr)
        )
    }
}
