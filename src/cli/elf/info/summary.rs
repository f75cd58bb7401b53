//! `--summary`: counts of files by property.

use std::collections::BTreeMap;
use std::fmt;

use nanoserde::SerJson;

use super::Report;
use crate::quantity::count;

/// How many files have each property.
#[derive(Default, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Summary {
    objects: usize,
    architectures: Vec<Kind>,
    types: Vec<Kind>,
    nx: usize,
    stack_canary: usize,
    relro_full: usize,
    relro_partial: usize,
    stripped: usize,
    debug_info: usize,
}

#[derive(SerJson)]
struct Kind {
    name: String,
    objects: usize,
}

impl Summary {
    pub(super) fn of(reports: &[Report]) -> Summary {
        let number = |is: fn(&Report) -> bool| reports.iter().filter(|one| is(one)).count();
        Summary {
            objects: reports.len(),
            architectures: kinds(reports.iter().map(Report::architecture)),
            types: kinds(reports.iter().map(|report| report.kind.clone())),
            nx: number(|report| report.nx),
            stack_canary: number(|report| report.stack_canary),
            relro_full: number(|report| report.relro == "full"),
            relro_partial: number(|report| report.relro == "partial"),
            stripped: number(|report| report.stripped),
            debug_info: number(|report| report.debug_info),
        }
    }
}

/// Each name and its count, sorted by name.
fn kinds(names: impl Iterator<Item = String>) -> Vec<Kind> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *numbers.entry(name).or_default() += 1;
    }
    let kind = |(name, objects)| Kind { name, objects };
    numbers.into_iter().map(kind).collect()
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |kinds: &[Kind]| {
            let kind = |kind: &Kind| format!("{} {}", kind.objects, kind.name);
            kinds.iter().map(kind).collect::<Vec<_>>().join(", ")
        };
        writeln!(f, "{}", count(self.objects, "object"))?;
        writeln!(f, "  {:<13} {}", "architecture", all(&self.architectures))?;
        writeln!(f, "  {:<13} {}", "type", all(&self.types))?;
        writeln!(
            f,
            "  {:<13} {} RELRO full, {} partial; {} NX; {} stack canary",
            "hardening", self.relro_full, self.relro_partial, self.nx, self.stack_canary
        )?;
        writeln!(
            f,
            "  {:<13} {}; {} with debug information",
            "stripped", self.stripped, self.debug_info
        )
    }
}
