//! The report: the verdict, then what is in the way, then warnings.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use nanoserde::SerJson;

use super::describe::sentence;
use crate::cli::elf::shown;
use crate::elf::demangle::demangled;
use crate::elf::fits::{self, Finding, Severity, Verdict};
use crate::escape::one_line;
use crate::outline::Field;

/// How many undefined symbols of one object the text shows.
const MOST_SYMBOLS: usize = 10;

/// The JSON of the report.
pub(super) const FIELDS: &[Field] = &[
    Field::string("path", "path of the plug-in"),
    Field::string("host", "the application"),
    Field::string("verdict", "fits, does not fit, or unknown"),
    Field::boolean(
        "already_loaded",
        "whether the application has loaded this file",
    ),
    Field::number("errors", "how many findings are errors"),
    Field::number("warnings", "how many findings are warnings"),
    Field::number("host_libraries", "how many objects the application has"),
    Field::objects("libraries", "the plug-in and the libraries it brings"),
    Field::string("libraries[].name", "name as needed"),
    Field::string("libraries[].path", "path of the file"),
    Field::string("libraries[].found_by", "the rule that found it, as in ldd"),
    Field::objects("findings", "errors first, then warnings and notes"),
    Field::string("findings[].severity", "error, warning or note"),
    Field::string(
        "findings[].kind",
        "missing_library, missing_version, undefined_symbol, no_open, program, architecture, cpu, \
         static_tls, executable_stack, text_relocations, target, family, interposed, circle, \
         python_tag, no_python_init or host_incomplete",
    ),
    Field::string("findings[].message", "a sentence"),
    Field::strings("findings[].objects", "the files concerned"),
    Field::string(
        "findings[].library",
        "the library that is missing, lacks a version, or provides symbols",
    )
    .or_null(),
    Field::string("findings[].version", "a version that is missing").or_null(),
    Field::string("findings[].symbol", "an undefined or interposed symbol").or_null(),
    Field::string("findings[].demangled", "its C++ name").or_null(),
    Field::boolean(
        "findings[].only_called",
        "for an undefined symbol, whether lazy binding delays the failure",
    )
    .or_null(),
    Field::object("findings[].near", "a similar symbol that is defined").or_null(),
    Field::string("findings[].near.symbol", "its name"),
    Field::string("findings[].near.demangled", "its C++ name").or_null(),
    Field::string("findings[].near.version", "its version").or_null(),
    Field::string("findings[].near.library", "the library that defines it"),
    Field::string(
        "findings[].near.difference",
        "out_of_reach, version, name or cxx_abi",
    ),
    Field::object("findings[].family", "libraries of one family").or_null(),
    Field::string("findings[].family.name", "name of the family"),
    Field::number(
        "findings[].family.shared_symbols",
        "how many symbols several of them define",
    ),
    Field::objects("findings[].family.libraries", "the libraries"),
    Field::string("findings[].family.libraries[].soname", "SONAME"),
    Field::string("findings[].family.libraries[].path", "path of the file"),
    Field::string(
        "findings[].family.libraries[].version",
        "version in its name",
    )
    .or_null(),
    Field::boolean(
        "findings[].family.libraries[].in_host",
        "whether the application loads it without the plug-in",
    ),
    Field::objects(
        "findings[].family.bound",
        "which object gets symbols from which of them",
    ),
    Field::string("findings[].family.bound[].object", "the object"),
    Field::string("findings[].family.bound[].provider", "the library"),
    Field::number("findings[].family.bound[].symbols", "how many symbols"),
    Field::string("findings[].family.bound[].example", "one of them"),
    Field::string(
        "findings[].family.bound[].needs_instead",
        "the library of the family that the object needs, if it is another",
    )
    .or_null(),
];

#[derive(SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Report {
    path: String,
    host: String,
    verdict: String,
    already_loaded: bool,
    errors: usize,
    warnings: usize,
    host_libraries: usize,
    libraries: Vec<Library>,
    findings: Vec<Row>,
    #[nserde(skip)]
    lines: Vec<String>,
}

#[derive(SerJson)]
struct Library {
    name: String,
    path: String,
    found_by: String,
}

#[derive(SerJson, Default)]
#[nserde(serialize_none_as_null)]
struct Row {
    severity: String,
    kind: String,
    message: String,
    objects: Vec<String>,
    library: Option<String>,
    version: Option<String>,
    symbol: Option<String>,
    demangled: Option<String>,
    only_called: Option<bool>,
    near: Option<Near>,
    family: Option<Family>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Near {
    symbol: String,
    demangled: Option<String>,
    version: Option<String>,
    library: String,
    difference: String,
}

#[derive(SerJson)]
struct Family {
    name: String,
    shared_symbols: usize,
    libraries: Vec<Member>,
    bound: Vec<Bound>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Member {
    soname: String,
    path: String,
    version: Option<String>,
    in_host: bool,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Bound {
    object: String,
    provider: String,
    symbols: usize,
    example: String,
    needs_instead: Option<String>,
}

impl Report {
    pub(super) fn of(result: &fits::Report, host: &Path) -> Report {
        let is = |severity| move |finding: &&Finding| finding.severity() == severity;
        let libraries = result.brought.iter().map(|brought| Library {
            name: brought.name.clone(),
            path: shown(&brought.path),
            found_by: brought.found_by.to_owned(),
        });
        Report {
            path: shown(&result.plugin),
            host: shown(host),
            verdict: result.verdict.name().to_owned(),
            already_loaded: result.already_loaded,
            errors: result.findings.iter().filter(is(Severity::Error)).count(),
            warnings: result.findings.iter().filter(is(Severity::Warning)).count(),
            host_libraries: result.host_objects,
            libraries: libraries.collect(),
            findings: result.findings.iter().map(Row::of).collect(),
            lines: lines(result, host),
        }
    }
}

/// The text of the report.
fn lines(result: &fits::Report, host: &Path) -> Vec<String> {
    let (plugin, host) = (shown(&result.plugin), shown(host));
    let mut lines = vec![match result.verdict {
        Verdict::Fits if result.already_loaded => {
            format!("{plugin} fits: {host} has loaded this file")
        }
        Verdict::Fits => format!("{plugin} fits in {host}"),
        Verdict::DoesNotFit => format!("{plugin} does not fit in {host}"),
        Verdict::Unknown => format!("{plugin}: it is not known whether it fits in {host}"),
    }];
    let mut symbols: BTreeMap<&Path, usize> = BTreeMap::new();
    for finding in &result.findings {
        if let Finding::Undefined { object, .. } = finding {
            let number = symbols.entry(object).or_default();
            *number += 1;
            if *number > MOST_SYMBOLS {
                continue;
            }
        }
        let label = match finding.severity() {
            Severity::Error => String::new(),
            severity @ (Severity::Warning | Severity::Note) => format!("{}: ", severity.name()),
        };
        lines.push(format!("  {label}{}", sentence(finding)));
    }
    for (object, number) in symbols {
        if let Some(more @ 1..) = number.checked_sub(MOST_SYMBOLS) {
            let object = shown(object);
            lines.push(format!(
                "  {more} more undefined symbols, needed by {object}"
            ));
        }
    }
    lines
}

impl Row {
    fn of(finding: &Finding) -> Row {
        let base = Row {
            severity: finding.severity().name().to_owned(),
            kind: finding.kind().to_owned(),
            message: sentence(finding),
            ..Row::default()
        };
        Row {
            objects: objects(finding),
            ..base.with_details(finding)
        }
    }

    fn with_details(self, finding: &Finding) -> Row {
        match finding {
            Finding::MissingLibrary { name, .. } => Row {
                library: Some(name.clone()),
                ..self
            },
            Finding::MissingVersion {
                version, library, ..
            } => Row {
                library: Some(shown(library)),
                version: Some(version.clone()),
                ..self
            },
            Finding::Undefined { symbol, .. } => Row {
                library: symbol.library.clone(),
                version: symbol.version.clone(),
                symbol: Some(symbol.name.clone()),
                demangled: demangled(&symbol.name),
                only_called: Some(symbol.only_called),
                near: symbol.near.as_ref().map(Near::of),
                ..self
            },
            Finding::Family(clash) => Row {
                family: Some(Family::of(clash)),
                ..self
            },
            Finding::Interposed {
                provider, example, ..
            } => Row {
                library: Some(shown(provider)),
                symbol: Some(example.clone()),
                demangled: demangled(example),
                ..self
            },
            Finding::NoOpen { .. }
            | Finding::Program { .. }
            | Finding::OtherArchitecture { .. }
            | Finding::Cpu { .. }
            | Finding::StaticTls { .. }
            | Finding::ExecutableStack { .. }
            | Finding::TextRelocations { .. }
            | Finding::Target { .. }
            | Finding::Circle { .. }
            | Finding::PythonTag { .. }
            | Finding::NoPythonInit { .. } => self,
            Finding::HostIncomplete { missing } => Row {
                library: Some(missing.join(" ")),
                ..self
            },
        }
    }
}

/// The files concerned.
fn objects(finding: &Finding) -> Vec<String> {
    match finding {
        Finding::MissingLibrary { needed_by, .. } => needed_by.iter().map(shown).collect(),
        Finding::StaticTls { objects, .. } | Finding::Circle { objects } => {
            objects.iter().map(shown).collect()
        }
        Finding::Family(clash) => {
            let members = clash.members.iter();
            members.map(|member| shown(&member.path)).collect()
        }
        Finding::HostIncomplete { .. } => Vec::new(),
        Finding::MissingVersion {
            needed_by: object, ..
        }
        | Finding::Undefined { object, .. }
        | Finding::NoOpen { object }
        | Finding::Program { object }
        | Finding::OtherArchitecture { object, .. }
        | Finding::Cpu { object, .. }
        | Finding::ExecutableStack { object, .. }
        | Finding::TextRelocations { object }
        | Finding::Target { object, .. }
        | Finding::Interposed { object, .. }
        | Finding::PythonTag { object, .. }
        | Finding::NoPythonInit { object, .. } => vec![shown(object)],
    }
}

impl Near {
    fn of(near: &fits::Near) -> Near {
        Near {
            symbol: near.name.clone(),
            demangled: demangled(&near.name),
            version: near.version.clone(),
            library: shown(&near.library),
            difference: near.difference.name().to_owned(),
        }
    }
}

impl Family {
    fn of(clash: &fits::FamilyClash) -> Family {
        let member = |member: &fits::FamilyMember| Member {
            soname: member.soname.clone(),
            path: shown(&member.path),
            version: member.version.clone(),
            in_host: member.in_host,
        };
        let bound = |bound: &fits::Bound| Bound {
            object: shown(&bound.object),
            provider: shown(&bound.provider),
            symbols: bound.symbols,
            example: bound.example.clone(),
            needs_instead: bound.other_needed.clone(),
        };
        Family {
            name: clash.family.clone(),
            shared_symbols: clash.shared_symbols,
            libraries: clash.members.iter().map(member).collect(),
            bound: clash.bound.iter().map(bound).collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines
            .iter()
            .try_for_each(|line| writeln!(f, "{}", one_line(line)))
    }
}
