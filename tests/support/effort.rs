//! How much the tests try, as the environment says.

use std::io::Write;

/// How much the tests try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// `C47_TEST_QUICK=1`: no program but c47, its compilers and the shell.
    Quick,
    /// A sample of what is large.
    Usual,
    /// `C47_TEST_FULL=1`, or CI: all of it.
    Full,
}

pub fn effort() -> Effort {
    let is_set = |name| std::env::var(name).is_ok_and(|value| value == "true" || value == "1");
    if is_set("C47_TEST_QUICK") {
        Effort::Quick
    } else if is_set("C47_TEST_FULL") || is_set("CI") {
        Effort::Full
    } else {
        Effort::Usual
    }
}

/// All of these in CI; else `most` of them, evenly spread, the same in each run. Says on stderr
/// that it is a sample.
pub fn sample<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let count = all.len();
    if effort() == Effort::Full || count <= most {
        return all;
    }
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Past the test harness, which keeps what a passing test prints to itself.
    let _ = writeln!(
        std::io::stderr(),
        "SAMPLED {test}: {most} of {count}; C47_TEST_FULL=1 tries all"
    );
    // The last is always among them: (at + 1) * most passes a multiple of count there.
    let is_chosen = |at: usize| (at + 1) * most / count > at * most / count;
    all.into_iter()
        .enumerate()
        .filter_map(|(at, one)| is_chosen(at).then_some(one))
        .collect()
}
