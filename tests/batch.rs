//! `http --batch`: records and templates, results, and what one run shares. `batch_journal` has resumed
//! runs.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::server::{Request, Response, Server};
use crate::support::{Gate, Output, Run, Scratch, c47, entries, wait_until};

/// The results, one a line.
#[track_caller]
pub(crate) fn results(output: &Output) -> Vec<Value> {
    let lines = output.stdout_text().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{}", output.tell())))
        .collect()
}

/// Responds with 200 and the target.
pub(crate) fn targets() -> Server {
    Server::start(|request| Response::json(&format!("{:?}", request.target)))
}

/// Records that GET `/0`, `/1` and so on.
pub(crate) fn gets(server: &Server, count: usize) -> String {
    let line = |n: usize| {
        format!(
            "{{\"id\":\"r{n}\",\"url\":\"{}\"}}\n",
            server.url(&format!("/{n}"))
        )
    };
    (0..count).map(line).collect()
}

pub(crate) fn run(words: &[&str], input: impl Into<Vec<u8>>) -> Run {
    c47()
        .args(["http", "--batch", "-"])
        .args(words)
        .stdin(input)
}

#[test]
fn records_are_sent_and_their_results_printed() {
    let server = Server::start(|request| match request.target.as_str() {
        "/text" => Response::ok("plain"),
        "/bytes" => Response::ok([0xff, 0xfe]),
        "/no" => Response::new("404 Not Found", "", "{}"),
        _ => Response::json(r#"{ "n": 1 }"#),
    });
    let url = |path: &str| server.url(path);
    let input = format!(
        "{{\"id\":\"a\",\"method\":\"PUT\",\"url\":\"{}\",\"headers\":{{\"X-A\":\"1\"}},\"query\":{{\"q\":\"a&b\"}},\"json\":{{\"x\":1.10}}}}\n\n\
         {{\"id\":2,\"url\":\"{}\",\"body\":\"some text\"}}\n{{\"url\":\"{}\"}}\n{{\"url\":\"{}\"}}\n",
        url("/json"),
        url("/text"),
        url("/bytes"),
        url("/no"),
    );
    let output = run(&["--in-order"], input).run().expect_code(4);
    let found = results(&output);
    let member = |name: &str| -> Vec<Value> { found.iter().map(|one| one[name].clone()).collect() };
    assert_eq!(
        member("id"),
        [Value::from("a"), "2".into(), Value::Null, Value::Null]
    );
    assert_eq!(member("line"), [1, 3, 4, 5]);
    assert_eq!(member("status"), [200, 200, 200, 404]);
    assert_eq!(member("attempts"), [1, 1, 1, 1]);
    assert_eq!(found[0]["body"]["n"], 1);
    assert_eq!(
        (&found[1]["body"], &found[2]["body_base64"]),
        (&"plain".into(), &"//4=".into())
    );
    let sent = server.requests();
    let first = sent.iter().find(|one| one.method == "PUT").unwrap();
    assert_eq!(first.target, "/json?q=a%26b");
    assert_eq!(
        (first.header("x-a"), first.body_text()),
        (Some("1"), r#"{"x":1.10}"#)
    );
    assert!(
        output.stderr_text().contains("3 done, 1 failed"),
        "{}",
        output.tell()
    );
}

#[test]
fn values_cannot_change_the_shape_of_a_request() {
    let server = targets();
    let scratch = Scratch::new("shape");
    let csv = "id,v\n1,a/b\n2,a?b#c\n3,%2F\n4,\"\"\"}, \"\"x\"\": 1\"\n5,é &=+\n";
    let file = scratch.write("values.csv", csv);
    let template = [
        "POST",
        &server.url("/s/{v}/end?q={v}"),
        "p=={v}",
        "X-V:{v}",
        "t={v}",
        "d[n]:=[\"{v}\"]",
    ];
    let output = c47()
        .arg("http")
        .args(template)
        .arg("--batch")
        .arg(&file)
        .run()
        .expect_code(0);
    assert_eq!(results(&output).len(), 5);
    let values = ["a/b", "a?b#c", "%2F", "\"}, \"x\": 1", "é &=+"];
    let mut seen = BTreeSet::new();
    for request in server.requests() {
        let (path, query) = request.target.split_once('?').unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        assert_eq!(
            (parts.len(), parts[1], parts[3]),
            (4, "s", "end"),
            "{}",
            request.target
        );
        assert_eq!(query.split('&').count(), 2, "{query}");
        let body: Value = serde_json::from_str(request.body_text()).unwrap();
        let value = body["t"].as_str().unwrap().to_owned();
        assert_eq!(body["d"]["n"], Value::from(vec![value.clone()]));
        assert_eq!(body.as_object().unwrap().len(), 2);
        seen.insert(value);
    }
    assert_eq!(seen, values.map(str::to_owned).into());
}

#[test]
fn values_that_would_climb_or_add_a_header_are_refused_before_anything_is_sent() {
    let server = targets().may_be_idle();
    for (template, value, why) in [
        ("/s/{v}", "..", "'..'"),
        ("/s/{v}", "a/../../x", "'..'"),
        ("/s/{v}", "", "empty"),
        ("/s/{v}", "a\\nb", "control character"),
        ("/s", "a\\r\\nX-Evil: 1", "control character"),
    ] {
        let input = format!("{{\"v\":\"fine\"}}\n{{\"v\":\"{value}\"}}\n");
        let output = run(&[&server.url(template), "X-V:{v}"], input)
            .run()
            .expect_code(2);
        let told = output.stderr_text();
        assert!(
            told.contains("line 2: ") && told.contains(why),
            "{}",
            output.tell()
        );
        assert!(told.contains("nothing was sent") && output.stdout.is_empty());
    }
    assert!(server.requests().is_empty());
}

#[test]
fn missing_field_is_named_with_its_line_before_anything_is_sent() {
    let server = targets();
    let url = server.url("/s/{id}");
    let input = "{\"id\":1,\"fps\":24}\n{\"id\":2}\nnonsense\n";
    let output = run(&["PUT", &url, "fps:={fps}"], input)
        .run()
        .expect_code(2);
    assert!(
        output
            .stderr_text()
            .contains("line 2: it has no field 'fps'"),
        "{}",
        output.tell()
    );
    assert!(
        output.stderr_text().contains("line 3: "),
        "{}",
        output.tell()
    );
    assert!(server.requests().is_empty());
    let csv = c47().args(["http", "--batch", "-", "--csv", "PUT", &url, "fps:={fps}"]);
    let output = csv.stdin("id,n\n1,2\n").run().expect_code(2);
    assert!(
        output
            .stderr_text()
            .contains("line 1: there is no column 'fps'"),
        "{}",
        output.tell()
    );
    // --skip-invalid sends the others.
    let output = run(
        &["PUT", &url, "fps:={fps}", "--skip-invalid", "--in-order"],
        input,
    )
    .run();
    let states: Vec<Value> = results(&output)
        .iter()
        .map(|one| one["state"].clone())
        .collect();
    assert_eq!(states, ["done", "invalid", "invalid"]);
    assert_eq!(output.code, 1, "{}", output.tell());
    assert_eq!(server.request().target, "/s/1");
}

#[test]
fn dry_run_prints_three_masked_requests_and_sends_nothing() {
    let server = targets().may_be_idle();
    let words = [&server.url("/{n}"), "--dry-run", "--auth", "bearer=env:T"];
    let input = "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n";
    let output = run(&words, input).run().expect_code(0);
    let shown = output.stdout_text();
    for (number, is_shown) in [(1, true), (3, true), (4, false)] {
        assert_eq!(
            shown.contains(&format!("GET /{number} HTTP")),
            is_shown,
            "{shown}"
        );
    }
    // The secret is not even read.
    assert_eq!(shown.matches("authorization: Bearer ***").count(), 3);
    assert!(server.requests().is_empty());
}

#[test]
fn results_are_printed_in_the_order_of_the_input() {
    let gate = Arc::new(Gate::default());
    gate.close();
    let waiting = Arc::clone(&gate);
    let server = Server::start(move |request| {
        if request.target == "/0" {
            waiting.pass();
        }
        Response::ok("")
    });
    let input = gets(&server, 20);
    let child = run(&["--in-order", "--jobs", "4"], input).spawn();
    // The first one is the last to end.
    wait_until("others are sent", || server.requests().len() > 10);
    gate.open();
    let output = child.wait().expect_code(0);
    let lines: Vec<Value> = results(&output)
        .iter()
        .map(|one| one["line"].clone())
        .collect();
    assert_eq!(lines, (1..=20).map(Value::from).collect::<Vec<_>>());
}

#[test]
#[cfg(feature = "jq")]
fn jq_filters_each_result() {
    let server = targets();
    let output = run(&["--in-order", "--jq", "[.id,.body]"], gets(&server, 2))
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "[\"r0\",\"/0\"]\n[\"r1\",\"/1\"]\n");
    let output = run(&["--in-order", "-r", "--jq", ".body"], gets(&server, 2))
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "/0\n/1\n");
    // A filter that fails for a result is reported, and the run goes on.
    let failing = "if .line == 1 then error else .line end";
    let output = run(&["--in-order", "--jq", failing], gets(&server, 3)).run();
    assert_eq!(output.stdout_text(), "2\n3\n");
    assert!(
        output.code != 0 && output.stderr_text().contains("--jq"),
        "{}",
        output.tell()
    );
}

#[test]
fn output_writes_each_body_to_a_safe_file_name() {
    let server = targets();
    let scratch = Scratch::new("bodies");
    let ids = ["../../evil", ".hidden", "/etc/passwd", "a\\nb", "x", ""];
    let line = |id: &&str| format!("{{\"id\":\"{id}\",\"url\":\"{}\"}}\n", server.url("/x"));
    let input: String = ids.iter().map(line).collect();
    let directory = scratch.path().join("out");
    let words = ["--in-order", "-o", directory.to_str().unwrap()];
    let output = run(&words, input).run().expect_code(0);
    for result in results(&output) {
        let file = std::path::PathBuf::from(result["file"].as_str().unwrap());
        assert_eq!(file.parent(), Some(directory.as_path()), "{result}");
        assert_eq!(
            (fs::read_to_string(&file).unwrap().as_str(), &result["body"]),
            ("\"/x\"", &Value::Null)
        );
    }
    let names = entries(&directory);
    assert_eq!(names.len(), ids.len());
    assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
    assert_eq!(entries(scratch.path()), ["out"]);
}

#[test]
fn exit_code_is_that_of_the_worst_result() {
    let server = Server::start(|request| match request.target.as_str() {
        "/4" => Response::new("404 Not Found", "", ""),
        "/5" => Response::new("500 Internal Server Error", "", ""),
        "/3" => Response::redirect("302 Found", "/0"),
        "/7" => Response::close(),
        _ => Response::ok(""),
    });
    for (paths, code) in [
        (&[0, 0][..], 0),
        (&[0, 3, 0], 3),
        (&[4, 3, 0], 4),
        (&[0, 5, 4], 5),
        (&[7, 5, 0], 7),
    ] {
        let line = |n: &u32| format!("{{\"url\":\"{}\"}}\n", server.url(&format!("/{n}")));
        let input: String = paths.iter().map(line).collect();
        run(&[], input).run().expect_code(code);
    }
}

#[test]
fn summary_has_numbers_and_percentiles() {
    let server = targets();
    let scratch = Scratch::new("summary");
    let file = scratch.path().join("summary.json");
    let words = ["--summary", file.to_str().unwrap(), "-q"];
    let output = run(&words, gets(&server, 10)).run().expect_code(0);
    assert_eq!(output.stderr_text(), "");
    let summary: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(
        (&summary["done"], &summary["attempts"], &summary["exit"]),
        (&10.into(), &10.into(), &0.into())
    );
    assert!(summary["ms"]["p50"].is_number() && summary["ms"]["p99"].is_number());
}

#[test]
fn retry_after_of_one_response_slows_all_workers() {
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&arrivals);
    let server = Server::start(move |_| {
        let mut seen = seen.lock().unwrap();
        seen.push(Instant::now());
        match seen.len() {
            1 => Response::new("429 Too Many Requests", "retry-after: 2\r\n", ""),
            _ => Response::ok(""),
        }
    });
    let words = ["--jobs", "4", "--rate", "20/s", "--timeout", "1500ms"];
    // The others wait longer than their timeout, which counts from when they are sent.
    let output = run(&words, gets(&server, 20)).run().expect_code(4);
    assert!(
        output.stderr_text().contains("19 done, 1 failed"),
        "{}",
        output.tell()
    );
    let arrivals = arrivals.lock().unwrap();
    let pause = Duration::from_millis(1900);
    let early = arrivals
        .iter()
        .filter(|at| at.duration_since(arrivals[0]) < pause)
        .count();
    // Those that were sent before the response came.
    assert!(early <= 4, "{early} of {}", arrivals.len());
}

#[test]
fn waits_for_the_rate_are_not_part_of_the_timeout() {
    let server = targets();
    // The last request starts after 2 s.
    let words = ["--rate", "2/s", "--timeout", "1s"];
    let output = run(&words, gets(&server, 5)).run().expect_code(0);
    let ms = |one: &Value| one["ms"].as_f64().unwrap();
    assert!(
        results(&output).iter().all(|one| ms(one) < 1000.0),
        "{}",
        output.tell()
    );
}

#[test]
fn one_connection_serves_many_requests() {
    let server = targets();
    run(&["--jobs", "4"], gets(&server, 100))
        .run()
        .expect_code(0);
    assert!(server.connections() <= 4, "{}", server.connections());
}

/// A service with logins; tokens are valid from a number.
struct Service {
    server: Server,
    logins: Arc<AtomicUsize>,
    valid_from: Arc<AtomicUsize>,
}

fn service() -> Service {
    let (logins, valid_from) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
    let (count, valid) = (Arc::clone(&logins), Arc::clone(&valid_from));
    let server = Server::start(move |request: &Request| {
        if request.target == "/api/auth/login" {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            return Response::json(&format!(
                r#"{{"login":true,"access_token":"token-{number}","expires_in":3600}}"#
            ));
        }
        let number = request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer token-"))
            .and_then(|number| number.parse::<usize>().ok());
        match number {
            Some(number) if number >= valid.load(Ordering::SeqCst) => Response::json("[1]"),
            _ => Response::new("401 Unauthorized", "", "{}"),
        }
    });
    Service {
        server,
        logins,
        valid_from,
    }
}

impl Service {
    fn run(&self, scratch: &Scratch, words: &[&str], input: &str) -> Run {
        let config = format!(
            "[profile.kitsu]\nurl = '{}'\npreset = 'kitsu'\nuser = 'bot'\npassword = 'env:PASSWORD'\n",
            self.server.url("/api")
        );
        run(words, input)
            .env("C47_CONFIG_PATH", scratch.write("config.toml", config))
            .env("C47_CACHE_DIR", scratch.path().join("cache"))
            .env("PASSWORD", "correct-horse")
    }
}

#[test]
fn a_rejected_token_is_renewed_once_for_all_workers() {
    let service = service();
    let scratch = Scratch::new("renewal");
    let input: String = (0..200).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let words = ["@kitsu/data/{n}"];
    service.run(&scratch, &words, &input).run().expect_code(0);
    assert_eq!(service.logins.load(Ordering::SeqCst), 1);
    // The service forgets the token.
    service.valid_from.store(2, Ordering::SeqCst);
    let output = service.run(&scratch, &words, &input).run().expect_code(0);
    assert_eq!(
        service.logins.load(Ordering::SeqCst),
        2,
        "{}",
        output.tell()
    );
    assert_eq!(results(&output).len(), 200);
}

#[test]
fn credentials_of_a_profile_stay_below_its_url() {
    let service = service();
    let scratch = Scratch::new("below");
    let other = targets().may_be_idle();
    let fine = "{\"url\":\"/data/1\"}\n{\"url\":\"@kitsu/data/2\"}\n";
    let output = service
        .run(&scratch, &["--profile", "kitsu"], fine)
        .run()
        .expect_code(0);
    assert_eq!(results(&output).len(), 2);
    let before = service.server.requests().len();
    for (url, why) in [
        (other.url("/x"), "outside the profile"),
        (service.server.url("/elsewhere"), "outside the profile"),
        ("/../x".to_owned(), "outside"),
        ("@other/x".to_owned(), "another profile"),
    ] {
        let input = format!("{fine}{{\"url\":\"{url}\"}}\n");
        let output = service
            .run(&scratch, &["--profile", "kitsu"], &input)
            .run()
            .expect_code(2);
        let told = output.stderr_text();
        assert!(
            told.contains("line 3: ") && told.contains(why),
            "{}",
            output.tell()
        );
    }
    assert!(other.requests().is_empty());
    assert_eq!(service.server.requests().len(), before);
}

#[test]
fn credentials_of_auth_go_to_one_origin_and_never_in_plain_text() {
    let (server, other) = (targets(), targets());
    let input = format!("{}{}", gets(&server, 1), gets(&other, 1));
    let words = ["--auth", "bearer=env:T"];
    let output = run(&words, input.as_str())
        .env("T", "secret-1")
        .run()
        .expect_code(2);
    assert!(
        output.stderr_text().contains("--auth is for one origin"),
        "{}",
        output.tell()
    );
    run(&[], input).run().expect_code(0);
    let plain = "{\"url\":\"http://service.invalid/x\"}\n";
    let output = run(&words, plain).env("T", "secret-1").run().expect_code(2);
    assert!(
        output.stderr_text().contains("plain text"),
        "{}",
        output.tell()
    );
    let own = format!(
        "{{\"url\":\"{}\",\"headers\":{{\"Authorization\":\"Bearer x\"}}}}\n",
        server.url("/")
    );
    let output = run(&words, own).env("T", "secret-1").run().expect_code(2);
    assert!(
        output.stderr_text().contains("Authorization given in both"),
        "{}",
        output.tell()
    );
    let user = format!(
        "{{\"url\":\"{}\"}}\n",
        server.url("/").replace("://", "://me:pw@")
    );
    let output = run(&[], user).run().expect_code(2);
    assert!(
        output.stderr_text().contains("credentials in the URL")
            && !output.stderr_text().contains("pw")
    );
}

#[test]
fn file_of_a_request_is_sent_and_checked_before() {
    let server = targets();
    let scratch = Scratch::new("files");
    scratch.write("note.txt", "some text");
    let line = |file: &str| format!("{{\"url\":\"{}\",\"file\":\"{file}\"}}\n", server.url("/"));
    for (file, why) in [
        ("nosuch", "cannot read nosuch"),
        (".", "not a regular file"),
        ("-", "cannot read -"),
    ] {
        let run = run(&[], line("note.txt") + &line(file)).current_dir(scratch.path());
        let output = run.run().expect_code(2);
        let told = output.stderr_text();
        assert!(
            told.contains("line 2: 'file': ") && told.contains(why),
            "{}",
            output.tell()
        );
    }
    run(&[], line("note.txt"))
        .current_dir(scratch.path())
        .run()
        .expect_code(0);
    let sent = server.request();
    assert_eq!(
        (sent.method.as_str(), sent.body_text()),
        ("POST", "some text")
    );
}

#[test]
fn form_and_compression_apply_to_each_request() {
    let server = targets();
    let words = ["--form", &server.url("/"), "a={v}"];
    run(&words, "{\"v\":\"x&y=z\"}\n").run().expect_code(0);
    assert_eq!(server.request().body_text(), "a=x%26y%3Dz");
    let words = ["--compress", &server.url("/"), "a={v}"];
    run(&words, "{\"v\":\"x\"}\n").run().expect_code(0);
    let sent = server.requests();
    let last = sent.last().unwrap();
    assert_eq!(
        (last.header("content-encoding"), last.body.get(..2)),
        (Some("gzip"), Some(&[0x1f, 0x8b][..]))
    );
}

#[test]
fn options_that_make_no_sense_are_refused_before_anything_is_sent() {
    let server = targets().may_be_idle();
    for words in [
        &["--stream"][..],
        &["--download"],
        &["--print", "h"],
        &["--headers"],
        &["--paginate"],
        &["--until", "."],
        &["--offline"],
        &["--body", "x"],
        &["--verbose"],
        &["-o", "-"],
        &["--check", ".x"],
        &["--idempotency-key"],
        &["--csv"],
        &["--jobs", "257"],
        &["--jobs", "0"],
        &["--rate", "fast"],
        &["--shard", "3/2"],
        &["--shard", "auto"],
        &["--form"],
    ] {
        let output = run(words, gets(&server, 1)).run().expect_code(2);
        let named = match words[0] {
            "-o" => "--output",
            "--csv" => "CSV",
            other => other,
        };
        assert!(output.stderr_text().contains(named), "{}", output.tell());
    }
    for option in [
        "--csv",
        "--in-order",
        "--skip-invalid",
        "--dry-run",
        "--idempotency-key",
        "--journal=x",
        "--shard=1/2",
    ] {
        let output = c47()
            .args(["http", &server.url("/"), option])
            .run()
            .expect_code(2);
        assert!(
            output.stderr_text().contains("requires --batch"),
            "{}",
            output.tell()
        );
    }
    assert!(server.requests().is_empty());
}

#[test]
fn shards_divide_the_input() {
    let server = targets();
    let mut all = Vec::new();
    for index in 1..=3 {
        let shard = format!("{index}/3");
        let output = run(&["--shard", &shard], gets(&server, 60))
            .run()
            .expect_code(0);
        all.extend(
            results(&output)
                .iter()
                .map(|one| one["line"].as_u64().unwrap()),
        );
    }
    all.sort_unstable();
    assert_eq!(all, (1..=60).collect::<Vec<_>>());
    let words = ["--shard", "auto"];
    let slurm = [
        ("SLURM_ARRAY_TASK_ID", "2"),
        ("SLURM_ARRAY_TASK_COUNT", "3"),
        ("SLURM_ARRAY_TASK_MIN", "1"),
        ("SLURM_ARRAY_TASK_MAX", "3"),
    ];
    let task = slurm
        .iter()
        .fold(run(&words, gets(&server, 60)), |run, (name, value)| {
            run.env(name, value)
        });
    let lines = |output: Output| -> BTreeSet<u64> {
        results(&output)
            .iter()
            .map(|one| one["line"].as_u64().unwrap())
            .collect()
    };
    let second = run(&["--shard", "2/3"], gets(&server, 60)).run();
    assert_eq!(lines(task.run()), lines(second));
}

/// The results would be lost.
#[test]
fn nothing_is_sent_when_stdout_is_closed() {
    let server = targets().may_be_idle();
    let scratch = Scratch::new("closed");
    let input = scratch.write("in.ndjson", gets(&server, 3));
    let output = Run::of("sh")
        .args(["-c", "exec \"$0\" http --batch \"$1\" >&-"])
        .arg(crate::support::binary())
        .arg(&input)
        .run();
    assert_eq!(output.code, 7, "{}", output.tell());
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn closed_pipe_stops_the_run() {
    let server = targets();
    let scratch = Scratch::new("pipe");
    let input = scratch.write("in.ndjson", gets(&server, 5000));
    let journal = scratch.path().join("j");
    let script = "\"$0\" http --batch \"$1\" --journal \"$2\" | head -n 1; exit ${PIPESTATUS[0]}";
    let output = Run::of("bash")
        .args(["-c", script])
        .arg(crate::support::binary())
        .arg(&input)
        .arg(&journal)
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text().lines().count(), 1);
    assert!(
        output.stderr_text().contains("not sent"),
        "{}",
        output.tell()
    );
    let sent = server.requests().len();
    assert!(sent < 5000, "{sent}");
    let shown = c47()
        .args(["journal", "show"])
        .arg(&journal)
        .run()
        .expect_code(0);
    assert_eq!(
        shown.stdout_text(),
        format!("{sent} done, 0 failed, 0 unknown\n")
    );
}

#[test]
fn memory_does_not_grow_with_the_number_of_requests() {
    let peak = |count: usize| -> usize {
        let server = Server::start(|_| Response::json(&format!("\"{}\"", "x".repeat(500))));
        let gate = Arc::new(Gate::default());
        gate.close();
        let scratch = Scratch::new("memory");
        let input = scratch.write("in.ndjson", gets(&server, count));
        let results = scratch.path().join("results");
        let waiting = Arc::clone(&gate);
        let last = Server::start(move |_| {
            waiting.pass();
            Response::ok("")
        });
        let mut text = fs::read_to_string(&input).unwrap();
        text.push_str(&gets(&last, 1));
        fs::write(&input, text).unwrap();
        let child = c47()
            .args(["http", "--in-order", "--batch"])
            .arg(&input)
            .stdout_to(fs::File::create(&results).unwrap())
            .limit(Duration::from_secs(300))
            .spawn();
        wait_until("all are sent", || {
            server.requests().len() == count && last.requests().len() == 1
        });
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        gate.open();
        child.wait().expect_code(0);
        assert_eq!(
            fs::read_to_string(&results).unwrap().lines().count(),
            count + 1
        );
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    };
    let (few, many): (usize, usize) = (peak(1000), peak(20_000));
    assert!(
        many < few + 2048,
        "{few} KiB for 1000 requests, {many} KiB for 20000"
    );
}
