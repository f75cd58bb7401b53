//! Compares the properties of two objects: names, versions, needs and flags.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use object::elf;

use super::library::Library;
use super::severity::Severity;
use crate::elf::info::architecture_name;
use crate::elf::linkage::SearchPath;
use crate::elf::requirements::Required;
use crate::elf::versions::{self, FAMILIES, Family, Wants};
use crate::platform::Level;
use crate::sort::{self, Sortable};

/// What can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Property {
    Machine,
    /// A program or a library.
    Type,
    Soname,
    /// DF_1_NOOPEN: dlopen refuses it.
    NoOpen,
    /// A version that it defines.
    Version,
    /// The highest version that it needs of a family.
    Highest(Family),
    Cpu,
    /// A library that it needs.
    Needed,
    /// A version that it needs from a library.
    VersionNeed,
    Interpreter,
    ExecutableStack,
    TextRelocations,
    StaticTls,
    Rpath,
    Runpath,
    CxxAbi,
    OsAbi,
    NoDelete,
    Symbolic,
}

impl Property {
    /// Its name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Property::Machine => "machine",
            Property::Type => "type",
            Property::Soname => "soname",
            Property::NoOpen => "no_open",
            Property::Version => "version",
            Property::Highest(Family::Glibc) => "glibc",
            Property::Highest(Family::Glibcxx) => "glibcxx",
            Property::Highest(Family::Cxxabi) => "cxxabi",
            Property::Cpu => "cpu",
            Property::Needed => "needed",
            Property::VersionNeed => "version_need",
            Property::Interpreter => "interpreter",
            Property::ExecutableStack => "executable_stack",
            Property::TextRelocations => "text_relocations",
            Property::StaticTls => "static_tls",
            Property::Rpath => "rpath",
            Property::Runpath => "runpath",
            Property::CxxAbi => "cxx_abi",
            Property::OsAbi => "os_abi",
            Property::NoDelete => "no_delete",
            Property::Symbolic => "symbolic",
        }
    }
}

/// A property that differs. Of a list, it is one entry that only one of them has.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub property: Property,
    pub severity: Severity,
    pub a: Option<String>,
    pub b: Option<String>,
    /// A symbol that needs the version of B.
    pub symbol: Option<String>,
}

/// How the properties differ, the most severe first.
pub(super) fn changes(a: &Library, b: &Library) -> Vec<Change> {
    let mut changes = Vec::new();
    scalars(a, b, &mut changes);
    flags(a, b, &mut changes);
    lists(a, b, &mut changes);
    for family in FAMILIES {
        highest(family, a, b, &mut changes);
    }
    changes.order_by_key(|change| (change.severity, change.property));
    changes
}

/// Adds a change if the values differ.
fn add(
    changes: &mut Vec<Change>,
    property: Property,
    a: Option<String>,
    b: Option<String>,
    severity: Severity,
) {
    if a != b {
        changes.push(Change {
            property,
            severity,
            a,
            b,
            symbol: None,
        });
    }
}

fn scalars(a: &Library, b: &Library, changes: &mut Vec<Change>) {
    let mut one = |property, of: &dyn Fn(&Library) -> Option<String>, severity| {
        add(changes, property, of(a), of(b), severity);
    };
    one(Property::Machine, &machine, Severity::Break);
    one(
        Property::OsAbi,
        &|one| Some(os_abi(one.os_abi)),
        Severity::Note,
    );
    let soname = |one: &Library| one.linkage.soname.as_deref().map(shown);
    // What was linked with a library without a SONAME has its file name.
    let severity = match a.linkage.soname {
        Some(_) => Severity::Break,
        None => Severity::Note,
    };
    one(Property::Soname, &soname, severity);
    let interpreter = |one: &Library| one.interpreter.as_deref().map(shown);
    one(Property::Interpreter, &interpreter, Severity::Warning);
    let cxx_abi = |one: &Library| one.requirements.cxx_abi.name().map(str::to_owned);
    one(Property::CxxAbi, &cxx_abi, Severity::Note);
    let path = |is_rpath| {
        move |one: &Library| match (&one.linkage.search_path, is_rpath) {
            (SearchPath::Rpath(path), true) | (SearchPath::Runpath(path), false) => {
                Some(shown(path))
            }
            (SearchPath::None | SearchPath::Rpath(_) | SearchPath::Runpath(_), _) => None,
        }
    };
    one(Property::Rpath, &path(true), Severity::Note);
    one(Property::Runpath, &path(false), Severity::Note);
    let kind = |one: &Library| {
        Some(match one.facts.program {
            true => "program".to_owned(),
            false => "library".to_owned(),
        })
    };
    one(
        Property::Type,
        &kind,
        if_raised(b.facts.program, Severity::Break),
    );
    let cpu = |one: &Library| one.requirements.isa.map(|level| level.name().to_owned());
    // Every processor has the lowest level.
    let level = |one: &Library| one.requirements.isa.unwrap_or(Level::V1);
    let is_raised = level(b) > level(a);
    one(Property::Cpu, &cpu, if_raised(is_raised, Severity::Warning));
}

fn if_raised(is_raised: bool, severity: Severity) -> Severity {
    match is_raised {
        true => severity,
        false => Severity::Note,
    }
}

fn flags(a: &Library, b: &Library, changes: &mut Vec<Change>) {
    /// A flag, how it is read, and what it means when only B has it.
    type Flag = (Property, fn(&Library) -> bool, Severity);
    const FLAGS: [Flag; 6] = [
        (Property::NoOpen, |one| one.facts.no_open, Severity::Break),
        (
            Property::ExecutableStack,
            |one| one.facts.exec_stack,
            Severity::Warning,
        ),
        (
            Property::TextRelocations,
            |one| one.facts.text_relocations,
            Severity::Warning,
        ),
        (
            Property::StaticTls,
            |one| one.flags & elf::DF_STATIC_TLS.0 != 0,
            Severity::Warning,
        ),
        (
            Property::NoDelete,
            |one| one.flags_1 & elf::DF_1_NODELETE.0 != 0,
            Severity::Note,
        ),
        (Property::Symbolic, |one| one.facts.symbolic, Severity::Note),
    ];
    let word = |is: bool| Some(if is { "yes" } else { "no" }.to_owned());
    for (property, has, severity) in FLAGS {
        let severity = if_raised(has(b), severity);
        add(changes, property, word(has(a)), word(has(b)), severity);
    }
}

fn lists(a: &Library, b: &Library, changes: &mut Vec<Change>) {
    let needed = |one: &Library| -> BTreeMap<String, Severity> {
        let needed = one.linkage.needed.iter();
        needed
            .map(|name| (shown(name), Severity::Warning))
            .collect()
    };
    list(
        Property::Needed,
        needed(a),
        needed(b),
        Severity::Note,
        changes,
    );
    let defined = |one: &Library| -> BTreeMap<String, Severity> {
        let definitions = one.definitions.iter().flatten();
        definitions
            .filter(|definition| !definition.base)
            .map(|definition| (definition.version.clone(), Severity::Note))
            .collect()
    };
    list(
        Property::Version,
        defined(a),
        defined(b),
        Severity::Break,
        changes,
    );
    let needs = |one: &Library| -> BTreeMap<String, Severity> {
        let needs = one.needs.iter();
        needs
            .map(|need| {
                let wants = versions::label(&need.version).map(|label| label.wants);
                let severity = match wants {
                    // The highest of them is reported on its own.
                    Some(Wants::AtLeast(_)) => Severity::Note,
                    Some(Wants::Private | Wants::Unknown) | None => {
                        if_raised(!need.weak, Severity::Warning)
                    }
                };
                (format!("{} of {}", need.version, need.library), severity)
            })
            .collect()
    };
    list(
        Property::VersionNeed,
        needs(a),
        needs(b),
        Severity::Note,
        changes,
    );
}

/// The entries that only one of two lists has. An entry has the severity that it has when it is new.
fn list(
    property: Property,
    a: BTreeMap<String, Severity>,
    b: BTreeMap<String, Severity>,
    gone: Severity,
    changes: &mut Vec<Change>,
) {
    let names: BTreeSet<&String> = sort::set(a.keys().chain(b.keys()));
    for name in names {
        let has = |list: &BTreeMap<String, Severity>| list.contains_key(name).then(|| name.clone());
        let severity = b.get(name).copied().unwrap_or(gone);
        add(changes, property, has(&a), has(&b), severity);
    }
}

/// The highest version of a family that is needed.
fn highest(family: Family, a: &Library, b: &Library, changes: &mut Vec<Change>) {
    let number = |one: &Library| one.requirements.of(family)?.highest;
    let (of_a, of_b) = (number(a), number(b));
    if of_a == of_b {
        return;
    }
    let because = |required: &Required| {
        let symbol = required.symbols.first()?;
        Some(symbol.name.clone())
    };
    changes.push(Change {
        property: Property::Highest(family),
        severity: if_raised(of_b > of_a, Severity::Warning),
        a: of_a.map(|version| version.to_string()),
        b: of_b.map(|version| version.to_string()),
        symbol: b.requirements.of(family).and_then(because),
    });
}

fn machine(one: &Library) -> Option<String> {
    let architecture = one.requirements.architecture;
    let endian = match architecture.big_endian {
        true => "big",
        false => "little",
    };
    let name = architecture_name(architecture);
    Some(format!("{name}, {endian} endian"))
}

fn os_abi(number: u8) -> String {
    match elf::OsAbi(number) {
        elf::ELFOSABI_NONE => "System V".to_owned(),
        elf::ELFOSABI_GNU => "GNU".to_owned(),
        _ => format!("number {number}"),
    }
}

fn shown(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}
