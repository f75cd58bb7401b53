//! `c47 http --from-curl`: sends the same request as curl, and is the inverse of `--curl`.

use std::path::Path;

use crate::support::server::{Request, Response, Server};
use crate::support::{Run, Scratch, c47, peers};

/// Commands as written by people and copied from browsers, including unusual ones. URL is replaced
/// by the address of the server.
const COMMANDS: &[&str] = &[
    "curl URL/",
    "curl 'URL/shots?project=one&page=2'",
    "curl -s URL/a",
    "curl -sSfL URL/a/b.json",
    "curl --silent --show-error --fail --location URL/x",
    "curl -k -4 --compressed URL/x",
    "curl --http1.1 --no-keepalive --no-buffer URL/x",
    "curl -X DELETE URL/shots/1",
    "curl -XPUT URL/shots/1 -d name=sh010",
    "curl --request PATCH --url URL/shots/1 --data '{\"a\":1}' --header 'Content-Type: application/json'",
    "curl -X POST URL/jobs",
    "curl -X PURGE URL/cache",
    "curl -X OPTIONS URL/ -H 'Origin: http://a.lan' -H 'Access-Control-Request-Method: POST'",
    "curl -X GET URL/search -d '{\"query\":{\"match_all\":{}}}' -H 'Content-Type: application/json'",
    "curl -I URL/head",
    "curl --head -H 'Accept: image/x-exr' URL/head",
    "curl -i URL/with-head",
    "curl -d a=b URL/form",
    "curl -d a=b -d 'c=d e&f' URL/form",
    "curl -d '' -d a=b URL/form",
    "curl -d '' URL/form",
    "curl --data-raw '@not-a-file' URL/form",
    "curl --data-raw $'a\\nb\\u0021\\x41\\'' URL/form",
    "curl --data-raw \"it's \\\"quoted\\\" \\$5 \\\\ done\" URL/form",
    "curl --data-binary @lines.txt URL/upload",
    "curl --data-binary @data.json -H 'Content-Type: application/json' URL/upload",
    "curl -d @lines.txt URL/upload",
    "curl -d @data.json URL/upload",
    "curl -d @lines.txt -d b=2 --data-binary @lines.txt URL/upload",
    "curl --data-urlencode 'q=a b&c=é+' URL/form",
    "curl --data-urlencode 'a b' --data-urlencode '=c=d' --data-urlencode n@lines.txt URL/form",
    "curl --data-ascii x=1 URL/form",
    "curl --json '{\"name\":\"sh010\"}' URL/json",
    "curl --json '{\"a\":' --json '1}' -H 'Accept: application/vnd.a+json' URL/json",
    "curl --json @data.json URL/json",
    "curl -G -d a=b --data-urlencode 'q=x y&z' URL/search",
    "curl -G -d a=b 'URL/search?q=0#part'",
    "curl --get --data page=2 -I URL/search",
    "curl --url-query 'n=x y' --url-query +raw=1 'URL/search?q=0'",
    "curl -g 'URL/items?filter[name]=a&ids[]=1'",
    "curl URL/a/../b/./c?x=/../y",
    "curl --path-as-is URL/a/../b",
    "curl -H 'X-One: 1' -H 'X-Empty;' -H 'Accept:' -H 'X-Spaces:    a b   ' URL/headers",
    "curl -H 'X-At: @home' -H 'X-Equal: =1' -H \"X-Quote: it's \\\"so\\\"\" -H 'X-Twice: 1' -H 'X-Twice: 2' URL/headers",
    "curl -H 'User-Agent:' -A agent/1.0 -e http://a.lan/ URL/headers",
    "curl -A 'Mozilla/5.0 (X11; Linux x86_64)' --referer 'http://a.lan/;auto' URL/headers",
    "curl -H 'Expect:' -H 'Connection: keep-alive' -H 'Pragma: no-cache' URL/headers",
    "curl -b 'session=abc; theme=dark' URL/cookies",
    "curl -b a=1 --cookie b=2 URL/cookies",
    "curl -r 0-99 URL/range",
    "curl -u me:secret URL/basic",
    "curl -u 'me:p:w@/?#é' URL/basic",
    "curl --user me: URL/basic",
    "curl --basic -u \"me:$PASSWORD\" URL/basic",
    "curl -H \"Authorization: Bearer ${TOKEN}\" URL/bearer",
    "curl -H 'Authorization: Bearer abc.def' URL/bearer",
    "curl --oauth2-bearer abc URL/bearer",
    "curl --oauth2-bearer \"$TOKEN\" URL/bearer",
    "curl -H \"X-Api-Key: $TOKEN\" URL/key",
    "curl -H X-Api-Key:\\ $TOKEN URL/key",
    "curl \"URL/key?a=1&api_key=$TOKEN\"",
    "curl -H \"Authorization: Bearer $(cat token.txt)\" URL/bearer",
    "curl -F a=b -F 'c= d ' URL/multipart",
    "curl -F file=@lines.txt URL/multipart",
    "curl -F 'file=@plate.exr;type=image/x-exr;filename=\"sh 010;v1.exr\"' -F 'note=<lines.txt' URL/multipart",
    "curl -F 'f=@plate.exr' -F 'g=@page.html' -F 'h=@data.json' URL/multipart",
    "curl --form-string 'a=<b;c' -F 'q=\"x;y\"' URL/multipart",
    "curl -F 'na:me;x=1' -F a=b -H 'Content-Type: multipart/form-data' URL/multipart",
    "curl -T lines.txt URL/put/",
    "curl -T data.json URL/put/other.json",
    "curl --upload-file plate.exr -X POST URL/put",
    "curl -o out.txt URL/file",
    "curl -O URL/dir/name.txt",
    "curl -m 20 --connect-timeout 2.5 --retry 2 --retry-connrefused --max-redirs 3 -L URL/time",
    "curl --resolve a.invalid:PORT:127.0.0.1 http://a.invalid:PORT/resolved",
    "curl -x URL http://a.invalid/through-proxy",
    "curl -x URL --proxy-user me:pw http://a.invalid/through-proxy",
    "curl -v --trace-time URL/verbose",
    "curl --proto-default https --help",
    "curl \\\n  -H 'A: b' \\\n  URL/lines \\\n  -d x=1\n",
    "curl 'URL/api/graphql?op=1' \\\n  -H 'accept: */*' \\\n  -H 'accept-language: de-DE,de;q=0.9' \\\n  -H 'cache-control: no-cache' \\\n  -H 'content-type: application/json' \\\n  -b 'sid=1; _ga=GA1.1' \\\n  -H 'origin: http://a.lan' \\\n  -H 'priority: u=1, i' \\\n  -H 'sec-ch-ua: \"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\"' \\\n  -H 'sec-ch-ua-mobile: ?0' \\\n  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64)' \\\n  --data-raw $'{\"query\":\"it\\'s \\\\n\\u0021\"}' \\\n  --compressed",
    "curl 'URL/upload' -X POST -H 'User-Agent: Mozilla/5.0' -H 'Accept-Encoding: gzip, deflate, br, zstd' -H 'Content-Type: multipart/form-data; boundary=----geckoformboundary1' -H 'DNT: 1' --compressed --data-binary $'------geckoformboundary1\\r\\nContent-Disposition: form-data; name=\"a\"\\r\\n\\r\\nb\\r\\n------geckoformboundary1--\\r\\n'",
    "curl 'URL/safari' \\\n-X 'GET' \\\n-H 'Accept: */*' \\\n-H 'Sec-Fetch-Site: same-origin' \\\n-H 'User-Agent: Mozilla/5.0 (Macintosh)' \\\n--insecure",
];

fn scratch() -> Scratch {
    let scratch = Scratch::new("from-curl");
    scratch.write("lines.txt", "one\ntwo é\r\n");
    scratch.write("data.json", "{\"a\": [1, 2]}");
    scratch.write("page.html", "<p>");
    scratch.write("plate.exr", "pixels");
    scratch.write("token.txt", "from-a-file");
    scratch
}

/// The parts of a request that do not depend on the client.
fn shown(request: &Request) -> String {
    let ours = [
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "transfer-encoding",
        "proxy-connection",
    ];
    let kind = request.header("content-type").unwrap_or_default();
    let boundary = kind
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap_or("no boundary");
    let mut headers: Vec<String> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.replace(boundary, "BOUNDARY")))
        .filter(|(name, value)| {
            let own_agent = value.starts_with("curl/") || value.starts_with("c47/");
            !(ours.contains(&name.as_str()) || name == "user-agent" && own_agent)
        })
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    headers.sort();
    let body = String::from_utf8_lossy(&request.body).replace(boundary, "BOUNDARY");
    format!(
        "{} {}\n{}\n\n{body}",
        request.method,
        request.target,
        headers.join("\n")
    )
}

fn with_secrets(run: Run, directory: &Path) -> Run {
    run.current_dir(directory)
        .env("TOKEN", "s3cret-token")
        .env("PASSWORD", "s3cret word")
}

#[test]
fn from_curl_sends_what_curl_sends() {
    let Some(curl) = peers::tool("curl") else {
        return;
    };
    let scratch = scratch();
    let path = curl.parent().unwrap().display().to_string();
    let mut compared = 0;
    for command in COMMANDS
        .iter()
        .filter(|command| !command.contains("--help"))
    {
        let server = Server::start(|_| Response::ok(""));
        let command = command
            .replace("URL", &server.url(""))
            .replace("PORT", &server.port().to_string());
        let run = with_secrets(Run::of("/bin/bash"), scratch.path())
            .env("PATH", format!("{path}:/bin:/usr/bin"));
        run.args(["-c", &command]).run().expect_code(0);
        let theirs = shown(&server.request());
        let run = with_secrets(c47(), scratch.path()).args(["http", "--from-curl", &command]);
        run.arg("--allow-plaintext").run().expect_code(0);
        let requests = server.requests();
        assert_eq!(requests.len(), 2, "{command}");
        assert_eq!(shown(&requests[1]), theirs, "{command}");
        compared += 1;
    }
    assert!(compared >= 60, "{compared}");
}

/// Arguments of `c47 http` of many kinds.
fn calls() -> Vec<Vec<&'static str>> {
    let methods: [&[&str]; 5] = [&[], &["PUT"], &["DELETE"], &["PROPFIND"], &["HEAD"]];
    let urls = [
        "https://a.lan/",
        "https://me:pw@a.lan:8443/x/../y?q=é&r[]=1#f",
        "http://127.0.0.1:8080/a%20b?x=$1&y='it'",
    ];
    let headers: [&[&str]; 5] = [
        &[],
        &["User-Agent:", "Accept-Encoding:", "X-Empty;", "Accept:"],
        &[
            "X-Quote:it's \"so\" $5 `id` \\ !",
            "X-At: @home",
            "X-Equal: =1",
            "x-twice:1",
            "X-Twice:2",
        ],
        &[
            "Accept:a/b",
            "User-Agent:agent",
            "Content-Type:text/x",
            "Cookie:a=b; c=d",
            "Expect:",
        ],
        &[
            "Accept-Encoding:identity",
            "X-Token:t",
            "X-Blanks:  a  ",
            "Referer:http://b/",
        ],
    ];
    let bodies: [&[&str]; 9] = [
        &[],
        &["page==2", "q==a b&c'd"],
        &["name=it's é", "n:=1.10", "a[b][]:=null", "password=abc"],
        &["--form", "a b=c&d", "t=1"],
        &["--body", "lines.txt"],
        &["--body", "data.json"],
        &["--raw", "line\nline 'two' \\ $x %"],
        &[
            "f@plate.exr",
            "n=it's <b>",
            "note=@lines.txt",
            "g@data.json;type=a/b;filename=x;y.json",
        ],
        &["--multipart", "a=b", "na\\:me=@lines.txt"],
    ];
    let mut calls = Vec::new();
    for (at, body) in bodies.iter().enumerate() {
        for (of, header) in headers.iter().enumerate() {
            for (and, url) in urls.iter().enumerate() {
                let method = methods[(at + of + and) % methods.len()];
                // curl cannot send a HEAD with a body.
                let method = if at > 1 && method == ["HEAD"] {
                    &["POST"][..]
                } else {
                    method
                };
                let mut call = [method, &[*url], header, body].concat();
                // A multipart form sets its own content type and boundary.
                let is_multipart = at >= bodies.len() - 2;
                call.retain(|word| !(is_multipart && word.starts_with("Content-Type")));
                calls.push(call);
            }
        }
    }
    for auth in [
        "bearer=env:TOKEN",
        "bearer=file:token.txt",
        "basic=me:env:TOKEN",
        "digest=me:env:TOKEN",
        "header=X-Api-Key:env:TOKEN",
        "header=X-Api-Key:file:my token",
        "query=api key:env:TOKEN",
        "bearer=env:NO.SHELL NAME",
        "netrc",
    ] {
        calls.push(vec!["https://a.lan/x?y=1", "--auth", auth]);
        calls.push(vec!["POST", "https://a.lan/", "a=b", "--auth", auth]);
    }
    calls
}

/// The request as printed by `--offline`, with a fixed boundary.
fn offline(directory: &Path, arguments: &[&str]) -> String {
    let run = c47()
        .current_dir(directory)
        .args(["http", "--offline", "--allow-plaintext"]);
    let text = run
        .args(arguments)
        .run()
        .expect_code(0)
        .stdout_text()
        .to_owned();
    let boundary = text
        .split_once("boundary=")
        .and_then(|(_, rest)| rest.split("\r\n").next());
    match boundary.map(str::to_owned) {
        Some(boundary) => text.replace(&boundary, "BOUNDARY"),
        None => text,
    }
}

#[test]
fn from_curl_is_the_inverse_of_curl() {
    let scratch = scratch();
    for call in calls() {
        let run = c47()
            .current_dir(scratch.path())
            .args(["http", "--curl", "--allow-plaintext"]);
        let command = run
            .args(&call)
            .run()
            .expect_code(0)
            .stdout_text()
            .to_owned();
        let back = offline(scratch.path(), &["--from-curl", &command]);
        assert_eq!(back, offline(scratch.path(), &call), "{call:?}\n{command}");
    }
}

/// The printed command, run by a shell, makes the same call as `--from-curl`.
#[test]
fn printed_command_makes_the_same_call() {
    let scratch = scratch();
    let binary = crate::support::binary().display();
    for command in COMMANDS
        .iter()
        .filter(|command| !command.contains("--help"))
    {
        let command = command
            .replace("URL", "http://127.0.0.1:9")
            .replace("PORT", "9");
        let direct = offline(scratch.path(), &["--from-curl", &command]);
        let run =
            c47()
                .current_dir(scratch.path())
                .args(["http", "--print-command", "--from-curl"]);
        let printed = run.arg(&command).run().expect_code(0);
        if printed.stderr_text().contains("***")
            || printed.stderr_text().contains("write the secret")
        {
            continue; // the user must complete it first
        }
        let line = printed
            .stdout_text()
            .replacen("c47", &binary.to_string(), 1);
        let run = Run::of("/bin/sh").current_dir(scratch.path());
        let again = run
            .args([
                "-c",
                &format!("{} --offline --allow-plaintext", line.trim()),
            ])
            .run();
        let again = again.expect_code(0).stdout_text().to_owned();
        let boundary = again
            .split_once("boundary=")
            .and_then(|(_, rest)| rest.split("\r\n").next());
        let again = match boundary {
            Some(boundary) => again.replace(boundary, "BOUNDARY"),
            None => again.clone(),
        };
        // A secret that became a source is the last header.
        let sorted = |text: &str| {
            // Without a password, the whole header is the secret.
            let text = text.replace("Basic ***", "***");
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&again), sorted(&direct), "{command}\n{line}");
    }
}

#[test]
fn no_pasted_secret_is_printed() {
    for (command, expected) in [
        (
            "curl -H 'Authorization: Bearer s3cret' https://a.lan/",
            "c47 http https://a.lan/ --auth bearer=env:TOKEN",
        ),
        (
            "curl -u me:s3cret https://a.lan/",
            "c47 http https://a.lan/ --auth basic=me:env:PASSWORD",
        ),
        (
            "curl -u me:s3cret -b sid=s3cret 'https://a.lan/?a=1&token=s3cret'",
            "c47 http 'https://a.lan/?a=1' token==@token.secret Cookie:@cookie.secret --auth basic=me:env:PASSWORD",
        ),
        (
            "curl https://a.lan/ -x http://me:s3cret@p:1 -d 'password=s3cret'",
            "c47 http https://a.lan/ Content-Type:application/x-www-form-urlencoded --raw 'password=***' --proxy 'http://***@p:1'",
        ),
        (
            "curl https://a.lan/ --json '{\"password\": \"s3cret\"}'",
            "c47 http https://a.lan/ Content-Type:application/json Accept:application/json --raw '{\"password\": \"***\"}'",
        ),
        (
            "curl https://a.lan/ -H 'Content-Type: multipart/form-data; boundary=B' --data-raw $'--B\\r\\nContent-Disposition: form-data; name=\"password\"\\r\\n\\r\\ns3cret\\r\\n--B--\\r\\n'",
            "c47 http https://a.lan/ 'Content-Type:multipart/form-data; boundary=B' --raw '--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n***\r\n--B--\r\n'",
        ),
        (
            "curl -u s3cret: https://a.lan/",
            "c47 http https://a.lan/ --auth header=Authorization:env:AUTHORIZATION",
        ),
        (
            "curl -F password=s3cret -F f=@x -H 'X-Api-Key: s3cret' https://a.lan/",
            "c47 http https://a.lan/ password=@password.secret f@x --auth header=X-Api-Key:env:X_API_KEY",
        ),
    ] {
        let printed = c47()
            .args(["http", "--print-command", "--from-curl", command])
            .run()
            .expect_code(0);
        assert_eq!(printed.stdout_text().trim_end(), expected);
        assert!(
            !printed.stderr_text().contains("s3cret"),
            "{}",
            printed.tell()
        );
        assert!(!printed.stderr_text().is_empty(), "{}", printed.tell());
    }
}

#[test]
fn unsupported_curl_options_are_refused_by_name() {
    for (command, name) in [
        ("curl --ntlm -u a:b https://a.lan/", "--ntlm"),
        ("curl -b jar -c other https://a.lan/", "-c"),
        ("curl -b jar https://a.lan/", "-b"),
        ("curl -sw '%{http_code}' https://a.lan/", "-w"),
        ("curl https://a.lan/ --next https://b.lan/", "--next"),
        ("curl -C - -O https://a.lan/x", "-C"),
        (
            "curl --location-trusted https://a.lan/",
            "--location-trusted",
        ),
        ("curl -K file https://a.lan/", "-K"),
        ("curl --expand-url 'https://a.lan/{{x}}'", "--expand-url"),
        ("curl --url=https://a.lan/", "--url=https://a.lan/"),
        ("curl --no-such https://a.lan/", "--no-such"),
        ("curl https://a.lan/ https://b.lan/", "several URLs"),
        ("curl -s", "no URL"),
        ("curl 'https://a.lan/{a,b}'", "expand to several"),
        ("curl https://a.lan/ -H", "-H requires a value"),
        ("curl https://a.lan/ | jq .", "a pipe"),
        ("curl https://a.lan/ > x", "a redirection"),
        ("curl https://a.lan/?a=1&b=2", "several commands"),
        ("curl \"https://a.lan/$(id)\"", "a command substitution"),
        ("curl \"https://$HOST/\"", "env:HOST"),
        (
            "curl -d \"a=$A\" https://a.lan/",
            "-d contains a variable (env:A)",
        ),
        (
            "curl -H \"X-A: $A\" -H \"X-B: $B\" https://a.lan/",
            "two secrets",
        ),
        ("curl -H \"Cookie: a=$A\" https://a.lan/", "'Cookie'"),
        ("curl -d a -F b=c https://a.lan/", "two bodies"),
        ("curl --digest -u me:pw https://a.lan/", "--digest"),
        ("curl -F 'a=@b,c' https://a.lan/", "several files"),
        ("curl -X M-SEARCH https://a.lan/", "'M-SEARCH'"),
        ("curl --cert a.pem:pw https://a.lan/", "a password"),
        ("curl --proto '=https' http://a.lan/", "--proto"),
        ("curl ^\"https://a.lan/^\"", "cmd.exe"),
        ("wget https://a.lan/", "not a curl command"),
        ("curl 'https://a.lan/", "an unterminated"),
    ] {
        let output = c47()
            .args(["http", "--offline", "--from-curl", command])
            .run()
            .expect_code(2);
        let text = output.stderr_text();
        assert!(text.contains(name), "{command}: {text}");
        assert!(text.lines().count() <= 2, "{command}: {text}");
    }
}

#[test]
fn own_options_override_those_of_curl() {
    let shown = |arguments: &[&str]| {
        let run = c47().args(["http", "--offline", "--from-curl"]);
        run.args(arguments)
            .run()
            .expect_code(0)
            .stdout_text()
            .to_owned()
    };
    let curl = "curl -u me:pw -H 'Accept: a/b' -H 'X-One: 1' -d a=b https://a.lan/";
    let text = shown(&[curl, "Accept:c/d", "X-Two:2", "--auth", "bearer=env:TOKEN"]);
    for part in [
        "accept: c/d\r\n",
        "x-one: 1\r\n",
        "x-two: 2\r\n",
        "authorization: Bearer ***",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("a/b") && !text.contains("Basic"), "{text}");
    let text = shown(&[curl, "--raw", "other"]);
    assert!(
        text.ends_with("\r\n\r\nother") && !text.contains("content-type"),
        "{text}"
    );
    let printed = c47()
        .args([
            "http",
            "--print-command",
            "--json",
            "--timeout",
            "5s",
            "--from-curl",
        ])
        .arg("curl -m 30 -o x https://a.lan/")
        .run()
        .expect_code(0);
    assert_eq!(
        printed.stdout_text(),
        "c47 http https://a.lan/ --timeout 5s --json\n"
    );
}

#[test]
fn curl_command_is_read_from_an_argument_a_file_or_stdin() {
    let scratch = Scratch::new("from-curl-places");
    let command = "# copied\ncurl https://a.lan/ \\\r\n  -H 'X: y'\r\n";
    scratch.write("command.txt", command);
    let run = || {
        c47()
            .current_dir(scratch.path())
            .args(["http", "--print-command", "--from-curl"])
    };
    for output in [
        run().arg("command.txt").run(),
        run().arg("-").stdin(command).run(),
        run().arg("$ curl https://a.lan/ -H 'X: y'").run(),
    ] {
        assert_eq!(
            output.expect_code(0).stdout_text(),
            "c47 http https://a.lan/ X:y\n"
        );
    }
    let missing = run().arg("missing.txt").run().expect_code(7);
    assert!(
        missing.stderr_text().contains("missing.txt"),
        "{}",
        missing.tell()
    );
    let large = format!("curl https://a.lan/ -d '{}'", "x".repeat(1 << 20));
    run().arg("-").stdin(large).run().expect_code(2);
    run()
        .arg("-")
        .stdin(b"curl \xff".to_vec())
        .run()
        .expect_code(2);
    run().arg("-").stdin("").run().expect_code(2);
}

#[test]
fn print_command_works_without_from_curl() {
    let printed = c47()
        .args([
            "http",
            "--print-command",
            "--timeout=5s",
            "POST",
            "a.lan/x",
            "-4",
            "a:=[1, 2]",
            "--claim",
        ])
        .args(["sub=it's me", "--auth=jwt=HS256:env:KEY"])
        .run()
        .expect_code(0);
    assert_eq!(
        printed.stdout_text(),
        "c47 http POST a.lan/x 'a:=[1, 2]' --auth jwt=HS256:env:KEY --timeout 5s --claim 'sub=it'\\''s me' --ipv4\n"
    );
}

#[test]
fn manual_example_is_correct() {
    let manual = std::fs::read_to_string(crate::support::source("src/cli/http/manual.md")).unwrap();
    let (_, example) = manual.split_once("--from-curl - <<'END'\n").unwrap();
    let (command, rest) = example.split_once("\nEND\n").unwrap();
    let run = c47().args(["http", "--print-command", "--from-curl", "-"]);
    let output = run.stdin(command).run().expect_code(0);
    assert_eq!(
        output.stdout_text().trim_end(),
        rest.split("\n```").next().unwrap()
    );
}

#[test]
fn stdin_is_read_only_once() {
    for option in [
        "-d @-",
        "--data-binary @-",
        "-T -",
        "-F f=@-",
        "--data-urlencode n@-",
    ] {
        let run = c47().args(["http", "--offline", "--from-curl", "-"]);
        let output = run
            .stdin(format!("curl https://a.lan/ {option}"))
            .run()
            .expect_code(2);
        assert!(
            output.stderr_text().contains("both read stdin"),
            "{}",
            output.tell()
        );
    }
    let run = c47().args([
        "http",
        "--offline",
        "--from-curl",
        "curl https://a.lan/ -d @-",
    ]);
    let output = run.stdin("a\nb").run().expect_code(0);
    assert!(
        output.stdout_text().ends_with("\r\n\r\nab"),
        "{}",
        output.tell()
    );
}

/// Each option of the installed curl is supported, or refused by its name.
#[test]
fn every_option_of_the_installed_curl_is_known() {
    let Some(curl) = peers::tool("curl") else {
        return;
    };
    let help = Run::of(&curl).args(["--help", "all"]).run().expect_code(0);
    let mut known = 0;
    for line in help.stdout_text().lines().skip(1) {
        let (before, rest) = line.split_once("--").unwrap();
        let (name, about) = rest.split_once(' ').unwrap();
        let value = if about.starts_with(['<', '[']) {
            "1"
        } else {
            ""
        };
        let short = before.trim().trim_end_matches(',');
        for name in [format!("--{name}"), short.to_owned()] {
            if name.is_empty() {
                continue;
            }
            let command = format!("curl {name} {value} https://a.lan/x");
            let run = c47().args(["http", "--print-command", "--from-curl", &command]);
            let output = run.run();
            let text = output.stderr_text();
            assert!(!text.contains("curl has no option"), "{command}: {text}");
            let is_made = output.stdout_text().starts_with("c47 http ");
            let is_named = text.contains(&name) || text.contains("several URLs") && name == "--url";
            assert!(is_made || is_named, "{command}: {}", output.tell());
        }
        known += 1;
    }
    assert!(known > 200, "{known}");
}

#[test]
fn response_goes_where_curl_puts_it() {
    let scratch = Scratch::new("from-curl-response");
    let server = Server::start(|_| Response::new("200 OK", "X-One: 1\r\n", "body"));
    let run = |command: &str| {
        let command = command.replace("URL", &server.url("/dir/name.txt"));
        let run = c47()
            .current_dir(scratch.path())
            .args(["http", "--from-curl", &command]);
        run.run().expect_code(0).stdout_text().to_owned()
    };
    let read = |name: &str| std::fs::read_to_string(scratch.path().join(name)).unwrap();
    assert_eq!(run("curl -s URL"), "body");
    assert_eq!(run("curl -s -o - URL"), "body");
    assert_eq!(run("curl -o out.txt URL"), "");
    assert_eq!(read("out.txt"), "body");
    assert_eq!(run("curl -O URL?x=1"), "");
    assert_eq!(run("curl -O URL"), ""); // overwrites the file, like curl
    assert_eq!(read("name.txt"), "body");
    std::fs::create_dir(scratch.path().join("sub")).unwrap();
    assert_eq!(run("curl -LO --output-dir sub URL"), "");
    assert_eq!(read("sub/name.txt"), "body");
    let with_head = run("curl -i URL");
    assert!(
        with_head.starts_with("HTTP/1.1 200 OK\r\n") && with_head.ends_with("\r\n\r\nbody"),
        "{with_head}"
    );
}

#[test]
fn second_url_is_refused() {
    let run = c47().args(["http", "--offline", "--from-curl", "curl https://a.lan/"]);
    let output = run.arg("https://b.lan/").run().expect_code(2);
    assert!(
        output.stderr_text().contains("second URL"),
        "{}",
        output.tell()
    );
}

/// `--curl` prints these sources as commands that a shell would run.
#[test]
fn source_that_needs_a_shell_is_refused() {
    for auth in [
        "jwt=HS256:env:KEY",
        "bearer=command:pass show a",
        "bearer=prompt",
    ] {
        let run = c47().args(["http", "--curl", "https://a.lan/", "--auth", auth]);
        let command = run.run().expect_code(0).stdout_text().to_owned();
        let run = c47().args(["http", "--offline", "--from-curl", &command]);
        let output = run.run().expect_code(2);
        assert!(
            output.stderr_text().contains("a command substitution"),
            "{}",
            output.tell()
        );
        // An explicit --auth does not change this: no part of the command is run.
        let run = c47().args(["http", "--offline", "--auth", auth, "--from-curl", &command]);
        run.run().expect_code(2);
    }
}
