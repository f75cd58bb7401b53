//! What a journal says about each request, after any crash.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::entry::{Entry, Identity, MAX_LINE, Pending};

/// More requests than one run may have: a byte of memory for each.
const MAX_REQUESTS: u64 = 1 << 30;

/// The state of a request at the end of a journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// It was never sent.
    #[default]
    New,
    Done,
    Failed,
    /// It was sent, and may have been processed.
    Unknown,
}

/// The content of a journal.
#[derive(Debug)]
pub(crate) struct Replay {
    pub identity: Identity,
    /// By number; later ones are new.
    states: Vec<State>,
    /// The requests in the state unknown.
    pub unknown: BTreeMap<u64, Pending>,
    /// The length of the part that is whole.
    pub(super) whole: u64,
    /// Whether the last line was cut off by a crash.
    pub is_torn: bool,
}

/// Why a journal cannot be used.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Read(io::Error),
    /// The file is empty, or a crash cut off its first line: it is new.
    Empty,
    NotAJournal,
    /// A line in the middle is damaged, from 1.
    Damaged(u64),
    TooManyRequests,
}

impl Replay {
    /// Reads a journal.
    ///
    /// # Errors
    /// When it is not one, or is damaged before its end.
    pub(crate) fn read(mut input: impl BufRead) -> Result<Replay, Unreadable> {
        let mut replay: Option<Replay> = None;
        // A crash may leave any bytes at the end, so a bad line is an error only if a good one
        // follows.
        let mut bad: Option<u64> = None;
        let (mut number, mut whole) = (0, 0);
        let (mut line, mut first) = (Vec::new(), Vec::new());
        loop {
            line.clear();
            let taken = read_line(&mut input, &mut line).map_err(Unreadable::Read)?;
            if taken == 0 {
                break;
            }
            number += 1;
            if number == 1 {
                first.clone_from(&line);
            }
            let entry = line.strip_suffix(b"\n").map(Entry::parse);
            let Some(Ok(entry)) = entry else {
                bad.get_or_insert(number);
                continue;
            };
            if let Some(bad) = bad {
                return Err(Unreadable::Damaged(bad));
            }
            whole += taken;
            match (&mut replay, entry) {
                (None, Entry::Header(identity)) => replay = Some(Replay::new(identity)),
                (None, _) | (Some(_), Entry::Header(_)) => {
                    return Err(Unreadable::Damaged(number));
                }
                (Some(replay), entry) => replay.apply(entry)?,
            }
        }
        match replay {
            Some(replay) => Ok(Replay {
                whole,
                is_torn: bad.is_some(),
                ..replay
            }),
            None if number <= 1 && is_beginning_of_header(&first) => Err(Unreadable::Empty),
            None => Err(Unreadable::NotAJournal),
        }
    }

    fn new(identity: Identity) -> Replay {
        Replay {
            identity,
            states: Vec::new(),
            unknown: BTreeMap::new(),
            whole: 0,
            is_torn: false,
        }
    }

    /// The replay of these entries.
    #[cfg(test)]
    pub(crate) fn of(identity: Identity, entries: Vec<Entry>) -> Result<Replay, Unreadable> {
        let mut replay = Replay::new(identity);
        for entry in entries {
            replay.apply(entry)?;
        }
        Ok(replay)
    }

    fn apply(&mut self, entry: Entry) -> Result<(), Unreadable> {
        let (number, state) = match entry {
            Entry::Header(_) => return Ok(()),
            Entry::Sent(pending) => {
                let number = pending.number;
                self.unknown.insert(number, pending);
                (number, State::Unknown)
            }
            Entry::Done { number, .. } => (number, State::Done),
            Entry::Failed { number, .. } => (number, State::Failed),
            Entry::Unknown { number } => (number, State::Unknown),
        };
        if number >= MAX_REQUESTS {
            return Err(Unreadable::TooManyRequests);
        }
        let at = usize::try_from(number).map_err(|_| Unreadable::TooManyRequests)?;
        if self.states.len() <= at {
            self.states.resize(at + 1, State::New);
        }
        if let Some(known) = self.states.get_mut(at) {
            *known = state;
        }
        if state != State::Unknown {
            self.unknown.remove(&number);
        }
        Ok(())
    }

    /// The state of a request.
    pub(crate) fn state(&self, number: u64) -> State {
        let at = usize::try_from(number).ok();
        at.and_then(|at| self.states.get(at).copied())
            .unwrap_or_default()
    }

    /// How many requests are in this state, of those that were sent.
    pub(crate) fn count(&self, state: State) -> usize {
        self.states.iter().filter(|known| **known == state).count()
    }
}

/// Reads up to a line end; the start of a line that is too long. Returns the number of bytes taken.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    let mut taken = 0;
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = memchr::memchr(b'\n', available);
        let count = end.map_or(available.len(), |end| end + 1);
        if count == 0 {
            return Ok(taken);
        }
        let room = (2 * MAX_LINE).saturating_sub(line.len());
        line.extend(available.iter().take(count.min(room)));
        input.consume(count);
        taken += count as u64;
        if end.is_some() {
            return Ok(taken);
        }
    }
}

/// Whether a file holds nothing, or only what a crash leaves of a first line: its beginning, or zeros.
fn is_beginning_of_header(line: &[u8]) -> bool {
    const WORD: &[u8] = b"c47-journal 1 ";
    if line.iter().all(|byte| *byte == 0) {
        return true;
    }
    let (sum, text) = line.split_at(line.len().min(9));
    let is_sum = sum.iter().enumerate().all(|(at, byte)| match at {
        8 => *byte == b' ',
        _ => byte.is_ascii_hexdigit(),
    });
    let known = text.len().min(WORD.len());
    is_sum && text.get(..known) == WORD.get(..known) && !line.contains(&b'\n')
}
