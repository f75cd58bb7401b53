//! `c47 seq check`: sequences with every kind of problem.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::exr::{exr, exr_with};
use crate::support::{Run, Scratch, c47};

fn check(directory: &Path) -> Run {
    c47().args(["seq", "check"]).current_dir(directory)
}

/// Makes a file an hour old.
fn age(path: &Path) {
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(hour_ago).unwrap();
}

/// Frames 1001 to 1012 of which some have a problem.
fn broken_sequence() -> Scratch {
    let scratch = Scratch::new("broken");
    let frame = |number: u32, bytes: Vec<u8>| {
        age(&scratch.write(&format!("shot.{number}.exr"), bytes));
    };
    let whole = exr(64, 32).bytes;
    for number in [1001, 1002, 1003, 1004] {
        frame(number, whole.clone());
    }
    frame(1006, Vec::new());
    frame(1007, whole[..whole.len() - 1].to_vec());
    frame(1008, exr(64, 32).with_offset(31, 0));
    let other_line = exr(64, 32).table as u64 + 8 * 32;
    frame(1009, exr(64, 32).with_offset(31, other_line));
    frame(1010, exr(32, 32).bytes);
    frame(1011, exr_with("Z", 64, 32).bytes);
    frame(1012, vec![0; 5000]);
    scratch
}

/// The kinds of the problems of each frame.
fn kinds(report: &Value) -> BTreeMap<u64, Vec<String>> {
    let mut kinds: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for problem in report["sequences"][0]["problems"].as_array().unwrap() {
        let kind = problem["kind"].as_str().unwrap().to_owned();
        let frame = problem["frame"].as_u64().unwrap();
        kinds.entry(frame).or_default().push(kind);
    }
    kinds
}

#[test]
fn every_kind_of_problem_is_found() {
    let scratch = broken_sequence();
    let report = check(scratch.path()).args(["shot.#.exr", "--json"]);
    let report = report.run().expect_code(1).json();
    let expected = [
        (1005, vec!["missing"]),
        (1006, vec!["empty"]),
        (1007, vec!["truncated"]),
        (1008, vec!["incomplete"]),
        (1009, vec!["damaged"]),
        (1010, vec!["resolution", "data_window"]),
        (1011, vec!["channels"]),
        (1012, vec!["damaged"]),
    ];
    let expected = expected.map(|(frame, kinds)| {
        let kinds = kinds.into_iter().map(str::to_owned).collect();
        (frame, kinds)
    });
    assert_eq!(kinds(&report), BTreeMap::from(expected));
    let sequence = &report["sequences"][0];
    assert_eq!(sequence["state"], "broken");
    assert_eq!(sequence["checked"], 11);
    assert_eq!(sequence["broken"], 6);
    assert_eq!(sequence["differing"], 2);
    assert_eq!(sequence["family"]["resolution"], "64x32");
    assert_eq!(sequence["family"]["type"], "half");
    let written = |problem: &Value| problem["being_written"] == true;
    assert!(!sequence["problems"].as_array().unwrap().iter().any(written));
}

#[test]
fn thousand_broken_frames_are_one_line() {
    let scratch = Scratch::new("thousand");
    let whole = exr(8, 4).bytes;
    for number in 0..1500 {
        let length = if number < 1000 {
            20 + number % 300
        } else {
            whole.len()
        };
        age(&scratch.write(&format!("a.{number:04}.exr"), &whole[..length]));
    }
    let output = check(scratch.path()).arg(".").run().expect_code(1);
    let lines: Vec<&str> = output.stdout_text().lines().collect();
    assert_eq!(lines.len(), 2, "{}", output.tell());
    assert!(
        lines[0].contains("1000 broken, 1500 files"),
        "{}",
        output.tell()
    );
    assert!(
        lines[1].contains("truncated") && lines[1].contains("0-999"),
        "{}",
        output.tell()
    );
}

#[test]
fn whole_sequence_is_exit_code_0() {
    let scratch = Scratch::new("whole");
    for number in 1..=5 {
        scratch.write(&format!("a.{number}.exr"), exr(8, 4).bytes);
    }
    for options in [&[][..], &["--deep"], &["--quick"], &["--strict"]] {
        let output = check(scratch.path()).arg("a.#.exr").args(options).run();
        let output = output.expect_code(0);
        assert!(
            output.stdout_text().contains(": whole, 5 files"),
            "{}",
            output.tell()
        );
    }
    let output = check(scratch.path()).args(["a.#.exr", "--rerender", "fileseq"]);
    assert_eq!(output.run().expect_code(0).stdout_text(), "");
}

#[test]
fn no_truncated_file_is_whole() {
    let scratch = Scratch::new("truncated");
    let whole = exr(3, 5).bytes;
    for length in 0..=whole.len() {
        scratch.write(&format!("a.{length}.exr"), &whole[..length]);
    }
    for option in ["--deep", "--quick", "--strict"] {
        let run = check(scratch.path()).args(["a.#.exr", "--json", "--all", option]);
        let report = run.run().expect_code(1).json();
        let files = report["sequences"][0]["files"].as_array().unwrap();
        assert_eq!(files.len(), whole.len() + 1);
        for file in files {
            let is_whole = file["size"] == whole.len();
            let state = if is_whole { "whole" } else { "broken" };
            // A size far from the median is only a warning.
            assert_eq!(file["state"], state, "{file}");
        }
    }
}

#[test]
fn each_altered_offset_is_found() {
    let scratch = Scratch::new("offsets");
    let count = exr(3, 5).chunks;
    let mut number = 0;
    for chunk in 0..count {
        let start = exr(3, 5).table + 8 * chunk;
        let size = exr(3, 5).bytes.len() as u64;
        let own = u64::from_le_bytes(exr(3, 5).bytes[start..start + 8].try_into().unwrap());
        for offset in [
            0,
            1,
            own - 1,
            own + 1,
            own + 14,
            size - 1,
            size,
            u64::MAX,
            1 << 40,
        ] {
            // The last chunk may not be where the next one would be.
            if offset != own {
                scratch.write(
                    &format!("a.{number}.exr"),
                    exr(3, 5).with_offset(chunk, offset),
                );
                number += 1;
            }
        }
    }
    let run = check(scratch.path()).args(["a.#.exr", "--json"]);
    let report = run.run().expect_code(1).json();
    assert_eq!(report["sequences"][0]["broken"], number, "{report}");
}

#[test]
fn frames_to_render_again_are_printed_in_three_syntaxes() {
    let scratch = broken_sequence();
    for (syntax, expected) in [
        ("fileseq", "1005-1012\n"),
        ("deadline", "1005-1012\n"),
        ("openjd", "1005-1012\n"),
    ] {
        let run = check(scratch.path()).args(["shot.#.exr", "--rerender", syntax]);
        assert_eq!(run.run().expect_code(1).stdout_text(), expected);
    }
    let run = check(scratch.path()).args(["shot.#.exr", "--rerender", "openjd"]);
    let run = run.args(["--where", "frame>=1006", "--where", "frame!=1008"]);
    assert_eq!(
        run.run().expect_code(1).stdout_text(),
        "1006-1007,1009-1012\n"
    );
    let run = check(scratch.path()).args(["shot.1001-1015x2#.exr", "--rerender", "fileseq"]);
    assert_eq!(run.run().expect_code(1).stdout_text(), "1005-1015x2\n");
    let run = check(scratch.path()).args(["shot.#.exr", "--rerender", "ranges"]);
    run.run().expect_code(2);
}

#[test]
fn files_are_filtered_and_sorted() {
    let scratch = broken_sequence();
    let frames = |options: &[&str]| -> Vec<u64> {
        let run = check(scratch.path())
            .args(["shot.#.exr", "--json"])
            .args(options);
        let report = run.run().json();
        let files = report["sequences"][0]["files"].as_array().unwrap().iter();
        files.map(|file| file["frame"].as_u64().unwrap()).collect()
    };
    assert_eq!(frames(&[]), Vec::<u64>::new());
    assert_eq!(frames(&["--all"]).len(), 11);
    assert_eq!(frames(&["--where", "width<64"]), [1010]);
    assert_eq!(frames(&["--where", "channels=Z"]), [1011]);
    assert_eq!(frames(&["--where", "kind=truncated"]), [1007]);
    assert_eq!(frames(&["--where", "size<1k"]), [1006]);
    assert_eq!(
        frames(&["--where", "state!=broken", "--where", "frame>1003"]),
        [1004, 1010, 1011]
    );
    assert_eq!(
        frames(&["--where", "state=broken", "--sort", "size"])[..1],
        [1006]
    );
    assert_eq!(
        frames(&["--where", "frame<1003", "--sort=-frame"]),
        [1002, 1001]
    );
    // Only what fulfils the condition decides.
    let run = check(scratch.path()).args(["shot.#.exr", "--where", "frame<1005"]);
    run.run().expect_code(0);
    for condition in ["width", "wide<2", "width<x", "channels<R", "size<10 apples"] {
        let run = check(scratch.path()).args(["shot.#.exr", "--where", condition]);
        run.run().expect_code(2);
    }
}

#[test]
fn expected_values_are_compared() {
    let scratch = Scratch::new("expected");
    for number in 1..=3 {
        scratch.write(&format!("a.{number}.exr"), exr(8, 4).bytes);
    }
    let run = |expected: &str| check(scratch.path()).args(["a.#.exr", "--expect", expected]);
    for expected in [
        "width=8",
        "height=4,width=8,channels=Y,type=half,format=exr,compression=none",
        "frames=1-3",
        "data_window=0,0,7,3,frames=1-2,3",
    ] {
        run(expected).run().expect_code(0);
    }
    for (expected, kind) in [
        ("width=9", "resolution"),
        ("height=3", "resolution"),
        ("channels=R,G,B", "channels"),
        ("frames=1-5", "missing"),
        ("type=float", "type"),
        ("compression=zip", "compression"),
        ("data_window=0,0,7,4", "data_window"),
    ] {
        let report = run(expected).arg("--json").run().expect_code(1).json();
        let problems = report["sequences"][0]["problems"].as_array().unwrap();
        assert!(
            problems.iter().all(|problem| problem["kind"] == kind),
            "{report}"
        );
    }
    for wrong in ["width", "width=x", "frames=a-b", "size=1"] {
        run(wrong).run().expect_code(2);
    }
}

#[test]
fn data_windows_may_vary_but_not_in_one_frame() {
    let scratch = Scratch::new("windows");
    // As a renderer writes it: the same display window, and a data window of what is visible.
    let cropped = |width: i32| {
        let mut file = exr(width, 4);
        let display = [0, 0, 99_i32, 99].map(i32::to_le_bytes).concat();
        let name = b"displayWindow\0box2i\0";
        let found = file.bytes.windows(name.len()).position(|part| part == name);
        let at = found.unwrap() + name.len() + 4;
        file.bytes[at..at + 16].copy_from_slice(&display);
        file.bytes
    };
    for number in 1..=6 {
        scratch.write(&format!("crop.{number}.exr"), cropped(10 + number));
        scratch.write(
            &format!("full.{number}.exr"),
            cropped(if number == 4 { 20 } else { 30 }),
        );
    }
    let output = check(scratch.path()).arg("crop.#.exr").run().expect_code(0);
    assert!(
        output.stdout_text().contains("6 different data windows"),
        "{}",
        output.tell()
    );
    let output = check(scratch.path()).args(["full.#.exr", "--json"]).run();
    let kinds = kinds(&output.expect_code(1).json());
    assert_eq!(kinds, BTreeMap::from([(4, vec!["data_window".to_owned()])]));
}

#[test]
fn unusual_size_is_a_warning() {
    let scratch = Scratch::new("sizes");
    for number in 1..=9 {
        let mut bytes = exr(8, 4).bytes;
        // Data after the last chunk does no harm.
        bytes.resize(if number == 5 { 200_000 } else { bytes.len() }, 0);
        scratch.write(&format!("a.{number}.exr"), bytes);
    }
    let output = check(scratch.path()).args(["a.#.exr"]).run().expect_code(0);
    assert!(output.stdout_text().contains("size"), "{}", output.tell());
    let run = check(scratch.path()).args(["a.#.exr", "--strict", "--rerender", "fileseq"]);
    assert_eq!(run.run().expect_code(1).stdout_text(), "5\n");
}

#[test]
fn file_that_is_being_written_is_named() {
    let scratch = Scratch::new("written");
    let whole = exr(8, 4).bytes;
    for number in 1..=4 {
        let length = if number > 2 {
            whole.len() / 2
        } else {
            whole.len()
        };
        let path = scratch.write(&format!("a.{number}.exr"), &whole[..length]);
        if number == 3 {
            age(&path);
        }
    }
    let report = check(scratch.path()).args(["a.#.exr", "--json"]).run();
    let report = report.expect_code(1).json();
    let problems = report["sequences"][0]["problems"]
        .as_array()
        .unwrap()
        .iter();
    let written: Vec<_> = problems
        .map(|problem| {
            (
                problem["frame"].as_u64(),
                problem["being_written"].as_bool(),
            )
        })
        .collect();
    assert_eq!(written, [(Some(3), Some(false)), (Some(4), Some(true))]);
}

#[test]
fn what_is_no_file_does_not_stop_the_check() {
    let scratch = Scratch::new("special");
    scratch.write("a.1.exr", exr(8, 4).bytes);
    scratch.write("a.3.exr", exr(8, 4).bytes);
    let fifo = scratch.path().join("a.2.exr");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    fs::create_dir(scratch.path().join("a.4.exr")).unwrap();
    std::os::unix::fs::symlink("nowhere", scratch.path().join("a.5.exr")).unwrap();
    let report = check(scratch.path()).args(["a.#.exr", "--json"]).run();
    let found = kinds(&report.expect_code(1).json());
    for (frame, kind) in [(2, "missing"), (4, "missing"), (5, "unreadable")] {
        assert_eq!(found[&frame], [kind], "{found:?}");
    }
    let output = check(scratch.path()).arg("a.2.exr").run().expect_code(1);
    assert!(
        output.stdout_text().contains("not a regular file"),
        "{}",
        output.tell()
    );
    check(scratch.path()).arg("b.#.exr").run().expect_code(1);
    check(scratch.path()).arg("nosuch.exr").run().expect_code(7);
    check(scratch.path()).run().expect_code(2);
    let output = check(scratch.path()).args(["a.1.exr", "nosuch.exr"]).run();
    let output = output.expect_code(7);
    assert!(output.stdout_text().contains("whole"), "{}", output.tell());
}

#[test]
fn names_are_escaped() {
    let scratch = Scratch::new("names");
    scratch.write("a\u{1b}[31m.1.exr", "");
    scratch.write("a\u{1b}[31m.2.exr", "");
    let output = check(scratch.path())
        .args([".", "--all"])
        .run()
        .expect_code(1);
    assert!(
        !output.stdout_text().contains('\u{1b}'),
        "{}",
        output.tell()
    );
}

#[test]
fn garbage_never_stops_the_check() {
    let scratch = Scratch::new("garbage");
    let mut state = 47_u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize
    };
    let starts: [&[u8]; 9] = [
        b"\x76\x2f\x31\x01\x02\0\0\0channels\0chlist\0",
        b"\x76\x2f\x31\x01\x02\x02\0\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x08\0\0\0\x08\x08\x02\0\0\0",
        b"\xff\xd8\xff\xe0\0\x10",
        b"II*\0\x08\0\0\0\x09\0",
        b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10",
        b"SDPX\0\0\x08\0V2.0",
        b"XPDS\0\x08\0\0V1.0",
        b"",
    ];
    let count = 900;
    for number in 0..count {
        let mut bytes = starts[number % starts.len()].to_vec();
        let largest = if number % 2 == 0 { 8 } else { 256 };
        let length = random() % 3000;
        bytes.extend((0..length).map(|_| (random() % largest) as u8));
        scratch.write(&format!("a.{number}.exr"), bytes);
    }
    for option in ["--quick", "--jobs=3", "--deep"] {
        let run = check(scratch.path()).args(["a.#.exr", "--json", option]);
        let report = run.run().expect_code(1).json();
        assert_eq!(report["sequences"][0]["checked"], count);
    }
}
