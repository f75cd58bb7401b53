//! What is to be read below the root of a history: histories, directories and files together.

use std::path::{Path, PathBuf};

use super::history::History;
use super::tree::{self, Child, Directory, Kind, joined};
use super::{CHAIN, FOLDER};
use crate::error::Error;
use crate::io_error::reason;
use crate::seq::sums::file::Source;
use crate::seq::sums::finding::{Finding, State};

/// Everything below a root that is not ignored.
pub(super) struct Plan {
    /// The outermost history first, each nested one after the one that it is in.
    pub histories: Vec<History>,
    /// Each directory after those below it, sorted by name; the root is the last.
    pub visits: Vec<Visit>,
    /// Sorted as the directories, then by name.
    pub files: Vec<Item>,
    /// What cannot be recorded.
    pub findings: Vec<Finding>,
}

/// A directory.
pub(super) struct Visit {
    pub relative: String,
    pub modified: i64,
    /// The history that records what is in it.
    pub history: usize,
    /// The history that records the directory itself; the root has none.
    pub parent_history: Option<usize>,
    /// Its files, by their numbers.
    pub files: std::ops::Range<usize>,
    /// The directories in it, by their numbers.
    pub below: Vec<usize>,
}

/// A file.
pub(super) struct Item {
    pub source: Source,
    pub name: String,
    /// Below the outermost root.
    pub relative: String,
    pub history: usize,
}

impl Plan {
    /// Lists everything below `root` and loads all histories.
    ///
    /// # Errors
    /// When the root cannot be read, or a history is damaged.
    pub(super) fn of(root: &Path) -> Result<Plan, Error> {
        let directories = tree::directories(root)?;
        let mut planner = Planner {
            places: Vec::with_capacity(directories.len()),
            directories: &directories,
            plan: Plan {
                histories: Vec::new(),
                visits: Vec::new(),
                files: Vec::new(),
                findings: Vec::new(),
            },
        };
        planner.load_histories()?;
        planner.visit_all();
        let mut plan = planner.plan;
        plan.find_unchained();
        Ok(plan)
    }

    /// The path of a file or directory in its history.
    pub(super) fn inner<'p>(&self, history: usize, relative: &'p str) -> &'p str {
        let above = self.histories.get(history).map_or("", |one| &one.relative);
        match relative.strip_prefix(above) {
            Some(rest) => rest.strip_prefix('/').unwrap_or(rest),
            None => relative,
        }
    }

    /// Whether a path is ignored by the history that records it, or by one around that.
    pub(super) fn ignores(&self, history: usize, relative: &str, is_directory: bool) -> bool {
        let mut next = Some(history);
        while let Some((at, history)) = next.and_then(|at| Some((at, self.histories.get(at)?))) {
            if history
                .ignore
                .ignores(self.inner(at, relative), is_directory)
            {
                return true;
            }
            next = history.parent;
        }
        false
    }

    /// The nested histories that the last generations refer to, and that do not exist.
    pub(super) fn missing_histories(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (at, history) in self.histories.iter().enumerate() {
            for (path, _) in &history.references {
                // The path of a manifest in the folder of the history.
                let above = Path::new(path).parent().and_then(Path::parent);
                let Some(above) = above.and_then(Path::to_str) else {
                    continue;
                };
                let relative = joined(&history.relative, above);
                let is_known = self.histories.iter().any(|one| one.relative == relative);
                if !is_known && !self.ignores(at, &relative, true) {
                    let path = history.root.join(above).join(FOLDER);
                    let why = "the history does not exist";
                    findings.push(Finding::new(path, State::Missing, why));
                }
            }
        }
        findings.dedup();
        findings
    }

    fn find_unchained(&mut self) {
        let unchained = self.histories.iter().flat_map(|history| &history.unchained);
        let why = format!("it is not in {CHAIN}");
        let findings: Vec<Finding> = unchained
            .map(|path| Finding::new(path, State::Invalid, &*why))
            .collect();
        self.findings.extend(findings);
    }
}

/// Where a directory belongs; `None` if it is ignored.
type Place = Option<usize>;

struct Planner<'d> {
    directories: &'d [Directory],
    /// The history of each directory.
    places: Vec<Place>,
    plan: Plan,
}

impl Planner<'_> {
    fn load_histories(&mut self) -> Result<(), Error> {
        // Each directory comes after the one above it.
        for directory in self.directories {
            let parent = match directory.parent {
                None => None,
                Some(above) => match self.places.get(above).copied().flatten() {
                    Some(parent) if !self.plan.ignores(parent, &directory.relative, true) => {
                        Some(parent)
                    }
                    Some(_) | None => {
                        self.places.push(None);
                        continue;
                    }
                },
            };
            let place = match (directory.has_history, parent) {
                (false, Some(parent)) => parent,
                (has_history, parent) => {
                    let (root, relative) = (&directory.path, &directory.relative);
                    self.plan.histories.push(match has_history {
                        true => History::load(root, relative, parent)?,
                        false => History::new(root, relative, parent),
                    });
                    self.plan.histories.len() - 1
                }
            };
            self.places.push(Some(place));
        }
        Ok(())
    }

    /// Visits all directories, each after those below it.
    fn visit_all(&mut self) {
        // The directories on the way, with the number of the next child and the visits below.
        let mut way: Vec<(usize, usize, Vec<usize>)> = vec![(0, 0, Vec::new())];
        while let Some((at, next, _)) = way.last_mut() {
            let (at, child) = (*at, *next);
            *next += 1;
            let Some(directory) = self.directories.get(at) else {
                break;
            };
            match directory.children.get(child) {
                Some(child) => {
                    if let Kind::Directory(below) = child.kind
                        && self.is_recorded(directory, below, child)
                    {
                        way.push((below, 0, Vec::new()));
                    }
                }
                None => {
                    let below = way.pop().map(|(_, _, below)| below).unwrap_or_default();
                    self.visit(at, directory, below);
                    let visit = self.plan.visits.len() - 1;
                    if let Some((_, _, below)) = way.last_mut() {
                        below.push(visit);
                    }
                }
            }
        }
    }

    /// Whether a directory is not ignored. Its name must be one that XML can have.
    fn is_recorded(&mut self, directory: &Directory, below: usize, child: &Child) -> bool {
        if self.places.get(below).copied().flatten().is_none() {
            return false;
        }
        if child.text().is_none() {
            self.add_invalid(directory.path.join(&child.name));
            return false;
        }
        true
    }

    fn add_invalid(&mut self, path: PathBuf) {
        let why = "a manifest cannot have its name: it is not UTF-8, or has control characters";
        self.plan
            .findings
            .push(Finding::new(path, State::Invalid, why));
    }

    fn visit(&mut self, at: usize, directory: &Directory, below: Vec<usize>) {
        let Some(history) = self.places.get(at).copied().flatten() else {
            return;
        };
        if let Some(error) = &directory.fault {
            let finding = Finding::new(&*directory.path, State::Unreadable, reason(error));
            self.plan.findings.push(finding);
        }
        let first = self.plan.files.len();
        for child in &directory.children {
            self.add_file(directory, history, child);
        }
        let above = directory.parent.and_then(|above| self.places.get(above));
        self.plan.visits.push(Visit {
            relative: directory.relative.clone(),
            modified: directory.modified,
            history,
            parent_history: above.copied().flatten(),
            files: first..self.plan.files.len(),
            below,
        });
    }

    fn add_file(&mut self, directory: &Directory, history: usize, child: &Child) {
        let path = directory.path.join(&child.name);
        let relative = joined(&directory.relative, &child.name.to_string_lossy());
        let is_directory = matches!(child.kind, Kind::Directory(_));
        if is_directory || self.plan.ignores(history, &relative, false) {
            return;
        }
        let source = match child.kind {
            Kind::File => Source::Listed(path),
            Kind::Link => Source::Named(path),
            Kind::Directory(_) => return,
            Kind::Other => {
                let why = "not a regular file, or a symlink that leads to none in the directory";
                self.plan
                    .findings
                    .push(Finding::new(path, State::Skipped, why));
                return;
            }
        };
        match child.text() {
            Some(name) => self.plan.files.push(Item {
                source,
                name: name.to_owned(),
                relative,
                history,
            }),
            None => self.add_invalid(source.path().to_owned()),
        }
    }
}
