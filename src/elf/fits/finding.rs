//! The problems of a plug-in in a host: errors and warnings.

use std::path::PathBuf;

use super::near::Near;
use crate::elf::tree::Why;
use crate::platform::{Level, Version};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// The plug-in cannot be loaded.
    Error,
    /// It can be loaded, but may behave wrongly, or fail elsewhere.
    Warning,
    Note,
}

impl Severity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// A symbol that no object defines.
#[derive(Clone, Debug)]
pub(crate) struct UndefinedSymbol {
    pub name: String,
    pub version: Option<String>,
    /// The library that should define the version.
    pub library: Option<String>,
    /// It is only called, so with lazy binding the process fails at the first call.
    pub only_called: bool,
    /// A similar symbol that is defined.
    pub near: Option<Near>,
}

/// One of several libraries of a family in the process.
#[derive(Clone, Debug)]
pub(crate) struct FamilyMember {
    pub soname: String,
    pub path: PathBuf,
    pub version: Option<String>,
    /// The host loads it, without the plug-in.
    pub in_host: bool,
}

/// To which library of a family an object is bound.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub object: PathBuf,
    pub provider: PathBuf,
    pub symbols: usize,
    /// The first of them.
    pub example: String,
    /// The object needs another library of the family.
    pub other_needed: Option<String>,
}

/// Several libraries of one family.
#[derive(Clone, Debug)]
pub(crate) struct FamilyClash {
    pub family: String,
    pub members: Vec<FamilyMember>,
    /// How many symbols at least two of them define.
    pub shared_symbols: usize,
    pub bound: Vec<Bound>,
}

/// A finding.
#[derive(Clone, Debug)]
pub(crate) enum Finding {
    MissingLibrary {
        name: String,
        why: Why,
        needed_by: Vec<PathBuf>,
    },
    MissingVersion {
        version: String,
        library: PathBuf,
        needed_by: PathBuf,
        /// The host has loaded this library before the plug-in.
        in_host: bool,
    },
    Undefined {
        object: PathBuf,
        symbol: UndefinedSymbol,
    },
    /// DF_1_NOOPEN.
    NoOpen {
        object: PathBuf,
    },
    /// dlopen does not load programs.
    Program {
        object: PathBuf,
    },
    OtherArchitecture {
        object: PathBuf,
        plugin: String,
        host: String,
    },
    Cpu {
        object: PathBuf,
        needed: Level,
        there: Level,
    },
    /// TLS that must be in the static block.
    StaticTls {
        objects: Vec<PathBuf>,
        bytes: u64,
        available: u64,
        enough: bool,
    },
    ExecutableStack {
        object: PathBuf,
        glibc: Option<Version>,
    },
    TextRelocations {
        object: PathBuf,
    },
    /// Why it does not run on the target.
    Target {
        object: PathBuf,
        reason: String,
    },
    Family(FamilyClash),
    /// Symbols that an object defines, but takes from another.
    Interposed {
        object: PathBuf,
        provider: PathBuf,
        symbols: usize,
        example: String,
    },
    /// Objects that need each other, so the order of their constructors is arbitrary.
    Circle {
        objects: Vec<PathBuf>,
    },
    /// The name is that of an extension for another Python.
    PythonTag {
        object: PathBuf,
        tag: String,
        python: String,
    },
    /// There is no function that Python calls to import it.
    NoPythonInit {
        object: PathBuf,
        function: String,
    },
    /// Libraries of the host that were not found.
    HostIncomplete {
        missing: Vec<String>,
    },
}

impl Finding {
    pub(crate) fn severity(&self) -> Severity {
        match self {
            Finding::MissingLibrary { .. }
            | Finding::MissingVersion { .. }
            | Finding::Undefined { .. }
            | Finding::NoOpen { .. }
            | Finding::Program { .. }
            | Finding::OtherArchitecture { .. }
            | Finding::Cpu { .. }
            | Finding::Target { .. } => Severity::Error,
            Finding::StaticTls { enough: false, .. } => Severity::Error,
            // glibc 2.41 does not make the stack executable for dlopen.
            Finding::ExecutableStack { glibc, .. }
                if glibc.is_some_and(|glibc| glibc >= Version::two(2, 41)) =>
            {
                Severity::Error
            }
            Finding::ExecutableStack { .. }
            | Finding::TextRelocations { .. }
            | Finding::Family(_)
            | Finding::Interposed { .. }
            | Finding::PythonTag { .. }
            | Finding::NoPythonInit { .. }
            | Finding::HostIncomplete { .. } => Severity::Warning,
            Finding::StaticTls { .. } | Finding::Circle { .. } => Severity::Note,
        }
    }

    /// Its name in JSON.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Finding::MissingLibrary { .. } => "missing_library",
            Finding::MissingVersion { .. } => "missing_version",
            Finding::Undefined { .. } => "undefined_symbol",
            Finding::NoOpen { .. } => "no_open",
            Finding::Program { .. } => "program",
            Finding::OtherArchitecture { .. } => "architecture",
            Finding::Cpu { .. } => "cpu",
            Finding::StaticTls { .. } => "static_tls",
            Finding::ExecutableStack { .. } => "executable_stack",
            Finding::TextRelocations { .. } => "text_relocations",
            Finding::Target { .. } => "target",
            Finding::Family(_) => "family",
            Finding::Interposed { .. } => "interposed",
            Finding::Circle { .. } => "circle",
            Finding::PythonTag { .. } => "python_tag",
            Finding::NoPythonInit { .. } => "no_python_init",
            Finding::HostIncomplete { .. } => "host_incomplete",
        }
    }

    /// Whether a library of the host that was not found may be the cause.
    pub(crate) fn may_come_from_the_host(&self) -> bool {
        matches!(
            self,
            Finding::MissingLibrary { .. }
                | Finding::MissingVersion { .. }
                | Finding::Undefined { .. }
        )
    }
}
