//! Applies a filter to the lines of a file on several threads.
//!
//! Each thread takes the next block of whole lines, filters it, and writes the outputs when it is the
//! block's turn. A block that does not end with a whole value, because values span lines, ends this:
//! its rest, the blocks behind it, and the rest of the file are filtered in sequence.

use std::num::NonZero;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::deep;
use super::engine::{Halt, Unreadable};
use super::filter::{Compiled, Filter};
use super::options::{Job, Sinks, code};
use super::runner::{Applied, Runner, Status};
use super::sequence::{Begun, exit_code, in_sequence};
use super::source::{BLOCK_BYTES, Open, described, open, read_some, unreadable};
use super::value::{Malformed, Parsed, Reader};
use crate::error::Error;
use crate::sort::Sortable;

/// More threads than this gain nothing: one of them reads.
const MOST_THREADS: usize = 16;

/// An input that begins with this many bytes at once is worth several threads.
const WORTHWHILE_BYTES: usize = 64 << 10;

/// Outputs of a block that wait for its turn.
const MOST_WAITING_BYTES: usize = 4 << 20;

/// Names whose outputs depend on the other inputs, or which write messages.
const SEQUENTIAL: [&str; 7] = [
    "input",
    "inputs",
    "input_line_number",
    "debug",
    "stderr",
    "halt",
    "halt_error",
];

/// Whether the job has one file, and the filter treats each input alone.
pub(super) fn is_possible(job: &Job, compiled: &Compiled) -> bool {
    let reading = job.reading;
    let is_plain =
        !(reading.is_null || reading.is_raw || reading.is_slurped || reading.is_streamed);
    let is_alone = SEQUENTIAL
        .iter()
        .all(|name| !compiled.calls.contains(*name));
    is_plain && is_alone && job.inputs.len() == 1 && threads() > 1
}

fn threads() -> usize {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    threads.min(MOST_THREADS)
}

/// The bytes of whole lines.
struct Block {
    number: usize,
    bytes: Vec<u8>,
    /// The line feeds before it.
    lines: u64,
}

/// It may be at the start of a file.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The file, read in blocks.
struct Blocks {
    input: Option<Open>,
    /// The start of a line that has not been read completely.
    rest: Vec<u8>,
    next: usize,
    lines: u64,
    failure: Option<Unreadable>,
}

impl Blocks {
    /// Reads once behind the rest; the number of bytes.
    fn read(&mut self) -> usize {
        let Some(input) = &mut self.input else {
            return 0;
        };
        let most = self.rest.len().max(BLOCK_BYTES);
        let count = read_some(&mut *input.bytes, &mut self.rest, most);
        count.unwrap_or_else(|error| {
            let name = input.name.as_deref().unwrap_or("standard input");
            self.failure = Some(unreadable(name, &error));
            0
        })
    }

    /// The next block; `None` at the end.
    fn next(&mut self) -> Option<Block> {
        let mut bytes = loop {
            if let Some(end) = memchr::memrchr(b'\n', &self.rest) {
                let rest = self.rest.split_off(end + 1);
                break std::mem::replace(&mut self.rest, rest);
            }
            if self.read() == 0 {
                self.input = None;
                break std::mem::take(&mut self.rest);
            }
        };
        if self.next == 0 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        if bytes.is_empty() {
            return None;
        }
        let block = Block {
            number: self.next,
            lines: self.lines,
            bytes,
        };
        self.next += 1;
        self.lines += memchr::memchr_iter(b'\n', &block.bytes).count() as u64;
        Some(block)
    }
}

/// How far the outputs have been written.
#[derive(Default)]
struct Turn {
    /// The block whose outputs are written next.
    number: usize,
    status: Status,
    end: Option<End>,
    /// The blocks behind one that was not complete.
    left: Vec<Block>,
}

/// Why the threads end before the file does.
enum End {
    /// A value goes on behind this block; these are its bytes without the values that were filtered.
    Incomplete(Block),
    Malformed(Unreadable),
    Halted(Halt),
    Failed(Error),
    Overflow,
}

/// What the threads share.
struct Shared {
    blocks: Mutex<Blocks>,
    turn: Mutex<Turn>,
    changed: Condvar,
    sinks: Sinks,
}

impl Shared {
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn of a block; `None` when the threads are to end.
    fn wait(&self, number: usize) -> Option<MutexGuard<'_, Turn>> {
        let waits = |turn: &mut Turn| turn.number != number && turn.end.is_none();
        let turn = self.changed.wait_while(self.turn(), waits);
        let turn = turn.unwrap_or_else(PoisonError::into_inner);
        turn.end.is_none().then_some(turn)
    }

    fn end(&self, end: End) {
        let mut turn = self.turn();
        turn.end.get_or_insert(end);
        self.changed.notify_all();
    }
}

/// Runs a job on several threads, or in sequence when it is short.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn run(job: &Arc<Job>, compiled: Compiled, sinks: Sinks) -> Result<i32, Error> {
    let opened = match job.inputs.first().map(open) {
        Some(Ok(opened)) => opened,
        Some(Err(why)) => {
            (sinks.complain)(&why.into_error());
            return Ok(code::INPUT);
        }
        None => return Ok(code::DONE),
    };
    let name = opened.name.clone();
    let mut blocks = Blocks {
        input: Some(opened),
        rest: Vec::new(),
        next: 0,
        lines: 0,
        failure: None,
    };
    let first = blocks.read();
    let is_long = first >= WORTHWHILE_BYTES;
    let shared = Arc::new(Shared {
        blocks: Mutex::new(blocks),
        turn: Mutex::default(),
        changed: Condvar::new(),
        sinks,
    });
    if is_long {
        let (own, work_job) = (Arc::clone(&shared), Arc::clone(job));
        let filter = compiled.filter.clone();
        let work = move || work(&own, &work_job, filter);
        let ended = deep::run_on(threads(), work, || shared.end(End::Overflow));
        if let Err(stopped) = ended {
            (sinks.complain)(&stopped.into_error("filter"));
            return Ok(code::FAILED);
        }
    }
    finish_run(job, compiled, &shared, name.as_deref())
}

/// Goes on in sequence where the threads have ended early.
fn finish_run(
    job: &Arc<Job>,
    compiled: Compiled,
    shared: &Arc<Shared>,
    name: Option<&str>,
) -> Result<i32, Error> {
    let sinks = shared.sinks;
    let mut turn = std::mem::take(&mut *shared.turn());
    let mut blocks = shared.blocks.lock().unwrap_or_else(PoisonError::into_inner);
    let failure = blocks.failure.take();
    let is_unreadable = failure.is_some();
    if let Some(why) = failure {
        (sinks.complain)(&why.into_error());
    }
    let (mut buffer, lines) = match turn.end.take() {
        Some(End::Incomplete(block)) => (block.bytes, block.lines),
        None if turn.number == 0 => (Vec::new(), 0),
        None => return Ok(exit_code(job, &turn.status, is_unreadable, None, sinks)),
        Some(End::Malformed(why)) => {
            (sinks.complain)(&why.into_error());
            return Ok(exit_code(job, &turn.status, true, None, sinks));
        }
        Some(End::Halted(halt)) => {
            return Ok(exit_code(
                job,
                &turn.status,
                is_unreadable,
                Some(halt),
                sinks,
            ));
        }
        Some(End::Failed(error)) => return Err(error),
        Some(End::Overflow) => return Ok(code::FAILED),
    };
    turn.left.order_by_key(|block| block.number);
    for block in turn.left {
        buffer.extend_from_slice(&block.bytes);
    }
    buffer.append(&mut blocks.rest);
    let open = blocks.input.take().unwrap_or_else(|| Open {
        bytes: Box::new(std::io::empty()),
        name: name.map(Arc::from),
    });
    drop(blocks);
    let begun = Begun {
        open,
        buffer,
        lines,
        status: turn.status,
    };
    in_sequence(job, compiled, sinks, Some(begun))
}

/// The work of a thread.
fn work(shared: &Shared, job: &Job, filter: Filter) {
    let mut runner = match Runner::new(filter, job, shared.sinks, Box::new(|_| None)) {
        Ok(runner) => runner,
        Err(error) => return shared.end(End::Failed(error)),
    };
    let mut reader = Reader::default();
    loop {
        let mut blocks = shared.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let name = blocks.input.as_ref().and_then(|input| input.name.clone());
        // Not in one expression: the turn must not be locked while a read waits.
        let is_over = shared.turn().end.is_some();
        let next = if is_over { None } else { blocks.next() };
        drop(blocks);
        let Some(block) = next else { return };
        if name.is_some() {
            runner.host.position.borrow_mut().file = name.as_deref().map(Rc::from);
        }
        if let Err(error) = filter_block(shared, &mut runner, &mut reader, block) {
            return shared.end(End::Failed(error));
        }
    }
}

/// Filters the values of a block, and writes the outputs at its turn.
fn filter_block(
    shared: &Shared,
    runner: &mut Runner,
    reader: &mut Reader,
    block: Block,
) -> Result<(), Error> {
    runner.out.clear();
    runner.failures.clear();
    runner.status = Status::default();
    let end = filter_values(shared, runner, reader, &block)?;
    let Some(mut turn) = shared.wait(block.number) else {
        // A part of a value may be in the block, even if it was filtered.
        shared.turn().left.push(block);
        return Ok(());
    };
    (shared.sinks.out)(&runner.out)?;
    for failure in runner.failures.drain(..) {
        (runner.complain)(&failure);
    }
    turn.status.last = runner.status.last.or(turn.status.last);
    turn.status.has_failed |= runner.status.has_failed;
    turn.number += 1;
    turn.end = end;
    shared.changed.notify_all();
    Ok(())
}

/// Filters the values of a block. The result is why the threads end, if they do.
fn filter_values(
    shared: &Shared,
    runner: &mut Runner,
    reader: &mut Reader,
    block: &Block,
) -> Result<Option<End>, Error> {
    let (mut at, mut lines, mut has_turn) = (0, block.lines, false);
    loop {
        let rest = block.bytes.get(at..).unwrap_or_default();
        let (value, length) = match reader.next(rest, false) {
            Parsed::Value(value, length) => (value, length),
            Parsed::More | Parsed::End if rest.trim_ascii().is_empty() => return Ok(None),
            Parsed::More | Parsed::End => {
                return Ok(Some(End::Incomplete(Block {
                    bytes: rest.to_vec(),
                    number: block.number,
                    lines,
                })));
            }
            Parsed::Malformed(why) => {
                let file = runner.host.position.borrow().file.clone();
                return Ok(Some(malformed(block, at, &why, file.as_deref())));
            }
        };
        let used = rest.get(..length).unwrap_or(rest);
        lines += memchr::memchr_iter(b'\n', used).count() as u64;
        runner.host.position.borrow_mut().last_line = lines + 1;
        at += length;
        let applied = runner.apply(value, |out| {
            if !has_turn && out.len() < MOST_WAITING_BYTES {
                return Ok(());
            }
            has_turn = has_turn || shared.wait(block.number).is_some();
            if !has_turn {
                return Err(Error::Output(std::io::ErrorKind::BrokenPipe.into()));
            }
            (shared.sinks.out)(out)?;
            out.clear();
            Ok(())
        });
        match applied {
            Ok(Applied::Done) => {}
            Ok(Applied::Halted(halt)) => return Ok(Some(End::Halted(halt))),
            // The threads are to end.
            Err(_) if !has_turn => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// The end at an input that is not JSON, behind `at` bytes of the block.
fn malformed(block: &Block, at: usize, why: &Malformed, file: Option<&str>) -> End {
    let before = block.bytes.get(..at + why.at).unwrap_or(&block.bytes);
    let line = block.lines + memchr::memchr_iter(b'\n', before).count() as u64;
    let reversed = before.iter().rev();
    let column = reversed.take_while(|byte| **byte != b'\n').count();
    End::Malformed(described(file, why, line, column))
}
