//! c47 on a terminal: colour, prompts, and responses with control characters. The terminal is a pty
//! of Python.

use std::time::Duration;

use crate::support::server::{Response, Server};
use crate::support::{Output, Run, Scratch, binary, peers};

/// Runs c47 on a new terminal, types `typed` after `prompt` appears, and prints the output of the
/// terminal, the exit code and whether echo is on.
const TERMINAL: &str = r#"
import os, pty, sys, termios, time, select
prompt, typed, arguments = sys.argv[1], sys.argv[2].encode().decode("unicode_escape").encode(), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(arguments[0], arguments)
shown, deadline, waiting = b"", time.time() + 30, bool(prompt)
while time.time() < deadline:
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
    if waiting and prompt.encode() in shown:
        # Wait until echo is off: input before that is discarded.
        while termios.tcgetattr(terminal)[3] & termios.ECHO and time.time() < deadline:
            time.sleep(0.002)
        os.write(terminal, typed)
        waiting = False
echo = "on"
try:
    echo = "on" if termios.tcgetattr(terminal)[3] & termios.ECHO else "off"
except termios.error:
    pass
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(shown + f"\nexit {code}, echo {echo}\n".encode())
"#;

fn on_terminal(
    prompt: &str,
    typed: &str,
    words: &[&str],
    environment: &[(&str, &str)],
) -> Option<Output> {
    let python = peers::python(&[])?;
    let mut run = Run::of(python)
        .args(["-c", TERMINAL, prompt, typed])
        .arg(binary())
        .args(words);
    for (name, value) in [("TERM", "xterm")].iter().chain(environment) {
        run = run.env(name, value);
    }
    Some(run.run().expect_code(0))
}

fn get(body: &'static str, environment: &[(&str, &str)]) -> Option<String> {
    let server = Server::start(move |_| Response::ok(body)).may_be_idle();
    let output = on_terminal("", "", &["http", &server.url("/")], environment)?;
    Some(String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n"))
}

#[test]
fn json_is_formatted_and_coloured() {
    let Some(shown) = get(r#"{"b": 1.10, "a": [1e400]}"#, &[]) else {
        return;
    };
    assert!(
        shown.starts_with("{\n  \x1b[34m\"b\"\x1b[0m: \x1b[36m1.10\x1b[0m,\n"),
        "{shown:?}"
    );
    let plain = get(r#"{"b": 1.10, "a": [1e400]}"#, &[("NO_COLOR", "1")]).unwrap();
    assert!(
        plain.starts_with("{\n  \"b\": 1.10,\n  \"a\": [\n    1e400\n  ]\n}\n"),
        "{plain:?}"
    );
    assert!(!get("{}", &[("TERM", "dumb")]).unwrap().contains('\x1b'));
}

#[test]
fn response_body_cannot_control_the_terminal() {
    let Some(shown) = get("\x1b]0;owned\x07\x1b[2J\u{9b}31m text\u{202e}\n", &[]) else {
        return;
    };
    assert!(
        !shown.contains(['\x1b', '\x07', '\u{9b}', '\u{202e}']),
        "{shown:?}"
    );
    let json = get("{\"a\": \"\u{9b}31m\u{7f}\"}", &[]).unwrap();
    assert!(!json.contains(['\u{9b}', '\u{7f}']), "{json:?}");
}

#[test]
fn binary_body_is_not_printed() {
    let server = Server::start(|_| Response::ok([0xff, 0xfe, 0x00])).may_be_idle();
    let Some(output) = on_terminal("", "", &["http", &server.url("/")], &[]) else {
        return;
    };
    assert!(
        String::from_utf8_lossy(&output.stdout)
            .contains("the body is not text (3 B); use c47 http -o FILE to save it")
    );
}

#[test]
fn prompt_reads_a_secret_without_echo() {
    let server = Server::start(|_| Response::ok("in")).may_be_idle();
    let words = ["http", &server.url("/"), "--auth", "basic=me:prompt"];
    let Some(output) = on_terminal("Password for me: ", "sekrit\\n", &words, &[]) else {
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        shown.contains("Password for me: ") && !shown.contains("sekrit"),
        "{shown}"
    );
    assert!(shown.contains("exit 0, echo on"), "{shown}");
    assert_eq!(
        server.request().header("authorization"),
        Some("Basic bWU6c2Vrcml0")
    );
}

/// The code is valid once, so the keys are stored, and jobs without a terminal use them.
#[test]
fn mfa_code_of_a_role_is_typed_once() {
    let scratch = Scratch::new("mfa");
    std::fs::create_dir(scratch.path().join(".aws")).unwrap();
    scratch.write(
        ".aws/config",
        "[default]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n\
         [profile mfa]\nrole_arn = arn:aws:iam::1:role/mfa\nsource_profile = default\n\
         mfa_serial = arn:aws:iam::1:mfa/lena\n",
    );
    let sts = Server::start(|request| {
        let serial = "&SerialNumber=arn%3Aaws%3Aiam%3A%3A1%3Amfa%2Flena&TokenCode=123456";
        assert!(request.body_text().ends_with(serial));
        Response::ok(
            "<AccessKeyId>ASIAMFA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>2049-01-01T00:00:00Z</Expiration>",
        )
    })
    .may_be_idle();
    let server = Server::start(|_| Response::ok("in")).may_be_idle();
    let url = server.url("/");
    let words = ["http", &url, "--auth", "aws=mfa", "--service", "s3"];
    let cache = scratch.path().join("cache");
    let environment = [
        ("HOME", scratch.path().to_str().unwrap()),
        ("C47_CACHE_DIR", cache.to_str().unwrap()),
        ("AWS_ENDPOINT_URL_STS", &sts.url("")),
        ("AWS_REGION", "eu-west-1"),
    ];
    let without_terminal = || {
        let run = environment
            .iter()
            .fold(Run::of(binary()), |run, (name, value)| run.env(name, value));
        run.args(words).run()
    };
    without_terminal().expect_code(9);
    let prompt = "MFA code for arn:aws:iam::1:mfa/lena: ";
    let Some(output) = on_terminal(prompt, "123456\\n", &words, &environment) else {
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("exit 0, echo on"), "{shown}");
    without_terminal().expect_code(0);
    assert_eq!(sts.requests().len(), 1);
}

#[test]
fn ctrl_c_at_a_prompt_restores_echo() {
    let words = ["http", "http://localhost:9/", "--auth", "bearer=prompt"];
    let Some(output) = on_terminal("Token: ", "half\\x03", &words, &[]) else {
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        shown.contains("exit 130, echo on") && !shown.contains("half"),
        "{shown}"
    );
}

/// C1 control characters and bidirectional marks.
const HOSTILE: [char; 8] = [
    '\u{9b}', '\u{85}', '\u{202e}', '\u{2066}', '\u{200e}', '\u{200f}', '\u{61c}', '\u{7f}',
];

fn hostile_server() -> Server {
    let text: String = HOSTILE.iter().collect();
    // DEL is invalid in a header.
    let in_header = text.replace('\u{7f}', "");
    Server::start(move |_| {
        Response::new(
            &format!("200 {in_header}"),
            &format!("x-a: b{in_header}\r\n"),
            format!("{{\"a\": \"{text}\"}}"),
        )
    })
}

#[test]
fn response_headers_and_json_cannot_control_the_terminal() {
    for options in [
        &["--print", "h"][..],
        &["--print", "hb"],
        &["--headers"],
        &["-v"],
        &["--json"],
        &["--stream"],
    ] {
        let server = hostile_server().may_be_idle();
        let url = server.url("/");
        let words: Vec<&str> = ["http", &url].iter().chain(options).copied().collect();
        let Some(output) = on_terminal("", "", &words, &[]) else {
            return;
        };
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(shown.contains("exit 0"), "{options:?}: {shown}");
        assert!(!shown.contains(HOSTILE), "{options:?}: {shown:?}");
    }
}

#[test]
fn offline_request_cannot_control_the_terminal() {
    let text: String = HOSTILE.iter().collect();
    let item = format!("a={text}");
    let words = ["http", "http://localhost/", "--offline", &item];
    let Some(output) = on_terminal("", "", &words, &[]) else {
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        shown.contains("exit 0") && !shown.contains(HOSTILE),
        "{shown:?}"
    );
}

#[test]
fn secret_in_a_curl_command_causes_one_warning() {
    for (command, instead) in [
        (
            "curl -H 'Authorization: Bearer hunter2' -b sid=hunter2",
            "--auth bearer=SOURCE",
        ),
        ("curl -u me:hunter2", "--auth basic=me:SOURCE"),
        ("curl --json '{\"password\": \"hunter2\"}'", "--body FILE"),
    ] {
        let command = format!("{command} http://localhost:9/");
        let words = ["http", "--offline", "--from-curl", &command];
        let Some(output) = on_terminal("", "", &words, &[]) else {
            return;
        };
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            shown.contains("exit 0") && shown.contains(instead) && !shown.contains("hunter2"),
            "{command}: {shown}"
        );
        assert_eq!(shown.matches("contains a secret").count(), 1, "{shown}");
        let output = crate::support::c47().args(words).run().expect_code(0);
        assert_eq!(output.stderr_text(), "", "{command}");
    }
}

#[test]
fn secret_on_the_command_line_causes_one_warning() {
    for (words, instead) in [
        (&["X-Api-Key:hunter2"][..], "--auth header=X-Api-Key:SOURCE"),
        (&["Authorization:Bearer hunter2"], "--auth bearer=SOURCE"),
        (&["api_key==hunter2"], "--auth query=api_key:SOURCE"),
        (&["password=hunter2", "token=hunter2"], "password=@FILE"),
        (&["password:=\"hunter2\""], "password:=@FILE"),
        (&["a:={\"password\":\"hunter2\"}"], "a:=@FILE"),
        (
            &["--proxy", "http://u:hunter2@127.0.0.1:9"],
            "--proxy-auth USER:SOURCE",
        ),
        (
            &["--proxy", "u:hunter2@127.0.0.1:9"],
            "--proxy-auth USER:SOURCE",
        ),
    ] {
        let all: Vec<&str> = ["http", "http://localhost:9/", "--offline"]
            .iter()
            .chain(words)
            .copied()
            .collect();
        let Some(output) = on_terminal("", "", &all, &[]) else {
            return;
        };
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            shown.contains("exit 0") && shown.contains(instead) && !shown.contains("hunter2"),
            "{words:?}: {shown}"
        );
        assert_eq!(shown.matches("command line").count(), 1, "{shown}");
        // Only on a terminal.
        let output = crate::support::c47().args(&all).run().expect_code(0);
        assert_eq!(output.stderr_text(), "", "{words:?}");
    }
    let in_url = ["http", "http://me:hunter2@localhost:9/", "--offline"];
    let output = on_terminal("", "", &in_url, &[]).unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("--auth basic=me:SOURCE"), "{shown}");
    let token_in_url = ["http", "http://hunter2@localhost:9/", "--offline"];
    let output = on_terminal("", "", &token_in_url, &[]).unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("bearer=SOURCE"), "{shown}");
    let in_query = ["http", "http://localhost:9/?token=hunter2", "--offline"];
    let output = on_terminal("", "", &in_query, &[]).unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("--auth query=NAME:SOURCE"), "{shown}");
    let token = ["jwt", "decode", "eyJhbGciOiJub25lIn0.e30."];
    let output = on_terminal("", "", &token, &[]).unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("use --token SOURCE or -"), "{shown}");
    // Items with other names cause no warning.
    let harmless = ["http", "http://localhost:9/", "--offline", "a=b", "X-A:b"];
    let output = on_terminal("", "", &harmless, &[]).unwrap();
    assert!(!String::from_utf8_lossy(&output.stdout).contains("command line"));
}

#[test]
fn errors_are_coloured_on_a_terminal_only() {
    let words = ["http", "http://localhost:9/", "--no-such-option"];
    let shown = |environment: &[(&str, &str)]| {
        let output = on_terminal("", "", &words, environment)?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(coloured) = shown(&[]) else {
        return;
    };
    let error = "\x1b[1;31mc47 http:\x1b[0m no such option: --no-such-option\r\n";
    assert!(coloured.starts_with(error), "{coloured:?}");
    assert!(
        coloured.contains("\r\n\x1b[36mhint:\x1b[0m "),
        "{coloured:?}"
    );
    for environment in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let plain = shown(&[environment]).unwrap();
        assert!(
            plain.starts_with("c47 http: ") && !plain.contains('\x1b'),
            "{plain:?}"
        );
    }
    let output = crate::support::c47().args(words).env("TERM", "xterm").run();
    assert!(!output.stderr.contains(&0x1b), "{}", output.tell());
}

#[test]
fn manual_page_is_shown_by_the_pager_on_a_terminal_only() {
    let shown = |words: &[&str], environment: &[(&str, &str)]| {
        let output = on_terminal("", "", words, environment)?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let pager = ("PAGER", "head -n 1; echo paged with $LESS");
    let Some(paged) = shown(&["help", "http"], &[pager]) else {
        return;
    };
    let expected = "\x1b[1mNAME\x1b[0m\r\npaged with FRX\r\n";
    assert!(paged.starts_with(expected), "{paged:?}");
    assert!(paged.contains("exit 0"), "{paged:?}");
    for (words, environment) in [
        (&["help", "http"][..], ("LESS", "R")),
        (&["help", "http"], ("PAGER", "/nonexistent/pager 2>&-")),
        (&["http", "-h"], pager),
    ] {
        let whole = shown(words, &[environment]).unwrap();
        assert!(
            whole.contains("--auth"),
            "{words:?} {environment:?}: {whole:?}"
        );
        assert!(!whole.contains("paged"), "{whole:?}");
    }
    let piped = crate::support::c47().args(["help", "http"]);
    let piped = piped.env("PAGER", "false").run().expect_code(0);
    assert!(
        piped.stdout_text().starts_with("NAME\n"),
        "{}",
        piped.tell()
    );
}

#[test]
fn status_outside_2xx_is_reported_on_a_terminal() {
    let server = Server::start(|_| Response::new("500 Broken", "", "")).may_be_idle();
    let url = server.url("/x");
    let Some(output) = on_terminal("", "", &["http", &url], &[]) else {
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = format!("c47 http: 500 Broken from GET {url}\r\n");
    assert!(
        shown.contains(&line) && shown.contains("exit 5"),
        "{shown:?}"
    );
}

/// Sends Ctrl-C after the progress line appears.
const INTERRUPTED: &str = r#"
import os, pty, sys, time, select
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown, deadline, typed = b"", time.time() + 30, False
while time.time() < deadline:
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
    if not typed and b" of 1.0 MiB" in shown:
        os.write(terminal, b"\x03")
        typed = True
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(shown + f"\nexit {code}\n".encode())
"#;

#[test]
fn ctrl_c_during_a_download_clears_the_progress_line_and_names_continue() {
    let scratch = Scratch::new("interrupted");
    let server = Server::start(|_| {
        let header = "HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: 1048576\r\n\r\n";
        let drip = format!("{header}{}", "x".repeat(4096));
        Response::raw(drip).drip(Duration::from_millis(2))
    });
    let server = server.may_be_idle();
    let Some(python) = peers::python(&[]) else {
        return;
    };
    let output = Run::of(python)
        .args(["-c", INTERRUPTED])
        .arg(binary())
        .args(["http", &server.url("/plate.exr"), "--download"])
        .env("TERM", "xterm")
        .current_dir(scratch.path())
        .run()
        .expect_code(0);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let last =
        "\r\u{1b}[Kc47 http: stopped; plate.exr.part is kept; --continue resumes the download\r\n";
    assert!(
        shown.contains(last) && shown.contains("exit 130"),
        "{shown:?}"
    );
}

/// Two pages of two items.
fn two_pages() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/a" => Response::new("200 OK", "link: </b>; rel=next\r\n", "[{\"n\":1.10},2]"),
        _ => Response::json("[3,\"\u{202e}\"]"),
    })
    .may_be_idle()
}

#[test]
fn pages_are_laid_out_as_one_array() {
    let server = two_pages();
    let words = ["http", &server.url("/a"), "--paginate"];
    let Some(output) = on_terminal("", "", &words, &[("NO_COLOR", "1")]) else {
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    let expected = "[\n  {\n    \"n\": 1.10\n  },\n  2,\n  3,\n  \"\\u202e\"\n]\n";
    assert!(
        shown.starts_with(&format!("{expected}\nexit 0")),
        "{shown:?}"
    );
}

#[test]
fn progress_of_pages_is_shown_beside_a_file() {
    let server = two_pages();
    let words = ["http", &server.url("/a"), "--paginate", "-o", "/dev/null"];
    let Some(output) = on_terminal("", "", &words, &[]) else {
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(!shown.contains("1 page"), "{shown:?}");
    let scratch = Scratch::new("pages");
    let file = scratch.path().join("list.json");
    let words = [
        "http",
        &server.url("/a"),
        "--paginate",
        "-o",
        file.to_str().unwrap(),
    ];
    let shown = on_terminal("", "", &words, &[]).unwrap().stdout;
    let shown = String::from_utf8_lossy(&shown);
    assert!(shown.contains("\r\u{1b}[K1 page, 2 items"), "{shown:?}");
    assert!(shown.contains("list.json written"), "{shown:?}");
}

#[test]
fn wait_shows_the_condition_and_its_value() {
    let server =
        Server::script([Response::json("{\"a\":1}"), Response::json("{\"a\":2}")]).may_be_idle();
    let words = [
        "http",
        &server.url("/"),
        "--until=.a == 2",
        "--every=100ms",
        "--jq=.a",
    ];
    let Some(output) = on_terminal("", "", &words, &[("NO_COLOR", "1")]) else {
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        shown.contains("0s, 1 check: --until .a == 2 is false"),
        "{shown:?}"
    );
    assert!(shown.contains("\r\u{1b}[K2\r\n\nexit 0"), "{shown:?}");
}

#[test]
fn progress_of_a_batch_is_shown_until_its_end() {
    let server = Server::start(|_| Response::ok("")).may_be_idle();
    let scratch = Scratch::new("batch");
    let line = format!("{{\"url\":\"{}\"}}\n", server.url("/"));
    let input = scratch.write("in.ndjson", line.repeat(3));
    // The run lasts at least a second.
    let words = ["http", "--batch", input.to_str().unwrap(), "--rate", "2/s"];
    let Some(output) = on_terminal("", "", &words, &[]) else {
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("\r\u{1b}[K1 of 3  "), "{shown:?}");
    assert!(shown.contains("/s  1 ok  "), "{shown:?}");
    assert!(shown.contains("}\r\nc47 http: 3 done"), "{shown:?}");
}
