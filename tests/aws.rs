//! Signatures for AWS, compared with those of botocore, and verified by an S3 server.

use std::fs;

use serde_json::{Value as Json, json};

use crate::support::peers::{
    ACCESS_KEY, S3, SECRET_KEY, certificates, nginx, s3, tool, with_botocore,
};
use crate::support::server::{Request, Response, Server};
use crate::support::{Run, Scratch, c47};

const TOKEN: &str = "IQoJb3JpZ2luX2VjEJr//+a/b=";

/// c47 with keys in the environment.
fn signed(scratch: &Scratch) -> Run {
    c47()
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_REGION", "eu-west-1")
        .env("C47_CACHE_DIR", scratch.path().join("cache"))
}

/// A small generator, so that the requests are the same in each run.
struct Choice(u64);

impl Choice {
    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        all[usize::try_from(self.0 >> 33).unwrap() % all.len()].clone()
    }
}

const PATHS: [&str; 18] = [
    "/",
    "//",
    "/shots/sh010/plate.exr",
    "/a%20b/c",
    "/a b",
    "/ü/ñ/日本",
    "/%C3%BC",
    "/a/../b/./c/",
    "/..//../x",
    "/a%2Fb%2Fc",
    "/a+b",
    "/a!b*c'd(e)",
    "/a:b@c,d;e=f$g&h",
    "/~tilde-_.x",
    "/a%25b",
    "/%41%7e",
    "/dir/",
    "/very/long/path/with/many/segments/and.dots",
];
const QUERIES: [&[&str]; 12] = [
    &[],
    &["a==1"],
    &["b==2", "a==1", "A==3"],
    &["k==b", "k==a", "k=="],
    &["list-type==2", "prefix==a/b c", "delimiter==/"],
    &["é==ü", "x==日本"],
    &["q==a+b&c=d"],
    &["acl=="],
    &["x-id==GetObject"],
    &["t==~-_.", "s==*'()!"],
    &["k%20==v%20"],
    &["page[number]==1", "page[size]==2"],
];
const HEADERS: [&[&str]; 8] = [
    &[],
    &["X-Amz-Meta-Shot:sh010"],
    &["X-Amz-Meta-Note:  two   spaces  "],
    &["X-Api-Key:k", "Content-MD5:1B2M2Y8AsgTpgAmY7PhCfg=="],
    &["X-Amz-Acl:private", "Range:bytes=0-1"],
    &["X-Empty;"],
    &["If-Match:\"a\"", "X-B:b", "X-A:a"],
    &["X-Same:1", "X-Amz-Target:Service.Action"],
];
const BODIES: [&[&str]; 7] = [
    &[],
    &["--raw", "hello"],
    &["--raw", ""],
    &["a=1", "b:=[2]"],
    &["--form", "a=1 2", "b=é"],
    &["--body", "plate.exr"],
    &["--multipart", "a=1", "file@plate.exr"],
];

fn exchange(request: &Request, server: &Server) -> Json {
    let time = request.header("x-amz-date").unwrap();
    let is_given = |name: &str| request.header(name).is_some();
    json!({
        "method": request.method,
        "url": server.url(&request.target),
        "headers": request.headers,
        "body": hex(&request.body),
        "time": time,
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "token": is_given("x-amz-security-token").then_some(TOKEN),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_request_is_signed_as_by_botocore() {
    let server = Server::start(|_| Response::new("204 No Content", "", ""));
    let scratch = Scratch::new("aws-botocore");
    scratch.write("plate.exr", [0x76, 0x2f, 0x31, 0x01, 0xff, 0x00, 0x0a]);
    let mut choice = Choice(47);
    let mut scopes = Vec::new();
    for number in 0..320 {
        let service = choice.of(&["s3", "lambda", "execute-api", "deadline", "es"]);
        let region = choice.of(&["us-east-1", "eu-west-1", "us-gov-west-1", "cn-north-1"]);
        let (path, query) = (choice.of(&PATHS), choice.of(&QUERIES));
        let (headers, body) = (choice.of(&HEADERS), choice.of(&BODIES));
        let method = choice.of(&["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"]);
        let body = if method == "HEAD" { &[] } else { body };
        let mut run = signed(&scratch).current_dir(scratch.path());
        if choice.of(&[true, false]) {
            run = run.env("AWS_SESSION_TOKEN", TOKEN);
        }
        run.args(["http", method, &server.url(path)])
            .args(query)
            .args(headers)
            .args(body)
            .args(["--auth", "aws", "--service", service, "--region", region])
            .run()
            .expect_code(0);
        assert_eq!(server.requests().len(), number + 1);
        scopes.push((service, region));
    }
    let requests = server.requests();
    let exchanges: Vec<Json> = requests
        .iter()
        .zip(&scopes)
        .map(|(request, (service, region))| {
            let mut exchange = exchange(request, &server);
            exchange["service"] = json!(service);
            exchange["region"] = json!(region);
            exchange
        })
        .collect();
    let Some(output) = with_botocore("botocore_sign.py", json!(exchanges).to_string()) else {
        return;
    };
    let expected: Vec<&str> = output.lines().collect();
    assert_eq!(expected.len(), requests.len());
    for (request, expected) in requests.iter().zip(expected) {
        let own = request.header("authorization").unwrap();
        assert_eq!(own, expected, "{request:?}");
    }
}

#[test]
fn presigned_urls_are_those_of_botocore() {
    let scratch = Scratch::new("aws-presign");
    let mut choice = Choice(11);
    let mut own = Vec::new();
    let mut given = Vec::new();
    for _ in 0..60 {
        let service = choice.of(&["s3", "execute-api"]);
        let method = choice.of(&["GET", "PUT", "DELETE"]);
        let path = choice.of(&["/", "/shots/a%20b/%C3%BC.exr", "/a/../b//c", "/a~b"]);
        let query = choice.of(&[&[][..], &["versionId==1"], &["b==2 3", "a==/"]]);
        let expires = choice.of(&["1s", "1h", "7d"]);
        let mut run = signed(&scratch);
        let token = choice.of(&[None, Some(TOKEN)]);
        if let Some(token) = token {
            run = run.env("AWS_SESSION_TOKEN", token);
        }
        let output = run
            .args(["http", method, &format!("https://files.studio.lan{path}")])
            .args(query)
            .args(["--auth", "aws", "--service", service, "--presign", expires])
            .run()
            .expect_code(0);
        let url = output.stdout_text().trim_end().to_owned();
        let value = |name: &str| {
            let (_, rest) = url.split_once(name).unwrap();
            rest.split('&').next().unwrap().to_owned()
        };
        let (base, _) = url.split_once("X-Amz-Algorithm").unwrap();
        given.push(json!({
            "method": method,
            "url": base.trim_end_matches(['?', '&']),
            "headers": [],
            "body": "",
            "time": value("X-Amz-Date="),
            "expires": value("X-Amz-Expires=").parse::<u64>().unwrap(),
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "token": token,
            "service": service,
            "region": "eu-west-1",
        }));
        own.push(url);
    }
    let Some(output) = with_botocore("botocore_sign.py", json!(given).to_string()) else {
        return;
    };
    let signature = |url: &str| {
        url.split_once("X-Amz-Signature=")
            .map(|(_, it)| it.to_owned())
    };
    for (own, expected) in own.iter().zip(output.lines()) {
        assert_eq!(signature(own), signature(expected), "{own}\n{expected}");
        assert!(signature(own).is_some());
    }
}

struct Bucket {
    scratch: Scratch,
    s3: S3,
}

fn bucket(name: &str) -> Option<Bucket> {
    let scratch = Scratch::new(name);
    fs::create_dir_all(scratch.path().join("data/shots")).unwrap();
    let s3 = s3(&scratch.path().join("data"))?;
    Some(Bucket { scratch, s3 })
}

impl Bucket {
    fn call(&self, words: &[&str]) -> Run {
        let config = format!(
            "[profile.s3]\nurl='{}'\npreset='s3'\nregion='us-east-1'\n",
            self.s3.url("")
        );
        let config = self.scratch.write("config.toml", config);
        signed(&self.scratch)
            .env("C47_CONFIG_PATH", config)
            .current_dir(self.scratch.path())
            .arg("http")
            .args(words)
    }
}

#[test]
fn s3_server_accepts_every_signature() {
    let Some(bucket) = bucket("aws-s3") else {
        return;
    };
    bucket.scratch.write("plate.exr", b"v/1\x01".repeat(1000));
    let odd = [
        "plate.exr",
        "a b+c",
        "ü/日本.exr",
        "a!b*c'(d)",
        "x=y&z",
        "100%25",
        "~t-_.",
        "a;b,c:d@e$f",
    ];
    for key in odd {
        let target = format!("@s3/shots/{key}");
        let put = bucket.call(&["PUT", &target, "--body", "plate.exr"]);
        put.run().expect_code(0);
        let got = bucket.call(&[&target]).run().expect_code(0);
        assert_eq!(got.stdout, b"v/1\x01".repeat(1000), "{key}");
    }
    let list = bucket.call(&["@s3/shots", "list-type==2", "max-keys==100"]);
    let list = list.run().expect_code(0);
    assert!(
        list.stdout_text().contains("<Key>a b+c</Key>"),
        "{}",
        list.tell()
    );
    assert_eq!(list.stdout_text().matches("<Key>").count(), odd.len());
    let text = bucket.call(&[
        "PUT",
        "@s3/shots/note",
        "--raw",
        "hello",
        "X-Amz-Meta-Shot:sh  010",
    ]);
    text.run().expect_code(0);
    let head = bucket.call(&["HEAD", "@s3/shots/note"]).run();
    head.expect_code(0);
    bucket
        .call(&["DELETE", "@s3/shots/note"])
        .run()
        .expect_code(0);
    bucket.call(&["@s3/shots/note"]).run().expect_code(4);
    let wrong = bucket.call(&["@s3/shots/plate.exr"]);
    let wrong = wrong.env("AWS_SECRET_ACCESS_KEY", "wrong").run();
    let wrong = wrong.expect_code(4);
    assert!(wrong.stderr_text().contains("403"), "{}", wrong.tell());
}

#[test]
fn file_of_100_mb_is_hashed_and_uploaded_as_a_stream() {
    let Some(bucket) = bucket("aws-s3-large") else {
        return;
    };
    let block: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    bucket.scratch.write("large.exr", block.repeat(100));
    // 24 MB are not enough to hold the file.
    let limited = Run::of("sh")
        .args(["-c", "ulimit -v 100000; exec \"$@\"", "sh"])
        .arg(crate::support::binary());
    let config = format!(
        "[profile.s3]\nurl='{}'\npreset='s3'\nregion='us-east-1'\n",
        bucket.s3.url("")
    );
    let config = bucket.scratch.write("config.toml", config);
    limited
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("C47_CONFIG_PATH", config)
        .current_dir(bucket.scratch.path())
        .args(["http", "PUT", "@s3/shots/large.exr", "--body", "large.exr"])
        .run()
        .expect_code(0);
    let stored = fs::metadata(bucket.scratch.path().join("data/shots/large.exr")).unwrap();
    assert_eq!(stored.len(), 100 << 20);
}

#[test]
fn file_is_sent_to_s3_over_tls_without_a_hash() {
    let (Some(bucket), Some(certificates)) = (bucket("aws-s3-tls"), certificates()) else {
        return;
    };
    let pair = &certificates.good;
    let (certificate, key) = (pair.certificate.display(), pair.key.display());
    let proxy = nginx(&format!(
        "log_format hash '$request_method $http_x_amz_content_sha256';
        server {{ listen 127.0.0.1:@port0@ ssl; ssl_certificate {certificate}; ssl_certificate_key {key};
            client_max_body_size 0;
            access_log access.log hash;
            location / {{ proxy_pass {}; proxy_set_header Host $http_host; }} }}",
        bucket.s3.url("")
    ));
    let Some(proxy) = proxy else { return };
    bucket.scratch.write("plate.exr", vec![7; 3 << 20]);
    let call = |words: &[&str]| {
        let url = format!("https://localhost:{}/shots/plate%20b.exr", proxy.port(0));
        let (method, rest) = words.split_first().unwrap();
        bucket
            .call(&[method, &url, "--auth", "aws", "--service", "s3"])
            .args(rest)
            .args(["--cacert", certificates.ca.to_str().unwrap()])
            .run()
            .expect_code(0)
    };
    call(&["PUT", "--body", "plate.exr"]);
    call(&["PUT", "--raw", "hello"]);
    assert_eq!(call(&["GET"]).stdout_text(), "hello");
    let log = proxy.access_log();
    let hashes: Vec<&str> = log.lines().collect();
    assert_eq!(
        hashes,
        [
            "PUT UNSIGNED-PAYLOAD",
            "PUT 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            "GET e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ]
    );
}

#[test]
fn presigned_url_is_not_valid_longer_than_temporary_keys() {
    let scratch = Scratch::new("aws-presign-short");
    let at = std::time::SystemTime::now() + std::time::Duration::from_secs(900);
    let at = at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let keys = format!(
        "{{\"Version\":1,\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":\"{at}\"}}"
    );
    scratch.write("keys.json", keys);
    fs::create_dir(scratch.path().join(".aws")).unwrap();
    let file = scratch.path().join("keys.json");
    let config = format!("[default]\ncredential_process = cat {}\n", file.display());
    scratch.write(".aws/config", config);
    let url = "https://shots.s3.eu-west-1.amazonaws.com/a";
    let output = c47()
        .env("HOME", scratch.path())
        .args(["http", url, "--auth", "aws", "--presign", "1h"])
        .run()
        .expect_code(0);
    let (_, rest) = output.stdout_text().split_once("X-Amz-Expires=").unwrap();
    let seconds: u64 = rest.split('&').next().unwrap().parse().unwrap();
    assert!((800..=900).contains(&seconds), "{}", output.tell());
    assert!(
        output
            .stderr_text()
            .contains("with the temporary credentials")
    );
}

#[test]
fn curl_uses_a_presigned_url() {
    let (Some(bucket), Some(curl)) = (bucket("aws-s3-curl"), tool("curl")) else {
        return;
    };
    let presigned = |words: &[&str]| {
        let output = bucket.call(words).args(["--presign", "10m"]).run();
        output.expect_code(0).stdout_text().trim_end().to_owned()
    };
    let put = presigned(&["PUT", "@s3/shots/a b"]);
    let status = |words: &[&str]| {
        let output = Run::of(&curl)
            .args(["-sS", "-o", "-", "-w", "%{http_code}"])
            .args(words);
        output.run().expect_code(0).stdout_text().to_owned()
    };
    assert_eq!(status(&["-X", "PUT", "-d", "hello", &put]), "200");
    let get = presigned(&["@s3/shots/a b"]);
    assert_eq!(status(&[&get]), "hello200");
    let changed = get.replace("a%20b", "other");
    assert!(status(&[&changed]).ends_with("403"));
}

fn stderr_of(run: Run, code: i32) -> String {
    run.run().expect_code(code).stderr_text().to_owned()
}

#[test]
fn region_and_service_must_be_known() {
    let scratch = Scratch::new("aws-unknown");
    let call = |words: &[&str]| {
        c47()
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("HOME", scratch.path())
            .args(["http", "--auth", "aws"])
            .args(words)
    };
    for (words, expected) in [
        (&["https://minio.lan/x"][..], "set it with --service"),
        (
            &["https://minio.lan/x", "--service", "s3"],
            "set AWS_REGION",
        ),
        (
            &["https://shots.s3-accelerate.amazonaws.com/x"],
            "set AWS_REGION",
        ),
        (
            &["https://a.lan", "--service", "s3\n", "--region", "x"],
            "not an AWS service",
        ),
        (
            &["https://a.lan", "--presign", "8d"],
            "--presign must be from 1s to 7d",
        ),
        (
            &["https://a.lan", "--presign", "0"],
            "--presign must be from 1s to 7d",
        ),
        (
            &["https://a.lan", "--presign", "1h", "--batch", "-"],
            "--presign",
        ),
        (
            &["https://a.lan", "--presign", "1h", "--json"],
            "omit --json",
        ),
    ] {
        let told = stderr_of(call(words), 2);
        assert!(told.contains(expected), "{words:?}: {told}");
    }
    let other = c47().args(["http", "https://a.lan", "--region", "us-east-1"]);
    assert!(stderr_of(other, 2).contains("--region requires --auth aws"));
}

#[test]
fn requests_for_aws_are_never_sent_in_plain_text() {
    let scratch = Scratch::new("aws-plain");
    let told = stderr_of(
        signed(&scratch).args([
            "http",
            "http://s3.eu-west-1.amazonaws.com/x",
            "--auth",
            "aws",
        ]),
        2,
    );
    assert!(told.contains("plain text"), "{told}");
    let presigned = [
        "http",
        "http://s3.eu-west-1.amazonaws.com/x",
        "--auth",
        "aws",
        "--presign",
        "1h",
    ];
    assert!(stderr_of(signed(&scratch).args(presigned), 2).contains("plain text"));
}

#[test]
fn signature_is_renewed_for_a_redirect_and_never_leaves_the_origin() {
    let other = Server::start(|_| Response::ok("there"));
    let place = other.url("/x");
    let first = Server::start(move |request| match request.target.as_str() {
        "/one" => Response::redirect("307 Temporary Redirect", "/two"),
        "/two" => Response::redirect("307 Temporary Redirect", &place),
        _ => Response::ok(""),
    });
    let scratch = Scratch::new("aws-redirect");
    signed(&scratch)
        .env("AWS_SESSION_TOKEN", TOKEN)
        .args([
            "http",
            &first.url("/one"),
            "--follow",
            "--auth",
            "aws",
            "--service",
            "s3",
        ])
        .run()
        .expect_code(0);
    let [one, two] = &first.requests()[..] else {
        panic!("two requests")
    };
    let signature = |request: &Request| request.header("authorization").unwrap().to_owned();
    assert_ne!(signature(one), signature(two));
    assert!(
        !format!("{:?}", other.request())
            .to_lowercase()
            .contains("amz")
    );
}

#[test]
fn no_output_contains_the_keys() {
    let server = Server::start(|request| match request.target.as_str() {
        "/denied" => Response::new("403 Forbidden", "", "<Code>AccessDenied</Code>"),
        _ => Response::ok("ok"),
    });
    let scratch = Scratch::new("aws-leak");
    for (words, code) in [
        (&["-v"][..], 0),
        (&["--json"], 0),
        (&["--print", "HhBb"], 0),
        (&["--offline"], 0),
        (&["--curl"], 0),
        (&["--print-command"], 0),
        (&["--timing"], 0),
    ] {
        for path in ["/ok", "/denied"] {
            let sends = !matches!(words[0], "--offline" | "--curl" | "--print-command");
            let code = if path == "/denied" && sends { 4 } else { code };
            let output = signed(&scratch)
                .env("AWS_SESSION_TOKEN", TOKEN)
                .args([
                    "http",
                    &server.url(path),
                    "--auth",
                    "aws",
                    "--service",
                    "s3",
                ])
                .args(words)
                .run()
                .expect_code(code);
            let all = format!("{}{}", output.stdout_text(), output.stderr_text());
            let is_signature =
                |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(!all.contains(SECRET_KEY) && !all.contains(TOKEN), "{all}");
            let (_, after) = all.split_once("Signature=").unwrap_or_default();
            assert!(!is_signature(after.get(..64).unwrap_or_default()), "{all}");
        }
    }
}

#[test]
fn offline_masks_the_signature_and_reads_no_keys() {
    let output = c47()
        .args([
            "http",
            "https://shots.s3.eu-west-1.amazonaws.com/a",
            "--auth",
            "aws",
            "--offline",
        ])
        .run()
        .expect_code(0);
    assert!(
        output
            .stdout_text()
            .contains("authorization: AWS4-HMAC-SHA256 ***\r\n"),
        "{}",
        output.tell()
    );
}

#[test]
fn curl_commands_with_a_signature_are_converted_in_both_directions() {
    let scratch = Scratch::new("aws-curl");
    let printed = |words: &[&str]| {
        let output = signed(&scratch)
            .arg("http")
            .args(words)
            .run()
            .expect_code(0);
        output.stdout_text().trim_end().to_owned()
    };
    let url = "https://shots.s3.eu-west-1.amazonaws.com/a";
    let curl = printed(&[url, "--auth", "aws", "--curl"]);
    assert!(
        curl.contains(
            "--aws-sigv4 \"aws:amz:eu-west-1:s3\" -u \"${AWS_ACCESS_KEY_ID}:${AWS_SECRET_ACCESS_KEY}\" \
             -H \"x-amz-security-token: ${AWS_SESSION_TOKEN}\""
        ),
        "{curl}"
    );
    let back = printed(&["--from-curl", &curl, "--print-command"]);
    assert!(
        back.contains("--auth aws --region eu-west-1 --service s3"),
        "{back}"
    );
    let own = printed(&["https://minio.lan/a", "--auth", "aws=AKIA1:env:K", "--curl"]);
    assert!(
        own.contains("\"aws:amz:${AWS_REGION}:${AWS_SERVICE}\" -u \"AKIA1:${K}\""),
        "{own}"
    );
    let id = r#"curl --aws-sigv4 aws:amz:us-east-1:es -u "AKIA1:$K" https://a.lan/x"#;
    let back = printed(&["--from-curl", id, "--print-command"]);
    assert!(
        back.contains("--auth aws=AKIA1:env:K --region us-east-1 --service es"),
        "{back}"
    );
    for (command, expected) in [
        (
            "curl --aws-sigv4 aws:amz -u AKIA1:hunter2 https://a.lan",
            "KEYID:$SECRET",
        ),
        ("curl --aws-sigv4 aws:amz https://a.lan", "without -u"),
        (
            "curl --aws-sigv4 osc:goog -u AKIA1:$K https://a.lan",
            "provider",
        ),
    ] {
        let told = stderr_of(c47().args(["http", "--from-curl", command]), 2);
        assert!(
            told.contains(expected) && !told.contains("hunter2"),
            "{told}"
        );
    }
}

#[test]
fn curl_signs_for_the_same_service_and_region() {
    let Some(curl) = tool("curl") else { return };
    let server = Server::start(|_| Response::ok("ok"));
    let scratch = Scratch::new("aws-curl-same");
    let words = [
        "http",
        "POST",
        &server.url("/a/b"),
        "a=1",
        "--auth",
        "aws",
        "--service",
        "es",
    ];
    let printed = signed(&scratch)
        .args(words)
        .arg("--curl")
        .run()
        .expect_code(0);
    let command = printed.stdout_text().trim_end().to_owned();
    Run::of("sh")
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", curl.parent().unwrap().display()),
        )
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_REGION", "eu-west-1")
        .args(["-c", &command])
        .run()
        .expect_code(0);
    let request = server.request();
    let scope = request.header("authorization").unwrap();
    let credential = format!("Credential={ACCESS_KEY}/");
    assert!(
        scope.contains(&credential) && scope.contains("/eu-west-1/es/aws4_request"),
        "{scope}"
    );
}

#[test]
fn body_of_unknown_length_is_hashed_first_and_refused_by_s3() {
    let server = Server::start(|_| Response::ok("ok"));
    let scratch = Scratch::new("aws-gzip");
    scratch.write("large", vec![b'x'; 5 << 20]);
    let call = |service: &str| {
        signed(&scratch)
            .current_dir(scratch.path())
            .args([
                "http",
                "PUT",
                &server.url("/a"),
                "--body",
                "large",
                "--compress",
            ])
            .args(["--auth", "aws", "--service", service])
    };
    let told = stderr_of(call("s3"), 2);
    assert!(
        told.contains("S3 does not accept a body whose length is unknown"),
        "{told}"
    );
    call("execute-api").run().expect_code(0);
    assert_eq!(
        server.request().header("transfer-encoding"),
        Some("chunked")
    );
}

#[test]
fn clock_skew_is_named_when_a_signature_is_refused() {
    let server = Server::start(|_| {
        let body = "<Error><Code>RequestTimeTooSkewed</Code></Error>";
        Response::new(
            "403 Forbidden",
            "date: Sun, 06 Nov 2044 08:49:37 GMT\r\n",
            body,
        )
    });
    let scratch = Scratch::new("aws-skew");
    let told = stderr_of(
        signed(&scratch).args(["http", &server.url("/"), "--auth", "aws", "--service", "s3"]),
        4,
    );
    assert!(told.contains("ahead of this machine's"), "{told}");
}

#[test]
fn batch_signs_each_request() {
    let server = Server::start(|_| Response::ok("ok"));
    let scratch = Scratch::new("aws-batch");
    let url = server.url("/{n}");
    signed(&scratch)
        .args([
            "http",
            "PUT",
            &url,
            "--batch",
            "-",
            "--auth",
            "aws",
            "--service",
            "s3",
        ])
        .stdin(
            (0..20)
                .map(|n| format!("{{\"n\":{n}}}\n"))
                .collect::<String>(),
        )
        .run()
        .expect_code(0);
    let requests = server.requests();
    let mut signatures: Vec<&str> = requests
        .iter()
        .filter_map(|it| it.header("authorization"))
        .collect();
    signatures.sort_unstable();
    signatures.dedup();
    assert_eq!(signatures.len(), 20);
}

/// A signature covers what is sent: also the headers of a resumed download.
#[test]
fn range_of_a_resumed_download_is_signed() {
    let body = "0123456789abcdef";
    let server = Server::start(move |request| {
        let head = "etag: \"v1\"\r\naccept-ranges: bytes\r\n";
        match request.header("range") {
            None => Response::raw(format!(
                "HTTP/1.1 200 OK\r\n{head}content-length: 16\r\n\r\n{}",
                &body[..6]
            )),
            Some(_) => Response::new(
                "206 Partial Content",
                &format!("{head}content-range: bytes 6-15/16\r\n"),
                &body[6..],
            ),
        }
    });
    let scratch = Scratch::new("aws-resumed");
    let run = || {
        let run = c47().current_dir(scratch.path()).env("K", "hunter2");
        run.args(["http", &server.url("/f"), "--download", "--continue"])
            .args(["--auth", "aws=AKIA:env:K", "--service", "s3"])
            .args(["--region", "x"])
            .run()
    };
    run().expect_code(7);
    run().expect_code(0);
    let file = std::fs::read_to_string(scratch.path().join("f")).unwrap();
    assert_eq!(file, body);
    let requests = server.requests();
    let resumed = requests.last().unwrap();
    assert_eq!(resumed.header("range"), Some("bytes=6-"));
    let signed = resumed.header("authorization").unwrap();
    for name in ["if-range", "range"] {
        assert!(resumed.header(name).is_some(), "{name}");
        assert!(signed.contains(&format!(";{name};")), "{name}: {signed}");
    }
}
