//! The libraries that are loaded, the rule that found each, and what is missing.

use std::fmt;

use nanoserde::SerJson;

use crate::cli::elf::shown;
use crate::elf::tree::{self, Loaded, Resolution, Tree, Why};
use crate::escape::one_line;
use crate::output::Format;

/// What is loaded and what is missing.
#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Report {
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
    pub(super) fn of(tree: &Tree, named: bool, format: Format) -> Report {
        let dependents = tree.dependents();
        let names = |wanted: Resolution| -> Vec<String> {
            let numbers = dependents.of(wanted).iter();
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
                    Format::Json => names(Resolution::Loaded(number)),
                    // The text report shows this for missing libraries only.
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
                needed_by: names(Resolution::Missing(number)),
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

/// All but the object itself, with the interpreter last, as ldd prints them.
fn in_order(tree: &Tree) -> impl Iterator<Item = (usize, &Loaded)> {
    let interpreter = |(_, object): &(usize, &Loaded)| object.via == tree::Via::AlreadyLoaded;
    let all = || tree.objects.iter().enumerate().skip(1);
    all()
        .filter(move |one| !interpreter(one))
        .chain(all().filter(interpreter))
}

/// The rule by which an object was found.
pub(super) fn rule(object: &Loaded) -> String {
    match &object.hwcaps {
        Some(level) => format!("hwcaps {level}, {}", object.via.name()),
        None => object.via.name().into(),
    }
}

/// Why a library is missing.
pub(in crate::cli::elf) fn why(why: &Why) -> String {
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
                "\t{} ({}): version {} not found (required by {})",
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
