//! `--why`: the dependency chains that load a library.

use std::ffi::OsStr;
use std::fmt;

use nanoserde::SerJson;

use super::report::{rule, why};
use crate::cli::elf::shown;
use crate::elf::family::{family, without_hash};
use crate::elf::tree::{Resolution, Tree};
use crate::escape::one_line;

/// Why a library is loaded: the shortest chain to each object that needs it.
#[derive(SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Chains {
    path: String,
    library: String,
    pub chains: Vec<Vec<String>>,
}

impl Chains {
    pub(super) fn of(tree: &Tree, wanted: &str) -> Chains {
        let dependents = tree.dependents();
        let loaded = tree.objects.iter().enumerate().skip(1);
        let loaded = loaded.filter_map(|(number, object)| {
            let soname = object.library.linkage.soname.as_deref();
            let names = [Some(&*object.name), Some(&*object.path), soname];
            let qualities = names
                .into_iter()
                .flatten()
                .filter_map(|name| match_quality(name, wanted));
            Some((qualities.min()?, Resolution::Loaded(number)))
        });
        let missing = tree.missing.iter().enumerate();
        let missing = missing.filter_map(|(number, missing)| {
            Some((
                match_quality(&missing.name, wanted)?,
                Resolution::Missing(number),
            ))
        });
        let found: Vec<(MatchQuality, Resolution)> = loaded.chain(missing).collect();
        // Only the best matches: 'libc' is libc.so.6, not libcurl as well.
        let best = found.iter().map(|(quality, _)| *quality).min();
        let mut chains = Vec::new();
        for (_, wanted) in found.iter().filter(|(quality, _)| Some(*quality) == best) {
            let end = match *wanted {
                Resolution::Loaded(number) => tree
                    .objects
                    .get(number)
                    .map(|object| format!("{} ({})", shown(&object.path), rule(object))),
                Resolution::Missing(number) => tree
                    .missing
                    .get(number)
                    .map(|missing| format!("{} ({})", shown(&missing.name), why(&missing.why))),
            };
            chains.extend(chains_to(
                tree,
                dependents.of(*wanted),
                &end.unwrap_or_default(),
            ));
        }
        Chains {
            path: shown(&tree.path),
            library: wanted.to_owned(),
            chains,
        }
    }
}

/// How well a name matches the argument. Smaller is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum MatchQuality {
    /// The path, the file name or the SONAME, or one of these without the hash that wheels add:
    /// `libtbb.so.12` of `libtbb-091225fa.so.12`.
    Name,
    /// The name up to a dot: `libssl` or `libssl.so` for `libssl.so.3`.
    Stem,
    /// The library without version and hash: `libOpenEXR` for `libOpenEXR-3_1.so.30`.
    Family,
    /// The start of one of these.
    Start,
}

fn match_quality(name: &OsStr, wanted: &str) -> Option<MatchQuality> {
    let name = name.to_string_lossy();
    let base = name.rsplit('/').next().unwrap_or(&name);
    if name == wanted && !wanted.is_empty() {
        return Some(MatchQuality::Name);
    }
    // A hash starts with a dash, so all forms of the name agree before it. This cheap test skips
    // most names.
    let before = base.find('-').unwrap_or(base.len()).min(wanted.len());
    if wanted.is_empty() || base.as_bytes().get(..before) != wanted.as_bytes().get(..before) {
        return None;
    }
    let plain = without_hash(base);
    let stem = |base: &str| {
        let rest = base.strip_prefix(wanted);
        rest.is_some_and(|rest| rest.starts_with('.'))
    };
    if base == wanted || plain == wanted {
        Some(MatchQuality::Name)
    } else if stem(base) || stem(&plain) {
        Some(MatchQuality::Stem)
    } else if family(base) == wanted {
        Some(MatchQuality::Family)
    } else if base.starts_with(wanted) || plain.starts_with(wanted) {
        Some(MatchQuality::Start)
    } else {
        None
    }
}

fn chains_to(tree: &Tree, dependents: &[usize], end: &str) -> Vec<Vec<String>> {
    if dependents.is_empty() {
        return vec![vec![end.to_owned()]];
    }
    let chain = |last: usize| {
        let mut chain = vec![end.to_owned()];
        let mut link = Some(last);
        // A loader always has a smaller number than what it loads, so this ends.
        while let Some(object) = link.and_then(|number| tree.objects.get(number)) {
            chain.push(shown(&object.path));
            link = object.loader;
        }
        chain.reverse();
        chain
    };
    dependents.iter().copied().map(chain).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_matched_by_soname_family_file_name_or_prefix() {
        let tbb = "/x/lib/../libtbb-091225fa.so.12.12";
        for (name, wanted, expected) in [
            (tbb, "libtbb", Some(MatchQuality::Stem)),
            (tbb, "libtbb.so", Some(MatchQuality::Stem)),
            (tbb, "libtbb.so.12", Some(MatchQuality::Stem)),
            (tbb, "libtbb.so.12.12", Some(MatchQuality::Name)),
            (tbb, "libtbb-091225fa.so.12.12", Some(MatchQuality::Name)),
            (tbb, "libtbb-091225fa", Some(MatchQuality::Stem)),
            (tbb, tbb, Some(MatchQuality::Name)),
            (tbb, "libtb", Some(MatchQuality::Start)),
            (tbb, "tbb", None),
            (tbb, "", None),
            (
                "libOpenEXR-3_1.so.30",
                "libOpenEXR",
                Some(MatchQuality::Family),
            ),
            (
                "libpython3.11.so.1.0",
                "libpython",
                Some(MatchQuality::Family),
            ),
            ("libssl.so.3", "libssl", Some(MatchQuality::Stem)),
            ("libcurl.so.4", "libc", Some(MatchQuality::Start)),
        ] {
            assert_eq!(
                match_quality(OsStr::new(name), wanted),
                expected,
                "{name} {wanted}"
            );
        }
    }
}
