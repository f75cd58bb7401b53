//! `c47 config`, and how configuration files are found, merged and checked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Run, Scratch, c47, can_be_two_users, give_to_nobody};

fn configured(path: &Path) -> Run {
    c47().env("C47_CONFIG_PATH", path)
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn later_files_override_key_by_key_and_missing_ones_are_ignored() {
    let scratch = Scratch::new("merge");
    let site = scratch.write(
        "site.toml",
        "[profile.kitsu]\nurl = 'https://k.lan/api'\npreset = 'kitsu'\nuser = 'bot'\npassword = 'env:P'\n",
    );
    let own = scratch.write("own.toml", "[profile.kitsu]\nuser = '${USER:-me}'\n");
    let list = format!("{}:/nowhere.toml:{}", site.display(), own.display());
    let shown = c47()
        .env("C47_CONFIG_PATH", &list)
        .args(["config", "show", "kitsu", "--origin"])
        .run()
        .expect_code(0);
    let text = shown.stdout_text();
    let line = |key: &str| {
        text.lines()
            .find(|line| line.starts_with(&format!("{key} =")))
            .unwrap_or_else(|| panic!("no {key} in {text}"))
            .to_owned()
    };
    assert!(line("user").ends_with("own.toml:2:1"), "{text}");
    assert!(line("url").ends_with("site.toml:2:1"), "{text}");
    assert!(
        line("password").starts_with("password = \"env:P\""),
        "{text}"
    );
    assert!(line("login.url").contains("# built in:"), "{text}");
    let check = c47()
        .env("C47_CONFIG_PATH", &list)
        .args(["config", "check", "--json"])
        .run()
        .expect_code(0);
    assert_eq!(check.json()["files"][1]["found"], false);
    assert_eq!(check.json()["profiles"][0]["ok"], true);
}

#[test]
fn home_directory_is_searched_by_default() {
    let scratch = Scratch::new("home");
    scratch.write(
        ".config/c47/config.toml",
        "[profile.a]\nurl = 'https://a.lan'\n",
    );
    scratch.write(
        "xdg/c47/config.toml",
        "[profile.b]\nurl = 'https://b.lan'\n",
    );
    let home = c47()
        .env("HOME", scratch.path())
        .args(["auth", "profiles"])
        .run()
        .expect_code(0);
    assert!(home.stdout_text().starts_with("a "), "{}", home.tell());
    let xdg = c47()
        .env("HOME", scratch.path())
        .env("XDG_CONFIG_HOME", scratch.path().join("xdg"))
        .args(["auth", "profiles"])
        .run()
        .expect_code(0);
    assert!(xdg.stdout_text().starts_with("b "), "{}", xdg.tell());
}

#[test]
fn errors_name_file_line_and_column() {
    let scratch = Scratch::new("wrong");
    for (text, why) in [
        ("[profile.a]\nurll = 'x'\n", ":2:1: unknown key 'urll'"),
        ("[profile.a\n", ":1:11: "),
        ("[profile.a]\nurl = 3\n", ":2:1: 'url' must be a string"),
        (
            "[profile.a]\nurl = 'ftp://x'\n",
            ":2:1: 'url': unsupported scheme 'ftp'",
        ),
        (
            "[profile.a]\nurl = 'https://me:hunter2@x'\n",
            "must not contain",
        ),
        (
            "[profile.a]\nurl = 'https://x?a=1'\n",
            "a query or fragment",
        ),
        (
            "[profile.a]\nurl = '${NOT_SET}'\n",
            "environment variable NOT_SET is not set",
        ),
        (
            "[profile.a]\nuser = 'x'\n",
            ":1:10: profile a: missing 'url'",
        ),
        (
            "[profile.a]\nurl='https://x'\nauth='basic'\nuser='u'\n",
            "missing 'password'",
        ),
        (
            "[profile.a]\nurl='https://x'\npreset='kitsoo'\n",
            "preset 'kitsoo' not found",
        ),
        (
            "[profile.a]\nurl='https://x'\nttl='5x'\nauth='jwt'\nkey='env:K'\n",
            "is not a duration",
        ),
    ] {
        let path = scratch.write("config.toml", text);
        let output = configured(&path)
            .args(["http", "@a/x"])
            .run()
            .expect_code(2);
        let stderr = output.stderr_text();
        assert!(stderr.contains(why), "{why:?} not in {stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
}

#[test]
fn fault_in_one_profile_does_not_disable_others() {
    let scratch = Scratch::new("neighbours");
    let path = scratch.write(
        "config.toml",
        "new_section = {}\n\
         [profile.good]\nurl = 'https://a.lan'\n\
         [profile.unknown]\nurl = 'https://a.lan'\nusername = 'me'\npasword = 'hunter2'\n\
         [profile.type]\nurl = 3\n\
         [profile.address]\nurl = 'ftp://a.lan'\n\
         [profile.table]\nlogin = {pth = ''}\n\
         [preset.mine]\nnonsense = 1\n\
         [profile.with_preset]\nurl = 'https://a.lan'\npreset = 'mine'\n",
    );
    let offline = |name: &str| {
        let url = format!("@{name}/x");
        configured(&path).args(["http", &url, "--offline"]).run()
    };
    let good = offline("good").expect_code(0);
    assert!(good.stdout_text().starts_with("GET /x "), "{}", good.tell());
    let stderr = good.stderr_text();
    for warning in [
        "c47 http: warning: profile unknown: ",
        ":6:1: unknown key 'username'; did you mean 'user'?\n",
        ":1:1: unknown key 'new_section'\n",
        ":11:1: 'url': unsupported scheme 'ftp'; use http or https\n",
        "2 more; run 'c47 config check' to list all\n",
    ] {
        assert!(stderr.contains(warning), "{warning:?} not in {stderr}");
    }
    assert!(!stderr.contains("hunter2"), "{stderr}");
    // Faults of the used profile are errors.
    for (name, why) in [
        ("unknown", "unknown key '"),
        ("type", "'url' must be a string"),
        ("address", "unsupported scheme 'ftp'"),
        ("table", "unknown key 'pth'"),
        ("with_preset", "unknown key 'nonsense'"),
    ] {
        let refused = offline(name).expect_code(2);
        let last = refused
            .stderr_text()
            .lines()
            .rfind(|line| !line.starts_with("hint: "));
        let last = last.unwrap();
        assert!(
            last.starts_with("c47 http: /") && last.contains(why),
            "{last}"
        );
        let show = configured(&path).args(["config", "show", name]).run();
        assert_eq!(show.code, 2, "{name}");
    }
    // `config check` reports everything. Unchecked values are not shown.
    let check = configured(&path).args(["config", "check", "--json"]).run();
    let check = check.expect_code(2).json();
    let profiles = check["profiles"].as_array().unwrap();
    let sound: Vec<_> = profiles.iter().filter(|one| one["ok"] == true).collect();
    assert_eq!((profiles.len(), sound.len()), (6, 1), "{check}");
    assert_eq!(sound[0]["name"], "good");
    let why = profiles
        .iter()
        .find(|one| one["name"] == "unknown")
        .unwrap()["why"]
        .clone();
    let why = why.as_str().unwrap();
    assert!(
        why.contains("'username'") && why.contains("'pasword'"),
        "{why}"
    );
    assert_eq!(check["faults"].as_array().unwrap().len(), 2, "{check}");
    let show = configured(&path).args(["config", "show"]).run();
    assert!(!show.expect_code(0).tell().contains("hunter2"));
    let list = configured(&path)
        .args(["auth", "profiles"])
        .run()
        .expect_code(0);
    assert_eq!(list.stdout_text().lines().count(), 6);
}

#[test]
fn configuration_for_a_newer_version_is_rejected_with_a_hint() {
    let scratch = Scratch::new("newer");
    let text = "requires_c47 = '99.2'\n[profile.a]\nurl = 'https://a.lan'\ninvented_later = true\n";
    let path = scratch.write("config.toml", text);
    for words in [&["http", "@a/x"][..], &["config", "check"]] {
        let stderr = configured(&path).args(words).run().expect_code(2);
        let stderr = stderr.stderr_text();
        let why = "config.toml:1:1: this file requires c47 99.2 or newer; this is c47 ";
        assert!(stderr.contains(why), "{stderr}");
        assert!(
            stderr.ends_with("hint: install c47 99.2 or newer\n"),
            "{stderr}"
        );
    }
    let path = scratch.write(
        "config.toml",
        "requires_c47 = '0.1'\n[profile.a]\nurl = 'https://a.lan'\n",
    );
    configured(&path)
        .args(["config", "check"])
        .run()
        .expect_code(0);
}

#[test]
fn literal_secret_in_a_readable_file_is_rejected() {
    let scratch = Scratch::new("literal");
    let path = scratch.write(
        "config.toml",
        "[profile.a]\nurl = 'https://a.lan'\nauth = 'bearer'\ntoken = 'hunter2'\n",
    );
    for readable in [0o644, 0o640, 0o604] {
        mode(&path, readable);
        let refused = configured(&path)
            .args(["config", "show"])
            .run()
            .expect_code(2);
        let stderr = refused.stderr_text();
        assert!(
            stderr.contains(":4:1: the file contains a secret"),
            "{stderr}"
        );
        assert!(
            stderr.contains(&format!("hint: chmod 600 {}", path.display())),
            "{stderr}"
        );
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
    mode(&path, 0o600);
    for words in [&["config", "show"][..], &["config", "show", "--json"]] {
        let shown = configured(&path).args(words).run().expect_code(0);
        assert!(shown.stdout_text().contains("\"***\""), "{}", shown.tell());
        assert!(!shown.stdout_text().contains("hunter2"), "{}", shown.tell());
    }
}

#[test]
fn example_is_valid_and_not_overwritten() {
    let scratch = Scratch::new("init");
    let run = |words: &[&str]| c47().env("HOME", scratch.path()).args(words).run();
    run(&["config", "init"]).expect_code(0);
    let path = scratch.path().join(".config/c47/config.toml");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    run(&["config", "check"]).expect_code(0);
    run(&["config", "init"]).expect_code(2);
    // The commented profiles are valid too.
    let text = fs::read_to_string(&path).unwrap();
    let body: String = text
        .lines()
        .skip_while(|line| !line.starts_with("# ["))
        .map(|line| line.strip_prefix("# ").unwrap_or("").to_owned() + "\n")
        .filter(|line| !line.starts_with("Any other") && !line.starts_with("  "))
        .collect();
    fs::write(&path, body).unwrap();
    let check = c47()
        .env("HOME", scratch.path())
        .env("USER", "me")
        .args(["config", "check"])
        .run()
        .expect_code(0);
    assert_eq!(
        check.stdout_text().matches(": ok").count(),
        6,
        "{}",
        check.tell()
    );
}

#[test]
fn unknown_profile_error_names_similar_profile_and_searched_files() {
    let scratch = Scratch::new("unknown");
    let path = scratch.write("config.toml", "[profile.kitsu]\nurl = 'https://a.lan'\n");
    let near = configured(&path)
        .args(["http", "@kitsoo/x"])
        .run()
        .expect_code(2);
    assert!(near.stderr_text().contains("did you mean 'kitsu'?"));
    let none = configured(Path::new("/nowhere.toml"))
        .args(["http", "@kitsu/x"])
        .run()
        .expect_code(2);
    assert!(
        none.stderr_text()
            .contains("no profiles configured; searched /nowhere.toml (not found)"),
        "{}",
        none.tell()
    );
}

#[test]
fn proxy_password_in_a_readable_file_is_rejected() {
    let scratch = Scratch::new("proxy-secret");
    for (proxy, code) in [
        ("http://me:hunter2@proxy.lan:3128", 2),
        ("me:hunter2@proxy.lan:3128", 2),
        ("http://proxy.lan:3128", 0),
        ("${PROXY}", 0),
    ] {
        let text = format!("[profile.a]\nurl = 'https://a.lan'\nproxy = '{proxy}'\n");
        let file = scratch.write("c47.toml", text);
        mode(&file, 0o644);
        let check = || {
            configured(&file)
                .env("PROXY", "http://me:hunter2@proxy.lan:3128")
                .args(["config", "check"])
                .run()
        };
        let output = check();
        assert_eq!(output.code, code, "{}", output.tell());
        assert!(
            !output
                .tell()
                .replace("PROXY=\"http://me:hunter2", "")
                .contains("hunter2")
        );
        mode(&file, 0o600);
        check().expect_code(0);
    }
}

const PROFILE: &str = "[profile.a]\nurl = 'https://a.lan'\n";

#[test]
fn world_writable_configuration_is_rejected() {
    let scratch = Scratch::new("writable");
    let path = scratch.write("site/config.toml", PROFILE);
    let site = scratch.path().join("site");
    let check = || configured(&path).args(["config", "check"]).run();
    check().expect_code(0);
    mode(&path, 0o646);
    let refused = check().expect_code(2);
    let hint = format!("hint: chmod o-w {}\n", path.display());
    assert!(refused.stderr_text().ends_with(&hint), "{}", refused.tell());
    mode(&path, 0o644);
    mode(&site, 0o777);
    let refused = check().expect_code(2);
    let hint = format!("hint: chmod o-w {}\n", site.display());
    assert!(refused.stderr_text().ends_with(&hint), "{}", refused.tell());
    mode(&site, 0o1777);
    check().expect_code(0);
    // A writable parent directory allows replacement too.
    mode(&site, 0o755);
    mode(scratch.path(), 0o777);
    check().expect_code(2);
    mode(scratch.path(), 0o755);
    check().expect_code(0);
}

#[test]
fn configuration_of_another_user_in_a_shared_directory_is_rejected() {
    if !can_be_two_users() {
        return;
    }
    let scratch = Scratch::new("planted");
    mode(scratch.path(), 0o1777);
    let path = scratch.write("config.toml", PROFILE);
    give_to_nobody(&path);
    let refused = configured(&path).args(["config", "check"]).run();
    let refused = refused.expect_code(2);
    assert!(
        refused.stderr_text().contains("another user created it"),
        "{}",
        refused.tell()
    );
}

#[test]
fn configuration_of_a_service_user_must_be_named() {
    if !can_be_two_users() {
        return;
    }
    let scratch = Scratch::new("service");
    let path = scratch.write(".config/c47/config.toml", PROFILE);
    give_to_nobody(&path);
    mode(&path, 0o664);
    let named = configured(&path).args(["config", "check"]).run();
    let named = named.expect_code(0);
    let stderr = named.stderr_text();
    assert!(
        stderr.contains("user 65534 owns it and members of group 65534 can write it"),
        "{stderr}"
    );
    let quiet = configured(&path).args(["auth", "profiles"]).run();
    assert_eq!(quiet.expect_code(0).stderr_text(), "");
    let by_home = || c47().env("HOME", scratch.path()).args(["config", "check"]);
    let refused = by_home().run().expect_code(2);
    assert!(
        refused.stderr_text().contains("belongs to another user"),
        "{}",
        refused.tell()
    );
    // The owner may use it, also if their private group can write it.
    give_to_nobody(scratch.path().join(".config/c47"));
    by_home().run_by_nobody().run().expect_code(0);
    // A file of root is accepted, but not if another group can write it.
    std::os::unix::fs::chown(&path, Some(0), Some(0)).unwrap();
    mode(&path, 0o644);
    by_home().run_by_nobody().run().expect_code(0);
    mode(&path, 0o664);
    let refused = by_home().run_by_nobody().run().expect_code(2);
    let hint = format!("hint: chmod g-w {}\n", path.display());
    assert!(refused.stderr_text().ends_with(&hint), "{}", refused.tell());
}

#[test]
fn configuration_behind_a_link_of_another_user_is_rejected() {
    if !can_be_two_users() {
        return;
    }
    crate::support::protection::under_each_protection(|_| {
        let (shared, home) = (Scratch::new("shared"), Scratch::new("foreign-link"));
        mode(shared.path(), 0o1777);
        home.write("real/config.toml", PROFILE);
        let link = shared.path().join("dir");
        std::os::unix::fs::symlink(home.path().join("real"), &link).unwrap();
        give_to_nobody(&link);
        let check = |path: &Path| configured(path).args(["config", "check"]).run();
        let refused = check(&link.join("config.toml"));
        let stderr = refused.stderr_text();
        // The kernel may reject it first.
        let is_refused =
            stderr.contains("another user created it") || stderr.contains("permission");
        assert!(refused.code != 0 && is_refused, "{}", refused.tell());
    });
    // A link of another user in the user's own directory is rejected.
    let home = Scratch::new("home-link");
    home.write("real.toml", PROFILE);
    let c47_directory = home.path().join(".config/c47");
    std::fs::create_dir_all(&c47_directory).unwrap();
    let link = c47_directory.join("config.toml");
    std::os::unix::fs::symlink(home.path().join("real.toml"), &link).unwrap();
    let by_home = || c47().env("HOME", home.path()).args(["config", "check"]);
    by_home().run().expect_code(0);
    give_to_nobody(&link);
    let refused = by_home().run().expect_code(2);
    let stderr = refused.stderr_text();
    assert!(stderr.contains("belongs to another user"), "{stderr}");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(home.path().join("real.toml"), &link).unwrap();
    give_to_nobody(&c47_directory);
    let refused = by_home().run().expect_code(2);
    let stderr = refused.stderr_text();
    assert!(stderr.contains("belongs to another user"), "{stderr}");
}

#[test]
fn named_configuration_in_a_writable_directory_causes_a_warning() {
    if !can_be_two_users() {
        return;
    }
    let scratch = Scratch::new("site");
    let path = scratch.write("site/config.toml", PROFILE);
    let site = scratch.path().join("site");
    let check = || {
        let run = configured(&path).args(["config", "check"]).run();
        run.expect_code(0).stderr_text().to_owned()
    };
    assert_eq!(check(), "");
    mode(&site, 0o775);
    std::os::unix::fs::chown(&site, Some(0), Some(1234)).unwrap();
    assert!(
        check().contains("members of group 1234 can replace it in "),
        "{}",
        check()
    );
    mode(&site, 0o755);
    give_to_nobody(&site);
    assert!(
        check().contains("user 65534 can replace it in "),
        "{}",
        check()
    );
}

#[test]
fn hints_quote_paths_and_names() {
    let scratch = Scratch::new("quoted");
    let cache = scratch.path().join("ca; touch X");
    std::fs::create_dir(&cache).unwrap();
    mode(&cache, 0o755);
    let text = "[profile.k]\nurl = 'http://127.0.0.1:9'\npreset = 'kitsu'\nuser = 'u'\npassword = 'env:P'\n";
    let config = scratch.write("c47.toml", text);
    let output = configured(&config)
        .env("C47_CACHE_DIR", &cache)
        .env("P", "p")
        .args(["http", "@k/x"])
        .run();
    let hint = format!("hint: chmod 700 '{}'\n", cache.display());
    assert!(output.stderr_text().ends_with(&hint), "{}", output.tell());
    let literal = "[profile.a]\nurl = 'https://a.lan'\nproxy = 'http://u:p@p.lan'\n";
    let path = scratch.write("a b.toml", literal);
    let output = configured(&path).args(["config", "check"]).run();
    let hint = format!("hint: chmod 600 '{}'\n", path.display());
    assert!(output.stderr_text().ends_with(&hint), "{}", output.tell());
    let missing = ["links", "--dir", "no; touch X"];
    let output = c47().args(missing).run().expect_code(2);
    assert!(
        output
            .stderr_text()
            .ends_with("hint: mkdir -p 'no; touch X'\n"),
        "{}",
        output.tell()
    );
}

#[test]
fn proxy_password_is_never_printed() {
    let scratch = Scratch::new("proxy-shown");
    for proxy in ["http://me:hunter2@p.lan:3128", "me:hunter2@p.lan:3128"] {
        let text = format!("[profile.a]\nurl = 'https://a.lan'\nproxy = '{proxy}'\n");
        let file = scratch.write("c47.toml", text);
        mode(&file, 0o600);
        for words in [
            &["config", "show"][..],
            &["config", "show", "--json"],
            &["http", "@a/x", "--curl"],
        ] {
            let output = configured(&file).args(words).run().expect_code(0);
            let shown = output.stdout_text();
            assert!(
                shown.contains("p.lan:3128") && !shown.contains("hunter2"),
                "{shown}"
            );
        }
    }
}

#[test]
fn config_check_reports_an_invalid_proxy() {
    let scratch = Scratch::new("proxy");
    let path = scratch.write(
        "config.toml",
        "[profile.a]\nurl = \"https://a.lan\"\nproxy = \"ftp://me:hunter2@p\"\n",
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let output = c47()
        .args(["config", "check"])
        .env("C47_CONFIG_PATH", &path)
        .run()
        .expect_code(2);
    let text = format!("{}{}", output.stdout_text(), output.stderr_text());
    assert!(text.contains("config.toml:3:"), "{}", output.tell());
    assert!(
        text.contains("unsupported proxy scheme 'ftp'"),
        "{}",
        output.tell()
    );
    assert!(!text.contains("hunter2"), "{}", output.tell());
}
