//! `c47 pick` without a terminal, compared with fzf.

use std::fmt::Write;

use crate::support::{Output, Run, Scratch, binary, c47, peers};

/// Queries of every kind.
const QUERIES: &[&str] = &[
    "main.rs",
    "src lib",
    "'test",
    "^lib",
    ".py$",
    "^src .rs$",
    "!src",
    "lib !share",
    "rs$ | py$",
    "foo | bar baz",
    "cargoreg",
    "SRC",
    "README",
    "readme",
    "libc",
    "srcbin",
    "python3",
    "'python .py$",
    "doc man",
    "a",
    "x",
    "zz",
    "git objects",
    "md$ !node",
    "^lib/x86",
    "glibc",
    "Cargo.toml$",
    "'src 'main",
    "http | https json",
    "locale de",
    "zone europe",
    "tests.rs",
    "mod.rs$ !target",
    "kernel",
    "incl sys",
    "ssl cert",
    ".h$ 'linux",
    "UTF",
    "perl mod",
    "vim",
    "systemd",
    "/bin/",
    "//",
    "123",
    "a\\ b",
    "| foo",
    "!a !b",
    "cafe",
    "café",
    "CAFÉ",
    "漢",
    "strasse",
    "'ä",
    "^Ä",
    "!'lib",
    "a,b",
    "camelCase",
    "sh010 v003",
    "010 !comp",
    "ﬁ",
    "İ",
    "- _",
];

/// Pseudorandom paths (Numerical Recipes), some with characters outside ASCII and bytes that are not
/// UTF-8.
fn paths(count: usize) -> Vec<u8> {
    let words = [
        "src",
        "lib",
        "main.rs",
        "test",
        "tests.rs",
        "python3",
        "usr",
        "Cargo.toml",
        "README.md",
        "foo",
        "barBaz",
        "x86_64",
        "kernel",
        "linux.h",
        "café",
        "CAFÉ",
        "Ängström",
        "漢字",
        "straße",
        "a b",
        "sh010",
        "v003",
        "comp",
        "locale",
        "de_DE.UTF-8",
        "zoneinfo",
        "Europe",
        "ssl-cert",
        "perl_mod",
        "vim",
        "node",
        "json",
        "http",
        "123",
        "camelCase",
        "İstanbul",
        "ﬁle",
        "\t",
        "  ",
        "-_-",
        "a,b",
        "mod.rs",
        "glibc",
        "systemd",
        "e\u{301}",
    ];
    let mut state = 7_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    let mut lines = Vec::new();
    for _ in 0..count {
        let length = 1 + next() % 7;
        for at in 0..length {
            let separator = ["/", "_", " ", "", "-"][next() % 5];
            if at > 0 {
                lines.extend_from_slice(separator.as_bytes());
            }
            lines.extend_from_slice(words[next() % words.len()].as_bytes());
            if next() % 200 == 0 {
                lines.push(0xff);
            }
        }
        lines.push(b'\n');
    }
    lines
}

fn pick(arguments: &[&str], input: &[u8]) -> Output {
    c47().arg("pick").args(arguments).stdin(input).run()
}

#[test]
fn matches_have_the_order_of_fzf() {
    let Some(fzf) = peers::tool("fzf") else {
        return;
    };
    let lines = paths(20_000);
    let mut faults = String::new();
    for query in QUERIES {
        for exact in [&[][..], &["--exact"]] {
            let theirs = Run::of(&fzf)
                .args(exact)
                .args(["--filter", query])
                .stdin(lines.as_slice())
                .run();
            let ours = c47()
                .arg("pick")
                .args(exact)
                .args(["--filter", query])
                .stdin(lines.as_slice())
                .run();
            // The whole order, not only the first ten. fzf prints bytes that are not UTF-8 as U+FFFD.
            let [ours_shown, theirs_shown] =
                [&ours, &theirs].map(|output| String::from_utf8_lossy(&output.stdout));
            if ours.code != theirs.code || ours_shown != theirs_shown {
                let [ours, theirs] = [&ours_shown, &theirs_shown]
                    .map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
                let at = ours
                    .iter()
                    .zip(&theirs)
                    .take_while(|(one, other)| one == other)
                    .count();
                writeln!(
                    faults,
                    "{query:?} {exact:?}: {} and {} lines, the first that differs is {at}: {:?} {:?}",
                    ours.len(),
                    theirs.len(),
                    ours.get(at),
                    theirs.get(at)
                )
                .unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn filter_prints_matches_unchanged() {
    let input = b"a\xffb\n\x1b[2J\nb\n\nlast b";
    let output = pick(&["--filter", "b"], input).expect_code(0);
    assert_eq!(output.stdout, b"b\nlast b\na\xffb\n");
    let output = pick(&["--filter", ""], input).expect_code(0);
    assert_eq!(output.stdout, [&input[..], b"\n"].concat());
    let output = pick(&["--filter", "nothing"], input).expect_code(1);
    assert_eq!((output.stdout_text(), output.stderr_text()), ("", ""));
    let output = pick(&["--filter", "b", "--read0", "--print0"], b"a\nb\0c\0b").expect_code(0);
    assert_eq!(output.stdout, b"b\0a\nb\0");
    let output = pick(&["--filter", "a", "--header-lines", "1"], b"name a\na\n").expect_code(0);
    assert_eq!(output.stdout, b"a\n");
}

#[test]
fn only_or_no_match_needs_no_terminal() {
    let output = pick(&["--select-1", "--query", "b"], b"a\nb\n").expect_code(0);
    assert_eq!(output.stdout, b"b\n");
    let output = pick(&["-0", "-q", "x"], b"a\nb\n").expect_code(1);
    assert_eq!((output.stdout_text(), output.stderr_text()), ("", ""));
}

#[cfg(feature = "jq")]
#[test]
fn json_is_shown_and_printed_by_filters() {
    let array = br#"[{"id":1,"name":"sh010","n":1.10},{"id":2,"name":"other"},{"id":3,"name":"sh\u0020020"}]"#;
    let lines = b"{\"id\":1,\"name\":\"sh010\",\"n\":1.10}\n{\"id\":2,\"name\":\"other\"}\n{\"id\":3,\"name\":\"sh\\u0020020\"}\n";
    for input in [&array[..], lines] {
        let output = pick(
            &["--filter", "sh", "--show", ".name", "--print", ".id"],
            input,
        );
        assert_eq!(output.expect_code(0).stdout_text(), "1\n3\n");
        // Without --print the value itself, unchanged.
        let output = pick(&["--filter", "010", "--show", ".name"], input).expect_code(0);
        assert_eq!(
            output.stdout_text(),
            "{\"id\":1,\"name\":\"sh010\",\"n\":1.10}\n"
        );
        let output =
            pick(&["--filter", "3", "--columns", "id,name", "--json"], input).expect_code(0);
        assert_eq!(output.json()["items"][0]["text"], "3\tsh 020");
        assert_eq!(output.json()["items"][0]["index"], 2);
        assert_eq!(output.json()["items"][0]["value"]["id"], 3);
    }
    let output = pick(&["--filter", "a", "--jq", ".items[].index"], b"b\na\nab\n").expect_code(0);
    assert_eq!(output.stdout_text(), "1\n2\n");
    let output = pick(&["--filter", "", "--show", "."], b"1\n2\n]").expect_code(7);
    assert_eq!(output.stdout_text(), "1\n2\n");
    assert!(output.stderr_text().contains("line 3"), "{}", output.tell());
}

#[test]
fn wrong_options_are_named() {
    for (arguments, said) in [
        (&["--height", "0"][..], "--height"),
        (&["--height", "101%"], "--height"),
        (&["--preview", "'"], "--preview"),
        (&["--columns", "a,,b"], "--columns"),
        (
            &["--filter", "a", "--query", "b"],
            "--filter and --query exclude each other",
        ),
        (
            &["--filter", "a", "--print0", "--json"],
            "--print0 and --json exclude each other",
        ),
    ] {
        let output = pick(arguments, b"a\n").expect_code(2);
        assert!(output.stderr_text().contains(said), "{}", output.tell());
        assert_eq!(
            output.stderr_text().lines().count()
                - usize::from(output.stderr_text().contains("hint:")),
            1
        );
    }
}

#[test]
fn without_a_terminal_the_error_names_filter() {
    let Some(setsid) = peers::tool("setsid") else {
        return;
    };
    let scratch = Scratch::new("no-terminal");
    let list = scratch.write("list", "a\nb\n");
    let output = Run::of("sh")
        .args(["-c", "exec \"$1\" -w \"$2\" pick <\"$3\"", "sh"])
        .args([&setsid, &binary().to_owned(), &list])
        .run()
        .expect_code(2);
    assert!(
        output.stderr_text().contains("no terminal"),
        "{}",
        output.tell()
    );
    assert!(
        output.stderr_text().contains("hint: --filter QUERY"),
        "{}",
        output.tell()
    );
}

#[test]
fn million_lines_are_filtered_in_bounded_memory() {
    let lines: String = (0..1_000_000)
        .map(|number| format!("line {number}\n"))
        .collect();
    let output = Run::of("sh")
        .args(["-c", "ulimit -v 400000; exec \"$0\" pick --filter 999999"])
        .arg(binary())
        .stdin(lines)
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "line 999999\n");
}
