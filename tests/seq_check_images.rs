//! `c47 seq check` with the images of OpenEXR and OpenImageIO, and with altered ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::peers::images;
use crate::support::{Scratch, c47, rounds};

/// The usual number of altered files.
const ALTERED: usize = 500;

/// The kinds that mean that a file is not whole.
const BROKEN: [&str; 6] = [
    "unreadable",
    "empty",
    "truncated",
    "incomplete",
    "damaged",
    "format",
];

/// What c47 says about a file.
struct Verdict {
    is_broken: bool,
    /// Whether its compression is known.
    is_known: bool,
}

/// The verdicts for the files of a directory, by name.
fn verdicts(directory: &Path, options: &[&str]) -> BTreeMap<String, Verdict> {
    let run = c47()
        .args(["seq", "check", "--json", "--all"])
        .args(options);
    let output = run.arg(directory).run();
    assert!(matches!(output.code, 0 | 1), "{}", output.tell());
    let report = output.json();
    let mut verdicts = BTreeMap::new();
    for sequence in report["sequences"].as_array().unwrap() {
        for file in sequence["files"].as_array().unwrap() {
            let path = Path::new(file["file"].as_str().unwrap());
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let kinds = file["kinds"].as_array().unwrap();
            let is_broken = |kind: &Value| BROKEN.contains(&kind.as_str().unwrap());
            let verdict = Verdict {
                is_broken: kinds.iter().any(is_broken),
                is_known: file["decoded"] != false,
            };
            verdicts.insert(name, verdict);
        }
    }
    assert_eq!(verdicts.len(), fs::read_dir(directory).unwrap().count());
    verdicts
}

#[test]
fn images_of_openexr_and_openimageio_are_whole() {
    let Some(images) = images() else { return };
    for kind in ["exr", "others"] {
        let scratch = Scratch::new(kind);
        let directory = scratch.path().to_str().unwrap();
        images.run([kind, directory]).expect_code(0);
        for option in ["--quick", "--jobs=2", "--deep"] {
            let verdicts = verdicts(scratch.path(), &[option]);
            assert!(verdicts.len() > 100);
            let broken: Vec<_> = verdicts.iter().filter(|(_, it)| it.is_broken).collect();
            let broken: Vec<&String> = broken.into_iter().map(|(name, _)| name).collect();
            assert!(broken.is_empty(), "{option} {broken:?}");
            let unknown = verdicts.iter().filter(|(_, it)| !it.is_known);
            let unknown: Vec<&String> = unknown.map(|(name, _)| name).collect();
            let is_expected = |name: &&&String| {
                ["htj2k", "lj2k", "zstd", "jpg", "jpeg"]
                    .iter()
                    .any(|it| name.contains(it))
            };
            let surprises: Vec<_> = unknown.iter().filter(|name| !is_expected(name)).collect();
            assert!(surprises.is_empty(), "{surprises:?}");
        }
    }
}

#[test]
fn truncated_images_are_broken() {
    let Some(images) = images() else { return };
    let scratch = Scratch::new("others");
    let cut = Scratch::new("cut");
    let directory = scratch.path().to_str().unwrap();
    images.run(["others", directory]).expect_code(0);
    for entry in fs::read_dir(scratch.path()).unwrap() {
        let entry = entry.unwrap();
        let bytes = fs::read(entry.path()).unwrap();
        let name = entry.file_name().into_string().unwrap();
        // A line of DPX may end with unused bytes.
        for (number, length) in [0, 1, 7, 100, 600, 1700, bytes.len() / 2, bytes.len() - 8]
            .into_iter()
            .enumerate()
        {
            let length = length.min(bytes.len() - 8);
            cut.write(&format!("{number}-{name}"), &bytes[..length]);
        }
    }
    for option in ["--jobs=1", "--deep"] {
        let verdicts = verdicts(cut.path(), &[option]);
        let whole: Vec<_> = verdicts.iter().filter(|(_, it)| !it.is_broken).collect();
        let whole: Vec<&String> = whole.into_iter().map(|(name, _)| name).collect();
        assert!(whole.is_empty(), "{option} {whole:?}");
    }
}

#[test]
fn altered_images_of_other_formats_are_checked_quickly() {
    let Some(images) = images() else { return };
    let (scratch, altered) = (Scratch::new("others"), Scratch::new("altered"));
    images
        .run(["others", scratch.path().to_str().unwrap()])
        .expect_code(0);
    let mut random = Random(47);
    for entry in fs::read_dir(scratch.path()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        for number in 0..4 {
            let mut bytes = fs::read(entry.path()).unwrap();
            // Headers are at the beginning, and in TIFF files at the end.
            let near = [100, 2000, bytes.len()][random.below(3)].min(bytes.len());
            let start = if random.below(2) == 0 {
                0
            } else {
                bytes.len() - near
            };
            let place = start + random.below(near);
            bytes[place] = u8::try_from(random.below(256)).unwrap();
            altered.write(&format!("{number}-{name}"), bytes);
        }
    }
    for option in ["--quick", "--jobs=2", "--deep"] {
        verdicts(altered.path(), &[option]);
    }
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// Where the offset table of an EXR file is, and its entries: all point behind it.
fn table(bytes: &[u8]) -> (usize, Vec<u64>) {
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let size = bytes.len() as u64;
    for at in 100..bytes.len() - 8 {
        let first = number(at);
        if first <= at as u64 || first >= size || !(first - at as u64).is_multiple_of(8) {
            continue;
        }
        let count = usize::try_from((first - at as u64) / 8).unwrap();
        let entries: Vec<u64> = (0..count).map(|entry| number(at + 8 * entry)).collect();
        if count < 5000 && entries.iter().all(|entry| (first..size).contains(entry)) {
            return (at, entries);
        }
    }
    panic!("no offset table");
}

/// The size of the header of a chunk, from the name of the file.
fn chunk_header(name: &str) -> usize {
    match name.split('-').next().unwrap() {
        "deepscan" => 28,
        "deeptile" => 40,
        "multi" => 12,
        "tile" | "mip" => 20,
        _ => 8,
    }
}

/// Alters a file: `h` its header, `t` the offset table, `c` the header of a chunk, `x` its length, and
/// `d` its data.
fn alter(bytes: &mut Vec<u8>, chunk_header: usize, random: &mut Random) -> char {
    let (at, entries) = table(bytes);
    let kind = random.one_of(&['h', 'h', 'h', 't', 't', 'c', 'c', 'x', 'd']);
    let data = at + 8 * entries.len();
    let bit = 1_u8 << random.below(8);
    match kind {
        'h' => alter_header(bytes, at, random),
        't' => {
            let entry = random.below(entries.len());
            let (place, own) = (at + 8 * entry, entries[entry]);
            let other = random.one_of(&entries);
            let size = bytes.len() as u64;
            let anywhere = random.next() % size;
            let offset = random.one_of(&[
                0,
                1,
                own ^ u64::from(bit),
                own - 1,
                own + 1,
                own + 8,
                other,
                size - 1,
                size,
                u64::MAX,
                1 << 63,
                at as u64,
                anywhere,
            ]);
            bytes[place..place + 8].copy_from_slice(&offset.to_le_bytes());
            if random.below(3) == 0 {
                bytes[place..data].fill(0);
            }
        }
        'c' => {
            let chunk = usize::try_from(random.one_of(&entries)).unwrap();
            let place = chunk + random.below(chunk_header);
            bytes[place] ^= bit;
        }
        'x' => {
            let chunk = usize::try_from(random.one_of(&entries)).unwrap();
            let length = random.one_of(&[chunk + 4, chunk, data, bytes.len() - 1, at, at / 2]);
            let anywhere = random.below(bytes.len());
            bytes.truncate(random.one_of(&[length, anywhere]));
        }
        _ => {
            let place = data + random.below(bytes.len() - data);
            let end = (place + random.below(200)).min(bytes.len());
            match random.below(3) {
                0 => bytes[place..end].fill(0),
                _ => bytes[place] ^= bit,
            }
        }
    }
    kind
}

fn alter_header(bytes: &mut Vec<u8>, end: usize, random: &mut Random) {
    let place = random.below(end - 4);
    let byte = u8::try_from(random.below(256)).unwrap();
    match random.below(5) {
        0 | 1 => bytes[place] ^= 1 << random.below(8),
        2 => bytes[place] = byte,
        3 => {
            let number = random.one_of(&[0, 1, 2, -1, i32::MAX, i32::MIN, 65_536]);
            bytes[place..place + 4].copy_from_slice(&number.to_le_bytes());
        }
        _ if byte < 128 => drop(bytes.drain(place..place + random.below(4))),
        _ => bytes.insert(place, byte),
    }
}

#[test]
fn no_altered_exr_file_is_whole_that_openexr_cannot_read() {
    let Some(images) = images() else { return };
    let (originals, altered) = (Scratch::new("originals"), Scratch::new("altered"));
    images
        .run(["exr", originals.path().to_str().unwrap()])
        .expect_code(0);
    let files = fs::read_dir(originals.path()).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut kinds = BTreeMap::new();
    for seed in 1..=rounds(ALTERED) {
        let mut random = Random((seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let file = &files[random.below(files.len())];
        let name = file.file_name().unwrap().to_str().unwrap();
        let mut bytes = fs::read(file).unwrap();
        let kind = alter(&mut bytes, chunk_header(name), &mut random);
        let name = format!("{seed}_{name}");
        altered.write(&name, bytes);
        kinds.insert(name, kind);
    }
    let usual = verdicts(altered.path(), &[]);
    let deep = verdicts(altered.path(), &["--deep"]);
    let read = images
        .run(["read", altered.path().to_str().unwrap()])
        .expect_code(0);
    let mut counts: BTreeMap<(char, &str, bool), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in read.stdout_text().lines() {
        let (can_read, name) = line.split_once(' ').unwrap();
        let kind = kinds[name];
        // Data is only decoded with --deep.
        let verdict = if kind == 'd' {
            &deep[name]
        } else {
            &usual[name]
        };
        *counts
            .entry((kind, can_read, verdict.is_broken))
            .or_default() += 1;
        if can_read == "bad" && !verdict.is_broken && verdict.is_known {
            wrong.push(name.to_owned());
        }
        // What is found without decoding is also found with it.
        assert!(deep[name].is_broken || !usual[name].is_broken, "{name}");
    }
    assert_eq!(counts.values().sum::<usize>(), kinds.len());
    assert!(wrong.is_empty(), "{wrong:?} of {counts:?}");
}
