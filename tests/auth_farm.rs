//! Concurrent logins on a farm: many processes share one login, and some of them die.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::server::{Request, Response, Server};
use crate::support::{self, Child, Gate, Run, Scratch, c47, wait_until};

const PASSWORD: &str = "correct-horse-battery";
const MANY: usize = 200;

struct Farm {
    server: Server,
    logins: Arc<AtomicUsize>,
    refreshes: Arc<AtomicUsize>,
    /// Closed while jobs start, so that all run before the service responds.
    gate: Arc<Gate>,
    config: PathBuf,
    cache: PathBuf,
    _scratch: Scratch,
}

/// `login` returns the response to each login. `token-0` is expired.
fn farm(name: &str, login: impl Fn(usize) -> Response + Send + Sync + 'static) -> Farm {
    let logins = Arc::new(AtomicUsize::new(0));
    let refreshes = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(Gate::default());
    let (l, r, g) = (
        Arc::clone(&logins),
        Arc::clone(&refreshes),
        Arc::clone(&gate),
    );
    let server = Server::start(move |request: &Request| match request.target.as_str() {
        "/auth/login" => {
            let number = l.fetch_add(1, Ordering::SeqCst);
            g.pass();
            login(number)
        }
        "/auth/refresh-token" => {
            r.fetch_add(1, Ordering::SeqCst);
            g.pass();
            Response::json(r#"{"access_token":"token-9","expires_in":3600}"#)
        }
        _ => match request.header("authorization") {
            Some("Bearer token-1" | "Bearer token-9") => Response::json("[1]"),
            _ => Response::new("401 Unauthorized", "", ""),
        },
    });
    let scratch = Scratch::new(name);
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.kitsu]\nurl = '{}'\npreset = 'kitsu'\nuser = 'bot'\npassword = 'env:KITSU_PASSWORD'\n",
            server.url("")
        ),
    );
    Farm {
        server,
        logins,
        refreshes,
        gate,
        config,
        cache: scratch.path().join("cache"),
        _scratch: scratch,
    }
}

fn token(number: usize, expires_in: usize) -> Response {
    Response::json(&format!(
        r#"{{"access_token":"token-{number}","refresh_token":"r","expires_in":{expires_in}}}"#
    ))
}

impl Farm {
    fn with_variables(&self, run: Run) -> Run {
        run.env("C47_CONFIG_PATH", &self.config)
            .env("C47_CACHE_DIR", &self.cache)
            .env("KITSU_PASSWORD", PASSWORD)
    }

    fn job(&self) -> Run {
        self.with_variables(c47()).args(["http", "@kitsu/data"])
    }

    fn start(&self, count: usize) -> Vec<Child> {
        self.gate.close();
        let children = (0..count).map(|_| self.job().spawn()).collect();
        self.gate.open();
        children
    }

    fn logins(&self) -> usize {
        self.logins.load(Ordering::SeqCst)
    }

    /// Waits for a process to hold the lease.
    fn holder(&self) -> i32 {
        let pid = || {
            let files = fs::read_dir(&self.cache).into_iter().flatten().flatten();
            let lease = files
                .map(|file| file.path())
                .find(|path| path.extension().is_some_and(|kind| kind == "lease"));
            let text = lease.and_then(|path| fs::read_to_string(path).ok());
            let json = text.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
            json.and_then(|json| json["pid"].as_i64())
        };
        wait_until("a process holds the lease", || pid().is_some());
        i32::try_from(pid().unwrap()).unwrap()
    }

    /// Checks that only the token is stored: no lease and no temporary file.
    #[track_caller]
    fn expect_tidy(&self) {
        let names: Vec<String> = fs::read_dir(&self.cache)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(
            names.len() == 1 && names[0].ends_with(".token"),
            "{names:?}"
        );
    }
}

#[test]
fn concurrent_processes_share_one_login() {
    let farm = farm("many", |_| token(1, 3600));
    for child in farm.start(MANY) {
        assert_eq!(child.wait().expect_code(0).stdout_text(), "[1]");
    }
    assert_eq!(farm.logins(), 1);
    assert_eq!(farm.server.requests().len(), MANY + 1);
    farm.expect_tidy();
}

#[test]
fn lease_of_killed_process_is_taken_over() {
    let farm = farm("killed", |number| match number {
        0 => Response::raw("").then_hang(),
        _ => token(1, 3600),
    });
    let children = farm.start(60);
    wait_until("a process logs in", || farm.logins() > 0);
    let holder = farm.holder();
    let killed = Instant::now();
    let status = std::process::Command::new("kill")
        .args(["-9", &holder.to_string()])
        .status();
    assert!(status.unwrap().success());
    let mut dead = 0;
    for child in children {
        let output = child.wait();
        match output.code {
            -9 => dead += 1,
            _ => assert_eq!(output.expect_code(0).stdout_text(), "[1]"),
        }
    }
    assert_eq!((dead, farm.logins()), (1, 2));
    // Much shorter than the lease.
    assert!(
        killed.elapsed() < Duration::from_secs(30),
        "{:?}",
        killed.elapsed()
    );
    assert_eq!(
        fs::read_dir(&farm.cache)
            .unwrap()
            .filter(|file| file
                .as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|e| e == "lease"))
            .count(),
        0
    );
}

#[test]
fn expired_token_is_renewed_once_under_load() {
    let farm = farm("expiring", |_| token(1, 1));
    farm.job().run().expect_code(0);
    for child in farm.start(100) {
        child.wait().expect_code(0);
    }
    assert_eq!(
        (farm.logins(), farm.refreshes.load(Ordering::SeqCst)),
        (1, 1)
    );
    farm.expect_tidy();
}

#[test]
fn rejected_token_is_renewed_once_under_load() {
    // The service always rejects token-0.
    let farm = farm("dying", |_| token(0, 3600));
    for child in farm.start(100) {
        child.wait().expect_code(0);
    }
    assert_eq!(
        (farm.logins(), farm.refreshes.load(Ordering::SeqCst)),
        (1, 1)
    );
}

#[test]
fn refused_login_is_sent_once_under_load() {
    let farm = farm("refusing", |_| {
        Response::new("400 Bad Request", "", r#"{"login":false}"#)
    });
    for child in farm.start(100) {
        let output = child.wait().expect_code(9);
        assert!(
            output.stderr_text().contains("login refused"),
            "{}",
            output.tell()
        );
    }
    assert_eq!(farm.logins(), 1);
}

#[test]
fn failed_login_is_shared_with_waiting_processes() {
    let farm = farm("down", |_| Response::new("503 Service Unavailable", "", ""));
    for child in farm.start(60) {
        child.wait().expect_code(7);
    }
    // Processes that start after the first failure may try again.
    assert!(farm.logins() <= 10, "{} logins", farm.logins());
}

#[test]
fn terminated_process_releases_the_lease() {
    let farm = farm("stopped", |number| match number {
        0 => Response::raw("").then_hang(),
        _ => token(1, 3600),
    });
    let child = farm.job().spawn();
    wait_until("a process logs in", || farm.logins() > 0);
    child.signal(libc::SIGTERM);
    child.wait().expect_code(143);
    assert_eq!(fs::read_dir(&farm.cache).unwrap().count(), 0);
    farm.job().run().expect_code(0);
}

#[test]
fn no_file_locks_are_used_and_no_arguments_contain_secrets() {
    let Some(strace) = support::peers::tool("strace") else {
        return;
    };
    let farm = farm("strace", |_| token(1, 3600));
    let log = farm.cache.with_file_name("trace");
    let trace = farm
        .with_variables(Run::of(strace))
        .args([
            "-f",
            "-v",
            "-s",
            "4096",
            "-e",
            "trace=execve,flock,fcntl,fcntl64",
            "-o",
        ])
        .arg(&log)
        .arg(support::binary())
        .args(["http", "-v", "@kitsu/data"])
        .run()
        .expect_code(0);
    assert_eq!(trace.stdout_text(), "[1]");
    let text = fs::read_to_string(&log).unwrap();
    for line in text.lines() {
        assert!(
            !line.contains("flock(") && !line.contains("F_SETLK"),
            "{line}"
        );
        // Arguments are visible to all users, the environment is not.
        let arguments = line.split("], [").next().unwrap();
        for secret in [PASSWORD, "token-1"] {
            assert!(!arguments.contains(secret), "{line}");
        }
    }
}

#[test]
fn process_arguments_and_core_files_contain_no_secret() {
    let farm = farm("looking", |_| Response::raw("").then_hang());
    let child = farm.job().spawn();
    wait_until("a process logs in", || farm.logins() > 0);
    let process = Path::new("/proc").join(child.id().to_string());
    let line = fs::read_to_string(process.join("cmdline")).unwrap();
    assert!(
        line.contains("@kitsu/data") && !line.contains(PASSWORD),
        "{line}"
    );
    let limits = fs::read_to_string(process.join("limits")).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    child.signal(libc::SIGKILL);
    child.wait();
}

#[test]
fn full_disk_only_prevents_storing_the_token() {
    let farm = farm("full", |_| token(1, 3600));
    // Only empty files can be written.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" http @kitsu/data";
    for _ in 0..2 {
        let output = farm
            .with_variables(Run::of("sh"))
            .args(["-c", script])
            .arg(support::binary())
            .run()
            .expect_code(0);
        assert_eq!(output.stdout_text(), "[1]");
        assert!(
            output.stderr_text().contains("the token is not stored"),
            "{}",
            output.tell()
        );
    }
    assert_eq!(farm.logins(), 2);
    assert_eq!(fs::read_dir(&farm.cache).unwrap().count(), 0);
}

#[test]
fn oauth_grants_send_the_specified_forms() {
    let forms: Arc<Mutex<Vec<Request>>> = Arc::default();
    let seen = Arc::clone(&forms);
    let server = Server::start(move |request: &Request| {
        if request.target == "/token" {
            seen.lock().unwrap().push(request.clone());
            return Response::json(
                r#"{"access_token":"at","token_type":"Bearer","expires_in":"60"}"#,
            );
        }
        assert_eq!(request.header("authorization"), Some("Bearer at"));
        Response::ok("ok")
    });
    let scratch = Scratch::new("oauth");
    let url = server.url("");
    let common = format!("url='{url}'\ntoken_url='/token'\nscope='a b'\n");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.basic]\n{common}auth='client_credentials'\nclient_id='i:d'\nclient_secret='env:S'\n\
             [profile.post]\n{common}auth='client_credentials'\nclient_auth='post'\nclient_id='i:d'\nclient_secret='env:S'\nparams={{resource='r'}}\n\
             [profile.private]\n{common}auth='client_credentials'\nclient_auth='private_key_jwt'\nclient_id='id'\nkey='env:K'\n\
             [profile.bearer]\n{common}auth='jwt_bearer'\nkey='env:K'\nclaims={{iss='me'}}\n\
             [profile.refresh]\n{common}auth='refresh_token'\nclient_id='id'\nrefresh_token='env:S'\n"
        ),
    );
    for name in ["basic", "post", "private", "bearer", "refresh"] {
        for _ in 0..2 {
            c47()
                .env("C47_CONFIG_PATH", &config)
                .env("C47_CACHE_DIR", scratch.path().join("cache"))
                .env("S", "s&1")
                .env("K", "0123456789abcdef0123456789abcdef")
                .args(["http", &format!("@{name}/x")])
                .run()
                .expect_code(0);
        }
    }
    let forms = forms.lock().unwrap();
    let [basic, post, private, bearer, refresh] = &forms[..] else {
        panic!("five logins, not {}", forms.len())
    };
    assert_eq!(
        basic.header("authorization"),
        Some("Basic aSUzQWQ6cyUyNjE=")
    );
    assert_eq!(
        basic.body_text(),
        "grant_type=client_credentials&scope=a%20b"
    );
    assert_eq!(
        post.body_text(),
        "grant_type=client_credentials&scope=a%20b&resource=r&client_id=i%3Ad&client_secret=s%261"
    );
    assert!(private.body_text().contains("client_assertion=ey"));
    assert!(
        private
            .body_text()
            .contains("client-assertion-type%3Ajwt-bearer")
    );
    assert!(bearer.body_text().contains("&assertion=ey"));
    assert!(
        refresh
            .body_text()
            .contains("grant_type=refresh_token&refresh_token=s%261")
    );
}
