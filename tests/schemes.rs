//! What holds for every scheme of a profile: its secrets are never printed, never sent in plain text to
//! another machine, and never sent to another origin. A new scheme without a row fails the tests.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use c47::testing::SCHEMES;

use crate::support::server::{Request, Response, Server};
use crate::support::{Output, Run, Scratch, c47};

/// A part of all secrets that the schemes read or get from a service.
const SECRET: &str = "hunter2";
const KEY: &str = "hunter2-hunter2-hunter2-hunter2-hunter2-hunter2";

/// What a request has without credentials.
const PLAIN_HEADERS: [&str; 4] = ["host", "user-agent", "accept", "accept-encoding"];

/// The keys of each scheme in a profile. `SERVICE` is the URL of the service that issues tokens.
const ROWS: &[(&str, &str)] = &[
    ("none", ""),
    ("basic", "user = 'u'\npassword = 'env:KEY'"),
    ("digest", "user = 'u'\npassword = 'env:KEY'"),
    ("netrc", ""),
    ("bearer", "token = 'env:KEY'"),
    ("header", "name = 'X-Api-Key'\ntoken = 'env:KEY'"),
    ("query", "name = 'key'\ntoken = 'env:KEY'"),
    ("jwt", "algorithm = 'HS256'\nkey = 'env:KEY'"),
    (
        "aws",
        "access_key = 'AKIAROW'\nsecret_key = 'env:KEY'\nsession_token = 'env:KEY'\nregion = 'x'\nservice = 's3'",
    ),
    ("hmac", "key = 'env:KEY'"),
    ("helper", "helper = ['/bin/sh', 'HELPER']"),
    (
        "client_credentials",
        "token_url = 'SERVICE/token'\nclient_id = 'c'\nclient_secret = 'env:KEY'",
    ),
    (
        "jwt_bearer",
        "token_url = 'SERVICE/token'\nalgorithm = 'HS256'\nkey = 'env:KEY'\nclaims = { iss = 'me' }",
    ),
    (
        "refresh_token",
        "token_url = 'SERVICE/token'\nclient_id = 'c'\nrefresh_token = 'env:KEY'",
    ),
    (
        "device",
        "token_url = 'SERVICE/token'\ndevice_url = 'SERVICE/device'\nclient_id = 'c'\nclient_secret = 'env:KEY'",
    ),
    (
        "oidc",
        "issuer = 'SERVICE'\nclient_id = 'c'\nclient_secret = 'env:KEY'\nscope = 'render'",
    ),
    (
        "token_exchange",
        "token_url = 'SERVICE/token'\nclient_id = 'c'\nclient_secret = 'env:KEY'\nsubject_token = 'env:KEY'",
    ),
    (
        "login",
        "user = 'u'\npassword = 'env:KEY'\nlogin = { url = 'SERVICE/token', json = { password = '{password}' } }",
    ),
];

#[test]
fn every_scheme_has_a_row() {
    let rows: Vec<&str> = ROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(rows, SCHEMES);
}

/// A profile `p` with one scheme.
struct Desk {
    scratch: Scratch,
    /// The service of the profile, which also issues tokens.
    server: Server,
    /// Another origin, which `/away` redirects to.
    elsewhere: Server,
}

fn respond(request: &Request, is_digest: bool, away: &str) -> Response {
    let path = request.target.split('?').next().unwrap();
    match path {
        "/.well-known/openid-configuration" => {
            let issuer = format!("http://{}", request.header("host").unwrap());
            Response::json(&format!(
                r#"{{"issuer":"{issuer}","authorization_endpoint":"{issuer}/auth","token_endpoint":"{issuer}/token",
                "jwks_uri":"{issuer}/jwks","device_authorization_endpoint":"{issuer}/device"}}"#
            ))
        }
        "/device" => Response::json(
            r#"{"device_code":"hunter2-device","user_code":"W","verification_uri":"https://x.lan/","interval":1,"expires_in":60}"#,
        ),
        "/token" => Response::json(
            r#"{"access_token":"hunter2-token","token_type":"Bearer","refresh_token":"hunter2-refresh","expires_in":3600,
            "issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}"#,
        ),
        _ if is_digest && request.header("authorization").is_none() => Response::new(
            "401 Unauthorized",
            "www-authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\n",
            "",
        ),
        "/away" => Response::redirect("302 Found", away),
        "/denied" => Response::new("403 Forbidden", "", "no"),
        _ => Response::ok("ok"),
    }
}

fn desk(name: &str, keys: &str, url: &str) -> Desk {
    let scratch = Scratch::new(&format!("scheme-{name}"));
    let elsewhere = Server::start(|_| Response::ok("elsewhere")).may_be_idle();
    let (is_digest, away) = (name == "digest", elsewhere.url("/x"));
    let server = Server::start(move |request| respond(request, is_digest, &away)).may_be_idle();
    let helper = scratch.write(
        "helper",
        r#"echo '{"headers": {"X-Ticket": "hunter2-ticket"}, "query": {"t": "hunter2-query"}, "expires_in": 3600}'"#,
    );
    scratch.write(".netrc", format!("default login u password {KEY}\n"));
    let url = url.replace("SERVICE", &server.url(""));
    let keys = keys
        .replace("SERVICE", &server.url(""))
        .replace("HELPER", helper.to_str().unwrap());
    let config = format!("[profile.p]\nurl = '{url}'\nauth = '{name}'\n{keys}\n");
    scratch.write("config.toml", config);
    for file in ["config.toml", ".netrc"] {
        let file = scratch.path().join(file);
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let desk = Desk {
        scratch,
        server,
        elsewhere,
    };
    if matches!(name, "oidc" | "device") {
        let login = desk.run(&["auth", "login", "p"]).run().expect_code(0);
        desk.expect_no_secret(&login);
    }
    desk
}

impl Desk {
    fn run(&self, words: &[&str]) -> Run {
        c47()
            .env("C47_CONFIG_PATH", self.scratch.path().join("config.toml"))
            .env("C47_CACHE_DIR", self.scratch.path().join("cache"))
            .env("HOME", self.scratch.path())
            .env("KEY", KEY)
            .args(words)
    }

    /// The requests to the profile's service, without those for tokens.
    fn calls(&self) -> Vec<Request> {
        let mut calls = self.server.requests();
        calls.retain(|request| {
            !["/.well-known", "/device", "/token", "/jwks"]
                .iter()
                .any(|path| request.target.starts_with(path))
        });
        calls
    }

    /// The credentials that were sent: values of headers and of the query, and the secrets behind them.
    fn sent(&self) -> Vec<String> {
        let mut sent = vec![SECRET.to_owned()];
        for request in self.calls() {
            for (name, value) in &request.headers {
                let is_public = ["x-amz-date", "x-amz-content-sha256"].contains(&name.as_str());
                if !PLAIN_HEADERS.contains(&name.as_str()) && !is_public {
                    // The last word, without the name of a method.
                    sent.extend(value.split(' ').next_back().map(str::to_owned));
                }
            }
            let query = request.target.split_once('?').map(|(_, query)| query);
            let members = query.unwrap_or_default().split('&');
            sent.extend(members.filter_map(|pair| Some(pair.split_once('=')?.1.to_owned())));
        }
        sent
    }

    #[track_caller]
    fn expect_no_secret(&self, output: &Output) {
        let shown = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        let shown = String::from_utf8_lossy(&shown);
        for secret in self.sent() {
            assert!(!shown.contains(&secret), "{secret} in {}", output.tell());
        }
    }
}

fn has_credentials(request: &Request) -> bool {
    let plain = |name: &str| PLAIN_HEADERS.contains(&name.to_ascii_lowercase().as_str());
    request.target.contains('?') || !request.headers.iter().all(|(name, _)| plain(name))
}

#[test]
fn no_scheme_prints_a_secret() {
    for (name, keys) in ROWS {
        let desk = desk(name, keys, "SERVICE");
        let batch = desk.scratch.write("in.ndjson", "{\"url\": \"/denied\"}\n");
        let batch = batch.to_str().unwrap();
        for words in [
            &["http", "-v", "@p/x"][..],
            &["http", "-v", "@p/denied"],
            &["http", "-v", "--follow", "@p/away"],
            &["http", "--json", "@p/x"],
            &["http", "--json", "@p/denied"],
            &["http", "--print", "HhBb", "@p/away"],
            &["http", "--offline", "@p/x"],
            &["http", "--curl", "@p/x"],
            &["http", "--print-command", "@p/x"],
            &[
                "http",
                "--profile",
                "p",
                "--batch",
                batch,
                "--journal",
                "journal",
                "--summary",
                "sum",
            ],
            &["auth", "status"],
            &["auth", "status", "--json"],
            &["auth", "profiles"],
            &["auth", "profiles", "--json"],
            &["config", "show", "p", "--origin"],
            &["config", "show", "--json"],
            &["config", "check"],
            &["auth", "logout", "p"],
        ] {
            let output = desk.run(words).current_dir(desk.scratch.path()).run();
            assert!(
                matches!(output.code, 0 | 1 | 3 | 4),
                "{name}: {}",
                output.tell()
            );
            desk.expect_no_secret(&output);
        }
        assert!(desk.calls().len() >= 7, "{name}");
        for file in ["journal", "sum"] {
            let text = fs::read(desk.scratch.path().join(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            assert!(
                !desk.sent().iter().any(|secret| text.contains(secret)),
                "{name}: {text}"
            );
        }
    }
}

#[test]
fn no_scheme_sends_credentials_in_plain_text_to_another_machine() {
    for (name, keys) in ROWS {
        let desk = desk(name, keys, "http://studio.lan");
        let place = "studio.lan:80:127.0.0.1";
        let words = ["http", "@p/x", "--resolve", place, "--timeout", "20s"];
        let output = desk.run(&words).run();
        desk.expect_no_secret(&output);
        let is_refused = output.stderr_text().contains("in plain text");
        assert_eq!(is_refused, *name != "none", "{name}: {}", output.tell());
    }
}

#[test]
fn no_scheme_sends_credentials_to_another_origin() {
    for (name, keys) in ROWS {
        let desk = desk(name, keys, "SERVICE");
        desk.run(&["http", "--follow", "@p/away"])
            .run()
            .expect_code(0);
        let call = desk.calls().pop().unwrap();
        assert_eq!(has_credentials(&call), *name != "none", "{name}: {call:?}");
        let elsewhere = desk.elsewhere.request();
        assert!(!has_credentials(&elsewhere), "{name}: {elsewhere:?}");
    }
}
