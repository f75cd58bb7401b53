//! `--jq` and `--raw-output` of every command with `--json`.

use std::fs;

use serde_json::Value;

use crate::support::echo::Echo;
use crate::support::{Run, Scratch, c47, peers};

const KEY: &str = "a key of thirty-two bytes or more";

/// A signed token with the subject lena.
fn token() -> String {
    let sign = ["jwt", "sign", "--alg", "HS256", "--key", "env:KEY"];
    let sign = c47().env("KEY", KEY).args(sign);
    let output = sign.args(["--ttl", "5m", "--claim", "sub=lena"]).run();
    output.expect_code(0).stdout_text().trim_end().to_owned()
}

fn verify(arguments: &[&str], token: &str) -> Run {
    let run = c47().env("KEY", KEY);
    let run = run.args(["jwt", "verify", "--key", "env:KEY"]);
    run.args(arguments).arg(token)
}

#[test]
fn every_command_with_json_has_the_same_filter_options() {
    let whole = ::c47::testing::whole();
    let mut texts: Vec<(String, String)> = Vec::new();
    for command in whole.all() {
        let about = |long: &str| {
            let found = command.options.iter().find(|option| option.long == long);
            found.map(|option| (option.short, option.about.clone()))
        };
        // http declares them in its own words: it filters responses.
        if about("--json").is_none() || command.word() == "http" {
            continue;
        }
        let name = command.name();
        let (_, jq) = about("--jq").unwrap_or_else(|| panic!("{name} has no --jq"));
        let (short, raw) = about("--raw-output").unwrap_or_else(|| panic!("{name} has no -r"));
        assert_eq!(short, Some('r'), "{name}");
        texts.push((jq, raw));
    }
    assert!(texts.len() > 15, "{}", texts.len());
    assert!(
        texts.windows(2).all(|pair| pair[0] == pair[1]),
        "{texts:#?}"
    );
}

#[test]
fn results_are_compact_lines_and_raw_output_removes_quotes() {
    let token = token();
    let decoded = |arguments: &[&str]| {
        let run = c47().args(["jwt", "decode"]).args(arguments).arg(&token);
        run.run().expect_code(0).stdout_text().to_owned()
    };
    assert_eq!(decoded(&["--jq", ".claims.sub"]), "\"lena\"\n");
    assert_eq!(decoded(&["--jq", ".claims.sub", "-r"]), "lena\n");
    let pair = ".claims.sub, {alg: .header.alg}, .nothing";
    assert_eq!(
        decoded(&["--json", "--jq", pair, "--raw-output"]),
        "lena\n{\"alg\":\"HS256\"}\nnull\n"
    );
    assert_eq!(decoded(&["--jq=empty"]), "");
    // A string with a line feed is one line as JSON.
    let two = r#""a\nb\u009b""#;
    assert_eq!(decoded(&["--jq", two]), "\"a\\nb\u{9b}\"\n");
    assert_eq!(decoded(&["--jq", two, "-r"]), "a\nb\u{9b}\n");
}

#[test]
fn results_are_those_of_jq() {
    let Some(jq) = peers::tool("jq") else { return };
    let token = token();
    let report = c47().args(["jwt", "decode", "--json", &token]).run();
    for filter in [
        ".",
        ".header | keys",
        ".claims.sub",
        "[.[] | type]",
        ".verified | not",
    ] {
        for raw in [&[][..], &["-r"]] {
            let ours = c47().args(["jwt", "decode", "--jq", filter, &token]);
            let ours = ours.args(raw).run().expect_code(0);
            let theirs = Run::of(&jq).args(["-c", filter]).args(raw);
            let theirs = theirs.stdin(report.stdout.clone()).run().expect_code(0);
            assert_eq!(ours.stdout_text(), theirs.stdout_text(), "{filter} {raw:?}");
        }
    }
}

#[test]
fn invalid_filter_is_refused_before_any_work() {
    let scratch = Scratch::new("invalid-filter");
    let repository = scratch.path().join("repository");
    let links = scratch.path().join("links");
    fs::create_dir(&repository).unwrap();
    fs::create_dir(&links).unwrap();
    let pages = scratch.path().join("pages");
    let (repository, links, pages) = (
        repository.to_str().unwrap(),
        links.to_str().unwrap(),
        pages.to_str().unwrap(),
    );
    for command in [
        &["rez", "install", "--repo", repository][..],
        &["links", "--dir", links],
        &["man", "--all", pages],
        &["echo", "--count", "1"],
        // The source of a secret is not read.
        &["jwt", "verify", "--key", "prompt", "--token", "prompt"],
        &["jwt", "decode", "--token", "prompt"],
        &["elf", "glibc", "/usr/bin/env"],
        &["host", "check", "--cpu", "v1"],
    ] {
        let output = c47().args(command).args(["--jq", ".["]).run();
        let output = output.expect_code(2);
        let said = output.stderr_text();
        assert!(said.contains("--jq: invalid filter"), "{}", output.tell());
        let failure: Value = output.json();
        assert_eq!(failure["error"]["kind"], "usage", "{command:?}");
    }
    assert_eq!(fs::read_dir(repository).unwrap().count(), 0);
    assert_eq!(fs::read_dir(links).unwrap().count(), 0);
    assert!(!fs::exists(pages).unwrap());
}

#[test]
fn raw_output_without_a_filter_is_refused() {
    for command in [&["host", "--json", "-r"][..], &["selftest", "--raw-output"]] {
        let output = c47().args(command).run().expect_code(2);
        let said = output.stderr_text();
        assert!(said.contains("--raw-output requires --jq"), "{said}");
    }
}

#[test]
fn filter_does_not_change_the_exit_code_of_a_verdict() {
    let valid = verify(&["--jq", ".valid"], &token()).run().expect_code(0);
    assert_eq!(valid.stdout_text(), "true\n");
    let invalid = verify(&["--jq", ".valid"], "a.b.c").run().expect_code(1);
    assert_eq!(invalid.stdout_text(), "false\n");
    // A filter with no result does not mean yes.
    verify(&["--jq", "empty"], "a.b.c").run().expect_code(1);
}

#[test]
fn failure_under_a_filter_is_the_unfiltered_object() {
    for options in [
        &["--jq", ".claims"][..],
        &["--jq=.claims"],
        &["--jq", ".claims", "-r"],
    ] {
        let run = c47().args(["jwt", "decode", "not a token"]).args(options);
        let output = run.run().expect_code(7);
        assert_eq!(output.json()["error"]["exit"], 7, "{}", output.tell());
    }
    // The filter of http is for a response, which is not there.
    let run = c47().args(["http", "localhost:1", "--jq", "."]);
    assert_eq!(run.run().expect_code(7).stdout_text(), "");
    // The word may also be the value of another option.
    let output = c47().args(["jwt", "decode", "--token", "--jq"]).run();
    assert_eq!(output.expect_code(2).stdout_text(), "");
}

#[test]
fn filter_that_fails_is_exit_7() {
    let run = c47().args(["jwt", "decode", &token(), "--jq", ".claims.sub.x"]);
    let output = run.run().expect_code(7);
    assert!(output.stderr_text().starts_with("c47 jwt decode: --jq: "));
    assert_eq!(output.json()["error"]["exit"], 7);
}

#[test]
fn each_line_of_a_stream_is_filtered() {
    let run = c47().args([
        "elf",
        "info",
        "/usr/bin/env",
        "/nonexistent",
        "/usr/bin/env",
    ]);
    let output = run
        .args(["--jq", ".path, .error.exit"])
        .run()
        .expect_code(7);
    let lines: Vec<&str> = output.stdout_text().lines().collect();
    let report = ["\"/usr/bin/env\"", "null"];
    assert_eq!(lines[..2], report);
    // An error that takes the place of a report is not filtered.
    assert!(lines[2].starts_with("{\"error\":"), "{}", lines[2]);
    assert_eq!(lines[3..], report);
}

#[test]
fn echo_filters_each_request_and_survives_a_filter_that_fails() {
    let filter = ".listening // (.target | if . == \"/bad\" then error(\"bad\") else . end)";
    let mut child = c47()
        .args(["echo", "--count", "3", "--jq", filter, "-r"])
        .spawn();
    let address = child.stdout_line();
    let address = address.strip_prefix("http://").unwrap().to_owned();
    let echo = Echo { child, address };
    for path in ["/one", "/bad", "/two"] {
        let response = echo.raw(format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ));
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    }
    let output = echo.child.wait().expect_code(0);
    assert!(
        output.stdout_text().ends_with("/one\n/two\n"),
        "{}",
        output.tell()
    );
    assert!(
        output.stderr_text().contains("c47 echo: --jq: "),
        "{}",
        output.tell()
    );
}

#[test]
fn token_of_a_profile_can_be_selected() {
    let scratch = Scratch::new("token-filter");
    let profile =
        "[profile.a]\nurl = \"https://a.lan\"\nauth = \"bearer\"\ntoken = \"env:TOKEN\"\n";
    let file = scratch.write("profiles.toml", profile);
    let token = token();
    let run = |options: &[&str]| {
        let run = c47().args(["auth", "token", "a"]).args(options);
        let run = run.env("C47_CONFIG_PATH", &file).env("TOKEN", &token);
        run.env("HOME", scratch.path()).run().expect_code(0)
    };
    assert_eq!(run(&[]).stdout_text(), format!("{token}\n"));
    assert_eq!(
        run(&["--jq", ".token", "-r"]).stdout_text(),
        format!("{token}\n")
    );
    let report = run(&["--json"]).json();
    assert_eq!(report["token"], token.as_str());
    assert_eq!(report["profile"], "a");
}
