//! Logins of people at an OpenID Connect issuer that others wrote, with a browser of the test.

use std::ffi::OsString;
use std::fs;
use std::process::Stdio;

use crate::support::peers::{self, Oidc};
use crate::support::{Child, Output, Run, Scratch, binary, c47};

/// The profiles: a client each. The API is the userinfo endpoint of the issuer, at `@NAME/me`.
struct Desk {
    issuer: Oidc,
    scratch: Scratch,
    path: OsString,
}

const CLIENTS: [&str; 4] = ["farm", "short", "paste", "secret"];

fn desk(name: &str) -> Option<Desk> {
    let issuer = peers::oidc()?;
    let scratch = Scratch::new(name);
    let url = issuer.issuer();
    let mut config = String::new();
    for client in CLIENTS {
        config.push_str(&format!(
            "[profile.{client}]\nurl='{url}'\nauth='oidc'\nissuer='{url}'\nclient_id='{client}'\n"
        ));
        if client == "secret" {
            config.push_str("client_secret='env:CLIENT_SECRET'\n");
        }
    }
    config.push_str(&format!(
        "[profile.service]\nurl='{url}'\nauth='token_exchange'\nissuer='{url}'\nclient_id='service'\n\
         client_secret='env:CLIENT_SECRET'\nsubject_token='env:SUBJECT'\naudience='render'\n"
    ));
    scratch.write("config.toml", config);
    let path = peers::path_with_browser(&scratch);
    Some(Desk {
        issuer,
        scratch,
        path,
    })
}

impl Desk {
    /// c47 in a session with a display.
    fn run(&self, words: &[&str]) -> Run {
        self.with_variables(c47()).env("DISPLAY", ":0").args(words)
    }

    fn with_variables(&self, run: Run) -> Run {
        run.env("C47_CONFIG_PATH", self.scratch.path().join("config.toml"))
            .env("C47_CACHE_DIR", self.scratch.path().join("cache"))
            .env("CLIENT_SECRET", "client-s3cret")
            .env("PATH", &self.path)
            .env("BROWSER_FILE", self.browser_file())
    }

    /// What the browser has written.
    fn browser_file(&self) -> std::path::PathBuf {
        self.scratch.path().join("browser")
    }

    fn log_in(&self, profile: &str) -> Output {
        self.run(&["auth", "login", profile]).run().expect_code(0)
    }

    /// The stored tokens.
    fn secrets(&self) -> Vec<String> {
        let files = fs::read_dir(self.scratch.path().join("cache")).unwrap();
        let mut secrets = vec!["client-s3cret".to_owned()];
        for file in files.flatten() {
            let text = fs::read_to_string(file.path()).unwrap();
            if let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) {
                let members = ["token", "refresh_token"].map(|name| json[name].as_str());
                secrets.extend(members.into_iter().flatten().map(str::to_owned));
            }
        }
        secrets
    }

    /// Changes the stored token of the only profile that has one.
    fn edit_token(&self, edit: impl Fn(&mut serde_json::Value)) {
        let files = fs::read_dir(self.scratch.path().join("cache")).unwrap();
        let is_token = |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "token");
        let file = files
            .flatten()
            .map(|file| file.path())
            .find(is_token)
            .unwrap();
        let mut json = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        edit(&mut json);
        fs::write(file, json.to_string()).unwrap();
    }
}

#[test]
fn person_logs_in_with_the_browser() {
    let Some(desk) = desk("oidc-login") else {
        return;
    };
    let login = desk.log_in("farm");
    let text = login.stderr_text();
    assert!(
        text.contains("logged in to farm as lena@studio.lan; "),
        "{text}"
    );
    let page = fs::read_to_string(desk.browser_file()).unwrap();
    assert!(page.starts_with("200 c47 has received"), "{page}");
    let me = desk.run(&["http", "@farm/me"]).run().expect_code(0);
    assert_eq!(me.json()["sub"], "lena");
    let status = desk.run(&["auth", "status", "farm"]).run().expect_code(0);
    let text = status.stdout_text();
    assert!(text.contains("good      as lena@studio.lan, "), "{text}");
    let json = desk.run(&["auth", "status", "farm", "--json"]).run().json();
    assert_eq!(json[0]["sub"], "lena");
    assert_eq!(json[0]["email"], "lena@studio.lan");
    assert_eq!(json[0]["can_renew"], true);
    // The request had PKCE, and the code was redeemed with its verifier.
    let seen = desk.issuer.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0]["code_verifier"].as_str().unwrap().len(), 43);
    // A client with a secret authenticates at the token endpoint.
    desk.log_in("secret");
    assert_eq!(desk.issuer.granted("authorization_code"), 2);
}

#[test]
fn listener_ignores_other_requests_of_a_browser() {
    let Some(desk) = desk("oidc-noisy") else {
        return;
    };
    for (at, what) in ["noisy", "twice"].into_iter().enumerate() {
        let login = desk.run(&["auth", "login", "farm"]).env("BROWSER_DO", what);
        login.run().expect_code(0);
        // A code that arrives twice is redeemed once.
        assert_eq!(desk.issuer.seen().len(), at + 1);
    }
}

#[test]
fn response_of_another_issuer_is_refused() {
    let Some(desk) = desk("oidc-mix-up") else {
        return;
    };
    let login = desk.run(&["auth", "login", "farm"]);
    let refused = login.env("BROWSER_DO", "other-iss").run().expect_code(7);
    assert!(
        refused.stderr_text().contains("from another issuer (iss)"),
        "{}",
        refused.tell()
    );
    // The code is not sent anywhere.
    assert_eq!(desk.issuer.seen().len(), 0);
}

#[test]
fn login_that_the_person_refuses_is_a_refused_login() {
    let Some(desk) = desk("oidc-deny") else {
        return;
    };
    let login = desk.run(&["auth", "login", "farm"]);
    let refused = login.env("BROWSER_DO", "deny").run().expect_code(9);
    assert!(
        refused
            .stderr_text()
            .contains("login refused: access_denied"),
        "{}",
        refused.tell()
    );
}

#[test]
fn browser_starts_without_the_libraries_of_the_application() {
    let Some(desk) = desk("oidc-env") else { return };
    let log = desk.scratch.path().join("environment");
    let mut login = desk
        .run(&["auth", "login", "farm"])
        .env("BROWSER_ENVIRONMENT", &log);
    for name in ["LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "PYTHONPATH", "KEPT"] {
        login = login.env(name, "/opt/maya/x");
    }
    login.run().expect_code(0);
    let names = fs::read_to_string(log).unwrap();
    let names: Vec<&str> = names.lines().collect();
    assert!(
        names.contains(&"KEPT") && names.contains(&"DISPLAY"),
        "{names:?}"
    );
    for name in ["LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "PYTHONPATH"] {
        assert!(!names.contains(&name), "{name}");
    }
}

/// Enters the code of a login on another device.
fn enter_code(login: &Child) {
    let text = login.wait_for_stderr("or open ");
    let url = text.split("or open ").nth(1).unwrap();
    let url = url.split_whitespace().next().unwrap();
    let entered = std::process::Command::new("python3")
        .arg(peers::browser())
        .arg(url)
        .stdin(Stdio::null())
        .status();
    assert!(entered.unwrap().success());
}

#[test]
fn without_a_browser_a_code_is_entered_on_another_device() {
    let Some(desk) = desk("oidc-device") else {
        return;
    };
    let no_browser = desk.run(&["auth", "login", "--no-browser", "farm"]);
    let no_display = desk.with_variables(c47()).args(["auth", "login", "farm"]);
    let over_ssh = desk
        .run(&["auth", "login", "farm"])
        .env("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22");
    let broken = desk
        .run(&["auth", "login", "farm"])
        .env("BROWSER_DO", "fail");
    let logins = [no_browser, no_display, over_ssh, broken].map(Run::spawn);
    logins.iter().for_each(enter_code);
    for login in logins {
        let done = login.wait().expect_code(0);
        let text = done.stderr_text();
        assert!(
            text.contains("logged in to farm as lena@studio.lan"),
            "{text}"
        );
    }
    desk.run(&["http", "@farm/me"]).run().expect_code(0);
}

#[test]
fn refresh_token_rotates_and_a_replayed_one_ends_the_login() {
    let Some(desk) = desk("oidc-rotate") else {
        return;
    };
    desk.log_in("short");
    let mut tokens = Vec::new();
    desk.edit_token(|json| {
        json["expires"] = 1.into();
    });
    let first = desk.secrets();
    for _ in 0..3 {
        desk.run(&["http", "@short/me"]).run().expect_code(0);
        tokens.push(desk.secrets().pop().unwrap());
        desk.edit_token(|json| json["expires"] = 1.into());
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 3, "each refresh brings another refresh token");
    assert_eq!(desk.issuer.granted("refresh_token"), 3);
    // The identity stays known.
    let status = desk.run(&["auth", "status", "short", "--json"]).run();
    assert_eq!(status.json()[0]["sub"], "lena");
    // A token that was used before means theft: the issuer revokes all.
    let spent = first.last().unwrap().clone();
    desk.edit_token(|json| json["refresh_token"] = spent.clone().into());
    let refused = desk.run(&["http", "@short/me"]).run().expect_code(9);
    let text = refused.stderr_text();
    assert!(
        text.contains("400 invalid_grant: grant request is invalid; an interactive login"),
        "{text}"
    );
    assert!(text.contains("hint: c47 auth login short"), "{text}");
    // A new login repairs it.
    desk.log_in("short");
    desk.run(&["http", "@short/me"]).run().expect_code(0);
}

#[test]
fn job_without_a_login_fails_at_once() {
    let Some(desk) = desk("oidc-job") else { return };
    for words in [&["http", "@farm/me"][..], &["auth", "token", "farm"]] {
        let job = desk.run(words).run().expect_code(9);
        assert!(
            job.stderr_text().contains("hint: c47 auth login farm"),
            "{}",
            job.tell()
        );
    }
    assert!(!desk.browser_file().exists());
}

#[test]
fn two_hundred_jobs_refresh_once() {
    let Some(desk) = desk("oidc-many") else {
        return;
    };
    desk.log_in("farm");
    desk.edit_token(|json| json["expires"] = 1.into());
    let jobs: Vec<_> = (0..200)
        .map(|_| desk.run(&["http", "@farm/me"]).spawn())
        .collect();
    for job in jobs {
        assert_eq!(job.wait().expect_code(0).json()["sub"], "lena");
    }
    assert_eq!(desk.issuer.granted("refresh_token"), 1);
}

#[test]
fn logout_revokes_refresh_and_access_token() {
    let Some(desk) = desk("oidc-logout") else {
        return;
    };
    desk.log_in("farm");
    let stored = desk.secrets();
    let out = desk.run(&["auth", "logout", "farm"]).run().expect_code(0);
    assert!(
        out.stderr_text().contains("token revoked and deleted"),
        "{}",
        out.tell()
    );
    let seen = desk.issuer.seen();
    let revoked: Vec<&str> = seen
        .iter()
        .filter(|one| one["route"] == "revocation" && one["status"] == 200)
        .filter_map(|one| one["token"].as_str())
        .collect();
    assert_eq!(revoked, [stored[2].as_str(), stored[1].as_str()]);
    let header = format!("Authorization: Bearer {}", stored[1]);
    let me = format!("{}/me", desk.issuer.issuer());
    c47().args(["http", &me, &header]).run().expect_code(4);
}

#[test]
fn no_command_prints_a_secret_of_an_oidc_login() {
    let Some(desk) = desk("oidc-leak") else {
        return;
    };
    let mut outputs = vec![desk.log_in("secret")];
    let secrets = desk.secrets();
    let subject = secrets[1].clone();
    for words in [
        &["http", "-v", "@secret/me"][..],
        &["http", "--json", "@secret/me"],
        &["http", "--offline", "@secret/me"],
        &["http", "--curl", "@secret/me"],
        &["http", "-v", "@service/me"],
        &["auth", "status"],
        &["auth", "status", "--json"],
        &["auth", "profiles", "--json"],
        &["config", "show", "--origin"],
        &["config", "show", "--json"],
        &["config", "check"],
        &["auth", "logout", "service"],
        &["auth", "logout", "secret"],
    ] {
        outputs.push(
            desk.run(words)
                .env("SUBJECT", &subject)
                .run()
                .expect_code(0),
        );
    }
    // A refused exchange repeats no secret.
    outputs.push(
        desk.run(&["http", "-v", "@service/me"])
            .env("SUBJECT", &subject)
            .run(),
    );
    assert_eq!(secrets.len(), 3, "{secrets:?}");
    let codes: Vec<String> = desk
        .issuer
        .seen()
        .iter()
        .flat_map(|one| [one["code"].as_str(), one["code_verifier"].as_str()])
        .flatten()
        .map(str::to_owned)
        .collect();
    assert_eq!(codes.len(), 2);
    for output in outputs {
        for secret in secrets.iter().chain(&codes) {
            let shown = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
            let shown = String::from_utf8_lossy(&shown);
            assert!(!shown.contains(secret), "{secret} in\n{}", output.tell());
        }
    }
}

#[test]
fn token_is_exchanged_for_one_of_a_service() {
    let Some(desk) = desk("oidc-exchange") else {
        return;
    };
    let token = |profile: &str| {
        desk.log_in(profile);
        let token = desk.run(&["auth", "token", profile]).run().expect_code(0);
        token.stdout_text().trim().to_owned()
    };
    let (one, other) = (token("farm"), token("secret"));
    let call = |subject: &str| desk.run(&["http", "@service/me"]).env("SUBJECT", subject);
    let exchanges = || {
        let seen = desk.issuer.seen();
        let ours = seen
            .into_iter()
            .filter(|one| one["subject_token"].is_string());
        ours.collect::<Vec<_>>()
    };
    for _ in 0..2 {
        assert_eq!(call(&one).run().expect_code(0).json()["sub"], "lena");
    }
    let sent = exchanges();
    assert_eq!(sent.len(), 1, "the token is stored: {sent:?}");
    assert_eq!(sent[0]["audience"], "render");
    assert_eq!(
        sent[0]["subject_token_type"],
        "urn:ietf:params:oauth:token-type:access_token"
    );
    // The token of one subject is not used for another.
    call(&other).run().expect_code(0);
    assert_eq!(exchanges().len(), 2);
    let refused = call("not-a-token").run().expect_code(9);
    let text = refused.stderr_text();
    assert!(text.contains("400 invalid_grant"), "{text}");
    assert!(!text.contains("not-a-token"), "{text}");
}

/// Logs in on a terminal without a browser: opens the shown page elsewhere, and pastes what `pick`, an
/// expression of Python, makes of the URL that it ends at.
const PASTE: &str = r#"
import os, pty, re, select, subprocess, sys, termios, time, urllib.parse
browser, pick, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(arguments[0], arguments)
shown, deadline, waiting = b"", time.time() + 50, True
while time.time() < deadline:
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
    if waiting and b"(not shown): " in shown:
        url = re.search(rb"Open (http\S+)", shown).group(1).decode()
        end = os.environ["BROWSER_FILE"]
        subprocess.run([sys.executable, browser, url], check=True, env=os.environ | {"BROWSER_DO": "save"})
        url = open(end).read()
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        while termios.tcgetattr(terminal)[3] & termios.ECHO and time.time() < deadline:
            time.sleep(0.002)
        os.write(terminal, eval(pick).encode() + b"\n")
        waiting = False
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

#[test]
fn redirect_url_is_pasted_where_there_is_no_browser() {
    let Some(desk) = desk("oidc-paste") else {
        return;
    };
    let Some(python) = peers::python(&[]) else {
        return;
    };
    let paste = |pick: &str| {
        desk.with_variables(Run::of(&python))
            .args(["-c", PASTE])
            .arg(peers::browser())
            .arg(pick)
            .arg(binary())
            .args(["auth", "login", "--no-browser", "paste"])
            .run()
    };
    for pick in ["url", "urllib.parse.urlsplit(url).query"] {
        let done = paste(pick).expect_code(0);
        let text = done.stdout_text();
        assert!(
            text.contains("logged in to paste as lena@studio.lan"),
            "{text}"
        );
    }
    // This issuer promises `iss`, which the code alone does not have.
    for (pick, why) in [
        ("query['code']", "does not say which issuer"),
        (
            "url.replace(query['state'], 'x')",
            "not the response to this login",
        ),
        (
            "'http://127.0.0.1/callback'",
            "neither a redirect URL nor a code",
        ),
    ] {
        let failed = paste(pick).expect_code(7);
        assert!(failed.stdout_text().contains(why), "{}", failed.tell());
    }
    // Without a terminal there is nobody to ask.
    let alone = desk.with_variables(c47()).args(["auth", "login", "paste"]);
    let failed = alone.run().expect_code(9);
    assert!(
        failed.stderr_text().contains("no terminal"),
        "{}",
        failed.tell()
    );
}
