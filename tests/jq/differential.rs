//! Filters × documents, compared with jq 1.8 itself.

use std::collections::BTreeSet;

use crate::support::peers::missing;
use crate::support::{Effort, Run, c47, effort, source};

/// Documents of every kind, with extremes.
const DOCUMENTS: [&str; 34] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.5",
    "2.50",
    "1e3",
    "100000000000000000000",
    "1e1000",
    r#""""#,
    r#""a""#,
    r#""abc""#,
    r#""a,b, c""#,
    r#""1""#,
    r#""-1.5""#,
    r#""aé😀b""#,
    r#""2015-03-05T23:51:47Z""#,
    "[]",
    "[1,2,3]",
    r#"[3,1,2,null,"a",[],{}]"#,
    r#"["a","b","a"]"#,
    "[[1,2],[3,4]]",
    "{}",
    r#"{"a":1}"#,
    r#"{"a":{"b":[1,{"c":2}]},"b":null}"#,
    r#"{"b":2,"a":1,"c":[1]}"#,
    r#"[{"a":1,"b":2},{"a":3,"b":1},{"a":1,"b":0}]"#,
    "1425599621",
    "[0,1]",
    r#"[{"key":"a","value":1},{"name":"b","Value":2}]"#,
    "1425599621.678",
    "[2015,2,5,23,51,47,4,63]",
];

/// Filters, one on each line.
const FILTERS: &str = include_str!("filters.txt");

/// Filters whose outputs differ, and the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("sin", "last digit"),
    ("cos", "last digit"),
    ("cbrt", "last digit"),
    ("exp10", "last digit"),
    ("path(1)", "text of the error"),
    ("del(length)", "text of the error"),
    (
        "gsub(\"\"; \"-\")",
        "jq also matches within the bytes of a character",
    ),
];

#[test]
fn filters_have_the_outputs_of_jq() {
    let Some(module) = module() else { return };
    // An error is an output too, and each document is filtered on its own.
    let wrapped: Vec<String> = FILTERS
        .lines()
        .map(|filter| format!("[try ({filter}) catch {{error: .}}] | tojson"))
        .collect();
    let work =
        serde_json::json!({"filters": wrapped, "documents": DOCUMENTS.as_slice()}).to_string();
    let python = Run::of("python3")
        .arg(source("tests/jq/reference.py"))
        .env("PYTHONPATH", module);
    let reference = python.stdin(work).run().expect_code(0);
    let documents = DOCUMENTS.join("\n");
    let listed = |filter: &str| DIFFERENT.iter().any(|(name, _)| *name == filter);
    let (mut wrong, mut different) = (Vec::new(), BTreeSet::new());
    let pairs = FILTERS
        .lines()
        .zip(&wrapped)
        .zip(reference.stdout_text().lines());
    for ((filter, wrapped), expected) in pairs {
        let expected: Vec<String> = serde_json::from_str(expected).expect(filter);
        let output = c47()
            .args(["jq", "-r", "--", wrapped])
            .stdin(documents.as_str())
            .run();
        let lines: Vec<&str> = output.stdout_text().lines().collect();
        if lines == expected {
            continue;
        }
        different.insert(filter);
        if !listed(filter) {
            let first = lines
                .iter()
                .zip(&expected)
                .find(|(line, other)| *line != other);
            wrong.push(format!(
                "{filter}: {first:?}, {} and {} lines",
                lines.len(),
                expected.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let agreeing: Vec<_> = DIFFERENT
        .iter()
        .filter(|(name, _)| !different.contains(name))
        .collect();
    assert!(
        agreeing.is_empty(),
        "these agree now; remove them from the list: {agreeing:?}"
    );
    let count = FILTERS.lines().count() * DOCUMENTS.len();
    assert!(count >= 2000, "only {count} pairs");
}

/// Where the Python module jq is.
fn module() -> Option<std::path::PathBuf> {
    if effort() == Effort::Quick {
        return missing("C47_TEST_QUICK is set");
    }
    let module = source("target/peers/jq-1.8/python");
    match module.join("jq-1.13.0.dist-info").exists() {
        true => Some(module),
        false => missing("no Python module jq; run scripts/peers"),
    }
}
