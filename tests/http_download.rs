//! `c47 http --download`: names, resumption, hashes, and protection of the directory from servers
//! and broken connections.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::server::{Request, Response, Server};
use crate::support::{Output, Scratch, c47, peers, wait_until};

fn download(scratch: &Scratch, url: &str, options: &[&str]) -> Output {
    c47()
        .current_dir(scratch.path())
        .args(["http", url, "--download"])
        .args(options)
        .run()
}

/// The sorted entries of the directory.
fn entries(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn named(disposition: &str) -> Server {
    let head = format!("content-disposition: {disposition}\r\n");
    Server::start(move |_| Response::new("200 OK", &head, "body"))
}

/// A file with an ETag and ranges, as in RFC 9110.
fn ranged(body: &'static [u8], etag: &'static str) -> impl Fn(&Request) -> Response {
    move |request| {
        let head = format!("etag: {etag}\r\naccept-ranges: bytes\r\n");
        let range = request.header("range").filter(|_| {
            request
                .header("if-range")
                .is_none_or(|wanted| wanted == etag)
        });
        let Some(range) = range else {
            return Response::new("200 OK", &head, body);
        };
        let from: usize = range["bytes=".len()..range.len() - 1].parse().unwrap();
        let length = body.len();
        if from >= length {
            let head = format!("{head}content-range: bytes */{length}\r\n");
            return Response::new("416 Range Not Satisfiable", &head, "");
        }
        let head = format!(
            "{head}content-range: bytes {from}-{}/{length}\r\n",
            length - 1
        );
        Response::new("206 Partial Content", &head, &body[from..])
    }
}

/// A response that ends after `count` bytes of its body.
fn cut(body: &[u8], head: &str, count: usize) -> Response {
    let head = format!(
        "HTTP/1.1 200 OK\r\n{head}content-length: {}\r\n\r\n",
        body.len()
    );
    Response::raw([head.as_bytes(), &body[..count]].concat())
}

const WHOLE: &[u8] = b"0123456789abcdef";

#[test]
fn download_prints_the_name_and_leaves_no_other_file() {
    let scratch = Scratch::new("name");
    let server = Server::start(|_| Response::ok("body"));
    let output = download(&scratch, &server.url("/a/shot%20010.exr?x=y"), &[]).expect_code(0);
    assert_eq!(output.stdout_text(), "shot 010.exr\n");
    assert_eq!(output.stderr_text(), "");
    assert_eq!(entries(scratch.path()), ["shot 010.exr"]);
    assert_eq!(server.request().header("accept-encoding"), Some("identity"));
    fs::create_dir(scratch.path().join("in")).unwrap();
    let output = download(&scratch, &server.url("/"), &["-o", "in"]).expect_code(0);
    assert_eq!(output.stdout_text(), "in/index.html\n");
    let output = download(&scratch, &server.url("/x"), &["-o", ".own"]).expect_code(0);
    assert_eq!(output.stdout_text(), ".own\n");
    assert_eq!(fs::read(scratch.path().join(".own")).unwrap(), b"body");
}

/// CVE-2010-3842, 2016-0754: a file name from the server stays in the directory.
#[test]
fn cve_2010_3842_and_2016_0754_a_server_chosen_name_stays_in_the_directory() {
    for (disposition, name) in [
        ("attachment; filename=\"../../evil\"", "evil"),
        ("attachment; filename=\"/etc/evil\"", "evil"),
        ("attachment; filename=\"..\\\\..\\\\evil.bat\"", "evil.bat"),
        ("attachment; filename=\"..\\..\\evil.bat\"", "evil.bat"),
        ("attachment; filename=\"C:evil\"", "evil"),
        ("attachment; filename*=UTF-8''..%2f..%2Fevil", "evil"),
        ("attachment; filename=\"%2e%2e%2fevil\"", "evil"),
        ("attachment; filename=\"..\"", "from-url"),
        ("attachment; filename=\"\"", "from-url"),
        ("attachment; filename=\"evil. . \"", "evil"),
        ("attachment; filename=\"sub/\"", "from-url"),
        ("attachment; filename*=UTF-8''a%0d%0ab%1b%5b2J", "ab[2J"),
    ] {
        let outer = Scratch::new("inside");
        let scratch = outer.path().join("one/two");
        fs::create_dir_all(&scratch).unwrap();
        let output = c47()
            .current_dir(&scratch)
            .args(["http", &named(disposition).url("/from-url"), "--download"])
            .run()
            .expect_code(0);
        assert_eq!(output.stdout_text(), format!("{name}\n"), "{disposition}");
        assert_eq!(entries(&scratch), [name], "{disposition}");
        assert_eq!(entries(outer.path()), ["one"]);
        assert_eq!(entries(&outer.path().join("one")), ["two"]);
    }
    let long = "x".repeat(400) + ".exr";
    let scratch = Scratch::new("long");
    let server = named(&format!("attachment; filename={long}"));
    download(&scratch, &server.url("/"), &[]).expect_code(0);
    let [name] = &entries(scratch.path())[..] else {
        panic!("one file")
    };
    assert!(name.len() <= 255 && name.ends_with(".exr"));
}

/// CVE-2020-8177: no existing file is overwritten, wherever the name comes from.
#[test]
fn cve_2020_8177_an_existing_file_is_kept() {
    let scratch = Scratch::new("existing");
    scratch.write("mine", "old");
    symlink("mine", scratch.path().join("link")).unwrap();
    symlink("nowhere", scratch.path().join("dangling")).unwrap();
    for name in ["mine", "link", "dangling"] {
        let server = named(&format!("attachment; filename={name}"));
        let output = download(&scratch, &server.url("/"), &[]).expect_code(7);
        assert!(output.stderr_text().contains("--overwrite"));
        assert_eq!(output.stderr_text().lines().count(), 1);
        let idle = Server::start(|_| Response::ok("")).may_be_idle();
        let output = download(&scratch, &idle.url("/"), &["-o", name]).expect_code(2);
        assert!(output.stderr_text().contains("hint: use --overwrite"));
        assert_eq!(idle.connections(), 0);
    }
    assert_eq!(entries(scratch.path()), ["dangling", "link", "mine"]);
    assert_eq!(fs::read(scratch.path().join("mine")).unwrap(), b"old");
    // With --overwrite, a link is replaced instead of followed.
    for name in ["mine", "link"] {
        let server = named(&format!("attachment; filename={name}"));
        download(&scratch, &server.url("/"), &["--overwrite"]).expect_code(0);
        assert_eq!(fs::read(scratch.path().join(name)).unwrap(), b"body");
    }
    assert!(!scratch.path().join("link").is_symlink());
    let server = named("attachment; filename=sub");
    fs::create_dir(scratch.path().join("sub")).unwrap();
    download(&scratch, &server.url("/"), &["--overwrite"]).expect_code(7);
}

/// A file that is created during the download is kept too.
#[test]
fn cve_2020_8177_a_file_that_appears_meanwhile_is_kept() {
    let scratch = Scratch::new("meanwhile");
    let target = scratch.path().join("out");
    let server = Server::start(move |_| {
        fs::write(&target, "appeared").unwrap();
        Response::ok("body")
    });
    download(&scratch, &server.url("/"), &["-o", "out"]).expect_code(7);
    assert_eq!(fs::read(scratch.path().join("out")).unwrap(), b"appeared");
    assert_eq!(fs::read(scratch.path().join("out.part")).unwrap(), b"body");
}

/// CVE-2025-11563: percent-encoded names cannot leave the directory or create a dot file.
#[test]
fn cve_2025_11563_url_cannot_choose_a_harmful_name() {
    for (path, name) in [
        ("/x/..%2f..%2fevil", "evil"),
        ("/x/..%5c..%5cevil", "evil"),
        ("/x/%2e%2e", "index.html"),
        ("/.bashrc", "bashrc"),
        ("/%2ebashrc", "bashrc"),
        ("/%20.bashrc", "bashrc"),
        ("/a%00b", "ab"),
        ("/", "index.html"),
    ] {
        let scratch = Scratch::new("url");
        let server = Server::start(|_| Response::ok("body"));
        download(&scratch, &server.url(path), &[]).expect_code(0);
        assert_eq!(entries(scratch.path()), [name], "{path}");
    }
    let scratch = Scratch::new("dot");
    let server = named("attachment; filename=\".bashrc\"");
    download(&scratch, &server.url("/"), &[]).expect_code(0);
    assert_eq!(entries(scratch.path()), ["bashrc"]);
}

/// CVE-2010-2252 (wget): the target of a redirect does not choose the name.
#[test]
fn redirect_does_not_choose_the_file_name() {
    let server = Server::start(|request| match request.target.as_str() {
        "/tool" => Response::redirect("302 Found", "/.profile"),
        _ => Response::ok("body"),
    });
    let scratch = Scratch::new("redirect");
    download(&scratch, &server.url("/tool"), &["--follow"]).expect_code(0);
    assert_eq!(entries(scratch.path()), ["tool"]);
    download(&scratch, &server.url("/tool"), &["-o", "not"]).expect_code(3);
    assert_eq!(entries(scratch.path()), ["tool"]);
}

/// CVE-2022-32207: the permissions of a replaced file are never widened.
#[test]
fn cve_2022_32207_permissions_are_not_widened() {
    let scratch = Scratch::new("mode");
    let target = scratch.write("out", "old");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
    let part = scratch.write("out.part", "left over");
    fs::set_permissions(&part, fs::Permissions::from_mode(0o666)).unwrap();
    let seen = part.clone();
    let server = Server::start(move |_| {
        assert_eq!(mode(&seen), 0o600);
        Response::ok("body")
    });
    let options = ["-o", "out", "--overwrite"];
    download(&scratch, &server.url("/"), &options).expect_code(0);
    assert_eq!(
        (mode(&target), fs::read(&target).unwrap()),
        (0o600, b"body".to_vec())
    );
    let server = Server::start(|_| Response::ok("body"));
    download(&scratch, &server.url("/"), &["-o", "new"]).expect_code(0);
    let plain = scratch.write("plain", "");
    assert_eq!(mode(&scratch.path().join("new")), mode(&plain)); // set by the umask
}

/// CVE-2022-27778: cleanup removes only files of this download.
#[test]
fn cve_2022_27778_cleanup_removes_only_its_own_files() {
    let scratch = Scratch::new("cleanup");
    scratch.write("out", "old");
    let wrong = "0".repeat(64);
    let server = Server::start(|_| Response::ok("body"));
    let options = ["-o", "out", "--overwrite", "--sha256", &wrong];
    let output = download(&scratch, &server.url("/"), &options).expect_code(7);
    assert!(
        output.stderr_text().contains("SHA-256"),
        "{}",
        output.stderr_text()
    );
    assert_eq!(entries(scratch.path()), ["out"]);
    assert_eq!(fs::read(scratch.path().join("out")).unwrap(), b"old");
    let missing = Server::start(|_| Response::new("404 Nothing", "", "why"));
    let output = download(&scratch, &missing.url("/"), &["-o", "new"]).expect_code(4);
    assert_eq!(output.stdout_text(), "why");
    assert_eq!(entries(scratch.path()), ["out"]);
    // A partial file that existed before is kept.
    scratch.write("new.part", "begin");
    download(&scratch, &missing.url("/"), &["-o", "new"]).expect_code(4);
    assert_eq!(entries(scratch.path()), ["new.part", "out"]);
}

/// In a shared directory, a planted .part could point to any file of the user.
#[test]
fn partial_file_that_is_a_link_is_refused() {
    let scratch = Scratch::new("trap");
    let mine = scratch.write("mine", "old");
    symlink(&mine, scratch.path().join("a.part")).unwrap();
    fs::hard_link(&mine, scratch.path().join("b.part")).unwrap();
    fs::create_dir(scratch.path().join("c.part")).unwrap();
    let server = Server::start(|_| Response::ok("body")).may_be_idle();
    for name in ["a", "b", "c"] {
        let output = download(&scratch, &server.url("/"), &["-o", name]).expect_code(7);
        assert_eq!(output.stderr_text().lines().count(), 1);
    }
    // A FIFO would block forever.
    assert_eq!(fs::read(&mine).unwrap(), b"old");
    symlink(&mine, scratch.path().join("d.part.meta")).unwrap();
    let versioned = Server::start(ranged(WHOLE, "\"1\""));
    download(&scratch, &versioned.url("/"), &["-o", "d"]).expect_code(0);
    assert_eq!(fs::read(&mine).unwrap(), b"old");
}

#[test]
fn short_body_is_an_error_and_keeps_the_partial_file() {
    let scratch = Scratch::new("short");
    let server = Server::start(|_| cut(WHOLE, "", 10));
    let output = download(&scratch, &server.url("/"), &["-o", "out"]).expect_code(7);
    assert_eq!(
        output.stderr_text().lines().count(),
        1,
        "{}",
        output.stderr_text()
    );
    assert_eq!(entries(scratch.path()), ["out.part"]);
    assert_eq!(
        fs::read(scratch.path().join("out.part")).unwrap(),
        &WHOLE[..10]
    );
}

#[test]
fn interrupted_download_is_resumed() {
    let scratch = Scratch::new("continue");
    let head = "etag: \"1\"\r\n";
    let broken = AtomicUsize::new(0);
    let whole = ranged(WHOLE, "\"1\"");
    let server = Server::start(move |request| match broken.fetch_add(1, Ordering::SeqCst) {
        0 => cut(WHOLE, head, 10),
        _ => whole(request),
    });
    let url = server.url("/out?token=s3cret");
    let sha256 = sha256(WHOLE);
    download(&scratch, &url, &["-o", "out"]).expect_code(7);
    assert_eq!(entries(scratch.path()), ["out.part", "out.part.meta"]);
    let meta = fs::read_to_string(scratch.path().join("out.part.meta")).unwrap();
    assert!(!meta.contains("s3cret"), "{meta}");
    let options = ["-o", "out", "--continue", "--sha256", &sha256];
    let output = download(&scratch, &url, &options).expect_code(0);
    assert_eq!((output.stdout_text(), output.stderr_text()), ("out\n", ""));
    assert_eq!(fs::read(scratch.path().join("out")).unwrap(), WHOLE);
    assert_eq!(entries(scratch.path()), ["out"]);
    let second = &server.requests()[1];
    assert_eq!(second.header("range"), Some("bytes=10-"));
    assert_eq!(second.header("if-range"), Some("\"1\""));
}

fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// Creates a partial file and its note, like an interrupted download from `url`.
fn begun(scratch: &Scratch, url: &str, body: &'static [u8], etag: &str) {
    let origin_and_path = url.split('?').next().unwrap();
    let note = format!(
        "version {etag}\nlength {}\nurl-sha256 {}\n",
        WHOLE.len(),
        sha256(origin_and_path.as_bytes())
    );
    scratch.write("out.part", body);
    scratch.write("out.part.meta", note);
}

#[test]
fn changed_file_restarts_the_download() {
    let scratch = Scratch::new("changed");
    let server = Server::start(ranged(WHOLE, "\"2\""));
    let url = server.url("/out");
    begun(&scratch, &url, b"older bytes", "\"1\"");
    let output = download(&scratch, &url, &["-o", "out", "--continue"]).expect_code(0);
    assert!(
        output.stderr_text().contains("restarting the download"),
        "{}",
        output.stderr_text()
    );
    assert_eq!(fs::read(scratch.path().join("out")).unwrap(), WHOLE);
    assert_eq!(entries(scratch.path()), ["out"]);
}

#[test]
fn complete_partial_file_is_a_success() {
    for complete in ["bytes */16", ""] {
        let scratch = Scratch::new("complete");
        let head = match complete {
            "" => String::new(),
            range => format!("content-range: {range}\r\n"),
        };
        let server = Server::start(move |_| Response::new("416 No Such Range", &head, "no"));
        let url = server.url("/out");
        begun(&scratch, &url, WHOLE, "\"1\"");
        download(&scratch, &url, &["-o", "out", "--continue"]).expect_code(0);
        assert_eq!(fs::read(scratch.path().join("out")).unwrap(), WHOLE);
        assert_eq!(entries(scratch.path()), ["out"]);
    }
}

#[test]
fn too_long_partial_file_restarts_the_download() {
    let scratch = Scratch::new("longer");
    let server = Server::start(ranged(WHOLE, "\"1\""));
    let url = server.url("/out");
    begun(&scratch, &url, b"0123456789abcdef and more", "\"1\"");
    download(&scratch, &url, &["-o", "out", "--continue"]).expect_code(0);
    assert_eq!(fs::read(scratch.path().join("out")).unwrap(), WHOLE);
}

#[test]
fn partial_file_of_unknown_version_or_another_url_restarts_the_download() {
    let server = Server::start(ranged(WHOLE, "\"1\""));
    let scratch = Scratch::new("unknown");
    scratch.write("out.part", "who knows");
    let url = server.url("/out");
    download(&scratch, &url, &["-o", "out", "--continue"]).expect_code(0);
    assert_eq!(fs::read(scratch.path().join("out")).unwrap(), WHOLE);
    let other = Scratch::new("other-url");
    begun(&other, &server.url("/other"), b"abc", "\"1\"");
    download(&other, &url, &["-o", "out", "--continue"]).expect_code(0);
    assert_eq!(fs::read(other.path().join("out")).unwrap(), WHOLE);
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.header("range").is_none())
    );
}

/// A response with another range must not be appended to the partial file.
#[test]
fn wrong_ranges_are_refused() {
    for head in [
        "content-range: bytes 0-15/16\r\n",
        "content-range: bytes 4-15/16\r\n",
        "content-range: bytes 10-15/17\r\n",
        "content-range: bytes 10-20/16\r\n",
        "content-range: lines 10-15/16\r\n",
        "content-type: multipart/byteranges; boundary=x\r\n",
        "",
    ] {
        let scratch = Scratch::new("wrong-range");
        let server = Server::start(move |_| Response::new("206 Partial Content", head, "abcdef"));
        let url = server.url("/out");
        begun(&scratch, &url, &WHOLE[..10], "\"1\"");
        let output = download(&scratch, &url, &["-o", "out", "--continue"]).expect_code(7);
        assert_eq!(output.stderr_text().lines().count(), 1);
        assert_eq!(
            fs::read(scratch.path().join("out.part")).unwrap(),
            &WHOLE[..10],
            "{head}"
        );
        // An unrequested range is refused too.
        download(&scratch, &url, &["-o", "new"]).expect_code(7);
        assert!(!scratch.path().join("new").exists());
    }
}

/// The body is longer or shorter than the announced range.
#[test]
fn range_shorter_than_announced_is_an_error() {
    let scratch = Scratch::new("less");
    let server = Server::start(|_| {
        let head = "content-range: bytes 10-12/16\r\n";
        Response::new("206 Partial Content", head, "abc")
    });
    let url = server.url("/out");
    begun(&scratch, &url, &WHOLE[..10], "\"1\"");
    let output = download(&scratch, &url, &["-o", "out", "--continue"]).expect_code(7);
    assert!(
        output.stderr_text().contains("13 of 16 bytes"),
        "{}",
        output.stderr_text()
    );
    assert!(!scratch.path().join("out").exists());
}

/// A URL may be valid for one request only, so the name comes from the note.
#[test]
fn continue_without_a_name_sends_one_request() {
    let scratch = Scratch::new("by-name");
    let head = "content-disposition: attachment; filename=out\r\netag: \"1\"\r\n";
    let server = Server::start(move |request| match request.header("range") {
        None => Response::new("200 OK", head, WHOLE),
        Some("bytes=10-") => {
            let head = format!("{head}content-range: bytes 10-15/16\r\n");
            Response::new("206 Partial Content", &head, &WHOLE[10..])
        }
        Some(other) => panic!("{other}"),
    });
    let url = server.url("/x");
    begun(&scratch, &url, &WHOLE[..10], "\"1\"");
    let output = download(&scratch, &url, &["--continue"]).expect_code(0);
    assert_eq!(output.stdout_text(), "out\n");
    assert_eq!(fs::read(scratch.path().join("out")).unwrap(), WHOLE);
    assert_eq!(server.request().header("if-range"), Some("\"1\""));
}

/// With --retry, a truncated body is resumed at once.
#[test]
fn retry_requests_the_rest() {
    let scratch = Scratch::new("retry");
    let count = AtomicUsize::new(0);
    let whole = ranged(WHOLE, "\"1\"");
    let server = Server::start(move |request| match count.fetch_add(1, Ordering::SeqCst) {
        0 => cut(WHOLE, "etag: \"1\"\r\n", 10),
        _ => whole(request),
    });
    let output = download(&scratch, &server.url("/out"), &["--retry=1"]).expect_code(0);
    assert!(
        output.stderr_text().contains("(1 of 1)"),
        "{}",
        output.stderr_text()
    );
    assert_eq!(fs::read(scratch.path().join("out")).unwrap(), WHOLE);
    assert_eq!(server.requests()[1].header("range"), Some("bytes=10-"));
}

/// Some servers send `Content-Encoding: gzip` for a .tar.gz: the bytes are saved unchanged.
#[test]
fn download_does_not_decode_the_body() {
    let scratch = Scratch::new("as-sent");
    let server =
        Server::start(|_| Response::new("200 OK", "content-encoding: x-gzip\r\n", "\x1f\u{8b}"));
    download(&scratch, &server.url("/a.tar.gz"), &[]).expect_code(0);
    assert_eq!(
        fs::read(scratch.path().join("a.tar.gz")).unwrap(),
        "\x1f\u{8b}".as_bytes()
    );
}

#[test]
fn second_download_of_the_same_name_is_refused() {
    let scratch = Scratch::new("two");
    let hanging = Server::start(|_| {
        Response::raw("HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n0123").then_hang()
    });
    let part = scratch.path().join("out.part");
    let first = c47()
        .current_dir(scratch.path())
        .args(["http", &hanging.url("/out"), "--download"])
        .spawn();
    wait_until("the first bytes are kept", || {
        fs::read(&part).is_ok_and(|bytes| bytes == b"0123")
    });
    let server = Server::start(|_| Response::ok("other"));
    for option in ["--overwrite", "--continue"] {
        let output = download(&scratch, &server.url("/out"), &[option]).expect_code(7);
        assert!(
            output.stderr_text().contains("another download"),
            "{}",
            output.stderr_text()
        );
    }
    assert_eq!(fs::read(&part).unwrap(), b"0123");
    // Ctrl-C keeps the received bytes.
    first.signal(libc::SIGINT);
    first.wait().expect_code(130);
    assert_eq!(fs::read(&part).unwrap(), b"0123");
    download(&scratch, &server.url("/out"), &[]).expect_code(0);
    assert_eq!(entries(scratch.path()), ["out"]);
}

#[test]
fn size_limits_and_unusual_responses() {
    let scratch = Scratch::new("odd");
    let server = Server::start(|_| Response::ok(WHOLE));
    download(&scratch, &server.url("/out"), &["--max-body=10"]).expect_code(7);
    assert!(!scratch.path().join("out").exists());
    let empty = Server::start(|_| Response::ok(""));
    download(&scratch, &empty.url("/empty"), &[]).expect_code(0);
    assert_eq!(fs::read(scratch.path().join("empty")).unwrap(), b"");
    let closing = Server::start(|_| Response::raw("HTTP/1.1 200 OK\r\n\r\nuntil the end"));
    download(&scratch, &closing.url("/closing"), &[]).expect_code(0);
    assert_eq!(
        fs::read(scratch.path().join("closing")).unwrap(),
        b"until the end"
    );
    let output = download(&scratch, &closing.url("/x"), &["-o", "no/such/dir"]);
    assert_eq!(output.expect_code(7).stderr_text().lines().count(), 1);
}

#[test]
fn conflicting_options_are_refused() {
    let scratch = Scratch::new("usage");
    for options in [
        &["--download", "--json"][..],
        &["--download", "--headers"],
        &["--download", "-o", "-"],
        &["--download", "--sha256=abc"],
        &["--download", "--continue", "a=b"],
        &["--download", "--continue", "Range:bytes=1-"],
        &["--continue"],
        &["--overwrite"],
        &["--sha256", &"0".repeat(64)],
    ] {
        c47()
            .current_dir(scratch.path())
            .args(["http", "localhost:1"])
            .args(options)
            .run()
            .expect_code(2);
    }
    c47()
        .args(["http", "HEAD", "localhost:1", "--download"])
        .run()
        .expect_code(2);
}

#[test]
fn download_from_nginx_resumes_until_the_file_changes() {
    let server = "server { listen 127.0.0.1:@port0@; root @dir@/www; }";
    let Some(nginx) = peers::nginx(server) else {
        return;
    };
    let www = nginx.directory().join("www");
    fs::create_dir(&www).unwrap();
    let old: Vec<u8> = (0..3_000_000_u32).map(|n| (n / 3) as u8).collect();
    fs::write(www.join("file"), &old).unwrap();
    let url = format!("http://127.0.0.1:{}/file", nginx.port(0));
    let scratch = Scratch::new("nginx");
    let options = ["--max-body=1M"]; // interrupts the download
    download(&scratch, &url, &options).expect_code(7);
    let part = scratch.path().join("file.part");
    let have = fs::metadata(&part).unwrap().len();
    assert!(have > 0 && have < 3_000_000, "{have}");
    download(&scratch, &url, &["--continue"]).expect_code(0);
    assert!(fs::read(scratch.path().join("file")).unwrap() == old);
    assert!(
        nginx.access_log().contains("\" 206 "),
        "{}",
        nginx.access_log()
    );
    // Interrupts again; then the file changes.
    fs::remove_file(scratch.path().join("file")).unwrap();
    download(&scratch, &url, &options).expect_code(7);
    let new = vec![b'n'; 3_500_000];
    fs::write(www.join("file"), &new).unwrap();
    let output = download(&scratch, &url, &["--continue"]).expect_code(0);
    assert!(
        output.stderr_text().contains("restarting the download"),
        "{}",
        output.stderr_text()
    );
    assert!(fs::read(scratch.path().join("file")).unwrap() == new);
}

/// Storage services redirect to another origin; the range is sent there too.
#[test]
fn redirected_download_is_resumed() {
    let storage = Server::start_at("127.0.0.2:0", ranged(WHOLE, "\"1\""));
    let location = format!("http://127.0.0.2:{}/blob", storage.port());
    let server = Server::start(move |_| Response::redirect("302 Found", &location));
    let scratch = Scratch::new("storage");
    let url = server.url("/out");
    begun(&scratch, &url, &WHOLE[..10], "\"1\"");
    download(&scratch, &url, &["-o", "out", "--follow", "--continue"]).expect_code(0);
    assert_eq!(fs::read(scratch.path().join("out")).unwrap(), WHOLE);
    assert_eq!(storage.request().header("range"), Some("bytes=10-"));
}

/// The URL now returns another file with another name: the partial file is not used.
#[test]
fn continue_without_a_name_follows_the_servers_new_name() {
    let scratch = Scratch::new("new-name");
    let server = Server::start(|_| {
        let head = "content-disposition: attachment; filename=new\r\netag: \"2\"\r\n";
        Response::new("200 OK", head, "newer")
    });
    let url = server.url("/latest");
    begun(&scratch, &url, &WHOLE[..10], "\"1\"");
    let output = download(&scratch, &url, &["--continue"]).expect_code(0);
    assert_eq!(output.stdout_text(), "new\n");
    assert_eq!(fs::read(scratch.path().join("new")).unwrap(), b"newer");
    assert_eq!(
        entries(scratch.path()),
        ["new", "out.part", "out.part.meta"]
    );
    assert_eq!(server.request().header("range"), Some("bytes=10-"));
}

/// Partial files of other URLs, of other users or without a note are not resumed.
#[test]
fn continue_without_a_name_ignores_partial_files_of_other_urls() {
    let scratch = Scratch::new("others");
    let server = Server::start(ranged(WHOLE, "\"1\""));
    begun(&scratch, &server.url("/other"), &WHOLE[..10], "\"1\"");
    scratch.write("noteless.part", "abc");
    scratch.write(
        "partless.part.meta",
        "version \"1\"\nlength 1\nurl-sha256 x\n",
    );
    download(&scratch, &server.url("/file"), &["--continue"]).expect_code(0);
    assert_eq!(server.request().header("range"), None);
    assert_eq!(fs::read(scratch.path().join("file")).unwrap(), WHOLE);
    assert!(scratch.path().join("out.part").exists());
}

#[test]
fn existing_file_with_the_right_hash_sends_nothing() {
    let scratch = Scratch::new("present");
    scratch.write("out", WHOLE);
    let sha256 = sha256(WHOLE);
    let idle = Server::start(|_| Response::ok("")).may_be_idle();
    let login = [
        "--auth",
        "bearer=env:NONE",
        "--sha256",
        &sha256.to_uppercase(),
    ];
    for options in [
        &["-o", "out"][..],
        &["-o", "out", "--overwrite"],
        &["-o", "out", "--continue"],
        &["-o", "."],
        &[],
    ] {
        let options = [options, &login[..]].concat();
        let output = download(&scratch, &idle.url("/out"), &options).expect_code(0);
        assert_eq!(
            (output.stdout_text(), output.stderr_text()),
            ("out\n", ""),
            "{options:?}"
        );
    }
    assert_eq!(idle.connections(), 0);
    assert_eq!(entries(scratch.path()), ["out"]);
    // With another hash, the file is unchanged.
    scratch.write("out", "other");
    let options = ["-o", "out", "--sha256", &sha256];
    download(&scratch, &idle.url("/out"), &options).expect_code(2);
    assert_eq!(fs::read(scratch.path().join("out")).unwrap(), b"other");
    assert_eq!(idle.connections(), 0);
}

/// The server gives the name: the body is not transferred, and the file is not replaced.
#[test]
fn existing_file_of_the_servers_name_with_the_right_hash_is_a_success() {
    let scratch = Scratch::new("present-by-name");
    scratch.write("tool-1.0", WHOLE);
    let server = named("attachment; filename=tool-1.0");
    let options = ["--sha256", &sha256(WHOLE)];
    let output = download(&scratch, &server.url("/latest"), &options).expect_code(0);
    assert_eq!(output.stdout_text(), "tool-1.0\n");
    assert_eq!(entries(scratch.path()), ["tool-1.0"]);
    assert_eq!(fs::read(scratch.path().join("tool-1.0")).unwrap(), WHOLE);
}

#[test]
fn stopped_download_reports_whether_it_can_be_resumed() {
    for (head, says) in [
        ("etag: \"1\"\r\n", "--continue resumes the download"),
        (
            "",
            "--continue restarts the download: the server sent no usable ETag or date",
        ),
    ] {
        let scratch = Scratch::new("stopped");
        let hanging = Server::start(move |_| {
            let head = format!("HTTP/1.1 200 OK\r\n{head}content-length: 16\r\n\r\n0123");
            Response::raw(head).then_hang()
        });
        let part = scratch.path().join("out.part");
        let child = c47()
            .current_dir(scratch.path())
            .args(["http", &hanging.url("/out"), "--download"])
            .spawn();
        // The handler's text is set after the bytes are written.
        wait_until("the download waits for more", || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
            let waits = stat.rsplit(") ").next().unwrap().starts_with('S');
            waits && fs::read(&part).is_ok_and(|bytes| bytes == b"0123")
        });
        child.signal(libc::SIGTERM);
        let output = child.wait().expect_code(143);
        let line = format!("c47 http: stopped; out.part is kept; {says}\n");
        assert_eq!(output.stderr_text(), line);
    }
}

/// Two files with the same path and different queries, as in an API: each resumes its own partial
/// file.
#[test]
fn continue_without_a_name_resumes_the_file_of_the_same_query() {
    let scratch = Scratch::new("queries");
    let cut_once = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        let (number, etag) = match request.target.ends_with("=1") {
            true => (1, "\"1\""),
            false => (2, "\"2\""),
        };
        let head =
            format!("content-disposition: attachment; filename=file{number}\r\netag: {etag}\r\n");
        if cut_once.fetch_add(1, Ordering::SeqCst) < 2 {
            return cut(WHOLE, &head, 10);
        }
        assert_eq!(request.header("range"), Some("bytes=10-"));
        assert_eq!(request.header("if-range"), Some(etag));
        let head = format!("{head}content-range: bytes 10-15/16\r\n");
        Response::new("206 Partial Content", &head, &WHOLE[10..])
    });
    for number in [1, 2] {
        let url = server.url(&format!("/download?id={number}"));
        download(&scratch, &url, &[]).expect_code(7);
    }
    for number in [1, 2] {
        let url = server.url(&format!("/download?id={number}"));
        let output = download(&scratch, &url, &["--continue"]).expect_code(0);
        assert_eq!(output.stdout_text(), format!("file{number}\n"));
    }
    assert_eq!(server.requests().len(), 4);
    assert_eq!(entries(scratch.path()), ["file1", "file2"]);
}

/// A server that ignores If-Range: parts of two files are never joined.
#[test]
fn range_of_another_version_restarts_the_download() {
    for head in [
        "etag: \"2\"\r\n",
        "content-disposition: attachment; filename=new\r\n",
    ] {
        let scratch = Scratch::new("ignores-if-range");
        let server = Server::start(move |request| match request.header("range") {
            Some(_) => {
                let head = format!("{head}content-range: bytes 10-15/16\r\n");
                Response::new("206 Partial Content", &head, "OTHER!")
            }
            None => Response::new("200 OK", head, "the other file"),
        });
        let url = server.url("/out");
        begun(&scratch, &url, &WHOLE[..10], "\"1\"");
        let output = download(&scratch, &url, &["--continue"]).expect_code(0);
        let name = output.stdout_text().trim_end();
        assert_eq!(
            fs::read(scratch.path().join(name)).unwrap(),
            b"the other file"
        );
    }
}
