//! A server program that ends with the tests.
#![allow(unsafe_code)] // prctl(2) between fork and exec

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

type Job = (Command, Sender<io::Result<Child>>);

/// A program that is killed when dropped, and by the kernel when the test process ends.
pub struct Process(Child);

impl Process {
    /// Starts a program that ends with the test process.
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
        keeper().send((command, answer)).expect("the thread lives");
        answered.recv().expect("the thread responds").map(Process)
    }

    /// Whether the program has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// The standard output of the program. Can be taken once.
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

/// A thread that starts all programs and lives as long as the process. For the kernel the parent is
/// the thread that forked, and the thread of a test ends with the test.
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
