//! The totals over all objects and the verdict: the end of a report, and the whole report with
//! `--summary`.

use std::fmt;

use nanoserde::SerJson;

use super::entry::{Entry, Needs};
use crate::elf::verdict;
use crate::elf::versions::{FAMILIES, Family};
use crate::escape::one_line;
use crate::platform::{Target, Version};

/// The totals of a report, and its verdict.
#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Summary {
    objects: usize,
    needs: Needs,
    runs_on: Vec<String>,
    verdict: Option<Total>,
    #[nserde(skip)]
    text: String,
}

#[derive(SerJson)]
struct Total {
    target: String,
    runs: bool,
    /// How many objects do not run there.
    refused: usize,
}

impl Summary {
    pub(super) fn of(objects: &[Entry], target: Option<Target>, runs_on: &[Target]) -> Summary {
        let version = |family| Some(highest(objects, family)?.version.to_string());
        let refused = refused(objects);
        let last = match target {
            Some(target) => count(target, objects),
            None => oldest(runs_on, objects),
        };
        Summary {
            objects: objects.len(),
            needs: Needs {
                GLIBC: version(Family::Glibc),
                GLIBCXX: version(Family::Glibcxx),
                CXXABI: version(Family::Cxxabi),
            },
            runs_on: runs_on.iter().copied().map(Target::id).collect(),
            verdict: target.map(|target| Total {
                target: target.id(),
                runs: refused == 0,
                refused,
            }),
            text: format!("{}{last}\n", Totals(objects)),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The highest version of a family that an object needs.
struct Highest<'a> {
    version: Version,
    why: &'a str,
    path: &'a str,
}

fn highest(objects: &[Entry], family: Family) -> Option<Highest<'_>> {
    let of_family = objects.iter().filter_map(|entry| {
        let (_, version, why) = entry.text.needs.iter().find(|need| need.0 == family)?;
        Some(Highest {
            version: Version::parse(version)?,
            why,
            path: &entry.path,
        })
    });
    of_family.max_by_key(|one| one.version)
}

/// One line per family: the highest version, and the object that needs it.
pub(super) struct Totals<'a>(pub &'a [Entry]);

impl fmt::Display for Totals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for family in FAMILIES {
            if let Some(Highest { version, why, path }) = highest(self.0, family) {
                let path = one_line(path);
                writeln!(f, "highest {family}_{version}: {path} {}", one_line(why))?;
            }
        }
        Ok(())
    }
}

/// The oldest systems on which all of them run.
pub(super) fn oldest(runs_on: &[Target], objects: &[Entry]) -> String {
    match (verdict::oldest(runs_on), objects) {
        (Some(oldest), [one]) => format!("{} runs on {oldest}", one_line(&one.path)),
        (None, [one]) => format!("{} runs on no known distribution", one_line(&one.path)),
        (Some(oldest), all) => format!("all {} run on {oldest}", all.len()),
        (None, all) => format!("no known distribution runs all {}", all.len()),
    }
}

fn refused(objects: &[Entry]) -> usize {
    objects.iter().filter(|entry| !entry.runs()).count()
}

/// How many objects run on the target.
pub(super) fn count(target: Target, objects: &[Entry]) -> String {
    let place = match target {
        Target::Host => "this host".to_owned(),
        Target::Distribution(_) | Target::Year(_) | Target::Glibc(_) => target
            .limits()
            .map_or_else(|| target.id(), |limits| limits.name),
    };
    match (refused(objects), objects) {
        (0, [one]) => format!("{} runs on {place}", one_line(&one.path)),
        (_, [one]) => format!("{} does not run on {place}", one_line(&one.path)),
        (0, all) => format!("all {} run on {place}", all.len()),
        (1, all) => format!("1 of {} does not run on {place}", all.len()),
        (refused, all) => format!("{refused} of {} do not run on {place}", all.len()),
    }
}
