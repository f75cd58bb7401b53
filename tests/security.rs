//! SECURITY.md names for each promise the test that holds it: these tests exist.

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

/// Why a function of this name is no test that runs; `None` where it is one.
fn missing(text: &str, name: &str) -> Option<String> {
    let function = format!("fn {name}(");
    let mut lines = text.lines().collect::<Vec<&str>>().into_iter().rev();
    if !lines.any(|line| line.starts_with(&function)) {
        return Some("there is no such function".into());
    }
    let attributes: Vec<&str> = lines
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        .collect();
    let has = |attribute: &str| attributes.iter().any(|line| line.starts_with(attribute));
    if !has("#[test]") {
        return Some("it has no #[test]".into());
    }
    let is_conditional = has("#[ignore") || has("#[cfg");
    is_conditional.then(|| "it does not always run".into())
}

#[test]
fn a_test_that_does_not_run_holds_no_promise() {
    let text = "#[test]\nfn a() {\n}\n\nfn b() {}\n#[test]\n#[ignore = \"slow\"]\nfn c() {}\n\
        #[ignore]\n#[test]\nfn d() {}\n#[cfg(any())]\n#[test]\nfn e() {}\n\
        /// Why.\n#[test]\n#[should_panic]\nfn f() {}\n// fn g() {}\n";
    for (name, holds) in [
        ("a", true),
        ("b", false),
        ("c", false),
        ("d", false),
        ("e", false),
        ("f", true),
        ("g", false),
        ("h", false),
    ] {
        assert_eq!(missing(text, name).is_none(), holds, "{name}");
    }
}

#[test]
fn each_promise_names_tests_that_exist() {
    let text = fs::read_to_string(source("SECURITY.md")).unwrap();
    let mut promises = 0;
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        let tests: Vec<&str> = row
            .split('`')
            .filter(|word| word.contains("::") && !word.contains(' '))
            .collect();
        for test in &tests {
            let (file, name) = test.split_once("::").unwrap();
            let why = missing(&module(file), name);
            assert_eq!(why, None, "SECURITY.md names {test}");
        }
        promises += usize::from(!tests.is_empty());
    }
    assert!(promises > 20, "{promises} promises were found");
}

#[test]
fn each_promise_has_a_test() {
    let text = fs::read_to_string(source("SECURITY.md")).unwrap();
    let (_, promises) = text.split_once("## What c47 promises").unwrap();
    let (promises, _) = promises.split_once("## What c47 does not promise").unwrap();
    for row in promises.lines().filter(|line| line.starts_with("| ")) {
        let is_head = row == "| promise | test |";
        assert!(is_head || row.contains("::"), "without a test: {row}");
    }
}
