//! Uploads: multipart forms, streamed files, gzip; parsed by independent programs.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::support::server::{Request, Response, Server};
use crate::support::{Scratch, c47, peers};

fn server() -> Server {
    Server::start(|_| Response::ok("{}"))
}

/// Parses the form with Python's email package: name, file name, type and content of each part.
fn parse(request: &Request) -> Option<serde_json::Value> {
    const PARSE: &str = "
import sys, json, email, email.policy
head, body = sys.argv[1].encode(), sys.stdin.buffer.read()
message = email.message_from_bytes(b'Content-Type: ' + head + b'\\r\\n\\r\\n' + body, policy=email.policy.HTTP)
assert not message.defects, message.defects
parts = []
for part in message.iter_parts():
    assert not part.defects, part.defects
    name = part.get_param('name', header='content-disposition')
    content_type = part.get('content-type')
    parts.append([name, part.get_filename(), str(content_type) if content_type else None,
                  part.get_payload(decode=True).decode('latin-1')])
print(json.dumps(parts))
";
    let python = peers::tool("python3")?;
    let mut child = Command::new(python)
        .args(["-c", PARSE, request.header("content-type").unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&request.body)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "python could not read the form");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn multipart_form_is_parsed_by_python() {
    let server = server();
    let scratch = Scratch::new("form");
    scratch.write("frame.png", b"\x89PNG\r\n\x00\xff--");
    scratch.write("note;1.txt", "note");
    c47()
        .current_dir(scratch.path())
        .args(["http", &server.url("/"), "first=é", "preview@frame.png"])
        .args(["second=2", "n@note;1.txt;filename=other.md;type=text/x"])
        .args(["in@-;filename=stdin.exr", "last="])
        .stdin(b"from stdin".to_vec())
        .run()
        .expect_code(0);
    let request = server.request();
    assert_eq!(request.method, "POST");
    let length = request.header("content-length").unwrap();
    assert_eq!(length, request.body.len().to_string());
    let Some(parts) = parse(&request) else { return };
    let expected = serde_json::json!([
        ["first", null, null, "Ã©"],
        [
            "preview",
            "frame.png",
            "image/png",
            "\u{89}PNG\r\n\u{0}\u{ff}--"
        ],
        ["second", null, null, "2"],
        ["n", "other.md", "text/x", "note"],
        ["in", "stdin.exr", "image/x-exr", "from stdin"],
        ["last", null, null, ""],
    ]);
    assert_eq!(parts, expected);
}

/// CVE-2014-8150 in the header of a part: a name cannot end it.
#[test]
fn names_cannot_inject_a_header() {
    let server = server();
    let scratch = Scratch::new("inject");
    scratch.write("a\"\r\nX-Evil: 1.txt", "x");
    c47()
        .current_dir(scratch.path())
        .args(["http", &server.url("/")])
        .arg("f\"\r\nX-Evil\\: 2@a\"\r\nX-Evil: 1.txt")
        .run()
        .expect_code(0);
    let request = server.request();
    let text = request.body_text();
    assert!(!text.contains("\nX-Evil"), "{text}");
    assert!(text.contains("name=\"f%22%0D%0AX-Evil: 2\""), "{text}");
    assert!(
        text.contains("filename=\"a%22%0D%0AX-Evil: 1.txt\""),
        "{text}"
    );
    c47()
        .args(["http", "localhost:1", "f@/dev/null;type=a/b\r\nX: y"])
        .run()
        .expect_code(2);
}

#[test]
fn httpbin_parses_the_form() {
    let Some(httpbin) = peers::httpbin() else {
        return;
    };
    let scratch = Scratch::new("httpbin");
    scratch.write("a.txt", "content");
    let output = c47()
        .current_dir(scratch.path())
        .args(["http", &httpbin.url("/post"), "é=ü", "f@a.txt"])
        .run()
        .expect_code(0)
        .json();
    assert_eq!(output["form"]["é"], "ü");
    assert_eq!(output["files"]["f"], "content");
}

#[test]
fn form_is_resent_after_308_and_503() {
    let server = Server::script([
        Response::redirect("308 Moved", "/there"),
        Response::new("503 Busy", "retry-after: 0\r\n", ""),
        Response::ok("{}"),
    ]);
    let scratch = Scratch::new("again");
    scratch.write("frame.exr", vec![7; 300_000]);
    c47()
        .current_dir(scratch.path())
        .args(["http", "PUT", &server.url("/"), "f@frame.exr", "a=b"])
        .args(["--follow", "--retry=1"])
        .run()
        .expect_code(0);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests[0].body.len() > 300_000);
    assert!(requests.iter().all(|r| r.body == requests[0].body));
    assert_eq!(
        requests[0].header("content-type"),
        requests[2].header("content-type")
    );
}

fn unzip(bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut all)
        .unwrap();
    all
}

#[test]
fn compress_sends_gzip() {
    let server = server();
    let scratch = Scratch::new("gzip");
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| (n / 7) as u8).collect();
    scratch.write("large", &large);
    scratch.write("small", &large[..1000]);
    for arguments in [
        &["a=b"][..],
        &["--body=@small"],
        &["--body", "large"],
        &["f@small"],
    ] {
        c47()
            .current_dir(scratch.path())
            .args(["http", &server.url("/"), "--compress"])
            .args(arguments)
            .run()
            .expect_code(0);
    }
    let requests = server.requests();
    for request in &requests {
        assert_eq!(request.header("content-encoding"), Some("gzip"));
    }
    assert_eq!(unzip(&requests[0].body), br#"{"a":"b"}"#);
    assert_eq!(unzip(&requests[1].body), &large[..1000]);
    assert_eq!(
        requests[1].header("content-length").unwrap(),
        requests[1].body.len().to_string()
    );
    assert_eq!(unzip(&requests[2].body), large);
    assert_eq!(requests[2].header("transfer-encoding"), Some("chunked"));
    assert_eq!(requests[2].header("content-length"), None);
    assert!(String::from_utf8_lossy(&unzip(&requests[3].body)).contains("name=\"f\""));
}

/// A redirect to another origin (307) sends the body, and also its Content-Encoding.
#[test]
fn compressed_body_keeps_its_encoding_header_after_a_redirect() {
    let other = Server::start_at("127.0.0.2:0", |_| Response::ok("{}"));
    let location = format!("http://127.0.0.2:{}/", other.port());
    let server = Server::start(move |_| Response::redirect("307 Moved", &location));
    c47()
        .args([
            "http",
            &server.url("/"),
            "a=b",
            "--compress",
            "--follow",
            "--redirect-body",
        ])
        .run()
        .expect_code(0);
    let request = other.request();
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    assert_eq!(unzip(&request.body), br#"{"a":"b"}"#);
}

#[test]
fn invalid_uploads_are_refused() {
    let scratch = Scratch::new("wrong");
    scratch.write("f", "x");
    for arguments in [
        &["--compress"][..],
        &["a=b", "--compress", "Content-Encoding:br"],
        &["f@f", "a:=1"],
        &["f@f", "--body=f"],
        &["f@"],
        &["f@f;type=none"],
    ] {
        c47()
            .current_dir(scratch.path())
            .args(["http", "localhost:1"])
            .args(arguments)
            .run()
            .expect_code(2);
    }
    for missing in ["f@no-such-file", "f@."] {
        let output = c47()
            .current_dir(scratch.path())
            .args(["http", "localhost:1", missing])
            .run()
            .expect_code(7);
        assert_eq!(output.stderr_text().lines().count(), 1);
    }
}

/// A file that shrinks while it is sent is an error, not an endless request.
#[test]
fn file_that_shrinks_during_upload_is_an_error() {
    let scratch = Scratch::new("shrinks");
    let path = scratch.write("f", "");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(1 << 30).unwrap(); // larger than all buffers
    let server = Server::connection(move |mut stream| {
        let mut some = [0; 1024];
        let _ = stream.read(&mut some);
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(10).unwrap();
        while matches!(stream.read(&mut some), Ok(1..)) {}
    });
    let output = c47()
        .current_dir(scratch.path())
        .args(["http", "PUT", &server.url("/"), "--body=f"])
        .run()
        .expect_code(7);
    assert!(
        output.stderr_text().contains("became shorter"),
        "{}",
        output.stderr_text()
    );
}

#[test]
fn printed_form_masks_secrets() {
    let scratch = Scratch::new("shown");
    scratch.write("a.txt", "content");
    let call = |option: &str| {
        c47()
            .current_dir(scratch.path())
            .args(["http", "localhost:1", "password=s3cret", "f@a.txt", option])
            .run()
            .expect_code(0)
            .stdout_text()
            .to_owned()
    };
    let offline = call("--offline");
    assert!(offline.contains("\r\n\r\ncontent\r\n"), "{offline}");
    assert!(!offline.contains("s3cret"), "{offline}");
    let curl = call("--curl");
    assert!(curl.contains("-F 'f=@a.txt;type=text/plain'"), "{curl}");
    assert!(
        !curl.contains("s3cret") && !curl.contains("boundary"),
        "{curl}"
    );
}
