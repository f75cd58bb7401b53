//! The output of `c47 elf glibc`: what each object needs, or why it does not run.

use std::fmt;

use nanoserde::{SerJson, SerJsonState};

use super::entry::{Detail, Entry, Hosts, TargetVerdict};
use super::summary::{self, Highest, Summary, Totals};
use crate::elf::demangle::Spelling;
use crate::elf::requirements::Requirements;
use crate::elf::verdict;
use crate::escape::one_line;
use crate::platform::Target;

/// The report for several objects.
pub(super) struct Report {
    objects: Vec<Entry>,
    highest: Vec<Highest>,
    target: Option<Target>,
    /// Where all objects run.
    runs_on: Vec<Target>,
}

impl Report {
    /// `spelling` is how the text report writes C++ names.
    pub(super) fn of(
        objects: &[Requirements],
        target: Option<Target>,
        detail: Detail,
        spelling: Spelling,
    ) -> Report {
        let mut hosts = Hosts::default();
        let limits = target.and_then(Target::limits);
        let entries = objects.iter().map(|object| {
            let evaluate =
                |target| TargetVerdict::of(object, target, limits.as_ref(), &mut hosts, spelling);
            let judged = target.map(evaluate);
            Entry::of(object, judged, detail, spelling)
        });
        let entries = entries.collect();
        Report {
            objects: entries,
            highest: Highest::of_each(objects, spelling),
            target,
            runs_on: verdict::runs_on(objects),
        }
    }

    /// The totals and the verdict.
    pub(super) fn summary(&self) -> Summary {
        Summary::of(&self.objects, &self.highest, self.target, &self.runs_on)
    }

    /// Whether all objects run on the target.
    pub(super) fn all_run(&self) -> bool {
        self.objects.iter().all(Entry::runs)
    }
}

impl SerJson for Report {
    fn ser_json(&self, depth: usize, state: &mut SerJsonState) {
        self.objects.ser_json(depth, state);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.target, self.objects.as_slice()) {
            (Some(target), objects) => verdicts(f, target, objects),
            (None, [one]) => one.describe(f),
            (None, objects) => self.table(f, objects),
        }
    }
}

/// One line per reason, then the count.
fn verdicts(f: &mut fmt::Formatter<'_>, target: Target, objects: &[Entry]) -> fmt::Result {
    for entry in objects {
        let Some(judged) = &entry.verdict else {
            continue;
        };
        for reason in &judged.in_the_way {
            writeln!(f, "{} {}", one_line(&entry.path), one_line(reason))?;
        }
    }
    let noted = |entry: &&Entry| {
        entry
            .verdict
            .as_ref()
            .is_some_and(|one| !one.notes.is_empty())
    };
    for entry in objects.iter().filter(noted).take(10) {
        for note in entry.verdict.iter().flat_map(|judged| &judged.notes) {
            writeln!(f, "note: {} {}", one_line(&entry.path), one_line(note))?;
        }
    }
    match objects {
        // The reasons have been printed.
        [one] if !one.runs() => Ok(()),
        objects => writeln!(f, "{}", summary::count(target, objects)),
    }
}

impl Report {
    /// One line per object, then the totals.
    fn table(&self, f: &mut fmt::Formatter<'_>, objects: &[Entry]) -> fmt::Result {
        writeln!(
            f,
            "{:<8} {:<8} {:<8} {:<6} path",
            "GLIBC", "GLIBCXX", "CXXABI", "ABI"
        )?;
        for entry in objects {
            let shown = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".into());
            let (glibc, glibcxx, cxxabi) = (
                shown(&entry.needs.GLIBC),
                shown(&entry.needs.GLIBCXX),
                shown(&entry.needs.CXXABI),
            );
            let abi = entry.cxx11_abi.as_deref().unwrap_or("-");
            let path = one_line(&entry.path);
            write!(f, "{glibc:<8} {glibcxx:<8} {cxxabi:<8} {abi:<6} {path}")?;
            if let Some(isa) = &entry.isa {
                write!(f, " ({isa})")?;
            }
            for unnumbered in &entry.text.unnumbered {
                write!(f, " {}", one_line(unnumbered))?;
            }
            writeln!(f)?;
        }
        writeln!(f)?;
        write!(f, "{}", Totals(&self.highest))?;
        writeln!(f, "{}", summary::oldest(&self.runs_on, objects))
    }
}
