//! The report for people: for each sequence the verdict, then the problems by kind.

use std::fmt;

use super::report::{FamilyReport, FileReport, ProblemReport, Report, Sequence, compact};
use crate::escape;
use crate::quantity;
use crate::seq::frame::Frame;

/// Limit for the characters of a range of frames.
const MOST_RANGE: usize = 120;
/// Limit for the lines of one kind of problem. If there are more reasons, one of them is an example.
const MOST_LINES: usize = 3;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sequences
            .iter()
            .try_for_each(|sequence| sequence.fmt(f))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = escape::one_line(&self.pattern);
        let frames = self.range.as_deref().map(shortened);
        let frames = frames.map_or(String::new(), |frames| format!(" {frames}"));
        let family = self.family.summary();
        writeln!(f, "{pattern}{frames}: {}{family}", self.verdict())?;
        let mut rest = &*self.problems;
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|problem| problem.kind == first.kind);
            let (kind, after) = rest.split_at(same.count());
            problems_of_kind(f, kind)?;
            rest = after;
        }
        if self.unlisted > 0 {
            writeln!(f, "  missing      and {} more", self.unlisted)?;
        }
        if let Some(count) = self.data_windows {
            writeln!(f, "  note         {count} different data windows")?;
        }
        if self.not_decoded > 0 {
            let count = quantity::count(self.not_decoded, "file");
            writeln!(
                f,
                "  note         {count} not decoded: no decoder for the compression"
            )?;
        }
        if self.other_formats > 0 {
            let count = quantity::count(self.other_formats, "file");
            writeln!(
                f,
                "  note         {count} of another format, only the size was checked"
            )?;
        }
        self.files.iter().try_for_each(|file| file.fmt(f))
    }
}

impl Sequence {
    /// `broken: 3 of 100 frames`.
    fn verdict(&self) -> String {
        let count = match self.range {
            Some(_) => quantity::count(self.checked, "file"),
            None => String::new(),
        };
        let parts: Vec<String> = [(self.broken, "broken"), (self.differing, "different")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        match (parts.is_empty(), self.range.is_some(), &*self.state) {
            (true, true, "warning") => format!("whole with warnings, {count}"),
            (true, true, _) => format!("whole, {count}"),
            (true, false, _) => "whole".to_owned(),
            (false, true, _) => format!("{}, {count}", parts.join(", ")),
            (false, false, state) => state.to_owned(),
        }
    }
}

impl FamilyReport {
    fn summary(&self) -> String {
        let parts = [
            &self.format,
            &self.resolution,
            &self.channels,
            &self.sample_type,
            &self.compression,
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .flatten()
            .map(|part| escape::one_line(part))
            .collect();
        match parts.is_empty() {
            true => String::new(),
            false => format!("  ({})", parts.join(" ")),
        }
    }
}

/// A text of limited length.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_RANGE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Prints the problems of one kind: a line for each reason, or one line if there are many.
fn problems_of_kind(f: &mut fmt::Formatter<'_>, problems: &[ProblemReport]) -> fmt::Result {
    let mut reasons: Vec<(&str, Vec<&ProblemReport>)> = Vec::new();
    for problem in problems {
        let known = reasons
            .iter()
            .position(|(detail, _)| *detail == problem.detail);
        match known.and_then(|at| reasons.get_mut(at)) {
            Some((_, same)) => same.push(problem),
            None => reasons.push((&problem.detail, vec![problem])),
        }
        if reasons.len() > MOST_LINES {
            break;
        }
    }
    if reasons.len() > MOST_LINES {
        let example = problems.first();
        let frame = example.and_then(|example| example.frame);
        let place = frame.map_or(String::new(), |frame| format!("{}: ", frame.0));
        let detail = example.map_or("", |example| &*example.detail);
        let all: Vec<&ProblemReport> = problems.iter().collect();
        return line(f, &all, &format!("such as {place}{detail}"));
    }
    let mut lines = reasons.iter();
    lines.try_for_each(|(detail, problems)| line(f, problems, detail))
}

fn line(f: &mut fmt::Formatter<'_>, problems: &[&ProblemReport], detail: &str) -> fmt::Result {
    let Some(first) = problems.first() else {
        return Ok(());
    };
    let mut frames: Vec<Frame> = problems
        .iter()
        .filter_map(|problem| problem.frame.map(|it| it.0))
        .collect();
    frames.dedup();
    let range = compact(&frames).map_or(String::new(), |range| shortened(&range));
    let detail = escape::one_line(detail);
    let separator = if range.is_empty() { "" } else { "  " };
    write!(f, "  {:<12} {range}{separator}{detail}", first.kind)?;
    match problems
        .iter()
        .filter(|problem| problem.being_written)
        .count()
    {
        0 => writeln!(f),
        _ if problems.len() == 1 => writeln!(f, " (may still be written)"),
        count => writeln!(f, " ({count} may still be written)"),
    }
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.size.map_or("-".to_owned(), quantity::format_size);
        let resolution = self.width.zip(self.height);
        let resolution = resolution.map_or("-".to_owned(), |(width, height)| {
            format!("{width}x{height}")
        });
        let text = |text: &Option<String>| text.as_deref().map_or("-".to_owned(), escape::one_line);
        writeln!(
            f,
            "  {}  {size}  {resolution}  {}  {}  {}  {}",
            escape::one_line(&self.file),
            text(&self.channels),
            text(&self.sample_type),
            text(&self.compression),
            match self.kinds.is_empty() {
                true => self.state.clone(),
                false => self.kinds.join(","),
            }
        )
    }
}
