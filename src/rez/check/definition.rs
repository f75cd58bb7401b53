//! Checks a package file: its syntax, its name and version, and its requirements.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Check, Kind};
use crate::io_error::reason;
use crate::rez::package::is_name;
use crate::rez::python::{Binding, Literal, Module};
use crate::rez::version::Version;
use crate::shell::quote_path;

/// Limit for the size of a package file. A larger one is not checked.
const MOST_BYTES: u64 = 1 << 20;

/// The requirements of a package that are literal values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Demand {
    pub file: PathBuf,
    pub requires: Vec<String>,
    /// The requirements of each variant. One variant must be satisfied.
    pub variants: Vec<Vec<String>>,
}

impl Check {
    /// Rez uses whatever the file contains. An empty file is a package that does nothing and hides
    /// every older version.
    pub(super) fn definition(&mut self, file: &Path, family: &str, version: &str) {
        let mut bytes = Vec::new();
        let read = File::open(file).and_then(|file| {
            let mut file = file.take(MOST_BYTES + 1);
            file.read_to_end(&mut bytes)
        });
        if let Err(error) = read {
            let cure = format!("chmod a+r {}", quote_path(file));
            self.find(file, format!("cannot read it: {}", reason(&error)), cure);
            return;
        }
        if bytes.len() as u64 > MOST_BYTES {
            return;
        }
        let is_python = file.extension().is_some_and(|ending| ending == "py");
        let (stated, says_version) = if is_python {
            match Module::parse(&bytes) {
                Ok(module) => {
                    self.demands.extend(demand(file, &module));
                    (name(&module), module.binding("version"))
                }
                Err(fault) => {
                    let what = format!("syntax error in line {}: {}", fault.line, fault.why);
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
        self.identity(file, family, &stated);
        self.number(file, version, &says_version);
    }

    fn identity(&mut self, file: &Path, family: &str, stated: &StatedName) {
        match stated {
            StatedName::Absent => self.find_kind(
                Kind::Identity,
                file,
                "no package name: for Rez this version does nothing",
                "reinstall the version, or hide it: rez pkg-ignore",
            ),
            StatedName::Name(name) if name != family => self.find_kind(
                Kind::Identity,
                file,
                format!("the package name is {name}, but the directory is {family}"),
                format!("move the version to the directory {name}, or correct the name"),
            ),
            StatedName::Name(_) | StatedName::Computed => {}
        }
    }

    /// Rez uses the version of the directory, but tools that read the file use the other one. A file
    /// without version directories may be the source of a build and is not checked.
    fn number(&mut self, file: &Path, directory: &str, stated: &Binding) {
        let Binding::Known(Literal::Text(stated)) = stated else {
            return;
        };
        let (Some(own), Some(of_directory)) = (Version::parse(stated), Version::parse(directory))
        else {
            return;
        };
        if own == of_directory || directory.is_empty() {
            return;
        }
        self.find_kind(
            Kind::Identity,
            file,
            format!("the version is {stated}, but the directory, which Rez uses, is {directory}"),
            "correct the version in the file, or rename the directory",
        );
    }
}

/// The name in a package file.
#[derive(Debug, PartialEq, Eq)]
enum StatedName {
    Absent,
    /// It is computed, or has a form that only Python can evaluate.
    Computed,
    Name(String),
}

fn name(module: &Module) -> StatedName {
    match module.binding("name") {
        Binding::Absent => StatedName::Absent,
        Binding::Known(Literal::Text(name)) if is_name(&name) => StatedName::Name(name),
        Binding::Known(_) | Binding::Unknown => StatedName::Computed,
    }
}

/// Finds `name: …` at the start of a line.
fn name_in_yaml(text: &str) -> StatedName {
    let mut values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("name")?;
        rest.trim_start().strip_prefix(':')
    });
    let Some(value) = values.next_back() else {
        return StatedName::Absent;
    };
    let value = value.split('#').next().unwrap_or(value).trim();
    let bare = value.trim_matches(['"', '\'']);
    match is_name(bare) {
        true => StatedName::Name(bare.to_owned()),
        false => StatedName::Computed,
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

/// The strings in a list.
fn texts(items: Vec<Literal>) -> Vec<String> {
    let texts = items.into_iter().filter_map(|item| match item {
        // Rez replaces * when it builds a package, so it is skipped.
        Literal::Text(text) if !text.contains('*') => Some(text),
        Literal::Text(_) | Literal::List(_) | Literal::Unknown => None,
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_read_from_a_package_file() {
        let stated = |text: &str| name(&Module::parse(text.as_bytes()).unwrap());
        let named = |name: &str| StatedName::Name(name.into());
        assert_eq!(
            stated("format_version = 2\n\nname = \"c47\"\n"),
            named("c47")
        );
        assert_eq!(stated("name='c47' # ours\n"), named("c47"));
        assert_eq!(stated("name = NAME\n"), StatedName::Computed);
        assert_eq!(
            stated("@early()\ndef name():\n    return 'x'\n"),
            StatedName::Computed
        );
        assert_eq!(stated("from x import *\n"), StatedName::Computed);
        assert_eq!(stated("version = '1'\n"), StatedName::Absent);
        assert_eq!(stated("names = 'x'\n"), StatedName::Absent);
        assert_eq!(name_in_yaml("name: c47\n"), named("c47"));
        assert_eq!(name_in_yaml("version: 1\n"), StatedName::Absent);
    }
}
