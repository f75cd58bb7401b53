//! What `c47 elf glibc` prints: what each object needs, or what is in its way.

use std::collections::BTreeMap;
use std::fmt;

use nanoserde::{SerJson, SerJsonState};

use crate::cli::elf::shown;
use crate::elf::host;
use crate::elf::parse::Architecture;
use crate::elf::requirements::{Linking, Requirements};
use crate::elf::verdict::{self, Verdict, because};
use crate::elf::versions::{FAMILIES, Family};
use crate::escape::one_line;
use crate::platform::{Limits, Target, Version};

/// What `c47 elf glibc` prints of several objects.
pub(super) struct Report {
    objects: Vec<Entry>,
    target: Option<Target>,
    /// Of all objects together.
    runs_on: Vec<Target>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Entry {
    path: String,
    needs: Needs,
    symbols: Vec<Symbol>,
    cxx11_abi: Option<String>,
    isa: Option<String>,
    runs_on: Vec<String>,
    verdict: Option<Judged>,
    #[nserde(skip)]
    text: EntryText,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(non_snake_case)] // the families' own names
struct Needs {
    GLIBC: Option<String>,
    GLIBCXX: Option<String>,
    CXXABI: Option<String>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Symbol {
    /// `None` where the label itself is wanted, by no symbol.
    name: Option<String>,
    version: String,
    library: String,
}

#[derive(SerJson)]
struct Judged {
    target: String,
    runs: bool,
    in_the_way: Vec<String>,
    /// What is no obstacle everywhere: a CPU better than the distribution asks for.
    notes: Vec<String>,
}

/// What people are told beyond the JSON.
#[derive(Default)]
struct EntryText {
    /// A family's highest version, and why.
    needs: Vec<(Family, String, String)>,
    odd: Vec<String>,
    is_static: bool,
    oldest: Option<String>,
}

impl Report {
    pub(super) fn of(objects: &[Requirements], target: Option<Target>) -> Report {
        let mut hosts = Hosts::default();
        let limits = target.and_then(Target::limits);
        let entries = objects.iter().map(|object| {
            let judged =
                target.map(|target| Judged::of(object, target, limits.as_ref(), &mut hosts));
            Entry::of(object, judged)
        });
        let entries = entries.collect();
        Report {
            objects: entries,
            target,
            runs_on: verdict::runs_on(objects),
        }
    }

    /// Whether none has anything in the way.
    pub(super) fn all_run(&self) -> bool {
        self.objects
            .iter()
            .all(|entry| entry.verdict.as_ref().is_none_or(|judged| judged.runs))
    }
}

impl SerJson for Report {
    fn ser_json(&self, depth: usize, state: &mut SerJsonState) {
        self.objects.ser_json(depth, state);
    }
}

/// What this host offers, read once for each architecture.
#[derive(Default)]
struct Hosts(BTreeMap<Architecture, Limits>);

impl Hosts {
    fn limits(&mut self, architecture: Architecture) -> &Limits {
        self.0
            .entry(architecture)
            .or_insert_with(|| host::limits(architecture))
    }
}

impl Judged {
    fn of(
        object: &Requirements,
        target: Target,
        limits: Option<&Limits>,
        hosts: &mut Hosts,
    ) -> Judged {
        let verdict = match limits {
            Some(limits) => verdict::judge(object, limits),
            None => host::judge(object, hosts.limits(object.architecture)),
        };
        let in_the_way = match verdict {
            Verdict::Runs => Vec::new(),
            Verdict::InTheWay(reasons) => reasons,
        };
        let note = match (target, object.isa) {
            (Target::Distribution(row), Some(isa)) if isa > row.cpu => Some(format!(
                "needs an {isa} CPU; {} runs on {} too",
                row.name, row.cpu
            )),
            _ => None,
        };
        Judged {
            target: target.id(),
            runs: in_the_way.is_empty(),
            in_the_way,
            notes: note.into_iter().collect(),
        }
    }
}

impl Entry {
    fn of(object: &Requirements, verdict: Option<Judged>) -> Entry {
        let highest = |family| Some(object.of(family)?.highest?.to_string());
        let mut text = EntryText {
            is_static: object.linking == Linking::Static,
            ..EntryText::default()
        };
        let mut symbols = Vec::new();
        for required in &object.required {
            let why = because(&required.symbols, &required.label, &required.library);
            if let Some(highest) = required.highest {
                text.needs.push((required.family, highest.to_string(), why));
                if required.symbols.is_empty() {
                    symbols.push(Symbol {
                        name: None,
                        version: required.label.clone(),
                        library: required.library.clone(),
                    });
                }
            }
            for odd in &required.odd {
                let why = because(&odd.symbols, &odd.label, &required.library);
                text.odd.push(format!("{} {why}", odd.label));
            }
            let odd = required.odd.iter().flat_map(|odd| &odd.symbols);
            symbols.extend(required.symbols.iter().chain(odd).map(|symbol| Symbol {
                name: Some(symbol.name.clone()),
                version: symbol.version.clone(),
                library: symbol.library.clone(),
            }));
        }
        let runs_on = verdict::runs_on(std::slice::from_ref(object));
        text.oldest = verdict::oldest(&runs_on);
        Entry {
            path: shown(&object.path),
            needs: Needs {
                GLIBC: highest(Family::Glibc),
                GLIBCXX: highest(Family::Glibcxx),
                CXXABI: highest(Family::Cxxabi),
            },
            symbols,
            cxx11_abi: object.cxx_abi.name().map(str::to_owned),
            isa: object.isa.map(|level| level.name().to_owned()),
            runs_on: runs_on.into_iter().map(Target::id).collect(),
            verdict,
            text,
        }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", one_line(&self.path))?;
        for (family, version, why) in &self.text.needs {
            writeln!(
                f,
                "  {:<16} {}",
                format!("{family}_{version}"),
                one_line(why)
            )?;
        }
        for odd in &self.text.odd {
            writeln!(f, "  {}", one_line(odd))?;
        }
        if self.text.is_static {
            writeln!(f, "  static, needs no library")?;
        } else if self.text.needs.is_empty() && self.text.odd.is_empty() {
            writeln!(f, "  needs no version of glibc or libstdc++")?;
        }
        if let Some(abi) = &self.cxx11_abi {
            writeln!(f, "  {:<16} {abi}", "C++ ABI")?;
        }
        if let Some(isa) = &self.isa {
            writeln!(f, "  {:<16} {isa}", "CPU")?;
        }
        if self.verdict.is_none() {
            let oldest = self
                .text
                .oldest
                .as_deref()
                .unwrap_or("no distribution known here");
            writeln!(f, "  {:<16} {oldest}", "runs on")?;
        }
        Ok(())
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

/// What is in the way, a line each; then how many of how many.
fn verdicts(f: &mut fmt::Formatter<'_>, target: Target, objects: &[Entry]) -> fmt::Result {
    let place = match target {
        Target::Host => "this host".to_owned(),
        target => target
            .limits()
            .map_or_else(|| target.id(), |limits| limits.name),
    };
    let mut refused = 0;
    for entry in objects {
        let Some(judged) = &entry.verdict else {
            continue;
        };
        refused += usize::from(!judged.runs);
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
    match (refused, objects) {
        (0, [one]) => writeln!(f, "{} runs on {place}", one_line(&one.path)),
        (_, [_]) => Ok(()),
        (0, all) => writeln!(f, "all {} run on {place}", all.len()),
        (1, all) => writeln!(f, "1 of {} does not run on {place}", all.len()),
        (refused, all) => writeln!(f, "{refused} of {} do not run on {place}", all.len()),
    }
}

impl Report {
    /// A line for each object, then what all of them together need.
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
            for odd in &entry.text.odd {
                write!(f, " {}", one_line(odd))?;
            }
            writeln!(f)?;
        }
        writeln!(f)?;
        for family in FAMILIES {
            let of_family = objects.iter().filter_map(|entry| {
                let (_, version, why) = entry.text.needs.iter().find(|need| need.0 == family)?;
                Some((Version::parse(version)?, why, &entry.path))
            });
            if let Some((version, why, path)) = of_family.max_by_key(|one| one.0) {
                let path = one_line(path);
                writeln!(f, "{family}_{version} at most: {path} {}", one_line(why))?;
            }
        }
        match verdict::oldest(&self.runs_on) {
            Some(oldest) => writeln!(f, "all {} run on {oldest}", objects.len()),
            None => writeln!(f, "no distribution known here runs all {}", objects.len()),
        }
    }
}
