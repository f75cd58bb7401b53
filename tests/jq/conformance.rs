//! jq's own tests: all agree, except those that are listed with their reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::peers::missing;
use crate::support::{Effort, c47, effort, source};

/// The files of tests in jq's source, and how many of each agree.
const FILES: [(&str, usize); 7] = [
    ("jq.test", 525),
    ("man.test", 231),
    ("onig.test", 45),
    ("manonig.test", 19),
    ("base64.test", 10),
    ("uri.test", 20),
    ("optional.test", 2),
];

/// Parts of filters whose tests differ, and the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("import \"", "modules are not supported"),
    ("include \"", "modules are not supported"),
    ("modulemeta", "modules are not supported"),
    (
        "path(.a | map(select(.b == 0))",
        "the interpreter does not know the result that is no path",
    ),
    (
        "((map(select(.a == 1))[].",
        "the interpreter does not know the result that is no path",
    ),
    (
        "(def x: reverse; x=10)",
        "the interpreter does not know the result that is no path",
    ),
    (
        "reduce range(10001) as $_",
        "values nested deeper than 10000 can be compared",
    ),
    (
        "[match(\".+?\\\\b\")]",
        "word boundaries are those of ASCII",
    ),
    (
        "gsub(\"(?=u)\"; \"u\")",
        "regular expressions have no look-around",
    ),
];

/// A test of jq.
#[derive(Debug)]
enum Case {
    /// A filter, its input and its outputs.
    Outputs(String, String, Vec<String>),
    /// A filter that is invalid.
    Invalid(String),
}

/// The tests in a file.
fn cases(text: &str) -> Vec<Case> {
    let is_blank = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let mut cases = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.by_ref().find(|line| !is_blank(line)) {
        let is_invalid = line.starts_with("%%FAIL");
        let filter = match is_invalid {
            true => lines.next().unwrap(),
            false => line,
        };
        let rest = lines.by_ref().take_while(|line| !line.trim().is_empty());
        let rest: Vec<String> = rest.map(str::to_owned).collect();
        cases.push(match rest.split_first() {
            Some((input, outputs)) if !is_invalid => {
                let outputs = outputs
                    .iter()
                    .filter(|line| !line.trim_start().starts_with('#'));
                Case::Outputs(filter.to_owned(), input.clone(), outputs.cloned().collect())
            }
            _ => Case::Invalid(filter.to_owned()),
        });
    }
    cases
}

/// Numbers are equal as doubles.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let mut members = one.iter();
            one.len() == other.len()
                && members
                    .all(|(key, one)| other.get(key).is_some_and(|other| is_equal(one, other)))
        }
        (one, other) => one == other,
    }
}

/// Whether two texts are the same value. Texts that are not JSON for others must be equal.
fn same_value(one: &str, other: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text);
    match (value(one), value(other)) {
        (Ok(one), Ok(other)) => is_equal(&one, &other),
        _ => {
            // As c47 writes it: jq's tests have nan, and integers that overflow.
            let normal = |text: &str| {
                let output = c47().args(["jq", "-c", "."]).stdin(text).run();
                output.stdout_text().trim_end().to_owned()
            };
            normal(one) == normal(other)
        }
    }
}

/// Why a test does not agree; `None` if it does.
fn failure(case: &Case, tests: &PathBuf) -> Option<String> {
    let (filter, input) = match case {
        Case::Outputs(filter, input, _) => (filter, input.as_str()),
        Case::Invalid(filter) => (filter, "null"),
    };
    let run = c47().args(["jq", "-c", "--", filter]).stdin(input);
    let output = run.env("PAGER", "less").current_dir(tests).run();
    assert!((0..=5).contains(&output.code), "a crash\n{}", output.tell());
    match case {
        Case::Invalid(_) => (output.code != 3).then(|| output.tell()),
        Case::Outputs(_, _, expected) => {
            let lines: Vec<&str> = output.stdout_text().lines().collect();
            let agrees = lines.len() == expected.len()
                && lines
                    .iter()
                    .zip(expected)
                    .all(|(line, other)| same_value(line, other));
            (!agrees).then(|| format!("expected: {expected:?}\n{}", output.tell()))
        }
    }
}

fn text(case: &Case) -> &str {
    match case {
        Case::Outputs(filter, ..) | Case::Invalid(filter) => filter,
    }
}

/// The tests of jq 1.8, from the source that the package `jq` of PyPI contains.
fn tests_of_jq() -> Option<PathBuf> {
    if effort() == Effort::Quick {
        return missing("C47_TEST_QUICK is set");
    }
    let tests = source("target/peers/jq-1.8/tests");
    match tests.join("jq.test").exists() {
        true => Some(tests),
        false => missing("no tests of jq; run scripts/peers"),
    }
}

#[test]
fn tests_of_jq_agree_except_for_listed_ones() {
    let Some(tests) = tests_of_jq() else { return };
    let mut different = BTreeSet::new();
    let mut wrong = Vec::new();
    for (file, least) in FILES {
        let cases = cases(&String::from_utf8_lossy(
            &fs::read(tests.join(file)).unwrap(),
        ));
        let mut agree = 0;
        for case in &cases {
            let listed = DIFFERENT.iter().find(|(part, _)| text(case).contains(part));
            match (failure(case, &tests), listed) {
                (None, _) => agree += 1,
                (Some(_), Some((part, _))) => drop(different.insert(*part)),
                (Some(why), None) => wrong.push(format!("{file}: {why}")),
            }
        }
        assert!(
            agree >= least,
            "{file}: {agree} of {} agree, not {least}\n{}",
            cases.len(),
            wrong.join("\n\n")
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let agreeing = DIFFERENT
        .iter()
        .map(|(part, _)| *part)
        .filter(|part| !different.contains(part));
    let agreeing: Vec<&str> = agreeing.collect();
    assert!(
        agreeing.is_empty(),
        "these agree now; remove them from the list: {agreeing:?}"
    );
}
