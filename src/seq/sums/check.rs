//! Checks files against a list.

use std::path::Path;
use std::sync::atomic::AtomicU64;

use super::algorithm::Algorithm;
use super::file::{BUFFER_BYTES, Fault, Hashed, Source};
use super::finding::{Finding, State};
use super::list::{self, Entry};
use super::readers::{Event, Task, read_all};
use crate::error::Error;

/// Limit for the size of a list.
pub(crate) const MOST_LIST_BYTES: u64 = 1 << 30;
/// The files that are read to find out which of two algorithms a list has.
const MOST_PROBES: usize = 8;

/// How a list is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Decides between algorithms of the same length.
    pub preferred: Option<Algorithm>,
    pub threads: usize,
}

/// What happened, in the order of the list.
pub(crate) enum Step<'s> {
    Verified(&'s Path),
    /// A file that was not in the history before.
    Recorded(&'s Path),
    Found(Finding),
    /// So many bytes were read.
    Progress(u64),
}

/// Receives the steps. An error ends the check.
pub(crate) type Watch<'w> = dyn FnMut(Step) -> Result<(), Error> + 'w;

/// Checks the files in a list with the name `name`. Relative names are those of the current directory.
///
/// # Errors
/// Those of `watch`.
pub(crate) fn check(
    text: &[u8],
    name: &Path,
    options: Options,
    watch: &mut Watch,
) -> Result<(), Error> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut entries = Vec::new();
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if list::is_blank(line) {
            continue;
        }
        match list::parse(line, options.preferred) {
            Some(entry) => entries.push(entry),
            None => {
                let why = format!("line {}: no supported checksum", at + 1);
                watch(Step::Found(Finding::new(name, State::Invalid, why)))?;
            }
        }
    }
    if entries.is_empty() {
        let finding = Finding::new(name, State::Invalid, "the list has no checksum");
        return watch(Step::Found(finding));
    }
    let settled = Settled::of(&entries);
    let tasks: Vec<Task> = entries.iter().map(|entry| settled.task(entry)).collect();
    read_all(&tasks, options.threads, &mut |event| match event {
        Event::Progress(bytes) => watch(Step::Progress(bytes)),
        Event::Done(at, result) => match (entries.get(at), tasks.get(at)) {
            (Some(entry), Some(task)) => watch(step(entry, task, result)),
            (_, _) => Ok(()),
        },
    })
}

/// The result for one file.
fn step<'e>(entry: &'e Entry, task: &Task, result: Result<Hashed, Fault>) -> Step<'e> {
    let found = match result {
        Ok(found) => found,
        Err(fault) => return Step::Found(fault.at(&entry.path)),
    };
    if found.sums.contains(&entry.sum) || has_another(entry, &task.algorithms) {
        return Step::Verified(&entry.path);
    }
    let sums = task.algorithms.iter().zip(&found.sums);
    let found: Vec<String> = sums.map(|(algorithm, sum)| algorithm.text(sum)).collect();
    let expected = task.algorithms.first().map(|one| one.text(&entry.sum));
    let expected = expected.unwrap_or_default();
    let why = format!("expected {expected}, found {}", found.join(" or "));
    Step::Found(Finding::new(&entry.path, State::Failed, why))
}

/// Whether the checksum is that of an algorithm that was not tried, because the other files of the list
/// have another one of the same length.
fn has_another(entry: &Entry, tried: &[Algorithm]) -> bool {
    let is_untried = |one: &Algorithm| !tried.contains(one);
    let others: Vec<Algorithm> = entry
        .algorithms
        .iter()
        .copied()
        .filter(is_untried)
        .collect();
    !others.is_empty() && hash(entry, &others).is_ok_and(|found| found.sums.contains(&entry.sum))
}

fn hash(entry: &Entry, algorithms: &[Algorithm]) -> Result<Hashed, Fault> {
    let mut buffer = vec![0; BUFFER_BYTES];
    source(entry).hash(algorithms, &mut buffer, &AtomicU64::new(0))
}

fn source(entry: &Entry) -> Source {
    match entry.path.as_os_str() == "-" {
        true => Source::Stdin,
        false => Source::Named(entry.path.clone()),
    }
}

/// Which algorithm a list has, where the length of its checksums leaves two.
#[derive(Default)]
struct Settled(Vec<Algorithm>);

impl Settled {
    /// Tries the first files that can be read with all algorithms of the length.
    fn of(entries: &[Entry]) -> Settled {
        let mut settled = Settled::default();
        for length in [8, 16] {
            let is_unclear = |entry: &&Entry| {
                entry.sum.len() == length
                    && entry.algorithms.len() > 1
                    && source(entry) != Source::Stdin
            };
            let unclear = entries.iter().filter(is_unclear).take(MOST_PROBES);
            settled.0.extend(unclear.filter_map(matching).next());
        }
        settled
    }

    fn task(&self, entry: &Entry) -> Task {
        let settled = entry.algorithms.iter().filter(|one| self.0.contains(one));
        let settled: Vec<Algorithm> = settled.copied().collect();
        Task {
            source: source(entry),
            algorithms: match settled.is_empty() {
                true => entry.algorithms.clone(),
                false => settled,
            },
        }
    }
}

/// The algorithm whose checksum of the file is the one in the list.
fn matching(entry: &Entry) -> Option<Algorithm> {
    let found = hash(entry, &entry.algorithms).ok()?;
    let at = found.sums.iter().position(|sum| *sum == entry.sum)?;
    entry.algorithms.get(at).copied()
}
