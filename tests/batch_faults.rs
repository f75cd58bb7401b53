//! Batches against a service that fails, limits and drops connections, and with processes that are
//! killed. The service says what it has done.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::support::flaky::{Flaky, Random};
use crate::support::{Effort, Run, Scratch, c47, effort, sample, wait_until};

const REQUESTS: usize = 10_000;
const JOBS: usize = 32;
const KILLS: u64 = 3;
const LIMIT: Duration = Duration::from_secs(120);

/// A batch of POSTs to a flaky service, its journal, and a seed.
struct Batch {
    scratch: Scratch,
    service: Flaky,
    count: usize,
    random: Random,
    options: Vec<&'static str>,
}

impl Batch {
    fn new(seed: u64, options: &[&'static str]) -> Batch {
        let all: Vec<usize> = (0..REQUESTS).collect();
        let numbers = match effort() {
            Effort::Quick => sample(all, 1000),
            Effort::Usual | Effort::Full => all,
        };
        let service = Flaky::start(seed);
        let scratch = Scratch::new("batch");
        let line = |number: &usize| {
            let url = service.url(&path(*number));
            format!(
                "{{\"id\":\"{number}\",\"method\":\"POST\",\"url\":\"{url}\",\"json\":{{\"n\":{number}}}}}\n"
            )
        };
        let lines: String = numbers.iter().map(line).collect();
        scratch.write("requests", lines);
        Batch {
            scratch,
            service,
            count: numbers.len(),
            random: Random::new(seed),
            options: options.to_vec(),
        }
    }

    fn journal(&self) -> PathBuf {
        self.scratch.path().join("journal")
    }

    fn run(&self) -> Run {
        let run = c47().current_dir(self.scratch.path()).limit(LIMIT);
        let jobs = format!("--jobs={JOBS}");
        run.args(["http", "--batch=requests", "--journal=journal", &jobs])
            .args(&self.options)
    }

    /// Kills a run with SIGKILL after a random number of requests, and returns the ids that are unknown
    /// then.
    fn kill_a_run(&mut self) -> BTreeSet<String> {
        let part = self.count as u64 / (KILLS + 2);
        let after = self.service.seen() as u64 + 1 + self.random.below(part);
        let child = self.run().spawn();
        wait_until("the service has seen enough", || {
            self.service.seen() as u64 >= after
        });
        child.signal(libc::SIGKILL);
        let output = child.wait();
        assert_eq!(output.code, -libc::SIGKILL, "{}", output.stderr_text());
        self.report().unknown
    }

    /// Runs it again until no request has failed; the rest is done or unknown.
    fn finish(&self) -> Report {
        for _ in 0..30 {
            self.run().run();
            let report = self.report();
            if report.failed == 0 && report.done + report.unknown.len() >= self.count {
                return report;
            }
        }
        panic!("30 runs do not finish it: {:?}", self.report());
    }

    fn report(&self) -> Report {
        let show = c47().args(["journal", "show", "--json"]);
        let json = show.arg(self.journal()).run().json();
        let number = |name: &str| usize::try_from(json[name].as_u64().unwrap()).unwrap();
        let unknown = json["unknown"].as_array().unwrap().iter();
        Report {
            done: number("done"),
            failed: number("failed"),
            unknown: unknown.map(|request| id(&request["id"])).collect(),
        }
    }
}

/// What the journal says.
#[derive(Debug)]
struct Report {
    done: usize,
    failed: usize,
    unknown: BTreeSet<String>,
}

fn id(value: &Value) -> String {
    value.as_str().expect("an id").to_owned()
}

fn path(number: usize) -> String {
    format!("/acts/{number}")
}

#[test]
fn with_idempotency_keys_every_request_acts_exactly_once() {
    let mut batch = Batch::new(47, &["--idempotency-key", "--retry=1"]);
    for _ in 0..KILLS {
        batch.kill_a_run();
    }
    let report = batch.finish();
    assert_eq!((report.done, report.unknown.len()), (batch.count, 0));
    let ledgers = batch.service.ledgers();
    assert_eq!(ledgers.len(), batch.count);
    let mut keys = BTreeSet::new();
    for (path, ledger) in &ledgers {
        assert_eq!(ledger.acted, 1, "{path}: {ledger:?}");
        // The same key in every attempt and every run, and another for every request.
        assert_eq!(ledger.keys.len(), 1, "{path}: {ledger:?}");
        keys.extend(&ledger.keys);
    }
    assert_eq!(keys.len(), batch.count);
    // The service did misbehave.
    assert!(ledgers.values().any(|ledger| ledger.dropped));
    assert!(batch.service.seen() > batch.count + batch.count / 20);
}

#[test]
fn without_keys_no_request_acts_twice_and_the_unknown_ones_may_have_been_seen() {
    let mut batch = Batch::new(48, &[]);
    let mut in_flight = BTreeSet::new();
    for _ in 0..KILLS {
        let before: BTreeSet<String> = in_flight.clone();
        let unknown = batch.kill_a_run();
        let ledgers = batch.service.ledgers();
        let was_dropped = |id: &str| {
            ledgers
                .get(&format!("/acts/{id}"))
                .is_some_and(|ledger| ledger.dropped)
        };
        let killed: Vec<String> = unknown.into_iter().filter(|id| !was_dropped(id)).collect();
        in_flight.extend(killed);
        // At most one for each worker.
        assert!(in_flight.difference(&before).count() <= JOBS);
    }
    let report = batch.finish();
    let ledgers = batch.service.ledgers();
    let id_of = |path: &str| path.strip_prefix("/acts/").unwrap().to_owned();
    let dropped: BTreeSet<String> = ledgers
        .iter()
        .filter(|(_, ledger)| ledger.dropped)
        .map(|(path, _)| id_of(path))
        .collect();
    // The unknown ones are those whose response was dropped, and those of the workers that were killed.
    let expected: BTreeSet<String> = dropped.union(&in_flight).cloned().collect();
    assert_eq!(report.unknown, expected);
    assert!(dropped.len() > batch.count / 100 && in_flight.len() <= JOBS * 3);
    for (path, ledger) in &ledgers {
        assert!(ledger.acted <= 1, "{path}: {ledger:?}");
        if !report.unknown.contains(&id_of(path)) {
            assert_eq!(ledger.acted, 1, "{path}: {ledger:?}");
        }
        assert!(ledger.keys.is_empty());
    }
    // Another run sends nothing, and is not a success.
    let seen = batch.service.seen();
    let output = batch.run().run();
    assert_ne!(output.code, 0, "{}", output.tell());
    assert_eq!(batch.service.seen(), seen);
}
