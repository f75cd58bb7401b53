//! The exact output of commands in tests/snapshots, so that reviews show changed texts.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test` updates them.

use std::fs;

use c47::testing::Timestamp;

use super::{Output, source};

/// Compares an exit code, stdout and stderr with tests/snapshots/`name`.txt.
#[track_caller]
pub fn check_output(name: &str, output: &Output) {
    let shown = format!(
        "exit code: {}\n--- stdout\n{}--- stderr\n{}",
        output.code,
        output.stdout_text(),
        output.stderr_text()
    );
    check(name, &shown);
}

/// Compares a text with tests/snapshots/`name`.txt, both without values that change between runs.
#[track_caller]
pub fn check(name: &str, text: &str) {
    let text = filtered(text);
    let path = source("tests/snapshots").join(format!("{name}.txt"));
    if std::env::var("UPDATE_SNAPSHOTS").is_ok_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).expect("the directory of snapshots");
        fs::write(&path, &text).expect("a snapshot");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == expected,
        "tests/snapshots/{name}.txt differs; if the new text is meant, \
         run the tests with UPDATE_SNAPSHOTS=1\n--- expected\n{expected}\n--- is\n{text}"
    );
}

/// Replaces scratch directories, ports, the version, and times near now by words in brackets.
pub fn filtered(text: &str) -> String {
    let text = text.replace(env!("CARGO_PKG_VERSION"), "[version]");
    let text = scratches(&text);
    let text = ["127.0.0.1:", "localhost:", "[::1]:"]
        .into_iter()
        .fold(text, |text, host| ports(&text, host));
    times(&text)
}

fn scratches(text: &str) -> String {
    let directory = concat!(env!("CARGO_TARGET_TMPDIR"), "/");
    let mut parts = text.split(directory);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        out.push_str("[scratch]");
        out.push_str(part.trim_start_matches(of_name));
    }
    out
}

fn ports(text: &str, host: &str) -> String {
    let mut parts = text.split(host);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        // Ports with up to four digits are part of the text, not chosen by the system.
        let port = if part.len() - rest.len() < 5 {
            &part[..part.len() - rest.len()]
        } else {
            "[port]"
        };
        out.push_str(&format!("{host}{port}{rest}"));
    }
    out
}

/// Replaces times near now, but not those of fixed examples.
fn times(text: &str) -> String {
    const LENGTH: usize = "2026-11-23T16:00:00Z".len();
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let time = rest.get(..LENGTH).filter(|time| time.ends_with('Z'));
        let near = time
            .and_then(|time| Timestamp::parse(time).ok())
            .is_some_and(|time| (time.0 - Timestamp::now().0).abs() < 30 * 86_400);
        let (word, length) = if near {
            ("[time]", LENGTH)
        } else {
            (&rest[..first.len_utf8()], first.len_utf8())
        };
        out.push_str(word);
        rest = &rest[length..];
    }
    out
}
