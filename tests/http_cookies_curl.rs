//! Cookies as curl and Python treat them. Where c47 differs, it follows RFC 6265.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::fuzz_smoke::Random;
use crate::support::server::{Response, Server};
use crate::support::{Run, Scratch, c47, peers};

/// One of these.
fn of<'a>(random: &mut Random, choices: &[&'a str]) -> &'a str {
    choices[random.below(choices.len())]
}

/// A Set-Cookie header for a response of `host`. What curl reads in its own way is not in it; see
/// [`differences_from_curl_follow_the_rfc`].
fn set_cookie(random: &mut Random, host: &str) -> String {
    let name = of(
        random,
        &[
            "a",
            "b",
            "c",
            "sid",
            "__Secure-x",
            "__Host-y",
            "x.y",
            "n m",
            "\"q\"",
            "a-b",
        ],
    );
    let value = of(
        random,
        &[
            "1",
            "2",
            "",
            "v=w",
            "\"q\"",
            "s p",
            "%20",
            "x,y",
            "é",
            "{\"j\":1}",
        ],
    );
    let (name, value) = match random.below(4) {
        0 => (name.to_owned(), format!(" {value} ")),
        1 => (format!(" {name} "), value.to_owned()),
        _ => (name.to_owned(), value.to_owned()),
    };
    let mut parts = vec![format!("{name}={value}")];
    let parent = host.split_once('.').map_or("", |(_, parent)| parent);
    let own = if parent.is_empty() { "" } else { host };
    let dotted = format!(".{own}");
    let above = format!(".{parent}");
    let below = format!("a.{host}");
    let upper = parent.to_uppercase();
    let shared = host.rsplitn(3, '.').take(2).collect::<Vec<_>>();
    let shared = format!("{}.{}", shared.last().unwrap_or(&""), shared[0]);
    let domains = [
        own,
        &dotted,
        parent,
        &above,
        &upper,
        &below,
        &shared,
        "other.lan",
        "lan",
        "udio.lan",
        "",
        "127.0.0.1",
        ".studio.lan",
    ];
    let dates = [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Saturday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "soon",
        "",
    ];
    let mut attributes = vec![
        format!("Domain={}", of(random, &domains)),
        format!("Path={}", of(random, &["/", "/x", "/x/y", "/xy", "/x/set"])),
        of(random, &["Secure", "secure", "SECURE "]).to_owned(),
        of(random, &["HttpOnly", "httponly"]).to_owned(),
        format!(
            "Max-Age={}",
            of(random, &["0", "-1", "600", "9000", "0700"])
        ),
        format!("Expires={}", of(random, &dates)),
        format!("SameSite={}", of(random, &["Lax", "None"])),
        of(
            random,
            &["x", "", "=", "foo=bar", "Version=1", "Comment=\"a;b\""],
        )
        .to_owned(),
    ];
    for _ in 0..random.below(5) {
        let chosen = random.below(attributes.len());
        parts.push(attributes.swap_remove(chosen));
    }
    parts.join(of(random, &[";", "; ", " ; "]))
}

/// The fields of the cookies in a file, without what curl writes in another way: a slash at the end of a
/// path, capitals in a domain, the exact time.
fn cookies_in(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut cookies = Vec::new();
    for line in text.lines() {
        let (line, is_http_only) = match line.strip_prefix("#HttpOnly_") {
            Some(line) => (line, "HttpOnly"),
            None => (line, ""),
        };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
        fields[0] = fields[0].to_lowercase();
        if fields[2] != "/" {
            fields[2] = fields[2].trim_end_matches('/').to_owned();
        }
        // The two calls may be some seconds apart.
        let expires: u64 = fields[4].parse().unwrap();
        let expires = if expires == 0 { "session" } else { "later" };
        fields[4] = expires.to_owned();
        fields.push(is_http_only.to_owned());
        cookies.push(fields);
    }
    cookies.sort();
    cookies
}

fn sorted(header: Option<&str>) -> Vec<String> {
    let mut cookies: Vec<String> = header
        .unwrap_or("")
        .split("; ")
        .map(str::to_owned)
        .collect();
    cookies.sort();
    cookies
}

/// A server whose path /x/set sets the cookies of the test.
fn setter() -> (Server, Arc<Mutex<Vec<String>>>) {
    let headers: Arc<Mutex<Vec<String>>> = Arc::default();
    let set = Arc::clone(&headers);
    let server = Server::start(move |request| {
        if request.target != "/x/set" {
            return Response::ok("");
        }
        let lines = set.lock().unwrap().clone();
        let lines: String = lines
            .iter()
            .map(|line| format!("set-cookie: {line}\r\n"))
            .collect();
        Response::new("200 OK", &lines, "")
    });
    (server, headers)
}

/// The call of one of the two programs.
fn call(program: Option<&Path>, jar: &Path, host: &str, port: u16, path: &str) -> Run {
    let url = format!("http://{host}:{port}{path}");
    let resolve = format!("{host}:{port}:127.0.0.1");
    match program {
        Some(curl) => {
            let run = Run::of(curl).args(["-s", "-b"]).arg(jar).arg("-c").arg(jar);
            run.args(["--resolve", &resolve, &url])
        }
        None => {
            let run = c47()
                .args(["http", "--allow-plaintext", "--cookies"])
                .arg(jar);
            run.args(["--resolve", &resolve, &url])
        }
    }
}

#[test]
fn generated_cookies_are_stored_and_sent_as_by_curl() {
    let Some(curl) = peers::tool("curl") else {
        return;
    };
    let (server, headers) = setter();
    let port = server.port();
    let scratch = Scratch::new("cookies");
    let hosts = [
        "www.studio.lan",
        "studio.lan",
        "a.www.studio.lan",
        "localhost",
        "www.studio.co.uk",
        "www.me.github.io",
    ];
    let mut random = Random(47);
    let groups = match crate::support::effort() {
        crate::support::Effort::Full => 200,
        _ => 50,
    };
    for group in 0..groups {
        let host = of(&mut random, &hosts);
        let lines: Vec<String> = (0..8).map(|_| set_cookie(&mut random, host)).collect();
        *headers.lock().unwrap() = lines.clone();
        let requests = [
            (host, "/x/set"),
            (host, "/x/y/z"),
            (of(&mut random, &hosts), "/x/set/z"),
            (host, "/"),
        ];
        let mut results = Vec::new();
        for program in [Some(curl.as_path()), None] {
            let jar = scratch
                .path()
                .join(format!("{group}-{}", program.is_some()));
            let mut sent = Vec::new();
            for (host, path) in requests {
                let before = server.requests().len();
                call(program, &jar, host, port, path).run().expect_code(0);
                sent.push(sorted(server.requests()[before].header("cookie")));
            }
            results.push((sent, cookies_in(&jar)));
        }
        assert_eq!(results[0], results[1], "{requests:?}\n{lines:#?}");
    }
}

/// The cookies that c47 and curl 7.88 read in different ways. Those of c47 are in the second column.
#[test]
fn differences_from_curl_follow_the_rfc() {
    let Some(curl) = peers::tool("curl") else {
        return;
    };
    let (server, headers) = setter();
    let scratch = Scratch::new("cookies");
    for (number, (lines, ours, curls)) in [
        // An invalid Max-Age is ignored.
        (&["a=1; Path=/; Max-Age=x"][..], "a=1", ""),
        // An attribute may have any value.
        (&["a=1; Path=/; Secure=1"], "", "a=1"),
        // A path without a slash in front is the default path, as is an empty one.
        (&["a=1; Path=q"], "", "a=1"),
        (&["a=1; Path="], "", "a=1"),
        // The last Domain counts.
        (
            &["a=1; Path=/; Domain=other.lan; Domain=studio.lan"],
            "a=1",
            "",
        ),
        // A path with a slash at the end does not match the path without it.
        (&["a=1; Path=/q/"], "", "a=1"),
        // Names and paths have cases.
        (&["a=1; Path=/", "A=2; Path=/"], "A=2; a=1", "A=2"),
        (&["a=1; Path=/q", "a=2; Path=/Q"], "a=1", ""),
        // The older cookie of two paths of one length comes first.
        (
            &["b=1; Path=/", "long=2; Path=/"],
            "b=1; long=2",
            "long=2; b=1",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        *headers.lock().unwrap() = lines.iter().map(|line| (*line).to_owned()).collect();
        for (program, expected) in [(None, ours), (Some(curl.as_path()), curls)] {
            let jar = scratch
                .path()
                .join(format!("{number}-{}", program.is_some()));
            for path in ["/x/set", "/q"] {
                let run = call(program, &jar, "www.studio.lan", server.port(), path);
                run.run().expect_code(0);
            }
            let requests = server.requests();
            let sent = requests.last().unwrap().header("cookie").unwrap_or("");
            let sent = match program {
                // The order of cookies with the same path is not defined by the file.
                _ if lines.len() > 1 && number < 8 => sorted(Some(sent)).join("; "),
                _ => sent.to_owned(),
            };
            assert_eq!(sent, expected, "{lines:?} {program:?}");
        }
    }
}

#[test]
fn curl_and_python_read_the_file_and_c47_reads_theirs() {
    let Some(curl) = peers::tool("curl") else {
        return;
    };
    let (server, headers) = setter();
    *headers.lock().unwrap() = [
        "sid=s; HttpOnly; Path=/",
        "later=é; Max-Age=5000; Path=/x; Domain=studio.lan",
        "empty=; Path=/; Max-Age=5000",
    ]
    .map(str::to_owned)
    .to_vec();
    let port = server.port();
    let scratch = Scratch::new("cookies");
    let jar = scratch.path().join("jar");
    let expected = ["empty=", "later=é", "sid=s"];
    for (writer, reader) in [(None, Some(curl.as_path())), (Some(curl.as_path()), None)] {
        let _ = fs::remove_file(&jar);
        call(writer, &jar, "www.studio.lan", port, "/x/set")
            .run()
            .expect_code(0);
        // curl creates a file that others can read.
        fs::set_permissions(&jar, fs::Permissions::from_mode(0o600)).unwrap();
        call(reader, &jar, "www.studio.lan", port, "/x/y")
            .run()
            .expect_code(0);
        let request = server.requests().pop().unwrap();
        assert_eq!(sorted(request.header("cookie")), expected);
    }
    let Some(python) = peers::python(&[]) else {
        return;
    };
    let script = "import http.cookiejar, sys\n\
        jar = http.cookiejar.MozillaCookieJar(sys.argv[1])\n\
        jar.load(ignore_discard=True, ignore_expires=True)\n\
        for c in sorted(jar, key=lambda c: c.name):\n\
        \x20   print(c.domain, c.domain_specified, c.path, c.secure, c.name, c.value, sep='|')\n\
        jar.save(ignore_discard=True, ignore_expires=True)";
    let output = Run::of(&python)
        .args(["-c", script])
        .arg(&jar)
        .run()
        .expect_code(0);
    assert_eq!(
        output.stdout_text().lines().collect::<Vec<_>>(),
        [
            "www.studio.lan|False|/|False|empty|",
            ".studio.lan|True|/x|False|later|é",
            "www.studio.lan|False|/|False|sid|s",
        ]
    );
    fs::set_permissions(&jar, fs::Permissions::from_mode(0o600)).unwrap();
    call(None, &jar, "www.studio.lan", port, "/x/y")
        .run()
        .expect_code(0);
    let request = server.requests().pop().unwrap();
    assert_eq!(sorted(request.header("cookie")), expected);
}
