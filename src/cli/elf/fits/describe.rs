//! The sentence for each finding.

use std::path::Path;

use crate::cli::elf::ldd::report::why;
use crate::cli::elf::shown;
use crate::elf::demangle::Spelling;
use crate::elf::fits::{Difference, FamilyClash, Finding, Near, UndefinedSymbol};
use crate::quantity::count;

/// How many objects a sentence names.
const MOST_NAMED: usize = 3;

/// A finding as a sentence.
pub(super) fn sentence(finding: &Finding) -> String {
    match finding {
        Finding::MissingLibrary {
            name,
            why: reason,
            needed_by,
        } => {
            format!("{name}: {}, needed by {}", why(reason), several(needed_by))
        }
        Finding::MissingVersion {
            version,
            library,
            needed_by,
            in_host,
        } => {
            let whose = if *in_host {
                "the application has loaded it"
            } else {
                "the plug-in brings it"
            };
            format!(
                "version {version} not found in {} ({whose}), required by {}",
                shown(library),
                shown(needed_by)
            )
        }
        Finding::Undefined { object, symbol } => undefined(object, symbol),
        Finding::NoOpen { object } => {
            format!(
                "{} is marked as not to be opened (DF_1_NOOPEN)",
                shown(object)
            )
        }
        Finding::Program { object } => {
            format!("{} is a program, which dlopen does not load", shown(object))
        }
        Finding::OtherArchitecture {
            object,
            plugin,
            host,
        } => format!("{} is {plugin}; the application is {host}", shown(object)),
        Finding::Cpu {
            object,
            needed,
            there,
        } => format!("{} needs an {needed} CPU; this is {there}", shown(object)),
        Finding::StaticTls {
            objects,
            bytes,
            available,
            enough: _,
        } => format!(
            "{bytes} bytes of TLS must be in the static block, where {available} are free (initial-exec): {}",
            several(objects)
        ),
        Finding::Target { object, reason } => format!("{} {reason}", shown(object)),
        Finding::ExecutableStack { .. }
        | Finding::TextRelocations { .. }
        | Finding::Family(_)
        | Finding::Interposed { .. }
        | Finding::Circle { .. }
        | Finding::PythonTag { .. }
        | Finding::NoPythonInit { .. }
        | Finding::HostIncomplete { .. } => warning(finding),
    }
}

/// A finding that does not keep the plug-in from being loaded, or not everywhere.
fn warning(finding: &Finding) -> String {
    match finding {
        Finding::ExecutableStack { object, glibc } => {
            let release = glibc.map(|glibc| format!("; the application has {glibc}"));
            format!(
                "{} makes the stack executable, which glibc 2.41 and SELinux refuse{}",
                shown(object),
                release.unwrap_or_default()
            )
        }
        Finding::TextRelocations { object } => {
            format!(
                "{} changes its code when it is loaded, which SELinux refuses (DT_TEXTREL)",
                shown(object)
            )
        }
        Finding::Family(clash) => family(clash),
        Finding::Interposed {
            object,
            provider,
            symbols,
            example,
        } => format!(
            "{} defines {} that {} provides instead ({})",
            shown(object),
            count(*symbols, "symbol"),
            shown(provider),
            Spelling::Demangled.of(example)
        ),
        Finding::Circle { objects } => format!(
            "{} need each other; the order of their constructors is arbitrary",
            several(objects)
        ),
        Finding::PythonTag {
            object,
            tag,
            python,
        } => format!(
            "Python {python} does not import {}, which is built for {tag}",
            shown(object)
        ),
        Finding::NoPythonInit { object, function } => {
            format!(
                "Python cannot import {}: it has no function {function}",
                shown(object)
            )
        }
        Finding::HostIncomplete { missing } => format!(
            "libraries of the application are not found: {}; give its --library-path",
            missing.join(", ")
        ),
        Finding::MissingLibrary { .. }
        | Finding::MissingVersion { .. }
        | Finding::Undefined { .. }
        | Finding::NoOpen { .. }
        | Finding::Program { .. }
        | Finding::OtherArchitecture { .. }
        | Finding::Cpu { .. }
        | Finding::StaticTls { .. }
        | Finding::Target { .. } => String::new(),
    }
}

fn undefined(object: &Path, symbol: &UndefinedSymbol) -> String {
    let name = Spelling::Demangled.of(&symbol.name);
    let version = symbol.version.as_deref();
    let version = version.map(|version| format!(", version {version}"));
    let near = symbol.near.as_ref().map(|near| similar(symbol, near));
    format!(
        "undefined symbol {name}{}, needed by {}{}",
        version.unwrap_or_default(),
        shown(object),
        near.unwrap_or_default()
    )
}

/// The symbol that is defined instead.
fn similar(symbol: &UndefinedSymbol, near: &Near) -> String {
    let library = shown(&near.library);
    match near.difference {
        Difference::OutOfReach => {
            format!("; {library} defines it, but is not searched (RTLD_LOCAL)")
        }
        Difference::Version => match &near.version {
            Some(version) => format!("; {library} defines its version {version}"),
            None if symbol.version.is_some() => format!("; {library} defines it without a version"),
            None => format!("; {library} defines it with several versions"),
        },
        Difference::Name => {
            format!("; {library} defines {}", Spelling::Demangled.of(&near.name))
        }
        Difference::CxxAbi => format!(
            "; {library} defines it with the other C++ ABI: {}",
            Spelling::Demangled.of(&near.name)
        ),
    }
}

fn family(clash: &FamilyClash) -> String {
    let members: Vec<String> = clash
        .members
        .iter()
        .map(|member| {
            let whose = if member.in_host {
                "application"
            } else {
                "plug-in"
            };
            format!("{} ({whose})", shown(&member.path))
        })
        .collect();
    let shared = match clash.shared_symbols {
        0 => "they have no symbols in common".to_owned(),
        shared => format!("they have {} in common", count(shared, "symbol")),
    };
    let wrong = clash.bound.iter().filter_map(|bound| {
        let needed = bound.other_needed.as_ref()?;
        Some(format!(
            "; {} needs {needed} but gets {} from {} ({})",
            shown(&bound.object),
            count(bound.symbols, "symbol"),
            shown(&bound.provider),
            Spelling::Demangled.of(&bound.example)
        ))
    });
    format!(
        "several libraries of {} in one process: {}; {shared}{}",
        clash.family,
        members.join(", "),
        wrong.collect::<String>()
    )
}

/// The first paths, and how many more there are.
fn several(paths: &[impl AsRef<Path>]) -> String {
    let named: Vec<String> = paths.iter().take(MOST_NAMED).map(shown).collect();
    match paths.len().saturating_sub(MOST_NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
