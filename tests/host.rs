//! Compares `c47 host` and `c47 host check` with other tools on this machine, and runs them in
//! broken and in empty environments.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::server::{Request, Response, Server};
use crate::support::{self, Output, Run, Scratch, c47, peers};

/// The output of a tool without the last line feed. `None` if the tool is not installed.
fn output_of(tool: &str, arguments: &[&str]) -> Option<String> {
    let tool = peers::tool(tool)?;
    let output = Run::of(tool).args(arguments).run().expect_code(0);
    Some(output.stdout_text().trim_end().to_owned())
}

fn report() -> Value {
    c47().args(["host", "--json"]).run().expect_code(0).json()
}

fn hazards(report: &Value, name: &str) -> Vec<String> {
    let all = report["hazards"].as_array().unwrap().iter();
    all.filter(|hazard| hazard["name"] == name)
        .map(|hazard| hazard["detail"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn system_values_agree_with_other_tools() {
    let report = report();
    let system = &report["system"];
    for (value, arguments) in [
        (&system["kernel"], ["-r"]),
        (&system["hostname"], ["-n"]),
        (&system["machine"], ["-m"]),
    ] {
        if let Some(message) = output_of("uname", &arguments) {
            assert_eq!(value, &message);
        }
    }
    if let Some(glibc) = output_of("getconf", &["GNU_LIBC_VERSION"]) {
        let version = report["libraries"]["glibc"].as_str().unwrap();
        assert_eq!(glibc, format!("glibc {version}"));
    }
    let path = report["libraries"]["libstdcxx_path"].as_str();
    if let (Some(path), Some(versions)) = (path, peers::tool("readelf")) {
        let text = Run::of(versions).args(["-V", "-W", path]).run();
        let version = report["libraries"]["glibcxx"].as_str().unwrap();
        let (start, last) = version.rsplit_once('.').unwrap();
        let next = last.parse::<u32>().unwrap() + 1;
        let has = |label: String| {
            let words = text.stdout_text().split_whitespace();
            words.into_iter().any(|word| word == label)
        };
        assert!(has(format!("GLIBCXX_{version}")));
        assert!(!has(format!("GLIBCXX_{start}.{next}")));
    }
    if let Some(count) = output_of("nproc", &[]) {
        assert_eq!(report["cpu"]["usable"].to_string(), count);
    }
    if let Some(id) = output_of("sh", &["-c", ". /etc/os-release; echo $ID $VERSION_ID"]) {
        let distribution = &system["distribution"];
        let ours = ["id", "version"].map(|name| distribution[name].as_str().unwrap_or(""));
        assert_eq!(ours.join(" ").trim(), id);
    }
    if let Some(limits) = output_of("bash", &["-c", "ulimit -Sn; ulimit -Hn"]) {
        let open_files = &report["limits"][0];
        let shown = |limit: &Value| match limit {
            Value::Null => "unlimited".to_owned(),
            number => number.to_string(),
        };
        let ours = format!(
            "{}\n{}",
            shown(&open_files["soft"]),
            shown(&open_files["hard"])
        );
        assert_eq!(ours, limits);
    }
}

#[test]
fn memory_and_space_agree_with_other_tools() {
    let report = report();
    if let Some(text) = output_of("free", &["-b"]) {
        let line = text.lines().find(|line| line.starts_with("Mem:")).unwrap();
        let total = line.split_whitespace().nth(1).unwrap();
        assert_eq!(report["memory"]["total_bytes"].to_string(), total);
    }
    let mounts = report["mounts"].as_array().unwrap();
    let is_root = |mount: &&Value| mount["path"] == "/";
    let root = mounts.iter().find(is_root).unwrap();
    assert!(
        root["used_for"]
            .as_array()
            .unwrap()
            .contains(&"root".into())
    );
    // Only the size is compared, because the free space changes.
    for (option, name) in [("-PB1", "total_bytes"), ("-Pi", "total_inodes")] {
        if let Some(text) = output_of("df", &[option, "/"]) {
            let line = text.lines().last().unwrap();
            let total = line.split_whitespace().nth(1).unwrap();
            if (name, total) != ("total_inodes", "0") {
                assert_eq!(root[name].to_string(), total, "{line}");
            }
        }
    }
    if let Some(text) = output_of("df", &["-PT", "/"]) {
        let line = text.lines().last().unwrap();
        let kind = line.split_whitespace().nth(1).unwrap();
        assert_eq!(root["kind"], kind);
    }
}

#[test]
fn text_report_has_a_line_for_each_value() {
    let output = c47().arg("host").run().expect_code(0);
    for name in [
        "host",
        "distribution",
        "kernel",
        "glibc",
        "GLIBCXX",
        "cpu",
        "memory",
        "limits",
        "mount",
        "certificates",
        "dns",
        "clock",
    ] {
        let start = format!("{name:<13} ");
        let found = output
            .stdout_text()
            .lines()
            .any(|line| line.starts_with(&start));
        assert!(found, "{name}\n{}", output.tell());
    }
    assert_eq!(output.stderr_text(), "");
    c47().arg("host").stdout_closed().run().expect_code(0);
}

/// A self-signed certificate with this name that expires at `end` (`YYYYMMDDHHMMSSZ`).
fn certificate(scratch: &Scratch, number: u32, name: &str, end: &str) -> Option<String> {
    let openssl = peers::tool("openssl")?;
    let config = "[ca]\ndefault_ca=it\n[it]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n\
        default_md=sha256\npolicy=any\nunique_subject=no\n[any]\norganizationName=optional\ncommonName=supplied\n\
        [req]\ndistinguished_name=dn\n[dn]\n";
    scratch.write("config", config);
    scratch.write("index", "");
    scratch.write("serial", format!("{number:04}\n"));
    let run = |arguments: &[&str]| {
        let run = Run::of(&openssl)
            .args(arguments)
            .current_dir(scratch.path());
        run.run().expect_code(0);
    };
    let subject = format!("/O=A Trust Co./CN={name}");
    let curve = "ec_paramgen_curve:P-256";
    run(&[
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        curve,
        "-nodes",
        "-config",
        "config",
        "-keyout",
        "key.pem",
        "-out",
        "request.pem",
        "-subj",
        &subject,
    ]);
    run(&[
        "ca",
        "-batch",
        "-selfsign",
        "-config",
        "config",
        "-keyfile",
        "key.pem",
        "-in",
        "request.pem",
        "-out",
        "certificate.pem",
        "-notext",
        "-startdate",
        "20000101000000Z",
        "-enddate",
        end,
    ]);
    Some(fs::read_to_string(scratch.path().join("certificate.pem")).unwrap())
}

#[test]
fn expired_certificates_in_the_bundle_are_reported() {
    let scratch = Scratch::new("host");
    let mut bundle = String::new();
    for (number, (name, end)) in [
        ("Good Root", "20500101000000Z"),
        ("DST Root CA X3", "20210930140115Z"),
        ("Old Root", "20150101000000Z"),
    ]
    .into_iter()
    .enumerate()
    {
        let Some(one) = certificate(&scratch, number as u32 + 10, name, end) else {
            return;
        };
        bundle.push_str(&one);
    }
    let bundle = scratch.write("bundle.pem", bundle);
    let run = || c47().env("SSL_CERT_FILE", &bundle);
    let report = run().args(["host", "--json"]).run().expect_code(0).json();
    let certificates = &report["certificates"];
    assert_eq!(certificates["roots"], 3);
    assert_eq!(certificates["dst_root_x3"], true);
    assert_eq!(
        certificates["expired"].to_string(),
        r#"[{"name":"DST Root CA X3","not_after":"2021-09-30T14:01:15Z"},{"name":"Old Root","not_after":"2015-01-01T00:00:00Z"}]"#
    );
    let hazards = hazards(&report, "certificates");
    assert!(
        hazards.len() == 1 && hazards[0].contains("DST Root CA X3"),
        "{hazards:?}"
    );
    let broken = scratch.write("broken.pem", "-----BEGIN CERTIFICATE-----\n!\n");
    for bundle in [broken.as_path(), scratch.path(), Path::new("/dev/zero")] {
        let run = c47().args(["host", "--json"]).env("SSL_CERT_FILE", bundle);
        let report = run.run().expect_code(0).json();
        assert!(report["certificates"]["roots"].is_null(), "{report}");
        assert!(report["certificates"]["why"].is_string(), "{report}");
    }
}

#[test]
fn certificate_counts_agree_with_openssl() {
    let bundle = "/etc/ssl/certs/ca-certificates.crt";
    if !Path::new(bundle).is_file() {
        peers::skipped(&format!("no {bundle}: install ca-certificates"));
        return;
    }
    let Some(openssl) = peers::tool("openssl") else {
        return;
    };
    let certificates = Run::of(&openssl)
        .args(["crl2pkcs7", "-nocrl", "-certfile", bundle])
        .run()
        .expect_code(0)
        .stdout;
    let text = Run::of(&openssl)
        .args(["pkcs7", "-print_certs", "-text", "-noout"])
        .stdin(certificates)
        .run()
        .expect_code(0);
    let ends: Vec<&str> = text
        .stdout_text()
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Not After : "))
        .collect();
    let dates = Run::of("/bin/date")
        .args(["-f", "-", "+%s"])
        .stdin(ends.join("\n").into_bytes())
        .run()
        .expect_code(0);
    let now = output_of("date", &["+%s"]).unwrap().parse::<i64>().unwrap();
    let expired = dates
        .stdout_text()
        .lines()
        .filter(|end| end.parse::<i64>().unwrap() < now);
    let report = c47()
        .args(["host", "--json"])
        .env("SSL_CERT_FILE", bundle)
        .run()
        .expect_code(0)
        .json();
    assert_eq!(report["certificates"]["roots"], ends.len());
    let ours = report["certificates"]["expired"].as_array().unwrap().len();
    assert_eq!(ours, expired.count());
}

/// Runs a shell in its own mount namespace. `None` if that is not possible.
fn with_mounts(script: &str) -> Option<Output> {
    let unshare = peers::tool("unshare")?;
    let run = |script: &str| Run::of(&unshare).args(["-rm", "sh", "-ec", script]).run();
    if run("mount -t tmpfs none /mnt").code != 0 {
        return peers::missing("mount namespaces are not available here");
    }
    Some(run(script))
}

#[test]
fn full_or_read_only_tmpdir_is_a_hazard() {
    let scratch = Scratch::new("host");
    let (binary, at) = (support::binary().display(), scratch.path().display());
    let script = format!(
        "export TMPDIR={at}; mount -t tmpfs -o size=64k full {at}\n\
         {binary} host\nhead -c 64k /dev/zero > {at}/zeros\n{binary} host\n\
         mount -o remount,ro {at}\n{binary} host"
    );
    let Some(output) = with_mounts(&script) else {
        return;
    };
    let output = output.expect_code(0);
    let lines = output.stdout_text().lines();
    let hazards: Vec<&str> = lines.filter(|line| line.contains(" TMPDIR: ")).collect();
    assert_eq!(hazards.len(), 3, "{}", output.tell());
    assert!(
        hazards[0].ends_with("is nearly full: 64.0 KiB free"),
        "{hazards:?}"
    );
    assert!(
        hazards[1].ends_with("no space left on device"),
        "{hazards:?}"
    );
    assert!(hazards[2].ends_with("read-only file system"), "{hazards:?}");
}

/// A FUSE file system whose program never responds is like a file server that is down.
#[test]
fn file_server_that_is_down_does_not_hang_the_report() {
    let Some(python) = peers::tool("python3") else {
        return;
    };
    let scratch = Scratch::new("host");
    let (binary, at) = (support::binary().display(), scratch.path().display());
    let program = scratch.write(
        "../silent.py",
        "import ctypes, os, subprocess, sys\n\
         at, binary = sys.argv[1:]\n\
         fuse = os.open('/dev/fuse', os.O_RDWR)\n\
         options = f'fd={fuse},rootmode=40000,user_id=0,group_id=0'.encode()\n\
         call = ctypes.CDLL(None, use_errno=True).mount\n\
         if call(b'filer:/shots', at.encode(), b'fuse.sshfs', 0, options):\n\
         \x20   print(os.strerror(ctypes.get_errno())); sys.exit(47)\n\
         environment = dict(os.environ, LD_LIBRARY_PATH=at, SSL_CERT_FILE=at + '/x', HOME=at)\n\
         # Both wait for it until their patience ends: at the same time.\n\
         checking = subprocess.Popen([binary, 'host', 'check', '--free', at + '=1k'], stdout=subprocess.PIPE)\n\
         subprocess.run([binary, 'host', '--json'], env=environment, check=True, close_fds=True)\n\
         sys.stdout.buffer.write(checking.communicate()[0])\n\
         sys.stdout.flush()\n\
         sys.exit(checking.returncode + 1)\n",
    );
    let script = format!("{} {} {at} {binary}", python.display(), program.display());
    let Some(output) = with_mounts(&format!("{script} || echo $?")) else {
        return;
    };
    let _ = fs::remove_file(&program);
    if output.stdout_text().ends_with("\n47\n") {
        peers::missing::<()>("FUSE is not available here");
        return;
    }
    let (report, rest) = output.stdout_text().split_once('\n').unwrap();
    let report: Value = serde_json::from_str(report).expect("a report");
    let mounts = report["mounts"].as_array().unwrap();
    let mount = mounts
        .iter()
        .find(|mount| mount["kind"] == "fuse.sshfs")
        .unwrap();
    assert_eq!(mount["state"], "does not respond");
    assert!(
        mount["total_bytes"].is_null() && report["certificates"].is_null(),
        "{report}"
    );
    assert_eq!(hazards(&report, "mount").len(), 1);
    assert_eq!(
        rest,
        format!("FAIL free {at}: the file system does not respond\n2\n")
    );
}

/// Builds a library with this name. `script` defines its versions.
fn library(scratch: &Scratch, name: &str, script: Option<&str>) -> Option<()> {
    let gcc = peers::tool("gcc")?;
    let source = scratch.write("a.c", "int nothing_of_interest;\n");
    let mut run = Run::of(gcc)
        .args(["-shared", "-fPIC", "-o", name])
        .arg(format!("-Wl,-soname,{name}"))
        .current_dir(scratch.path());
    if let Some(script) = script {
        let script = scratch.write("versions", script);
        run = run.arg(format!("-Wl,--version-script,{}", script.display()));
    }
    run.arg(source).run().expect_code(0);
    Some(())
}

#[test]
fn libraries_that_shadow_the_system_are_a_hazard() {
    let (Some(openssl), Some(ldd)) = (peers::tool("openssl"), peers::tool("ldd")) else {
        return;
    };
    let usual = Run::of(&ldd).arg(&openssl).run();
    let Some(line) = usual
        .stdout_text()
        .lines()
        .find(|line| line.contains("libssl.so"))
    else {
        peers::missing::<()>("openssl does not need libssl.so here");
        return;
    };
    let mut words = line.split_whitespace();
    let (name, path) = (words.next().unwrap(), words.nth(1).unwrap());
    let scratch = Scratch::new("host");
    if library(
        &scratch,
        name,
        Some("OTHER_1.0 { global: nothing_of_interest; };\n"),
    )
    .is_none()
    {
        return;
    }
    let shadowed = Run::of(&ldd)
        .arg(&openssl)
        .env("LD_LIBRARY_PATH", scratch.path())
        .run();
    let ours = scratch.path().join(name);
    let ours = ours.to_str().unwrap();
    assert!(shadowed.stdout_text().contains(ours), "{}", shadowed.tell());
    let run = || c47().env("LD_LIBRARY_PATH", scratch.path());
    let report = run().args(["host", "--json"]).run().expect_code(0).json();
    let found = hazards(&report, "LD_LIBRARY_PATH");
    let of_openssl: Vec<&String> = found
        .iter()
        .filter(|it| it.starts_with("openssl "))
        .collect();
    assert_eq!(of_openssl.len(), 1, "{found:?}");
    let wanted = format!("openssl loads {ours} instead of {path}; it does not start: ");
    assert!(of_openssl[0].starts_with(&wanted), "{found:?}");
    // ld.so prints the same error.
    let run = Run::of(&openssl)
        .arg("version")
        .env("LD_LIBRARY_PATH", scratch.path())
        .run();
    assert_ne!(run.code, 0);
    let version = run.stderr_text().split('`').nth(1).unwrap();
    let version = version.split('\'').next().unwrap();
    assert!(
        of_openssl[0].contains(&format!("version {version} not found")),
        "{found:?} {version}"
    );
}

#[test]
fn library_path_without_shadowed_libraries_is_not_a_hazard() {
    let scratch = Scratch::new("host");
    for (value, count) in [
        (scratch.path().to_str().unwrap().to_owned(), 0),
        // The libraries of the system by another path.
        ("/usr/lib/x86_64-linux-gnu".into(), 0),
        ("/nonexistent".into(), 0),
        (format!("{}:", scratch.path().display()), 1),
        ("lib".into(), 1),
    ] {
        let run = c47()
            .args(["host", "--json"])
            .env("LD_LIBRARY_PATH", &value);
        let report = run.current_dir(scratch.path()).run().expect_code(0).json();
        let found = hazards(&report, "LD_LIBRARY_PATH");
        let of_value = found.iter().filter(|it| it.contains("relative")).count();
        assert_eq!(of_value, count, "{value}: {found:?}");
        assert_eq!(found.len(), count, "{value}: {found:?}");
    }
}

#[test]
fn rez_context_and_broken_environment_are_reported() {
    let output = c47()
        .arg("host")
        .env("REZ_USED_RESOLVE", "platform-linux arch-x86_64 nuke-15.1")
        .env("PYTHONHOME", "/nonexistent/python")
        .env("TMPDIR", "/nonexistent\nHAZARD forged")
        .env("https_proxy", "http://me:hunter2@proxy.lan:3128/")
        .run()
        .expect_code(0);
    let text = output.stdout_text();
    assert!(text.contains("rez           platform-linux arch-x86_64 nuke-15.1\n"));
    assert!(text.contains("HAZARD        PYTHONHOME: /nonexistent/python does not exist"));
    assert!(text.contains("HAZARD        TMPDIR: "));
    assert!(!text.contains("\nHAZARD forged") && !text.contains("hunter2"));
    assert!(text.contains("proxy         https_proxy=http://***@proxy.lan:3128/"));
}

#[track_caller]
fn checked(arguments: &[&str], code: i32) -> Output {
    c47()
        .args(["host", "check"])
        .args(arguments)
        .run()
        .expect_code(code)
}

#[test]
fn checks_pass_and_fail_on_this_machine() {
    let output = checked(
        &[
            "--glibc",
            "2.1",
            "--target",
            "host",
            "--cpu=v1",
            "--free",
            "/=1k",
            "--free-inodes=/=0",
        ],
        0,
    );
    let lines: Vec<&str> = output.stdout_text().lines().collect();
    assert_eq!(lines.len(), 5, "{}", output.tell());
    assert!(lines.iter().all(|line| line.starts_with("ok   ")));
    let output = checked(&["--glibc", "2.99", "--free", "/=1k", "--json"], 1);
    let report = output.json();
    assert_eq!(report["ok"], false);
    assert_eq!(report["checks"][0]["name"], "glibc");
    assert_eq!(report["checks"][0]["ok"], false);
    assert_eq!(report["checks"][1]["ok"], true);
    assert!(report["checks"][1]["detail"].is_string());
    let output = checked(&["--free", "/=1k", "--free", "/nonexistent=1k"], 1);
    assert!(
        output
            .stdout_text()
            .contains("FAIL free /nonexistent: no such file")
    );
    for wrong in [
        &[][..],
        &["--glibc", "new"],
        &["--cpu", "v9"],
        &["--target", "CY1999"],
        &["--free", "/tmp"],
        &["--free", "=1G"],
        &["--free", "/tmp=much"],
        &["--free-inodes", "/tmp=-1"],
        &["--url", "ftp://host/"],
        &["surplus"],
    ] {
        let output = checked(wrong, 2);
        assert_eq!(output.stdout, b"", "{}", output.tell());
    }
    let output = c47().args(["host", "--json", "check"]).run().expect_code(2);
    assert!(
        output.stderr_text().contains("put options after"),
        "{}",
        output.tell()
    );
}

/// The Date header of a server whose clock differs by `shift` (`-2 minutes`).
fn date(shift: &str) -> String {
    let run = Run::of("date").args(["-u", "-d", shift, "+%a, %d %b %Y %H:%M:%S GMT"]);
    format!(
        "date: {}\r\n",
        run.run().expect_code(0).stdout_text().trim_end()
    )
}

#[test]
fn service_check_compares_the_clock() {
    for (head, status, code) in [
        (date("now"), "200 OK", 0),
        (date("now"), "503 Busy", 0),
        (date("-30 minutes"), "200 OK", 1),
        (date("1 day"), "200 OK", 1),
        (String::new(), "200 OK", 0),
        ("date: soon\r\n".into(), "200 OK", 0),
    ] {
        let answer = Response::new(status, &head, "x");
        let server = Server::start(move |_| answer.clone());
        let output = checked(&["--url", &server.url("/?token=hunter2")], code);
        assert!(
            !output.stdout_text().contains("hunter2"),
            "{}",
            output.tell()
        );
        assert_eq!(server.request().method, "GET");
    }
    let answer = Response::new("200 OK", &date("-30 minutes"), "x");
    let server = Server::start(move |_| answer.clone());
    let run = c47()
        .args(["host", "--json", "--url", &server.url("/")])
        .run();
    let report = run.expect_code(0).json();
    let ahead = report["clock"]["compared"]["ahead_s"].as_i64().unwrap();
    assert!((-1900..-1700).contains(&ahead), "{ahead}");
    assert_eq!(hazards(&report, "clock").len(), 1);
    // No server listens on port 1.
    let output = checked(&["--url", "http://127.0.0.1:1/"], 1);
    assert!(
        output.stdout_text().contains("connection refused"),
        "{}",
        output.tell()
    );
    let run = c47()
        .args(["host", "--json", "--url", "http://127.0.0.1:1/"])
        .run();
    let report = run.expect_code(0).json();
    assert!(report["clock"]["compared"]["ahead_s"].is_null());
}

#[test]
fn host_works_on_an_old_kernel() {
    c47().arg("host").on_old_kernel().run().expect_code(0);
    let arguments = ["host", "check", "--glibc", "2.1", "--free", "/=0"];
    c47().args(arguments).on_old_kernel().run().expect_code(0);
}

#[test]
fn host_works_in_an_empty_root() {
    let Some(run) = support::empty_root::run(["host", "--json"]) else {
        return;
    };
    let report = run.expect_code(0).json();
    for path in [
        "/system/distribution",
        "/system/uptime_s",
        "/libraries/glibc",
        "/libraries/glibcxx",
        "/cpu/model",
        "/memory/total_bytes",
        "/gpu/nvidia_driver",
        "/certificates/bundle",
        "/network/dns_servers",
        "/clock/time_zone",
        "/rez",
    ] {
        assert_eq!(report.pointer(path), Some(&Value::Null), "{path}");
    }
    assert_eq!(hazards(&report, "TMPDIR").len(), 1);
    let run = support::empty_root::run(["host", "check", "--target", "centos7"]).unwrap();
    assert!(
        run.expect_code(1)
            .stdout_text()
            .starts_with("FAIL target centos7: glibc not found")
    );
}

/// A profile like Kitsu's, at a server that knows one password.
struct Login {
    scratch: Scratch,
    server: Server,
}

fn login(date: &'static str) -> Login {
    let answer = move |request: &Request| {
        let headers = format!("{date}Content-Type: application/json\r\n");
        let respond = |status: &str, body: &str| Response::new(status, &headers, body);
        let bearer = request.header("authorization");
        match request.target.as_str() {
            "/auth/login" if request.body_text().contains(r#""password":"right""#) => respond(
                "200 OK",
                r#"{"access_token":"t0ken","refresh_token":"r","expires_in":3600}"#,
            ),
            "/auth/login" => respond("400 Bad Request", r#"{"message":"Wrong password"}"#),
            "/broken" => respond("503 Service Unavailable", "{}"),
            "/rejected" => respond("401 Unauthorized", "{}"),
            _ if bearer == Some("Bearer t0ken") => respond("404 Not Found", "{}"),
            _ => respond("401 Unauthorized", "{}"),
        }
    };
    // Some checks fail before they reach it.
    let server = Server::start(answer).may_be_idle();
    let scratch = Scratch::new("host-login");
    let url = server.url("");
    scratch.write(
        "config.toml",
        format!(
            "[profile.kitsu]\nurl='{url}'\npreset='kitsu'\nuser='bot'\npassword='env:P'\n\
             [profile.asks]\nurl='{url}'\nauth='basic'\nuser='bot'\npassword='prompt'\n\
             [profile.device]\nurl='{url}'\nauth='device'\ndevice_url='/d'\ntoken_url='/t'\nclient_id='c'\n\
             [profile.key]\nurl='{url}'\nauth='bearer'\ntoken='env:P'\n\
             [profile.unset]\nurl='{url}'\nauth='bearer'\ntoken='env:NOT_SET'\n\
             [profile.nowhere]\nurl='http://name.invalid'\nallow_plaintext=true\nauth='bearer'\ntoken='env:P'\n\
             [profile.closed]\nurl='http://127.0.0.1:1'\nauth='bearer'\ntoken='env:P'\n"
        ),
    );
    Login { scratch, server }
}

impl Login {
    fn run(&self, words: &[&str]) -> Run {
        c47()
            .env("C47_CONFIG_PATH", self.scratch.path().join("config.toml"))
            .env("C47_CACHE_DIR", self.scratch.path().join("cache"))
            .env("P", "right")
            .args(["host", "check", "--auth"])
            .args(words)
    }

    /// The kind of a failure.
    #[track_caller]
    fn fails(&self, run: Run) -> (String, String) {
        let output = run.arg("--json").run().expect_code(1);
        for secret in ["right", "t0ken", "wr0ng"] {
            assert!(!output.tell().split("in: ").last().unwrap().contains(secret));
        }
        let report = output.json();
        assert_eq!(report["ok"], false);
        let check = &report["checks"][0];
        let text = |name: &str| check[name].as_str().unwrap().to_owned();
        (text("kind"), text("detail"))
    }
}

#[test]
fn login_check_uses_the_stored_token_and_calls_the_service() {
    let login = login("");
    for requests in [2, 3] {
        let output = login.run(&["kitsu"]).run().expect_code(0);
        let line = output.stdout_text();
        assert!(
            line.starts_with("ok   auth kitsu: token valid for "),
            "{line}"
        );
        assert!(line.contains("; status 404 after "), "{line}");
        assert_eq!(line.lines().count(), 1);
        assert_eq!(login.server.requests().len(), requests);
    }
    let several = login.run(&["kitsu/data/x", "--auth", "key", "--jq", ".checks[].kind"]);
    let several = several.env("P", "t0ken").run().expect_code(0);
    assert_eq!(several.stdout_text(), "null\nnull\n");
    assert_eq!(login.server.requests()[3].target, "/data/x");
}

#[test]
fn login_check_names_the_cause_of_a_failure() {
    let login = login("");
    for (name, kind, detail) in [
        ("nowhere", "resolve", "name.invalid"),
        ("closed", "connect", "127.0.0.1:1"),
        ("unset", "secret", "env:NOT_SET"),
        ("asks", "secret", "this command asks nobody"),
        (
            "device",
            "login_refused",
            "an interactive login is required",
        ),
        ("key/rejected", "rejected", "401"),
        ("key/broken", "status", "503"),
    ] {
        let (found, why) = login.fails(login.run(&[name]));
        assert_eq!(found, kind, "{name}: {why}");
        assert!(why.contains(detail), "{name}: {why}");
    }
    let (kind, why) = login.fails(login.run(&["kitsu"]).env("P", "wr0ng"));
    assert_eq!(kind, "login_refused", "{why}");
    assert!(why.contains("Wrong password"), "{why}");
    // What cannot be a profile is an error of the caller.
    for words in [
        &["nobody"][..],
        &["kitsu", "--within", "0s"],
        &["kitsu", "--within", "soon"],
    ] {
        login.run(words).run().expect_code(2);
    }
    let within = c47()
        .args(["host", "check", "--within", "3s", "--cpu", "v1"])
        .run();
    within.expect_code(2);
}

#[test]
fn login_check_finds_a_wrong_clock() {
    let login = login("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    for password in ["right", "wr0ng"] {
        let (kind, why) = login.fails(login.run(&["kitsu"]).env("P", password));
        assert_eq!(kind, "clock", "{why}");
        assert!(why.contains("behind"), "{why}");
    }
}

#[test]
fn login_check_finds_an_invalid_certificate() {
    let Some(certificates) = peers::certificates() else {
        return;
    };
    let (certificate, key) = (
        certificates.expired.certificate.display(),
        certificates.expired.key.display(),
    );
    let Some(nginx) = peers::nginx(&format!(
        "server {{ listen 127.0.0.1:@port0@ ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; }}"
    )) else {
        return;
    };
    let login = login("");
    login.scratch.write(
        "config.toml",
        format!(
            "[profile.tls]\nurl='https://localhost:{}'\ncacert='{}'\npreset='kitsu'\nuser='bot'\npassword='env:P'\n",
            nginx.port(0),
            certificates.ca.display()
        ),
    );
    let (kind, why) = login.fails(login.run(&["tls"]));
    assert_eq!(kind, "tls", "{why}");
    assert!(why.contains("expired"), "{why}");
}

#[test]
fn login_check_finds_a_full_disk() {
    let login = login("");
    // Only empty files can be written.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" host check --auth kitsu";
    let output = Run::of("sh")
        .args(["-c", script])
        .arg(support::binary())
        .env("C47_CONFIG_PATH", login.scratch.path().join("config.toml"))
        .env("C47_CACHE_DIR", login.scratch.path().join("cache"))
        .env("P", "right")
        .run()
        .expect_code(1);
    let line = output.stdout_text();
    let expected = "FAIL auth kitsu: token_cache: the token is not stored: ";
    assert!(line.starts_with(expected), "{line}");
}

/// A service that accepts connections and never responds, and one whose name is never resolved.
#[test]
fn login_check_ends_at_its_limit() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let login = login("");
    let config = |name: &str, url: &str| {
        format!(
            "[profile.{name}]\nurl='{url}'\nallow_plaintext=true\npreset='kitsu'\nuser='bot'\npassword='env:P'\n"
        )
    };
    let port = silent.local_addr().unwrap().port();
    let silent = config("silent", &format!("http://127.0.0.1:{port}"));
    login.scratch.write(
        "config.toml",
        [silent, config("unresolved", "http://filer.lan")].concat(),
    );
    let (kind, why) = login.fails(login.run(&["silent", "--within", "500ms"]));
    assert_eq!(kind, "timeout", "{why}");
    assert!(why.contains("response"), "{why}");
    // A name server that never responds: nobody has this address (RFC 5737).
    let resolv = login
        .scratch
        .write("resolv.conf", "nameserver 192.0.2.1\noptions timeout:30\n");
    let script = format!(
        "mount --bind {} /etc/resolv.conf; C47_CONFIG_PATH={} C47_CACHE_DIR={} P=right {} host check --auth unresolved --within 1s || echo $?",
        resolv.display(),
        login.scratch.path().join("config.toml").display(),
        login.scratch.path().join("cache").display(),
        support::binary().display(),
    );
    let Some(output) = with_mounts(&script) else {
        return;
    };
    let line = output.stdout_text();
    assert!(
        line.starts_with("FAIL auth unresolved: timeout: "),
        "{line}"
    );
    assert!(line.ends_with("\n1\n"), "{line}");
}

/// A token cache on a file server that is down: a FUSE file system whose program never responds.
#[test]
fn login_check_does_not_hang_with_the_token_cache() {
    let Some(python) = peers::tool("python3") else {
        return;
    };
    let login = login("");
    let dead = Scratch::new("host-dead");
    let (binary, at) = (support::binary().display(), dead.path().display());
    let config = login.scratch.path().join("config.toml");
    let program = login.scratch.write(
        "silent.py",
        "import ctypes, os, subprocess, sys\n\
         at, binary, config = sys.argv[1:]\n\
         fuse = os.open('/dev/fuse', os.O_RDWR)\n\
         options = f'fd={fuse},rootmode=40000,user_id=0,group_id=0'.encode()\n\
         call = ctypes.CDLL(None, use_errno=True).mount\n\
         if call(b'filer:/home', at.encode(), b'fuse.sshfs', 0, options):\n\
         \x20   print(os.strerror(ctypes.get_errno())); sys.exit(47)\n\
         environment = dict(os.environ, C47_CACHE_DIR=at, C47_CONFIG_PATH=config, P='right')\n\
         done = subprocess.run([binary, 'host', 'check', '--auth', 'kitsu', '--within', '1s'], env=environment)\n\
         sys.exit(done.returncode + 1)\n",
    );
    let script = format!(
        "{} {} {at} {binary} {}",
        python.display(),
        program.display(),
        config.display()
    );
    let Some(output) = with_mounts(&format!("{script} || echo $?")) else {
        return;
    };
    if output.stdout_text().ends_with("\n47\n") {
        peers::missing::<()>("FUSE is not available here");
        return;
    }
    let line = output.stdout_text();
    assert!(
        line.starts_with("FAIL auth kitsu: timeout: not finished after 1"),
        "{line}"
    );
    assert!(
        line.ends_with(&format!("; {at} does not respond\n2\n")),
        "{line}"
    );
}
