//! The history in a folder `ascmhl`: all its generations together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::chain::{self, Link, MOST_GENERATIONS};
use super::ignore::Ignore;
use super::manifest::{self, Entry, Manifest};
use super::{CHAIN, FOLDER};
use crate::descriptor;
use crate::error::Error;
use crate::seq::sums::algorithm::Algorithm;
use crate::sort::Sortable;

/// Limit for the size of a manifest.
const MOST_BYTES: u64 = 1 << 30;
/// How often a history is read while another process writes it.
const ATTEMPTS: usize = 3;
const PAUSE: Duration = Duration::from_millis(100);
/// The patterns of a new history.
const DEFAULT_IGNORE: [&str; 3] = [".DS_Store", "ascmhl", "ascmhl/"];

/// What all generations together say about a file.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub original: Option<(Algorithm, Vec<u8>)>,
    /// The first checksum of each algorithm, in the order of the generations.
    pub first: Vec<(Algorithm, Vec<u8>)>,
}

/// A history.
#[derive(Debug)]
pub(super) struct History {
    /// The directory that it is about.
    pub root: PathBuf,
    /// The root below that of the outermost history; empty for the outermost.
    pub relative: String,
    /// The history that it is nested in.
    pub parent: Option<usize>,
    /// The text of the chain file; `None` for a new history.
    pub chain_text: Option<Vec<u8>>,
    pub chain: Vec<Link>,
    /// The number of the last generation.
    pub latest: u64,
    pub known: BTreeMap<String, Known>,
    /// The earlier path of each renamed file.
    pub renamed: BTreeMap<String, String>,
    /// Earlier paths that no later generation has.
    gone: BTreeSet<String>,
    /// The patterns of the last generation.
    pub ignore_patterns: Vec<String>,
    pub ignore: Ignore,
    /// The algorithm of the last generation.
    pub algorithm: Option<Algorithm>,
    /// The manifests of nested histories, and their C4 IDs.
    pub references: Vec<(String, Vec<u8>)>,
    /// Manifests that are not in the chain.
    pub unchained: Vec<PathBuf>,
}

impl History {
    /// A history without generations.
    pub(super) fn new(root: &Path, relative: &str, parent: Option<usize>) -> History {
        let patterns = DEFAULT_IGNORE.map(str::to_owned).to_vec();
        History {
            root: root.to_owned(),
            relative: relative.to_owned(),
            parent,
            chain_text: None,
            chain: Vec::new(),
            latest: 0,
            known: BTreeMap::new(),
            renamed: BTreeMap::new(),
            gone: BTreeSet::new(),
            ignore: Ignore::of(&patterns),
            ignore_patterns: patterns,
            algorithm: None,
            references: Vec::new(),
            unchained: Vec::new(),
        }
    }

    /// Reads the history in the folder of `root`. All manifests in the chain must exist and be unchanged.
    /// An empty folder is a new history.
    ///
    /// # Errors
    /// When a file is missing, modified or malformed.
    pub(super) fn load(
        root: &Path,
        relative: &str,
        parent: Option<usize>,
    ) -> Result<History, Error> {
        let mut history = History::new(root, relative, parent);
        let folder = root.join(FOLDER);
        let mut attempts = ATTEMPTS;
        let mut names = loop {
            attempts -= 1;
            let names = manifests(&folder)?;
            let is_consistent = history.read_chain(&folder, &names)?;
            if is_consistent || attempts == 0 {
                break names;
            }
            // Another process may have written a manifest, and is about to write the chain.
            thread::sleep(PAUSE);
        };
        if history.chain_text.is_none() && !names.is_empty() {
            let path = folder.join(CHAIN);
            return Err(Error::file("read", &path)(io::ErrorKind::NotFound.into()));
        }
        names.extend(history.chain.iter().map(|one| one.name.clone()));
        let mut numbered: Vec<(u64, String)> = names
            .into_iter()
            .filter_map(|name| Some((number_of(&name)?, name)))
            .collect();
        numbered.order();
        for (number, name) in numbered {
            history.load_generation(&folder.join(&name), &name)?;
            history.latest = number;
        }
        Ok(history)
    }

    /// Reads the chain file. Returns whether it has all these manifests.
    fn read_chain(&mut self, folder: &Path, names: &BTreeSet<String>) -> Result<bool, Error> {
        let path = folder.join(CHAIN);
        self.chain_text = read_if_exists(&path)?;
        self.chain = match &self.chain_text {
            Some(bytes) => {
                let text = text_of(&path, bytes)?;
                chain::parse(text).map_err(|fault| bad(&path, fault))?
            }
            None => Vec::new(),
        };
        let in_chain: BTreeSet<&str> = self.chain.iter().map(|one| &*one.name).collect();
        let others = names
            .iter()
            .filter(|name| !in_chain.contains(name.as_str()));
        self.unchained = others.map(|name| folder.join(name)).collect();
        Ok(self.unchained.is_empty())
    }

    fn load_generation(&mut self, path: &Path, name: &str) -> Result<(), Error> {
        let bytes = read(path)?;
        for link in self.chain.iter().filter(|link| link.name == name) {
            if link.algorithm.of(&bytes) != link.sum {
                return Err(bad(
                    path,
                    "modified: its checksum is not the one in the chain",
                ));
            }
        }
        let found = manifest::parse(text_of(path, &bytes)?).map_err(|fault| bad(path, fault))?;
        self.add(found);
        Ok(())
    }

    /// Adds the next generation.
    fn add(&mut self, found: Manifest) {
        let first = found.hashes.iter().find_map(|hash| hash.entries.first());
        let algorithm = found.root.first().copied();
        self.algorithm = algorithm
            .or(first.map(|entry| entry.algorithm))
            .or(self.algorithm);
        if !found.ignore.is_empty() {
            self.ignore = Ignore::of(&found.ignore);
            self.ignore_patterns = found.ignore;
        }
        self.references = found.references;
        for hash in found.hashes {
            if let Some(previous) = hash.previous {
                self.known
                    .entry(previous.clone())
                    .or_default()
                    .add(&hash.entries);
                if previous != hash.path {
                    self.gone.insert(previous.clone());
                    self.renamed.insert(hash.path.clone(), previous);
                }
            }
            self.gone.remove(&hash.path);
            self.known.entry(hash.path).or_default().add(&hash.entries);
        }
    }

    /// What is known about a file, also under an earlier name.
    pub(super) fn known_about(&self, path: &str) -> Option<&Known> {
        let mut path = path;
        // A file was renamed at most once in each generation, and never in a circle.
        for _ in 0..MOST_GENERATIONS {
            match self.renamed.get(path) {
                Some(previous) => path = previous,
                None => break,
            }
        }
        self.known.get(path)
    }

    /// The paths that should exist: all recorded ones except those that were renamed later.
    pub(super) fn expected(&self) -> impl Iterator<Item = &str> {
        let paths = self.known.keys().map(String::as_str);
        paths.filter(|path| !self.gone.contains(*path))
    }
}

impl Known {
    fn add(&mut self, entries: &[Entry]) {
        for entry in entries {
            if entry.is_original && self.original.is_none() {
                self.original = Some((entry.algorithm, entry.sum.clone()));
            }
            if self.sum(entry.algorithm).is_none() {
                self.first.push((entry.algorithm, entry.sum.clone()));
            }
        }
    }

    /// The first checksum with this algorithm.
    pub(super) fn sum(&self, algorithm: Algorithm) -> Option<&[u8]> {
        let found = self.first.iter().find(|(one, _)| *one == algorithm);
        found.map(|(_, sum)| sum.as_slice())
    }
}

fn bad(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::malformed(path.display().to_string(), why)
}

fn text_of<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b str, Error> {
    str::from_utf8(bytes).map_err(|_| bad(path, "it is not UTF-8"))
}

/// The names of the manifests in a folder. Those that macOS adds for its attributes are skipped.
fn manifests(folder: &Path) -> Result<BTreeSet<String>, Error> {
    let fail = |error| Error::file("read", folder)(error);
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        let name = name.to_str().filter(|name| number_of(name).is_some());
        names.extend(name.map(str::to_owned));
        if names.len() > MOST_GENERATIONS {
            return Err(bad(folder, "too many generations"));
        }
    }
    Ok(names)
}

/// The number of a generation in the name of its manifest: `0001_shots_2020-01-16_091500Z.mhl`.
fn number_of(name: &str) -> Option<u64> {
    let stem = name.strip_suffix(".mhl")?;
    let (number, rest) = match stem.split_once('_') {
        Some((number, rest)) => (number, Some(rest)),
        None => (stem, None),
    };
    let is_number = number.len() >= 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|_| is_number)?;
    (rest != Some("")).then_some(number)
}

/// Reads a file of a history, if it exists. It is not followed if it is a symlink.
pub(super) fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        _ => read(path).map(Some),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let fail = |error| Error::file("read", path)(error);
    let open = || -> io::Result<File> {
        let file = descriptor::open_no_link(path)?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::other("it is not a regular file")),
        }
    };
    let mut bytes = Vec::new();
    let limit = MOST_BYTES + 1;
    let file = open().map_err(fail)?;
    file.take(limit).read_to_end(&mut bytes).map_err(fail)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length < limit => Ok(bytes),
        Ok(_) | Err(_) => Err(bad(path, "it is larger than 1 GiB")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_generations_are_read() {
        for (name, number) in [
            ("0001_shots_2020-01-16_091500Z.mhl", Some(1)),
            ("0012.mhl", Some(12)),
            ("12345_a.mhl", Some(12345)),
            ("001_a.mhl", None),
            ("0001_.mhl", None),
            ("0001_a.xml", None),
            ("._0001_a.mhl", None),
            ("+001_a.mhl", None),
            ("99999999999999999999999_a.mhl", None),
        ] {
            assert_eq!(number_of(name), number, "{name}");
        }
    }

    #[test]
    fn files_are_known_by_their_earlier_names() {
        let mut history = History::new(Path::new("/a"), "", None);
        let generation = |path: &str, previous: Option<&str>, is_original| Manifest {
            hashes: vec![manifest::MediaHash {
                path: path.to_owned(),
                previous: previous.map(str::to_owned),
                entries: vec![Entry {
                    algorithm: Algorithm::Md5,
                    sum: vec![1],
                    is_original,
                }],
            }],
            ..Manifest::default()
        };
        history.add(generation("a", None, true));
        history.add(generation("b", Some("a"), false));
        history.add(generation("c", Some("b"), false));
        assert_eq!(history.expected().collect::<Vec<_>>(), ["c"]);
        assert!(history.known_about("c").unwrap().original.is_some());
        // A circle ends.
        history.add(generation("a", Some("c"), false));
        assert!(history.known_about("a").is_some());
        assert_eq!(history.algorithm, Some(Algorithm::Md5));
    }
}
