//! The inputs of a job: values from files, one after the other.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::rc::Rc;
use std::sync::Arc;

use super::engine::{Position, Unreadable};
use super::options::{Input, Reading};
use super::value::{Malformed, Parsed, Reader, Value};
use crate::descriptor;
use crate::io_error::reason;

/// The least number of bytes that is read at once.
pub(super) const BLOCK_BYTES: usize = 256 << 10;

/// An open file.
pub(super) struct Open {
    pub bytes: Box<dyn Read + Send>,
    pub name: Option<Arc<str>>,
}

/// Opens an input.
///
/// # Errors
/// What cannot be opened, and why.
pub(super) fn open(input: &Input) -> Result<Open, Unreadable> {
    match input {
        // Not the lock of stdin: another thread may read it.
        Input::Stdin => match descriptor::stdin().and_then(|_| descriptor::duplicate(0)) {
            Ok(stdin) => Ok(Open {
                bytes: Box::new(stdin),
                name: None,
            }),
            Err(error) => Err(unreadable("standard input", &error)),
        },
        Input::File(path) => match File::open(path) {
            Ok(file) => Ok(Open {
                bytes: Box::new(file),
                name: Some(path.to_string_lossy().into()),
            }),
            Err(error) => Err(unreadable(&path.to_string_lossy(), &error)),
        },
    }
}

pub(super) fn unreadable(name: &str, error: &std::io::Error) -> Unreadable {
    Unreadable {
        what: format!("cannot read {name}"),
        why: reason(error),
    }
}

/// Reads until there is something, or the end.
pub(super) fn read_some(
    from: &mut dyn Read,
    into: &mut Vec<u8>,
    most: usize,
) -> std::io::Result<usize> {
    let start = into.len();
    into.resize(start + most, 0);
    loop {
        let result = from.read(into.get_mut(start..).unwrap_or_default());
        match result {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => {
                into.truncate(start + *result.as_ref().unwrap_or(&0));
                return result;
            }
        }
    }
}

/// The inputs of a job.
pub(super) struct Source {
    files: VecDeque<Input>,
    open: Option<Open>,
    reading: Reading,
    buffer: Vec<u8>,
    /// How much of the buffer is used up.
    at: usize,
    /// The line feeds before the buffer, and the bytes behind the last of them.
    lines: u64,
    column: usize,
    is_start: bool,
    is_whole: bool,
    reader: Reader,
    /// The parts of a streamed value.
    parts: VecDeque<Value>,
    is_slurped: bool,
    /// Called before a read, which can wait.
    before_read: Box<dyn FnMut()>,
    /// Called with what cannot be read.
    complain: Box<dyn Fn(Unreadable)>,
    failed: Rc<Cell<bool>>,
}

impl Source {
    /// The inputs in `files`. `failed` is set when one cannot be read.
    pub(super) fn new(
        files: &[Input],
        reading: Reading,
        before_read: Box<dyn FnMut()>,
        complain: Box<dyn Fn(Unreadable)>,
        failed: Rc<Cell<bool>>,
    ) -> Source {
        Source {
            files: files.iter().cloned().collect(),
            open: None,
            reading,
            buffer: Vec::new(),
            at: 0,
            lines: 0,
            column: 0,
            is_start: true,
            is_whole: false,
            reader: Reader::default(),
            parts: VecDeque::new(),
            is_slurped: false,
            before_read,
            complain,
            failed,
        }
    }

    /// Goes on with an open file, of which these bytes, behind `lines` line feeds, have been read.
    pub(super) fn resume(&mut self, open: Open, buffer: Vec<u8>, lines: u64) {
        self.files.pop_front();
        self.open = Some(open);
        self.is_start = lines == 0;
        (self.buffer, self.lines) = (buffer, lines);
        self.skip_mark();
    }

    /// The next input.
    pub(super) fn next(&mut self, position: &mut Position) -> Option<Result<Value, Unreadable>> {
        let next = match (self.reading.is_raw, self.reading.is_slurped) {
            (false, false) => self.value_or_part(),
            (true, false) => self.line(),
            (_, true) if self.is_slurped => None,
            (true, true) => {
                self.is_slurped = true;
                Some(self.whole_text())
            }
            (false, true) => {
                self.is_slurped = true;
                let values = std::iter::from_fn(|| self.value_or_part());
                Some(values.collect())
            }
        };
        let name = self.open.as_ref().and_then(|open| open.name.as_deref());
        if position.file.as_deref() != name {
            position.file = name.map(Rc::from);
        }
        let used = self.buffer.get(..self.at).unwrap_or_default();
        // A line feed behind the value belongs to it.
        let behind = usize::from(self.buffer.get(self.at) == Some(&b'\n'));
        let lines = self.lines + memchr::memchr_iter(b'\n', used).count() as u64;
        position.line = lines + behind as u64;
        position.last_line = lines + 1;
        if let Some(Err(_)) = next {
            self.stop();
        }
        next
    }

    fn value_or_part(&mut self) -> Option<Result<Value, Unreadable>> {
        if !self.reading.is_streamed {
            return self.value();
        }
        loop {
            if let Some(part) = self.parts.pop_front() {
                return Some(Ok(part));
            }
            match self.value()? {
                Ok(value) => stream(&value, &mut Vec::new(), &mut self.parts),
                Err(why) => return Some(Err(why)),
            }
        }
    }

    fn value(&mut self) -> Option<Result<Value, Unreadable>> {
        loop {
            if self.open.is_none() && !self.open_next() {
                return None;
            }
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            match self.reader.next(rest, self.is_whole) {
                Parsed::Value(value, length) => {
                    self.at += length;
                    return Some(Ok(value));
                }
                Parsed::Malformed(malformed) => {
                    return Some(Err(self.described(&malformed)));
                }
                Parsed::End => self.close(),
                Parsed::More => self.read(),
            }
        }
    }

    /// The next line as a string.
    fn line(&mut self) -> Option<Result<Value, Unreadable>> {
        loop {
            if self.open.is_none() && !self.open_next() {
                return None;
            }
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let (length, more) = match memchr::memchr(b'\n', rest) {
                Some(length) => (length, 1),
                None if !self.is_whole => {
                    self.read();
                    continue;
                }
                None if rest.is_empty() => {
                    self.close();
                    continue;
                }
                None => (rest.len(), 0),
            };
            let line = rest.get(..length).unwrap_or_default();
            let line = Value::from(&*String::from_utf8_lossy(line));
            self.at += length + more;
            return Some(Ok(line));
        }
    }

    fn whole_text(&mut self) -> Result<Value, Unreadable> {
        let mut whole = Vec::new();
        while self.open.is_some() || self.open_next() {
            while !self.is_whole {
                self.read();
            }
            whole.extend_from_slice(self.buffer.get(self.at..).unwrap_or_default());
            self.close();
        }
        Ok(Value::from(&*String::from_utf8_lossy(&whole)))
    }

    /// Opens the next file; false when there is none.
    fn open_next(&mut self) -> bool {
        while let Some(input) = self.files.pop_front() {
            match open(&input) {
                Ok(open) => {
                    self.open = Some(open);
                    self.is_whole = false;
                    self.is_start = true;
                    return true;
                }
                Err(why) => self.fail(why),
            }
        }
        false
    }

    fn fail(&mut self, why: Unreadable) {
        self.failed.set(true);
        (self.complain)(why);
    }

    fn close(&mut self) {
        self.open = None;
        self.buffer.clear();
        (self.at, self.lines, self.column) = (0, 0, 0);
    }

    fn stop(&mut self) {
        self.files.clear();
        self.close();
    }

    /// Reads more, or finds the end of the file.
    fn read(&mut self) {
        (self.before_read)();
        let used = self.buffer.get(..self.at).unwrap_or_default();
        self.lines += memchr::memchr_iter(b'\n', used).count() as u64;
        self.column = match memchr::memrchr(b'\n', used) {
            Some(last) => used.len() - last - 1,
            None => self.column + used.len(),
        };
        self.buffer.drain(..self.at);
        self.at = 0;
        let most = self.buffer.len().max(BLOCK_BYTES);
        let Some(open) = &mut self.open else { return };
        match read_some(&mut *open.bytes, &mut self.buffer, most) {
            Ok(0) => self.is_whole = true,
            Ok(_) => {}
            Err(error) => {
                self.is_whole = true;
                let name = open.name.clone().unwrap_or_else(|| "standard input".into());
                self.fail(unreadable(&name, &error));
            }
        }
        self.skip_mark();
    }

    /// Skips the byte order mark at the start of a file.
    fn skip_mark(&mut self) {
        if self.is_start && self.buffer.starts_with("\u{feff}".as_bytes()) {
            self.at = 3;
        }
        self.is_start = self.is_start && self.buffer.len() < 3 && !self.is_whole;
    }

    fn described(&self, malformed: &Malformed) -> Unreadable {
        let at = self.at + malformed.at;
        let name = self.open.as_ref().and_then(|open| open.name.clone());
        let before = self.buffer.get(..at).unwrap_or(&self.buffer);
        let lines = self.lines + memchr::memchr_iter(b'\n', before).count() as u64;
        let column = match memchr::memrchr(b'\n', before) {
            Some(last) => before.len() - last - 1,
            None => self.column + before.len(),
        };
        described(name.as_deref(), malformed, lines, column)
    }
}

/// What is wrong, behind `lines` line feeds.
pub(super) fn described(
    name: Option<&str>,
    malformed: &Malformed,
    lines: u64,
    column: usize,
) -> Unreadable {
    let end = if malformed.is_end {
        " at the end of the input"
    } else {
        ""
    };
    Unreadable {
        what: name.unwrap_or("standard input").to_owned(),
        why: format!(
            "{}{end}, line {}, column {column}",
            malformed.message,
            lines + 1
        ),
    }
}

/// The parts of a value as `--stream` has them: paths with scalars, and the ends of arrays and
/// objects.
fn stream(value: &Value, path: &mut Vec<Value>, parts: &mut VecDeque<Value>) {
    let members: Vec<(Value, &Value)> = match value {
        Value::Array(elements) => (0_usize..).map(Value::from).zip(elements.iter()).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (Value::Str(Rc::clone(key)), value))
            .collect(),
        _ => Vec::new(),
    };
    let Some((last, _)) = members.last().cloned() else {
        return parts.push_back(vec![Value::from(path.clone()), value.clone()].into());
    };
    for (key, value) in members {
        path.push(key);
        stream(value, path, parts);
        path.pop();
    }
    path.push(last);
    parts.push_back(vec![Value::from(path.clone())].into());
    path.pop();
}
