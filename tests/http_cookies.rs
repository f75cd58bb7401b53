//! Cookies: within a call, and in the file of `--cookies`. `http_cookies_curl` compares them with curl.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Mutex;

use crate::support::server::{Request, Response, Server};
use crate::support::{
    Output, Run, Scratch, c47, can_be_two_users, entries, give_to_nobody, peers, wait_until,
};

/// A response with these Set-Cookie headers.
fn sets(cookies: &[&str]) -> Response {
    let headers: String = cookies
        .iter()
        .map(|cookie| format!("set-cookie: {cookie}\r\n"))
        .collect();
    Response::new("200 OK", &headers, "ok")
}

/// The cookies that a request carries, sorted.
fn cookies(request: &Request) -> Vec<String> {
    let header = request.header("cookie").unwrap_or_default();
    let mut cookies: Vec<String> = header.split("; ").map(str::to_owned).collect();
    cookies.retain(|cookie| !cookie.is_empty());
    cookies.sort();
    cookies
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The lines of cookies in a file.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let is_cookie = |line: &&str| !line.is_empty() && !line.starts_with("# ");
    text.lines().filter(is_cookie).map(str::to_owned).collect()
}

/// A file of cookies that only its owner can read.
fn private(scratch: &Scratch, name: &str, text: &str) -> std::path::PathBuf {
    let path = scratch.write(name, text);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn get(url: &str, jar: &Path) -> Run {
    c47().args(["http", url, "--cookies"]).arg(jar)
}

#[test]
fn login_that_sets_a_cookie_and_redirects_works_within_one_call() {
    let server = Server::start(|request| match request.target.as_str() {
        "/login" => {
            let head = "location: /home\r\nset-cookie: sid=1; HttpOnly\r\n";
            Response::new("303 See Other", head, "")
        }
        _ => Response::ok(request.header("cookie").unwrap_or("none")),
    });
    let call = |words: &[&str]| c47().arg("http").args(words).run().expect_code(0);
    let login = call(&["--follow", "POST", &server.url("/login"), "user=me"]);
    assert_eq!(login.stdout_text(), "sid=1");
    // The next call starts without cookies.
    assert_eq!(call(&[&server.url("/home")]).stdout_text(), "none");
}

#[test]
fn httpbin_cookies_survive_its_redirect() {
    let Some(httpbin) = peers::httpbin() else {
        return;
    };
    let url = httpbin.url("/cookies/set?a=1&b=two");
    let output = c47().args(["http", "--follow", &url]).run().expect_code(0);
    let expected = serde_json::json!({"cookies": {"a": "1", "b": "two"}});
    assert_eq!(output.json(), expected);
    let scratch = Scratch::new("cookies");
    let jar = scratch.path().join("jar");
    get(&url, &jar).run().expect_code(3);
    get(&httpbin.url("/cookies/delete?a"), &jar)
        .arg("--follow")
        .run();
    let left = get(&httpbin.url("/cookies"), &jar).run().expect_code(0);
    assert_eq!(left.json(), serde_json::json!({"cookies": {"b": "two"}}));
}

#[test]
fn flask_login_with_session_and_csrf_token_lasts_over_calls() {
    let Some(app) = peers::login() else { return };
    let scratch = Scratch::new("cookies");
    let jar = scratch.path().join("jar");
    let url = app.url("/app/login");
    let form = get(&url, &jar).run().expect_code(0);
    let csrf = format!("csrf={}", form.json()["csrf"].as_str().unwrap());
    let login = |csrf: &str| {
        let items = ["POST", &url, "--form", "user=me", "password=pass", csrf];
        let call = c47()
            .arg("http")
            .args(items)
            .args(["--follow", "--cookies"]);
        call.arg(&jar).run()
    };
    login("csrf=wrong").expect_code(4);
    assert_eq!(login(&csrf).expect_code(0).json()["user"], "me");
    let me = get(&app.url("/app/me"), &jar).run().expect_code(0);
    assert_eq!(me.json(), serde_json::json!({"user": "me", "count": 2}));
    get(&app.url("/app/logout"), &jar).run().expect_code(3);
    get(&app.url("/app/me"), &jar).run().expect_code(4);
}

#[test]
fn cookie_file_is_private_and_in_the_format_of_curl() {
    let server = Server::start(|_| {
        sets(&[
            "sid=s; HttpOnly; Path=/",
            "late=1; Max-Age=100; Path=/x/y",
            "gone=1; Max-Age=0",
            "far=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
            "secure=1; Secure; Path=/",
        ])
    });
    let scratch = Scratch::new("cookies");
    let jar = scratch.path().join("jar");
    get(&server.url("/a/b"), &jar).run().expect_code(0);
    assert_eq!(mode(&jar), 0o600);
    assert_eq!(entries(scratch.path()), ["jar"]);
    let lines = lines(&jar);
    let fields: Vec<Vec<&str>> = lines
        .iter()
        .map(|line| line.split('\t').collect())
        .collect();
    let without_time = |line: &Vec<&str>| [&line[..4], &line[5..]].concat().join(" ");
    assert_eq!(
        fields.iter().map(without_time).collect::<Vec<_>>(),
        [
            "#HttpOnly_127.0.0.1 FALSE / FALSE sid s",
            "127.0.0.1 FALSE /x/y FALSE late 1",
            "127.0.0.1 FALSE /a FALSE far 1",
            "127.0.0.1 FALSE / TRUE secure 1",
        ]
    );
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let left = |line: &Vec<&str>| line[4].parse::<u64>().unwrap().saturating_sub(now);
    assert_eq!(left(&fields[0]), 0);
    assert!((60..=100).contains(&left(&fields[1])), "{lines:?}");
    // No cookie lasts longer than 400 days.
    let limit = 400 * 24 * 3600;
    assert!(
        (limit - 60..=limit).contains(&left(&fields[2])),
        "{lines:?}"
    );
}

#[test]
fn cookies_go_only_to_their_host_domain_and_path() {
    let other = Server::start_at("127.0.0.2:0", |_| Response::ok("other"));
    let away = other.url("/");
    let server = Server::start(move |request| match request.target.as_str() {
        "/set" => {
            let head = format!("location: {away}\r\nset-cookie: sid=secret; Path=/\r\n");
            Response::new("302 Found", &head, "")
        }
        _ => Response::ok("ok"),
    });
    let scratch = Scratch::new("cookies");
    let jar = scratch.path().join("jar");
    let url = server.url("/set");
    get(&url, &jar).arg("--follow").run().expect_code(0);
    get(&other.url("/again"), &jar).run().expect_code(0);
    for request in other.requests() {
        assert_eq!(cookies(&request), [""; 0], "{request:?}");
    }
    get(&server.url("/later"), &jar).run().expect_code(0);
    assert_eq!(cookies(&server.requests()[1]), ["sid=secret"]);
}

#[test]
fn users_cookie_header_is_joined_with_the_jar_and_stays_at_its_origin() {
    let other = Server::start_at("127.0.0.2:0", |_| Response::ok("other"));
    let away = other.url("/");
    let server = Server::start(move |request| match request.target.as_str() {
        "/away" => Response::redirect("302 Found", &away),
        _ => sets(&["a=jar", "b=jar"]),
    });
    let scratch = Scratch::new("cookies");
    let jar = scratch.path().join("jar");
    get(&server.url("/"), &jar).run().expect_code(0);
    let call = get(&server.url("/away"), &jar).args(["--follow", "Cookie:b=mine; c=mine"]);
    call.run().expect_code(0);
    let headers = server.requests()[1].headers.clone();
    let sent = headers.iter().filter(|(name, _)| name == "cookie");
    let sent: Vec<&str> = sent.map(|(_, value)| value.as_str()).collect();
    assert_eq!(sent, ["a=jar; b=mine; c=mine"]);
    assert_eq!(other.request().header("cookie"), None);
}

#[test]
fn digest_head_pages_and_downloads_carry_cookies() {
    let server = Server::start(|request| {
        let has = request.header("cookie") == Some("sid=1");
        match request.target.as_str() {
            "/digest" if request.header("authorization").is_none() => Response::new(
                "401 No",
                "www-authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\nset-cookie: sid=1\r\n",
                "",
            ),
            "/list" => Response::new(
                "200 OK",
                "link: </list2>; rel=next\r\nset-cookie: sid=1\r\n",
                "[1]",
            ),
            "/list2" if has => Response::ok("[2]"),
            "/poll" if has => Response::ok("true"),
            "/poll" => Response::new("200 OK", "set-cookie: sid=1\r\n", "false"),
            _ if has => Response::ok(""),
            _ => Response::new("403 No", "", ""),
        }
    });
    let call = |path: &str, words: &[&str]| {
        let call = c47().args(["http", &server.url(path)]).args(words);
        call.env("P", "pass").run().expect_code(0)
    };
    call("/digest", &["--auth", "digest=me:env:P"]);
    let pages = call("/list", &["--paginate"]);
    assert_eq!(pages.json(), serde_json::json!([1, 2]));
    #[cfg(feature = "jq")]
    call("/poll", &["--until", ".", "--every", "100ms"]);
    let scratch = Scratch::new("cookies");
    let jar = private(&scratch, "jar", "127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\t1\n");
    let jar = jar.to_str().unwrap();
    let file = scratch.path().join("file");
    let file = file.to_str().unwrap();
    call("/file", &["--download", "-o", file, "--cookies", jar]);
    let head = c47().args(["http", "HEAD", &server.url("/file"), "--cookies", jar]);
    head.run().expect_code(0);
}

#[test]
fn cookies_from_a_file_are_credentials_in_plain_text() {
    let server = Server::start(|_| sets(&["new=1; Domain=studio.lan"]));
    let place = format!("a.studio.lan:{}", server.port());
    let resolve = format!("{place}:127.0.0.1");
    let scratch = Scratch::new("cookies");
    let text = ".studio.lan\tTRUE\t/\tFALSE\t0\told\tsekrit\n";
    let jar = private(&scratch, "jar", text);
    let call = |words: &[&str]| {
        let call = get(&format!("http://{place}/"), &jar).args(words);
        call.args(["--resolve", &resolve]).run()
    };
    let refused = call(&[]).expect_code(2);
    assert!(
        refused.stderr_text().contains("plain text"),
        "{}",
        refused.tell()
    );
    assert!(server.requests().is_empty());
    call(&["--offline"]).expect_code(2);
    call(&["--allow-plaintext"]).expect_code(0);
    assert_eq!(cookies(&server.request()), ["old=sekrit"]);
    // A cookie with Secure is not sent, so nothing is refused.
    let text = "#HttpOnly_.studio.lan\tTRUE\t/\tTRUE\t0\told\tsekrit\n";
    private(&scratch, "jar", text);
    call(&[]).expect_code(0);
    assert_eq!(cookies(&server.requests()[1]), [""; 0]);
    // What the server has sent in plain text may go back to it in the same call.
    let home = Server::start(|request| match request.target.as_str() {
        "/" => Response::new("302 Found", "location: /b\r\nset-cookie: own=1\r\n", ""),
        _ => Response::ok("ok"),
    });
    let url = format!("http://b.lan:{}/", home.port());
    let resolve = format!("b.lan:{}:127.0.0.1", home.port());
    let call = c47().args(["http", "--follow", &url, "--resolve", &resolve]);
    call.run().expect_code(0);
    assert_eq!(cookies(&home.requests()[1]), ["own=1"]);
}

#[test]
fn fifty_parallel_processes_lose_no_cookie() {
    let server = Server::start(|request| {
        let name = request.target.trim_start_matches('/').to_owned();
        sets(&[
            &format!("{name}=1; Path=/"),
            "shared=1; Max-Age=1000; Path=/",
        ])
    });
    let scratch = Scratch::new("cookies");
    let jar = scratch.path().join("jar");
    let children: Vec<_> = (0..49)
        .map(|n| get(&server.url(&format!("/c{n}")), &jar).spawn())
        .collect();
    for child in children {
        child.wait().expect_code(0);
    }
    let names: BTreeSet<String> = lines(&jar)
        .iter()
        .map(|line| line.split('\t').nth(5).unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 50, "{names:?}");
    assert_eq!(entries(scratch.path()), ["jar"]);
}

#[test]
fn killed_process_leaves_a_whole_file_and_blocks_nobody() {
    let server = Server::start(|request| {
        let name = request.target.trim_start_matches('/').to_owned();
        let value = "v".repeat(3000);
        sets(&[&format!("{name}={value}; Path=/")])
    });
    let scratch = Scratch::new("cookies");
    let jar = scratch.path().join("jar");
    for round in 0..30 {
        let child = get(&server.url(&format!("/k{}", round % 7)), &jar).spawn();
        wait_until("it has sent its request", || {
            server.requests().len() > round
        });
        // A different moment of what follows, each time.
        for _ in 0..round * 20 {
            std::thread::yield_now();
        }
        child.signal(libc::SIGKILL);
        drop(child);
        if jar.exists() {
            for line in lines(&jar) {
                assert!(line.ends_with(&"v".repeat(3000)), "{line}");
            }
        }
    }
    get(&server.url("/last"), &jar).run().expect_code(0);
    assert_eq!(entries(scratch.path()), ["jar"]);
    assert!(lines(&jar).iter().any(|line| line.contains("\tlast\t")));
}

#[test]
fn lock_of_a_killed_process_is_removed() {
    let server = Server::start(|_| sets(&["a=1"]));
    let scratch = Scratch::new("cookies");
    let jar = scratch.path().join("jar");
    get(&server.url("/"), &jar).run().expect_code(0);
    let text = fs::read_to_string(&jar).unwrap();
    // The name of a writer that never existed on this machine: same kernel, other start.
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let boot: String = boot
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(16)
        .collect();
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap();
    let namespace: String = namespace
        .to_string_lossy()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let lock = format!("{boot}-{namespace}-1-1");
    private(&scratch, ".jar.c47-alone", &lock);
    fs::remove_file(&jar).unwrap();
    get(&server.url("/"), &jar).run().expect_code(0);
    assert_eq!(fs::read_to_string(&jar).unwrap(), text);
    assert_eq!(entries(scratch.path()), ["jar"]);
}

#[test]
fn no_output_shows_a_cookie() {
    let server = Server::start(|request| match request.target.as_str() {
        "/go" => Response::new(
            "302 Found",
            "location: /there\r\nset-cookie: sid=sekrit-set\r\n",
            "",
        ),
        _ => Response::new("404 No", "set-cookie: more=sekrit-more\r\n", "{}"),
    });
    let scratch = Scratch::new("cookies");
    let text = "127.0.0.1\tFALSE\t/\tFALSE\t0\tkept\tsekrit-file\n";
    let jar = private(&scratch, "jar", text);
    let ways: [&[&str]; 9] = [
        &["-v"],
        &["--json"],
        &["--print", "HBhb"],
        &["--offline"],
        &["--curl"],
        &["--print-command"],
        &["-v", "--retry", "1"],
        &["--timing"],
        &["-v", "--batch", "-"],
    ];
    for words in ways {
        let call = get(&server.url("/go"), &jar).args(["--follow", "Cookie:own=sekrit-own"]);
        let output = call.args(words).run();
        let all = [output.stdout.as_slice(), &output.stderr].concat();
        let all = String::from_utf8_lossy(&all);
        assert!(!all.contains("sekrit"), "{words:?}\n{all}");
    }
    let shown = get(&server.url("/go"), &jar).args(["--offline", "--show-secrets"]);
    let shown = shown.run().expect_code(0);
    let header = "cookie: kept=sekrit-file; sid=sekrit-set";
    assert!(shown.stdout_text().contains(header), "{}", shown.tell());
}

#[test]
fn file_that_others_can_use_or_that_is_no_cookie_file_is_refused_and_kept() {
    let server = Server::start(|_| sets(&["a=1"])).may_be_idle();
    let scratch = Scratch::new("cookies");
    let refused = |path: &Path, why: &str, code: i32| -> Output {
        let output = get(&server.url("/"), path).run().expect_code(code);
        assert!(output.stderr_text().contains(why), "{}", output.tell());
        output
    };
    let line = "127.0.0.1\tFALSE\t/\tFALSE\t0\ta\tb\n";
    let open = scratch.write("open", line);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let output = refused(&open, "other users can read or write it", 7);
    assert!(
        output.stderr_text().contains("hint: chmod 600 "),
        "{}",
        output.tell()
    );
    for (name, text) in [
        ("json", "{\"a\": 1}\n"),
        ("script", "#!/bin/sh\nexit 1\n"),
        ("short", "127.0.0.1\tFALSE\t/\tFALSE\t0\n"),
        ("word", "127.0.0.1\tMAYBE\t/\tFALSE\t0\ta\tb\n"),
        ("time", "127.0.0.1\tFALSE\t/\tFALSE\tsoon\ta\tb\n"),
        ("more", "127.0.0.1\tFALSE\t/\tFALSE\t0\ta\tb\tc\n"),
        ("path", "127.0.0.1\tFALSE\tx\tFALSE\t0\ta\tb\n"),
        ("control", "127.0.0.1\tFALSE\t/\tFALSE\t0\ta\tb\u{1}\n"),
    ] {
        let file = private(&scratch, name, &format!("{line}{text}"));
        let output = refused(&file, "is not a cookie in the format", 7);
        assert!(output.stderr_text().contains("line "), "{}", output.tell());
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("{line}{text}"));
    }
    refused(scratch.path(), "it is a directory", 7);
    refused(&scratch.path().join("no/such/jar"), "", 7);
    refused(Path::new("/dev/null"), "it is not a regular file", 7);
    refused(Path::new("-"), "--cookies takes the name of a file", 2);
    assert!(server.requests().is_empty());
    if can_be_two_users() {
        let foreign = private(&scratch, "foreign", line);
        give_to_nobody(&foreign);
        refused(&foreign, "it belongs to another user", 7);
    }
    // A link of the user is followed.
    let real = private(&scratch, "real", line);
    symlink("real", scratch.path().join("link")).unwrap();
    get(&server.url("/"), &scratch.path().join("link"))
        .run()
        .expect_code(0);
    assert_eq!(cookies(&server.request()), ["a=b"]);
    assert!(lines(&real).iter().any(|line| line.ends_with("\ta\t1")));
    assert!(
        fs::symlink_metadata(scratch.path().join("link"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn unsaved_cookie_is_an_error_after_the_body_is_printed() {
    let scratch = Scratch::new("cookies");
    let jar = scratch.path().join("jar");
    let path = Mutex::new(jar.clone());
    let server = Server::start(move |_| {
        // Between the first read and the merge another program writes something else.
        fs::write(&*path.lock().unwrap(), "not cookies\n").unwrap();
        sets(&["a=1"])
    });
    let output = get(&server.url("/"), &jar).run().expect_code(7);
    assert_eq!(output.stdout_text(), "ok");
    assert_eq!(fs::read_to_string(&jar).unwrap(), "not cookies\n");
}

#[test]
fn profile_keeps_its_cookies_apart_and_logout_deletes_them() {
    let server = Server::start(|request| match request.target.as_str() {
        "/set" => sets(&["sid=1; Path=/"]),
        _ => Response::ok(request.header("cookie").unwrap_or("none")),
    });
    let scratch = Scratch::new("cookies");
    let url = server.url("");
    let profile = |name: &str, more: &str| {
        format!("[profile.{name}]\nurl = \"{url}\"\nauth = \"none\"\n{more}\n")
    };
    let text = [
        profile("a", "cookies = true"),
        profile("b", "cookies = true"),
        profile("c", ""),
        profile("d", "cookies = true\nshare = \"none\""),
    ];
    let config = scratch.write("config.toml", text.concat());
    let state = scratch.path().join("state");
    let call = |words: &[&str]| {
        let call = c47().args(words).env("C47_CONFIG_PATH", &config);
        call.env("C47_CACHE_DIR", &state).run().expect_code(0)
    };
    call(&["http", "@a/set", "--offline"]);
    assert!(!state.exists());
    for name in ["a", "c", "d"] {
        call(&["http", &format!("@{name}/set")]);
    }
    let sent = |name: &str| {
        call(&["http", &format!("@{name}/")])
            .stdout_text()
            .to_owned()
    };
    assert_eq!(
        ["a", "b", "c", "d"].map(sent),
        ["sid=1", "none", "none", "none"]
    );
    let files = entries(&state);
    assert!(matches!(&files[..], [one] if one.starts_with("a-") && one.ends_with(".cookies")));
    assert_eq!((mode(&state), mode(&state.join(&files[0]))), (0o700, 0o600));
    let own = scratch.path().join("own");
    let own = own.to_str().unwrap();
    assert_eq!(
        call(&["http", "@a/", "--cookies", own]).stdout_text(),
        "none"
    );
    let logout = call(&["auth", "logout", "a"]);
    let said = "a: no token stored; cookies deleted";
    assert!(logout.stderr_text().contains(said), "{}", logout.tell());
    assert!(entries(&state).is_empty());
    assert_eq!(sent("a"), "none");
}

#[test]
fn requests_of_a_batch_share_cookies_only_with_a_file() {
    let server = Server::start(|request| match request.target.as_str() {
        "/go" => Response::new("302 Found", "location: /there\r\nset-cookie: go=1\r\n", ""),
        _ => sets(&["seen=1"]),
    });
    let scratch = Scratch::new("cookies");
    let jar = private(&scratch, "jar", "127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\t1\n");
    let line = |path: &str| format!("{{\"url\":\"{}\"}}\n", server.url(path));
    let input = [line("/one"), line("/go"), line("/two")].concat();
    let batch = |words: &[&str]| {
        let words = [&["http", "--batch", "-", "--jobs", "1", "--follow"], words].concat();
        c47().args(words).stdin(input.clone()).run().expect_code(0)
    };
    batch(&[]);
    batch(&["--cookies", jar.to_str().unwrap()]);
    let sent: Vec<String> = server
        .requests()
        .iter()
        .map(|request| format!("{} {}", request.target, cookies(request).join(" ")))
        .collect();
    assert_eq!(
        sent,
        [
            "/one ",
            "/go ",
            "/there go=1",
            "/two ",
            "/one sid=1",
            "/go seen=1 sid=1",
            "/there go=1 seen=1 sid=1",
            "/two go=1 seen=1 sid=1",
        ]
    );
    let saved = lines(&jar);
    assert_eq!(saved.len(), 3, "{saved:?}");
    let shown = batch(&["--cookies", jar.to_str().unwrap(), "--dry-run"]);
    assert!(
        shown.stdout_text().contains("cookie: ***\r\n"),
        "{}",
        shown.tell()
    );
}

#[test]
fn curl_files_of_cookies_become_the_option_where_they_mean_the_same() {
    let scratch = Scratch::new("cookies");
    let printed = |command: &str| {
        let call = c47().args(["http", "--print-command", "--from-curl", command]);
        call.current_dir(scratch.path()).run()
    };
    for (command, expected) in [
        (
            "curl -b jar -c jar http://a.lan/",
            "c47 http http://a.lan/ --cookies jar",
        ),
        (
            "curl -c new http://a.lan/",
            "c47 http http://a.lan/ --cookies new",
        ),
        (
            "curl -b '' -L http://a.lan/",
            "c47 http http://a.lan/ --follow",
        ),
        (
            "curl -b '' -c new http://a.lan/",
            "c47 http http://a.lan/ --cookies new",
        ),
    ] {
        let output = printed(command).expect_code(0);
        assert!(
            output.stdout_text().starts_with(expected),
            "{}",
            output.tell()
        );
    }
    scratch.write("old", "");
    for (command, hint) in [
        ("curl -b jar http://a.lan/", "add -c FILE"),
        ("curl -c old http://a.lan/", "add -b FILE"),
        ("curl -b jar -c other http://a.lan/", "the same file"),
        ("curl -b jar -b other -c jar http://a.lan/", "one file"),
        ("curl -b jar -c - http://a.lan/", "-b FILE -c FILE"),
        ("curl -j -b jar -c jar http://a.lan/", "omit it"),
    ] {
        let output = printed(command).expect_code(2);
        assert!(output.stderr_text().contains(hint), "{}", output.tell());
    }
    let own = ["http", "--curl", "localhost", "--cookies", "a jar"];
    let output = c47().args(own).run().expect_code(0);
    let expected = "-b 'a jar' -c 'a jar'";
    assert!(output.stdout_text().contains(expected), "{}", output.tell());
}
