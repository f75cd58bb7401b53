//! A running program: its output so far, its end, and how it is killed with the test.
#![allow(unsafe_code)] // kill(2) of a process group that we started

use std::io::{Read, Write};
use std::process::{ChildStdin, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::Scratch;
use super::run::{Output, Stdin};

/// A running program. When dropped, it and its children are killed.
pub struct Child {
    process: std::process::Child,
    stdout: Arc<Stream>,
    stderr: Arc<Stream>,
    /// The position of `stdout_line` in stdout.
    line_start: usize,
    deadline: Instant,
    command_line: String,
    ended: bool,
    /// Keeps a silent standard input open.
    _stdin: Option<ChildStdin>,
    _scratches: [Option<Scratch>; 2],
}

impl Child {
    #[track_caller]
    pub(super) fn start(
        mut command: Command,
        stdin: Stdin,
        command_line: String,
        limit: Duration,
        scratches: [Option<Scratch>; 2],
    ) -> Child {
        let mut process = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start it: {error}\n{command_line}"));
        // Dropping the command closes our copies of its pipes.
        drop(command);
        let mut held = None;
        match (stdin, process.stdin.take()) {
            (Stdin::Bytes(bytes), Some(mut pipe)) => {
                // The program may end without reading: a broken pipe is not a failure.
                thread::spawn(move || pipe.write_all(&bytes));
            }
            (_, pipe) => held = pipe,
        }
        Child {
            stdout: Stream::read(process.stdout.take()),
            stderr: Stream::read(process.stderr.take()),
            process,
            line_start: 0,
            deadline: Instant::now() + limit,
            command_line,
            ended: false,
            _stdin: held,
            _scratches: scratches,
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        // SAFETY: the process was not waited for, so the id still belongs to it.
        let sent = unsafe { libc::kill(self.id() as i32, signal) };
        assert_eq!(sent, 0, "cannot send signal {signal}");
    }

    /// The next line it writes to standard output, without its line feed.
    #[track_caller]
    pub fn stdout_line(&mut self) -> String {
        let from = self.line_start;
        let end_of_line = |bytes: &[u8]| bytes[from..].iter().position(|&b| b == b'\n');
        let line = self.stdout.wait(self.deadline, |bytes, closed| {
            closed || end_of_line(bytes).is_some()
        });
        let Some(length) = line.as_deref().and_then(end_of_line) else {
            panic!("it wrote no line\n{}", self.tell());
        };
        self.line_start += length + 1;
        String::from_utf8(line.unwrap()[from..from + length].to_vec()).expect("a line in UTF-8")
    }

    /// Waits until what it wrote to standard error contains `text`, and returns all of it so far.
    #[track_caller]
    pub fn wait_for_stderr(&self, text: &str) -> String {
        let contains =
            |bytes: &[u8], closed: bool| closed || String::from_utf8_lossy(bytes).contains(text);
        let found = self.stderr.wait(self.deadline, contains);
        assert!(
            found.is_some_and(|bytes| contains(&bytes, false)),
            "no {text:?} on stderr\n{}",
            self.tell()
        );
        self.stderr.so_far()
    }

    /// Waits for its end and returns its output. Fails the test when it takes too long.
    #[track_caller]
    pub fn wait(mut self) -> Output {
        let mut pause = Duration::from_micros(200);
        let status = loop {
            if let Some(status) = self.process.try_wait().expect("its status") {
                break status;
            }
            if Instant::now() > self.deadline {
                let command_line = self.tell();
                self.kill();
                panic!("it does not end\n{command_line}");
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        };
        // A child process may keep the pipes open.
        let closed = |_: &[u8], closed: bool| closed;
        let streams = [&self.stdout, &self.stderr].map(|s| s.wait(self.deadline, closed));
        let [Some(stdout), Some(stderr)] = streams else {
            panic!("it left a process behind\n{}", self.tell());
        };
        self.ended = true;
        Output::new(status, stdout, stderr, self.command_line.clone())
    }

    fn tell(&self) -> String {
        format!(
            "{}\nstdout so far:\n{}\nstderr so far:\n{}",
            self.command_line,
            self.stdout.so_far(),
            self.stderr.so_far()
        )
    }

    fn kill(&mut self) {
        // SAFETY: the group was created for this process, whose id is in use until it is waited for.
        unsafe { libc::kill(-(self.id() as i32), libc::SIGKILL) };
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.ended {
            self.kill();
        }
    }
}

/// The output of a pipe so far, read by a thread.
#[derive(Default)]
struct Stream {
    state: Mutex<(Vec<u8>, bool)>,
    changed: Condvar,
}

impl Stream {
    fn read(pipe: Option<impl Read + Send + 'static>) -> Arc<Stream> {
        let stream = Arc::new(Stream::default());
        let Some(mut pipe) = pipe else {
            stream.state.lock().unwrap().1 = true;
            return stream;
        };
        let writer = Arc::clone(&stream);
        thread::spawn(move || {
            let mut chunk = [0; 64 * 1024];
            loop {
                let count = pipe.read(&mut chunk).unwrap_or(0);
                let mut state = writer.state.lock().unwrap();
                state.0.extend_from_slice(&chunk[..count]);
                state.1 = count == 0;
                writer.changed.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        stream
    }

    /// Waits until `enough` is true for the bytes so far and whether the pipe is closed, and returns the
    /// bytes; `None` at the deadline.
    fn wait(&self, deadline: Instant, enough: impl Fn(&[u8], bool) -> bool) -> Option<Vec<u8>> {
        let left = deadline.saturating_duration_since(Instant::now());
        let (state, waited) = self
            .changed
            .wait_timeout_while(self.state.lock().unwrap(), left, |(bytes, closed)| {
                !enough(bytes, *closed)
            })
            .unwrap();
        (!waited.timed_out()).then(|| state.0.clone())
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.state.lock().unwrap().0).into_owned()
    }
}
