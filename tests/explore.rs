//! `c47 explore --eval`: calls whose results are used in the next ones.

use crate::support::server::{Request, Response, Server};
use crate::support::{Run, Scratch, binary, c47, peers};

/// A service with projects and shots. A POST returns its body.
fn service() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/api/projects" => {
            Response::json(r#"[{"id":"p/1","name":"night"},{"id":"p2","name":"tide"}]"#)
        }
        "/api/projects/p%2F1/shots" => Response::json(r#"{"total":1,"next":"/api/shots?page=2"}"#),
        "/api/shots?page=2" => Response::json("[47]"),
        "/api/text" => Response::ok("plain"),
        "/api/evil" => {
            Response::json(r#"{"next":"http://127.0.0.2:1/x","up":"..","file":"@/etc/passwd"}"#)
        }
        "/api/echo" => Response::json(request.body_text()),
        "/api/empty" => Response::new("204 No Content", "", ""),
        "/api/redirect" => Response::redirect("302 Found", "http://127.0.0.2:1/x"),
        _ => Response::new(
            "404 Not Found",
            "content-type: application/json\r\n",
            "{\"no\":1}",
        ),
    })
}

fn explore(server: &Server, lines: &[&str]) -> Run {
    let run = c47().args(["explore", &server.url("/api")]);
    lines
        .iter()
        .fold(run, |run, line| run.args(["--eval", line]))
}

fn targets(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let target = |one: &Request| format!("{} {}", one.method, one.target);
    requests.iter().map(target).collect()
}

#[test]
fn body_is_printed_and_its_value_is_used_in_the_next_call() {
    let server = service();
    let output = explore(
        &server,
        &["GET /text", "$t = GET /text", "POST /echo a=$t b:=$last"],
    );
    let output = output.arg("--yes").run().expect_code(0);
    assert_eq!(
        output.stdout_text(),
        "plain\n{\"a\":\"plain\",\"b\":\"plain\"}\n"
    );
    assert_eq!(output.stderr_text(), "");
}

#[cfg(feature = "jq")]
#[test]
fn results_are_named_filtered_and_followed() {
    let server = service();
    let lines = [
        "$p = GET /projects | .[] | select(.name == \"night\").id",
        "GET /projects/$p/shots | .next, .total",
        "GET ${last[0]} | .[] + $last[1]",
        "GET /empty",
    ];
    let output = explore(&server, &lines).arg("-r").run().expect_code(0);
    assert_eq!(output.stdout_text(), "/api/shots?page=2\n1\n48\n");
    assert_eq!(
        targets(&server),
        [
            "GET /api/projects",
            "GET /api/projects/p%2F1/shots",
            "GET /api/shots?page=2",
            "GET /api/empty"
        ]
    );
}

#[test]
fn nothing_is_sent_when_a_line_is_wrong() {
    let server = service().may_be_idle();
    for (line, part) in [
        ("", "no call"),
        ("GET '/x", "not closed"),
        ("GET data", "starts with /"),
        ("GET /x a", "not a valid item"),
        ("/x a:=[1,", "not valid JSON"),
        ("DELETE /x", "--yes"),
        ("POST /graphql query='mutation { a }'", "--yes"),
        ("PURGE /x", "--yes"),
        ("GET https://a.invalid/x", "outside"),
        ("GET @other/x", "another service"),
        ("/text --form", "not a valid item"),
    ] {
        let output = explore(&server, &["GET /text", line]).run().expect_code(2);
        assert!(
            output.stderr_text().contains(part),
            "{line}: {}",
            output.tell()
        );
        assert_eq!(output.stdout_text(), "");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn without_a_terminal_the_hint_is_eval() {
    let Some(setsid) = peers::tool("setsid") else {
        return;
    };
    let server = service().may_be_idle();
    let run = Run::of(setsid).arg("--wait").arg(binary());
    let output = run
        .args(["explore", &server.url("/api")])
        .run()
        .expect_code(2);
    assert!(output.stderr_text().contains("--eval"), "{}", output.tell());
    assert_eq!(output.stdout_text(), "");
    assert!(server.requests().is_empty());
}

#[cfg(feature = "jq")]
#[test]
fn invalid_filter_is_refused_before_anything_is_sent() {
    let server = service().may_be_idle();
    for line in ["GET /x | .a |", "GET /x | $last", "GET /x | nosuch"] {
        let output = explore(&server, &[line]).run().expect_code(2);
        assert!(
            output.stderr_text().contains("invalid filter"),
            "{}",
            output.tell()
        );
    }
    assert!(server.requests().is_empty());
    let server = service();
    explore(&server, &["GET /projects | .[0].nosuch.x[1:] | error"])
        .run()
        .expect_code(7);
}

#[cfg(feature = "jq")]
#[test]
fn value_of_a_hostile_response_stays_a_value() {
    let server = service();
    let lines = ["$e = GET /evil", "POST /echo a=${e.file} | .a"];
    let output = explore(&server, &lines).arg("--yes").run().expect_code(0);
    assert_eq!(output.stdout_text(), "\"@/etc/passwd\"\n");
    for line in [
        "GET ${e.next}",
        "GET /x/${e.up}",
        "GET /x/${e}",
        "GET /x/${e.nosuch}",
    ] {
        let output = explore(&server, &["$e = GET /evil", line])
            .run()
            .expect_code(2);
        assert_eq!(output.stdout_text(), "", "{line}");
    }
    assert!(targets(&server).iter().all(|target| !target.contains("/x")));
}

#[test]
fn status_ends_the_run_with_its_exit_code() {
    let server = service();
    let output = explore(&server, &["GET /nosuch", "GET /text"])
        .run()
        .expect_code(4);
    assert_eq!(output.stdout_text(), "{\"no\":1}\n");
    assert!(
        output.stderr_text().contains("404 Not Found from GET"),
        "{}",
        output.tell()
    );
    explore(&server, &["GET /redirect", "GET /text"])
        .run()
        .expect_code(3);
    assert_eq!(targets(&server), ["GET /api/nosuch", "GET /api/redirect"]);
    let closed = c47().args(["explore", "http://127.0.0.1:1", "--eval", "/x"]);
    closed.run().expect_code(7);
}

#[test]
fn credentials_of_the_profile_are_sent_with_every_call() {
    let server = service();
    let scratch = Scratch::new("explore");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.a]\nurl = '{}'\nauth = 'bearer'\ntoken = 'env:T'\nheaders = {{ X-Site = 'lon' }}\n",
            server.url("/api/")
        ),
    );
    let run = |arguments: &[&str]| {
        let run = c47()
            .env("C47_CONFIG_PATH", &config)
            .env("T", "k3y-of-lena");
        run.args(["explore"]).args(arguments).run()
    };
    let output = run(&["@a", "--eval", "/text", "--eval", "GET /empty"]).expect_code(0);
    assert!(!output.stdout_text().contains("k3y-of-lena"));
    assert!(!output.stderr_text().contains("k3y-of-lena"));
    for request in server.requests() {
        assert_eq!(request.header("authorization"), Some("Bearer k3y-of-lena"));
        assert_eq!(request.header("x-site"), Some("lon"));
    }
    assert_eq!(server.requests().len(), 2);
    run(&["@b", "--eval", "/text"]).expect_code(2);
    run(&["@a/text", "--eval", "/text"]).expect_code(2);
    run(&["@a", "--eval", "/text", "--auth", "bearer=env:T"]).expect_code(2);
    // A link below the profile's URL keeps the credentials, one above it is refused.
    run(&["@a", "--eval", &format!("GET {}", server.url("/api/text"))]).expect_code(0);
    run(&["@a", "--eval", &format!("GET {}", server.url("/other"))]).expect_code(2);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn stalled_service_ends_at_the_time_limit() {
    let server = Server::start(|_| Response::raw("HTTP/1.1 200 OK\r\n").then_hang());
    let output = explore(&server, &["/x"]).args(["--timeout", "300ms"]).run();
    output.expect_code(8);
}

#[test]
fn mistyped_path_is_reported_with_the_nearest_one() {
    let server = service();
    let scratch = Scratch::new("explore-openapi");
    let document = r#"{"openapi":"3.0.3","paths":{"/projects":{"get":{}},"/shots":{"get":{}}}}"#;
    let file = scratch.write("api.json", document);
    let run = explore(&server, &["/project"]).args(["--openapi", file.to_str().unwrap()]);
    let output = run.run().expect_code(4);
    assert!(
        output.stderr_text().contains("did you mean /projects?"),
        "{}",
        output.tell()
    );
    let wrong = scratch.write("wrong.json", "{}");
    let run = explore(&server, &["/text"]).args(["--openapi", wrong.to_str().unwrap()]);
    let output = run.run().expect_code(7);
    assert!(
        output.stderr_text().contains("not an OpenAPI document"),
        "{}",
        output.tell()
    );
    assert_eq!(targets(&server), ["GET /api/project"]);
}

#[test]
fn graphql_query_needs_no_permission() {
    let Some(service) = peers::graphql() else {
        return;
    };
    let line = "POST / query='{ shots { name } }'";
    let output = c47()
        .args(["explore", &service.url(), "--eval", line])
        .run();
    let body = output.expect_code(0).json();
    assert_eq!(body["data"]["shots"][1]["name"], "sh020");
}
