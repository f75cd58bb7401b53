//! Logins with a busy service, a full disk or a wrong clock.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::server::{Request, Response, Server};
use crate::support::{
    Gate, Run, Scratch, c47, can_be_two_users, give_to_nobody, peers, wait_until,
};

/// A service whose refresh tokens `r0`, `r1`, … are each valid once. It returns `answer` if set, else
/// the next token, which expires at once.
struct Rotating {
    server: Server,
    /// The received refresh tokens.
    sent: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<Option<Response>>>,
    scratch: Scratch,
}

fn rotating(name: &str) -> Rotating {
    let sent: Arc<Mutex<Vec<String>>> = Arc::default();
    let answer: Arc<Mutex<Option<Response>>> = Arc::default();
    let (s, a) = (Arc::clone(&sent), Arc::clone(&answer));
    let server = Server::start(move |request: &Request| {
        if request.target != "/token" {
            return Response::ok("ok");
        }
        let token = request
            .body_text()
            .split('&')
            .find_map(|pair| pair.strip_prefix("refresh_token="))
            .unwrap()
            .to_owned();
        s.lock().unwrap().push(token.clone());
        if let Some(answer) = a.lock().unwrap().clone() {
            return answer;
        }
        let number: usize = token.strip_prefix('r').unwrap().parse().unwrap();
        Response::json(&format!(
            r#"{{"access_token":"a{number}","refresh_token":"r{}","expires_in":1}}"#,
            number + 1
        ))
    });
    Rotating {
        server,
        sent,
        answer,
        scratch: Scratch::new(name),
    }
}

impl Rotating {
    fn call(&self) -> Run {
        let config = self.scratch.write(
            "config.toml",
            format!(
                "[profile.r]\nurl = '{}'\nauth = 'refresh_token'\ntoken_url = '/token'\nclient_id = 'farm'\nrefresh_token = 'env:FIRST'\n",
                self.server.url("")
            ),
        );
        c47()
            .env("C47_CONFIG_PATH", config)
            .env("HOME", self.scratch.path())
            .env("XDG_RUNTIME_DIR", self.scratch.path().join("run"))
            .env("FIRST", "r0")
            .args(["http", "@r/x"])
    }

    fn state(&self) -> PathBuf {
        self.scratch.path().join(".local/state/c47")
    }

    fn answers(&self, answer: Option<Response>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }

    /// Removes refusals, as if a minute had passed.
    fn forget_refusals(&self) {
        for file in fs::read_dir(self.state()).unwrap().flatten() {
            if file
                .path()
                .extension()
                .is_some_and(|kind| kind == "refused")
            {
                fs::remove_file(file.path()).unwrap();
            }
        }
    }
}

#[test]
fn refresh_token_survives_a_temporary_failure() {
    let service = rotating("temporary");
    service.call().run().expect_code(0);
    for status in [
        "429 Too Many Requests",
        "403 Forbidden",
        "423 Locked",
        "503 Service Unavailable",
        "400 Bad Request",
    ] {
        service.answers(Some(Response::new(
            status,
            "",
            r#"{"message":"slow down"}"#,
        )));
        let failed = service.call().run().expect_code(7);
        assert!(
            failed.stderr_text().contains("slow down"),
            "{}",
            failed.tell()
        );
    }
    service.answers(None);
    service.call().run().expect_code(0);
    let sent = service.sent();
    assert_eq!(sent.first().map(String::as_str), Some("r0"));
    assert!(sent[1..].iter().all(|token| token == "r1"), "{sent:?}");
}

#[test]
fn rotated_refresh_token_is_not_sent_again() {
    let service = rotating("rotated");
    service.call().run().expect_code(0);
    service.answers(Some(Response::new(
        "400 Bad Request",
        "",
        r#"{"error":"invalid_grant"}"#,
    )));
    service.call().run().expect_code(9);
    service.answers(None);
    service.forget_refusals();
    let spent = service.call().run().expect_code(9);
    assert!(
        spent.stderr_text().contains("replace the refresh token"),
        "{}",
        spent.tell()
    );
    assert_eq!(service.sent(), ["r0", "r1"]);
    // A new refresh token in the profile is used at once.
    service.call().env("FIRST", "r7").run().expect_code(0);
    assert_eq!(service.sent(), ["r0", "r1", "r7"]);
}

#[test]
fn refresh_token_survives_a_refused_client() {
    let service = rotating("client");
    service.call().run().expect_code(0);
    service.answers(Some(Response::new(
        "401 Unauthorized",
        "",
        r#"{"error":"invalid_client"}"#,
    )));
    service.call().run().expect_code(9);
    service.answers(None);
    service.forget_refusals();
    service.call().run().expect_code(0);
    assert_eq!(service.sent(), ["r0", "r1", "r1"]);
}

#[test]
fn refresh_token_is_stored_permanently_and_not_used_on_a_full_disk() {
    let service = rotating("full");
    service.call().run().expect_code(0);
    let files = fs::read_dir(service.state()).unwrap().count();
    assert_eq!(files, 1);
    assert!(!service.scratch.path().join("run/c47").exists());
    // The disk is full: nothing can be written.
    let config = service.scratch.path().join("config.toml");
    let failed = Run::of("sh")
        .env("C47_CONFIG_PATH", config)
        .env("HOME", service.scratch.path())
        .env("FIRST", "r0")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" http @r/x"])
        .arg(crate::support::binary())
        .run()
        .expect_code(7);
    assert!(
        failed.stderr_text().contains("could not be stored"),
        "{}",
        failed.tell()
    );
    assert_eq!(service.sent(), ["r0"]);
    service.call().run().expect_code(0);
    assert_eq!(service.sent(), ["r0", "r1"]);
}

/// A service with a password login. `answer` returns the response to each login.
fn with_login(
    name: &str,
    answer: impl Fn(usize, &Request) -> Response + Send + Sync + 'static,
) -> (Server, Scratch, impl Fn(&[&str]) -> Run) {
    let logins = AtomicUsize::new(0);
    let server = Server::start(move |request: &Request| match request.target.as_str() {
        "/auth/login" => answer(logins.fetch_add(1, Ordering::SeqCst), request),
        _ => Response::ok("ok"),
    });
    let scratch = Scratch::new(name);
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.k]\nurl = '{}'\npreset = 'kitsu'\nuser = 'bot'\npassword = 'env:P'\n",
            server.url("")
        ),
    );
    let cache = scratch.path().join("cache");
    let run = move |words: &[&str]| {
        c47()
            .env("C47_CONFIG_PATH", &config)
            .env("C47_CACHE_DIR", &cache)
            .env("P", "correct-horse-battery")
            .args(words)
    };
    (server, scratch, run)
}

fn token(number: usize) -> Response {
    Response::json(&format!(
        r#"{{"access_token":"t{number}","expires_in":3600}}"#
    ))
}

fn token_file(scratch: &Scratch) -> Option<PathBuf> {
    let files = fs::read_dir(scratch.path().join("cache"))
        .into_iter()
        .flatten();
    let mut paths = files.flatten().map(|file| file.path());
    paths.find(|path| path.extension().is_some_and(|kind| kind == "token"))
}

#[test]
fn token_with_future_date_does_not_satisfy_a_login() {
    let (_server, scratch, run) = with_login("future", |number, _| token(number));
    run(&["auth", "login", "k"]).run().expect_code(0);
    let file = token_file(&scratch).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let (before, after) = text.split_once(r#""obtained":"#).unwrap();
    let (_, after) = after.split_once(',').unwrap();
    fs::write(&file, format!(r#"{before}"obtained":99999999999,{after}"#)).unwrap();
    run(&["auth", "login", "k"]).run().expect_code(0);
    let token = run(&["auth", "token", "k"]).run().expect_code(0);
    assert_eq!(token.stdout_text(), "t1\n");
}

#[test]
fn stopped_process_does_not_overwrite_a_newer_token() {
    let first = Arc::new(Gate::default());
    let asked = Arc::new(AtomicUsize::new(0));
    let (gate, count) = (Arc::clone(&first), Arc::clone(&asked));
    let (_server, scratch, run) = with_login("fence", move |number, _| {
        count.fetch_add(1, Ordering::SeqCst);
        if number == 0 {
            gate.pass();
        }
        token(number)
    });
    first.close();
    let child = run(&["http", "@k/x"]).spawn();
    wait_until("it logs in", || asked.load(Ordering::SeqCst) == 1);
    child.signal(libc::SIGSTOP);
    // Its lease has expired, and another process has logged in.
    for file in fs::read_dir(scratch.path().join("cache"))
        .unwrap()
        .flatten()
    {
        if file.path().extension().is_some_and(|kind| kind == "lease") {
            fs::remove_file(file.path()).unwrap();
        }
    }
    run(&["http", "@k/x"]).run().expect_code(0);
    let newer = fs::read_to_string(token_file(&scratch).unwrap()).unwrap();
    first.open();
    child.signal(libc::SIGCONT);
    child.wait().expect_code(0);
    let kept = fs::read_to_string(token_file(&scratch).unwrap()).unwrap();
    assert!(kept.contains("t1") && kept == newer, "{kept}");
}

#[test]
fn terminated_process_does_not_remove_the_lease_of_its_successor() {
    let (server, scratch, run) = with_login("ended", |_, _| Response::raw("").then_hang());
    let child = run(&["http", "@k/x"]).spawn();
    wait_until("it logs in", || !server.requests().is_empty());
    child.signal(libc::SIGSTOP);
    let lease = fs::read_dir(scratch.path().join("cache"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| path.extension().is_some_and(|kind| kind == "lease"))
        .unwrap();
    let text = fs::read_to_string(&lease).unwrap();
    let (_, behind_id) = text.split_once("\",").unwrap();
    fs::remove_file(&lease).unwrap();
    let successors = format!(r#"{{"id":"0123456789abcdef01234567",{behind_id}"#);
    fs::write(&lease, &successors).unwrap();
    child.signal(libc::SIGTERM);
    child.signal(libc::SIGCONT);
    child.wait().expect_code(143);
    assert_eq!(fs::read_to_string(&lease).unwrap(), successors);
}

#[test]
fn token_is_stored_if_the_directory_cannot_be_synced() {
    let Some(strace) = peers::tool("strace") else {
        return;
    };
    let (_server, scratch, _) = with_login("unsynced", |number, _| token(number));
    let cache = scratch.path().join("cache");
    let login = Run::of(strace)
        .args(["-f", "-o", "/dev/null", "-P"])
        .arg(&cache)
        .args(["-e", "trace=fsync", "-e", "inject=fsync:error=EIO"])
        .arg(crate::support::binary())
        .args(["auth", "login", "k"])
        .env("C47_CONFIG_PATH", scratch.path().join("config.toml"))
        .env("C47_CACHE_DIR", &cache)
        .env("P", "correct-horse-battery")
        .run()
        .expect_code(0);
    assert!(
        !login.stderr_text().contains("not stored"),
        "{}",
        login.tell()
    );
    assert!(token_file(&scratch).is_some());
}

#[test]
fn logout_removes_the_lease_of_a_dead_process() {
    let (server, scratch, run) = with_login("dead-lease", |_, _| Response::raw("").then_hang());
    let child = run(&["http", "@k/x"]).spawn();
    wait_until("it logs in", || !server.requests().is_empty());
    child.signal(libc::SIGKILL);
    child.wait().expect_code(-libc::SIGKILL);
    run(&["auth", "logout", "k"]).run().expect_code(0);
    let left = fs::read_dir(scratch.path().join("cache")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn timeout_limits_a_command_and_waiting_for_another_login() {
    let (server, scratch, run) = with_login("bounded", |_, _| Response::raw("").then_hang());
    let started = Instant::now();
    let slow = c47()
        .args(["http", &server.url("/x"), "--timeout=1s"])
        .args(["--auth", "bearer=command:sleep 30"])
        .run()
        .expect_code(8);
    assert!(slow.stderr_text().contains("timed out"), "{}", slow.tell());
    let holder = run(&["http", "@k/x"]).spawn();
    wait_until("it logs in", || !server.requests().is_empty());
    let waiting = run(&["http", "@k/x", "--timeout=1s"]).run().expect_code(8);
    assert!(
        waiting.stderr_text().contains("logging in"),
        "{}",
        waiting.tell()
    );
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
    drop(holder);
    drop(scratch);
}

#[test]
fn command_source_requires_exit_code_0() {
    let server = Server::start(|_| Response::ok("")).may_be_idle();
    let scratch = Scratch::new("killed");
    let script = scratch.write("pass", "printf hal; kill -9 $$\n");
    let source = format!("bearer=command:sh {}", script.display());
    let killed = c47()
        .args(["http", &server.url("/x"), "--auth", &source])
        .run()
        .expect_code(9);
    assert!(killed.stderr_text().contains("killed"), "{}", killed.tell());
    assert!(server.requests().is_empty());
}

#[test]
fn truncated_error_text_contains_no_part_of_a_secret() {
    let (_server, _scratch, run) = with_login("half", |_, request| {
        let sent: serde_json::Value = serde_json::from_str(request.body_text()).unwrap();
        let password = sent["password"].as_str().unwrap();
        // The text is truncated within the password.
        let text = format!("{}{password}", "x".repeat(190));
        let body = format!(r#"{{"message":"{text}"}}"#);
        Response::new("400 Bad Request", "", body)
    });
    let refused = run(&["http", "@k/x"]).run().expect_code(9);
    assert!(
        !refused.stderr_text().contains("corr"),
        "{}",
        refused.tell()
    );
}

#[test]
fn login_and_logout_report_cache_failures() {
    let (_server, scratch, run) = with_login("unkept", |number, _| token(number));
    run(&["auth", "login", "k"])
        .env("C47_CACHE_DIR", "/proc/c47")
        .run()
        .expect_code(7);
    run(&["auth", "login", "k"]).run().expect_code(0);
    let file = token_file(&scratch).unwrap();
    // Files of a killed login are removed with the token.
    let stem = file.file_stem().unwrap().to_str().unwrap();
    let left = file.with_file_name(format!(".{stem}.0123456789abcdef.part"));
    fs::write(&left, "a token").unwrap();
    run(&["auth", "logout", "k"]).run().expect_code(0);
    assert!(!left.exists() && !file.exists());
    fs::create_dir(&left).unwrap();
    let stays = run(&["auth", "logout", "k"]).run().expect_code(7);
    assert!(
        stays.stderr_text().contains("cannot remove"),
        "{}",
        stays.tell()
    );
}

#[test]
fn process_with_a_secret_cannot_be_inspected() {
    use std::os::unix::fs::MetadataExt;
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    // root can inspect every process.
    if is_root && !can_be_two_users() {
        return;
    }
    let hanging = Arc::new(Gate::default());
    let (called, told) = std::sync::mpsc::channel();
    let told = Mutex::new(told);
    let called = Mutex::new(called);
    hanging.close();
    let gate = Arc::clone(&hanging);
    let server = Server::connection(move |stream| {
        called.lock().unwrap().send(()).unwrap();
        gate.pass();
        drop(stream);
    });
    let scratch = Scratch::new("held");
    scratch.write("f", "k3y");
    let url = server.url("/x");
    let tls_url = url.replace("http:", "https:");
    let mut with_key = vec![tls_url.clone(), "--insecure".to_owned()];
    if let Some(certificates) = peers::certificates() {
        let pair = &certificates.client;
        for (option, from) in [("--cert", &pair.certificate), ("--key", &pair.key)] {
            let bytes = fs::read(from).unwrap();
            let copy = scratch.write(option, bytes);
            with_key.extend([option.to_owned(), copy.display().to_string()]);
        }
    } else {
        with_key.push("X-Api-Key:@f".to_owned());
    }
    let with_key: Vec<&str> = with_key.iter().map(String::as_str).collect();
    let jar = scratch.write("jar", "127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tk3y\n");
    fs::set_permissions(&jar, fs::Permissions::from_mode(0o600)).unwrap();
    if is_root {
        give_to_nobody(&jar);
    }
    let calls: [&[&str]; 8] = [
        &[&url, "--cookies=jar"],
        &[&url, "--auth=bearer=env:T"],
        &[&url, "X-Api-Key:@f"],
        &[&url, "password=@f"],
        &[&url, "a:=1", "token==@f"],
        &[&url, "X-Api-Key:k3y"],
        &[&url, "password:=\"k3y\""],
        &with_key,
    ];
    for words in calls {
        let run = match is_root {
            true => c47().run_by_nobody(),
            false => c47(),
        };
        let child = run
            .env("T", "k3y")
            .current_dir(scratch.path())
            .arg("http")
            .args(words)
            .spawn();
        let call = told.lock().unwrap().recv_timeout(Duration::from_secs(50));
        assert!(call.is_ok(), "{words:?}: {}", child.wait().tell());
        // root owns the /proc files of a process that is not dumpable.
        let owner = fs::metadata(format!("/proc/{}/environ", child.id()))
            .unwrap()
            .uid();
        assert_eq!(owner, 0, "{words:?}");
        let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core"));
        let soft = core.unwrap().split_whitespace().nth(4);
        assert_eq!(soft, Some("0"), "{words:?}");
        drop(child);
    }
    hanging.open();
}
