//! TLS with nginx: which servers c47 trusts, and its messages for those that it does not.

use std::path::Path;

use crate::support::peers::{self, Nginx};
use crate::support::{self, Output, Run, Scratch, c47};

fn server(certificate: &peers::Pair, more: &str) -> Option<Nginx> {
    let (certificate, key) = (certificate.certificate.display(), certificate.key.display());
    peers::nginx(&format!(
        "server {{ listen 127.0.0.1:@port0@ ssl; listen 127.0.0.1:@port1@;
            ssl_certificate {certificate}; ssl_certificate_key {key}; {more}
            location / {{ return 200 'secure'; }} }}"
    ))
}

fn get(nginx: &Nginx, options: &[&str]) -> Output {
    c47()
        .args(["http", &format!("https://localhost:{}/", nginx.port(0))])
        .args(options)
        .run()
}

fn cacert(path: &Path) -> [&str; 2] {
    ["--cacert", path.to_str().unwrap()]
}

#[test]
fn valid_certificates_are_accepted() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    for pair in [&certificates.good, &certificates.chained, &certificates.rsa] {
        for protocol in ["TLSv1.2", "TLSv1.3"] {
            let Some(nginx) = server(pair, &format!("ssl_protocols {protocol};")) else {
                return;
            };
            let output = get(&nginx, &cacert(&certificates.ca)).expect_code(0);
            assert_eq!((output.stdout_text(), output.stderr_text()), ("secure", ""));
            let by_address = format!("https://127.0.0.1:{}/", nginx.port(0));
            c47()
                .args(["http", &by_address])
                .args(cacert(&certificates.ca))
                .run()
                .expect_code(0);
            // SSL_CERT_FILE names the system's roots.
            let url = format!("https://localhost:{}/", nginx.port(0));
            c47()
                .env("SSL_CERT_FILE", &certificates.ca)
                .args(["http", &url])
                .run()
                .expect_code(0);
            let output = c47()
                .args(["http", "--json", &url])
                .args(cacert(&certificates.ca))
                .run()
                .expect_code(0);
            assert!(output.json()["timing_ms"]["tls"].as_f64().unwrap() > 0.0);
        }
    }
}

#[test]
fn certificate_errors_name_the_cause() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let ca = cacert(&certificates.ca);
    for (pair, options, why) in [
        (
            &certificates.expired,
            &ca[..],
            "expired on 2021-01-01T00:00:00Z",
        ),
        (&certificates.not_yet_valid, &ca, "not valid before 2090-"),
        (
            &certificates.wrong_name,
            &ca,
            "wrong name: the certificate is for other.example",
        ),
        (&certificates.self_signed, &ca, "unknown issuer"),
        (&certificates.unknown_issuer, &ca, "issued by '"),
        (&certificates.good, &[], "unknown issuer"),
    ] {
        let Some(nginx) = server(pair, "") else {
            return;
        };
        let output = get(&nginx, options).expect_code(7);
        assert!(
            output.stderr_text().contains(why),
            "{why}: {}",
            output.stderr_text()
        );
        assert_eq!(output.stdout_text(), "");
        if why == "unknown issuer" || why == "issued by '" {
            assert!(
                output.stderr_text().contains("hint: use --cacert"),
                "{}",
                output.stderr_text()
            );
        }
        let output = get(&nginx, &["--insecure"]).expect_code(0);
        assert!(
            output.stderr_text().contains("--insecure"),
            "it is said each time"
        );
    }
}

/// Certificates of `openssl req -x509`, which curl accepts: root and server in one.
#[test]
fn cacert_trusts_a_self_signed_root() {
    let Some(openssl) = peers::tool("openssl") else {
        return;
    };
    let scratch = support::Scratch::new("self-signed");
    let make = |name: &str, alternative: &str| {
        let pair = peers::Pair {
            certificate: scratch.path().join(format!("{name}.pem")),
            key: scratch.path().join(format!("{name}.key")),
        };
        support::Run::of(&openssl)
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            ])
            .args(["-subj", &format!("/CN={name}"), "-addext"])
            .arg(format!("subjectAltName=DNS:{alternative}"))
            .arg("-keyout")
            .arg(&pair.key)
            .arg("-out")
            .arg(&pair.certificate)
            .run()
            .expect_code(0);
        pair
    };
    let own = make("own", "localhost");
    let Some(nginx) = server(&own, "") else {
        return;
    };
    get(&nginx, &cacert(&own.certificate)).expect_code(0);
    let other = make("other", "other.example");
    let Some(nginx) = server(&other, "") else {
        return;
    };
    let output = get(&nginx, &cacert(&other.certificate)).expect_code(7);
    assert!(
        output.stderr_text().contains("wrong name"),
        "{}",
        output.tell()
    );
    let output = get(&nginx, &cacert(&own.certificate)).expect_code(7);
    assert!(
        output.stderr_text().contains("self-signed root"),
        "{}",
        output.tell()
    );
}

#[test]
fn cacert_trusts_a_self_signed_certificate() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let Some(nginx) = server(&certificates.self_signed, "") else {
        return;
    };
    get(&nginx, &cacert(&certificates.self_signed.certificate)).expect_code(0);
}

#[test]
fn ssl_cert_dir_is_used() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let Some(nginx) = server(&certificates.good, "") else {
        return;
    };
    let scratch = support::Scratch::new("directory");
    std::fs::copy(&certificates.ca, scratch.path().join("1.pem")).unwrap();
    scratch.write("README", "no certificate");
    let url = format!("https://localhost:{}/", nginx.port(0));
    c47()
        .env("SSL_CERT_DIR", scratch.path())
        .args(["http", &url])
        .run()
        .expect_code(0);
    let run = c47()
        .env("SSL_CERT_FILE", &certificates.other_ca)
        .env("SSL_CERT_DIR", scratch.path());
    run.args(["http", &url]).run().expect_code(0);
}

#[test]
fn client_certificate_is_sent_on_request() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let more = format!(
        "ssl_client_certificate {}; ssl_verify_client on;",
        certificates.ca.display()
    );
    let Some(nginx) = server(&certificates.good, &more) else {
        return;
    };
    let ca = cacert(&certificates.ca);
    let (certificate, key) = (
        certificates.client.certificate.to_str().unwrap(),
        certificates.client.key.to_str().unwrap(),
    );
    get(&nginx, &[ca[0], ca[1], "--cert", certificate, "--key", key]).expect_code(0);
    get(&nginx, &ca).expect_code(4);
    let other_key = certificates.good.key.to_str().unwrap();
    let output = get(
        &nginx,
        &[ca[0], ca[1], "--cert", certificate, "--key", other_key],
    )
    .expect_code(7);
    assert!(
        output.stderr_text().contains("--key"),
        "{}",
        output.stderr_text()
    );
    get(
        &nginx,
        &[ca[0], ca[1], "--cert", "/nonexistent", "--key", key],
    )
    .expect_code(7);
    get(
        &nginx,
        &[ca[0], ca[1], "--cert", certificate, "--key", certificate],
    )
    .expect_code(7);
}

#[test]
fn missing_root_store_is_reported() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let Some(nginx) = server(&certificates.good, "") else {
        return;
    };
    let url = format!("https://localhost:{}/", nginx.port(0));
    let output = c47()
        .env("SSL_CERT_FILE", "/nonexistent/ca.pem")
        .args(["http", &url])
        .run()
        .expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("SSL_CERT_FILE: /nonexistent/ca.pem"),
        "{}",
        output.stderr_text()
    );
    get(&nginx, &["--cacert", "/etc/hostname"]).expect_code(7);
    // Without a root store, the built-in roots are used, which do not include this CA.
    let plain = format!("https://localhost:{}/", nginx.port(1));
    let output = c47().args(["http", &plain]).run().expect_code(7);
    assert!(
        output.stderr_text().contains("not TLS"),
        "{}",
        output.stderr_text()
    );
}

/// A redirect from https to http is refused, because it would expose secrets.
#[test]
fn redirect_from_https_to_http_is_not_followed() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let Some(nginx) = server(
        &certificates.good,
        "location /away { return 302 http://localhost:@port1@/; }",
    ) else {
        return;
    };
    let url = format!("https://localhost:{}/away", nginx.port(0));
    let output = c47()
        .env("S", "sekrit")
        .args(["http", "--follow", &url, "--auth", "bearer=env:S"])
        .args(cacert(&certificates.ca))
        .run()
        .expect_code(3);
    assert!(
        output.stderr_text().contains("from https to http"),
        "{}",
        output.stderr_text()
    );
    assert_eq!(
        nginx.access_log().lines().count(),
        1,
        "{}",
        nginx.access_log()
    );
    let up = format!("http://localhost:{}/up", nginx.port(1));
    c47().args(["http", "--follow", &up]).run().expect_code(0);
}

/// A TLS server in Python. For each connection it prints whether the client sent a certificate,
/// reads a part of the request, responds, and closes with a reset or after close_notify.
const SERVER: &str = r#"
import socket, ssl, struct, sys, time
certificate, key, ca, response, end = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.load_verify_locations(ca)
context.verify_mode = ssl.CERT_OPTIONAL
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    raw, _ = listener.accept()
    try:
        tls = context.wrap_socket(raw, server_side=True)
        print("client certificate" if tls.getpeercert() else "no certificate", flush=True)
        tls.recv(1024)
        tls.sendall(response.encode().decode("unicode_escape").encode())
        if end == "notify":
            time.sleep(0.2)
            tls.setblocking(False)
            try:
                tls.unwrap()
            except OSError:
                pass
        tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(0.2)
        tls.close()
    except OSError:
        raw.close()
"#;

/// The server, its port, and the options that make c47 trust it.
struct PythonServer {
    child: support::Child,
    port: u16,
}

impl PythonServer {
    fn start(response: &str, end: &str) -> Option<PythonServer> {
        let certificates = peers::certificates()?;
        let python = peers::tool("python3")?;
        let mut child = support::Run::of(python)
            .args(["-c", SERVER])
            .arg(&certificates.good.certificate)
            .arg(&certificates.good.key)
            .arg(&certificates.ca)
            .args([response, end])
            .spawn();
        let port = child.stdout_line().parse().unwrap();
        Some(PythonServer { child, port })
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/", self.port)
    }
}

/// A forged reset must not replace close_notify.
#[test]
fn reset_over_tls_does_not_end_a_body_without_a_length() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let response = "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\nhalf";
    let Some(server) = PythonServer::start(response, "reset") else {
        return;
    };
    let scratch = support::Scratch::new("tls-reset");
    let target = scratch.write("out", "old");
    let output = c47()
        .args(["http", &server.url(), "-o", target.to_str().unwrap()])
        .args(cacert(&certificates.ca))
        .run()
        .expect_code(7);
    let said = output.stderr_text();
    assert!(said.contains("incomplete"), "{said}");
    assert_eq!(std::fs::read(&target).unwrap(), b"old");
}

#[test]
fn early_response_over_tls_is_read() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let response = "HTTP/1.1 413 Too Large\\r\\nContent-Length: 8\\r\\n\\r\\ntoo much";
    let scratch = support::Scratch::new("tls-early");
    scratch.write("body", vec![b'x'; 32 << 20]);
    for end in ["notify", "reset"] {
        let Some(server) = PythonServer::start(response, end) else {
            return;
        };
        let output = c47()
            .current_dir(scratch.path())
            .args(["http", &server.url(), "--body", "body"])
            .args(cacert(&certificates.ca))
            .run()
            .expect_code(4);
        assert_eq!(output.stdout_text(), "too much", "{end}");
    }
}

#[test]
fn client_certificate_is_not_sent_to_another_origin() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let Some(mut other) = PythonServer::start("HTTP/1.1 204 There\\r\\n\\r\\n", "notify") else {
        return;
    };
    let redirect = format!(
        "HTTP/1.1 302 Found\\r\\nLocation: {}\\r\\nContent-Length: 0\\r\\n\\r\\n",
        other.url()
    );
    let Some(mut first) = PythonServer::start(&redirect, "notify") else {
        return;
    };
    let client = &certificates.client;
    c47()
        .args(["http", "--follow", &first.url()])
        .args(cacert(&certificates.ca))
        .arg("--cert")
        .arg(&client.certificate)
        .arg("--key")
        .arg(&client.key)
        .run()
        .expect_code(0);
    assert_eq!(first.child.stdout_line(), "client certificate");
    assert_eq!(other.child.stdout_line(), "no certificate");
}

#[test]
fn client_certificate_is_not_sent_to_an_https_proxy() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let Some(mut proxy) = PythonServer::start("HTTP/1.1 403 No\\r\\n\\r\\n", "notify") else {
        return;
    };
    let client = &certificates.client;
    c47()
        .args(["http", "https://a.invalid/", "--proxy", &proxy.url()])
        .args(cacert(&certificates.ca))
        .arg("--cert")
        .arg(&client.certificate)
        .arg("--key")
        .arg(&client.key)
        .run()
        .expect_code(7);
    assert_eq!(proxy.child.stdout_line(), "no certificate");
}

/// Sources that curl supports too; bash creates files for the others.
#[test]
fn keys_and_certificates_come_from_any_source_and_a_pipe_is_read_once() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let Some(bash) = peers::tool("bash") else {
        return;
    };
    let ca = certificates.ca.display();
    let more = format!(
        "ssl_client_certificate {ca}; ssl_verify_client on; location /again {{ return 302 /; }}"
    );
    let Some(nginx) = server(&certificates.good, &more) else {
        return;
    };
    let client = &certificates.client;
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();
    let run = |script: &str| {
        Run::of(&bash)
            .args(["-c", script])
            .env("C47", support::binary())
            .env("URL", format!("https://localhost:{}/again", nginx.port(0)))
            .env("CA", &certificates.ca)
            .env("CERT", &client.certificate)
            .env("KEY", &client.key)
            .env("CA_TEXT", text(&certificates.ca))
            .env("CERT_TEXT", text(&client.certificate))
            .env("KEY_TEXT", text(&client.key))
            .run()
    };
    for options in [
        "--cacert $CA --cert $CERT --key $KEY",
        "--cacert file:$CA --cert file:$CERT --key file:$KEY",
        "--cacert env:CA_TEXT --cert env:CERT_TEXT --key env:KEY_TEXT",
        "--cacert <(cat $CA) --cert <(cat $CERT) --key <(cat $KEY)",
        "--cacert $CA --cert $CERT --key file:- <$KEY",
    ] {
        let output = run(&format!("\"$C47\" http $URL --follow {options}")).expect_code(0);
        assert_eq!(output.stdout_text(), "secure", "{options}");
    }
    if peers::tool("curl").is_some() {
        let output = run(
            "eval \"$(\"$C47\" http ${URL%again} --cacert env:CA_TEXT --cert env:CERT_TEXT \
             --key env:KEY_TEXT --curl)\"",
        )
        .expect_code(0);
        assert_eq!(output.stdout_text(), "secure");
    }
    let output = run("\"$C47\" http $URL --cacert $CA --cert $CERT --key env:NOTHING");
    let output = output.expect_code(9);
    assert!(
        output.stderr_text().contains("no secret from env:NOTHING"),
        "{}",
        output.tell()
    );
    let output = run("\"$C47\" http $URL --cacert $CA --cert env:CA --key $KEY").expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("--cert env:CA: it contains no"),
        "{}",
        output.tell()
    );
}

#[test]
fn profile_takes_certificates_and_keys_by_path_or_source() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let ca = certificates.ca.display();
    let more = format!("ssl_client_certificate {ca}; ssl_verify_client on;");
    let Some(nginx) = server(&certificates.good, &more) else {
        return;
    };
    let (certificate, key) = (
        certificates.client.certificate.display(),
        certificates.client.key.display(),
    );
    let scratch = support::Scratch::new("tls-profile");
    for keys in [
        format!("cacert='{ca}'\ncert='{certificate}'\ncert_key='{key}'\n"),
        format!("cacert='file:{ca}'\ncert='file:{certificate}'\ncert_key='file:{key}'\n"),
        format!("cacert='{ca}'\ncert='{certificate}'\ncert_key='env:KEY_TEXT'\n"),
    ] {
        let url = format!("https://localhost:{}", nginx.port(0));
        let config = scratch.write("config.toml", format!("[profile.a]\nurl='{url}'\n{keys}"));
        let output = c47()
            .args(["http", "@a/"])
            .env("C47_CONFIG_PATH", config)
            .env(
                "KEY_TEXT",
                std::fs::read_to_string(&certificates.client.key).unwrap(),
            )
            .run()
            .expect_code(0);
        assert_eq!(output.stdout_text(), "secure", "{keys}");
    }
}

#[test]
fn encrypted_client_key_is_decrypted_with_its_password() {
    let (Some(certificates), Some(openssl)) = (peers::certificates(), peers::tool("openssl"))
    else {
        return;
    };
    let ca = certificates.ca.display();
    let more = format!("ssl_client_certificate {ca}; ssl_verify_client on;");
    let Some(nginx) = server(&certificates.good, &more) else {
        return;
    };
    let base = format!("https://localhost:{}", nginx.port(0));
    let scratch = Scratch::new("encrypted-client-key");
    let client = &certificates.client;
    let encrypted = |name: &str, options: &[&str]| {
        let run = Run::of(&openssl).args(options).arg("-in").arg(&client.key);
        let to = scratch.path().join(name);
        let run = run.args(["-passout", "pass:open-sesame", "-out"]).arg(&to);
        run.run().expect_code(0);
        to.display().to_string()
    };
    let key = encrypted("key.pem", &["pkcs8", "-topk8"]);
    let cert = client.certificate.display().to_string();
    // One file with both.
    let both = [&key, &cert].map(|path| std::fs::read_to_string(path).unwrap());
    let both = scratch
        .write("both.pem", both.concat())
        .display()
        .to_string();
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.p]\nurl='{}'\ncacert='{ca}'\ncert='{cert}'\ncert_key='{key}'\ncert_key_password='env:P'\n",
            base
        ),
    );
    let url = format!("{base}/");
    let ca = ca.to_string();
    let run = |words: &[&str], password: &str, code: i32| {
        let run = c47().env("C47_CONFIG_PATH", &config).env("P", password);
        let output = run.arg("http").args(words).run().expect_code(code);
        assert!(
            !output.stderr_text().contains(password),
            "{}",
            output.tell()
        );
        output.stderr_text().to_owned()
    };
    let with_key = [&*url, "--cacert", &ca, "--cert", &cert, "--key", &key];
    let password = ["--key-password", "env:P"];
    run(&[&with_key[..], &password].concat(), "open-sesame", 0);
    let with_both = [&*url, "--cacert", &ca, "--cert", &both];
    run(&[&with_both[..], &password].concat(), "open-sesame", 0);
    run(&["@p/"], "open-sesame", 0);
    let wrong = run(&["@p/"], "open-sesamE", 7);
    assert!(wrong.contains("the password is wrong"), "{wrong}");
    let without = run(&with_key, "open-sesame", 7);
    assert!(without.contains("--key-password"), "{without}");
}
