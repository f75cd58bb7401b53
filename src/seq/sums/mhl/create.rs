//! Reads all files below a root and adds a generation to the history.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::FOLDER;
use super::history::{History, Known};
use super::plan::{Item, Plan, Visit};
use super::verify::{differs, missing};
use super::write::{Action, DirectoryHashes, Generation, Record, Written};
use crate::error::Error;
use crate::seq::sums::algorithm::Algorithm;
use crate::seq::sums::check::{Step, Watch};
use crate::seq::sums::file::Hashed;
use crate::seq::sums::finding::{Finding, State};
use crate::seq::sums::readers::{Event, Task, read_all};
use crate::sort::Sortable;
use crate::timestamp::Timestamp;

/// How a generation is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options<'o> {
    /// By default that of the last generation, and xxh128 in a new history.
    pub algorithm: Option<Algorithm>,
    pub threads: usize,
    pub now: Timestamp,
    /// The name of this machine.
    pub host: &'o str,
}

/// Adds a generation to the history of `root`, and to each history nested in it, as `ascmhl create`
/// does. Returns the paths of the manifests; none if a file could not be read, so that nothing was
/// written.
///
/// # Errors
/// When a history is damaged or cannot be written; and those of `watch`.
pub(crate) fn create(
    root: &Path,
    options: Options,
    watch: &mut Watch,
) -> Result<Vec<PathBuf>, Error> {
    let mut plan = Plan::of(root)?;
    let mut is_complete = true;
    for finding in std::mem::take(&mut plan.findings) {
        is_complete &= finding.state == State::Skipped || is_manifest(&finding);
        watch(Step::Found(finding))?;
    }
    let recorded = plan.histories.first().and_then(|history| history.algorithm);
    let algorithm = options.algorithm.or(recorded).unwrap_or(Algorithm::Xxh128);
    let tasks: Vec<Task> = plan
        .files
        .iter()
        .map(|item| task(&plan, item, algorithm))
        .collect();
    let mut hashed: Vec<Hashed> = Vec::with_capacity(tasks.len());
    read_all(&tasks, options.threads, &mut |event| match event {
        Event::Progress(bytes) => watch(Step::Progress(bytes)),
        Event::Done(_, Ok(found)) => {
            hashed.push(found);
            Ok(())
        }
        Event::Done(at, Err(fault)) => {
            is_complete = false;
            let path = plan.files.get(at).map_or(root, |item| item.source.path());
            watch(Step::Found(fault.at(path)))
        }
    })?;
    if !is_complete {
        return Ok(Vec::new());
    }
    let mut records = Records::of(&plan, algorithm);
    for ((item, task), hashed) in plan.files.iter().zip(&tasks).zip(&hashed) {
        records.add_file(item, task, hashed, watch)?;
    }
    records.add_directories();
    let generations = records.write(options)?;
    for finding in missing(&plan).into_iter().chain(plan.missing_histories()) {
        watch(Step::Found(finding))?;
    }
    Ok(generations)
}

/// Whether a finding is about a file of the history itself.
fn is_manifest(finding: &Finding) -> bool {
    let folder = finding.path.parent().and_then(Path::file_name);
    folder.is_some_and(|name| name == FOLDER)
}

fn known<'p>(plan: &'p Plan, item: &Item) -> Option<&'p Known> {
    let history = plan.histories.get(item.history)?;
    history.known.get(plan.inner(item.history, &item.relative))
}

/// The checksums of a file: the requested one, and those that are needed to compare it with the history.
fn task(plan: &Plan, item: &Item, algorithm: Algorithm) -> Task {
    let mut algorithms = vec![algorithm];
    if let Some(known) = known(plan, item)
        && known.sum(algorithm).is_none()
    {
        let original = known.original.as_ref().or(known.first.first());
        algorithms.extend(original.map(|(original, _)| *original));
    }
    algorithms.order();
    algorithms.dedup();
    Task {
        source: item.source.clone(),
        algorithms,
    }
}

/// The records of all generations.
struct Records<'p> {
    plan: &'p Plan,
    algorithm: Algorithm,
    /// For each history those of its files by path, then those of directories.
    files: Vec<Vec<Record>>,
    /// The requested checksum of each file.
    sums: Vec<Vec<u8>>,
    /// The checksums of each directory.
    directories: Vec<DirectoryHashes>,
}

impl<'p> Records<'p> {
    fn of(plan: &'p Plan, algorithm: Algorithm) -> Records<'p> {
        Records {
            plan,
            algorithm,
            files: Vec::new(),
            sums: Vec::new(),
            directories: Vec::new(),
        }
    }

    fn add_file(
        &mut self,
        item: &Item,
        task: &Task,
        hashed: &Hashed,
        watch: &mut Watch,
    ) -> Result<(), Error> {
        let known = known(self.plan, item);
        let has_original = known.is_some_and(|known| known.original.is_some());
        let mut sums = Vec::new();
        let mut has_failed = false;
        for (algorithm, sum) in task.algorithms.iter().copied().zip(&hashed.sums) {
            let earlier = known.and_then(|known| known.sum(algorithm));
            let action = match earlier {
                Some(earlier) if earlier != sum => {
                    has_failed = true;
                    let found = differs(item.source.path(), algorithm, earlier, sum);
                    watch(Step::Found(found))?;
                    Action::Failed
                }
                Some(_) if has_original => Action::Verified,
                Some(_) => Action::Original,
                None if has_original => Action::Verified,
                None => Action::Original,
            };
            sums.push((algorithm, sum.clone(), action, earlier.is_some()));
            if algorithm == self.algorithm {
                self.sums.push(sum.clone());
            }
        }
        let path = item.source.path();
        match (has_failed, has_original) {
            (true, _) => {}
            (false, true) => watch(Step::Verified(path))?,
            (false, false) => watch(Step::Recorded(path))?,
        }
        // A new algorithm is recorded only if the file is the one that was recorded before.
        sums.retain(|(.., is_known)| *is_known || !has_failed);
        self.files.push(vec![Record::File {
            path: self.plan.inner(item.history, &item.relative).to_owned(),
            size: hashed.size,
            modified: hashed.modified,
            sums: sums
                .into_iter()
                .map(|(algorithm, sum, action, _)| (algorithm, sum, action))
                .collect(),
        }]);
        Ok(())
    }

    /// Computes the checksums of all directories, each after those below it.
    fn add_directories(&mut self) {
        for visit in &self.plan.visits {
            let mut hashes = Collected::new(self.algorithm);
            for at in visit.files.clone() {
                if let (Some(item), Some(sum)) = (self.plan.files.get(at), self.sums.get(at)) {
                    hashes.add(&item.name, sum, sum);
                }
            }
            for at in &visit.below {
                let below = (self.plan.visits.get(*at), self.directories.get(*at));
                if let (Some(below), Some(found)) = below {
                    let name = below.relative.rsplit('/').next().unwrap_or_default();
                    hashes.add(name, &found.content, &found.structure);
                }
            }
            self.directories.push(hashes.finish());
        }
    }

    /// Writes all generations, those of nested histories first.
    fn write(mut self, options: Options) -> Result<Vec<PathBuf>, Error> {
        let mut by_history: BTreeMap<usize, Vec<Record>> = BTreeMap::new();
        let mut roots: BTreeMap<usize, DirectoryHashes> = BTreeMap::new();
        let files = std::mem::take(&mut self.files);
        let mut files: Vec<Option<Record>> = files.into_iter().map(|mut one| one.pop()).collect();
        for (visit, hashes) in self.plan.visits.iter().zip(&self.directories) {
            let own = by_history.entry(visit.history).or_default();
            let taken = files.get_mut(visit.files.clone()).unwrap_or_default();
            own.extend(taken.iter_mut().filter_map(Option::take));
            if self.is_root(visit) {
                roots.insert(visit.history, hashes.clone());
            }
            if let Some(parent) = visit.parent_history {
                by_history
                    .entry(parent)
                    .or_default()
                    .push(Record::Directory {
                        path: self.plan.inner(parent, &visit.relative).to_owned(),
                        modified: visit.modified,
                        hashes: hashes.clone(),
                    });
            }
        }
        let mut references: BTreeMap<usize, Vec<(String, Vec<u8>)>> = BTreeMap::new();
        let mut written = Vec::new();
        for (at, history) in self.plan.histories.iter().enumerate().rev() {
            let generation = Generation {
                history,
                records: by_history.remove(&at).unwrap_or_default(),
                root: roots.remove(&at),
                ignore: self.ignore_patterns(history),
                references: references.remove(&at).unwrap_or_default(),
                now: options.now,
                host: options.host,
            };
            let Written { path, c4 } = generation.write()?;
            if let Some(parent) = history.parent {
                let inner = self.plan.inner(parent, &history.relative);
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let reference = format!("{inner}/{FOLDER}/{name}");
                references
                    .entry(parent)
                    .or_default()
                    .insert(0, (reference, c4));
            }
            written.push(path);
        }
        Ok(written)
    }

    fn is_root(&self, visit: &Visit) -> bool {
        let history = self.plan.histories.get(visit.history);
        history.is_some_and(|history| history.relative == visit.relative)
    }

    /// Its own patterns, and those of the outer histories that hold in every directory.
    fn ignore_patterns(&self, history: &History) -> Vec<String> {
        let mut patterns = history.ignore_patterns.clone();
        let mut next = history.parent;
        while let Some(outer) = next.and_then(|at| self.plan.histories.get(at)) {
            let everywhere = outer.ignore_patterns.iter();
            let everywhere = everywhere.filter(|one| !one.trim_end_matches('/').contains('/'));
            for pattern in everywhere {
                if !patterns.contains(pattern) {
                    patterns.push(pattern.clone());
                }
            }
            next = outer.parent;
        }
        patterns
    }
}

/// The checksums of what is in a directory. Its own checksum is that of all of them, sorted.
struct Collected {
    algorithm: Algorithm,
    contents: Vec<Vec<u8>>,
    structures: Vec<Vec<u8>>,
}

impl Collected {
    fn new(algorithm: Algorithm) -> Collected {
        Collected {
            algorithm,
            contents: Vec::new(),
            structures: Vec::new(),
        }
    }

    fn add(&mut self, name: &str, content: &[u8], structure: &[u8]) {
        self.contents.push(content.to_vec());
        let named = [name.as_bytes(), structure].concat();
        self.structures.push(self.algorithm.of(&named));
    }

    fn finish(mut self) -> DirectoryHashes {
        // The bytes have the same order as their text, also as C4 IDs.
        self.contents.order();
        self.structures.order();
        DirectoryHashes {
            algorithm: self.algorithm,
            content: self.algorithm.of(&self.contents.concat()),
            structure: self.algorithm.of(&self.structures.concat()),
        }
    }
}
