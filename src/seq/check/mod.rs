//! Checks sequences: whether each file is whole and like the others, and which frames are missing.

pub(crate) mod expect;
pub(crate) mod family;
pub(crate) mod fields;
mod missing;

use std::path::PathBuf;

use super::frame::Frame;
use super::image::fault::{Kind, Severity};
use super::image::{self, Depth, Examined};
use crate::elf::walk;
use expect::Expected;
use family::Family;

/// Files that should be alike: those of a sequence, or a single file.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// As reports show it.
    pub pattern: PathBuf,
    /// Sorted by frame. A single file has no frame.
    pub files: Vec<(Option<Frame>, PathBuf)>,
    /// The frames that must be there; `None`: all between the first and the last.
    pub requested: Option<Vec<Frame>>,
    /// Whether frames between the first and the last may be missing: the tiles of UDIM textures.
    pub may_have_gaps: bool,
}

/// How files are checked.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub depth: Depth,
    /// How many files are read at the same time.
    pub jobs: usize,
    pub expected: Expected,
}

/// A file and what was read of it.
#[derive(Debug)]
pub(crate) struct Checked {
    pub frame: Option<Frame>,
    pub path: PathBuf,
    pub examined: Examined,
    /// Its problems: kinds without repetition.
    pub kinds: Vec<Kind>,
}

/// Something that is wrong with a frame.
#[derive(Debug)]
pub(crate) struct Problem {
    pub kind: Kind,
    pub frame: Option<Frame>,
    /// The file. A missing frame has none.
    pub path: Option<PathBuf>,
    /// Its place among the checked files.
    pub file: Option<usize>,
    pub detail: String,
    pub is_being_written: bool,
}

/// The result for a group.
#[derive(Debug)]
pub(crate) struct Report {
    pub pattern: PathBuf,
    pub files: Vec<Checked>,
    pub family: Family,
    /// Sorted by kind, then by frame.
    pub problems: Vec<Problem>,
    /// Missing frames that are too many to be listed.
    pub unlisted: u64,
}

impl Checked {
    /// The worst of its problems; `None` if it has none.
    pub(crate) fn severity(&self) -> Option<Severity> {
        self.kinds.iter().map(|kind| kind.severity()).max()
    }
}

impl Report {
    /// The worst of all problems; `None` if there is none.
    pub(crate) fn severity(&self) -> Option<Severity> {
        let listed = self.problems.iter().map(|problem| problem.kind.severity());
        let unlisted = (self.unlisted > 0).then_some(Severity::Broken);
        listed.chain(unlisted).max()
    }
}

/// Checks groups of files. `tick` is called after each file.
pub(crate) fn check(
    groups: Vec<Group>,
    options: &Options,
    tick: &(dyn Fn() + Sync),
) -> Vec<Report> {
    let paths: Vec<&PathBuf> = groups
        .iter()
        .flat_map(|group| group.files.iter().map(|(_, path)| path))
        .collect();
    let examine = |(): &mut (), path: &&PathBuf| {
        let examined = image::examine(path, options.depth);
        tick();
        examined
    };
    let mut examined = walk::in_threads(options.jobs, &paths, || (), examine).into_iter();
    let report = |group: Group| {
        let files = group.files.into_iter().zip(examined.by_ref());
        let files = files.map(|((frame, path), examined)| Checked {
            frame,
            path,
            examined,
            kinds: Vec::new(),
        });
        let missing = missing::Rule {
            requested: options
                .expected
                .frames
                .as_ref()
                .or(group.requested.as_ref()),
            may_have_gaps: group.may_have_gaps,
        };
        report(group.pattern, files.collect(), &missing, &options.expected)
    };
    groups.into_iter().map(report).collect()
}

fn report(
    pattern: PathBuf,
    mut files: Vec<Checked>,
    missing: &missing::Rule,
    expected: &Expected,
) -> Report {
    let family = Family::of(&files, expected);
    let (absent, unlisted) = missing.frames(&files);
    let mut problems: Vec<Problem> = absent
        .into_iter()
        .map(|frame| Problem {
            kind: Kind::Missing,
            frame: Some(frame),
            path: None,
            file: None,
            detail: "no file".to_owned(),
            is_being_written: false,
        })
        .collect();
    for (number, file) in files.iter().enumerate() {
        let previous = number.checked_sub(1).and_then(|at| files.get(at));
        let is_duplicate =
            file.frame.is_some() && previous.is_some_and(|it| it.frame == file.frame);
        let fault = file.examined.fault.as_ref();
        let fault = fault.map(|fault| (fault.kind, fault.detail.clone()));
        let duplicate = || (Kind::Duplicate, "two files have this frame".to_owned());
        let all = fault
            .into_iter()
            .chain(family.differences(&file.examined))
            .chain(is_duplicate.then(duplicate));
        problems.extend(all.map(|(kind, detail)| Problem {
            kind,
            frame: file.frame,
            path: Some(file.path.clone()),
            file: Some(number),
            detail,
            is_being_written: file.examined.is_being_written,
        }));
    }
    problems.sort_by_key(|problem| (problem.kind, problem.frame));
    for problem in &problems {
        if let Some(file) = problem.file.and_then(|at| files.get_mut(at)) {
            file.kinds.push(problem.kind);
        }
    }
    Report {
        pattern,
        files,
        family,
        problems,
        unlisted,
    }
}

#[cfg(test)]
mod tests;
