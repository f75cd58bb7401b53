//! Checks the files below a root against the history.

use std::collections::BTreeSet;
use std::path::Path;

use super::FOLDER;
use super::plan::{Item, Plan};
use super::tree::joined;
use crate::error::Error;
use crate::seq::sums::algorithm::Algorithm;
use crate::seq::sums::check::{Step, Watch};
use crate::seq::sums::file::{Fault, Hashed};
use crate::seq::sums::finding::{Finding, State};
use crate::seq::sums::readers::{Event, Task, read_all};

/// Checks all files with their original checksums, as `ascmhl verify` does. Missing and new files are
/// found too. No file is written.
///
/// # Errors
/// When there is no history, or it is damaged; and those of `watch`.
pub(crate) fn verify(root: &Path, threads: usize, watch: &mut Watch) -> Result<(), Error> {
    let mut plan = Plan::of(root)?;
    if plan
        .histories
        .first()
        .is_none_or(|history| history.latest == 0)
    {
        return Err(Error::Nothing {
            place: root.join(FOLDER).display().to_string(),
            what: "ASC MHL history",
        });
    }
    for finding in std::mem::take(&mut plan.findings) {
        watch(Step::Found(finding))?;
    }
    let mut checked: Vec<(&Item, &[u8])> = Vec::new();
    let mut tasks = Vec::new();
    let mut new = Vec::new();
    for item in &plan.files {
        let history = plan.histories.get(item.history);
        let known =
            history.and_then(|one| one.known_about(plan.inner(item.history, &item.relative)));
        match known.and_then(|known| known.original.as_ref()) {
            Some((algorithm, sum)) => {
                checked.push((item, sum));
                tasks.push(Task {
                    source: item.source.clone(),
                    algorithms: vec![*algorithm],
                });
            }
            None => new.push(Finding::new(item.source.path(), State::New, "")),
        }
    }
    read_all(&tasks, threads, &mut |event| match event {
        Event::Progress(bytes) => watch(Step::Progress(bytes)),
        Event::Done(at, result) => match (checked.get(at), tasks.get(at)) {
            (Some((item, sum)), Some(task)) => watch(step(item, task, sum, result)),
            (_, _) => Ok(()),
        },
    })?;
    let missing = missing(&plan);
    let findings = new
        .into_iter()
        .chain(missing)
        .chain(plan.missing_histories());
    for finding in findings {
        watch(Step::Found(finding))?;
    }
    Ok(())
}

fn step<'i>(
    item: &'i Item,
    task: &Task,
    expected: &[u8],
    result: Result<Hashed, Fault>,
) -> Step<'i> {
    let path = item.source.path();
    let found = match result {
        Ok(found) => found,
        Err(fault) => return Step::Found(fault.at(path)),
    };
    match (found.sums.first(), task.algorithms.first()) {
        (Some(sum), _) if sum == expected => Step::Verified(path),
        (Some(sum), Some(algorithm)) => Step::Found(differs(path, *algorithm, expected, sum)),
        (_, _) => Step::Found(Finding::new(path, State::Failed, "")),
    }
}

/// The finding about a file with another checksum.
pub(super) fn differs(path: &Path, algorithm: Algorithm, expected: &[u8], found: &[u8]) -> Finding {
    let (name, expected) = (algorithm.name(), algorithm.text(expected));
    let why = format!(
        "expected {name} {expected}, found {}",
        algorithm.text(found)
    );
    Finding::new(path, State::Failed, why)
}

/// The recorded files and directories that do not exist and are not ignored.
pub(super) fn missing(plan: &Plan) -> Vec<Finding> {
    let files = plan.files.iter().map(|item| &*item.relative);
    let directories = plan.visits.iter().map(|visit| &*visit.relative);
    let existing: BTreeSet<&str> = files.chain(directories).collect();
    let mut findings = Vec::new();
    for (at, history) in plan.histories.iter().enumerate() {
        for path in history.expected() {
            let relative = joined(&history.relative, path);
            if !existing.contains(&*relative) && !plan.ignores(at, &relative, false) {
                findings.push(Finding::new(history.root.join(path), State::Missing, ""));
            }
        }
    }
    findings
}
