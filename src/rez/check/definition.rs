//! A package file: whether Python can read it, what package and version it says to be, and what
//! it requires.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Check, Kind};
use crate::io_error::reason;
use crate::rez::package::is_name;
use crate::rez::python::{Binding, Literal, Module};
use crate::rez::version::Version;
use crate::shell::quote_path;

/// As much of a package file as is read; a larger one is not judged.
const MOST_BYTES: u64 = 1 << 20;

/// What a package requires, as far as it is written out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Demand {
    pub file: PathBuf,
    pub requires: Vec<String>,
    /// The requirements of each variant; one of them must be had.
    pub variants: Vec<Vec<String>>,
}

impl Check {
    /// Rez believes what the file says: an empty one hides every older version with a package
    /// that does nothing.
    pub(super) fn definition(&mut self, file: &Path, family: &str, version: &str) {
        let mut bytes = Vec::new();
        let read = File::open(file).and_then(|file| {
            let mut file = file.take(MOST_BYTES + 1);
            file.read_to_end(&mut bytes)
        });
        if let Err(error) = read {
            let cure = format!("chmod a+r {}", quote_path(file));
            self.find(file, format!("it cannot be read: {}", reason(&error)), cure);
            return;
        }
        if bytes.len() as u64 > MOST_BYTES {
            return;
        }
        let is_python = file.extension().is_some_and(|ending| ending == "py");
        let (says, says_version) = if is_python {
            match Module::parse(&bytes) {
                Ok(module) => {
                    self.demands.extend(demand(file, &module));
                    (name(&module), module.binding("version"))
                }
                Err(fault) => {
                    let what = format!("line {}: {}: Rez cannot load it", fault.line, fault.why);
                    let cure = "correct the syntax, or hide the version: rez pkg-ignore";
                    self.find_kind(Kind::Syntax, file, what, cure);
                    return;
                }
            }
        } else {
            (
                name_in_yaml(&String::from_utf8_lossy(&bytes)),
                Binding::Unknown,
            )
        };
        self.identity(file, family, &says);
        self.number(file, version, &says_version);
    }

    fn identity(&mut self, file: &Path, family: &str, says: &Says) {
        match says {
            Says::Nothing => self.find_kind(
                Kind::Identity,
                file,
                "it names no package: Rez takes this version for one that does nothing",
                "install the version again, or hide it: rez pkg-ignore",
            ),
            Says::Name(name) if name != family => self.find_kind(
                Kind::Identity,
                file,
                format!("it is of a package named {name}, in the directory of {family}"),
                format!("move the version to where {name} is, or correct the name"),
            ),
            Says::Name(_) | Says::Something => {}
        }
    }

    /// Rez takes the version of the directory, and tools that read the file take the other. A file
    /// beside no version directories may be a source from which one is built: it is not judged.
    fn number(&mut self, file: &Path, directory: &str, says: &Binding) {
        let Binding::Known(Literal::Text(says)) = says else {
            return;
        };
        let (Some(own), Some(of_directory)) = (Version::parse(says), Version::parse(directory))
        else {
            return;
        };
        if own == of_directory || directory.is_empty() {
            return;
        }
        self.find_kind(
            Kind::Identity,
            file,
            format!("it is of version {says}, in the directory {directory}, which Rez believes"),
            "correct the version in it, or rename the directory",
        );
    }
}

/// What a package file says its name is.
#[derive(Debug, PartialEq, Eq)]
enum Says {
    Nothing,
    /// It is computed, or written in a way that only Python knows.
    Something,
    Name(String),
}

fn name(module: &Module) -> Says {
    match module.binding("name") {
        Binding::Absent => Says::Nothing,
        Binding::Known(Literal::Text(name)) if is_name(&name) => Says::Name(name),
        Binding::Known(_) | Binding::Unknown => Says::Something,
    }
}

/// Looks for `name: …` at the beginning of a line.
fn name_in_yaml(text: &str) -> Says {
    let mut values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("name")?;
        rest.trim_start().strip_prefix(':')
    });
    let Some(value) = values.next_back() else {
        return Says::Nothing;
    };
    let value = value.split('#').next().unwrap_or(value).trim();
    let bare = value.trim_matches(['"', '\'']);
    match is_name(bare) {
        true => Says::Name(bare.to_owned()),
        false => Says::Something,
    }
}

fn demand(file: &Path, module: &Module) -> Option<Demand> {
    let list = |name: &str| match module.binding(name) {
        Binding::Known(Literal::List(items)) => items,
        Binding::Known(_) | Binding::Unknown | Binding::Absent => Vec::new(),
    };
    let variants = list("variants").into_iter().map(|variant| match variant {
        Literal::List(items) => texts(items),
        Literal::Text(_) | Literal::Unknown => Vec::new(),
    });
    let demand = Demand {
        file: file.to_owned(),
        requires: texts(list("requires")),
        variants: variants.collect(),
    };
    let is_empty = demand.requires.is_empty() && demand.variants.is_empty();
    (!is_empty).then_some(demand)
}

/// The strings of a list.
fn texts(items: Vec<Literal>) -> Vec<String> {
    let texts = items.into_iter().filter_map(|item| match item {
        // Rez replaces * when it builds a package.
        Literal::Text(text) if !text.contains('*') => Some(text),
        Literal::Text(_) | Literal::List(_) | Literal::Unknown => None,
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_package_files() {
        let says = |text: &str| name(&Module::parse(text.as_bytes()).unwrap());
        let named = |name: &str| Says::Name(name.into());
        assert_eq!(says("format_version = 2\n\nname = \"c47\"\n"), named("c47"));
        assert_eq!(says("name='c47' # ours\n"), named("c47"));
        assert_eq!(says("name = NAME\n"), Says::Something);
        assert_eq!(
            says("@early()\ndef name():\n    return 'x'\n"),
            Says::Something
        );
        assert_eq!(says("from x import *\n"), Says::Something);
        assert_eq!(says("version = '1'\n"), Says::Nothing);
        assert_eq!(says("names = 'x'\n"), Says::Nothing);
        assert_eq!(name_in_yaml("name: c47\n"), named("c47"));
        assert_eq!(name_in_yaml("version: 1\n"), Says::Nothing);
    }
}
