//! `c47 seq range`, compared with fileseq and openjd-model.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::fuzz_smoke::Random;
use crate::support::{Run, c47, peers, rounds, source};
use ::c47::testing::{seq_frames, seq_range};
use serde_json::{Value, json};

const SYNTAXES: [&str; 3] = ["fileseq", "deadline", "openjd"];

/// The results of calls of the peers: a value, or `None` for an error.
fn peers_answer(calls: &[Value]) -> Option<Vec<Option<Value>>> {
    let python = peers::python(&["fileseq", "openjd.model"])?;
    let mut answers = Vec::new();
    // In parts, because fileseq is slow.
    for part in calls.chunks(1000) {
        let output = Run::of(&python)
            .arg(source("tests/support/peers/frame_ranges.py"))
            .stdin(Value::from(part).to_string())
            .limit(Duration::from_secs(300))
            .run()
            .expect_code(0);
        let before = answers.len();
        answers.extend(output.stdout_text().lines().map(|line| {
            let value = serde_json::from_str::<Value>(line).unwrap()["ok"].take();
            (!value.is_null()).then_some(value)
        }));
        assert_eq!(answers.len() - before, part.len(), "{}", output.tell());
    }
    Some(answers)
}

/// A number as people write it, with at most four digits.
fn number(random: &mut Random) -> String {
    let most = [10, 40, 150][random.below(3)];
    let sign = if random.below(6) == 0 { "-" } else { "" };
    let number = random.below(most);
    match random.below(8) {
        0 => format!("{sign}{number:04}"),
        _ => format!("{sign}{number}"),
    }
}

fn one_of<'a>(random: &mut Random, words: &[&'a str]) -> &'a str {
    words[random.below(words.len())]
}

/// A range that some syntax may accept.
fn range(random: &mut Random) -> String {
    let mut text = String::new();
    for at in 0..=random.below(4) {
        if at > 0 {
            text += one_of(random, &[",", ",", ",", ",", ", ", " ", ",,"]);
        }
        text += &number(random);
        if random.below(3) > 0 {
            text += one_of(random, &["-", "-", "-", "-", "-", ":", " - "]);
            text += &number(random);
            if random.below(2) > 0 {
                text += one_of(
                    random,
                    &["x", ":", "y", "x", ":", "y", "step", "by", "every", " x"],
                );
                text += &number(random);
            }
        }
    }
    text
}

/// A character changed, added, removed or repeated.
fn altered(random: &mut Random, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(2) {
        let at = random.below(chars.len());
        let new = one_of(
            random,
            &[
                "-", ",", ":", "x", "y", " ", ".", "0", "1", "9", "#", "@", "\t", "\n", "+", "X",
                "e", "_", "\u{a0}", "\u{1c}", "é", "(", "",
            ],
        );
        match random.below(3) {
            0 if !chars.is_empty() => drop(chars.remove(at)),
            1 if !chars.is_empty() => chars[at] = new.chars().next().unwrap_or('-'),
            _ => chars.splice(at..at, new.chars()).for_each(drop),
        }
    }
    chars.into_iter().collect()
}

/// Whether the peers can expand it in reasonable time, and as exactly as c47.
fn is_small(text: &str) -> bool {
    let mut digits = text.split(|char: char| !char.is_ascii_digit());
    digits.all(|digits| digits.len() <= 3 || digits.starts_with('0') && digits.len() == 4)
}

fn texts(count: usize) -> BTreeSet<String> {
    let mut random = Random(47);
    let mut texts = BTreeSet::new();
    for text in [
        "",
        ",",
        " ",
        "1",
        "-0",
        "1-1",
        "5-5x3",
        "5-5x-3",
        "5-5:-1",
        "10-1x-3",
        "1-10y1",
        "1-10:3",
        "1-10:99",
        "1-10x3,2-11x3,3-12x3",
        "1-5:2,2-6:2",
        "1-3:2,5-7:2,4",
        "1-2#",
        "@1-2",
        "1 5",
        "- 5",
        "--5",
        "1 - - 5",
        "-5--1",
        "1-",
        "1,",
        ",1",
        "1-2-3",
        "1-9:3,8",
        "1-10,5-15,12-3",
        "1:10:2",
    ] {
        texts.insert(text.to_owned());
    }
    while texts.len() < count {
        let text = range(&mut random);
        let text = match random.below(3) {
            0 => altered(&mut random, &text),
            _ => text,
        };
        if is_small(&text) {
            texts.insert(text);
        }
    }
    texts
}

fn frames_of(value: &Value) -> Vec<String> {
    let frames = value.as_array().unwrap().iter();
    frames
        .map(|frame| frame.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn fileseq_reads_the_same_frames() {
    let texts: Vec<String> = texts(rounds(2500)).into_iter().collect();
    // fileseq 3.4 loses frames where a range overlaps subframes: 1.5,1-3 is 1.5,1,2.5. By themselves it
    // reads the parts right.
    let calls: Vec<Value> = texts
        .iter()
        .map(|text| match text.contains('.') {
            true => json!(["fileseq_parts", text]),
            false => json!(["fileseq", text]),
        })
        .collect();
    let Some(answers) = peers_answer(&calls) else {
        return;
    };
    let (mut read, mut refused) = (0, 0);
    for (text, answer) in texts.iter().zip(answers) {
        let ours = seq_frames(text, "fileseq").ok();
        assert_eq!(ours, answer.as_ref().map(frames_of), "{text:?}");
        match answer {
            Some(_) => read += 1,
            None => refused += 1,
        }
    }
    assert!(read > 500 && refused > 500, "{read} {refused}");
}

#[test]
fn fileseq_reads_the_same_subframes() {
    let mut random = Random(48);
    let decimal = |random: &mut Random| {
        let number = number(random);
        let decimals = one_of(random, &["", ".5", ".25", ".0", ".125", ".10", ".001"]);
        format!("{number}{decimals}")
    };
    let texts: Vec<String> = (0..rounds(1500))
        .map(|_| {
            let mut parts = Vec::new();
            for _ in 0..=random.below(3) {
                let mut part = decimal(&mut random);
                if random.below(3) > 0 {
                    part += "-";
                    part += &decimal(&mut random);
                }
                if random.below(2) > 0 {
                    part += one_of(&mut random, &["x", "x", "y", ":"]);
                    part += one_of(
                        &mut random,
                        &["0.5", "1.0", "2.5", "3", "0.75", "-2.5", "2.0"],
                    );
                }
                parts.push(part);
            }
            parts.join(",")
        })
        .collect();
    let calls: Vec<Value> = texts
        .iter()
        .map(|text| json!(["fileseq_parts", text]))
        .collect();
    let Some(answers) = peers_answer(&calls) else {
        return;
    };
    let mut read = 0;
    for (text, answer) in texts.iter().zip(answers) {
        let ours = seq_frames(text, "fileseq").ok();
        assert_eq!(ours, answer.as_ref().map(frames_of), "{text:?}");
        read += usize::from(answer.is_some());
    }
    assert!(read > 500, "{read}");
}

/// Where c47 refuses what the peers accept, and why.
#[test]
fn differences_from_the_peers_are_known() {
    let differences = [
        // Digits of other scripts, which no tool writes.
        ("fileseq", "١-٣", "'١-٣': not a frame or range"),
        // A frame has at most 12 digits and 6 decimal places.
        (
            "fileseq",
            "1000000000000",
            "'1000000000000': more than 12 digits",
        ),
        (
            "fileseq",
            "0.0000001",
            "'0.0000001': more than 6 decimal places",
        ),
        (
            "openjd",
            "1000000000000",
            "'1000000000000': more than 12 digits",
        ),
    ];
    for (syntax, text, error) in differences {
        assert_eq!(seq_frames(text, syntax).unwrap_err(), error);
    }
    let calls = differences.map(|(syntax, text, _)| json!([syntax, text]));
    let Some(answers) = peers_answer(&calls) else {
        return;
    };
    assert!(answers.iter().all(Option::is_some), "{answers:?}");
}

#[test]
fn fileseq_has_the_same_limit() {
    let texts = [
        "1-10000000x1000",
        "1-10000001",
        "1-10000000,1",
        "0-10000000x1",
        "1-20000000x2,1",
        "1-9999999999",
        "-99999999--1x7",
    ];
    let calls = texts.map(|text| json!(["fileseq_count", text]));
    let Some(answers) = peers_answer(&calls) else {
        return;
    };
    for (text, answer) in texts.iter().zip(answers) {
        let ours = seq_frames(text, "fileseq").map(|frames| json!(frames.len()));
        assert_eq!(ours.ok(), answer, "{text}");
    }
}

#[test]
fn openjd_reads_the_same_frames() {
    let mut texts = texts(rounds(6000));
    // Mutations seldom give what OpenJD accepts.
    texts.extend(texts.clone().iter().map(|text| {
        let text = text.replace(['x', 'y'], ":").replace("step", ":");
        text.replace("by", ":").replace("every", ":")
    }));
    let texts: Vec<String> = texts.into_iter().collect();
    let calls: Vec<Value> = texts.iter().map(|text| json!(["openjd", text])).collect();
    let Some(answers) = peers_answer(&calls) else {
        return;
    };
    let (mut read, mut refused) = (0, 0);
    for (text, answer) in texts.iter().zip(answers) {
        let ours = seq_frames(text, "openjd").ok();
        assert_eq!(ours, answer.as_ref().map(frames_of), "{text:?}");
        match answer {
            Some(_) => read += 1,
            None => refused += 1,
        }
    }
    assert!(read > 500 && refused > 1000, "{read} {refused}");
}

/// Distinct frames in clusters, ascending or not.
fn frames(random: &mut Random) -> Vec<String> {
    let mut frames: Vec<i64> = Vec::new();
    let mut next = i64::try_from(random.below(40)).unwrap() - 20;
    for _ in 0..=random.below(6) {
        let step = [1, 1, 1, 2, 3, 5, -1, -2][random.below(8)];
        for _ in 0..=random.below(6) {
            frames.push(next);
            next += step;
        }
        next += i64::try_from(random.below(9)).unwrap();
    }
    let mut seen = BTreeSet::new();
    frames.retain(|frame| seen.insert(*frame));
    match random.below(3) {
        0 => {}
        1 => frames.sort_unstable_by(|one, other| other.cmp(one)),
        _ => frames.sort_unstable(),
    }
    frames.iter().map(ToString::to_string).collect()
}

#[test]
fn fileseq_writes_the_same_range() {
    let mut random = Random(49);
    let lists: Vec<Vec<String>> = (0..rounds(3000)).map(|_| frames(&mut random)).collect();
    let width = |at: usize| [0, 0, 4, 1][at % 4];
    let calls: Vec<Value> = lists
        .iter()
        .enumerate()
        .map(|(at, frames)| json!(["fileseq_write", frames, width(at)]))
        .collect();
    let Some(answers) = peers_answer(&calls) else {
        return;
    };
    for (at, (frames, answer)) in lists.iter().zip(answers).enumerate() {
        let ours = seq_range(frames, "fileseq", width(at)).unwrap();
        assert_eq!(Some(json!(ours)), answer, "{frames:?}");
    }
}

#[test]
fn openjd_reads_what_is_written_for_it() {
    let mut random = Random(50);
    let mut calls = Vec::new();
    let mut lists = Vec::new();
    while lists.len() < rounds(1500) {
        let frames = frames(&mut random);
        if let Ok(range) = seq_range(&frames, "openjd", 0) {
            calls.push(json!(["openjd", range]));
            calls.push(json!(["openjd_write", frames]));
            lists.push((frames, range));
        }
    }
    let Some(answers) = peers_answer(&calls) else {
        return;
    };
    let (mut ours, mut theirs) = (0, 0);
    for ((frames, range), answer) in lists.iter().zip(answers.chunks(2)) {
        assert_eq!(
            answer[0].as_ref().map(frames_of).as_ref(),
            Some(frames),
            "{range}"
        );
        if frames.is_sorted_by_key(|frame| frame.parse::<i64>().unwrap()) {
            ours += range.len();
            theirs += answer[1].as_ref().unwrap().as_str().unwrap().len();
        }
    }
    // openjd-model finds fewer steps.
    assert!(ours <= theirs, "{ours} {theirs}");
}

#[test]
fn what_is_written_is_read_as_the_same_frames() {
    let mut random = Random(51);
    let mut written = [0; 3];
    for round in 0..rounds(4000) {
        let mut frames = frames(&mut random);
        if round % 4 == 0 {
            let decimals = one_of(&mut random, &[".5", ".25", ".000001", ".999999"]);
            for frame in frames.iter_mut().step_by(1 + round % 3) {
                *frame += decimals;
            }
            let mut seen = BTreeSet::new();
            frames.retain(|frame| frame != "-0" && seen.insert(frame.clone()));
        }
        for (at, syntax) in SYNTAXES.into_iter().enumerate() {
            if let Ok(range) = seq_range(&frames, syntax, 0) {
                assert_eq!(seq_frames(&range, syntax).as_ref(), Ok(&frames), "{range}");
                written[at] += 1;
            }
        }
    }
    assert!(written.iter().all(|count| *count > 500), "{written:?}");
}

#[test]
fn random_text_is_read_or_refused_quickly() {
    let mut random = Random(52);
    let words = [
        "1",
        "9",
        "0",
        "-",
        ",",
        ":",
        "x",
        "y",
        " ",
        ".",
        "999999999999",
        "step",
        "every",
        "#",
        "1-99999",
        "0.000001",
        "-999999999999",
        "\u{feff}",
        "é",
        "\u{7f}",
        "\0",
        "1-9999:",
        "x0",
        ",,,,",
    ];
    for _ in 0..rounds(3000) {
        let mut text = String::new();
        for _ in 0..random.below(12) {
            text += one_of(&mut random, &words);
        }
        for syntax in SYNTAXES {
            let started = Instant::now();
            drop(seq_frames(&text, syntax));
            let took = started.elapsed();
            assert!(
                took < Duration::from_secs(60),
                "{text:?} {syntax}: {took:?}"
            );
        }
    }
}

fn lines(arguments: &[&str]) -> String {
    let output = c47().args(["seq", "range"]).args(arguments).run();
    output.expect_code(0).stdout_text().to_owned()
}

#[test]
fn ambiguous_range_is_refused_with_its_readings() {
    for (range, says) in [
        (
            "1-10:3",
            "1-10x3,3,5,9,2,6,8 in fileseq; 1-10x3 in deadline; 1-10x3 in openjd",
        ),
        ("1 5", "15 in fileseq; 1,5 in deadline"),
        ("10,1", "10,1 in fileseq; 10,1 in deadline; 1,10 in openjd"),
    ] {
        for arguments in [
            &[range][..],
            &["1", "--and", range],
            &["1", "--minus", range],
        ] {
            let output = c47().args(["seq", "range"]).args(arguments).run();
            let output = output.expect_code(2);
            let text = output.stderr_text();
            assert!(text.contains(says) && text.contains("--syntax"), "{text}");
            assert_eq!(output.stdout_text(), "");
        }
    }
    assert_eq!(lines(&["1-10:3", "--syntax", "deadline"]), "1-10x3\n");
    assert_eq!(lines(&["1-10:3", "--syntax", "openjd"]), "1-10:3\n");
    assert_eq!(lines(&["1 5", "--syntax", "fileseq"]), "15\n");
}

#[test]
fn range_may_begin_with_a_minus_sign() {
    for arguments in [
        &["-5--1"][..],
        &["--", "-5--1"],
        &["-5--3,-2,-1", "--syntax", "fileseq"],
        &["--sort", "-1,-5--2", "--syntax", "deadline"],
        &["-10--1", "--minus", "-10--6"],
        &["-10-10", "--and=-5--1"],
    ] {
        assert_eq!(lines(arguments), "-5--1\n", "{arguments:?}");
    }
    // What is no number is still an option.
    let words = ["seq", "range", "1-5", "-x"];
    let output = c47().args(words).run().expect_code(2);
    assert!(output.stderr_text().contains("no such option: -x"));
    let words = ["seq", "range", "-5", "-6"];
    let output = c47().args(words).run().expect_code(2);
    let expected = "unexpected argument: '-6'";
    assert!(output.stderr_text().contains(expected), "{}", output.tell());
}

#[test]
fn frames_are_combined_in_their_order() {
    assert_eq!(
        lines(&["10-1", "--minus", "3-4", "--minus", "8"]),
        "10-9,7-5,2-1\n"
    );
    assert_eq!(lines(&["10-1", "--and", "1-10x2"]), "9-1x2\n");
    assert_eq!(lines(&["1-5", "--reverse"]), "5-1\n");
    assert_eq!(lines(&["5,3,4", "--syntax", "fileseq", "--sort"]), "3-5\n");
    assert_eq!(lines(&["--count", "--", "-5-5"]), "11\n");
    assert_eq!(lines(&["1-3", "--expand", "--pad", "3"]), "001\n002\n003\n");
    assert_eq!(lines(&["1-3", "--expand", "--separator", ","]), "1,2,3\n");
    assert_eq!(
        lines(&["1-7", "--chunk", "3", "--to", "openjd"]),
        "1-3\n4-6\n7\n"
    );
    assert_eq!(
        lines(&["1-3,7-9", "--chunk", "2", "--contiguous"]),
        "1-2\n3\n7-8\n9\n"
    );
    assert_eq!(
        lines(&["1-9x2", "--chunk", "9", "--contiguous"]),
        "1\n3\n5\n7\n9\n"
    );
    assert_eq!(
        lines(&["1004-1030x10", "--step-from", "1001"]),
        "1011,1021\n"
    );
}

#[test]
fn no_frames_are_exit_code_1() {
    for (arguments, stdout) in [
        (&["1-5", "--and", "7"][..], ""),
        (&["1-5", "--and", "7", "--to", "openjd"], ""),
        (&["1-5", "--and", "7", "--expand"], ""),
        (&["1-5", "--and", "7", "--chunk", "2"], ""),
        (&["1-5", "--and", "7", "--count"], "0\n"),
        (&["", "--count"], "0\n"),
    ] {
        let output = c47().args(["seq", "range"]).args(arguments).run();
        assert_eq!(output.expect_code(1).stdout_text(), stdout);
    }
    let output = c47()
        .args(["seq", "range", "1", "--minus", "1", "--json"])
        .run();
    let json = output.expect_code(1).json();
    assert_eq!(
        (&json["count"], &json["first"], &json["range"]),
        (&json!(0), &Value::Null, &json!(""))
    );
}

#[test]
fn contradictory_options_are_refused() {
    for arguments in [
        &["1", "--expand", "--count"][..],
        &["1", "--compact", "--chunk", "1"],
        &["1", "--contiguous"],
        &["1", "--separator", ","],
        &["1", "--chunk", "0"],
        &["1", "--syntax", "nuke"],
        &["1", "--step-from", "x"],
        &["3,1", "--syntax", "fileseq", "--to", "openjd"],
        &["1-2x0.5", "--to", "deadline"],
        &["1-99999999"],
    ] {
        let output = c47().args(["seq", "range"]).args(arguments).run();
        assert_eq!(output.expect_code(2).stdout_text(), "");
    }
}
