//! The core: c47 without cargo features says which one is missing.

use crate::support::{Scratch, c47};

#[test]
fn command_and_options_with_filters_name_the_missing_feature() {
    for arguments in [
        &["jq", "."][..],
        &["http", "localhost:1", "--until", "."],
        &["explore", "localhost:1", "--eval", "GET / | .a"],
        &["http", "localhost:1", "--paginate", "--items", ".a"],
    ] {
        let output = c47().args(arguments).stdin("{}").run().expect_code(2);
        let said = output.stderr_text();
        assert!(said.contains("cargo feature jq"), "{}", output.tell());
        assert_eq!(output.stdout_text(), "");
    }
}

#[cfg(not(feature = "tui"))]
#[test]
fn screen_names_the_missing_feature_and_eval_works() {
    let output = c47().args(["explore", "localhost:1"]).run().expect_code(2);
    let said = output.stderr_text();
    assert!(
        said.contains("cargo feature tui") && said.contains("--eval"),
        "{said}"
    );
    let eval = c47().args(["explore", "127.0.0.1:1", "--eval", "GET /x"]);
    eval.run().expect_code(7);
}

#[test]
fn interactive_command_names_the_missing_feature() {
    for arguments in [&["pick"][..], &["pick", "--filter", "a"]] {
        let output = c47().args(arguments).stdin("a\n").run().expect_code(2);
        let said = output.stderr_text();
        assert!(said.contains("cargo feature tui"), "{}", output.tell());
    }
}

#[test]
fn filter_names_the_missing_feature_before_any_work() {
    let scratch = Scratch::new("no-features");
    let whole = ::c47::testing::whole();
    let mut tried = 0;
    for command in whole.all() {
        if !command.options.iter().any(|option| option.long == "--jq") {
            continue;
        }
        let words = &command.path[1..];
        let arguments: &[&str] = match words.join(" ").as_str() {
            "auth token" => &["profile"],
            "host diff" => &["node01.json", "node02.json"],
            "http" => &["localhost:1"],
            "journal show" | "journal merge" => &["shots.journal"],
            "jwt decode" => &["token"],
            "jwt verify" => &["token", "--key", "env:KEY"],
            "pick" => &["--filter", "a"],
            "rez check" => &["."],
            "rez install" => &["--repo", "."],
            "seq check" => &["."],
            "seq range" => &["1-10"],
            _ => &[],
        };
        let run = c47()
            .args(words)
            .args(arguments)
            .current_dir(scratch.path());
        let output = run.args(["--jq", "."]).run().expect_code(2);
        let said = output.stderr_text();
        assert!(said.contains("--jq: "), "{}", output.tell());
        assert!(said.contains("cargo feature jq"), "{}", output.tell());
        // The filter of http is for responses: it does not imply --json.
        match words == ["http"] {
            true => assert_eq!(output.stdout_text(), ""),
            false => assert_eq!(output.json()["error"]["kind"], "usage", "{}", output.tell()),
        }
        tried += 1;
    }
    assert!(tried > 15, "{tried}");
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}
