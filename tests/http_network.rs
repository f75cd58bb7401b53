//! Proxies, sockets and addresses, tested with squid and microsocks.

use std::time::Duration;

use crate::support::peers::{self, Nginx, Squid};
use crate::support::server::{Response, Server};
use crate::support::{ClosedPort, Run, Scratch, c47};

/// nginx with TLS on port 0, plain http on port 1, and a Unix socket.
fn services() -> Option<(Nginx, peers::Certificates)> {
    let certificates = peers::certificates()?;
    let good = &certificates.good;
    let nginx = peers::nginx(&format!(
        "log_format full '$server_port $request_uri $http_authorization $http_proxy_authorization';
        access_log @dir@/full.log full;
        server {{ listen 127.0.0.1:@port0@ ssl; listen 127.0.0.1:@port1@; listen unix:@dir@/socket;
            ssl_certificate {}; ssl_certificate_key {};
            location / {{ return 200 'here $request_uri'; }} }}",
        good.certificate.display(),
        good.key.display()
    ))?;
    Some((nginx, certificates))
}

/// c47 does not use a proxy for loopback addresses, so the service has a name.
fn http(nginx: &Nginx, certificates: &peers::Certificates, number: usize) -> Run {
    let scheme = if number == 0 { "https" } else { "http" };
    let run = c47().args([
        "http",
        &format!("{scheme}://localhost:{}/x", nginx.port(number)),
    ]);
    run.arg("--cacert").arg(&certificates.ca)
}

fn proxy_url(squid: &Squid, password: &str) -> String {
    format!("http://{}:{password}@127.0.0.1:{}", peers::USER, squid.port)
}

#[test]
fn requests_pass_through_squid() {
    let Some((nginx, certificates)) = services() else {
        return;
    };
    let Some(squid) = peers::squid(nginx.port(0)) else {
        return;
    };
    let proxy = proxy_url(&squid, "p%40ss%3Aword");
    for number in [0, 1] {
        let output = http(&nginx, &certificates, number)
            .args(["--proxy", &proxy, "-v"])
            .run()
            .expect_code(0);
        assert_eq!(output.stdout_text(), "here /x");
        assert!(
            !output.stderr_text().contains("p@ss"),
            "{}",
            output.stderr_text()
        );
    }
    let log = squid.access_log();
    assert!(
        log.contains(&format!("CONNECT localhost:{}", nginx.port(0))),
        "{log}"
    );
    // Plain http is forwarded whole: squid, like most proxies, opens tunnels only to TLS ports.
    assert!(
        log.contains(&format!("GET http://localhost:{}/x", nginx.port(1))),
        "{log}"
    );
    // CVE-2015-3153, 2026-6253: credentials for the proxy are not sent to the server.
    let seen = std::fs::read_to_string(nginx.directory().join("full.log")).unwrap();
    assert!(!seen.contains("Basic"), "{seen}");
}

#[test]
fn refusal_by_squid_is_reported() {
    let Some((nginx, certificates)) = services() else {
        return;
    };
    let Some(squid) = peers::squid(nginx.port(0)) else {
        return;
    };
    let wrong = proxy_url(&squid, "hunter2");
    let output = http(&nginx, &certificates, 0)
        .args(["--proxy", &wrong])
        .run()
        .expect_code(7);
    assert!(
        output.stderr_text().contains("proxy") && output.stderr_text().contains("407"),
        "{}",
        output.stderr_text()
    );
    assert!(!output.stderr_text().contains("hunter2"));
    let plain = http(&nginx, &certificates, 1)
        .args(["--proxy", &wrong])
        .run()
        .expect_code(4);
    let named = format!("the proxy http://127.0.0.1:{}", squid.port);
    for text in [output.stderr_text(), plain.stderr_text()] {
        assert!(text.contains(&named) && text.contains("rejected"), "{text}");
        assert!(
            text.contains("hint: use --proxy-auth USER:SOURCE"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
    let tls_to_elsewhere = format!("https://localhost:{}/", nginx.port(1));
    let output = c47()
        .args([
            "http",
            &tls_to_elsewhere,
            "--proxy",
            &proxy_url(&squid, "p%40ss%3Aword"),
        ])
        .run()
        .expect_code(7);
    let refused = format!(
        "{named} refused the tunnel to localhost:{}: 403 Forbidden",
        nginx.port(1)
    );
    assert!(output.stderr_text().contains(&refused), "{}", output.tell());
}

/// Neither the arguments nor the output contain the password.
#[test]
fn proxy_credentials_come_from_a_source() {
    let Some((nginx, certificates)) = services() else {
        return;
    };
    let Some(squid) = peers::squid(nginx.port(0)) else {
        return;
    };
    let proxy = format!("http://127.0.0.1:{}", squid.port);
    for number in [0, 1] {
        let call = |auth: &str| {
            http(&nginx, &certificates, number)
                .env("PW", peers::PASSWORD)
                .args(["--proxy", &proxy, "--proxy-auth", auth, "-v"])
        };
        let auth = format!("{}:env:PW", peers::USER);
        let output = call(&auth).run().expect_code(0);
        assert_eq!(output.stdout_text(), "here /x");
        assert!(!output.stderr_text().contains(peers::PASSWORD));
        let shown = call(&auth).arg("--curl").run().expect_code(0);
        let option = format!("--proxy-user \"{}:${{PW}}\"", peers::USER);
        assert!(shown.stdout_text().contains(&option), "{}", shown.tell());
        for wrong in ["env:PW", "me:hunter2", ":env:PW"] {
            let output = call(wrong).run().expect_code(2);
            assert!(
                !output.stderr_text().contains("hunter2"),
                "{}",
                output.tell()
            );
        }
        call("me:env:NONE").run().expect_code(9);
    }
    let both = format!("http://me:x@127.0.0.1:{}", squid.port);
    http(&nginx, &certificates, 1)
        .env("PW", "x")
        .args(["--proxy", &both, "--proxy-auth", "me:env:PW"])
        .run()
        .expect_code(2);
}

#[test]
fn proxy_that_requires_credentials_is_reported_in_both_modes() {
    let proxy = Server::start(|_| {
        let head = "proxy-authenticate: Basic realm=\"x\"\r\n";
        Response::new("407 Proxy Authentication Required", head, "page")
    });
    let address = proxy.url("");
    for (url, code) in [
        ("http://service.invalid/x", 4),
        ("https://service.invalid/x", 7),
    ] {
        let output = c47()
            .args(["http", url, "--proxy", &address])
            .run()
            .expect_code(code);
        let text = output.stderr_text();
        let says = format!("the proxy {address} requires credentials");
        assert!(text.contains(&says) && text.contains("407"), "{text}");
        assert!(
            text.contains("hint: use --proxy-auth USER:SOURCE"),
            "{text}"
        );
    }
    let output = c47()
        .args([
            "http",
            "https://service.invalid/x",
            "--proxy",
            &address,
            "--json",
        ])
        .run()
        .expect_code(7);
    assert_eq!(output.json()["error"]["kind"], "proxy_credentials");
}

#[test]
fn failing_proxy_is_named_instead_of_the_service() {
    let port = ClosedPort::reserve();
    let closed = port.number();
    for (url, scheme) in [
        ("http://127.0.0.1:9/x", "http"),
        ("https://127.0.0.1:9/x", "http"),
        ("http://127.0.0.1:9/x", "socks5h"),
        ("https://127.0.0.1:9/x", "https"),
    ] {
        let proxy = format!("{scheme}://127.0.0.1:{closed}");
        let output = c47()
            .args(["http", url, "--proxy", &proxy])
            .run()
            .expect_code(7);
        let text = format!("c47 http: cannot connect to the proxy {proxy}: connection refused\n");
        assert_eq!(output.stderr_text(), text, "{url}");
    }
    let output = c47()
        .args([
            "http",
            "https://127.0.0.1:9/",
            "--proxy",
            "http://proxy.invalid:3128",
        ])
        .run()
        .expect_code(7);
    let text = output.stderr_text();
    assert!(
        text.contains("cannot resolve host 'proxy.invalid'")
            && text.contains("hint: this host is the proxy"),
        "{text}"
    );
    // A proxy that accepts the connection but does not respond.
    let silent = Server::connection(|mut stream| {
        let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
    });
    let output = c47()
        .args([
            "http",
            "https://service.invalid/",
            "--connect-timeout=300ms",
        ])
        .args(["--proxy", &silent.url("")])
        .run()
        .expect_code(8);
    let text = format!(
        "c47 http: the proxy {} did not connect in time (300ms)\n",
        silent.url("")
    );
    assert!(output.stderr_text().starts_with(&text), "{}", output.tell());
    // A response through a proxy may come from the proxy.
    let busy = Server::start(|_| Response::new("503 Busy", "", ""));
    let output = c47()
        .args(["http", "http://service.invalid/x", "--proxy", &busy.url("")])
        .run()
        .expect_code(5);
    let text = format!(
        "c47 http: 503 Busy from GET http://service.invalid/x through the proxy {}\n",
        busy.url("")
    );
    assert_eq!(output.stderr_text(), text);
    let refusing = Server::start(|_| Response::new("502 No", "", ""));
    let output = c47()
        .args([
            "http",
            "https://service.invalid/x",
            "--proxy",
            &refusing.url(""),
        ])
        .run()
        .expect_code(7);
    let text = format!(
        "c47 http: the proxy {} refused the tunnel to service.invalid:443: 502 No\n",
        refusing.url("")
    );
    assert_eq!(output.stderr_text(), text);
}

/// CVE-2015-3153: CONNECT contains neither the user's headers nor credentials, and the tunnel does
/// not contain the proxy's credentials.
#[test]
fn connect_contains_nothing_of_the_request() {
    let proxy = Server::start(|_| Response::new("502 No", "", ""));
    let output = c47()
        .env("S", "sekrit")
        .args([
            "http",
            "https://service.invalid/secret/path",
            "X-Studio:sekrit",
            "--auth",
            "bearer=env:S",
        ])
        .args([
            "--proxy",
            &format!("http://me:proxypass@127.0.0.1:{}", proxy.port()),
        ])
        .run()
        .expect_code(7);
    assert!(!output.stderr_text().contains("proxypass"));
    let connect = proxy.request();
    assert_eq!(
        (connect.method.as_str(), connect.target.as_str()),
        ("CONNECT", "service.invalid:443")
    );
    let told = format!("{:?}", connect.headers);
    assert!(
        !told.contains("sekrit") && !told.contains("secret"),
        "{told}"
    );
    assert_eq!(
        connect.header("proxy-authorization"),
        Some("Basic bWU6cHJveHlwYXNz")
    );
}

#[test]
fn environment_sets_proxies_and_exceptions() {
    let proxy = Server::start(|_| Response::ok("from the proxy"));
    let address = format!("http://127.0.0.1:{}", proxy.port());
    for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        let output = c47()
            .env(name, &address)
            .args(["http", "http://service.invalid/x"])
            .run()
            .expect_code(0);
        assert_eq!(output.stdout_text(), "from the proxy", "{name}");
    }
    let asked = proxy.requests().len();
    assert_eq!(proxy.requests()[0].target, "http://service.invalid/x");
    for exception in ["service.invalid", ".invalid", "*", "x,service.invalid"] {
        c47()
            .env("http_proxy", &address)
            .env("NO_PROXY", exception)
            .args(["http", "http://service.invalid/x"])
            .run()
            .expect_code(7);
    }
    let here = Server::start(|_| Response::ok("from here"));
    let output = c47()
        .env("http_proxy", &address)
        .args(["http", &here.url("/")])
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "from here");
    // In a CGI script, HTTP_PROXY is a header from the client (CVE-2016-5385).
    c47()
        .env("HTTP_PROXY", &address)
        .env("REQUEST_METHOD", "GET")
        .args(["http", "http://service.invalid/x"])
        .run()
        .expect_code(7);
    assert_eq!(proxy.requests().len(), asked);
}

#[test]
fn request_passes_through_a_socks_proxy() {
    let Some((nginx, certificates)) = services() else {
        return;
    };
    let Some(microsocks) = peers::microsocks() else {
        return;
    };
    for scheme in ["socks5", "socks5h"] {
        for number in [0, 1] {
            let proxy = format!("{scheme}://me:pass@127.0.0.1:{}", microsocks.port);
            let output = http(&nginx, &certificates, number)
                .args(["--proxy", &proxy])
                .run()
                .expect_code(0);
            assert_eq!(output.stdout_text(), "here /x");
            let wrong = format!("{scheme}://me:wrong@127.0.0.1:{}", microsocks.port);
            http(&nginx, &certificates, number)
                .args(["--proxy", &wrong])
                .run()
                .expect_code(7);
        }
    }
}

#[test]
fn unix_socket_replaces_the_host() {
    let Some((nginx, _)) = services() else { return };
    let socket = nginx.directory().join("socket");
    let run = || {
        c47().env("S", "s").args([
            "http",
            "http://docker/containers?all=1",
            "--auth",
            "bearer=env:S",
        ])
    };
    let output = run().arg("--unix-socket").arg(&socket).run().expect_code(0);
    assert_eq!(output.stdout_text(), "here /containers?all=1");
    let output = run()
        .args(["--unix-socket", "/nonexistent/socket"])
        .run()
        .expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("cannot connect to /nonexistent/socket"),
        "{}",
        output.stderr_text()
    );
    let silent = crate::support::Scratch::new("silent");
    let _listener = std::os::unix::net::UnixListener::bind(silent.path().join("s")).unwrap();
    let path = silent.path().join("s");
    run()
        .arg("--unix-socket")
        .arg(path)
        .args(["--timeout", "300ms"])
        .run()
        .expect_code(8);
}

#[test]
fn resolve_replaces_dns() {
    let Some((nginx, certificates)) = services() else {
        return;
    };
    let port = nginx.port(1);
    let url = format!("http://kitsu.studio.invalid:{port}/x");
    let resolve = format!("Kitsu.studio.invalid:{port}:127.0.0.1");
    c47()
        .args(["http", &url, "--resolve", &resolve])
        .run()
        .expect_code(0);
    c47()
        .args([
            "http",
            &url,
            "--resolve",
            "kitsu.studio.invalid:1:127.0.0.1",
        ])
        .run()
        .expect_code(7);
    c47()
        .args(["http", &url, "--resolve", "nonsense"])
        .run()
        .expect_code(2);
    // The certificate is still checked for the name.
    let tls = nginx.port(0);
    let output = c47()
        .args([
            "http",
            &format!("https://other.example:{tls}/"),
            "--resolve",
            &format!("other.example:{tls}:127.0.0.1"),
        ])
        .arg("--cacert")
        .arg(&certificates.ca)
        .run()
        .expect_code(7);
    assert!(
        output.stderr_text().contains("wrong name"),
        "{}",
        output.stderr_text()
    );
    // With --resolve, the name does not count as loopback, so credentials need https.
    c47()
        .env("S", "s")
        .args([
            "http",
            &url,
            "--resolve",
            &resolve,
            "--auth",
            "bearer=env:S",
        ])
        .run()
        .expect_code(2);
}

#[test]
fn address_family_is_selected() {
    let server = Server::start(|_| Response::ok(""));
    let url = format!("http://localhost:{}/", server.port());
    c47().args(["http", "-4", &url]).run().expect_code(0);
    c47().args(["http", "-6", &url]).run().expect_code(7);
    c47().args(["http", "-4", "-6", &url]).run().expect_code(2);
    let output = c47()
        .args(["http", "-6", &server.url("/")])
        .run()
        .expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("no address of the requested family"),
        "{}",
        output.stderr_text()
    );
}

#[test]
fn tls_min_refuses_older_versions() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let good = &certificates.good;
    let Some(nginx) = peers::nginx(&format!(
        "server {{ listen 127.0.0.1:@port0@ ssl; ssl_protocols TLSv1.2; ssl_certificate {}; ssl_certificate_key {};
            location / {{ return 200 ''; }} }}",
        good.certificate.display(),
        good.key.display()
    )) else {
        return;
    };
    let run = |version: &str| {
        c47()
            .args([
                "http",
                &format!("https://localhost:{}/", nginx.port(0)),
                "--tls-min",
                version,
            ])
            .arg("--cacert")
            .arg(&certificates.ca)
            .limit(Duration::from_secs(30))
            .run()
    };
    run("1.2").expect_code(0);
    run("1.3").expect_code(7);
    run("1.1").expect_code(2);
}

#[test]
fn loopback_name_with_another_address_carries_no_plaintext_credentials() {
    for (host, address) in [
        ("x.localhost", "192.0.2.2"),
        ("localhost", "[2001:db8::2]"),
        ("127.0.0.1", "192.0.2.2"),
    ] {
        let output = c47()
            .env("S", "sekrit")
            .args(["http", &format!("http://{host}/"), "--timeout", "2s"])
            .args(["--resolve", &format!("{host}:80:{address}")])
            .args(["--auth", "bearer=env:S"])
            .run()
            .expect_code(2);
        let said = output.stderr_text();
        assert!(said.contains("plain text"), "{said}");
    }
}

#[test]
fn unix_socket_with_a_full_backlog_is_limited_by_the_timeout() {
    let scratch = Scratch::new("backlog");
    let path = scratch.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let name = path.clone();
    // Connects until the backlog is full; the last connection waits until the test ends.
    std::thread::spawn(move || {
        while let Ok(stream) = std::os::unix::net::UnixStream::connect(&name) {
            if sender.send(stream).is_err() {
                return;
            }
        }
    });
    let mut waiting = Vec::new();
    while let Ok(stream) = receiver.recv_timeout(Duration::from_secs(1)) {
        waiting.push(stream);
    }
    for option in ["--timeout", "--connect-timeout"] {
        let output = c47()
            .args(["http", "http://localhost/", option, "1s", "--unix-socket"])
            .arg(&path)
            .limit(Duration::from_secs(20))
            .run()
            .expect_code(8);
        let said = output.stderr_text();
        assert!(said.contains("timed out"), "{said}");
    }
}

#[test]
fn pipe_without_a_writer_is_limited_by_the_timeout() {
    let scratch = Scratch::new("fifo");
    let made = std::process::Command::new("mkfifo")
        .arg(scratch.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    for words in [
        &["--body", "pipe"][..],
        &["--body", "@pipe"],
        &["--body", "-"],
        &["a=@pipe"],
        &["a:=@pipe"],
        &["X-A:@pipe"],
        &["q==@pipe"],
        &["file@pipe"],
    ] {
        let output = c47()
            .current_dir(scratch.path())
            .args(["http", "http://127.0.0.1:9/", "--timeout", "1s"])
            .args(words)
            .silent_stdin()
            .limit(Duration::from_secs(20))
            .run()
            .expect_code(8);
        let said = output.stderr_text();
        assert!(said.contains("timed out"), "{words:?}: {said}");
    }
}

#[test]
fn unreadable_certificates_and_keys_are_limited_by_the_timeout() {
    let scratch = Scratch::new("tls-fifo");
    let made = std::process::Command::new("mkfifo")
        .arg(scratch.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    let url = ["http", "https://127.0.0.1:9/", "--timeout", "1s"];
    let run = || c47().current_dir(scratch.path()).args(url);
    for run in [
        run().args(["--cacert", "pipe"]),
        run().args(["--insecure", "--cert", "pipe"]),
        run().args(["--insecure", "--cert=pipe", "--key=pipe"]),
        run().env("SSL_CERT_FILE", "pipe"),
    ] {
        let output = run.limit(Duration::from_secs(20)).run().expect_code(8);
        assert!(
            output.stderr_text().contains("timed out"),
            "{}",
            output.tell()
        );
    }
}
