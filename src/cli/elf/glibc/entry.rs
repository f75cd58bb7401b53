//! The report of `c47 elf glibc` for one object.

use std::collections::BTreeMap;
use std::fmt;

use nanoserde::SerJson;

use crate::cli::elf::shown;
use crate::elf::demangle::{Spelling, demangled};
use crate::elf::host;
use crate::elf::parse::Architecture;
use crate::elf::requirements::{self, Linking, Requirements};
use crate::elf::verdict::{self, Verdict, because};
use crate::elf::versions::Family;
use crate::escape::one_line;
use crate::platform::{Limits, Target};

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Entry {
    pub path: String,
    pub needs: Needs,
    symbols: Vec<Symbol>,
    pub cxx11_abi: Option<String>,
    pub isa: Option<String>,
    runs_on: Vec<String>,
    pub verdict: Option<TargetVerdict>,
    #[nserde(skip)]
    pub text: EntryText,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(non_snake_case)] // the families' own names
#[allow(unreachable_pub)]
pub struct Needs {
    pub GLIBC: Option<String>,
    pub GLIBCXX: Option<String>,
    pub CXXABI: Option<String>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Symbol {
    /// `None` if no symbol needs the version, only the object itself.
    name: Option<String>,
    /// `None` for a name that is not a C++ name.
    demangled: Option<String>,
    version: String,
    library: String,
}

#[derive(SerJson)]
#[allow(unreachable_pub)]
pub struct TargetVerdict {
    target: String,
    pub runs: bool,
    pub in_the_way: Vec<String>,
    /// What does not keep it from running everywhere, such as a CPU newer than the distribution requires.
    pub notes: Vec<String>,
}

/// What the text report has in addition to the JSON.
#[derive(Default)]
#[allow(unreachable_pub)]
pub struct EntryText {
    /// The highest version of a family, and the reason.
    pub needs: Vec<(Family, String, String)>,
    pub unnumbered: Vec<String>,
    is_static: bool,
    oldest: Option<String>,
}

/// What this host offers, read once for each architecture.
#[derive(Default)]
pub(super) struct Hosts(BTreeMap<Architecture, Limits>);

impl Hosts {
    fn limits(&mut self, architecture: Architecture) -> &Limits {
        self.0
            .entry(architecture)
            .or_insert_with(|| host::limits(architecture))
    }
}

impl TargetVerdict {
    pub(super) fn of(
        object: &Requirements,
        target: Target,
        limits: Option<&Limits>,
        hosts: &mut Hosts,
        spelling: Spelling,
    ) -> TargetVerdict {
        let verdict = match limits {
            Some(limits) => verdict::evaluate(object, limits, spelling),
            None => host::evaluate(object, hosts.limits(object.architecture), spelling),
        };
        let in_the_way = match verdict {
            Verdict::Runs => Vec::new(),
            Verdict::InTheWay(reasons) => reasons,
        };
        let note = match (target, object.isa) {
            (Target::Distribution(row), Some(isa)) if isa > row.cpu => Some(format!(
                "needs an {isa} CPU; {} also runs on {}",
                row.name, row.cpu
            )),
            _ => None,
        };
        TargetVerdict {
            target: target.id(),
            runs: in_the_way.is_empty(),
            in_the_way,
            notes: note.into_iter().collect(),
        }
    }
}

impl EntryText {
    fn of(
        object: &Requirements,
        detail: Detail,
        spelling: Spelling,
        runs_on: &[Target],
    ) -> EntryText {
        let mut text = EntryText {
            is_static: object.linking == Linking::Static,
            oldest: verdict::oldest(runs_on),
            ..EntryText::default()
        };
        for required in &object.required {
            if let (Some(highest), Detail::Description) = (required.highest, detail) {
                let why = verdict::why(required, spelling);
                text.needs.push((required.family, highest.to_string(), why));
            }
            for unnumbered in &required.unnumbered {
                let why = because(
                    &unnumbered.symbols,
                    &unnumbered.label,
                    &required.library,
                    spelling,
                );
                text.unnumbered.push(format!("{} {why}", unnumbered.label));
            }
        }
        text
    }
}

/// The symbols that need the highest versions, and those that need a version without a number.
fn symbols_of(object: &Requirements) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    for required in &object.required {
        if required.highest.is_some() && required.symbols.is_empty() {
            symbols.push(Symbol {
                name: None,
                demangled: None,
                version: required.label.clone(),
                library: required.library.clone(),
            });
        }
        let others = required.unnumbered.iter().flat_map(|label| &label.symbols);
        symbols.extend(required.symbols.iter().chain(others).map(Symbol::of));
    }
    symbols
}

impl Symbol {
    fn of(symbol: &requirements::Symbol) -> Symbol {
        Symbol {
            name: Some(symbol.name.clone()),
            demangled: demangled(&symbol.name),
            version: symbol.version.clone(),
            library: symbol.library.clone(),
        }
    }
}

/// What is shown of each object. A name is demangled only if it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// All that is in the JSON.
    Everything,
    /// The text for one object.
    Description,
    /// A line of a table, or only the totals.
    Totals,
}

impl Entry {
    pub(super) fn of(
        object: &Requirements,
        verdict: Option<TargetVerdict>,
        detail: Detail,
        spelling: Spelling,
    ) -> Entry {
        let highest = |family| Some(object.of(family)?.highest?.to_string());
        let runs_on = match detail {
            Detail::Everything | Detail::Description => {
                verdict::runs_on(std::slice::from_ref(object))
            }
            Detail::Totals => Vec::new(),
        };
        Entry {
            path: shown(&object.path),
            needs: Needs {
                GLIBC: highest(Family::Glibc),
                GLIBCXX: highest(Family::Glibcxx),
                CXXABI: highest(Family::Cxxabi),
            },
            symbols: match detail {
                Detail::Everything => symbols_of(object),
                Detail::Description | Detail::Totals => Vec::new(),
            },
            cxx11_abi: object.cxx_abi.name().map(str::to_owned),
            isa: object.isa.map(|level| level.name().to_owned()),
            text: EntryText::of(object, detail, spelling, &runs_on),
            runs_on: runs_on.into_iter().map(Target::id).collect(),
            verdict,
        }
    }

    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", one_line(&self.path))?;
        for (family, version, why) in &self.text.needs {
            writeln!(
                f,
                "  {:<16} {}",
                format!("{family}_{version}"),
                one_line(why)
            )?;
        }
        for unnumbered in &self.text.unnumbered {
            writeln!(f, "  {}", one_line(unnumbered))?;
        }
        if self.text.is_static {
            writeln!(f, "  statically linked, needs no libraries")?;
        } else if self.text.needs.is_empty() && self.text.unnumbered.is_empty() {
            writeln!(f, "  needs no symbol versions of glibc or libstdc++")?;
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
                .unwrap_or("no known distribution");
            writeln!(f, "  {:<16} {oldest}", "runs on")?;
        }
        Ok(())
    }
}

impl Entry {
    /// Whether it runs on the target.
    pub(super) fn runs(&self) -> bool {
        self.verdict.as_ref().is_none_or(|judged| judged.runs)
    }
}
