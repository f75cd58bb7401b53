//! Compares `c47 seq ls` with fileseq and pyseq, and lists directories that are hard to list.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::support::{self, Run, Scratch, c47, peers};

/// The names of the files of a sequence.
type Group = BTreeSet<String>;

/// Prints for each directory below the first argument: its name, and the names of the files of each
/// sequence of fileseq and of pyseq, as a line of JSON.
const PEERS: &str = "
import json, os, sys, fileseq, pyseq
root = sys.argv[1]
for name in sorted(os.listdir(root)):
    path = os.path.join(root, name)
    found = fileseq.findSequencesOnDisk(path, strictPadding=True)
    of_fileseq = [[os.path.basename(file) for file in sequence] for sequence in found]
    of_pyseq = [[file.name for file in sequence] for sequence in pyseq.get_sequences(path)]
    print(json.dumps([name, of_fileseq, of_pyseq]))
";

/// A small generator of pseudo-random numbers (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// Which peers find a sequence, and why one does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The frame is the last number before the extension: all agree.
    Plain,
    /// Text follows the frame. fileseq sees no frame there.
    Suffix,
    /// Several versions, each with all frames. pyseq adds files to a sequence by their difference from
    /// one other file, and finds some sequences of versions instead.
    Versions,
    /// One file for each version. fileseq sees the last number, which is the version, as c47 does.
    VersionFiles,
    /// Numbers with a minus sign. pyseq reads them as positive.
    Negative,
    /// The same frames with and without padding. pyseq merges them.
    MixedPadding,
    /// The extension has two parts.
    TwoExtensions,
}

/// The files of a sequence that must be found.
struct Expected {
    kind: Kind,
    group: Group,
}

/// The frames of a generated sequence, some of them missing.
fn frames(dice: &mut Dice) -> Vec<i64> {
    let first = [1, 8, 95, 998, 1001, 9998][dice.below(6)];
    let count = 2 + i64::try_from(dice.below(12)).unwrap();
    let mut frames: Vec<i64> = (first..first + count).collect();
    while frames.len() > 2 && dice.below(3) == 0 {
        frames.remove(dice.below(frames.len()));
    }
    frames
}

/// Sequences as renders, scans, cameras and compositors write them. `name` is new for each call.
fn sequences(dice: &mut Dice, name: &str) -> Vec<Expected> {
    const STEMS: [&str; 8] = [
        "beauty",
        "sh010_comp_v003",
        "plate_2048x1080",
        "depth_L",
        "depth_R",
        "IMG_20240131",
        "crypto00_v12",
        "sh010_2024-01-31",
    ];
    let stem = format!("{name}_{}", dice.one(&STEMS));
    let separator = dice.one(&[".", "_"]);
    let extension = dice.one(&["exr", "dpx", "jpg", "tif", "mp4", "jp2", "b44", "v4"]);
    let width = [1, 3, 4, 6][dice.below(4)];
    let frames = frames(dice);
    let named = |make: &dyn Fn(i64) -> String| frames.iter().map(|frame| make(*frame)).collect();
    let one = |kind, group| vec![Expected { kind, group }];
    let plain = |frame: i64| format!("{stem}{separator}{frame:0width$}.{extension}");
    match dice.below(10) {
        0 => one(
            Kind::Suffix,
            named(&|frame| format!("{stem}.{frame:0width$}_L.{extension}")),
        ),
        1 => {
            let version = |version: usize| Expected {
                kind: Kind::Versions,
                group: named(&|frame| format!("{name}_v{version:03}.{frame:0width$}.{extension}")),
            };
            vec![version(1), version(2), version(3)]
        }
        2 => one(
            Kind::VersionFiles,
            named(&|frame| format!("{name}_comp_v{frame:03}.nk")),
        ),
        3 => one(
            Kind::Negative,
            (-4..=4_i64)
                .map(|frame| format!("{stem}.{frame:04}.{extension}"))
                .collect(),
        ),
        4 => {
            let padded = |width: usize| Expected {
                kind: Kind::MixedPadding,
                group: (1..=5)
                    .map(|frame| format!("{stem}.{frame:0width$}.{extension}"))
                    .collect(),
            };
            vec![padded(1), padded(4)]
        }
        5 => one(
            Kind::TwoExtensions,
            named(&|frame| format!("{stem}.{frame:0width$}.bgeo.sc")),
        ),
        _ => one(Kind::Plain, named(&plain)),
    }
}

/// The groups of at least two files of each directory.
fn groups_of_c47(root: &Path) -> BTreeMap<String, BTreeSet<Group>> {
    let report = c47()
        .args(["seq", "ls", "--recursive", "--json"])
        .current_dir(root)
        .run()
        .expect_code(0)
        .json();
    let mut groups: BTreeMap<String, BTreeSet<Group>> = BTreeMap::new();
    for sequence in report["sequences"].as_array().unwrap() {
        let text = |name: &str| sequence[name].as_str().unwrap().to_owned();
        let (directory, pattern) = (text("directory"), text("pattern"));
        let (prefix, suffix) = (text("prefix"), text("suffix"));
        let width = usize::try_from(sequence["padding"].as_u64().unwrap()).unwrap();
        // The names from the range, so that nothing of c47's matching is used.
        let mut group = Group::new();
        for part in text("range").split(',') {
            let (part, step) = part.split_once('x').unwrap_or((part, "1"));
            let dash = part.get(1..).and_then(|rest| rest.find('-'));
            let (first, last) = match dash {
                Some(at) => (&part[..=at], &part[at + 2..]),
                None => (part, part),
            };
            let number = |text: &str| text.parse::<i64>().unwrap();
            let frames = (number(first)..=number(last)).step_by(step.parse().unwrap());
            group.extend(frames.map(|frame| format!("{prefix}{frame:0width$}{suffix}")));
        }
        assert_eq!(
            group.len(),
            sequence["count"].as_u64().unwrap() as usize,
            "{pattern}"
        );
        let directory = directory.trim_start_matches("./").to_owned();
        assert!(
            groups.entry(directory).or_default().insert(group),
            "{pattern} twice"
        );
    }
    groups
}

#[test]
fn sequences_are_those_of_fileseq_and_pyseq() {
    let Some(python) = peers::python(&["fileseq", "pyseq"]) else {
        return;
    };
    let scratch = Scratch::new("seq-peers");
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut expected: BTreeMap<String, Vec<Expected>> = BTreeMap::new();
    for tree in 0..2000 {
        let directory = format!("t{tree:04}");
        let all: Vec<Expected> = (0..1 + dice.below(4))
            .flat_map(|at| {
                let name = ["a", "bg", "fx", "char"][at];
                sequences(&mut dice, name)
            })
            .collect();
        fs::create_dir(scratch.path().join(&directory)).unwrap();
        for name in all.iter().flat_map(|one| &one.group) {
            scratch.write(&format!("{directory}/{name}"), "");
        }
        for single in ["readme.txt", "a_v012.ma", "movie_2048x1080.mp4"] {
            scratch.write(&format!("{directory}/{single}"), "");
        }
        expected.insert(directory, all);
    }
    let ours = groups_of_c47(scratch.path());
    let output = Run::of(python)
        .args(["-c", PEERS])
        .arg(scratch.path())
        .run()
        .expect_code(0);
    let mut found: BTreeMap<(Kind, &str), (usize, usize)> = BTreeMap::new();
    for line in output.stdout_text().lines() {
        type Line = (String, Vec<Vec<String>>, Vec<Vec<String>>);
        let (directory, of_fileseq, of_pyseq): Line = serde_json::from_str(line).unwrap();
        let all = &expected[&directory];
        let wanted: BTreeSet<Group> = all.iter().map(|one| one.group.clone()).collect();
        assert_eq!(ours[&directory], wanted, "{directory}");
        for (peer, groups) in [("fileseq", of_fileseq), ("pyseq", of_pyseq)] {
            let groups: BTreeSet<Group> = groups
                .into_iter()
                .map(|group| group.into_iter().collect())
                .collect();
            for one in all {
                let (same, total) = found.entry((one.kind, peer)).or_default();
                *total += 1;
                *same += usize::from(groups.contains(&one.group));
            }
        }
    }
    eprintln!("{found:?}");
    for ((kind, peer), (same, total)) in found {
        assert!(total > 50, "{kind:?} {peer}: {total}");
        let _ = same;
    }
}
