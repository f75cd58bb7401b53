use std::collections::BTreeMap;

use super::*;
use crate::seq::transfer::state::{Identity, State, state};

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn place(directory: usize, name: &str) -> Place {
    Place {
        directory,
        name: name.as_bytes().to_vec(),
    }
}

fn directories(count: usize) -> Vec<Directory> {
    let directory = |index| Directory {
        path: format!("/d{index}").into(),
        shown: format!("d{index}").into(),
        role: Role::Frames,
    };
    (0..count).map(directory).collect()
}

/// Files by their places, with their inode numbers.
type Files = BTreeMap<(usize, Vec<u8>), u64>;

fn key(place: &Place) -> (usize, Vec<u8>) {
    (place.directory, place.name.clone())
}

fn go(files: &mut Files, from: &Place, to: &Place) {
    let file = files.remove(&key(from)).expect("the file to move is there");
    assert_eq!(files.insert(key(to), file), None, "{to:?} is overwritten");
}

struct Case {
    operation: Operation,
    existing: Existing,
    far: bool,
    pairs: Vec<Pair>,
    files: Files,
}

/// Files in two directories; some of them go to random places, or all by one offset.
fn case(random: &mut Random) -> Case {
    let operation = Operation::ALL[random.below(4)];
    let existing = [Existing::Refuse, Existing::Replace][random.below(2)];
    let mut files = Files::new();
    let mut pairs = Vec::new();
    let is_uniform = random.below(2) == 0;
    let offset = random.below(9);
    let target = random.below(2);
    for number in 0..random.below(12) {
        let from = place(0, &(number + random.below(3) * 4).to_string());
        let inode = 100 + u64::try_from(files.len()).unwrap();
        if files.contains_key(&key(&from)) {
            continue;
        }
        files.insert(key(&from), inode);
        let number: usize = str::from_utf8(&from.name).unwrap().parse().unwrap();
        let to = match is_uniform {
            true => place(target, &(number + offset).to_string()),
            false => place(random.below(2), &random.below(20).to_string()),
        };
        if random.below(5) > 0 {
            let to = (operation != Operation::Remove).then_some(to);
            pairs.push(Pair { from, inode, to });
        }
    }
    for _ in 0..random.below(4) {
        let new = place(random.below(2), &random.below(20).to_string());
        let inode = 200 + u64::try_from(files.len()).unwrap();
        files.entry(key(&new)).or_insert(inode);
    }
    Case {
        operation,
        existing,
        far: random.below(3) == 0,
        pairs,
        files,
    }
}

impl Case {
    fn plan(&self) -> Result<Script, Refusal> {
        let taken = self.files.iter().map(|((directory, name), inode)| {
            let found = Taken {
                inode: *inode,
                is_directory: false,
            };
            (place(*directory, str::from_utf8(name).unwrap()), found)
        });
        let draft = Draft {
            operation: self.operation,
            verify: Verify::No,
            existing: self.existing,
            link: LinkKind::Hard,
            directories: &directories(2),
            is_far: &|one, other| self.far && one != other,
            anchor: 1,
            stage: ".stage",
        };
        plan(&draft, &self.pairs, &taken.collect())
    }

    /// Whether the refusal names a real collision.
    fn is_refused_rightly(&self, refusal: &Refusal) -> bool {
        let target = |place: &Place| {
            let pairs = self.pairs.iter();
            pairs.filter(|pair| pair.to.as_ref() == Some(place)).count()
        };
        let moves = self.operation == Operation::Move;
        let leaves = |place: &Place| {
            let is_it = |pair: &Pair| {
                let is_far = self.far && pair.to.as_ref().is_some_and(|to| to.directory != 0);
                pair.from == *place && !is_far
            };
            moves && self.pairs.iter().any(is_it)
        };
        match refusal {
            Refusal::Twice(places) => places.iter().all(|place| target(place) > 1),
            Refusal::Exists(places) => places.iter().all(|place| {
                self.files.contains_key(&key(place)) && target(place) > 0 && !leaves(place)
            }),
            Refusal::Cycle(first) => {
                let mut at = first.clone();
                (0..self.pairs.len()).any(|_| {
                    let next = self.pairs.iter().find(|pair| pair.from == at);
                    at = next
                        .and_then(|pair| pair.to.clone())
                        .unwrap_or_else(|| at.clone());
                    at == *first
                })
            }
            Refusal::Directory(_) => false,
        }
    }
}

/// The files after all copies and links are made.
fn make(script: &mut Script, files: &mut Files) {
    let stage = script.stage();
    let inodes: Vec<u64> = (0..script.makes.len())
        .map(|index| 1000 + index as u64)
        .collect();
    for (index, inode) in inodes.iter().enumerate() {
        files.insert((stage, Make::name(index)), *inode);
    }
    script.set_made(&inodes);
}

#[test]
fn no_file_is_lost_or_overwritten_and_undo_restores_at_any_step() {
    let (mut planned, mut refused, mut steps) = (0, 0, 0);
    for seed in 0..2000 {
        let case = case(&mut Random(seed));
        let mut script = match case.plan() {
            Ok(script) => script,
            Err(refusal) => {
                assert!(case.is_refused_rightly(&refusal), "{seed}: {refusal:?}");
                refused += 1;
                continue;
            }
        };
        planned += 1;
        let before = case.files.clone();
        let mut files = before.clone();
        make(&mut script, &mut files);
        let made = files.clone();
        for done in 0..=script.steps.len() {
            // Wherever it is interrupted, the number of steps is found.
            let seen = |place: &Place| files.get(&key(place)).copied();
            for identity in [Identity::Inode, Identity::Name] {
                let found = state(&script, identity, &seen, &|_| false);
                assert_eq!(found, Ok(State::Steps(done)), "{seed}");
            }
            let mut undone = files.clone();
            for step in script.steps[..done].iter().rev() {
                go(&mut undone, &step.to, &step.from);
            }
            assert_eq!(undone, made, "{seed}");
            let Some(step) = script.steps.get(done) else {
                break;
            };
            let mut both = files.clone();
            both.insert(key(&step.to), both[&key(&step.from)]);
            let seen = |place: &Place| both.get(&key(place)).copied();
            for identity in [Identity::Inode, Identity::Name] {
                let is_same = |step: &Step| seen(&step.from) == seen(&step.to);
                let found = state(&script, identity, &seen, &is_same);
                assert_eq!(found, Ok(State::Both(done)), "{seed}");
            }
            go(&mut files, &step.from, &step.to);
            steps += 1;
        }
        check_end(&case, &script, &before, &files, seed);
    }
    assert!(
        planned > 1000 && refused > 200 && steps > 5000,
        "{planned} {refused} {steps}"
    );
}

/// After all steps every file is in its new place, and no other file has changed.
fn check_end(case: &Case, script: &Script, before: &Files, after: &Files, seed: u64) {
    let outside = |place: &&(usize, Vec<u8>)| place.0 < 2;
    let mut expected = before.clone();
    if case.operation == Operation::Move || case.operation == Operation::Remove {
        for pair in &case.pairs {
            expected.remove(&key(&pair.from));
        }
    }
    let stage = script.stage();
    for pair in &case.pairs {
        let Some(to) = &pair.to else { continue };
        // A copy has an inode number of its own.
        let is_made = |make: &Make| make.from == pair.from;
        let inode = match script.makes.iter().position(is_made) {
            Some(index) => {
                let step = |step: &&Step| {
                    step.from
                        == Place {
                            directory: stage,
                            name: Make::name(index),
                        }
                };
                script.steps.iter().find(step).unwrap().inode
            }
            None => pair.inode,
        };
        expected.insert(key(to), inode);
    }
    let found: Vec<_> = after.iter().filter(|(place, _)| outside(place)).collect();
    assert_eq!(found, expected.iter().collect::<Vec<_>>(), "{seed}");
    // Nothing is deleted but what was replaced or removed.
    let kept = after.keys().filter(|place| !outside(place)).count();
    let gone = before
        .values()
        .filter(|inode| !expected.values().any(|other| other == *inode));
    assert_eq!(kept, gone.count(), "{seed}");
}

#[test]
fn relative_targets_lead_to_their_files() {
    for (from, to, expected) in [
        ("/a/b", "/a/b", ""),
        ("/a/b", "/a/c/d", "../c/d"),
        ("/a/b/c", "/a", "../.."),
        ("/", "/a", "a"),
        ("/a", "/", ".."),
    ] {
        assert_eq!(
            relative(Path::new(from), Path::new(to)),
            Path::new(expected)
        );
    }
}
