//! The totals over all objects and the verdict: the end of a report, and the whole report with
//! `--summary`.

use std::fmt;

use nanoserde::SerJson;

use super::entry::{Entry, Needs};
use crate::cli::elf::shown;
use crate::elf::demangle::Spelling;
use crate::elf::requirements::Requirements;
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
    pub(super) fn of(
        objects: &[Entry],
        highest: &[Highest],
        target: Option<Target>,
        runs_on: &[Target],
    ) -> Summary {
        let version = |family| {
            let one = highest.iter().find(|one| one.family == family)?;
            Some(one.version.to_string())
        };
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
            text: format!("{}{last}\n", Totals(highest)),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The highest version of a family that any object needs.
pub(super) struct Highest {
    family: Family,
    version: Version,
    why: String,
    path: String,
}

impl Highest {
    /// That of each family. `spelling` is how the reason writes C++ names.
    pub(super) fn of_each(objects: &[Requirements], spelling: Spelling) -> Vec<Highest> {
        let of_family = |family| {
            let needs = objects.iter().filter_map(|object| {
                let required = object.of(family)?;
                Some((required.highest?, required, object))
            });
            let (version, required, object) = needs.max_by_key(|(version, _, _)| *version)?;
            Some(Highest {
                family,
                version,
                why: verdict::why(required, spelling),
                path: shown(&object.path),
            })
        };
        FAMILIES.into_iter().filter_map(of_family).collect()
    }
}

/// One line per family: the highest version, and the object that needs it.
pub(super) struct Totals<'a>(pub &'a [Highest]);

impl fmt::Display for Totals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for highest in self.0 {
            let (path, why) = (one_line(&highest.path), one_line(&highest.why));
            let (family, version) = (highest.family, highest.version);
            writeln!(f, "highest {family}_{version}: {path} {why}")?;
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
