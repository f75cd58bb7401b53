//! Applies a filter to one input after the other.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use super::deep::{self, Stopped};
use super::engine::{Halt, Unreadable};
use super::filter::Compiled;
use super::options::{Job, Sinks, code};
use super::runner::{Applied, FULL_BYTES, Runner, Status};
use super::source::{Open, Source};
use super::value::Value;
use crate::error::Error;

/// Runs a job in sequence on a thread of its own, from the start or from what has begun.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn in_sequence(
    job: &Arc<Job>,
    compiled: Compiled,
    sinks: Sinks,
    begun: Option<Begun>,
) -> Result<i32, Error> {
    let rest = Arc::new(Mutex::new(Vec::new()));
    let (job, shared) = (Arc::clone(job), Arc::clone(&rest));
    let ended = deep::run(move || sequential(&job, compiled, sinks, &shared, begun));
    finish(ended, &rest, sinks)
}

/// The exit code of a run. What an overflow left in `rest` is written.
fn finish(
    ended: Result<Result<i32, Error>, Stopped>,
    rest: &Mutex<Vec<u8>>,
    sinks: Sinks,
) -> Result<i32, Error> {
    match ended {
        Ok(code) => code,
        Err(stopped) => {
            // The lost thread may hold the lock.
            if let Ok(rest) = rest.try_lock() {
                (sinks.out)(&rest)?;
            }
            (sinks.complain)(&stopped.into_error("filter"));
            Ok(code::FAILED)
        }
    }
}

/// What has been read of the first file.
pub(super) struct Begun {
    pub open: Open,
    pub buffer: Vec<u8>,
    pub lines: u64,
    pub status: Status,
}

/// Applies the filter to one input after the other. `shared` has the outputs that are not written.
fn sequential(
    job: &Job,
    compiled: Compiled,
    sinks: Sinks,
    shared: &Arc<Mutex<Vec<u8>>>,
    begun: Option<Begun>,
) -> Result<i32, Error> {
    let unreadable = Rc::new(Cell::new(false));
    let mut source = source(job, sinks, shared, &unreadable);
    let mut status = Status::default();
    if let Some(begun) = begun {
        source.resume(begun.open, begun.buffer, begun.lines);
        status = begun.status;
    }
    let next = Box::new(move |position: &mut _| source.next(position));
    let mut runner = match Runner::new(compiled.filter, job, sinks, next) {
        Ok(runner) => runner,
        Err(error) => {
            (sinks.complain)(&error);
            return Ok(code::USAGE);
        }
    };
    runner.status = status;
    let halted = apply_all(job, &mut runner, sinks, shared, &unreadable)?;
    let rest = std::mem::take(&mut *shared.lock().unwrap_or_else(PoisonError::into_inner));
    (sinks.out)(&rest)?;
    Ok(exit_code(
        job,
        &runner.status,
        unreadable.get(),
        halted,
        sinks,
    ))
}

/// The inputs of a job. Waiting outputs are written before a read.
fn source(
    job: &Job,
    sinks: Sinks,
    shared: &Arc<Mutex<Vec<u8>>>,
    unreadable: &Rc<Cell<bool>>,
) -> Source {
    let waiting = Arc::clone(shared);
    let before_read = move || {
        if let Ok(mut waiting) = waiting.lock() {
            // An error is found again with the next output.
            let _ = (sinks.out)(&waiting);
            waiting.clear();
        }
    };
    let complain = move |why: Unreadable| (sinks.complain)(&why.into_error());
    Source::new(
        &job.inputs,
        job.reading,
        Box::new(before_read),
        Box::new(complain),
        Rc::clone(unreadable),
    )
}

/// Applies the filter to all inputs, until it halts.
fn apply_all(
    job: &Job,
    runner: &mut Runner,
    sinks: Sinks,
    shared: &Mutex<Vec<u8>>,
    unreadable: &Cell<bool>,
) -> Result<Option<Halt>, Error> {
    let mut is_first = true;
    loop {
        let input = match job.reading.is_null {
            true if is_first => Some(Ok(Value::Null)),
            true => None,
            false => runner.host.input(),
        };
        is_first = false;
        let value = match input {
            None => return Ok(None),
            Some(Ok(value)) => value,
            Some(Err(why)) => {
                (sinks.complain)(&why.into_error());
                unreadable.set(true);
                return Ok(None);
            }
        };
        let applied = runner.apply(value, |out| {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            (sinks.out)(&shared)?;
            shared.clear();
            (sinks.out)(out)?;
            out.clear();
            Ok(())
        })?;
        move_outputs(&mut runner.out, shared, sinks)?;
        for failure in runner.failures.drain(..) {
            (sinks.complain)(&failure);
        }
        if let Applied::Halted(halt) = applied {
            return Ok(Some(halt));
        }
    }
}

/// Moves outputs to those that an overflow leaves, and writes them when there are many.
fn move_outputs(out: &mut Vec<u8>, shared: &Mutex<Vec<u8>>, sinks: Sinks) -> Result<(), Error> {
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    shared.append(out);
    if shared.len() >= FULL_BYTES {
        (sinks.out)(&shared)?;
        shared.clear();
    }
    Ok(())
}

/// The exit code of jq.
pub(super) fn exit_code(
    job: &Job,
    status: &Status,
    is_unreadable: bool,
    halted: Option<Halt>,
    sinks: Sinks,
) -> i32 {
    if let Some(halt) = halted {
        (sinks.say)(&halt.message);
        return halt.code;
    }
    if is_unreadable {
        return code::INPUT;
    }
    match (status.has_failed, job.has_exit_status, status.last) {
        (true, ..) => code::FAILED,
        (false, true, None) => code::NOTHING,
        (false, true, Some(false)) => code::FALSE,
        _ => code::DONE,
    }
}
