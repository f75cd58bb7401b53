//! `command:PROGRAM ARGS`: the first line a program prints, as a password manager does.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use zeroize::{Zeroize, Zeroizing};

use super::Secret;
use crate::io_error::reason;
use crate::process_limits;
use crate::shell;

/// A password manager may ask its user for a passphrase; a stuck one must not hang a farm job.
const PATIENCE: Duration = Duration::from_secs(120);
const MAX_LINE: usize = 64 << 10;

/// Splits a command line into words: white space separates, quotes and backslash protect, and
/// nothing else means anything.
pub(super) fn split(line: &str) -> Result<Vec<String>, &'static str> {
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
                        None => return Err("command: has a quote that does not end"),
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

/// The words as a command line that [`split`] reads.
pub(super) fn joined(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| shell::quote(word)).collect();
    words.join(" ")
}

/// Runs the program and takes the first line of its stdout. Its stderr is the user's.
pub(super) fn first_line(words: &[String]) -> Result<Secret, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("it names no program".into());
    };
    let mut child = process_limits::not_for(&mut Command::new(program))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| reason(&error))?;
    let Some(stdout) = child.stdout.take() else {
        return Err("its output cannot be read".into());
    };
    let (sender, receiver) = mpsc::channel();
    // A thread, since a pipe cannot be read with a deadline; it ends with the process at the latest.
    let reader = std::thread::Builder::new().spawn(move || sender.send(read_line(stdout)));
    if let Err(error) = reader {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("no thread can be started: {}", reason(&error)));
    }
    let line = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let _ = child.kill();
        Err(format!(
            "it printed nothing within {} seconds",
            PATIENCE.as_secs()
        ))
    });
    let status = end(&mut child).map_err(|error| reason(&error))?;
    let line = line?;
    match status.code() {
        Some(0) => Ok(line),
        // Cut off by our closing the pipe: what it said first counts.
        None if !line.expose().is_empty() => Ok(line),
        Some(code) => Err(format!("it exited with {code}")),
        None => Err("it was killed by a signal".into()),
    }
}

/// Once its line is read the program has no more to say: a closed pipe ends it if it writes on,
/// and we do if it lingers.
fn end(child: &mut Child) -> std::io::Result<ExitStatus> {
    for _ in 0..200 {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill()?;
    child.wait()
}

fn read_line(from: impl Read) -> Result<Secret, String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LINE));
    let mut from = from.take(MAX_LINE as u64);
    let mut buffer = Zeroizing::new([0_u8; 4096]);
    loop {
        let count = from
            .read(buffer.as_mut_slice())
            .map_err(|error| reason(&error))?;
        let new = buffer.get(..count).unwrap_or_default();
        bytes.extend_from_slice(new);
        if let Some(end) = bytes.iter().position(|&b| b == b'\n') {
            bytes.truncate(end);
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
            break;
        }
        if count == 0 {
            break;
        }
    }
    buffer.zeroize();
    Ok(Secret(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let split = |line| split(line).unwrap();
        assert_eq!(
            split("  pass  show a\\ b 'c d' \"e\\\"f\" '' "),
            ["pass", "show", "a b", "c d", "e\"f", ""]
        );
        assert_eq!(split("echo $HOME;ls"), ["echo", "$HOME;ls"]);
        assert!(super::split("pass 'show").is_err());
    }

    #[test]
    fn the_first_line_is_the_secret() {
        let run = |line: &str| first_line(&split(line).unwrap());
        assert_eq!(run("printf 'one\\ntwo\\n'").unwrap().expose(), b"one");
        assert_eq!(run("yes").unwrap().expose(), b"y");
        assert_eq!(run("false").unwrap_err(), "it exited with 1");
        assert_eq!(
            run("/nonexistent/program").unwrap_err(),
            "no such file or directory"
        );
    }
}
