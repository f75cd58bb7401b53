//! Does this binary work on this machine? Each check tries one thing for real and says in a line
//! what came of it; with half a system missing they fail, one by one, and the rest still run.

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

/// What the checks are given of their surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// Where temporary files go.
    pub temporary: PathBuf,
    /// The clock, and when this binary was made.
    pub now: Timestamp,
    pub built: Timestamp,
    /// Whom HTTPS calls trust.
    pub trust: Trust,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    /// Something is missing that c47 can do without.
    Warn,
    Fail,
}

/// Into a report it goes as its name.
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

/// A check's answer: `Ok` and `Err` are words for people.
type Answer = Result<Good, String>;

/// The answer of a check that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Good {
    Well(String),
    /// It works, but not as it should.
    But(String),
}

/// One check.
#[derive(Clone, Debug, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Check {
    pub name: &'static str,
    pub status: Status,
    pub detail: String,
    pub milliseconds: f64,
}

/// All of them.
#[derive(Clone, Debug, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Report {
    /// Whether none failed.
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
pub(crate) fn run(surroundings: &Surroundings) -> Report {
    let Surroundings { now, built, .. } = *surroundings;
    let entropy = check("entropy", tokens::entropy);
    let has_entropy = entropy.status != Status::Fail;
    // Without random numbers even a hash table cannot be made, and the process would end over it.
    let check_with_entropy = |name, try_it: &dyn Fn() -> Answer| {
        check(name, || match has_entropy {
            true => try_it(),
            false => Err("not tried without entropy".into()),
        })
    };
    let checks = vec![
        check("allocator", system::allocator),
        check("clock", || system::clock(now, built)),
        entropy,
        check("temp_dir", || {
            system::temporary_files(&surroundings.temporary)
        }),
        check("localhost", system::localhost),
        check_with_entropy("tokens", &|| tokens::all(now)),
        check_with_entropy("http", &network::http),
        check_with_entropy("tls", &|| network::tls(now)),
        check("roots", || network::roots(&surroundings.trust)),
    ];
    Report {
        ok: checks.iter().all(|check| check.status != Status::Fail),
        checks,
    }
}

fn check(name: &'static str, try_it: impl FnOnce() -> Answer) -> Check {
    let started = Instant::now();
    let answer = try_it();
    let microseconds = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
    let (status, detail) = match answer {
        Ok(Good::Well(detail)) => (Status::Ok, detail),
        Ok(Good::But(detail)) => (Status::Warn, detail),
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
    fn a_clock_before_1970_fails_by_name_and_the_rest_is_reported() {
        let report = run(&Surroundings {
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
    fn a_warning_does_not_fail_and_a_detail_stays_on_its_line() {
        let checks = vec![
            check("one", || Ok(Good::Well("a\nb".into()))),
            check("two", || Ok(Good::But("c".into()))),
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
