//! `command:PROGRAM ARGS`: the first line that a program prints, for example a password manager.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Secret;
use crate::deadline::Deadline;
use crate::io_error::reason;
use crate::process_limits;
use crate::shell;

/// The time limit. A password manager may prompt for a passphrase, but must not block a farm job.
const TIMEOUT: Duration = Duration::from_secs(120);
const MAX_LINE: usize = 64 << 10;
/// The limit for all output.
const MAX_OUTPUT: usize = 1 << 20;
const BUFFER: usize = 4096;

/// Splits a command line into words at white space. Quotes and backslashes work as in a shell; no
/// other character is special.
pub(crate) fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => word.extend(chars.next()),
                        Some(inner) => word.push(inner),
                        None => return Err("unclosed quote"),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Joins words into a command line that [`split`] reads.
pub(super) fn joined(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| shell::quote(word)).collect();
    words.join(" ")
}

/// How much of the output is the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    FirstLine,
    All,
}

/// Runs the program and returns the first line of its stdout if it exits with 0. A program that
/// fails may have printed only part of the secret. Its stderr is inherited.
pub(super) fn first_line(words: &[String], deadline: Deadline) -> Result<Secret, String> {
    output(words, Wanted::FirstLine, deadline)
}

/// As [`first_line`], with all lines, of at most 64 KiB.
pub(super) fn whole_output(words: &[String], deadline: Deadline) -> Result<Secret, String> {
    output(words, Wanted::All, deadline)
}

fn output(words: &[String], wanted: Wanted, deadline: Deadline) -> Result<Secret, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("no program given".into());
    };
    let deadline = deadline.or_after(TIMEOUT);
    let mut child = process_limits::restore_limits_for(&mut Command::new(program))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| reason(&error))?;
    let Some(stdout) = child.stdout.take() else {
        return Err("cannot read its output".into());
    };
    let (sender, receiver) = mpsc::channel();
    // A thread, because a pipe cannot be read with a deadline. It ends with the process.
    let reader = std::thread::Builder::new().spawn(move || read_output(stdout, wanted, &sender));
    if let Err(error) = reader {
        stop(&mut child);
        return Err(format!("cannot start a thread: {}", reason(&error)));
    }
    let line = match receiver.recv_timeout(deadline.left().unwrap_or(TIMEOUT)) {
        Ok(line) => line,
        Err(_) => {
            stop(&mut child);
            return Err("timed out waiting for output".into());
        }
    };
    let status = match (&line, wait(&mut child, &receiver, deadline)) {
        (_, Ok(status)) => status,
        (_, Err(why)) => {
            stop(&mut child);
            return Err(why);
        }
    };
    match status.code() {
        Some(0) => line,
        Some(code) => Err(format!("exited with {code}")),
        None => Err("killed by a signal".into()),
    }
}

fn stop(child: &mut Child) {
    let _ = child.kill(); // it may have exited already
    let _ = child.wait();
}

/// Waits for the program to exit. `receiver` reports too much output.
fn wait(
    child: &mut Child,
    receiver: &mpsc::Receiver<Result<Secret, String>>,
    deadline: Deadline,
) -> Result<ExitStatus, String> {
    loop {
        let status = child.try_wait().map_err(|error| reason(&error))?;
        // Check this first: a program that prints without end is then killed by SIGPIPE.
        if let Ok(Err(why)) = receiver.try_recv() {
            return Err(why);
        }
        if let Some(status) = status {
            return Ok(status);
        }
        if deadline.is_over() {
            return Err("timed out waiting for it to exit".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends what is wanted and discards the rest. Closing the pipe would kill the program.
fn read_output(mut from: impl Read, wanted: Wanted, sender: &mpsc::Sender<Result<Secret, String>>) {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LINE + BUFFER));
    let mut buffer = Zeroizing::new([0_u8; BUFFER]);
    let mut total = 0;
    let mut is_sent = false;
    let send = |result: Result<Secret, String>| sender.send(result).is_ok();
    loop {
        let count = match from.read(buffer.as_mut_slice()) {
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                send(Err(reason(&error)));
                return;
            }
        };
        total += count;
        if total > MAX_OUTPUT {
            send(Err("printed more than 1 MiB".into()));
            return;
        }
        if !is_sent {
            bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
            let end = match wanted {
                Wanted::FirstLine => bytes.iter().position(|&b| b == b'\n'),
                Wanted::All => None,
            };
            if end.is_none() && bytes.len() > MAX_LINE {
                send(Err(match wanted {
                    Wanted::FirstLine => "first line longer than 64 KiB".into(),
                    Wanted::All => "output longer than 64 KiB".into(),
                }));
                return;
            }
            if end.is_some() || count == 0 {
                bytes.truncate(end.unwrap_or(usize::MAX));
                if end.is_some() && bytes.last() == Some(&b'\r') {
                    bytes.pop();
                }
                send(Ok(Secret(std::mem::take(&mut bytes))));
                is_sent = true;
            }
        }
        if count == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_protect_words() {
        let split = |line| split(line).unwrap();
        assert_eq!(
            split("  pass  show a\\ b 'c d' \"e\\\"f\" '' "),
            ["pass", "show", "a b", "c d", "e\"f", ""]
        );
        assert_eq!(split("echo $HOME;ls"), ["echo", "$HOME;ls"]);
        assert!(super::split("pass 'show").is_err());
    }

    #[test]
    fn first_line_of_successful_program_is_the_secret() {
        let run = |line: &str| first_line(&split(line).unwrap(), Deadline::default());
        assert_eq!(run("printf 'one\\ntwo\\n'").unwrap().expose(), b"one");
        assert_eq!(run("printf one").unwrap().expose(), b"one");
        assert_eq!(run("yes").unwrap_err(), "printed more than 1 MiB");
        assert_eq!(
            run("sh -c 'printf half; kill -9 $$'").unwrap_err(),
            "killed by a signal"
        );
        assert_eq!(
            run("sh -c 'echo half; exit 3'").unwrap_err(),
            "exited with 3"
        );
        let soon = Deadline::after(Some(Duration::from_millis(50)));
        let late = |line: &str| first_line(&split(line).unwrap(), soon).unwrap_err();
        assert_eq!(late("sleep 60"), "timed out waiting for output");
        assert_eq!(run("false").unwrap_err(), "exited with 1");
        assert_eq!(
            run("/nonexistent/program").unwrap_err(),
            "no such file or directory"
        );
    }
}
