//! A server program that dies with the tests, however they end.
#![allow(unsafe_code)] // prctl(2) between fork and exec

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

type Job = (Command, Sender<io::Result<Child>>);

/// Killed when dropped, and by the kernel when the test process ends.
pub struct Process(Child);

impl Process {
    /// Starts a program that is no longer there when the test process is not.
    pub fn start(mut command: Command) -> io::Result<Process> {
        // SAFETY: prctl is async-signal-safe.
        unsafe {
            command.pre_exec(
                || match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
                    0 => Ok(()),
                    _ => Err(io::Error::last_os_error()),
                },
            );
        }
        let (answer, answered) = channel();
        keeper().send((command, answer)).expect("the keeper lives");
        answered.recv().expect("the keeper answers").map(Process)
    }

    /// The program's own end, if it has come.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// The program's standard output, once.
    pub fn stdout(&mut self) -> std::process::ChildStdout {
        self.0.stdout.take().expect("its piped stdout")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The kernel's "parent" is the thread that forked, and a test's thread ends with the test: so
/// one thread starts all programs and lives as long as the process.
fn keeper() -> Sender<Job> {
    static KEEPER: OnceLock<Sender<Job>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (sender, jobs): (_, Receiver<Job>) = channel();
        thread::spawn(move || {
            for (mut command, answer) in jobs {
                let _ = answer.send(command.spawn());
            }
        });
        sender
    });
    keeper.clone()
}
