//! SECURITY.md names a test for each promise, and these tests exist.

use std::fs;

use crate::support::source;

/// The text of a test file, by its module's name.
fn module(name: &str) -> String {
    for path in [format!("tests/{name}.rs"), format!("tests/jwt/{name}.rs")] {
        if let Ok(text) = fs::read_to_string(source(&path)) {
            return text;
        }
    }
    panic!("SECURITY.md names the module {name}, which does not exist");
}

#[test]
fn tests_named_in_security_md_exist() {
    let text = fs::read_to_string(source("SECURITY.md")).unwrap();
    let mut promises = 0;
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        let tests: Vec<&str> = row
            .split('`')
            .filter(|word| word.contains("::") && !word.contains(' '))
            .collect();
        for test in &tests {
            let (file, name) = test.split_once("::").unwrap();
            let found = module(file).contains(&format!("#[test]\nfn {name}()"));
            assert!(found, "SECURITY.md names {test}, which does not exist");
        }
        promises += usize::from(!tests.is_empty());
    }
    assert!(promises > 20, "found {promises} promises");
}

#[test]
fn every_promise_in_security_md_has_a_test() {
    let text = fs::read_to_string(source("SECURITY.md")).unwrap();
    let (_, promises) = text.split_once("## What c47 promises").unwrap();
    let (promises, _) = promises.split_once("## What c47 does not promise").unwrap();
    for row in promises.lines().filter(|line| line.starts_with("| ")) {
        let is_head = row == "| promise | test |";
        assert!(is_head || row.contains("::"), "no test: {row}");
    }
}
