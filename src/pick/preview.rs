//! The preview of the highlighted item: the output of a program, with bounds on its size and time. It is
//! killed when another item is highlighted.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::deadline::Deadline;
use crate::program::{self, Call, Excess, Failure, ending};

/// The most output that is kept.
const MAX_OUTPUT: usize = 64 << 10;
/// The most time a program has.
const TIME: Duration = Duration::from_secs(10);
/// In a word of the command, the item.
const ITEM: &[u8] = b"{}";

/// A command with a place for the item.
#[derive(Clone, Debug)]
pub(crate) struct Command(Vec<String>);

impl Command {
    /// The words of a command. It is never given to a shell.
    pub(crate) fn new(words: Vec<String>) -> Command {
        Command(words)
    }

    /// The words for an item, which is a part of a word whatever it contains.
    fn words(&self, item: &[u8]) -> Vec<OsString> {
        let word = |word: &String| {
            let mut out = Vec::new();
            let mut rest = word.as_bytes();
            while let Some(at) = memchr::memmem::find(rest, ITEM) {
                out.extend_from_slice(rest.get(..at).unwrap_or_default());
                out.extend_from_slice(item);
                rest = rest.get(at + ITEM.len()..).unwrap_or_default();
            }
            out.extend_from_slice(rest);
            OsString::from_vec(out)
        };
        self.0.iter().map(word).collect()
    }
}

#[derive(Debug, Default)]
struct State {
    /// The number of the item to show, and its text.
    wanted: Option<(u32, Vec<u8>)>,
    /// The item whose output this is.
    shown: Option<u32>,
    output: Vec<u8>,
    is_closed: bool,
}

/// The preview, which two threads share: one asks, one runs programs.
#[derive(Debug)]
pub(crate) struct Preview {
    command: Command,
    state: Mutex<State>,
    changed: Condvar,
    /// Changes with each item.
    generation: AtomicU64,
}

impl Preview {
    pub(crate) fn new(command: Command) -> Preview {
        Preview {
            command,
            state: Mutex::default(),
            changed: Condvar::new(),
            generation: AtomicU64::new(0),
        }
    }

    /// Asks for the preview of an item. A program that runs for another one is killed.
    pub(crate) fn ask(&self, number: u32, item: &[u8]) {
        let mut state = self.lock();
        let is_same = match &state.wanted {
            Some((wanted, _)) => *wanted == number,
            None => state.shown == Some(number),
        };
        if !is_same {
            self.generation.fetch_add(1, Ordering::SeqCst);
            state.wanted = Some((number, item.to_owned()));
            self.changed.notify_all();
        }
    }

    /// The output for an item; empty while its program runs.
    pub(crate) fn output(&self, number: Option<u32>) -> Vec<u8> {
        let state = self.lock();
        match state.shown.is_some() && state.shown == number {
            true => state.output.clone(),
            false => Vec::new(),
        }
    }

    /// Ends the preview.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_all();
    }

    /// Runs programs until the preview is closed. `show` is called after each.
    pub(crate) fn run(&self, show: &dyn Fn()) {
        loop {
            let mut state = self.lock();
            let (number, item, generation) = loop {
                if state.is_closed {
                    return;
                }
                let generation = self.generation.load(Ordering::SeqCst);
                match &state.wanted {
                    Some((number, item)) => break (*number, item.clone(), generation),
                    None => {
                        let waited = self.changed.wait(state);
                        state = waited.unwrap_or_else(PoisonError::into_inner);
                    }
                }
            };
            drop(state);
            let is_stale = || self.generation.load(Ordering::SeqCst) != generation;
            let output = output(&self.command.words(&item), &is_stale);
            let mut state = self.lock();
            if !is_stale() {
                state.wanted = None;
                (state.shown, state.output) = (Some(number), output);
                drop(state);
                show();
            }
        }
    }

    /// A thread that panics has already ended the process.
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The output of a program, or why there is none.
fn output(words: &[OsString], is_stale: &dyn Fn() -> bool) -> Vec<u8> {
    if words.iter().any(|word| word.as_bytes().contains(&0)) {
        return b"[the item has a NUL, which no argument can have]".to_vec();
    }
    let call = Call {
        words: words.iter().map(OsString::as_os_str).collect(),
        variables: &[],
        removed: &[],
        input: b"",
        max_output: MAX_OUTPUT,
        excess: Excess::Discarded,
        deadline: Deadline::after(Some(TIME)),
    };
    match program::run_unless(&call, is_stale) {
        Ok(ended) => {
            let mut output = ended.stdout.to_vec();
            if !ended.status.success() {
                output.extend_from_slice(&ended.stderr);
                output.extend_from_slice(format!("\n[{}]", ending(ended.status)).as_bytes());
            }
            output
        }
        Err(failure) => failed(&call, &failure).into_bytes(),
    }
}

fn failed(call: &Call, failure: &Failure) -> String {
    let program = call.words.first().map_or(OsStr::new(""), |word| *word);
    format!("[{}: {failure}]", program.display())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::Instant;

    use super::*;

    fn command(words: &[&str]) -> Command {
        Command::new(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn item_is_a_part_of_a_word() {
        let words = command(&["a{}b{}", "{", "{}"]).words(b"x y;$(z) \xff");
        let expected: Vec<OsString> =
            [&b"ax y;$(z) \xffbx y;$(z) \xff"[..], b"{", b"x y;$(z) \xff"]
                .map(|word| OsString::from_vec(word.to_vec()))
                .into();
        assert_eq!(words, expected);
    }

    #[test]
    fn program_of_another_item_is_killed() {
        let preview = Arc::new(Preview::new(command(&[
            "sh",
            "-c",
            "echo \"$0\"; sleep \"$0\"",
            "{}",
        ])));
        let runner = Arc::clone(&preview);
        let thread = thread::spawn(move || runner.run(&|| {}));
        let started = Instant::now();
        preview.ask(1, b"600");
        thread::sleep(Duration::from_millis(100));
        preview.ask(2, b"0");
        while preview.output(Some(2)).is_empty() {
            assert!(started.elapsed() < Duration::from_secs(60));
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(preview.output(Some(2)), b"0\n");
        assert_eq!(preview.output(Some(1)), b"");
        preview.ask(3, b"600");
        preview.close();
        thread.join().unwrap();
    }

    #[test]
    fn failures_are_shown() {
        let never = || false;
        let shown = |words: &[&str]| {
            String::from_utf8(output(&command(words).words(b"a\0"), &never)).unwrap()
        };
        assert_eq!(
            shown(&["sh", "-c", "echo why >&2; exit 3"]),
            "why\n\n[exited with 3]"
        );
        assert_eq!(
            shown(&["/nonexistent"]),
            "[/nonexistent: cannot start it: no such file or directory]"
        );
        assert!(shown(&["echo", "{}"]).contains("NUL"));
    }
}
