//! Runs of `http --batch` with a journal.

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::batch::{gets, results, targets};
use crate::support::server::{Response, Server};
use crate::support::{Gate, Output, Run, Scratch, c47, wait_until};

pub(crate) struct Batch {
    pub(crate) scratch: Scratch,
}

impl Batch {
    pub(crate) fn new(input: &str) -> Batch {
        let scratch = Scratch::new("journal");
        scratch.write("in.ndjson", input);
        Batch { scratch }
    }

    /// A run with this journal.
    fn run(&self, words: &[&str]) -> Run {
        c47()
            .current_dir(self.scratch.path())
            .args(["http", "--batch", "in.ndjson", "--journal", "j"])
            .args(words)
    }

    fn show(&self) -> Output {
        c47()
            .current_dir(self.scratch.path())
            .args(["journal", "show", "j"])
            .run()
    }
}

/// POSTs to `/0`, `/1` and so on.
fn posts(server: &Server, count: usize) -> String {
    gets(server, count).replace("\"url\"", "\"method\":\"POST\",\"url\"")
}

#[test]
fn rerun_skips_what_is_done_and_repeats_what_failed() {
    let is_up = Arc::new(AtomicBool::new(false));
    let up = Arc::clone(&is_up);
    let server = Server::start(move |request| match request.target.as_str() {
        "/3" | "/4" if !up.load(Ordering::SeqCst) => {
            Response::new("500 Internal Server Error", "", "")
        }
        _ => Response::ok(""),
    });
    let batch = Batch::new(&posts(&server, 10));
    batch.run(&[]).run().expect_code(5);
    assert_eq!(
        batch.show().expect_code(1).stdout_text(),
        "8 done, 2 failed, 0 unknown\n"
    );
    is_up.store(true, Ordering::SeqCst);
    let output = batch.run(&["--in-order"]).run().expect_code(0);
    let ids: Vec<Value> = results(&output)
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(ids, ["r3", "r4"]);
    assert!(
        output.stderr_text().contains("2 done, 8 done before"),
        "{}",
        output.tell()
    );
    let output = batch.run(&[]).run().expect_code(0);
    assert_eq!(output.stdout_text(), "");
    assert_eq!(server.requests().len(), 12);
    batch.show().expect_code(0);
}

#[test]
fn journal_of_another_input_or_template_is_refused() {
    let server = targets();
    let batch = Batch::new("{\"n\":1}\n");
    let url = server.url("/{n}");
    batch.run(&[&url]).run().expect_code(0);
    for words in [&["PUT", &url][..], &[&url, "X-A:1"]] {
        let output = batch.run(words).run().expect_code(2);
        assert!(
            output.stderr_text().contains("another input or template"),
            "{}",
            output.tell()
        );
    }
    batch.scratch.write("in.ndjson", "{\"n\":2}\n");
    batch.run(&[&url]).run().expect_code(2);
    batch.scratch.write("in.ndjson", "{\"n\":1}\n");
    let output = batch.run(&[&url, "--shard", "1/2"]).run().expect_code(2);
    assert!(
        output.stderr_text().contains("shard 1/2"),
        "{}",
        output.tell()
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn two_runs_on_one_journal_exclude_each_other() {
    let gate = Arc::new(Gate::default());
    gate.close();
    let waiting = Arc::clone(&gate);
    let server = Server::start(move |_| {
        waiting.pass();
        Response::ok("")
    });
    let batch = Batch::new(&gets(&server, 1));
    let first = batch.run(&[]).spawn();
    wait_until("the first sends", || server.requests().len() == 1);
    let second = batch.run(&[]).run();
    assert_eq!(second.stdout_text(), "");
    assert!(
        second.code != 0 && second.stderr_text().contains("j"),
        "{}",
        second.tell()
    );
    gate.open();
    first.wait().expect_code(0);
    batch.run(&[]).run().expect_code(0);
    assert_eq!(server.requests().len(), 1);
}

/// A journal of a run that was killed while `/0` was in flight.
fn killed(method: &str) -> (Server, Batch) {
    let gate = Arc::new(Gate::default());
    gate.close();
    let is_first = AtomicBool::new(true);
    let waiting = Arc::clone(&gate);
    let server = Server::start(move |request| {
        if request.method != "GET" && is_first.swap(false, Ordering::SeqCst) {
            waiting.pass();
            return Response::close();
        }
        match request.target.as_str() {
            "/happened" => Response::json(r#"{"n":1}"#),
            "/not" => Response::new("404 Not Found", "", ""),
            "/broken" => Response::new("500 Internal Server Error", "", ""),
            _ => Response::json("{}"),
        }
    });
    let batch = Batch::new(&posts(&server, 1).replace("POST", method));
    let child = batch.run(&[]).spawn();
    wait_until("it is sent", || server.requests().len() == 1);
    child.signal(libc::SIGKILL);
    child.wait();
    gate.open();
    (server, batch)
}

fn sent(server: &Server, method: &str) -> usize {
    server
        .requests()
        .iter()
        .filter(|one| one.method == method)
        .count()
}

#[test]
fn unknown_request_is_repeated_only_if_that_is_safe() {
    let (server, batch) = killed("PUT");
    assert_eq!(
        batch.show().expect_code(1).stdout_text(),
        "0 done, 0 failed, 1 unknown\nunknown: line 1, r0\n"
    );
    batch.run(&[]).run().expect_code(0);
    assert_eq!(sent(&server, "PUT"), 2);

    let (server, batch) = killed("POST");
    for _ in 0..2 {
        let output = batch.run(&[]).run().expect_code(7);
        assert_eq!(results(&output)[0]["state"], "undecided");
        assert!(
            output.stderr_text().contains("line 1: POST (r0)"),
            "{}",
            output.tell()
        );
    }
    assert_eq!(sent(&server, "POST"), 1);
    batch.run(&["--idempotency-key"]).run().expect_code(0);
    assert_eq!(sent(&server, "POST"), 2);
}

#[test]
fn check_decides_about_unknown_requests() {
    for (check, code, posts) in [
        ("/not", 0, 2),
        ("/happened", 0, 1),
        ("/broken", 7, 1),
        ("/{id}", 0, 1),
    ] {
        let (server, batch) = killed("POST");
        let url = server.url(check);
        let output = batch.run(&["--check", &url]).run().expect_code(code);
        assert_eq!(sent(&server, "POST"), posts, "{check}: {}", output.tell());
        let again = batch.run(&[]).run().expect_code(code);
        assert_eq!(sent(&server, "POST"), posts, "{check}: {}", again.tell());
    }
    let (_, batch) = killed("POST");
    batch
        .run(&["--check", "http://a.lan/{name}"])
        .run()
        .expect_code(2);
}

#[test]
#[cfg(feature = "jq")]
fn check_filters_a_response() {
    for (filter, posts) in [
        (".body.n == 1", 1),
        (".body.n == 2", 2),
        (".request.id == \"r0\" and .status == 200", 1),
    ] {
        let (server, batch) = killed("POST");
        let check = format!("{} {filter}", server.url("/happened"));
        let output = batch.run(&["--check", &check]).run().expect_code(0);
        assert_eq!(sent(&server, "POST"), posts, "{filter}: {}", output.tell());
    }
    // Without a URL the request's own is asked.
    let (server, batch) = killed("POST");
    batch.run(&["--check", ".body == {}"]).run().expect_code(0);
    assert_eq!((sent(&server, "POST"), sent(&server, "GET")), (1, 1));
}

#[test]
fn idempotency_keys_are_the_same_in_each_run() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let server = Server::start(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
        0..=2 => Response::new("500 Internal Server Error", "", ""),
        _ => Response::ok(""),
    });
    let batch = Batch::new(&posts(&server, 2));
    batch
        .run(&["--idempotency-key=X-Key", "--jobs", "1"])
        .run()
        .expect_code(5);
    batch
        .run(&["--idempotency-key=X-Key", "--jobs", "1"])
        .run()
        .expect_code(5);
    let sent = server.requests();
    let key = |target: &str| -> Vec<&str> {
        let of_it = sent.iter().filter(|one| one.target == target);
        of_it.map(|one| one.header("x-key").unwrap()).collect()
    };
    let (first, second) = (key("/0"), key("/1"));
    assert_eq!((first[0], second[0]), (first[1], second[1]));
    assert!(first[0] != second[0] && first[0].len() == 32);
}

#[test]
fn torn_tail_of_a_journal_is_dropped_and_damage_is_refused() {
    let server = targets();
    let batch = Batch::new(&gets(&server, 3));
    batch.run(&[]).run().expect_code(0);
    let path = batch.scratch.path().join("j");
    let whole = fs::read(&path).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"0123abcd done 7").unwrap();
    let shown = c47()
        .args(["journal", "show", "--json"])
        .arg(&path)
        .run()
        .expect_code(0);
    assert_eq!(shown.json()["torn"], true);
    batch.run(&[]).run().expect_code(0);
    assert_eq!(server.requests().len(), 3);
    // A changed byte in the middle.
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&path, damaged).unwrap();
    let output = batch.run(&[]).run().expect_code(7);
    assert!(
        output.stderr_text().contains("is damaged"),
        "{}",
        output.tell()
    );
    batch.show().expect_code(7);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn ctrl_c_finishes_what_is_in_flight_and_leaves_the_journal_whole() {
    let gate = Arc::new(Gate::default());
    gate.close();
    let waiting = Arc::clone(&gate);
    let server = Server::start(move |_| {
        waiting.pass();
        Response::ok("")
    });
    for (signal, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143)] {
        gate.close();
        let before = server.requests().len();
        let batch = Batch::new(&posts(&server, 100));
        let child = batch.run(&["--jobs", "2", "--summary", "sum.json"]).spawn();
        wait_until("two are sent", || server.requests().len() == before + 2);
        child.signal(signal);
        // The responses come after the signal.
        child.wait_for_stderr("stopping");
        gate.open();
        let output = child.wait().expect_code(code);
        let sent = server.requests().len() - before;
        let done = results(&output).len();
        assert!(sent < 100 && done == sent, "{sent}: {}", output.tell());
        assert!(
            output.stderr_text().contains("not sent"),
            "{}",
            output.tell()
        );
        let shown = batch.show().expect_code(0);
        assert_eq!(
            shown.stdout_text(),
            format!("{done} done, 0 failed, 0 unknown\n")
        );
        assert!(batch.scratch.path().join("sum.json").exists());
        // The next run sends the rest, and nothing twice.
        batch.run(&["-q"]).run().expect_code(0);
        assert_eq!(server.requests().len() - before, 100);
    }
}

#[test]
fn second_ctrl_c_ends_at_once_and_leaves_the_journal_whole() {
    let gate = Arc::new(Gate::default());
    gate.close();
    let waiting = Arc::clone(&gate);
    let server = Server::start(move |_| {
        waiting.pass();
        Response::ok("")
    });
    let batch = Batch::new(&posts(&server, 10));
    let child = batch.run(&["--jobs", "2"]).spawn();
    wait_until("two are sent", || server.requests().len() == 2);
    child.signal(libc::SIGINT);
    child.wait_for_stderr("stopping");
    child.signal(libc::SIGINT);
    child.wait().expect_code(130);
    gate.open();
    let shown = batch.show().expect_code(1);
    assert!(
        shown
            .stdout_text()
            .starts_with("0 done, 0 failed, 2 unknown\n"),
        "{}",
        shown.tell()
    );
}
