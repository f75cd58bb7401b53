//! `c47 jq`, compared with jq's own tests and with jq 1.8 itself.

mod conformance;
mod differential;
mod hostile;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::support::{Run, Scratch, binary, c47};

/// What `c47 jq` prints with these arguments for this input.
fn jq(arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = c47().arg("jq").args(arguments).stdin(input).run();
    let text = |bytes: &str| bytes.to_owned();
    (
        output.code,
        text(output.stdout_text()),
        text(output.stderr_text()),
    )
}

/// stdout of a run that succeeds.
fn printed(arguments: &[&str], input: &str) -> String {
    let (code, stdout, stderr) = jq(arguments, input);
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    stdout
}

#[test]
fn output_options_are_those_of_jq() {
    let input = r#"{"b":[1,"é"],"a":null}"#;
    assert_eq!(
        printed(&["."], input),
        "{\n  \"b\": [\n    1,\n    \"é\"\n  ],\n  \"a\": null\n}\n"
    );
    assert_eq!(
        printed(&["-c", "."], input),
        "{\"b\":[1,\"é\"],\"a\":null}\n"
    );
    assert_eq!(
        printed(&["-cS", "."], input),
        "{\"a\":null,\"b\":[1,\"é\"]}\n"
    );
    assert_eq!(printed(&["-ca", ".b"], input), "[1,\"\\u00e9\"]\n");
    assert_eq!(printed(&["--tab", ".b"], input), "[\n\t1,\n\t\"é\"\n]\n");
    assert_eq!(
        printed(&["--indent", "1", ".b"], input),
        "[\n 1,\n \"é\"\n]\n"
    );
    assert_eq!(printed(&["--indent", "0", ".b"], input), "[1,\"é\"]\n");
    assert_eq!(printed(&["-r", ".b[1]"], input), "é\n");
    assert_eq!(printed(&["-j", ".b[]"], input), "1é");
    assert_eq!(printed(&["--raw-output0", ".b[]"], input), "1\0é\0");
    assert_eq!(printed(&["-c", "--seq", ".b"], input), "\u{1e}[1,\"é\"]\n");
    assert_eq!(printed(&["-cC", ".a"], input), "\u{1b}[33mnull\u{1b}[0m\n");
}

#[test]
fn input_options_are_those_of_jq() {
    assert_eq!(printed(&["-nc", "[inputs]"], "1 2 3"), "[1,2,3]\n");
    assert_eq!(printed(&["-c", "[., input]"], "1 2 3 4"), "[1,2]\n[3,4]\n");
    assert_eq!(printed(&["-cs", "."], "1 [2]"), "[1,[2]]\n");
    assert_eq!(printed(&["-s", "."], ""), "[]\n");
    assert_eq!(printed(&["-R", "."], "a\nb"), "\"a\"\n\"b\"\n");
    assert_eq!(printed(&["-Rs", "."], "a\nb\n"), "\"a\\nb\\n\"\n");
    assert_eq!(
        printed(&["-c", "--stream", "."], "[1,{\"a\":2}]"),
        "[[0],1]\n[[1,\"a\"],2]\n[[1,\"a\"]]\n[[1]]\n"
    );
    assert_eq!(
        printed(&["-c", "--seq", ".", "-"], "\u{1e}1\n\u{1e}2\n"),
        "\u{1e}1\n\u{1e}2\n"
    );
    assert_eq!(printed(&["."], "\u{feff}1"), "1\n");
    assert_eq!(printed(&["input_line_number"], "1\n2\n"), "1\n2\n");
}

#[test]
fn variables_come_from_options() {
    let scratch = Scratch::new("jq-variables");
    let file = scratch.write("a.json", "1 2");
    let file = file.to_str().unwrap();
    let filter = scratch.write("f.jq", "# a comment\n[$a, $b, $c, $d]");
    let filter = filter.to_str().unwrap();
    let given = [
        "--arg",
        "a",
        "x",
        "--argjson",
        "b",
        "{\"y\":1.0}",
        "--slurpfile",
        "c",
        file,
        "--rawfile",
        "d",
        file,
    ];
    let all: Vec<&str> = ["-nc", "-f", filter].into_iter().chain(given).collect();
    assert_eq!(printed(&all, ""), "[\"x\",{\"y\":1.0},[1,2],\"1 2\"]\n");
    assert_eq!(
        printed(
            &["-nc", "$ARGS", "--arg", "a", "x", "--args", "1", "-r", "2"],
            ""
        ),
        "{\"positional\":[\"1\",\"2\"],\"named\":{\"a\":\"x\"}}\n"
    );
    assert_eq!(
        printed(&["-nc", "$ARGS.positional", "--jsonargs", "1", "{}"], ""),
        "[1,{}]\n"
    );
    assert_eq!(jq(&["-n", "--argjson", "a", "{", "1"], "").0, 2);
    let run = c47().args(["jq", "-n", "[env.SHOT, $ENV.SHOT]", "-c"]);
    let output = run.env("SHOT", "sh010").run();
    assert_eq!(output.stdout_text(), "[\"sh010\",\"sh010\"]\n");
}

#[test]
fn exit_codes_are_those_of_jq() {
    let code = |arguments: &[&str], input: &str| jq(arguments, input).0;
    assert_eq!(code(&["-e", "."], "1 false"), 1);
    assert_eq!(code(&["-e", "."], "null 1"), 0);
    assert_eq!(code(&["-e", "empty"], "1"), 4);
    assert_eq!(code(&["."], "{"), 2);
    assert_eq!(code(&[".", "/nonexistent"], ""), 2);
    assert_eq!(code(&["--nonsense", "."], ""), 2);
    assert_eq!(code(&["("], ""), 3);
    assert_eq!(code(&["nonsense"], ""), 3);
    assert_eq!(code(&[".a"], "1"), 5);
    assert_eq!(
        jq(&["\"bye\\n\" | halt_error"], "1 2"),
        (5, String::new(), "bye\n".into())
    );
    assert_eq!(
        jq(&["{a: 1} | halt_error(3)"], "1"),
        (3, String::new(), "{\"a\":1}\n".into())
    );
    assert_eq!(code(&["halt"], "1"), 0);
}

#[test]
fn errors_name_the_input_and_the_next_input_follows() {
    let (code, stdout, stderr) = jq(&[".a"], "1\n{\"a\":2}\n[3]\n");
    assert_eq!((code, stdout.as_str()), (5, "2\n"));
    assert_eq!(
        stderr,
        "c47 jq: standard input:1: Cannot index number with string (\"a\")\n\
        c47 jq: standard input:3: Cannot index array with string (\"a\")\n"
    );
    let (code, stdout, stderr) = jq(&["."], "1 [2,");
    assert_eq!((code, stdout.as_str()), (2, "1\n"));
    assert!(
        stderr.contains("at the end of the input, line 1, column 5"),
        "{stderr}"
    );
}

#[test]
fn debug_and_stderr_write_to_stderr() {
    let (_, stdout, stderr) = jq(&["-c", "debug, stderr, debug(\"x\")"], "[1]");
    assert_eq!(
        (stdout.as_str(), stderr.as_str()),
        (
            "[1]\n[1]\n[1]\n",
            "[\"DEBUG:\",[1]]\n[1][\"DEBUG:\",\"x\"]\n"
        )
    );
}

/// Lines with objects, longer than several blocks.
fn lines(count: usize) -> String {
    (0..count)
        .map(|i| {
            format!(
                "{{\"id\":{i},\"name\":\"shot {i}\",\"note\":\"{}\"}}\n",
                "x".repeat(i % 90)
            )
        })
        .collect()
}

#[test]
fn lines_are_filtered_in_parallel_and_printed_in_order() {
    let scratch = Scratch::new("jq-lines");
    let text = lines(30_000);
    let file = scratch.write("lines.json", &text);
    let expected: String = (0..30_000)
        .filter(|i| i % 3 == 0)
        .map(|i| format!("{i}\n"))
        .collect();
    let filter = "select(.id % 3 == 0) | .id";
    assert!(printed(&[filter, file.to_str().unwrap()], "") == expected);
    assert!(printed(&[filter], &text) == expected);
}

#[test]
fn values_that_span_lines_are_filtered_behind_many_lines() {
    let mut text = lines(20_000);
    text.push_str("{\n\"id\":\n20000\n}\n");
    text.push_str(&lines(5_000));
    text.push_str("{\"id\": 7");
    let (code, stdout, stderr) = jq(&[".id"], &text);
    let mut expected: Vec<String> = (0..=20_000).map(|i| i.to_string()).collect();
    expected.extend((0..5_000).map(|i| i.to_string()));
    assert!(stdout.lines().eq(expected.iter().map(String::as_str)));
    assert_eq!(code, 2);
    assert!(stderr.contains("line 25005, column 8"), "{stderr}");
}

#[test]
fn errors_in_parallel_have_the_line_and_the_order_of_the_input() {
    let mut text = lines(20_000);
    text.push_str("[1]\n");
    text.push_str(&lines(10));
    let (code, stdout, stderr) = jq(&[".id"], &text);
    assert_eq!((code, stdout.lines().count()), (5, 20_010));
    assert_eq!(
        stderr,
        "c47 jq: standard input:20001: Cannot index array with string (\"id\")\n"
    );
}

#[test]
fn runaway_recursion_in_parallel_is_an_error() {
    let (code, _, stderr) = jq(
        &["def f: 1 + f; if .id == 15000 then f else .id end"],
        &lines(20_000),
    );
    assert_eq!(code, 5);
    assert!(stderr.contains("too deep"), "{stderr}");
}

#[test]
fn closed_pipe_ends_an_endless_filter() {
    let scratch = Scratch::new("jq-pipe");
    let script = scratch.write(
        "s",
        "\"$C47\" jq -n 'repeat(1)' | head -n 2; echo ${PIPESTATUS[0]}\n",
    );
    let output = Run::of("bash").arg(script).env("C47", binary()).run();
    assert_eq!(output.stdout_text(), "1\n1\n0\n");
}

/// The peak memory in KiB after this many lines, with several threads.
fn peak(count: usize) -> u64 {
    let mut child = Command::new(binary())
        .args(["jq", "-c", ".id"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let writer = std::thread::spawn(move || {
        let block = lines(1000);
        for _ in 0..count / 1000 {
            input.write_all(block.as_bytes()).unwrap();
        }
        input // stays open
    });
    assert_eq!(BufReader::new(output).lines().take(count).count(), count);
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    drop(writer.join().unwrap());
    child.wait().unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn memory_does_not_grow_with_the_input() {
    let (short, long) = (peak(50_000), peak(500_000));
    assert!(
        long < short + 8_000,
        "{short} KiB for 4 MB, {long} KiB for 40 MB"
    );
}

#[test]
fn definitions_replace_builtins_of_the_same_name() {
    let check = |filter: &str, expected: &str| {
        assert_eq!(printed(&["-nc", filter], ""), format!("{expected}\n"));
    };
    check("def length: 1, 2; [{a: length}]", r#"[{"a":1},{"a":2}]"#);
    check(
        "def f(length): [(10, 20) + length]; f(1, 2)",
        "[11,21,12,22]",
    );
    check("def first(f): 42; [1] | .[] |= (7, 8)", "[7]");
    // A parameter `$x` is also the filter `x`, with its own input.
    check("def f($x): 5 | x; 3 | f(. + 1)", "6");
    // Constants are not looked up.
    check("def null: 1; [null]", "[null]");
    let (code, _, stderr) = jq(&["-n", "def if: 1; 2"], "");
    assert_eq!(code, 3, "{stderr}");
}

#[test]
fn arguments_keep_their_order_and_the_first_of_a_name_counts() {
    let words = ["--args", "a", "--jsonargs", "1", "--args", "\"b"];
    let all: Vec<&str> = ["-nc", "$ARGS.positional"]
        .into_iter()
        .chain(words)
        .collect();
    assert_eq!(printed(&all, ""), "[\"a\",1,\"\\\"b\"]\n");
    let twice = [
        "-nc",
        "[$a, $ARGS.named]",
        "--arg",
        "a",
        "1",
        "--arg",
        "a",
        "2",
    ];
    assert_eq!(printed(&twice, ""), "[\"1\",{\"a\":\"1\"}]\n");
}

#[test]
fn unreadable_file_of_an_option_is_exit_2() {
    for option in ["--slurpfile", "--rawfile"] {
        let (code, _, stderr) = jq(&["-n", option, "a", "/nowhere", "$a"], "");
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains("/nowhere"), "{stderr}");
    }
    assert_eq!(jq(&["-n", "-f", "/nowhere"], "").0, 2);
}

#[test]
fn syntax_errors_are_plain_sentences() {
    for (filter, expected) in [
        ("1 +", "unexpected end of the filter at column 4"),
        ("try", "unexpected end of the filter at column 4"),
        ("1 \"a\"", "unexpected string at column 3"),
        (
            "{a: \"x\" \"y\"}",
            "expected '}', found a string at column 9",
        ),
        (
            "1 as x",
            "expected a variable, '[' or '{', found 'x' at column 6",
        ),
        ("}", "unexpected '}' at column 1"),
    ] {
        let (code, _, stderr) = jq(&["-n", filter], "");
        assert_eq!(code, 3, "{filter}: {stderr}");
        assert!(stderr.contains(expected), "{filter}: {stderr}");
    }
}

#[test]
fn byte_order_mark_of_a_long_file_is_skipped() {
    let scratch = Scratch::new("jq-mark");
    let lines = "{\"a\": 1}\r\n".repeat(200_000);
    let file = scratch.write("a.json", format!("\u{feff}{lines}"));
    let (code, stdout, stderr) = jq(&[".a", file.to_str().unwrap()], "");
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout.lines().count(), 200_000);
}
