//! Whether a plug-in can be loaded into a host application, and what may go wrong there: the link
//! map of the host with the plug-in, and the binding of every symbol that the plug-in refers to.
//! Nothing is executed or loaded.
//!
//! Source: System V ABI, "Dynamic Linking"; ld.so(8), dlopen(3); GNU's documentation of its hash
//! table and of symbol versions.

mod bind;
mod cycles;
mod families;
mod finding;
mod hash;
mod host;
pub(super) mod known;
mod near;
mod object_checks;
mod python;
mod references;
mod region;
mod scope;
mod static_tls;
pub(super) mod table;
mod why;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bind::{Bindings, Reach, Rules};
pub(crate) use finding::{Bound, FamilyClash, FamilyMember, Finding, Severity, UndefinedSymbol};
pub(crate) use host::{Host, Visibility};
use known::KnownObjects;
pub(crate) use known::Unreadable;
use near::WantedNames;
pub(crate) use near::{Difference, Near};
pub(crate) use why::Search;

use super::host as system_libraries;
use super::info;
use super::reader::Fault;
use super::search::LibraryCache;
use super::system::System;
use super::tree::{Missing, Process, Resolution, Tree};
use crate::platform::{Limits, Version};
use crate::sort::Sortable;

/// The first release of glibc in which any library may define a needed version.
const MOVED_VERSIONS: Version = Version::two(2, 30);

/// Whether a plug-in can be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fits,
    DoesNotFit,
    /// Libraries of the host are missing, so the result may be wrong.
    Unknown,
}

impl Verdict {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Verdict::Fits => "fits",
            Verdict::DoesNotFit => "does not fit",
            Verdict::Unknown => "unknown",
        }
    }
}

/// An object that the plug-in brings into the process.
#[derive(Clone, Debug)]
pub(crate) struct Brought {
    pub name: String,
    pub path: PathBuf,
    pub found_by: &'static str,
}

/// The result for one plug-in.
#[derive(Debug)]
pub(crate) struct Report {
    pub plugin: PathBuf,
    pub verdict: Verdict,
    /// The host has loaded this file.
    pub already_loaded: bool,
    /// The errors first, then warnings, then notes.
    pub findings: Vec<Finding>,
    pub brought: Vec<Brought>,
    /// The number of the host's objects.
    pub host_objects: usize,
    /// The process with the plug-in, and the plug-in's number.
    pub tree: Tree,
    pub number: usize,
}

/// What a plug-in is checked for in addition to the host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The limits of a target. `None` for none.
    pub target: Option<Limits>,
}

/// Checks plug-ins against one host.
pub(crate) struct Checker<'a> {
    host: Host<'a>,
    objects: KnownObjects,
    options: Options,
    glibc: Option<Version>,
    rules: Rules,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(host: Host<'a>, options: Options) -> Checker<'a> {
        let glibc = glibc_of(&host.process);
        let rules = match (host.process.system(), glibc) {
            (System::Musl(_), _) => Rules::Musl,
            (System::Glibc(_), Some(release)) if release < MOVED_VERSIONS => Rules::GlibcBefore230,
            (System::Glibc(_), _) => Rules::Glibc,
        };
        Checker {
            host,
            objects: KnownObjects::default(),
            options,
            glibc,
            rules,
        }
    }

    /// Checks one plug-in.
    ///
    /// # Errors
    /// When it, or a library in the process, cannot be read.
    pub(crate) fn check(&mut self, plugin: &Path) -> Result<Report, Unreadable> {
        let first = self.host.process.tree().objects.len();
        let mut process = self.host.process.branch();
        if let Some(finding) = other_architecture(&mut process, plugin)? {
            return Ok(Report::of(plugin, &process, first, vec![finding]));
        }
        let number = process.open(plugin).map_err(at(plugin))?;
        if number < first {
            let mut report = Report::of(plugin, &process, number, Vec::new());
            report.already_loaded = true;
            return Ok(report);
        }
        let tree = process.tree();
        let cache = process.library_cache();
        let scope = scope_of(&self.host.global, tree, number);
        let reach = Reach::new(&mut self.objects, cache, tree, scope, self.rules)?;
        let families = families::families(tree, first);
        let bindings = reach.bind(cache, first, &families::members(&families))?;
        let mut findings = missing(tree, first);
        let initial = scope::of_program(tree);
        findings.extend(object_checks::of_objects(&reach, first, cache, self.glibc));
        findings.extend(object_checks::static_tls(&reach, &bindings, &initial));
        findings.extend(object_checks::of_target(
            cache,
            tree,
            first,
            self.options.target.as_ref(),
        )?);
        findings.extend(undefined(&mut self.objects, cache, &reach, &bindings)?);
        for family in &families {
            findings.push(Finding::Family(families::clash(
                family, &reach, &bindings, first,
            )?));
        }
        findings.extend(interposed(tree, &bindings, &families::members(&families)));
        findings.extend(circles(tree, first));
        findings.extend(python_findings(self.host.python.as_deref(), &reach, number));
        Ok(Report::of(plugin, &process, first, findings))
    }

    /// How the symbols with this name are bound for a plug-in.
    ///
    /// # Errors
    /// As [`Checker::check`].
    pub(crate) fn why(&mut self, plugin: &Path, symbol: &str) -> Result<Vec<Search>, Unreadable> {
        let first = self.host.process.tree().objects.len();
        let mut process = self.host.process.branch();
        if other_architecture(&mut process, plugin)?.is_some() {
            return Ok(Vec::new());
        }
        let number = process.open(plugin).map_err(at(plugin))?;
        let tree = process.tree();
        let cache = process.library_cache();
        let scope = scope_of(&self.host.global, tree, number);
        let reach = Reach::new(&mut self.objects, cache, tree, scope, self.rules)?;
        why::searches(&mut self.objects, cache, &reach, number.min(first), symbol)
    }
}

/// What the host's Python, if it is one, requires of the plug-in.
fn python_findings(release: Option<&str>, reach: &Reach, number: usize) -> Vec<Finding> {
    let (Some(release), Some(loaded)) = (release, reach.tree.objects.get(number)) else {
        return Vec::new();
    };
    let has = |function: &str| {
        let known = reach.known(number);
        known.is_some_and(|known| known.table.defines(function.as_bytes()))
    };
    python::findings(Path::new(&loaded.path), release, has)
}

/// What is searched for a plug-in: what every object sees, then what the plug-in needs.
fn scope_of(global: &[usize], tree: &Tree, number: usize) -> Vec<usize> {
    let own = scope::with_needed(tree, &[number]);
    scope::joined(&[global, &own], tree.objects.len())
}

impl Report {
    fn of(plugin: &Path, process: &Process, first: usize, mut findings: Vec<Finding>) -> Report {
        let tree = process.tree();
        let absent = missing_in_host(tree, first);
        let errors = |finding: &&Finding| finding.severity() == Severity::Error;
        let mut verdict = Verdict::Fits;
        if findings.iter().any(|finding| errors(&finding)) {
            let host_may_help = findings
                .iter()
                .filter(errors)
                .all(Finding::may_come_from_the_host);
            verdict = match host_may_help && !absent.is_empty() {
                true => Verdict::Unknown,
                false => Verdict::DoesNotFit,
            };
        }
        if !absent.is_empty() {
            findings.push(Finding::HostIncomplete { missing: absent });
        }
        findings.order_by_key(Finding::severity);
        let brought = tree.objects.iter().skip(first).map(|object| Brought {
            name: object.name.to_string_lossy().into_owned(),
            path: PathBuf::from(&object.path),
            found_by: object.via.name(),
        });
        Report {
            plugin: plugin.to_owned(),
            verdict,
            already_loaded: false,
            findings,
            brought: brought.collect(),
            host_objects: first,
            tree: tree.clone(),
            number: first,
        }
    }
}

fn at(path: &Path) -> impl FnOnce(Fault) -> Unreadable {
    let path = path.to_owned();
    move |fault| Unreadable { path, fault }
}

fn other_architecture(process: &mut Process, plugin: &Path) -> Result<Option<Finding>, Unreadable> {
    let own = process.architecture_of(plugin).map_err(at(plugin))?;
    let host = process.architecture();
    Ok((own != host).then(|| Finding::OtherArchitecture {
        object: plugin.to_owned(),
        plugin: info::architecture_name(own),
        host: info::architecture_name(host),
    }))
}

/// The release of the host's glibc.
fn glibc_of(process: &Process) -> Option<Version> {
    let mut objects = process.tree().objects.iter();
    let libc = objects.find(|object| families::soname(object) == "libc.so.6")?;
    let root = &process.library_cache().settings.root;
    system_libraries::libc_release(root, Path::new(&libc.path))
}

/// The names of the libraries that objects before number `first` need and that are missing.
fn missing_in_host(tree: &Tree, first: usize) -> Vec<String> {
    let host = tree
        .objects
        .iter()
        .take(first)
        .flat_map(|object| &object.wants);
    let mut names: Vec<String> = host
        .filter_map(|(name, wanted)| match wanted {
            Resolution::Missing(_) => Some(name.to_string_lossy().into_owned()),
            Resolution::Loaded(_) => None,
        })
        .collect();
    names.order();
    names.dedup();
    names
}

/// Libraries and versions that the objects from number `first` on need and that are missing.
fn missing(tree: &Tree, first: usize) -> Vec<Finding> {
    let path = |number: usize| tree.objects.get(number).map(|one| PathBuf::from(&one.path));
    let dependents = tree.dependents();
    let library = |(number, missing): (usize, &Missing)| {
        let needed_by = dependents.of(Resolution::Missing(number)).iter();
        let needed_by: Vec<PathBuf> = needed_by
            .filter(|&&by| by >= first)
            .filter_map(|&by| path(by))
            .collect();
        (!needed_by.is_empty()).then(|| Finding::MissingLibrary {
            name: missing.name.to_string_lossy().into_owned(),
            why: missing.why.clone(),
            needed_by,
        })
    };
    let libraries = tree.missing.iter().enumerate().filter_map(library);
    let versions = tree.version_errors.iter();
    let versions = versions.filter(|error| error.needed_by >= first);
    let versions = versions.filter_map(|error| {
        Some(Finding::MissingVersion {
            version: error.version.clone(),
            library: path(error.library)?,
            needed_by: path(error.needed_by)?,
            in_host: error.library < first,
        })
    });
    libraries.chain(versions).collect()
}

/// The undefined symbols, each with a similar one that is defined somewhere in the process.
fn undefined(
    objects: &mut KnownObjects,
    library_cache: &LibraryCache,
    reach: &Reach,
    bindings: &Bindings,
) -> Result<Vec<Finding>, Unreadable> {
    if bindings.undefined.is_empty() {
        return Ok(Vec::new());
    }
    let names = bindings.undefined.iter();
    let mut wanted = WantedNames::of(names.map(|(_, symbol)| symbol.name.clone().into_bytes()));
    for (number, loaded) in reach.tree.objects.iter().enumerate() {
        let is_in_reach = reach.known(number).is_some();
        let known = objects.get(library_cache, loaded)?;
        let offered = Reach::offered(&known, |name, version, _| {
            wanted.offer(name, is_in_reach, |difference| Near {
                name: String::from_utf8_lossy(name).into_owned(),
                version: version.map(|version| version.name.clone()),
                library: PathBuf::from(&loaded.path),
                difference,
            });
        });
        offered.map_err(|fault| known::unreadable(&loaded.path, fault))?;
    }
    let found = bindings.undefined.iter().zip(wanted.into_found());
    let findings = found.filter_map(|((number, symbol), near)| {
        Some(Finding::Undefined {
            object: PathBuf::from(&reach.tree.objects.get(*number)?.path),
            symbol: UndefinedSymbol {
                near,
                ..symbol.clone()
            },
        })
    });
    Ok(findings.collect())
}

/// Symbols that an object defines but takes from a library of another family.
fn interposed(tree: &Tree, bindings: &Bindings, of_families: &BTreeSet<usize>) -> Vec<Finding> {
    let found = bindings.interposed.iter();
    let found = found.filter(|((_, provider), _)| !of_families.contains(provider));
    let finding = |(&(by, provider), tally): (&(usize, usize), &bind::Tally)| {
        Some(Finding::Interposed {
            object: PathBuf::from(&tree.objects.get(by)?.path),
            provider: PathBuf::from(&tree.objects.get(provider)?.path),
            symbols: tally.count,
            example: tally.example.clone(),
        })
    };
    found.filter_map(finding).collect()
}

fn circles(tree: &Tree, first: usize) -> Vec<Finding> {
    let path = |number: &usize| {
        tree.objects
            .get(*number)
            .map(|one| PathBuf::from(&one.path))
    };
    let circle = |group: Vec<usize>| Finding::Circle {
        objects: group.iter().filter_map(path).collect(),
    };
    cycles::cycles(tree, first)
        .into_iter()
        .map(circle)
        .collect()
}
