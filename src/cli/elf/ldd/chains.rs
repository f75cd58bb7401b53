//! `--why`: the ways by which a library comes to be loaded.

use std::ffi::OsStr;
use std::fmt;

use nanoserde::SerJson;

use super::report::{rule, why};
use crate::cli::elf::shown;
use crate::elf::tree::{Tree, Wanted};
use crate::escape::one_line;

/// Why a library is loaded: for each object that needs it the shortest way to it.
#[derive(SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Chains {
    path: String,
    library: String,
    pub chains: Vec<Vec<String>>,
}

impl Chains {
    pub(super) fn of(tree: &Tree, wanted: &str) -> Chains {
        let mut chains = Vec::new();
        let needing = tree.needing();
        for (number, object) in tree.objects.iter().enumerate().skip(1) {
            let soname = object.library.linkage.soname.as_deref();
            if is_meant(&object.name, wanted)
                || is_meant(&object.path, wanted)
                || soname.is_some_and(|soname| is_meant(soname, wanted))
            {
                let end = format!("{} ({})", shown(&object.path), rule(object));
                chains.extend(chains_to(tree, needing.of(Wanted::Loaded(number)), &end));
            }
        }
        for (number, missing) in tree.missing.iter().enumerate() {
            if is_meant(&missing.name, wanted) {
                let end = format!("{} ({})", shown(&missing.name), why(&missing.why));
                chains.extend(chains_to(tree, needing.of(Wanted::Missing(number)), &end));
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

fn chains_to(tree: &Tree, needing: &[usize], end: &str) -> Vec<Vec<String>> {
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
