//! How much input the tests use, from the environment.

use std::io::Write;

/// How much input the tests use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// `C47_TEST_QUICK=1`: no peers, and samples of large inputs.
    Quick,
    /// Samples of large inputs.
    Usual,
    /// `C47_TEST_FULL=1` or CI: everything, or in CI less where a test says so.
    Full,
}

fn is_set(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| value == "true" || value == "1")
}

/// The rounds of a test with random input, of which there is no end: ten times the usual number with
/// `C47_TEST_FULL=1`, but not in CI.
pub fn rounds(usual: usize) -> usize {
    match is_set("C47_TEST_FULL") {
        true => usual * 10,
        false => usual,
    }
}

pub fn effort() -> Effort {
    if is_set("C47_TEST_QUICK") {
        Effort::Quick
    } else if is_set("C47_TEST_FULL") || is_set("CI") {
        Effort::Full
    } else {
        Effort::Usual
    }
}

/// Returns all items under [`Effort::Full`], else `most` of them, evenly spread and the same in
/// each run. Prints a line on stderr when it leaves some out.
pub fn sample<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let count = all.len();
    if effort() == Effort::Full || count <= most {
        return all;
    }
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Not eprintln!: the test harness hides the output of a passing test.
    let _ = writeln!(
        std::io::stderr(),
        "SAMPLED {test}: {most} of {count}; C47_TEST_FULL=1 uses all"
    );
    evenly(all, most)
}

/// As [`sample`], for a comparison that takes long: CI uses at most ten times as many.
pub fn sample_of_many<T>(all: Vec<T>, most: usize) -> Vec<T> {
    match is_set("C47_TEST_FULL") {
        true => all,
        false => sample(evenly(all, most * 10), most),
    }
}

/// `most` of the items, at even distances; all if there are no more.
pub fn evenly<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let count = all.len();
    if count <= most {
        return all;
    }
    let is_chosen = |at: usize| (at + 1) * most / count > at * most / count;
    all.into_iter()
        .enumerate()
        .filter_map(|(at, one)| is_chosen(at).then_some(one))
        .collect()
}
