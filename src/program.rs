//! Runs a program with limits on its time and output. What it started ends with it: it is killed as a
//! process group, at the deadline, by a signal to c47, and when the program itself has ended.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use zeroize::Zeroizing;

use crate::deadline::Deadline;
use crate::interrupt::KillOnSignal;
use crate::io_error::reason;
use crate::process_limits;

/// How long the output of an ended program is read, if a process outside its group still has it open.
const GRACE: Duration = Duration::from_millis(500);
/// How often an event that wakes no poll is checked: the end of a program whose output is still open.
const TICK: Duration = Duration::from_millis(20);
const BUFFER: usize = 16 << 10;

/// A program to run.
pub(crate) struct Call<'a> {
    /// The program and its arguments. No shell is used.
    pub words: Vec<&'a OsStr>,
    /// Variables that are added to the environment.
    pub variables: &'a [(String, OsString)],
    /// Variables that are removed from it.
    pub removed: &'a [OsString],
    /// Its stdin.
    pub input: &'a [u8],
    /// The largest stdout, and the largest part of stderr that is kept.
    pub max_output: usize,
    pub excess: Excess,
    pub deadline: Deadline,
}

/// What happens when a program prints too much on stdout. On stderr the rest is always discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    /// It is killed.
    Refused,
    /// The rest is discarded.
    Discarded,
}

/// A program that has ended by itself.
#[derive(Debug)]
pub(crate) struct Ended {
    pub status: ExitStatus,
    pub stdout: Zeroizing<Vec<u8>>,
    pub stderr: Zeroizing<Vec<u8>>,
}

/// Why a program did not end by itself.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was not started.
    Start(io::Error),
    /// Its pipes cannot be read.
    Pipe(io::Error),
    /// It was killed at the deadline.
    TimedOut,
    /// It was killed because it printed more than this many bytes.
    TooMuch(usize),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Start(error) => write!(f, "cannot start it: {}", reason(error)),
            Failure::Pipe(error) => write!(f, "cannot read its output: {}", reason(error)),
            Failure::TimedOut => f.write_str("timed out and was killed"),
            Failure::TooMuch(limit) => write!(f, "printed more than {limit} bytes and was killed"),
        }
    }
}

/// How a program has ended: `exited with 3`.
pub(crate) fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exited with {code}"),
        None => "killed by a signal".to_owned(),
    }
}

/// The words of a program, for a [`Call`].
pub(crate) fn words(words: &[String]) -> Vec<&OsStr> {
    words.iter().map(OsStr::new).collect()
}

/// Runs a program until it ends.
///
/// # Errors
/// If it cannot be started, or was killed.
pub(crate) fn run(call: &Call) -> Result<Ended, Failure> {
    run_unless(call, &|| false)
}

/// Runs a program until it ends. It is killed as at the deadline as soon as nobody needs its output.
///
/// # Errors
/// If it cannot be started, or was killed.
pub(crate) fn run_unless(call: &Call, is_stale: &dyn Fn() -> bool) -> Result<Ended, Failure> {
    let Some((program, arguments)) = call.words.split_first() else {
        let why = "no program given";
        return Err(Failure::Start(io::Error::new(
            io::ErrorKind::InvalidInput,
            why,
        )));
    };
    if call.deadline.is_over() {
        return Err(Failure::TimedOut);
    }
    let mut command = Command::new(program);
    command.args(arguments);
    for name in call.removed {
        command.env_remove(name);
    }
    command
        .envs(call.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    process_limits::in_own_session(process_limits::restore_limits_for(&mut command));
    let (child, group) = KillOnSignal::around(|| command.spawn()).map_err(Failure::Start)?;
    let mut running = Running { child, group };
    let [stdout, stderr] = running.communicate(call, is_stale)?;
    running.group.release();
    let status = running.child.wait().map_err(Failure::Pipe)?;
    Ok(Ended {
        status,
        stdout,
        stderr,
    })
}

/// A program that was started. Its group is killed when this is dropped.
struct Running {
    child: Child,
    group: KillOnSignal,
}

impl Drop for Running {
    fn drop(&mut self) {
        // After a successful end its id may already belong to another process.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.group.kill();
            self.group.release();
            let _ = self.child.wait();
        }
    }
}

/// The output of a program.
struct Output<R> {
    pipe: Option<R>,
    bytes: Zeroizing<Vec<u8>>,
    limit: usize,
    excess: Excess,
}

impl Running {
    /// Writes the input and reads the output until the program has ended.
    fn communicate(
        &mut self,
        call: &Call,
        is_stale: &dyn Fn() -> bool,
    ) -> Result<[Zeroizing<Vec<u8>>; 2], Failure> {
        let mut input = Input::new(self.child.stdin.take(), call.input)?;
        let mut stdout = Output::new(self.child.stdout.take(), call.max_output, call.excess)?;
        let mut stderr = Output::new(self.child.stderr.take(), call.max_output, Excess::Discarded)?;
        let mut ended: Option<Instant> = None;
        loop {
            if call.deadline.is_over() || is_stale() {
                return Err(Failure::TimedOut);
            }
            if ended.is_none() && self.has_ended()? {
                // What it has left behind. Its own id is in use until it is waited for.
                self.group.kill();
                ended = Some(Instant::now());
                input.pipe = None;
            }
            let is_open = stdout.pipe.is_some() || stderr.pipe.is_some();
            if ended.is_some_and(|at| !is_open || at.elapsed() > GRACE) {
                return Ok([stdout.bytes, stderr.bytes]);
            }
            wait(
                [
                    input
                        .pipe
                        .as_ref()
                        .map(|pipe| (pipe.as_fd(), PollFlags::OUT)),
                    stdout
                        .pipe
                        .as_ref()
                        .map(|pipe| (pipe.as_fd(), PollFlags::IN)),
                    stderr
                        .pipe
                        .as_ref()
                        .map(|pipe| (pipe.as_fd(), PollFlags::IN)),
                ],
                call.deadline,
            );
            input.write();
            stdout.read()?;
            stderr.read()?;
        }
    }

    /// Whether the program has ended. It can still be waited for.
    fn has_ended(&self) -> Result<bool, Failure> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let Some(pid) = pid else { return Ok(true) };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        match waitid(WaitId::Pid(pid), options) {
            Ok(status) => Ok(status.is_some()),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(Failure::Pipe(error.into())),
        }
    }
}

/// Waits until a pipe is ready, for a moment at most.
fn wait(pipes: [Option<(BorrowedFd<'_>, PollFlags)>; 3], deadline: Deadline) {
    let mut ready: Vec<PollFd> = pipes
        .into_iter()
        .flatten()
        .map(|(pipe, flags)| PollFd::from_borrowed_fd(pipe, flags))
        .collect();
    let limit = deadline.left().unwrap_or(TICK).min(TICK);
    let limit = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(limit.subsec_nanos()),
    };
    let _ = poll(&mut ready, Some(&limit)); // an interrupted poll is repeated by the caller
}

/// What is left of the input.
struct Input<'a> {
    pipe: Option<ChildStdin>,
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn new(pipe: Option<ChildStdin>, rest: &'a [u8]) -> Result<Input<'a>, Failure> {
        if let Some(pipe) = &pipe {
            set_nonblocking(pipe.as_fd())?;
        }
        let mut input = Input { pipe, rest };
        input.write();
        Ok(input)
    }

    /// Writes as much as fits into the pipe. A program that does not read its input is no error.
    fn write(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        while !self.rest.is_empty() {
            match pipe.write(self.rest) {
                Ok(count) => self.rest = self.rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => break,
            }
        }
        self.pipe = None;
    }
}

impl<R: Read + AsFd> Output<R> {
    fn new(pipe: Option<R>, limit: usize, excess: Excess) -> Result<Output<R>, Failure> {
        if let Some(pipe) = &pipe {
            set_nonblocking(pipe.as_fd())?;
        }
        Ok(Output {
            pipe,
            // At full size at once: a growing buffer would leave copies of a secret behind.
            bytes: Zeroizing::new(Vec::with_capacity(limit)),
            limit,
            excess,
        })
    }

    /// Reads what is in the pipe.
    fn read(&mut self) -> Result<(), Failure> {
        let mut buffer = Zeroizing::new([0_u8; BUFFER]);
        // A program that prints without end must not keep the deadline from being checked.
        for _ in 0..64 {
            let Some(pipe) = &mut self.pipe else {
                return Ok(());
            };
            match pipe.read(buffer.as_mut_slice()) {
                Ok(0) => self.pipe = None,
                Ok(count) => self.take(buffer.get(..count).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(Failure::Pipe(error)),
            }
        }
        Ok(())
    }

    fn take(&mut self, read: &[u8]) -> Result<(), Failure> {
        let free = self.limit - self.bytes.len();
        if read.len() > free && self.excess == Excess::Refused {
            return Err(Failure::TooMuch(self.limit));
        }
        self.bytes
            .extend_from_slice(read.get(..free).unwrap_or(read));
        Ok(())
    }
}

fn set_nonblocking(pipe: BorrowedFd<'_>) -> Result<(), Failure> {
    rustix::io::ioctl_fionbio(pipe, true).map_err(|error| Failure::Pipe(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_sh(script: &str, input: &[u8], limit: Duration) -> Result<Ended, Failure> {
        run(&Call {
            words: vec!["sh".as_ref(), "-c".as_ref(), script.as_ref()],
            variables: &[("ADDED".into(), "a b".into())],
            removed: &["HOME".into()],
            input,
            max_output: 1000,
            excess: Excess::Refused,
            deadline: Deadline::after(Some(limit)),
        })
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn input_and_output_are_passed() {
        let ended = run_sh("cat; echo \"$ADDED,$HOME\" >&2; exit 3", b"in", MINUTE).unwrap();
        assert_eq!(ended.stdout.as_slice(), b"in");
        assert_eq!(ended.stderr.as_slice(), b"a b,\n");
        assert_eq!(ending(ended.status), "exited with 3");
        let killed = run_sh("kill -9 $$", b"", MINUTE).unwrap();
        assert_eq!(ending(killed.status), "killed by a signal");
    }

    #[test]
    fn a_program_need_not_read_a_large_input() {
        let large = vec![b'x'; 4 << 20];
        let ended = run_sh("echo done", &large, MINUTE).unwrap();
        assert_eq!(ended.stdout.as_slice(), b"done\n");
        let ended = run_sh("wc -c", &large, MINUTE).unwrap();
        assert_eq!(ended.stdout.trim_ascii(), (4 << 20).to_string().as_bytes());
    }

    #[test]
    fn output_is_limited() {
        let failed = run_sh("yes", b"", MINUTE).unwrap_err();
        assert!(matches!(failed, Failure::TooMuch(1000)), "{failed:?}");
        let ended = run(&Call {
            words: ["sh", "-c", "seq 100000; seq 100000 >&2"]
                .map(OsStr::new)
                .into(),
            variables: &[],
            removed: &[],
            input: b"",
            max_output: 10,
            excess: Excess::Discarded,
            deadline: Deadline::after(Some(MINUTE)),
        })
        .unwrap();
        assert_eq!(ended.stdout.as_slice(), b"1\n2\n3\n4\n5\n");
        assert_eq!(ended.stderr.len(), 10);
    }

    #[test]
    fn what_it_started_is_killed_at_the_deadline_and_at_its_end() {
        let short = Duration::from_millis(300);
        // The pipe of stdout is closed only when no process has it any more.
        let (reader, writer) = std::io::pipe().unwrap();
        let path = format!("/proc/{}/fd/{}", std::process::id(), {
            use std::os::fd::AsRawFd;
            writer.as_raw_fd()
        });
        for (script, limit) in [
            ("sleep 600 >&3 & echo begun; sleep 600", short),
            ("sleep 600 >&3 & echo begun", MINUTE),
        ] {
            let result = run_sh(&format!("exec 3>{path}; {script}"), b"", limit);
            match limit == MINUTE {
                true => assert_eq!(result.unwrap().stdout.as_slice(), b"begun\n"),
                false => assert!(matches!(result, Err(Failure::TimedOut))),
            }
        }
        drop(writer);
        let mut rest = Vec::new();
        (&reader).read_to_end(&mut rest).unwrap(); // hangs while a process lives
        assert!(rest.is_empty());
    }

    #[test]
    fn a_program_that_cannot_start_is_an_error() {
        let failed = run(&Call {
            words: vec!["/nonexistent/program".as_ref()],
            variables: &[],
            removed: &[],
            input: b"",
            max_output: 1,
            excess: Excess::Refused,
            deadline: Deadline::default(),
        });
        let why = failed.unwrap_err().to_string();
        assert_eq!(why, "cannot start it: no such file or directory");
    }
}
