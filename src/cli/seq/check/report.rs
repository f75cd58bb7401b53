//! The report as JSON.

use nanoserde::{SerJson, SerJsonState};

use crate::seq::check::fields::{self, Condition, Sort};
use crate::seq::check::{self, Checked, Problem};
use crate::seq::frame::Frame;
use crate::seq::image::fault::{Kind, Severity};
use crate::seq::image::header::Decoding;
use crate::seq::range::{self, Syntax};
use crate::sort::Sortable;

/// What is reported.
pub(super) struct Selection {
    pub conditions: Vec<Condition>,
    pub sort: Option<Sort>,
    pub lists_files: bool,
    pub is_strict: bool,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Report {
    pub sequences: Vec<Sequence>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Sequence {
    pub pattern: String,
    pub range: Option<String>,
    pub state: String,
    pub checked: usize,
    pub broken: usize,
    pub differing: usize,
    pub not_decoded: usize,
    pub unlisted: u64,
    pub family: FamilyReport,
    pub problems: Vec<ProblemReport>,
    pub files: Vec<FileReport>,
    #[nserde(skip)]
    pub data_windows: Option<usize>,
    #[nserde(skip)]
    pub other_formats: usize,
    #[nserde(skip)]
    pub has_failed: bool,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct FamilyReport {
    pub format: Option<String>,
    pub resolution: Option<String>,
    pub channels: Option<String>,
    #[nserde(rename = "type")]
    pub sample_type: Option<String>,
    pub compression: Option<String>,
    pub data_window: Option<String>,
    pub size: Option<u64>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct ProblemReport {
    pub kind: String,
    pub state: String,
    pub frame: Option<Number>,
    pub file: Option<String>,
    pub detail: String,
    pub being_written: bool,
    /// Whether it makes the exit code 1.
    #[nserde(skip)]
    pub is_failure: bool,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct FileReport {
    pub file: String,
    pub frame: Option<Number>,
    pub size: Option<u64>,
    pub format: Option<String>,
    pub width: Option<u64>,
    pub height: Option<u64>,
    pub channels: Option<String>,
    #[nserde(rename = "type")]
    pub sample_type: Option<String>,
    pub compression: Option<String>,
    pub data_window: Option<String>,
    pub state: String,
    pub kinds: Vec<String>,
    pub decoded: Option<bool>,
}

impl Report {
    pub(super) fn of(reports: Vec<check::Report>, selection: &Selection) -> Report {
        let sequences = reports.iter().map(|report| sequence(report, selection));
        Report {
            sequences: sequences.collect(),
        }
    }

    pub(super) fn has_problems(&self) -> bool {
        self.sequences.iter().any(|sequence| sequence.has_failed)
    }

    /// The frames with problems of each sequence that has any.
    pub(super) fn failed_frames(&self) -> impl Iterator<Item = (&str, Vec<Frame>)> {
        let all = self.sequences.iter().map(|sequence| {
            let failures = sequence.problems.iter();
            let failures = failures.filter(|problem| problem.is_failure);
            let frames = failures.filter_map(|problem| problem.frame);
            let mut frames: Vec<Frame> = frames.map(|number| number.0).collect();
            frames.order();
            frames.dedup();
            (&*sequence.pattern, frames)
        });
        all.filter(|(_, frames)| !frames.is_empty())
    }
}

fn sequence(report: &check::Report, selection: &Selection) -> Sequence {
    let fulfils = |file: &Checked| selection.conditions.iter().all(|it| it.holds_for(file));
    let is_reported = |problem: &&Problem| match problem.file.and_then(|at| report.files.get(at)) {
        Some(file) => fulfils(file),
        None => selection
            .conditions
            .iter()
            .all(|it| it.holds_for_missing(problem)),
    };
    let problems: Vec<&Problem> = report.problems.iter().filter(is_reported).collect();
    let mut files: Vec<&Checked> = Vec::new();
    if selection.lists_files {
        files.extend(report.files.iter().filter(|file| fulfils(file)));
    }
    if let Some(sort) = selection.sort {
        sort.apply(&mut files);
    }
    let count = |severity| frames_with(report, severity);
    let examined = || report.files.iter().map(|file| &file.examined);
    let problems: Vec<ProblemReport> = problems
        .into_iter()
        .map(|problem| problem_report(problem, selection))
        .collect();
    let other_formats = examined().filter(|it| it.header.is_none() && it.fault.is_none());
    Sequence {
        pattern: report.pattern.display().to_string(),
        range: report.range.clone(),
        state: report.severity().map_or("whole", Severity::word).to_owned(),
        checked: report.files.len(),
        broken: count(Severity::Broken),
        differing: count(Severity::Differs),
        not_decoded: examined()
            .filter(|it| it.decoding == Decoding::NotDecoded && it.header.is_some())
            .count(),
        unlisted: report.unlisted,
        family: family(report),
        has_failed: problems.iter().any(|problem| problem.is_failure) || report.unlisted > 0,
        problems,
        files: files.into_iter().map(file_report).collect(),
        data_windows: report.family.data_windows,
        other_formats: other_formats.count(),
    }
}

/// How many frames have this as their worst problem.
fn frames_with(report: &check::Report, severity: Severity) -> usize {
    let files = report.files.iter();
    let files = files
        .filter(|file| file.severity() == Some(severity))
        .count();
    let missing = report
        .problems
        .iter()
        .filter(|problem| problem.file.is_none());
    match severity {
        Severity::Broken => files + missing.count(),
        Severity::Differs | Severity::Warning => files,
    }
}

/// Frames as a range; `None` if there are none.
pub(super) fn compact(frames: &[Frame]) -> Option<String> {
    let frames = Some(frames).filter(|frames| !frames.is_empty())?;
    range::write(frames, Syntax::Fileseq).ok()
}

/// A frame as a JSON number, exactly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub Frame);

impl SerJson for Number {
    fn ser_json(&self, _depth: usize, state: &mut SerJsonState) {
        state.out.push_str(&self.0.to_string());
    }
}

fn family(report: &check::Report) -> FamilyReport {
    let value = |kind| report.family.value(kind).map(str::to_owned);
    FamilyReport {
        format: value(Kind::Format),
        resolution: value(Kind::Resolution),
        channels: value(Kind::Channels),
        sample_type: value(Kind::Type),
        compression: value(Kind::Compression),
        data_window: value(Kind::DataWindow),
        size: report.family.size,
    }
}

fn problem_report(problem: &Problem, selection: &Selection) -> ProblemReport {
    let severity = problem.kind.severity();
    ProblemReport {
        kind: problem.kind.word().to_owned(),
        state: severity.word().to_owned(),
        frame: problem.frame.map(Number),
        file: problem.path.as_ref().map(|path| path.display().to_string()),
        detail: problem.detail.clone(),
        being_written: problem.is_being_written,
        is_failure: severity > Severity::Warning || selection.is_strict,
    }
}

fn file_report(file: &Checked) -> FileReport {
    let header = file.examined.header.as_ref();
    let value = |kind| header.and_then(|header| check::family::value(header, kind));
    FileReport {
        file: file.path.display().to_string(),
        frame: file.frame.map(Number),
        size: file.examined.size,
        format: value(Kind::Format),
        width: header.map(|header| header.width),
        height: header.map(|header| header.height),
        channels: value(Kind::Channels),
        sample_type: value(Kind::Type),
        compression: value(Kind::Compression),
        data_window: value(Kind::DataWindow),
        state: fields::state(file).to_owned(),
        kinds: file
            .kinds
            .iter()
            .map(|kind| kind.word().to_owned())
            .collect(),
        decoded: match file.examined.decoding {
            Decoding::Decoded => Some(true),
            Decoding::NotDecoded => Some(false),
            Decoding::NotAsked => None,
        },
    }
}
