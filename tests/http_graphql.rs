//! `c47 http --graphql`, with a service that is not part of c47 (ariadne).

use serde_json::{Value, json};

use crate::support::server::{Response, Server};
use crate::support::{Output, Run, Scratch, c47, peers};

const SHOT: &str = "query Shot($name: String!) { shot(name: $name) { name frames } }";

fn call(url: &str, arguments: &[&str]) -> Run {
    c47().args(["http", url]).args(arguments)
}

fn offline(arguments: &[&str]) -> Output {
    call("http://a.lan/graphql", arguments)
        .arg("--offline")
        .run()
}

/// The body of a request that `--offline` prints.
#[track_caller]
fn sent(arguments: &[&str]) -> Value {
    let output = offline(arguments).expect_code(0);
    let (_, body) = output.stdout_text().split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn service_gets_document_variables_and_credentials() {
    let Some(service) = peers::graphql() else {
        return;
    };
    let scratch = Scratch::new("graphql");
    let file = scratch.write("shot.graphql", SHOT);
    let file = file.to_str().unwrap();
    let shot = json!({"data": {"shot": {"name": "sh010", "frames": 120}}});
    for document in [file, SHOT] {
        let run = call(
            &service.url(),
            &["--graphql", document, "--var", "name=sh010"],
        );
        assert_eq!(run.run().expect_code(0).json(), shot);
    }
    let run = call(
        &service.url(),
        &["--graphql", "-", "--var", "name:=\"sh010\""],
    )
    .stdin(SHOT);
    assert_eq!(run.run().expect_code(0).json(), shot);
    let run = call(
        &service.url(),
        &["--graphql", "{ received }", "--auth", "bearer=env:T"],
    );
    let output = run.env("T", "secret-of-lena").run().expect_code(0);
    assert_eq!(output.json()["data"]["received"], "Bearer secret-of-lena");
    // A filter gets the response.
    #[cfg(feature = "jq")]
    {
        let filter = [
            "--graphql",
            "{ shots { name } }",
            "--jq",
            ".data.shots[].name",
            "-r",
        ];
        let output = call(&service.url(), &filter).run().expect_code(0);
        assert_eq!(output.stdout_text(), "sh010\nsh020\n");
    }
}

#[test]
fn nested_variables_reach_a_mutation() {
    let Some(service) = peers::graphql() else {
        return;
    };
    let mutation = "mutation Add($shot: ShotInput!) { addShot(shot: $shot) { name frames tags } }";
    let run = call(
        &service.url(),
        &[
            "--graphql",
            mutation,
            "--var",
            "shot[name]=sh030",
            "--var",
            "shot[frames]:=96",
            "--var",
            "shot[tags][]=hero",
        ],
    );
    let added = run.run().expect_code(0).json();
    let expected = json!({"name": "sh030", "frames": 96, "tags": ["hero"]});
    assert_eq!(added["data"]["addShot"], expected);
}

#[test]
fn errors_in_a_200_response_are_exit_1_and_partial_data_is_printed() {
    let Some(service) = peers::graphql() else {
        return;
    };
    let query = "{\n  shots { name note }\n}";
    let output = call(&service.url(), &["--graphql", query])
        .run()
        .expect_code(1);
    let body = output.json();
    assert_eq!(body["data"]["shots"][0]["name"], "sh010");
    assert_eq!(body["errors"].as_array().unwrap().len(), 2);
    let lines: Vec<&str> = output.stderr_text().lines().collect();
    assert_eq!(
        lines,
        [
            "c47 http: GraphQL error: no note\\nof \\u{1b}[1msh010 (at shots.0.note, line 2 column 16)",
            "c47 http: GraphQL error: no note\\nof \\u{1b}[1msh020 (at shots.1.note, line 2 column 16)",
        ]
    );
    let quiet = call(&service.url(), &["--graphql", query, "-q"])
        .run()
        .expect_code(1);
    assert_eq!(quiet.stderr_text(), "");
    // The report of --json has the same body.
    let report = call(&service.url(), &["--graphql", query, "--json"])
        .run()
        .expect_code(1);
    assert_eq!(report.json()["response"]["body"], body);
}

#[test]
fn output_file_has_the_partial_data() {
    let Some(service) = peers::graphql() else {
        return;
    };
    let scratch = Scratch::new("graphql-output");
    let run = call(
        &service.url(),
        &["--graphql", "{ shots { note } }", "-o", "shots.json"],
    );
    run.current_dir(scratch.path()).run().expect_code(1);
    let text = std::fs::read_to_string(scratch.path().join("shots.json")).unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["data"]["shots"].as_array().unwrap().len(), 2);
}

#[test]
fn refused_document_is_reported_with_its_status() {
    let Some(service) = peers::graphql() else {
        return;
    };
    let output = call(&service.url(), &["--graphql", "{ nothing }"])
        .run()
        .expect_code(4);
    let said = output.stderr_text();
    assert!(
        said.contains("GraphQL error: Cannot query field 'nothing'"),
        "{said}"
    );
    assert!(said.contains("(line 1 column 3)"), "{said}");
    assert!(said.contains("400 BAD REQUEST from POST "), "{said}");
    assert!(output.json()["errors"].is_array());
}

#[test]
fn number_and_length_of_reported_errors_are_bounded() {
    let errors: Vec<Value> = (0..1000)
        .map(|n| json!({"message": format!("{n} {}", "x".repeat(10_000))}))
        .collect();
    let body = json!({"data": null, "errors": errors}).to_string();
    let server = Server::start(move |_| Response::json(&body));
    let output = call(&server.url("/"), &["--graphql", "{ a }"])
        .run()
        .expect_code(1);
    let said = output.stderr_text();
    assert_eq!(said.lines().count(), 11);
    assert!(
        said.ends_with("c47 http: GraphQL errors not shown: 990\n"),
        "{said}"
    );
    assert!(said.lines().all(|line| line.len() < 600));
}

#[test]
fn response_that_is_not_graphql_is_exit_7() {
    for body in ["<html>login</html>", "{\"message\":\"hello\"}", ""] {
        let server = Server::start(move |_| Response::ok(body));
        let output = call(&server.url("/"), &["--graphql", "{ a }"])
            .run()
            .expect_code(7);
        // The body is printed as usual.
        assert!(
            output.stdout_text().contains(body) || body.starts_with('{'),
            "{}",
            output.tell()
        );
        let said = output.stderr_text();
        assert!(
            said.contains("the response is not one of GraphQL: "),
            "{said}"
        );
        assert!(said.contains("hint: "), "{said}");
    }
    let server = Server::start(|_| Response::new("404 Not Found", "", "gone"));
    call(&server.url("/"), &["--graphql", "{ a }"])
        .run()
        .expect_code(4);
}

#[test]
fn request_is_the_envelope_of_graphql_over_http() {
    let output = offline(&["--graphql", "{ a }", "X-Studio:lena", "op==a"]).expect_code(0);
    let text = output.stdout_text();
    assert!(
        text.starts_with("POST /graphql?op=a HTTP/1.1\r\n"),
        "{text}"
    );
    assert!(text.contains("\r\nx-studio: lena\r\n"), "{text}");
    assert!(text.contains("\r\naccept: application/graphql-response+json, application/json\r\n"));
    assert!(
        text.contains("\r\ncontent-type: application/json\r\n"),
        "{text}"
    );
    assert_eq!(sent(&["--graphql", "{ a }"]), json!({"query": "{ a }"}));
    let two = "query A { a } query B { b }";
    assert_eq!(
        sent(&[
            "--graphql",
            two,
            "--operation",
            "B",
            "--var",
            "n:=1",
            "--var",
            "t=1"
        ]),
        json!({"query": two, "operationName": "B", "variables": {"n": 1, "t": "1"}})
    );
    // A secret among the variables is masked.
    let masked = sent(&["--graphql", "{ a }", "--var", "password=hunter2"]);
    assert_eq!(masked["variables"]["password"], "***");
    // An item replaces the header.
    let own = offline(&["--graphql", "{ a }", "Accept:application/json"]).expect_code(0);
    assert!(
        own.stdout_text()
            .contains("\r\naccept: application/json\r\n")
    );
}

#[test]
fn curl_command_and_printed_command_make_the_same_call() {
    let Some(service) = peers::graphql() else {
        return;
    };
    let arguments = [
        "--graphql",
        SHOT,
        "--var",
        "name=sh020",
        "--operation",
        "Shot",
    ];
    let expected = call(&service.url(), &arguments).run().expect_code(0).json();
    assert_eq!(expected["data"]["shot"]["frames"], 48);
    let printed = call(&service.url(), &arguments)
        .arg("--print-command")
        .run();
    let printed = printed.expect_code(0).stdout_text().to_owned();
    assert!(
        printed.contains("--graphql ") && printed.contains("--var name=sh020"),
        "{printed}"
    );
    let program = env!("CARGO_BIN_EXE_c47");
    let script = printed.replacen("c47", program, 1);
    let again = Run::of("sh").args(["-c", &script]).run().expect_code(0);
    assert_eq!(again.json(), expected);
    let Some(_) = peers::tool("curl") else { return };
    let curl = call(&service.url(), &arguments)
        .arg("--curl")
        .run()
        .expect_code(0);
    let theirs = Run::of("sh")
        .args(["-c", curl.stdout_text()])
        .run()
        .expect_code(0);
    assert_eq!(theirs.json(), expected);
    // A secret becomes a file.
    let secret = [
        &arguments[..],
        &["--var", "password=hunter2", "--print-command"],
    ]
    .concat();
    let output = call(&service.url(), &secret).run().expect_code(0);
    assert!(
        !output.stdout_text().contains("hunter2"),
        "{}",
        output.tell()
    );
    assert!(
        output
            .stdout_text()
            .contains("--var password=@password.secret"),
        "{}",
        output.tell()
    );
}

#[test]
fn usage_errors_are_found_before_anything_is_sent() {
    let scratch = Scratch::new("graphql-usage");
    let schema = scratch.write("schema.graphql", "type Shot { name: String }\n");
    let schema = schema.to_str().unwrap();
    let two = "query Alpha { a } query Beta { b }";
    for (arguments, why) in [
        (
            &["--graphql", "missing.graphql"][..],
            "no such file: missing.graphql",
        ),
        (&["--graphql", "{ a"], "it ends within a definition"),
        (&["--graphql", schema], "line 1: expected query"),
        (&["--graphql", "fragment F on T { a }"], "has no query"),
        (&["--graphql", two], "has 2 operations"),
        (
            &["--graphql", two, "--operation", "Alhpa"],
            "did you mean Alpha?",
        ),
        (
            &["--graphql", "{ a }", "--operation", "A"],
            "its operation has no name",
        ),
        (&["--graphql", "{ a }", "name=x"], "--var key=value"),
        (&["--graphql", "{ a }", "n:=1"], "--var key=value"),
        (&["--graphql", "{ a }", "--raw", "x"], "--graphql and --raw"),
        (
            &["--graphql", "{ a }", "--body", "x"],
            "--graphql and --body",
        ),
        (&["--graphql", "{ a }", "--form"], "--graphql and --form"),
        (
            &["--graphql", "{ a }", "--download"],
            "--graphql and --download",
        ),
        (
            &["--graphql", "{ a }", "--var", "nothing"],
            "--var: a variable is",
        ),
        (
            &["--graphql", "{ a }", "--var", "n:=nope"],
            "is not valid JSON",
        ),
        (&["--graphql", "-", "--var", "n=@-"], "stdin given twice"),
        (&["--var", "a=b"], "--var requires --graphql"),
        (&["--operation", "A"], "--operation requires --graphql"),
    ] {
        let output = call("http://127.0.0.1:1/", arguments).stdin("{ a }").run();
        let output = output.expect_code(2);
        assert!(
            output.stderr_text().contains(why),
            "{why}\n{}",
            output.tell()
        );
    }
    let get = c47().args(["http", "GET", "http://127.0.0.1:1/", "--graphql", "{ a }"]);
    let output = get.run().expect_code(2);
    assert!(
        output.stderr_text().contains("sends a POST, not a GET"),
        "{}",
        output.tell()
    );
}

#[test]
fn query_is_retried_like_a_get_and_a_mutation_is_not() {
    let flaky = || {
        Server::script([
            Response::new("503 Service Unavailable", "Retry-After: 0\r\n", ""),
            Response::json(r#"{"data":{}}"#),
        ])
    };
    let both = "query Read { a } mutation Write { b }";
    for arguments in [
        &["--graphql", "{ a }"][..],
        &["--graphql", both, "--operation", "Read"],
    ] {
        let server = flaky();
        let run = call(&server.url("/"), arguments).args(["--retry", "1"]);
        assert_eq!(run.run().expect_code(0).json(), json!({"data": {}}));
    }
    let server = flaky();
    let write = ["--graphql", both, "--operation", "Write", "--retry", "1"];
    call(&server.url("/"), &write).run().expect_code(5);
}
