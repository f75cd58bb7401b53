//! Without HOME, as in cron jobs and farm daemons.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::server::{Request, Response, Server};
use crate::support::{Run, Scratch, c47, can_be_two_users, empty_root};

/// A service that requires a login and counts logins.
fn service() -> (Server, Arc<AtomicUsize>) {
    let logins = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&logins);
    let server = Server::start(move |request: &Request| {
        let is_login = request.target == "/api/auth/login" || request.target == "/token";
        if is_login {
            counted.fetch_add(1, Ordering::SeqCst);
            return Response::json(r#"{"login":true,"access_token":"token-1","expires_in":3600}"#);
        }
        assert_eq!(request.header("authorization"), Some("Bearer token-1"));
        Response::json("[1]")
    });
    (server, logins)
}

/// A root directory with a configuration, and an account for the user that runs the test.
fn root(server: &Server, home: &str) -> Scratch {
    let root = Scratch::new("no-home");
    let passwd = format!("root:x:0:0::{home}:/bin/sh\nother:x:65534:65534::{home}:/bin/sh\n");
    root.write("etc/passwd", passwd);
    let config = format!(
        "[profile.kitsu]\nurl = '{}'\npreset = 'kitsu'\nuser = 'bot'\npassword = 'env:KITSU_PASSWORD'\n",
        server.url("/api")
    );
    root.write("etc/c47/config.toml", config);
    root
}

fn job(root: &Scratch, words: &[&str]) -> Option<Run> {
    let run = empty_root::c47_in(root)?;
    Some(run.env("KITSU_PASSWORD", "pw").args(words))
}

#[test]
fn without_home_token_is_stored_in_home_directory_of_passwd() {
    let (server, logins) = service();
    let root = root(&server, "/home/farm");
    fs::create_dir_all(root.path().join("home/farm")).unwrap();
    for _ in 0..2 {
        let Some(call) = job(&root, &["http", "@kitsu/data/projects"]) else {
            return;
        };
        let call = call.run().expect_code(0);
        assert_eq!((call.stdout_text(), call.stderr_text()), ("[1]", ""));
    }
    assert_eq!(logins.load(Ordering::SeqCst), 1);
    let status = job(&root, &["auth", "status", "kitsu", "--json"]).unwrap();
    let status = status.run().expect_code(0).json();
    let file = status[0]["file"].as_str().unwrap().to_owned();
    assert!(
        file.starts_with("/home/farm/.local/state/c47/kitsu-"),
        "{file}"
    );
    let kept = fs::metadata(root.path().join(&file[1..])).unwrap();
    assert_eq!(kept.permissions().mode() & 0o777, 0o600);
}

#[test]
fn without_home_configuration_is_read_from_home_directory_of_passwd() {
    let (server, _) = service();
    let root = root(&server, "/home/farm");
    root.write(
        "home/farm/.config/c47/config.toml",
        "[profile.own]\nurl = '${HOME}'\n[profile.kitsu]\nuser = '${USER:-nobody}'\n",
    );
    let Some(check) = job(&root, &["config", "check"]) else {
        return;
    };
    let check = check.run().expect_code(2);
    let text = check.stdout_text();
    assert!(
        text.contains("/home/farm/.config/c47/config.toml: read\n"),
        "{text}"
    );
    assert!(text.contains("kitsu: ok\n"), "{text}");
    // ${HOME} is set, but not a valid URL.
    assert!(!text.contains("is not set"), "{text}");
    job(&root, &["http", "@kitsu/data/projects"])
        .unwrap()
        .run()
        .expect_code(0);
}

#[test]
fn request_without_token_directory_works_with_a_warning() {
    let (server, logins) = service();
    // A home that cannot be created, an account without a home, and no account.
    let unmade = root(&server, "/dev/null/home");
    let homeless = root(&server, "");
    let unknown = root(&server, "");
    unknown.write("etc/passwd", "");
    unmade.write("dev/null", "");
    let cases = [
        (&unmade, "cannot create /dev/null/home/.local/state/c47"),
        (&homeless, "/etc/passwd has no home directory"),
        (&unknown, "/etc/passwd has no entry for user "),
    ];
    for (number, (root, why)) in cases.into_iter().enumerate() {
        let Some(call) = job(root, &["http", "@kitsu/data/projects"]) else {
            return;
        };
        let call = call.run().expect_code(0);
        assert_eq!(call.stdout_text(), "[1]");
        let stderr = call.stderr_text();
        assert!(stderr.contains("the token is not stored: "), "{stderr}");
        assert!(stderr.contains(why), "{stderr}");
        assert_eq!(logins.load(Ordering::SeqCst), number + 1);
        let status = job(root, &["auth", "status", "kitsu"]).unwrap().run();
        status.expect_code(1);
        job(root, &["auth", "logout", "kitsu"])
            .unwrap()
            .run()
            .expect_code(0);
    }
    // A refresh token is not used if the next one cannot be stored.
    let config = format!(
        "[profile.r]\nurl = '{}'\nauth = 'refresh_token'\ntoken_url = '{}'\nclient_id = 'c'\n\
         refresh_token = 'env:R'\n",
        server.url("/api"),
        server.url("/token"),
    );
    unknown.write("etc/c47/config.toml", config);
    let before = logins.load(Ordering::SeqCst);
    let refused = job(&unknown, &["http", "@r/x"]).unwrap().env("R", "spent");
    let refused = refused.run().expect_code(7);
    assert!(
        refused.stderr_text().contains("hint: set C47_CACHE_DIR"),
        "{}",
        refused.tell()
    );
    assert_eq!(logins.load(Ordering::SeqCst), before);
}

#[test]
fn unknown_profile_error_lists_the_searched_files() {
    let (server, _) = service();
    let root = root(&server, "");
    let Some(call) = job(&root, &["http", "@other/x"]) else {
        return;
    };
    let stderr = call.run().expect_code(2).stderr_text().to_owned();
    assert!(
        stderr.contains(
            "available profile: kitsu; searched /etc/c47/config.toml (read); HOME is not set"
        ),
        "{stderr}"
    );
    // An unreadable default file does not disable other files.
    let home = Scratch::new("unreadable");
    home.write(".config/c47", "a file where a directory should be");
    let call = c47().env("HOME", home.path()).args(["http", "@a/x"]).run();
    let stderr = call.expect_code(2).stderr_text().to_owned();
    assert!(
        stderr.contains(".config/c47/config.toml (not found)"),
        "{stderr}"
    );
    if can_be_two_users() {
        home.write("private/.config/c47/config.toml", "");
        let private = home.path().join("private");
        fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).unwrap();
        let call = c47().env("HOME", private).args(["http", "@a/x"]);
        let stderr = call.run_by_nobody().run().expect_code(2);
        let stderr = stderr.stderr_text();
        assert!(stderr.contains("c47 http: warning: "), "{stderr}");
        assert!(
            stderr.contains(".config/c47/config.toml (not readable: permission denied"),
            "{stderr}"
        );
    }
    let init = job(&root, &["config", "init"]).unwrap().run();
    assert!(
        init.expect_code(2)
            .stderr_text()
            .contains("HOME is not set")
    );
    // The test server requires at least one request.
    job(&root, &["http", "@kitsu/x"])
        .unwrap()
        .run()
        .expect_code(0);
}
