//! Compares `c47 seq ls` with fileseq and pyseq, and lists directories that are hard to list.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::support::{self, Run, Scratch, c47, peers, rounds};

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

/// Kinds of sequences. The peers find all of a kind, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The frame is the last number before the extension.
    Plain,
    /// Text follows the frame. fileseq looks for a frame only before the extension.
    Suffix,
    /// Several versions, each with all frames.
    Versions,
    /// One file for each version.
    VersionFiles,
    /// Numbers with a minus sign. For pyseq it is text, so that these are two sequences.
    Negative,
    /// The same frames with and without padding. pyseq merges them and does not know the names any more.
    MixedPadding,
    /// The extension has two parts.
    TwoExtensions,
}

/// The kinds that a peer does not find.
const DIFFERENCES: [(&str, &[Kind]); 2] = [
    ("fileseq", &[Kind::Suffix]),
    ("pyseq", &[Kind::Negative, Kind::MixedPadding]),
];

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
    for tree in 0..rounds(600) {
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
    let mut seen: BTreeMap<Kind, usize> = BTreeMap::new();
    for line in output.stdout_text().lines() {
        type Line = (String, Vec<Group>, Vec<Group>);
        let (directory, of_fileseq, of_pyseq): Line = serde_json::from_str(line).unwrap();
        let all = &expected[&directory];
        let wanted: BTreeSet<Group> = all.iter().map(|one| one.group.clone()).collect();
        assert_eq!(ours[&directory], wanted, "{directory}");
        all.iter()
            .for_each(|one| *seen.entry(one.kind).or_default() += 1);
        for ((peer, kinds), groups) in DIFFERENCES.iter().zip([of_fileseq, of_pyseq]) {
            let many = groups.into_iter().filter(|group| group.len() > 1);
            let mut groups: BTreeSet<Group> = many.collect();
            for one in all {
                let is_found = groups.remove(&one.group);
                assert_eq!(
                    is_found,
                    !kinds.contains(&one.kind),
                    "{peer} {directory} {:?}",
                    one.kind
                );
            }
            let is_explained = all.iter().any(|one| kinds.contains(&one.kind));
            assert!(
                groups.is_empty() || is_explained,
                "{peer} {directory} {groups:?}"
            );
        }
    }
    assert!(
        seen.len() == 7 && seen.values().all(|times| *times > 50),
        "{seen:?}"
    );
}

#[test]
fn printed_patterns_match_the_same_files() {
    let scratch = Scratch::new("seq-patterns");
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for at in 0..300 {
        for one in sequences(&mut dice, &format!("n{at}")) {
            for name in one.group {
                scratch.write(&format!("d{}/{name}", at % 20), "");
            }
        }
    }
    let list = |arguments: Vec<String>| {
        let run = c47().args(["seq", "ls", "--json"]).args(arguments);
        let report = run.current_dir(scratch.path()).run().expect_code(0).json();
        let sequences = report["sequences"].as_array().unwrap().clone();
        let texts = sequences.iter().map(serde_json::Value::to_string);
        (texts.collect::<BTreeSet<_>>(), sequences)
    };
    let (expected, sequences) = list(vec!["--recursive".into()]);
    let patterns = sequences
        .iter()
        .map(|one| one["pattern"].as_str().unwrap().to_owned());
    let (found, _) = list(patterns.collect());
    assert!(found.len() > 300);
    assert_eq!(found, expected);
}

#[test]
fn names_are_printed_as_they_are() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = Scratch::new("seq-names");
    for name in [
        &b"bad\xff.1.exr"[..],
        b"bad\xff.2.exr",
        b"a.####.exr",
        b"a.0001.exr",
        b"a.0002.exr",
    ] {
        fs::write(scratch.path().join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
    }
    let output = c47()
        .args(["seq", "ls", "--all", "--format", "{pattern} {count}"])
        .current_dir(scratch.path())
        .run()
        .expect_code(0);
    assert_eq!(
        output.stdout,
        b"a.%04d.exr 2\nbad\xff.@.exr 2\na.####.exr 1\n"
    );
}

#[test]
fn empty_argument_is_not_the_current_directory() {
    let scratch = Scratch::new("seq-empty");
    scratch.write("a.1.exr", "");
    scratch.write("a.2.exr", "");
    for words in [
        &["ls", ""][..],
        &["check", "a.#.exr", ""],
        &["sums", ""],
        &["sums", "--mhl", ""],
        &["mv", "", "a.#.exr"],
        &["cp", "a.#.exr", ""],
        &["rm", "", "--yes"],
    ] {
        let run = c47().arg("seq").args(words).current_dir(scratch.path());
        let output = run.run().expect_code(2);
        let text = output.stderr_text();
        assert!(text.contains("an argument is empty"), "{words:?} {text}");
    }
}

#[test]
fn missing_frames_are_the_exit_code() {
    let scratch = Scratch::new("seq-missing");
    for frame in [1001, 1002, 1004, 1007] {
        scratch.write(&format!("shot.{frame}.exr"), "123");
    }
    scratch.write("whole.1.exr", "");
    scratch.write("whole.2.exr", "");
    let run = |arguments: &[&str]| {
        let run = c47().args(["seq", "ls"]).args(arguments);
        run.current_dir(scratch.path()).run()
    };
    let output = run(&["--missing"]).expect_code(1);
    assert_eq!(output.stdout_text(), "shot.####.exr  1003,1005-1006\n");
    run(&["--missing", "whole.#.exr"]).expect_code(0);
    // The range of a pattern says which frames must be there.
    let output = run(&["--missing", "whole.1-3#.exr"]).expect_code(1);
    assert_eq!(output.stdout_text(), "whole.@.exr  3\n");
    let output = run(&["--size", "shot.1002.exr"]).expect_code(0);
    assert_eq!(
        output.stdout_text(),
        "shot.####.exr  1001-1007  12 B in 4 files  3 missing: 1003,1005-1006\n"
    );
    let output = run(&["other.#.exr"]).expect_code(1);
    assert!(
        output
            .stderr_text()
            .contains("other.#.exr: no sequence found")
    );
    run(&["other.exr"]).expect_code(7);
    run(&["shot.1-9x0#.exr"]).expect_code(2);
    let output = run(&["--format", "{cuont}"]).expect_code(2);
    assert!(output.stderr_text().contains("did you mean '{count}'?"));
}

#[test]
fn unreadable_directories_are_reported_and_links_are_not_followed() {
    let scratch = Scratch::new("seq-tree");
    for directory in ["open", "closed", ".hidden"] {
        scratch.write(&format!("{directory}/a.1.exr"), "");
        scratch.write(&format!("{directory}/a.2.exr"), "");
    }
    symlink("..", scratch.path().join("open/up")).unwrap();
    let ls = |arguments: &[&str]| {
        c47()
            .args(["seq", "ls", "-R", "."])
            .args(arguments)
            .current_dir(scratch.path())
    };
    let all = ls(&["--all"]).run().expect_code(0);
    assert_eq!(all.stdout_text().lines().count(), 4);
    if !support::can_be_two_users() {
        return;
    }
    fs::set_permissions(
        scratch.path().join("closed"),
        fs::Permissions::from_mode(0o000),
    )
    .unwrap();
    let output = ls(&[]).run_by_nobody().run().expect_code(7);
    fs::set_permissions(
        scratch.path().join("closed"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    assert_eq!(output.stdout_text(), "./open/a.@.exr  1-2  2 files\n");
    assert!(
        output
            .stderr_text()
            .contains("cannot read ./closed: permission denied")
    );
}
