//! Credentials of profiles: what is sent, stored and rejected.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::server::{Request, Response, Server};
use crate::support::{Output, Run, Scratch, c47, source};

/// A service like Kitsu that counts logins. Its tokens are `token-N`.
struct Service {
    server: Server,
    logins: Arc<AtomicUsize>,
    refreshes: Arc<AtomicUsize>,
    /// The number of the first valid token.
    good_from: Arc<AtomicUsize>,
}

const PASSWORD: &str = "correct-horse-battery";

fn service(expires_in: &'static str) -> Service {
    let logins = Arc::new(AtomicUsize::new(0));
    let refreshes = Arc::new(AtomicUsize::new(0));
    let good_from = Arc::new(AtomicUsize::new(1));
    let issued = Arc::new(AtomicUsize::new(0));
    let (l, r, g) = (
        Arc::clone(&logins),
        Arc::clone(&refreshes),
        Arc::clone(&good_from),
    );
    let server = Server::start(move |request: &Request| {
        let token = || format!("token-{}", issued.fetch_add(1, Ordering::SeqCst) + 1);
        match request.target.split('?').next().unwrap() {
            "/api/auth/login" => {
                l.fetch_add(1, Ordering::SeqCst);
                let expected = format!(r#"{{"email":"bot","password":"{PASSWORD}"}}"#);
                if request.body_text() != expected {
                    // A badly written service may repeat the request.
                    let body = format!(
                        r#"{{"login":false,"message":"wrong: {}"}}"#,
                        request.body_text().replace('"', "'")
                    );
                    return Response::new("400 Bad Request", "", body);
                }
                Response::json(&format!(
                    r#"{{"login":true,"access_token":"{}","refresh_token":"renew-me","expires_in":{expires_in}}}"#,
                    token()
                ))
            }
            "/api/auth/refresh-token" => {
                r.fetch_add(1, Ordering::SeqCst);
                if request.header("authorization") != Some("Bearer renew-me") {
                    return Response::new("401 Unauthorized", "", "");
                }
                Response::json(&format!(r#"{{"access_token":"{}"}}"#, token()))
            }
            "/api/auth/logout" => Response::json("{}"),
            _ => {
                let number = request
                    .header("authorization")
                    .and_then(|value| value.strip_prefix("Bearer token-"))
                    .and_then(|number| number.parse::<usize>().ok());
                match number {
                    Some(number) if number >= g.load(Ordering::SeqCst) => Response::json("[1]"),
                    _ => Response::new("401 Unauthorized", "", "{}"),
                }
            }
        }
    });
    Service {
        server,
        logins,
        refreshes,
        good_from,
    }
}

impl Service {
    fn logins(&self) -> usize {
        self.logins.load(Ordering::SeqCst)
    }

    fn refreshes(&self) -> usize {
        self.refreshes.load(Ordering::SeqCst)
    }

    /// The environment of a job: configuration, cache and password.
    fn job(&self, scratch: &Scratch) -> Job {
        let config = scratch.write(
            "config.toml",
            format!(
                "[profile.kitsu]\nurl = '{}'\npreset = 'kitsu'\nuser = 'bot'\npassword = 'env:KITSU_PASSWORD'\n",
                self.server.url("/api")
            ),
        );
        Job {
            config: config.display().to_string(),
            cache: scratch.path().join("cache").display().to_string(),
        }
    }
}

struct Job {
    config: String,
    cache: String,
}

impl Job {
    fn run(&self, words: &[&str]) -> Run {
        c47()
            .env("C47_CONFIG_PATH", &self.config)
            .env("C47_CACHE_DIR", &self.cache)
            .env("KITSU_PASSWORD", PASSWORD)
            .args(words)
    }

    fn call(&self) -> Output {
        self.run(&["http", "@kitsu/data/projects"]).run()
    }
}

/// Checks that the output contains no secrets.
#[track_caller]
fn expect_no_secret(output: &Output) {
    for text in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(text);
        for secret in [PASSWORD, "token-", "renew-me"] {
            assert!(!text.contains(secret), "{secret} in\n{}", output.tell());
        }
    }
}

#[test]
fn login_is_reused_by_later_requests() {
    let service = service("3600");
    let scratch = Scratch::new("one-login");
    let job = service.job(&scratch);
    for _ in 0..3 {
        assert_eq!(job.call().expect_code(0).stdout_text(), "[1]");
    }
    assert_eq!((service.logins(), service.refreshes()), (1, 0));
    // The cache is private.
    let cache = fs::metadata(&job.cache).unwrap();
    assert_eq!(cache.permissions().mode() & 0o777, 0o700);
    let files: Vec<_> = fs::read_dir(&job.cache)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(
        files[0].metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn rejected_token_is_renewed_and_request_repeated_once() {
    let service = service("3600");
    let scratch = Scratch::new("dead");
    let job = service.job(&scratch);
    job.call().expect_code(0);
    service.good_from.store(2, Ordering::SeqCst);
    job.call().expect_code(0);
    assert_eq!((service.logins(), service.refreshes()), (1, 1));
    // If the new token is rejected too, the response is final.
    service.good_from.store(1000, Ordering::SeqCst);
    let before = service.server.requests().len();
    job.call().expect_code(4);
    assert_eq!(service.server.requests().len() - before, 3);
}

#[test]
fn token_is_renewed_before_it_expires() {
    let service = service("\"1\"");
    let scratch = Scratch::new("expiring");
    let job = service.job(&scratch);
    job.call().expect_code(0);
    job.call().expect_code(0);
    // The refreshed token has no expiry, so it is used without renewal.
    job.call().expect_code(0);
    assert_eq!((service.logins(), service.refreshes()), (1, 1));
}

#[test]
fn refused_login_is_not_repeated_with_the_same_password() {
    let service = service("3600");
    let scratch = Scratch::new("refused");
    let job = service.job(&scratch);
    let wrong = |password: &str| {
        job.run(&["http", "-v", "@kitsu/data/projects"])
            .env("KITSU_PASSWORD", password)
            .run()
    };
    let first = wrong("not-the-password").expect_code(9);
    let stderr = first.stderr_text();
    assert!(
        stderr.contains("kitsu: login refused: 400 wrong: "),
        "{stderr}"
    );
    assert!(!stderr.contains("not-the-password"), "{stderr}");
    for _ in 0..3 {
        let again = wrong("not-the-password").expect_code(9);
        assert!(
            again.stderr_text().contains("not tried again"),
            "{}",
            again.tell()
        );
        assert!(
            again.stderr_text().contains("400 wrong"),
            "{}",
            again.tell()
        );
    }
    assert_eq!(service.logins(), 1);
    // The password is not on disk.
    for file in fs::read_dir(&job.cache).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("not-the-password"), "{text}");
    }
    // Another password is tried immediately.
    job.call().expect_code(0);
    assert_eq!(service.logins(), 2);
}

#[test]
fn credentials_are_sent_only_below_the_profile_url() {
    let elsewhere = Server::start(|_| Response::ok("elsewhere"));
    let target = elsewhere.url("/x");
    let server = Server::start(move |request| match request.target.as_str() {
        "/api/away" => Response::redirect("302 Found", &target),
        "/api/out" => Response::redirect("302 Found", "/other"),
        "/api/in" => Response::redirect("302 Found", "/api/there"),
        _ => Response::ok("here"),
    });
    let scratch = Scratch::new("prefix");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.a]\nurl = '{}'\nauth = 'header'\nname = 'X-Key'\ntoken = 'env:T'\nheaders = {{ X-Site = 'lon', X-Api-Key = 'env:T' }}\n",
            server.url("/api/")
        ),
    );
    let run = |words: &[&str]| {
        c47()
            .env("C47_CONFIG_PATH", &config)
            .env("T", "k3y")
            .args(["http"])
            .args(words)
            .run()
    };
    for path in ["@a/in", "@a/out", "@a/away"] {
        run(&["--follow", path]).expect_code(0);
    }
    let requests = server.requests();
    let seen: Vec<_> = requests
        .iter()
        .map(|r| {
            (
                r.target.as_str(),
                r.header("x-key"),
                r.header("x-site"),
                r.header("x-api-key"),
            )
        })
        .collect();
    let full = (Some("k3y"), Some("lon"), Some("k3y"));
    assert_eq!(
        seen,
        [
            ("/api/in", full.0, full.1, full.2),
            ("/api/there", full.0, full.1, full.2),
            ("/api/out", full.0, full.1, full.2),
            ("/other", None, None, None),
            ("/api/away", full.0, full.1, full.2),
        ]
    );
    assert_eq!(elsewhere.request().header("x-key"), None);
    // An explicit URL must be below the profile's URL; otherwise nothing is sent.
    run(&["--profile", "a", &server.url("/api/y")]).expect_code(0);
    let before = server.requests().len();
    for outside in [
        server.url("/other"),
        server.url("/apiary"),
        server.url("/api/%2e%2e/other"),
        elsewhere.url("/api/x"),
        "https://127.0.0.1/api".into(),
    ] {
        run(&["--profile", "a", &outside]).expect_code(2);
    }
    run(&["@a/../other"]).expect_code(2);
    run(&["@a/x", "--auth", "bearer=env:T"]).expect_code(2);
    assert_eq!(server.requests().len(), before);
    let verbose = run(&["-v", "--json", "@a/x"]).expect_code(0);
    assert!(
        !verbose.tell().replace("T=\"k3y\"", "").contains("k3y"),
        "{}",
        verbose.tell()
    );
}

#[test]
fn plain_http_to_another_machine_is_rejected() {
    let scratch = Scratch::new("plain");
    let config = scratch.write(
        "config.toml",
        "[profile.a]\nurl = 'http://a.invalid'\nauth = 'bearer'\ntoken = 'env:T'\n",
    );
    let refused = c47()
        .env("C47_CONFIG_PATH", config)
        .env("T", "k3y")
        .args(["http", "@a/x"])
        .run()
        .expect_code(2);
    assert!(
        refused.stderr_text().contains("plain text"),
        "{}",
        refused.tell()
    );
}

#[test]
fn no_command_prints_a_secret() {
    let service = service("3600");
    let scratch = Scratch::new("no-secret");
    let job = service.job(&scratch);
    for words in [
        &["http", "-v", "@kitsu/x"][..],
        &["http", "--json", "@kitsu/x"],
        &["auth", "status"],
        &["auth", "status", "--json"],
        &["auth", "profiles", "--json"],
        &["auth", "login", "kitsu"],
        &["config", "show", "--origin"],
        &["config", "show", "--json"],
        &["config", "check"],
        &["auth", "logout", "kitsu"],
    ] {
        expect_no_secret(&job.run(words).run().expect_code(0));
    }
}

#[test]
fn auth_commands_manage_a_token() {
    let service = service("3600");
    let scratch = Scratch::new("command");
    let job = service.job(&scratch);
    job.run(&["auth", "status", "kitsu"]).run().expect_code(1);
    let login = job.run(&["auth", "login", "kitsu"]).run().expect_code(0);
    assert!(
        login
            .stderr_text()
            .contains("logged in to kitsu; the token expires 20"),
        "{}",
        login.tell()
    );
    let token = job.run(&["auth", "token", "kitsu"]).run().expect_code(0);
    assert_eq!(token.stdout_text(), "token-1\n");
    let enough = job
        .run(&["auth", "token", "kitsu", "--min-ttl", "30m"])
        .run()
        .expect_code(0);
    assert_eq!(enough.stdout_text(), "token-1\n");
    let more = job
        .run(&["auth", "token", "kitsu", "--min-ttl=2h"])
        .run()
        .expect_code(0);
    assert_eq!(more.stdout_text(), "token-2\n");
    // A failed login does not delete the valid token.
    job.run(&["auth", "login", "kitsu"])
        .env("KITSU_PASSWORD", "mistyped")
        .run()
        .expect_code(9);
    job.run(&["auth", "status", "kitsu"]).run().expect_code(0);
    let status = job.run(&["auth", "status", "--json"]).run().expect_code(0);
    let status = status.json();
    assert_eq!(status[0]["state"], "good");
    assert_eq!(status[0]["user"], "bot");
    let exec = job
        .run(&[
            "auth",
            "exec",
            "kitsu",
            "--env",
            "TOK",
            "--",
            "sh",
            "-c",
            "echo $TOK; exit 5",
        ])
        .run()
        .expect_code(5);
    assert_eq!(exec.stdout_text(), "token-2\n");
    job.run(&["auth", "exec", "kitsu", "--", "/nowhere/program"])
        .run()
        .expect_code(127);
    let logout = job.run(&["auth", "logout", "kitsu"]).run().expect_code(0);
    assert!(
        logout.stderr_text().contains("revoked"),
        "{}",
        logout.tell()
    );
    let last = service.server.requests().pop().unwrap();
    assert_eq!(last.target, "/api/auth/logout");
    assert_eq!(last.header("authorization"), Some("Bearer token-2"));
    job.run(&["auth", "status", "kitsu"]).run().expect_code(1);
}

#[test]
fn exec_command_receives_signals() {
    let service = service("3600");
    let scratch = Scratch::new("signal");
    let job = service.job(&scratch);
    let mut child = job
        .run(&[
            "auth",
            "exec",
            "kitsu",
            "--",
            "sh",
            "-c",
            "trap 'exit 42' USR1; echo ready; while :; do sleep 0.05; done",
        ])
        .spawn();
    assert_eq!(child.stdout_line().trim(), "ready");
    child.signal(libc::SIGUSR1);
    child.wait().expect_code(42);
}

/// The command does not inherit the limits of c47 on core files and huge pages.
#[test]
fn exec_command_does_not_inherit_process_limits() {
    let service = service("3600");
    let scratch = Scratch::new("as-found");
    let job = service.job(&scratch);
    let look = "ulimit -S -c; grep -E 'THP_enabled|SigIgn|SigBlk' /proc/self/status";
    let alone = crate::support::Run::of("/bin/sh").args(["-c", look]).run();
    let within = job
        .run(&["auth", "exec", "kitsu", "--", "/bin/sh", "-c", look])
        .run()
        .expect_code(0);
    assert_eq!(within.stdout_text(), alone.stdout_text());
}

#[test]
fn unsafe_cache_directory_is_rejected() {
    let service = service("3600");
    let scratch = Scratch::new("hostile");
    let mut job = service.job(&scratch);
    let refused = |job: &Job, why: &str| {
        let output = job.call().expect_code(7);
        assert!(output.stderr_text().contains(why), "{}", output.tell());
    };
    let open = scratch.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    job.cache = open.display().to_string();
    refused(&job, "other users can access it");
    let link = scratch.path().join("link");
    fs::create_dir(scratch.path().join("real")).unwrap();
    symlink(scratch.path().join("real"), &link).unwrap();
    job.cache = link.display().to_string();
    refused(&job, "it is a symbolic link");
    job.cache = scratch.write("file", "").display().to_string();
    refused(&job, "it is not a directory");
    // A directory of another user: / for normal users, one of nobody for root.
    let foreign = if fs::metadata("/proc/self").unwrap().permissions().mode() != 0
        && std::os::unix::fs::MetadataExt::uid(&fs::metadata(scratch.path()).unwrap()) == 0
    {
        let path = scratch.path().join("foreign");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        path
    } else {
        "/".into()
    };
    job.cache = foreign.display().to_string();
    refused(&job, "it belongs to another user");
    assert_eq!(service.logins(), 0);
    // If the cache cannot be written, the token is used for this request only.
    job.cache = "/proc/c47".into();
    let alone = job.call().expect_code(0);
    assert!(
        alone.stderr_text().contains("the token is not stored"),
        "{}",
        alone.tell()
    );
    assert_eq!(service.logins(), 1);
}

#[test]
fn invalid_token_file_is_ignored_and_unsafe_one_rejected() {
    let service = service("3600");
    let scratch = Scratch::new("files");
    let job = service.job(&scratch);
    job.call().expect_code(0);
    let file = fs::read_dir(&job.cache)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let whole = fs::read_to_string(&file).unwrap();
    // Truncated, empty, and of another profile.
    let other = whole.replace("\"bot\"", "\"tob\"");
    for text in [&whole[..whole.len() / 2], "", &other] {
        let before = service.logins();
        fs::write(&file, text).unwrap();
        job.call().expect_code(0);
        assert_eq!(service.logins(), before + 1, "{text}");
    }
    // Readable by others.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let before = service.logins();
    let open = job.call().expect_code(7);
    assert!(
        open.stderr_text().contains("other users can read"),
        "{}",
        open.tell()
    );
    fs::remove_file(&file).unwrap();
    symlink("/dev/null", &file).unwrap();
    let link = job.call().expect_code(7);
    assert!(
        link.stderr_text().contains("symbolic link"),
        "{}",
        link.tell()
    );
    assert_eq!(service.logins(), before);
}

#[test]
fn presets_with_static_credentials_send_them() {
    let server = Server::start(|_| Response::ok("ok"));
    let scratch = Scratch::new("presets");
    let url = server.url("");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.ayon]\nurl='{url}'\npreset='ayon-key'\ntoken='env:S'\n\
             [profile.ftrack]\nurl='{url}'\npreset='ftrack'\nuser='me'\ntoken='env:S'\n\
             [profile.deadline]\nurl='{url}'\npreset='deadline'\nuser='me'\npassword='env:S'\n\
             [profile.cue]\nurl='{url}'\npreset='opencue'\nkey='env:K'\nclaims={{sub='${{WHO}}',host='${{HOSTNAME}}'}}\n\
             [profile.q]\nurl='{url}'\nauth='query'\nname='tsid'\ntoken='env:S'\n"
        ),
    );
    for name in ["ayon", "ftrack", "deadline", "cue", "q"] {
        c47()
            .env("C47_CONFIG_PATH", &config)
            .env("S", "s&1")
            .env("WHO", "wrangler")
            .env("K", "0123456789abcdef0123456789abcdef")
            .args(["http", &format!("@{name}/x")])
            .run()
            .expect_code(0);
    }
    let [ayon, ftrack, deadline, cue, q] = &server.requests()[..] else {
        panic!("five requests")
    };
    assert_eq!(ayon.header("x-api-key"), Some("s&1"));
    assert_eq!(ftrack.header("ftrack-user"), Some("me"));
    assert_eq!(ftrack.header("ftrack-api-key"), Some("s&1"));
    assert_eq!(deadline.header("authorization"), Some("Basic bWU6cyYx"));
    assert_eq!(q.target, "/x?tsid=s%261");
    let token = cue
        .header("authorization")
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap();
    let Some(python) = crate::support::peers::python(&["jwt"]) else {
        return;
    };
    let program = "import sys, jwt; c = jwt.decode(sys.argv[1], sys.argv[2], ['HS256']); print(c['sub'], c['exp'] - c['iat'], bool(c['host']))";
    let verified = Run::of(python)
        .args(["-c", program, token, "0123456789abcdef0123456789abcdef"])
        .run()
        .expect_code(0);
    assert_eq!(verified.stdout_text(), "wrangler 300 True\n");
}

#[test]
fn clock_skew_is_reported() {
    let server = Server::start(|request| {
        let date = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
        match request.target.as_str() {
            "/auth/login" => Response::new("400 Bad Request", date, "{}"),
            _ => Response::new("401 Unauthorized", date, ""),
        }
    });
    let scratch = Scratch::new("skew");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.a]\nurl='{0}'\npreset='kitsu'\nuser='u'\npassword='env:P'\n\
             [profile.b]\nurl='{0}'\nauth='bearer'\ntoken='env:P'\n",
            server.url("")
        ),
    );
    for (name, code) in [("a", 9), ("b", 4)] {
        let output = c47()
            .env("C47_CONFIG_PATH", &config)
            .env("P", "p")
            .args(["http", &format!("@{name}/x")])
            .run()
            .expect_code(code);
        assert!(
            output.stderr_text().contains("the service's clock is"),
            "{}",
            output.tell()
        );
        assert!(
            output.stderr_text().contains("behind this machine's"),
            "{}",
            output.tell()
        );
    }
}

#[test]
fn device_login_shows_a_code_and_polls() {
    let polls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&polls);
    let server = Server::start(move |request: &Request| match request.target.as_str() {
        "/device" => {
            assert_eq!(request.body_text(), "scope=render&client_id=farm");
            Response::json(
                r#"{"device_code":"d3v1ce","user_code":"WDJB-MJHT","verification_uri":"https://x.lan/device","interval":1,"expires_in":60}"#,
            )
        }
        "/token" => {
            assert!(request.body_text().contains("device_code=d3v1ce"));
            match count.fetch_add(1, Ordering::SeqCst) {
                0 => Response::new(
                    "400 Bad Request",
                    "",
                    r#"{"error":"authorization_pending"}"#,
                ),
                _ => Response::json(r#"{"access_token":"at","expires_in":3600}"#),
            }
        }
        _ => {
            assert_eq!(request.header("authorization"), Some("Bearer at"));
            Response::ok("ok")
        }
    });
    let scratch = Scratch::new("device");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.p]\nurl='{}'\nauth='device'\ndevice_url='/device'\ntoken_url='/token'\nclient_id='farm'\nscope='render'\n",
            server.url("")
        ),
    );
    let run = |words: &[&str]| {
        c47()
            .env("C47_CONFIG_PATH", &config)
            .env("C47_CACHE_DIR", scratch.path().join("cache"))
            .args(words)
            .run()
    };
    // A job cannot prompt.
    let job = run(&["http", "@p/x"]).expect_code(9);
    assert!(
        job.stderr_text().contains("hint: c47 auth login p"),
        "{}",
        job.tell()
    );
    let login = run(&["auth", "login", "p"]).expect_code(0);
    let stderr = login.stderr_text();
    assert!(
        stderr.contains("Open https://x.lan/device and enter the code WDJB-MJHT"),
        "{stderr}"
    );
    assert!(!stderr.contains("d3v1ce"), "{stderr}");
    run(&["http", "@p/x"]).expect_code(0);
    assert_eq!(polls.load(Ordering::SeqCst), 2);
}

#[test]
fn presets_with_login_requests_send_them() {
    let server = Server::start(|request: &Request| {
        let target = request.target.as_str();
        if target.starts_with("/Tractor/monitor?q=login") {
            assert_eq!(target, "/Tractor/monitor?q=login&user=me");
            return Response::json(r#"{"rc":0,"tsid":"s3ss10n"}"#);
        }
        match target {
            "/app/installations/42/access_tokens" => {
                let value = request.header("authorization").unwrap();
                assert!(value.starts_with("Bearer ey"), "{value}");
                Response::new(
                    "201 Created",
                    "",
                    r#"{"token":"ghs_x","expires_at":"2099-07-11T22:14:10Z"}"#,
                )
            }
            "/api/auth/login" => {
                assert_eq!(request.body_text(), r#"{"name":"me","password":"pw"}"#);
                Response::json(r#"{"token":"0123","user":{}}"#)
            }
            _ => Response::ok("ok"),
        }
    });
    let scratch = Scratch::new("shapes");
    let url = server.url("");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.tractor]\nurl='{url}'\npreset='tractor'\nuser='me'\n\
             [profile.gh]\nurl='{url}'\npreset='github-app'\nclient_id='Iv1'\nuser='42'\nkey='env:K'\nalgorithm='HS256'\n\
             [profile.ayon]\nurl='{url}'\npreset='ayon'\nuser='me'\npassword='env:P'\n"
        ),
    );
    let run = |words: &[&str]| {
        c47()
            .env("C47_CONFIG_PATH", &config)
            .env("C47_CACHE_DIR", scratch.path().join("cache"))
            .env("P", "pw")
            .env("K", "0123456789abcdef0123456789abcdef")
            .args(words)
            .run()
    };
    let tractor = run(&["http", "-v", "@tractor/Tractor/monitor?q=jobs"]).expect_code(0);
    assert!(
        !tractor.stderr_text().contains("s3ss10n"),
        "{}",
        tractor.tell()
    );
    run(&["http", "@gh/repos"]).expect_code(0);
    run(&["http", "@ayon/api/info"]).expect_code(0);
    let calls: Vec<(String, Option<String>)> = server
        .requests()
        .iter()
        .map(|r| {
            (
                r.target.clone(),
                r.header("authorization").map(str::to_owned),
            )
        })
        .collect();
    assert_eq!(calls[1].0, "/Tractor/monitor?q=jobs&tsid=s3ss10n");
    assert_eq!(calls[3].1.as_deref(), Some("Bearer ghs_x"));
    assert_eq!(calls[5].1.as_deref(), Some("Bearer 0123"));
    // --curl and --offline do not log in.
    let before = server.requests().len();
    let curl = run(&["http", "--curl", "@ayon/api/info"]).expect_code(0);
    assert!(
        curl.stdout_text().contains("c47 auth token ayon"),
        "{}",
        curl.tell()
    );
    let offline = run(&["http", "--offline", "@ayon/api/info"]).expect_code(0);
    assert!(
        !offline.stdout_text().contains("0123"),
        "{}",
        offline.tell()
    );
    assert_eq!(server.requests().len(), before);
}

/// A profile signs a token for each attempt, like `--auth jwt=…`.
#[test]
fn profile_signs_a_new_token_for_each_attempt() {
    let server = Server::script([
        Response::new("503 Busy", "Retry-After: 0\r\n", ""),
        Response::ok("done"),
    ]);
    let scratch = Scratch::new("mint-again");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.cue]\nurl = '{}'\nauth = 'jwt'\nalgorithm = 'HS256'\nkey = 'env:K'\n",
            server.url("/")
        ),
    );
    c47()
        .env("C47_CONFIG_PATH", config)
        .env("K", "0123456789abcdef0123456789abcdef")
        .args(["http", "@cue/x", "--retry=1"])
        .run()
        .expect_code(0);
    let tokens: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    let [first, second] = &tokens[..] else {
        panic!("two requests: {tokens:?}")
    };
    assert!(first.starts_with("Bearer ") && first != second);
}

/// A Unix socket is local, so plain HTTP is allowed with a profile and with `--auth`.
#[test]
fn unix_socket_is_exempt_from_the_plaintext_guard() {
    let scratch = Scratch::new("socket-guard");
    let path = scratch.path().join("s");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        (0..2)
            .map(|_| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !request.ends_with(b"\r\n\r\n") {
                    let count = stream.read(&mut buffer).unwrap();
                    request.extend_from_slice(&buffer[..count]);
                }
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    .unwrap();
                String::from_utf8(request).unwrap()
            })
            .collect::<Vec<String>>()
    });
    let config = scratch.write(
        "config.toml",
        "[profile.a]\nurl = 'http://a.invalid'\nauth = 'bearer'\ntoken = 'env:T'\n",
    );
    let call = |words: &[&str]| {
        c47()
            .env("C47_CONFIG_PATH", &config)
            .env("T", "t0ken")
            .args(["http", "--unix-socket"])
            .arg(&path)
            .args(words)
            .run()
            .expect_code(0)
    };
    call(&["@a/x"]);
    call(&["http://a.invalid/x", "--auth=bearer=env:T"]);
    for request in server.join().unwrap() {
        assert!(request.contains("authorization: Bearer t0ken"), "{request}");
    }
}

#[test]
fn authorization_item_replaces_the_profile_credentials() {
    let server = Server::start(|_| Response::ok(""));
    let scratch = Scratch::new("own-authorization");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.a]\nurl = '{}'\nauth = 'bearer'\ntoken = 'env:UNSET'\n",
            server.url("/")
        ),
    );
    c47()
        .env("C47_CONFIG_PATH", config)
        .args(["http", "@a/x", "Authorization:Custom x"])
        .run()
        .expect_code(0);
    let request = server.request();
    let sent: Vec<&str> = request
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(sent, ["Custom x"]);
}

/// The list in the example configuration matches the README.
#[test]
fn example_configuration_lists_every_scheme() {
    let example = c47()
        .args(["config", "init", "--output", "-"])
        .run()
        .expect_code(0);
    let manual = std::fs::read_to_string(source("src/cli/config/manual.md")).unwrap();
    let row = manual
        .lines()
        .find(|line| line.starts_with("| `auth` |"))
        .unwrap();
    let text = example.stdout_text();
    let (_, list) = text.split_once("auth is one of").unwrap();
    let (list, _) = list.split_once("#\n").unwrap();
    let names: Vec<&str> = list
        .split(['#', ',', ' ', '\n'])
        .filter(|word| !word.is_empty())
        .collect();
    assert!(names.len() >= 13, "{names:?}");
    let in_manual: Vec<&str> = row.split('`').skip(3).step_by(2).collect();
    assert_eq!(in_manual, names);
}
