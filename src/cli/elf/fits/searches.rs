//! `--why`: how a symbol is searched for.

use std::fmt;
use std::path::Path;

use nanoserde::SerJson;

use crate::cli::elf::shown;
use crate::elf::demangle::demangled;
use crate::elf::fits;
use crate::escape::one_line;

#[derive(SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Searches {
    path: String,
    host: String,
    symbol: String,
    searches: Vec<Search>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Search {
    object: String,
    symbol: String,
    demangled: Option<String>,
    version: Option<String>,
    weak: bool,
    bound_to: Option<String>,
    definitions: Vec<Definition>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Definition {
    library: String,
    version: Option<String>,
    default: bool,
    weak: bool,
    in_reach: bool,
}

impl Searches {
    pub(super) fn of(
        plugin: &Path,
        host: &Path,
        symbol: &str,
        searches: &[fits::Search],
    ) -> Searches {
        Searches {
            path: shown(plugin),
            host: shown(host),
            symbol: symbol.to_owned(),
            searches: searches.iter().map(Search::of).collect(),
        }
    }

    /// Whether nothing refers to the symbol.
    pub(super) fn is_empty(&self) -> bool {
        self.searches.is_empty()
    }
}

impl Search {
    fn of(search: &fits::Search) -> Search {
        let definitions = search.candidates.iter().map(|candidate| Definition {
            library: shown(&candidate.library),
            version: candidate.version.clone(),
            default: !candidate.hidden,
            weak: candidate.weak,
            in_reach: candidate.in_reach,
        });
        Search {
            object: shown(&search.object),
            demangled: demangled(&search.symbol),
            symbol: search.symbol.clone(),
            version: search.version.clone(),
            weak: search.weak,
            bound_to: search.bound_to.as_ref().map(shown),
            definitions: definitions.collect(),
        }
    }
}

impl fmt::Display for Searches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.searches.is_empty() {
            let (path, symbol) = (one_line(&self.path), one_line(&self.symbol));
            return writeln!(f, "{path} and what it brings do not refer to {symbol}");
        }
        for search in &self.searches {
            let name = search.demangled.as_ref().unwrap_or(&search.symbol);
            let version = match &search.version {
                Some(version) => format!(", version {version}"),
                None => String::new(),
            };
            let bound = match &search.bound_to {
                Some(library) => one_line(library),
                None if search.weak => "nothing (it is weak)".to_owned(),
                None => "nothing: it is undefined".to_owned(),
            };
            writeln!(
                f,
                "{} refers to {}{} => {bound}",
                one_line(&search.object),
                one_line(name),
                one_line(&version)
            )?;
            for definition in &search.definitions {
                writeln!(f, "  {}", one_line(&definition.text()))?;
            }
        }
        Ok(())
    }
}

impl Definition {
    fn text(&self) -> String {
        let mut notes: Vec<String> = Vec::new();
        match &self.version {
            Some(version) if self.default => notes.push(format!("{version}, the default")),
            Some(version) => notes.push(version.clone()),
            None => {}
        }
        if self.weak {
            notes.push("weak".to_owned());
        }
        if !self.in_reach {
            notes.push("not searched".to_owned());
        }
        match notes.is_empty() {
            true => self.library.clone(),
            false => format!("{} ({})", self.library, notes.join(", ")),
        }
    }
}
