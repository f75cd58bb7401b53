//! Plans a run from names alone: what collides, and the order of the renames.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::script::{Directory, Make, Operation, Place, Role, Script, Step, Verify, Way};

/// A file and its new place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub from: Place,
    pub inode: u64,
    /// `None`: it is removed.
    pub to: Option<Place>,
}

/// A name that exists where a file is to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub inode: u64,
    pub is_directory: bool,
}

/// What to do with files that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Refuse,
    Replace,
}

/// Why a run is refused. Nothing has been changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// These exist, and the run does not move them away.
    Exists(Vec<Place>),
    /// These are directories.
    Directory(Vec<Place>),
    /// Two files have the same new place.
    Twice(Vec<Place>),
    /// Files exchange their places.
    Cycle(Place),
}

/// What the steps depend on, in addition to the pairs.
pub(crate) struct Draft<'d> {
    pub operation: Operation,
    pub verify: Verify,
    pub existing: Existing,
    /// Whether `ln` makes symlinks.
    pub link: LinkKind,
    /// The directories with frames.
    pub directories: &'d [Directory],
    /// Whether a rename between two directories cannot work.
    pub is_far: &'d dyn Fn(usize, usize) -> bool,
    /// The directory that has the hidden directory with the journal.
    pub anchor: usize,
    /// The name of the hidden directories.
    pub stage: &'d str,
}

/// The links that `ln` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkKind {
    Hard,
    /// With a relative target.
    Symbolic,
}

/// Plans a run. Pairs whose two places are the same are left out.
///
/// # Errors
/// When a new place is not free. Nothing is ever overwritten, except what `existing` allows.
pub(crate) fn plan(
    draft: &Draft,
    pairs: &[Pair],
    taken: &BTreeMap<Place, Taken>,
) -> Result<Script, Refusal> {
    let moves = draft.operation == Operation::Move;
    let replaced = replaced(draft, pairs, taken)?;
    let order = match moves {
        true => order(pairs)?,
        false => (0..pairs.len()).collect(),
    };
    let mut builder = Builder::new(draft);
    let mut sources = Vec::new();
    for pair in order.into_iter().filter_map(|index| pairs.get(index)) {
        let Some(to) = &pair.to else {
            builder.put_away(&pair.from, pair.inode);
            continue;
        };
        if *to == pair.from {
            continue;
        }
        if let Some(old) = replaced.get(to) {
            builder.put_away(to, *old);
        }
        let is_far = (draft.is_far)(pair.from.directory, to.directory);
        match draft.operation {
            Operation::Move if !is_far => builder.rename(&pair.from, to, pair.inode),
            Operation::Move => {
                builder.make(Way::Carry, &pair.from, to);
                sources.push(pair);
            }
            Operation::Copy | Operation::Remove => builder.make(Way::Copy, &pair.from, to),
            Operation::Link => {
                let way = builder.link(&pair.from, to);
                builder.make(way, &pair.from, to);
            }
        }
    }
    // After every copy is in its place.
    for pair in sources {
        builder.put_away(&pair.from, pair.inode);
    }
    Ok(builder.script)
}

/// The files to replace, with their inode numbers.
fn replaced(
    draft: &Draft,
    pairs: &[Pair],
    taken: &BTreeMap<Place, Taken>,
) -> Result<BTreeMap<Place, u64>, Refusal> {
    let (mut leaving, mut last) = (BTreeSet::new(), BTreeSet::new());
    for pair in pairs.iter().filter(|_| draft.operation == Operation::Move) {
        let Some(to) = &pair.to else { continue };
        // A file that is copied to another file system leaves when all others are in their places.
        match (draft.is_far)(pair.from.directory, to.directory) {
            true => last.insert(&pair.from),
            false => leaving.insert(&pair.from),
        };
    }
    let mut targets = BTreeSet::new();
    let (mut twice, mut exist, mut directories) = (Vec::new(), Vec::new(), Vec::new());
    let mut replaced = BTreeMap::new();
    for pair in pairs {
        let Some(to) = &pair.to else { continue };
        if !targets.insert(to) {
            twice.push(to.clone());
        }
        if *to == pair.from || leaving.contains(to) {
            continue;
        }
        match taken.get(to) {
            None => {}
            Some(found) if found.is_directory => directories.push(to.clone()),
            Some(found) if draft.existing == Existing::Replace && !last.contains(to) => {
                replaced.insert(to.clone(), found.inode);
            }
            Some(_) => exist.push(to.clone()),
        }
    }
    match (twice.is_empty(), directories.is_empty(), exist.is_empty()) {
        (false, _, _) => Err(Refusal::Twice(twice)),
        (true, false, _) => Err(Refusal::Directory(directories)),
        (true, true, false) => Err(Refusal::Exists(exist)),
        (true, true, true) => Ok(replaced),
    }
}

/// The order in which each new place is free when its turn comes: a file that occupies the new place
/// of another one is moved first.
fn order(pairs: &[Pair]) -> Result<Vec<usize>, Refusal> {
    let from: BTreeMap<&Place, usize> = pairs
        .iter()
        .enumerate()
        .map(|(index, pair)| (&pair.from, index))
        .collect();
    let mut order = Vec::with_capacity(pairs.len());
    let mut is_placed = vec![false; pairs.len()];
    for first in 0..pairs.len() {
        let mut chain: Vec<usize> = Vec::new();
        let mut next = Some(first);
        while let Some(index) = next {
            let (Some(pair), Some(placed)) = (pairs.get(index), is_placed.get_mut(index)) else {
                break;
            };
            if *placed {
                // Met in this chain, and not with itself.
                if chain.contains(&index) {
                    return Err(Refusal::Cycle(pair.from.clone()));
                }
                break;
            }
            *placed = true;
            chain.push(index);
            let occupied = pair.to.as_ref().filter(|to| **to != pair.from);
            next = occupied.and_then(|to| from.get(to)).copied();
        }
        order.extend(chain.into_iter().rev());
    }
    Ok(order)
}

struct Builder<'d> {
    draft: &'d Draft<'d>,
    script: Script,
    /// The hidden directory for the old files of each directory.
    stages: BTreeMap<usize, usize>,
    /// The relative path between two directories.
    between: BTreeMap<(usize, usize), PathBuf>,
    put_away: usize,
}

impl<'d> Builder<'d> {
    fn new(draft: &'d Draft<'d>) -> Builder<'d> {
        let mut builder = Builder {
            draft,
            script: Script {
                operation: draft.operation,
                verify: draft.verify,
                directories: draft.directories.to_vec(),
                makes: Vec::new(),
                steps: Vec::new(),
            },
            stages: BTreeMap::new(),
            between: BTreeMap::new(),
            put_away: 0,
        };
        builder.stage(draft.anchor);
        builder
    }

    /// The hidden directory in a directory.
    fn stage(&mut self, directory: usize) -> usize {
        if let Some(stage) = self.stages.get(&directory) {
            return *stage;
        }
        let stage = self.script.directories.len();
        let inside = |path: &Path| path.join(self.draft.stage);
        if let Some(around) = self.draft.directories.get(directory) {
            let new = Directory {
                path: inside(&around.path),
                shown: inside(&around.shown),
                role: Role::Stage,
            };
            self.script.directories.push(new);
        }
        self.stages.insert(directory, stage);
        stage
    }

    fn rename(&mut self, from: &Place, to: &Place, inode: u64) {
        let (from, to) = (from.clone(), to.clone());
        self.script.steps.push(Step { from, to, inode });
    }

    /// Moves a file to the hidden directory beside it, where it is deleted at the end.
    fn put_away(&mut self, from: &Place, inode: u64) {
        let directory = self.stage(from.directory);
        let name = format!("old.{}", self.put_away).into_bytes();
        self.put_away += 1;
        self.rename(from, &Place { directory, name }, inode);
    }

    /// Makes a file in the hidden directory, and moves it to its place later.
    fn make(&mut self, way: Way, from: &Place, to: &Place) {
        let directory = self.stage(self.draft.anchor);
        let name = Make::name(self.script.makes.len());
        let from = from.clone();
        self.script.makes.push(Make { way, from });
        self.rename(&Place { directory, name }, to, 0);
    }

    fn link(&mut self, from: &Place, to: &Place) -> Way {
        match self.draft.link {
            LinkKind::Hard => Way::HardLink,
            LinkKind::Symbolic => {
                let path = |place: &Place| match self.draft.directories.get(place.directory) {
                    Some(directory) => directory.path.as_path(),
                    None => Path::new("/"),
                };
                let (source, target) = (path(from), path(to));
                let key = (from.directory, to.directory);
                let between = self.between.entry(key);
                let between = between.or_insert_with(|| relative(target, source));
                let target = between.join(std::ffi::OsStr::from_bytes(&from.name));
                Way::Symlink(target.into_os_string().into_encoded_bytes())
            }
        }
    }
}

/// The path of `to`, as seen from the directory `from`. Both are absolute without symlinks.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let (from, to): (Vec<Component>, Vec<Component>) =
        (from.components().collect(), to.components().collect());
    let pairs = from.iter().zip(&to);
    let common = pairs.take_while(|(one, other)| one == other).count();
    let up = from.iter().skip(common).map(|_| Component::ParentDir);
    up.chain(to.into_iter().skip(common)).collect()
}

#[cfg(test)]
mod tests;
