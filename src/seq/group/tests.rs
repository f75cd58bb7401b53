use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::*;
use crate::seq::number::Number;
use crate::seq::pattern::Pattern;

fn names_of<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Names {
    let mut list = Names::default();
    names.into_iter().for_each(|name| list.push(name));
    list
}

/// Patterns with their numbers, then the other files. Groups of "a.1-3.exr" are three names.
fn shown(texts: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    for text in texts {
        match text
            .split_once('[')
            .and_then(|(prefix, rest)| Some((prefix, rest.split_once(']')?)))
        {
            Some((prefix, (range, suffix))) => {
                let (first, last) = range.split_once('-').unwrap();
                let numbers = first.parse::<u64>().unwrap()..=last.parse().unwrap();
                let width = first.len();
                names.extend(numbers.map(|number| format!("{prefix}{number:0width$}{suffix}")));
            }
            None => names.push((*text).to_owned()),
        }
    }
    let groups = group(Path::new(""), names_of(names.iter().map(String::as_bytes)));
    assert_round_trip(&groups);
    let mut shown = Vec::new();
    for sequence in &groups.sequences {
        let pattern = sequence.pattern(sequence.notation);
        let numbers = sequence
            .numbers
            .iter()
            .map(Number::text)
            .collect::<Vec<_>>();
        let numbers = match numbers.len() {
            0..=4 => numbers.join(" "),
            count => format!("{}..{} ({count})", numbers[0], numbers[count - 1]),
        };
        shown.push(format!("{} {numbers}", pattern.display()));
    }
    let files = groups.files.iter().map(|at| groups.names.get(*at));
    shown.extend(files.map(|name| String::from_utf8_lossy(name).into_owned()));
    shown
}

/// The patterns match their own files, and each file is there once.
fn assert_round_trip(groups: &Groups) {
    let mut seen: BTreeMap<&[u8], usize> = groups.names.iter().map(|name| (name, 0)).collect();
    for sequence in &groups.sequences {
        assert!(sequence.numbers.len() > 1);
        let name = sequence.pattern(sequence.notation);
        assert!(!seen.contains_key(name.as_bytes()), "{name:?} is a file");
        let pattern = Pattern::parse(Path::new(&name)).unwrap();
        assert_eq!(pattern.range, None, "{name:?}");
        let mut matched: Vec<&[u8]> = groups
            .names
            .iter()
            .filter(|name| pattern.number_in(name).is_some())
            .collect();
        let mut listed: Vec<_> = sequence
            .numbers
            .iter()
            .map(|it| sequence.name(it))
            .collect();
        matched.sort();
        listed.sort();
        let listed: Vec<&[u8]> = listed.iter().map(|name| name.as_bytes()).collect();
        let text = |names: &[&[u8]]| {
            let names = names
                .iter()
                .map(|name| String::from_utf8_lossy(name).into_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(text(&matched), text(&listed), "{name:?}");
        for name in matched {
            *seen.get_mut(name).unwrap() += 1;
        }
    }
    for at in &groups.files {
        *seen.get_mut(groups.names.get(*at)).unwrap() += 1;
    }
    for (name, times) in seen {
        assert_eq!(times, 1, "{:?}", OsStr::from_bytes(name));
    }
}

#[test]
fn the_frame_is_the_number_that_varies() {
    assert_eq!(
        shown(&["sh010_v003.[1001-1010].exr", "sh010_v004.[1001-1008].exr"]),
        [
            "sh010_v003.####.exr 1001..1010 (10)",
            "sh010_v004.####.exr 1001..1008 (8)"
        ]
    );
    assert_eq!(shown(&["[1-3]_beauty.exr"]), ["@_beauty.exr 1 2 3"]);
    assert_eq!(
        shown(&["x.[0001-0005]_L.exr", "x.[0001-0005]_R.exr"]),
        ["x.####_L.exr 0001..0005 (5)", "x.####_R.exr 0001..0005 (5)"]
    );
    // The number before the frame that is the same in nearly all files.
    assert_eq!(
        shown(&["a_[0001-0100]_1.exr", "a_0001_2.exr"]),
        ["a_####_1.exr 0001..0100 (100)", "a_0001_2.exr"]
    );
    assert_eq!(
        shown(&["a_1_[01-02].exr", "a_2_[01-02].exr"]),
        ["a_1_##.exr 01 02", "a_2_##.exr 01 02"]
    );
}

#[test]
fn versions_shots_sizes_and_dates_are_frames_only_without_another() {
    for (texts, expected) in [
        (&["c_v[001-003].nk"][..], &["c_v###.nk 001 002 003"][..]),
        (&["sh[010-012].mov"], &["sh###.mov 010 011 012"]),
        (
            &[
                "p_2048x1080_1.jpg",
                "p_2048x1080_2.jpg",
                "p_4096x2160_1.jpg",
            ],
            &["p_2048x1080_@.jpg 1 2", "p_4096x2160_1.jpg"],
        ),
        (
            &["1_v1.exr", "2_v1.exr", "1_v2.exr", "2_v2.exr"],
            &["@_v1.exr 1 2", "@_v2.exr 1 2"],
        ),
        (
            &[
                "1_20240131.log",
                "2_20240131.log",
                "1_20240201.log",
                "2_20240201.log",
            ],
            &["@_20240131.log 1 2", "@_20240201.log 1 2"],
        ),
        (
            &[
                "r1_2024-01-30",
                "r2_2024-01-30",
                "r1_2024-01-31",
                "r2_2024-01-31",
            ],
            &["r1_2024-01-## 30 31", "r2_2024-01-## 30 31"],
        ),
    ] {
        assert_eq!(shown(texts), expected);
    }
}

#[test]
fn digits_of_formats_are_not_frames() {
    for texts in [
        &["a.mp3", "a.mp4"][..],
        &["plate.7z", "x.jp2"],
        &["a.B44", "a.b44"],
    ] {
        assert_eq!(shown(texts), texts);
    }
    assert_eq!(shown(&["a.[1-3].mp4"]), ["a.@.mp4 1 2 3"]);
    assert_eq!(shown(&["a.[1-3].bgeo.sc"]), ["a.@.bgeo.sc 1 2 3"]);
    assert_eq!(shown(&["a.r00", "a.r01"]), ["a.r## 00 01"]);
    assert_eq!(shown(&["log.1", "log.2", "log"]), ["log.@ 1 2", "log"]);
}

#[test]
fn tiles_are_told_from_frames() {
    assert_eq!(
        shown(&[
            "body_diffuse.1001.exr",
            "body_diffuse.1002.exr",
            "body_diffuse.1011.exr"
        ]),
        ["body_diffuse.<UDIM>.exr 1001 1002 1011"]
    );
    assert_eq!(
        shown(&["b.1001.exr", "b.1002.exr"]),
        ["b.####.exr 1001 1002"]
    );
    assert_eq!(shown(&["b.1999.tx", "b.2000.tx"]), ["b.####.tx 1999 2000"]);
}

#[test]
fn names_are_not_invented() {
    for (texts, expected) in [
        (
            &["a.[1-3].exr", "a.[0001-0003].exr"][..],
            &["a.@.exr 1 2 3", "a.####.exr 0001 0002 0003"][..],
        ),
        (
            &["a.-0000", "a.-0001", "a.10000"],
            &["a.# -0001 -0000 10000"],
        ),
        (&["a.7", "a.0007", "a.0008"], &["a.#### 0007 0008", "a.7"]),
        (&["a.9999.exr", "a.10000.exr"], &["a.####.exr 9999 10000"]),
        (
            &["a.1001.exr", "a.1001.25.exr", "a.1001.5.exr", "a.1002.exr"],
            &["a.####.exr 1001 1001.25 1001.5 1002"],
        ),
        (
            &[
                "a.1001.00.exr",
                "a.1001.50.exr",
                "a.1002.00.exr",
                "a.1002.50.exr",
            ],
            &["a.####.exr 1001.00 1001.50 1002.00 1002.50"],
        ),
        (
            &["t.001.0000", "t.001.0001", "t.002.0000", "t.002.0001"],
            &["t.001.#### 0000 0001", "t.002.#### 0000 0001"],
        ),
        // Names that are patterns themselves.
        (
            &["a.####.exr", "a.0001.exr", "a.0002.exr"],
            &["a.%04d.exr 0001 0002", "a.####.exr"],
        ),
        (&["a#1", "a#2"], &["a#@ 1 2"]),
        (&["a@1", "a@2"], &["a@%d 1 2"]),
        (&["1.#", "2.#"], &["1.#", "2.#"]),
        (
            &["shot-1", "shot-2", "shot1", "shot2"],
            &["shot@ 1 2", "shot-@ 1 2"],
        ),
        (
            &["1234567890123", "1234567890124"],
            &["1234567890123", "1234567890124"],
        ),
        (
            &["p_001-[0001-0003].dpx"],
            &["p_001-####.dpx 0001 0002 0003"],
        ),
    ] {
        assert_eq!(shown(texts), expected);
    }
}

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

#[test]
fn patterns_match_exactly_the_files_of_generated_directories() {
    const PARTS: [&str; 40] = [
        "a",
        "sh",
        "v",
        ".",
        "_",
        "-",
        "--",
        ".-",
        "_-",
        " ",
        "#",
        "@",
        "%",
        "%04d",
        "####",
        "$F",
        "<UDIM>",
        "x",
        "1",
        "2",
        "01",
        "002",
        "0003",
        "1001",
        "1002",
        "10000",
        "-1",
        "-0001",
        "-0000",
        ".25",
        ".5",
        ".50",
        ".exr",
        ".mp4",
        ".tx",
        "color.",
        "\u{e9}",
        "1234567890123",
        "2024-01-02",
        ",",
    ];
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let mut names = std::collections::BTreeSet::new();
        // Few parts, so that many names are similar.
        let parts: Vec<&str> = (0..2 + dice.below(6)).map(|_| dice.one(&PARTS)).collect();
        for _ in 0..2 + dice.below(30) {
            let length = 1 + dice.below(5);
            let mut name: Vec<u8> = Vec::new();
            for _ in 0..length {
                name.extend(dice.one(&parts).as_bytes());
                if dice.below(3) == 0 {
                    let (number, width) = (dice.below(12), dice.below(4));
                    name.extend(format!("{number:0width$}").into_bytes());
                }
            }
            if dice.below(50) == 0 {
                name.push(0xff);
            }
            names.insert(name);
        }
        let names = names_of(names.iter().map(Vec::as_slice));
        assert_round_trip(&group(Path::new(""), names));
    }
}
