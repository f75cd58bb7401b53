//! OpenID Connect logins at an issuer with one fault each: none of them is accepted.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::server::{Request, Response, Server};
use crate::support::{Output, Run, Scratch, binary, c47, peers, wait_until};

const SECRETS: [&str; 4] = ["access-t0ken", "refresh-t0ken", "c0de", "client-s3cret"];

/// An issuer. The functions change what it would say without a fault.
struct Fault {
    metadata: fn(&mut Value),
    callback: fn(&mut Vec<(&'static str, String)>),
    claims: fn(&mut Value),
    /// Changes the signed token.
    token: fn(&Keys, String) -> String,
    /// Changes the token response, which has `id_token` by then.
    answer: fn(&mut Value),
}

const NONE: Fault = Fault {
    metadata: |_| {},
    callback: |_| {},
    claims: |_| {},
    token: |_, token| token,
    answer: |_| {},
};

/// The keys of the issuer `good` and of an attacker `bad`, both with the kid `k1`.
struct Keys {
    directory: PathBuf,
    claims: Value,
}

impl Keys {
    fn sign(&self, alg: &str, key: &str) -> String {
        let file = self.directory.join("claims.json");
        fs::write(&file, self.claims.to_string()).unwrap();
        let no_exp = self.claims.get("exp").is_none().then_some("--no-exp");
        let signed = c47()
            .args(["jwt", "sign", "--kid", "k1", "--alg", alg, "--key"])
            .arg(self.directory.join(key))
            .arg("--claims")
            .arg(file)
            .args(no_exp)
            .run()
            .expect_code(0);
        signed.stdout_text().trim().to_owned()
    }
}

fn generate(directory: &Path, name: &str) {
    c47()
        .args(["jwt", "keygen", "--alg", "ES256", "--format", "jwk", "-o"])
        .arg(directory.join(name))
        .run()
        .expect_code(0);
}

struct Desk {
    server: Server,
    /// Another origin, which `/away` redirects to.
    elsewhere: Server,
    scratch: Scratch,
    nonce: Arc<Mutex<String>>,
}

fn desk(name: &str, fault: Fault) -> Desk {
    let scratch = Scratch::new(name);
    let directory = scratch.path().to_owned();
    generate(&directory, "good");
    generate(&directory, "bad");
    let nonce: Arc<Mutex<String>> = Arc::default();
    let current = Arc::clone(&nonce);
    let elsewhere = Server::start(|_| Response::ok("elsewhere")).may_be_idle();
    let away = elsewhere.url("/x");
    let server = Server::start(move |request: &Request| {
        let host = request.header("host").unwrap();
        let issuer = format!("http://{host}");
        match request.target.as_str() {
            "/.well-known/openid-configuration" => {
                let mut metadata = json!({
                    "issuer": issuer,
                    "authorization_endpoint": format!("{issuer}/auth"),
                    "token_endpoint": format!("{issuer}/token"),
                    "jwks_uri": format!("{issuer}/jwks"),
                    "code_challenge_methods_supported": ["S256"],
                    "authorization_response_iss_parameter_supported": true,
                });
                (fault.metadata)(&mut metadata);
                Response::json(&metadata.to_string())
            }
            "/jwks" => {
                let key = fs::read_to_string(directory.join("good.pub")).unwrap();
                let mut key: Value = serde_json::from_str(&key).unwrap();
                key["kid"] = "k1".into();
                let published =
                    json!({"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "kid": "k2"});
                Response::json(&json!({"keys": [key, published]}).to_string())
            }
            "/token" => {
                let mut claims = json!({
                    "iss": issuer, "sub": "lena", "aud": "farm", "email": "lena@studio.lan",
                    "iat": 1_000_000_000, "exp": 9_000_000_000_i64,
                    "nonce": current.lock().unwrap().as_str(),
                });
                (fault.claims)(&mut claims);
                let keys = Keys {
                    directory: directory.clone(),
                    claims,
                };
                let token = (fault.token)(&keys, keys.sign("ES256", "good"));
                let mut answer = json!({
                    "access_token": "access-t0ken", "refresh_token": "refresh-t0ken",
                    "expires_in": 3600, "id_token": token,
                });
                (fault.answer)(&mut answer);
                Response::json(&answer.to_string())
            }
            "/x" => Response::ok("ok"),
            "/away" => Response::redirect("307 Temporary Redirect", &away),
            _ => Response::new("404 Not Found", "", ""),
        }
    })
    .may_be_idle();
    Desk {
        server,
        elsewhere,
        scratch,
        nonce,
    }
}

impl Desk {
    fn run(&self, words: &[&str]) -> Run {
        let url = self.server.url("");
        let config = format!(
            "[profile.p]\nurl='{url}'\nauth='oidc'\nissuer='{url}'\nclient_id='farm'\n\
             client_secret='client-s3cret'\nclient_auth='post'\n"
        );
        let config = self.scratch.write("config.toml", config);
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        // A browser that only says which page it would open.
        let script =
            "#!/bin/sh\nprintf %s \"$1\" >\"$OPENED.new\" && mv \"$OPENED.new\" \"$OPENED\"\n";
        let file = self.scratch.write("bin/xdg-open", script);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::var("PATH").unwrap();
        c47()
            .env("C47_CONFIG_PATH", config)
            .env("C47_CACHE_DIR", self.scratch.path().join("cache"))
            .env("WAYLAND_DISPLAY", "wayland-0")
            .env(
                "PATH",
                format!("{}:{path}", file.parent().unwrap().display()),
            )
            .env("OPENED", self.opened())
            .args(words)
    }

    fn opened(&self) -> PathBuf {
        self.scratch.path().join("opened")
    }

    /// Logs in, with the redirect that `change` makes.
    fn log_in(&self, change: fn(&mut Vec<(&'static str, String)>)) -> Output {
        let _ = fs::remove_file(self.opened());
        let login = self.run(&["auth", "login", "p"]).spawn();
        let opened = self.opened();
        wait_until("the browser is started, or the login ends", || {
            opened.exists() || !Path::new(&format!("/proc/{}/fd/0", login.id())).exists()
        });
        if let Ok(url) = fs::read_to_string(&opened) {
            let value = |name: &str| {
                let pairs = url.split(['?', '&']);
                let found = pairs.filter_map(|pair| pair.split_once('='));
                let mut values = found.filter(|(known, _)| *known == name);
                values.next().map(|(_, value)| value.to_owned()).unwrap()
            };
            assert_eq!(value("code_challenge_method"), "S256");
            *self.nonce.lock().unwrap() = value("nonce");
            let mut pairs = vec![
                ("code", "c0de".to_owned()),
                ("state", value("state")),
                ("iss", self.server.url("")),
            ];
            change(&mut pairs);
            let query: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
            let redirect = value("redirect_uri")
                .replace("%3A", ":")
                .replace("%2F", "/");
            let host = redirect.strip_prefix("http://").unwrap();
            let host = host.strip_suffix("/callback").unwrap();
            let mut stream = TcpStream::connect(host).unwrap();
            let request = format!(
                "GET /callback?{} HTTP/1.1\r\nHost: {host}\r\n\r\n",
                query.join("&")
            );
            stream.write_all(request.as_bytes()).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let output = login.wait();
        let shown = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        let shown = String::from_utf8_lossy(&shown);
        for secret in SECRETS {
            assert!(!shown.contains(secret), "{secret} in\n{}", output.tell());
        }
        output
    }

    /// Changes the stored token.
    fn edit_token(&self, edit: fn(&mut Value)) {
        let files = fs::read_dir(self.scratch.path().join("cache")).unwrap();
        let mut paths = files.map(|file| file.unwrap().path());
        let file = paths
            .find(|path| path.extension().is_some_and(|end| end == "token"))
            .unwrap();
        let mut json = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        edit(&mut json);
        fs::write(file, json.to_string()).unwrap();
    }

    /// Whether a token is stored.
    fn is_logged_in(&self) -> bool {
        self.run(&["auth", "status", "p"]).run().code == 0
    }
}

/// Checks that the login is refused for this reason, and that nothing is stored.
#[track_caller]
fn expect_refused(name: &str, why: &str, fault: Fault) {
    let callback = fault.callback;
    let desk = desk(&format!("hostile-{}", name.replace(' ', "-")), fault);
    let output = desk.log_in(callback).expect_code(7);
    let text = output.stderr_text();
    assert!(
        text.contains(why),
        "{name}: {why} expected\n{}",
        output.tell()
    );
    assert!(!desk.is_logged_in(), "{name}");
}

/// Makes a fault of the one function that differs.
macro_rules! fault {
    ($member:ident: $change:expr) => {
        Fault {
            $member: $change,
            ..NONE
        }
    };
}

#[test]
fn issuer_without_a_fault_is_accepted() {
    let desk = desk("hostile-none", NONE);
    let done = desk.log_in(NONE.callback).expect_code(0);
    let text = done.stderr_text();
    assert!(text.contains("logged in to p as lena@studio.lan"), "{text}");
    assert!(desk.is_logged_in());
    desk.run(&["http", "@p/x"]).run().expect_code(0);
    let last = desk.server.requests().pop().unwrap();
    assert_eq!(last.header("authorization"), Some("Bearer access-t0ken"));
}

#[test]
fn id_token_with_wrong_claims_is_refused() {
    for (name, why, claims) in [
        (
            "nonce",
            "'nonce' is that of another login",
            (|c| c["nonce"] = "x".into()) as fn(&mut Value),
        ),
        ("no nonce", "'nonce' is missing", |c| {
            c["nonce"] = Value::Null
        }),
        ("aud", "aud is 'other'", |c| c["aud"] = "other".into()),
        ("no aud", "'aud' is missing", |c| {
            c.as_object_mut().unwrap().remove("aud");
        }),
        ("auds", "several audiences", |c| {
            c["aud"] = json!(["farm", "other"])
        }),
        ("azp", "'azp' is another client", |c| {
            c["azp"] = "other".into()
        }),
        ("iss", "iss is 'https://evil.lan'", |c| {
            c["iss"] = "https://evil.lan".into()
        }),
        ("expired", "expired", |c| c["exp"] = 1_000_000_001.into()),
        ("no exp", "'exp' is missing", |c| {
            c.as_object_mut().unwrap().remove("exp");
        }),
        ("no sub", "'sub' is missing", |c| {
            c.as_object_mut().unwrap().remove("sub");
        }),
        ("at hash", "'at_hash' is that of another", |c| {
            c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into();
        }),
    ] {
        expect_refused(name, why, fault!(claims: claims));
    }
}

#[test]
fn id_token_without_a_valid_signature_is_refused() {
    for (name, why, token) in [
        (
            "other key",
            "signature does not match",
            (|keys, _| keys.sign("ES256", "bad")) as fn(&Keys, String) -> String,
        ),
        ("none", "algorithm 'none' is never allowed", |_, token| {
            let payload = token.split('.').nth(1).unwrap().to_owned();
            format!("eyJhbGciOiJub25lIn0.{payload}.")
        }),
        ("hmac", "HS256 is not allowed", |keys, _| {
            // The secret that the issuer publishes, which everybody knows.
            fs::write(
                keys.directory.join("secret"),
                "secret-secret-secret-secret-secret",
            )
            .unwrap();
            keys.sign("HS256", "secret")
        }),
        ("changed", "signature does not match", |keys, token| {
            let other = Keys {
                directory: keys.directory.clone(),
                claims: json!({"iss": "x"}),
            };
            let other = other.sign("ES256", "good");
            let signature = other.rsplit('.').next().unwrap().to_owned();
            let (signed, _) = token.rsplit_once('.').unwrap();
            format!("{signed}.{signature}")
        }),
        ("not a token", "malformed", |_, _| "opaque".into()),
    ] {
        expect_refused(name, why, fault!(token: token));
    }
}

#[test]
fn metadata_and_responses_with_faults_are_refused() {
    for (name, why, fault) in [
        (
            "issuer",
            "its issuer is 'https://evil.lan'",
            fault!(metadata: |m| m["issuer"] = "https://evil.lan".into()),
        ),
        (
            "plaintext",
            "its token_endpoint is not https",
            fault!(metadata: |m| m["token_endpoint"] = "http://evil.lan/token".into()),
        ),
        (
            "pkce",
            "does not support PKCE",
            fault!(metadata: |m| m["code_challenge_methods_supported"] = json!(["plain"])),
        ),
        (
            "iss",
            "from another issuer (iss)",
            fault!(callback: |pairs| pairs[2].1 = "https://evil.lan".into()),
        ),
        (
            "no iss",
            "does not say which issuer",
            fault!(callback: |pairs| {
                pairs.pop();
            }),
        ),
        (
            "no id token",
            "no ID token",
            fault!(answer: |a| {
                a.as_object_mut().unwrap().remove("id_token");
            }),
        ),
        (
            "no keys",
            "no jwks_uri",
            fault!(metadata: |m| {
                m.as_object_mut().unwrap().remove("jwks_uri");
            }),
        ),
        (
            "redirect",
            "returned 404",
            fault!(metadata: |m| {
                let url = m["token_endpoint"].as_str().unwrap().replace("/token", "/nowhere");
                m["token_endpoint"] = url.into();
            }),
        ),
    ] {
        expect_refused(name, why, fault);
    }
}

#[test]
fn refreshed_id_token_of_another_person_is_refused() {
    let desk = desk("hostile-refresh", NONE);
    desk.log_in(NONE.callback).expect_code(0);
    let expire = |edit: fn(&mut Value)| desk.edit_token(edit);
    expire(|json| json["expires"] = 1.into());
    desk.run(&["http", "@p/x"]).run().expect_code(0);
    for (edit, why) in [
        (
            (|json| json["identity"]["sub"] = "kim".into()) as fn(&mut Value),
            "for another person (sub)",
        ),
        (
            |json| json["identity"] = json!({"sub": "lena", "nonce": "older"}),
            "'nonce' is that of another login",
        ),
    ] {
        expire(|json| json["expires"] = 1.into());
        expire(edit);
        let refused = desk.run(&["http", "@p/x"]).run().expect_code(7);
        let text = refused.stderr_text();
        assert!(text.contains(why), "{text}");
        expire(|json| json["expires"] = 1.into());
    }
}

#[test]
fn login_of_a_person_is_not_spent_on_a_full_disk() {
    let desk = desk("hostile-full", NONE);
    desk.log_in(NONE.callback).expect_code(0);
    desk.edit_token(|json| json["expires"] = 1.into());
    let before = desk.server.requests().len();
    let failed = desk
        .run(&["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" http @p/x"])
        .arg(binary())
        .program("sh")
        .run()
        .expect_code(7);
    let text = failed.stderr_text();
    assert!(text.contains("could not be stored"), "{text}");
    assert_eq!(desk.server.requests().len(), before);
    desk.run(&["http", "@p/x"]).run().expect_code(0);
}

#[test]
fn issuer_in_plain_text_on_another_machine_is_refused() {
    let scratch = Scratch::new("oidc-plaintext");
    let config = scratch.write(
        "config.toml",
        "[profile.p]\nurl='https://a.lan'\nauth='oidc'\nissuer='http://sso.lan'\nclient_id='c'\nallow_plaintext=true\n",
    );
    for words in [&["auth", "login", "p"][..], &["http", "@p/x"]] {
        let refused = c47()
            .env("C47_CONFIG_PATH", &config)
            .args(words)
            .run()
            .expect_code(2);
        let text = refused.stderr_text();
        assert!(text.contains("issuer: must be https"), "{text}");
    }
}

#[test]
fn token_of_a_person_does_not_follow_a_redirect_to_another_origin() {
    let desk = desk("hostile-redirect", NONE);
    desk.log_in(NONE.callback).expect_code(0);
    desk.run(&["http", "--follow", "@p/away"])
        .run()
        .expect_code(0);
    let request = desk.elsewhere.request();
    let all = format!("{request:?}");
    for secret in SECRETS {
        assert!(!all.contains(secret), "{all}");
    }
    // The profile at another service has no token, and does not use this one.
    let config = desk.scratch.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let (from, to) = (desk.server.url(""), desk.elsewhere.url(""));
    let moved = text.replacen(&from, &to, 1);
    let moved = desk.scratch.write("moved.toml", moved);
    fs::set_permissions(&moved, fs::Permissions::from_mode(0o600)).unwrap();
    let call = desk.run(&["http", "@p/x"]).env("C47_CONFIG_PATH", moved);
    call.run().expect_code(9);
    assert_eq!(desk.elsewhere.requests().len(), 1);
}

#[test]
fn metadata_is_also_found_as_in_rfc_8414() {
    let server = Server::start(|request: &Request| {
        let issuer = format!("http://{}/tenant", request.header("host").unwrap());
        match request.target.as_str() {
            "/.well-known/oauth-authorization-server/tenant" => Response::json(
                &json!({"issuer": issuer, "token_endpoint": format!("{issuer}/token?policy=a")})
                    .to_string(),
            ),
            "/tenant/token?policy=a" => {
                let body = request.body_text();
                assert!(body.contains("subject_token=s"), "{body}");
                assert!(
                    body.contains(
                        "requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"
                    ),
                    "{body}"
                );
                assert!(body.contains("actor_token=a&actor_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"), "{body}");
                Response::json(r#"{"access_token":"at","expires_in":60}"#)
            }
            "/api/x" => Response::ok("ok"),
            _ => Response::new("404 Not Found", "", ""),
        }
    });
    let scratch = Scratch::new("oidc-8414");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.p]\nurl='{0}/api'\nauth='token_exchange'\nissuer='{0}/tenant'\nclient_id='c'\n\
             subject_token='env:S'\nactor_token='env:A'\nrequested_token_type='jwt'\n",
            server.url("")
        ),
    );
    c47()
        .env("C47_CONFIG_PATH", config)
        .env("C47_CACHE_DIR", scratch.path().join("cache"))
        .env("S", "s")
        .env("A", "a")
        .args(["http", "@p/x"])
        .run()
        .expect_code(0);
}

#[test]
fn presets_keycloak_and_okta_know_the_issuer() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let good = &certificates.good;
    let location = |path: &str| {
        format!(
            "location = {path}/.well-known/openid-configuration {{
                return 200 '{{\"issuer\":\"https://localhost:@port0@{path}\"}}'; }}"
        )
    };
    let Some(nginx) = peers::nginx(&format!(
        "server {{ listen 127.0.0.1:@port0@ ssl; ssl_certificate {}; ssl_certificate_key {}; {} {} }}",
        good.certificate.display(),
        good.key.display(),
        location("/realms/vfx"),
        location("/oauth2/default"),
    )) else {
        return;
    };
    let scratch = Scratch::new("oidc-presets");
    for (preset, more) in [("keycloak", "realm='vfx'"), ("okta", "")] {
        let config = scratch.write(
            "config.toml",
            format!(
                "[profile.p]\nurl='https://a.lan'\npreset='{preset}'\ndomain='localhost:{}'\n\
                 client_id='c'\ncacert='{}'\n{more}\n",
                nginx.port(0),
                certificates.ca.display()
            ),
        );
        let login = c47().env("C47_CONFIG_PATH", config);
        let failed = login.args(["auth", "login", "p"]).run().expect_code(7);
        // The metadata of this issuer was read.
        let text = failed.stderr_text();
        let expected = "the issuer has no authorization_endpoint";
        assert!(text.contains(expected), "{preset}: {text}");
    }
}

/// The time limit of a login is not an option, so its error names the URL in place of one.
#[test]
fn silent_issuer_is_named_when_the_time_is_over() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let scratch = Scratch::new("oidc-silent");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.p]\nurl='{url}'\nauth='token_exchange'\nissuer='{url}'\nclient_id='c'\n\
             subject_token='env:S'\ntimeout='1s'\n"
        ),
    );
    let login = c47()
        .env("C47_CONFIG_PATH", config)
        .env("C47_CACHE_DIR", scratch.path().join("cache"))
        .env("S", "subject")
        .args(["auth", "token", "p"])
        .limit(std::time::Duration::from_secs(20));
    let output = login.run().expect_code(8);
    let text = output.stderr_text();
    let why = format!("c47 auth token: {url}/.well-known/openid-configuration: timed out");
    assert!(text.contains(&why), "{text}");
    assert!(!text.contains("--timeout"), "{text}");
}
