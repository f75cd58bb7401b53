//! Tests of the test support: a filter that allows everything, or a runner that ignores a hang, would
//! make other tests worthless.

use std::time::Duration;

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::server::{Response, Server};
use crate::support::{Run, Scratch, c47, empty_root, evenly, peers, sample, snapshot, source};

/// The names of the tests in this binary that these arguments select.
fn tests(arguments: &[&str]) -> Vec<String> {
    let this = std::env::current_exe().unwrap();
    let list = Run::of(this).args(arguments).arg("--list").run();
    let list = list.expect_code(0);
    let names = list.stdout_text().lines();
    names
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn old_kernel_subset_covers_every_command() {
    let file = std::fs::read_to_string(source("tests/old_kernel.txt")).unwrap();
    let mut arguments = Vec::new();
    for line in file.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (part, words) = match line.strip_prefix('!') {
            Some(part) => (part, vec!["--skip", part]),
            None => (line, vec![line]),
        };
        assert!(
            !tests(&[part]).is_empty(),
            "{line} in tests/old_kernel.txt matches no test"
        );
        arguments.extend(words);
    }
    let chosen = tests(&arguments);
    assert!(chosen.len() < tests(&[]).len());
    let list = c47().arg("--list").run().expect_code(0);
    for command in list.stdout_text().lines() {
        // Or tests of its subcommands, as seq_ls.
        let modules = [format!("{command}::"), format!("{command}_")];
        let is_of_command = |name: &String| modules.iter().any(|module| name.starts_with(module));
        assert!(
            chosen.iter().any(is_of_command),
            "tests/old_kernel.txt selects no test of {command}"
        );
    }
}

/// A file that is not in tests/main.rs is never compiled.
#[test]
fn every_test_file_is_in_main() {
    let main = std::fs::read_to_string(source("tests/main.rs")).unwrap();
    for entry in std::fs::read_dir(source("tests")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_some_and(|kind| kind == "rs") && name != "main" {
            let line = format!("mod {name};");
            assert!(
                main.lines().any(|other| other == line),
                "{line:?} is missing in tests/main.rs"
            );
        }
    }
}

#[test]
fn sample_is_evenly_spread_and_deterministic() {
    assert_eq!(evenly((1..=10).collect(), 3), [4, 7, 10]);
    assert_eq!(sample(vec![1, 2, 3], 3), [1, 2, 3]);
}

#[test]
fn old_kernel_filter_fails_new_system_calls() {
    let Some(python) = peers::tool("python3") else {
        return;
    };
    // getcpu and getsockname, which 3.10 has; sched_setattr, getrandom, statx, clone3.
    let script = "import ctypes\n\
        libc = ctypes.CDLL(None, use_errno=True)\n\
        for number in (309, 51, 314, 318, 332, 435):\n\
        \x20   ctypes.set_errno(0)\n\
        \x20   libc.syscall(number, 0, 0, 0, 0, 0)\n\
        \x20   print(number, 'ENOSYS' if ctypes.get_errno() == 38 else 'known')\n";
    let run = || Run::of(&python).args(["-c", script]);
    let old = run().on_old_kernel().run().expect_code(0);
    assert_eq!(
        old.stdout_text(),
        "309 known\n51 known\n314 ENOSYS\n318 ENOSYS\n332 ENOSYS\n435 ENOSYS\n"
    );
    let own = run().run().expect_code(0);
    assert!(!own.stdout_text().contains("ENOSYS"), "{}", own.tell());
}

#[test]
fn binary_runs_on_the_old_kernel() {
    let output = c47().arg("--version").on_old_kernel().run().expect_code(0);
    assert!(output.stdout_text().starts_with("c47 "));
}

#[test]
fn binary_runs_in_an_empty_root() {
    let Some(output) = empty_root::run(["--version"]) else {
        return;
    };
    assert!(output.expect_code(0).stdout_text().starts_with("c47 "));
    // The root has no shell.
    let shell = empty_root::empty_c47().unwrap();
    shell.arg("help").run().expect_code(0);
}

#[test]
fn environment_is_clean() {
    let output = Run::of("env").env("EXTRA", "1").run().expect_code(0);
    let mut names: Vec<&str> = output
        .stdout_text()
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["EXTRA", "HOME", "LANG", "PATH", "TMPDIR"]);
}

#[test]
#[should_panic(expected = "it does not end")]
fn hanging_program_fails_the_test() {
    Run::of("cat")
        .silent_stdin()
        .limit(Duration::from_millis(100))
        .run();
}

#[test]
#[should_panic(expected = "it left a process behind")]
fn leftover_process_fails_the_test() {
    Run::of("sh")
        .args(["-c", "sleep 5 &"])
        .limit(Duration::from_millis(300))
        .run();
}

#[test]
fn running_program_can_be_read_and_killed() {
    let mut child = Run::of("sh")
        .args(["-c", "echo one; echo two; echo ready >&2; exec sleep 50"])
        .spawn();
    assert_eq!(child.stdout_line(), "one");
    assert_eq!(child.stdout_line(), "two");
    child.wait_for_stderr("ready");
    child.signal(libc::SIGTERM);
    let output = child.wait();
    assert_eq!(output.code, -libc::SIGTERM);
    assert_eq!(output.stdout_text(), "one\ntwo\n");
}

#[test]
fn scratch_directory_is_removed() {
    let scratch = Scratch::new("gone");
    let file = scratch.write("a/b", "x");
    assert!(file.exists());
    drop(scratch);
    assert!(!file.exists());
}

/// Sends these bytes and returns the whole response.
fn talk(port: u16, bytes: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn server_records_requests_and_responds() {
    let server = Server::script([
        Response::ok("one"),
        Response::raw("HTTP/1.1 200 OK\r\n\r\ntwo").drip(Duration::from_millis(1)),
    ]);
    let answer = talk(
        server.port(),
        "POST /a?b=c HTTP/1.1\r\nHost: x\r\ncontent-length: 2\r\n\r\nhi\
         PUT /d HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n",
    );
    assert_eq!(
        answer,
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\noneHTTP/1.1 200 OK\r\n\r\ntwo"
    );
    assert_eq!(server.connections(), 1);
    let [first, second] = server.requests().try_into().unwrap();
    assert_eq!(
        (first.method.as_str(), first.target.as_str()),
        ("POST", "/a?b=c")
    );
    assert_eq!((first.header("host"), first.body_text()), (Some("x"), "hi"));
    assert_eq!((second.target.as_str(), second.body_text()), ("/d", "hi!"));
}

#[test]
#[should_panic(expected = "the server of the test was never called")]
fn uncalled_server_fails_the_test() {
    Server::start(|_| Response::ok("never"));
}

#[test]
#[should_panic(expected = "no response is left for")]
fn unexpected_request_fails_the_test() {
    let server = Server::script([]);
    talk(server.port(), "GET / HTTP/1.1\r\n\r\n");
}

#[test]
fn server_can_close_or_hang() {
    let server = Server::start(|request| match request.target.as_str() {
        "/close" => Response::close(),
        _ => Response::raw("HTTP/1.1 200").then_hang(),
    });
    assert_eq!(talk(server.port(), "GET /close HTTP/1.1\r\n\r\n"), "");
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(b"GET /hang HTTP/1.1\r\n\r\n").unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let mut answer = Vec::new();
    assert!(stream.read_to_end(&mut answer).is_err());
    assert_eq!(answer, b"HTTP/1.1 200");
}

#[test]
fn snapshots_mask_values_that_change() {
    let now = c47::testing::Timestamp::now();
    let text = format!(
        "c47 {} wrote {}/home-1-2/file at {now}, not 2011-03-22T18:43:00Z, http://127.0.0.1:40001/ :8080",
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_TARGET_TMPDIR")
    );
    assert_eq!(
        snapshot::filtered(&text),
        "c47 [version] wrote [scratch]/file at [time], not 2011-03-22T18:43:00Z, \
         http://127.0.0.1:[port]/ :8080"
    );
}

#[test]
fn httpbin_responds() {
    let Some(httpbin) = peers::httpbin() else {
        return;
    };
    let answer = talk(
        httpbin.port(),
        "GET /status/418 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 418"), "{answer}");
}

#[test]
fn nginx_has_certificates() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let server = |port: usize, pair: &peers::Pair, more: &str| {
        format!(
            "server {{ listen 127.0.0.1:@port{port}@ ssl; return 200 'hello'; \
             ssl_certificate {}; ssl_certificate_key {}; {more} }}",
            pair.certificate.display(),
            pair.key.display()
        )
    };
    let ca = certificates.ca.display();
    let servers = [
        server(0, &certificates.good, ""),
        server(1, &certificates.chained, ""),
        server(2, &certificates.rsa, ""),
        server(3, &certificates.expired, ""),
        server(4, &certificates.not_yet_valid, ""),
        server(5, &certificates.wrong_name, ""),
        server(6, &certificates.self_signed, ""),
        server(7, &certificates.unknown_issuer, ""),
        server(
            8,
            &certificates.good,
            &format!("ssl_client_certificate {ca}; ssl_verify_client on;"),
        ),
    ];
    let (Some(nginx), Some(curl)) = (peers::nginx(&servers.concat()), peers::tool("curl")) else {
        return;
    };
    // c47 must accept and refuse the same certificates as curl.
    let fetch = |port: usize| {
        Run::of(&curl)
            .args(["-sS", "--fail", "--cacert"])
            .arg(&certificates.ca)
            .arg(format!("https://localhost:{}/", nginx.port(port)))
    };
    for port in 0..3 {
        let output = fetch(port).run().expect_code(0);
        assert_eq!(output.stdout_text(), "hello");
    }
    for (port, why) in [
        (3, "expired"),
        (4, "not yet valid"),
        (5, "no alternative certificate subject name matches"),
        (6, "self-signed"),
        (7, "unable to get local issuer certificate"),
    ] {
        let output = fetch(port).run().expect_code(60);
        assert!(output.stderr_text().contains(why), "{}", output.tell());
    }
    fetch(8).run().expect_code(22);
    let client = &certificates.client;
    let with_client = fetch(8).arg("--cert").arg(&client.certificate);
    with_client
        .arg("--key")
        .arg(&client.key)
        .run()
        .expect_code(0);
    assert!(nginx.access_log().contains("GET / HTTP/1.1"));
}
