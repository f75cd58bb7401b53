//! Checks sequences: whether each file is whole and like the others, and which frames are missing.

pub(crate) mod expect;
pub(crate) mod family;
pub(crate) mod fields;

use std::path::PathBuf;

use super::frame::Frame;
use super::image::fault::{Kind, Severity};
use super::image::{self, Depth, Examined};
use super::select::Found;
use super::summary::Summary;
use crate::parallel;
use crate::sort::Sortable;
use expect::Expected;
use family::Family;

/// Limit for the missing frames that are listed.
const MOST_MISSING: usize = 1_000_000;

/// Files that should be alike.
#[derive(Clone, Debug)]
pub(crate) enum Group {
    Sequence(Found),
    /// A file that is in no sequence.
    File(PathBuf),
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
    /// The frames that have a file; `None` for a single file.
    pub range: Option<String>,
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

impl Group {
    /// As reports show it.
    fn pattern(&self) -> PathBuf {
        match self {
            Group::Sequence(Found { sequence, .. }) => {
                sequence.directory.join(sequence.pattern(sequence.notation))
            }
            Group::File(path) => path.clone(),
        }
    }

    fn files(&self) -> Vec<(Option<Frame>, PathBuf)> {
        match self {
            Group::Sequence(Found { sequence, .. }) => sequence
                .numbers
                .iter()
                .map(|number| (Some(number.frame), sequence.path(number)))
                .collect(),
            Group::File(path) => vec![(None, path.clone())],
        }
    }

    /// The frames, with those that must be there.
    fn summary(self, expected: &Expected) -> Option<Summary> {
        match self {
            Group::Sequence(Found {
                sequence,
                requested,
            }) => Some(Summary::of(&Found {
                sequence,
                requested: expected.frames.clone().or(requested),
            })),
            Group::File(_) => None,
        }
    }
}

/// Checks groups of files. `tick` is called after each file, with the number of all files.
pub(crate) fn check(
    groups: Vec<Group>,
    options: &Options,
    tick: &(dyn Fn(usize) + Sync),
) -> Vec<Report> {
    let files: Vec<Vec<(Option<Frame>, PathBuf)>> = groups.iter().map(Group::files).collect();
    let paths: Vec<&PathBuf> = files.iter().flatten().map(|(_, path)| path).collect();
    let examine = |(): &mut (), path: &&PathBuf| {
        let examined = image::examine(path, options.depth);
        tick(paths.len());
        examined
    };
    let examined = parallel::in_threads(options.jobs, &paths, || (), examine);
    let mut examined = examined.into_iter();
    let report = |(group, files): (Group, Vec<(Option<Frame>, PathBuf)>)| {
        let files = files.into_iter().zip(examined.by_ref());
        let files = files.map(|((frame, path), examined)| Checked {
            frame,
            path,
            examined,
            kinds: Vec::new(),
        });
        report(group, files.collect(), &options.expected)
    };
    groups.into_iter().zip(files).map(report).collect()
}

/// The missing frames, and how many more there are.
fn missing(summary: &Summary) -> (Vec<Frame>, u64) {
    let frames = summary.gaps.iter().flat_map(|(first, last)| *first..=*last);
    let frames = frames.filter_map(Frame::whole).take(MOST_MISSING);
    let frames: Vec<Frame> = frames.collect();
    let unlisted = summary.missing_count.saturating_sub(frames.len() as u64);
    (frames, unlisted)
}

fn report(group: Group, mut files: Vec<Checked>, expected: &Expected) -> Report {
    let family = Family::of(&files, expected);
    let pattern = group.pattern();
    let summary = group.summary(expected);
    let (absent, unlisted) = summary.as_ref().map_or((Vec::new(), 0), missing);
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
    problems.order_by_key(|problem| (problem.kind, problem.frame));
    for problem in &problems {
        if let Some(file) = problem.file.and_then(|at| files.get_mut(at)) {
            file.kinds.push(problem.kind);
        }
    }
    Report {
        pattern,
        range: summary.map(|summary| summary.range),
        files,
        family,
        problems,
        unlisted,
    }
}

#[cfg(test)]
mod tests;
