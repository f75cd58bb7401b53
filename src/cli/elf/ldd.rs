//! `c47 elf ldd`: what ld.so would load, by which rule, and what is missing.

use std::ffi::OsStr;
use std::fmt;
use std::fmt::Write as _;
use std::path::Path;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::settings::Given;
use super::{complain, shown, worst};
use crate::elf::search::Shelves;
use crate::elf::tree::{self, Loaded, Tree, Wanted, Why};
use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format};
use crate::platform::Level;

/// Show which libraries a program or library would be loaded with, where each is and by which
/// rule it is found: rpath, ld_library_path, runpath, cache, default, hwcaps, preload, path (the
/// name is one), already loaded. Exits with 1 if one is missing or lacks a version. Nothing is
/// run: neither the file nor its interpreter.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "ldd",
    help_triggers("-h", "--help"),
    example = "c47 elf ldd /usr/bin/git",
    example = "c47 elf ldd --root /mnt/centos7 --why libssl.so.10 /usr/bin/curl"
)]
pub struct Ldd {
    /// programs or libraries; with --root by their path inside it, or below it
    #[argh(positional)]
    file: Vec<String>,

    /// another system's root directory: paths, links and its ld.so.cache are taken inside it
    #[argh(option, arg_name = "dir")]
    root: Option<String>,

    /// the LD_LIBRARY_PATH to assume (default: the environment's, none with --root; '' for none)
    #[argh(option, arg_name = "path")]
    library_path: Option<String>,

    /// the LD_PRELOAD to assume (default: as for --library-path)
    #[argh(option, arg_name = "path")]
    preload: Option<String>,

    /// the CPU to assume for glibc-hwcaps: v1, v2, v3 or v4 (default: this machine's)
    #[argh(option, arg_name = "level")]
    cpu: Option<String>,

    /// show who needs whom
    #[argh(switch)]
    tree: bool,

    /// show only why this library is loaded: a name, or its beginning as in 'libssl'
    #[argh(option, arg_name = "lib")]
    why: Option<String>,

    /// print one JSON object a line for each file
    #[argh(switch)]
    json: bool,
}

/// The kinds of its values, and its JSON.
pub const DETAILS: Details = Details {
    command: "elf ldd",
    values: &[
        ("file", Kind::File),
        ("--root", Kind::Directory),
        ("--library-path", Kind::Directory),
        ("--preload", Kind::File),
        (
            "--cpu",
            Kind::checked_choice(Level::short_names, |text| Level::named(text).map(drop)),
        ),
        ("--why", Kind::Word),
    ],
    json: &[
        JsonOutput {
            when: "",
            shape: Shape::Lines,
            fields: &[
                Field::string("path", "path of the file"),
                Field::string("interpreter", "its dynamic linker").or_null(),
                Field::objects("libraries", "the libraries it loads"),
                Field::string("libraries[].name", "name as needed"),
                Field::string("libraries[].path", "path of the file found"),
                Field::string(
                    "libraries[].found_by",
                    "rpath, ld_library_path, runpath, cache, default, hwcaps, preload, path or already loaded",
                ),
                Field::strings("libraries[].needed_by", "the files that need it"),
                Field::objects("missing", "the libraries that are not found"),
                Field::string("missing[].name", "name as needed"),
                Field::string("missing[].why", "why it is not loaded"),
                Field::strings("missing[].needed_by", "the files that need it"),
                Field::objects("version_errors", "the versions that a library lacks"),
                Field::string("version_errors[].library", "name of the library"),
                Field::string("version_errors[].path", "path of the library"),
                Field::string("version_errors[].version", "the version it lacks"),
                Field::string(
                    "version_errors[].needed_by",
                    "the file that needs the version",
                ),
            ],
        },
        JsonOutput {
            when: "With --json --why",
            shape: Shape::Lines,
            fields: &[
                Field::string("path", "path of the file"),
                Field::string("library", "the library asked for"),
                Field::lists(
                    "chains",
                    "for each file that needs it the paths from the file to the library",
                ),
            ],
        },
    ],
};

impl Ldd {
    pub fn run(self) -> Result<Exit, Error> {
        if self.file.is_empty() {
            return Err(Error::usage_hint(
                "a file is missing",
                "c47 elf ldd FILE...",
            ));
        }
        if self.tree && (self.json || self.why.is_some()) {
            return Err(Error::usage(
                "--tree stands alone, without --json and --why",
            ));
        }
        let given = Given {
            root: self.root.as_deref(),
            library_path: self.library_path.as_deref(),
            preload: self.preload.as_deref(),
            cpu: self.cpu.as_deref(),
        };
        let mut shelves = Shelves::new(given.settings()?);
        let format = Format::from_switch(self.json);
        let mut exit = Exit::Done;
        for file in &self.file {
            match tree::resolve(&mut shelves, Path::new(file)) {
                Ok(tree) => exit = worst(exit, self.show(&tree, format)?),
                Err(fault) => exit = worst(exit, complain("c47 elf ldd", Path::new(file), fault)),
            }
        }
        Ok(exit)
    }

    fn show(&self, tree: &Tree, format: Format) -> Result<Exit, Error> {
        for warning in &tree.warnings {
            output::say(format_args!(
                "c47 elf ldd: {}: {}",
                tree.path.display(),
                one_line(warning)
            ));
        }
        let named = self.file.len() > 1;
        if let Some(wanted) = &self.why {
            let report = Chains::of(tree, wanted);
            let exit = if report.chains.is_empty() {
                Exit::No
            } else {
                Exit::Done
            };
            output::print(format, &report)?;
            return Ok(exit);
        }
        if self.tree {
            output::bytes(drawn(tree).as_bytes())?;
        } else {
            output::print(format, &Report::of(tree, named, format))?;
        }
        Ok(verdict(tree))
    }
}

fn verdict(tree: &Tree) -> Exit {
    if tree.missing.is_empty() && tree.version_errors.is_empty() {
        Exit::Done
    } else {
        Exit::No
    }
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Report {
    path: String,
    interpreter: Option<String>,
    libraries: Vec<Library>,
    missing: Vec<Missing>,
    version_errors: Vec<VersionError>,
    #[nserde(skip)]
    heading: Heading,
}

#[derive(Clone, Copy, Default)]
enum Heading {
    #[default]
    None,
    Path,
}

#[derive(SerJson)]
struct Library {
    name: String,
    path: String,
    found_by: String,
    needed_by: Vec<String>,
    #[nserde(skip)]
    rule: String,
}

#[derive(SerJson)]
struct Missing {
    name: String,
    why: String,
    needed_by: Vec<String>,
}

#[derive(SerJson)]
struct VersionError {
    library: String,
    path: String,
    version: String,
    needed_by: String,
}

impl Report {
    fn of(tree: &Tree, named: bool, format: Format) -> Report {
        let needing = tree.needing();
        let names = |wanted: Wanted| -> Vec<String> {
            let numbers = needing.of(wanted).iter();
            let objects = numbers.filter_map(|&number| tree.objects.get(number));
            objects.map(|object| shown(&object.path)).collect()
        };
        let libraries = in_order(tree)
            .map(|(number, object)| Library {
                name: shown(&object.name),
                path: shown(&object.path),
                found_by: if object.hwcaps.is_some() {
                    "hwcaps".into()
                } else {
                    object.via.name().into()
                },
                needed_by: match format {
                    Format::Json => names(Wanted::Loaded(number)),
                    // People are told only who needs what is missing.
                    Format::Text => Vec::new(),
                },
                rule: rule(object),
            })
            .collect();
        let missing = tree
            .missing
            .iter()
            .enumerate()
            .map(|(number, missing)| Missing {
                name: shown(&missing.name),
                why: why(&missing.why),
                needed_by: names(Wanted::Missing(number)),
            });
        let errors = tree.version_errors.iter().filter_map(|error| {
            let library = tree.objects.get(error.library)?;
            Some(VersionError {
                library: shown(&library.name),
                path: shown(&library.path),
                version: error.version.clone(),
                needed_by: shown(&tree.objects.get(error.needed_by)?.path),
            })
        });
        Report {
            path: shown(&tree.path),
            interpreter: tree.interpreter.as_ref().map(shown),
            libraries,
            missing: missing.collect(),
            version_errors: errors.collect(),
            heading: if named { Heading::Path } else { Heading::None },
        }
    }
}

/// All but the object itself, the interpreter last, as one is used to from ldd.
fn in_order(tree: &Tree) -> impl Iterator<Item = (usize, &Loaded)> {
    let interpreter = |(_, object): &(usize, &Loaded)| object.via == tree::Via::AlreadyLoaded;
    let all = || tree.objects.iter().enumerate().skip(1);
    all()
        .filter(move |one| !interpreter(one))
        .chain(all().filter(interpreter))
}

fn rule(object: &Loaded) -> String {
    match &object.hwcaps {
        Some(level) => format!("hwcaps {level}, {}", object.via.name()),
        None => object.via.name().into(),
    }
}

fn why(why: &Why) -> String {
    match why {
        Why::NotFound => "not found".into(),
        Why::OtherArchitecture(path) => {
            format!("not found ({} is for another architecture)", shown(path))
        }
        Why::Broken { path, why } => format!("{} cannot be loaded: {why}", shown(path)),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Heading::Path = self.heading {
            writeln!(f, "{}:", one_line(&self.path))?;
        }
        if self.libraries.is_empty() && self.missing.is_empty() {
            return writeln!(f, "\tstatically linked");
        }
        for library in &self.libraries {
            let (name, path) = (one_line(&library.name), one_line(&library.path));
            let rule = one_line(&library.rule);
            if name == path {
                writeln!(f, "\t{path} ({rule})")?;
            } else {
                writeln!(f, "\t{name} => {path} ({rule})")?;
            }
        }
        for missing in &self.missing {
            let why = one_line(&missing.why);
            writeln!(
                f,
                "\t{} => {why}{}",
                one_line(&missing.name),
                needed_by(&missing.needed_by)
            )?;
        }
        for error in &self.version_errors {
            writeln!(
                f,
                "\t{} ({}) lacks {} that {} needs",
                one_line(&error.library),
                one_line(&error.path),
                one_line(&error.version),
                one_line(&error.needed_by)
            )?;
        }
        Ok(())
    }
}

fn needed_by(paths: &[String]) -> String {
    let shown: Vec<String> = paths.iter().take(3).map(|path| one_line(path)).collect();
    match paths.len() {
        0 => String::new(),
        1..=3 => format!(", needed by {}", shown.join(", ")),
        more => format!(", needed by {} and {} more", shown.join(", "), more - 3),
    }
}

/// Who needs whom, drawn as a tree. An object is drawn with what it needs once only.
fn drawn(tree: &Tree) -> String {
    let mut text = String::new();
    let mut drawn = vec![false; tree.objects.len()];
    let _ = writeln!(text, "{}", one_line(&shown(&tree.path)));
    // A stack of its own: a chain of libraries may be thousands long.
    let mut stack: Vec<(usize, usize)> = vec![(0, 0)];
    if let Some(first) = drawn.first_mut() {
        *first = true;
    }
    while let Some((number, next)) = stack.last_mut() {
        let Some(object) = tree.objects.get(*number) else {
            break;
        };
        let Some((name, wanted)) = object.wants.get(*next) else {
            stack.pop();
            continue;
        };
        *next += 1;
        let indent = "  ".repeat(stack.len().min(64));
        let name = one_line(&shown(name));
        match wanted {
            Wanted::Missing(missing) => {
                let why = tree.missing.get(*missing).map(|missing| why(&missing.why));
                let _ = writeln!(
                    text,
                    "{indent}{name} => {}",
                    one_line(&why.unwrap_or_default())
                );
            }
            Wanted::Loaded(wanted) => {
                let Some(object) = tree.objects.get(*wanted) else {
                    continue;
                };
                let again = drawn.get(*wanted) == Some(&true);
                let rule = if again {
                    "already loaded".into()
                } else {
                    rule(object)
                };
                let path = one_line(&shown(&object.path));
                let _ = writeln!(text, "{indent}{name} => {path} ({rule})");
                if let Some(is_drawn) = drawn.get_mut(*wanted).filter(|_| !again) {
                    *is_drawn = true;
                    stack.push((*wanted, 0));
                }
            }
        }
    }
    for error in &tree.version_errors {
        let (Some(library), Some(by)) = (
            tree.objects.get(error.library),
            tree.objects.get(error.needed_by),
        ) else {
            continue;
        };
        let _ = writeln!(
            text,
            "{} lacks {} that {} needs",
            one_line(&shown(&library.path)),
            one_line(&error.version),
            one_line(&shown(&by.path))
        );
    }
    text
}

/// Why a library is loaded: for each object that needs it the shortest way to it.
#[derive(SerJson)]
struct Chains {
    path: String,
    library: String,
    chains: Vec<Vec<String>>,
}

impl Chains {
    fn of(tree: &Tree, wanted: &str) -> Chains {
        let mut chains = Vec::new();
        for (number, object) in tree.objects.iter().enumerate().skip(1) {
            let soname = object.library.linkage.soname.as_deref();
            if is_meant(&object.name, wanted)
                || is_meant(&object.path, wanted)
                || soname.is_some_and(|soname| is_meant(soname, wanted))
            {
                let end = format!("{} ({})", shown(&object.path), rule(object));
                chains.extend(chains_to(tree, Wanted::Loaded(number), &end));
            }
        }
        for (number, missing) in tree.missing.iter().enumerate() {
            if is_meant(&missing.name, wanted) {
                let end = format!("{} ({})", shown(&missing.name), why(&missing.why));
                chains.extend(chains_to(tree, Wanted::Missing(number), &end));
            }
        }
        Chains {
            path: shown(&tree.path),
            library: wanted.to_owned(),
            chains,
        }
    }
}

/// A name is meant in full, by its file name, or by its beginning up to the `.so`.
fn is_meant(name: &OsStr, wanted: &str) -> bool {
    let name = name.to_string_lossy();
    let base = name.rsplit('/').next().unwrap_or(&name);
    name == wanted
        || base == wanted
        || base
            .strip_prefix(wanted)
            .is_some_and(|rest| rest.starts_with('.'))
}

fn chains_to(tree: &Tree, wanted: Wanted, end: &str) -> Vec<Vec<String>> {
    let needing = tree.needing();
    let needing = needing.of(wanted);
    if needing.is_empty() {
        return vec![vec![end.to_owned()]];
    }
    let chain = |last: usize| {
        let mut chain = vec![end.to_owned()];
        let mut link = Some(last);
        // Each loader came before what it loaded: the way leads to the beginning.
        while let Some(object) = link.and_then(|number| tree.objects.get(number)) {
            chain.push(shown(&object.path));
            link = object.loader;
        }
        chain.reverse();
        chain
    };
    needing.iter().copied().map(chain).collect()
}

impl fmt::Display for Chains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.chains.is_empty() {
            let (path, library) = (one_line(&self.path), one_line(&self.library));
            return writeln!(f, "{path} does not load {library}");
        }
        for chain in &self.chains {
            let links: Vec<String> = chain.iter().map(|link| one_line(link)).collect();
            writeln!(f, "{}", links.join(" -> "))?;
        }
        Ok(())
    }
}
