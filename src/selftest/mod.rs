//! Checks that this binary works on this machine. Each check really does one thing and reports the
//! result on one line. A check that fails does not stop the others.

mod certificate;
mod network;
mod system;
mod tokens;

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use nanoserde::{SerJson, SerJsonState};

use crate::escape::one_line;
use crate::http::tls::Trust;
use crate::timestamp::Timestamp;

/// The input of the checks.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    /// Where temporary files go.
    pub temporary: PathBuf,
    /// The current time, and when this binary was built.
    pub now: Timestamp,
    pub built: Timestamp,
    /// The roots that HTTPS calls trust.
    pub trust: Trust,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    /// Something is wrong, but c47 works.
    Warn,
    Fail,
}

/// In JSON a status is its name.
impl SerJson for Status {
    fn ser_json(&self, depth: usize, state: &mut SerJsonState) {
        self.name().ser_json(depth, state);
    }
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        }
    }
}

/// The result of a check, with a message.
type CheckResult = Result<Passed, String>;

/// The result of a check that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Passed {
    Cleanly(String),
    /// It works, but something is wrong.
    WithWarning(String),
}

/// A check and its result.
#[derive(Clone, Debug, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Check {
    pub name: &'static str,
    pub status: Status,
    pub detail: String,
    pub milliseconds: f64,
}

/// All checks.
#[derive(Clone, Debug, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Report {
    /// Whether no check failed.
    pub ok: bool,
    pub checks: Vec<Check>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let detail = one_line(&check.detail);
            writeln!(f, "{:<4} {}: {detail}", check.status.name(), check.name)?;
        }
        Ok(())
    }
}

/// Runs all checks, one after the other.
pub(crate) fn run(environment: &Environment) -> Report {
    let Environment { now, built, .. } = *environment;
    let entropy = check("entropy", tokens::entropy);
    let has_entropy = entropy.status != Status::Fail;
    // Without random numbers Rust's hash tables panic.
    let check_with_entropy = |name, try_it: &dyn Fn() -> CheckResult| {
        check(name, || match has_entropy {
            true => try_it(),
            false => Err("skipped: no random numbers".into()),
        })
    };
    let checks = vec![
        check("allocator", system::allocator),
        check("clock", || system::clock(now, built)),
        entropy,
        check("temp_dir", || {
            system::temporary_files(&environment.temporary)
        }),
        check("localhost", system::localhost),
        check_with_entropy("tokens", &|| tokens::all(now)),
        check_with_entropy("http", &network::http),
        check_with_entropy("tls", &|| network::tls(now)),
        check("roots", || network::roots(&environment.trust)),
    ];
    Report {
        ok: checks.iter().all(|check| check.status != Status::Fail),
        checks,
    }
}

fn check(name: &'static str, try_it: impl FnOnce() -> CheckResult) -> Check {
    let started = Instant::now();
    let result = try_it();
    let microseconds = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
    let (status, detail) = match result {
        Ok(Passed::Cleanly(detail)) => (Status::Ok, detail),
        Ok(Passed::WithWarning(detail)) => (Status::Warn, detail),
        Err(why) => (Status::Fail, why),
    };
    Check {
        name,
        status,
        detail,
        milliseconds: f64::from(microseconds) / 1000.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_before_1970_does_not_stop_the_other_checks() {
        let report = run(&Environment {
            temporary: std::env::temp_dir(),
            now: Timestamp(-1),
            built: Timestamp(1),
            trust: Trust::Anybody,
        });
        let status = |name| {
            let found = report.checks.iter().find(|check| check.name == name);
            found
                .map(|check| (check.status, check.detail.clone()))
                .unwrap()
        };
        assert_eq!(status("clock").0, Status::Fail);
        assert!(status("clock").1.contains("1969"), "{:?}", status("clock"));
        assert_eq!(status("tls").0, Status::Fail);
        assert_eq!(status("tokens").0, Status::Ok, "{:?}", status("tokens"));
    }

    #[test]
    fn warning_is_not_a_failure_and_detail_is_one_line() {
        let checks = vec![
            check("one", || Ok(Passed::Cleanly("a\nb".into()))),
            check("two", || Ok(Passed::WithWarning("c".into()))),
            check("three", || Err("d".into())),
        ];
        let report = Report { ok: true, checks };
        assert_eq!(
            report.to_string(),
            "ok   one: a\\nb\nwarn two: c\nFAIL three: d\n"
        );
        let json = report.serialize_json();
        assert!(json.starts_with(
            r#"{"ok":true,"checks":[{"name":"one","status":"ok","detail":"a\nb","milliseconds":"#
        ));
    }
}
