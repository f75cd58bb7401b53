//! `c47 http --paginate`: every way to the next page, and what may go wrong on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::server::{Request, Response, Server};
use crate::support::{Gate, Run, Scratch, c47, wait_until};

/// The value of a query parameter of a request.
fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let (_, query) = request.target.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Page `number` of 3, with two numbers.
fn numbers(number: usize) -> String {
    match number {
        1..=3 => format!("[{}, {}.0]", 2 * number - 1, 2 * number),
        _ => "[]".to_owned(),
    }
}

/// Three pages with Link headers.
fn linked() -> Server {
    Server::start(|request| {
        let number = parameter(request, "page").map_or(1, |page| page.parse().unwrap());
        let link = match number {
            3 => "link: </list?page=1>; rel=\"first\"\r\n".to_owned(),
            number => format!(
                "link: </list?page=1>; rel=first, <list?page={}>; rel=\"last next\"\r\n",
                number + 1
            ),
        };
        Response::new("200 OK", &link, numbers(number))
    })
}

fn paginate(url: &str) -> Run {
    c47().args(["http", url, "--paginate"])
}

#[test]
fn link_header_leads_to_all_pages() {
    let server = linked();
    let output = paginate(&server.url("/list")).run().expect_code(0);
    assert_eq!(output.stdout_text(), "[\n1,\n2.0,\n3,\n4.0,\n5,\n6.0\n]\n");
    assert_eq!(output.stderr_text(), "");
    let targets: Vec<String> = server.requests().into_iter().map(|r| r.target).collect();
    assert_eq!(targets, ["/list", "/list?page=2", "/list?page=3"]);
}

#[test]
fn ndjson_prints_each_item_on_a_line() {
    let server = Server::script([
        Response::new(
            "200 OK",
            "link: </b>; rel=next\r\n",
            "[ {\"a\": \"x y\",\n \"b\":1.10} ]",
        ),
        Response::json("[2]"),
    ]);
    let output = paginate(&server.url("/a"))
        .arg("--ndjson")
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "{\"a\":\"x y\",\"b\":1.10}\n2\n");
}

#[test]
fn empty_list_is_an_empty_array() {
    let server = Server::start(|_| Response::json(" [ ] "));
    let output = paginate(&server.url("/a")).run().expect_code(0);
    assert_eq!(output.stdout_text(), "[]\n");
    let output = paginate(&server.url("/a")).arg("--ndjson").run();
    assert_eq!(output.expect_code(0).stdout_text(), "");
}

#[test]
fn next_filter_gives_a_url_a_path_or_null() {
    let server = Server::start(|request| {
        let host = request.header("host").unwrap();
        Response::json(&match request.target.as_str() {
            "/api/a?x=1" => "{\"data\":[1],\"links\":{\"next\":\"/api/b\"}}".to_owned(),
            "/api/b" => "{\"data\":[2],\"links\":{\"next\":\"c?y\"}}".to_owned(),
            "/api/c?y" => format!("{{\"data\":[3],\"links\":{{\"next\":\"http://{host}/d\"}}}}"),
            "/d" => "{\"data\":[4],\"links\":{\"next\":null}}".to_owned(),
            other => panic!("{other}"),
        })
    });
    let run = || paginate(&server.url("/api/a?x=1")).args(["--next", ".links.next"]);
    let output = run().args(["--items", ".data[]"]).run().expect_code(0);
    assert_eq!(output.stdout_text(), "[\n1,\n2,\n3,\n4\n]\n");
    // Without --items the page is the item.
    let output = run().args(["--jq", ".data[0]"]).run().expect_code(0);
    assert_eq!(output.stdout_text(), "1\n2\n3\n4\n");
    let output = run()
        .args(["--ndjson", "--max-pages=1"])
        .run()
        .expect_code(0);
    assert_eq!(
        output.stdout_text(),
        "{\"data\":[1],\"links\":{\"next\":\"/api/b\"}}\n"
    );
}

#[test]
fn page_parameter_counts_until_an_empty_page() {
    let server = Server::start(|request| {
        let page = parameter(request, "page").unwrap().parse().unwrap();
        Response::json(&numbers(page))
    });
    for (path, parameter, targets) in [
        (
            "/x?a=b",
            "page",
            &[
                "/x?a=b&page=1",
                "/x?a=b&page=2",
                "/x?a=b&page=3",
                "/x?a=b&page=4",
            ][..],
        ),
        ("/x", "page,start=3", &["/x?page=3", "/x?page=4"]),
        (
            "/x?page=2&a",
            "page",
            &["/x?page=2&a", "/x?page=3&a", "/x?page=4&a"],
        ),
    ] {
        let before = server.requests().len();
        paginate(&server.url(path))
            .args(["--page-param", parameter])
            .run()
            .expect_code(0);
        let sent: Vec<String> = server
            .requests()
            .into_iter()
            .skip(before)
            .map(|r| r.target)
            .collect();
        assert_eq!(sent, targets, "{path} {parameter}");
    }
}

#[test]
fn page_parameter_takes_the_output_of_next() {
    let server = Server::start(|request| match parameter(request, "cursor") {
        None => Response::json("{\"items\":[1],\"next\":\"a b&\"}"),
        Some("a%20b%26") => Response::json("{\"items\":[2],\"next\":7}"),
        Some("7") => Response::json("{\"items\":[3],\"next\":\"\"}"),
        Some(other) => panic!("{other}"),
    });
    let output = paginate(&server.url("/?q=x"))
        .args(["--page-param=cursor", "--next=.next", "--items=.items[]"])
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "[\n1,\n2,\n3\n]\n");
    assert!(
        server
            .requests()
            .iter()
            .all(|r| parameter(r, "q") == Some("x"))
    );
}

const TASKS: &str = "query ($n: Int, $c: String) { project { tasks(first: $n, after: $c) \
                     { pageInfo { hasNextPage endCursor } edges { node { id } } } } }";

/// A service with GraphQL, as AYON's.
fn graphql(last: &'static str) -> Server {
    Server::start(move |request| {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(
            (&body["query"], &body["variables"]["n"]),
            (&TASKS.into(), &2.into())
        );
        assert_eq!(request.method, "POST");
        let (id, info) = match body["variables"]["c"].as_str() {
            None => (1, "\"hasNextPage\":true,\"endCursor\":\"a\""),
            Some("a") => (2, "\"hasNextPage\":true,\"endCursor\":\"b\\\"\""),
            Some("b\"") => (3, last),
            Some(other) => panic!("{other}"),
        };
        Response::json(&format!(
            "{{\"data\":{{\"project\":{{\"tasks\":{{\"pageInfo\":{{{info}}},\
             \"edges\":[{{\"node\":{{\"id\":{id}}}}}]}}}}}}}}"
        ))
    })
}

#[test]
fn graphql_cursor_is_put_into_the_variables() {
    let server = graphql("\"hasNextPage\":false,\"endCursor\":\"c\"");
    let query = format!("query={TASKS}");
    let run = || paginate(&server.url("/graphql")).args([&query, "variables[n]:=2"]);
    let output = run().run().expect_code(0);
    assert_eq!(
        output.stdout_text(),
        "[\n{\"id\":1},\n{\"id\":2},\n{\"id\":3}\n]\n"
    );
    let output = run()
        .args(["--jq", ".data.project.tasks.edges[].node.id"])
        .run();
    assert_eq!(output.expect_code(0).stdout_text(), "1\n2\n3\n");
    let scratch = Scratch::new("pages");
    let body = format!("{{\"query\":\"{TASKS}\",\"variables\":{{\"n\":2}}}}");
    let file = scratch.write("query.json", body.as_str());
    for (arguments, stdin) in [
        (["--body", file.to_str().unwrap()], ""),
        (["--body", "-"], body.as_str()),
        (["--raw", body.as_str()], ""),
    ] {
        let words = [
            "http",
            "POST",
            &server.url("/graphql"),
            "--paginate",
            "--ndjson",
        ];
        let output = c47()
            .args(words)
            .args(arguments)
            .stdin(stdin)
            .run()
            .expect_code(0);
        assert_eq!(output.stdout_text(), "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
    }
}

#[test]
fn query_without_pages_is_refused_before_anything_is_sent() {
    let server = Server::start(|_| Response::json("{}")).may_be_idle();
    for query in [
        "query={ a { id } }",
        "query={ a { pageInfo { hasNextPage endCursor } } }",
        "query=mutation { a(after: $c) { pageInfo { hasNextPage } } }",
    ] {
        let output = paginate(&server.url("/")).arg(query).run().expect_code(2);
        assert!(
            output
                .stderr_text()
                .contains("pageInfo { hasNextPage endCursor }")
        );
    }
    assert!(server.requests().is_empty());
}

#[test]
fn graphql_errors_end_the_pages() {
    let server = Server::start(|_| {
        Response::json("{\"errors\":[{\"message\":\"no field 'x'\"}],\"data\":null}")
    });
    let output = paginate(&server.url("/"))
        .args([&format!("query={TASKS}"), "variables[n]:=2"])
        .run()
        .expect_code(7);
    assert_eq!(
        output.stderr_text(),
        "c47 http: page 1: the service reports an error: no field 'x'\n"
    );
    assert_eq!(output.stdout_text(), "");
}

#[test]
fn repeated_page_or_cursor_is_an_error() {
    // Three pages in a circle.
    let server = Server::start(|request| {
        let next = match request.target.as_str() {
            "/a" => "/b",
            "/b" => "/c",
            _ => "/a",
        };
        Response::new("200 OK", &format!("link: <{next}>; rel=next\r\n"), "[0]")
    });
    let output = paginate(&server.url("/a"))
        .arg("--ndjson")
        .run()
        .expect_code(7);
    let text = output.stderr_text();
    assert!(text.contains("page 3: the next page, ") && text.contains("was already requested"));
    assert_eq!(server.requests().len(), 3);

    let server = graphql("\"hasNextPage\":true,\"endCursor\":\"a\"");
    let output = paginate(&server.url("/"))
        .args([&format!("query={TASKS}"), "variables[n]:=2"])
        .run()
        .expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("page 3: the cursor of the next page")
    );
    assert!(!output.stdout_text().contains(']'), "{}", output.tell());

    let server = Server::start(|_| Response::json("{\"d\":[1],\"next\":\"x\"}"));
    paginate(&server.url("/"))
        .args(["--page-param=c", "--next=.next"])
        .run()
        .expect_code(7);
    assert_eq!(server.requests().len(), 2);
}

/// Real Kitsu ignores `page` for some lists and returns all of them each time.
#[test]
fn service_that_ignores_the_page_parameter_is_an_error() {
    let server = Server::start(|_| Response::json("[1,2]"));
    let run = || paginate(&server.url("/")).args(["--page-param=page", "--ndjson"]);
    let output = run().run().expect_code(7);
    let text = output.stderr_text();
    assert!(
        text.contains("page 2: it is the same as the page before"),
        "{text}"
    );
    assert!(
        text.contains("may not know the query parameter 'page'"),
        "{text}"
    );
    assert_eq!(output.stdout_text(), "1\n2\n");
    let output = run().arg("--max-pages=3").run().expect_code(0);
    assert_eq!(output.stdout_text(), "1\n2\n1\n2\n1\n2\n");
}

#[test]
fn page_parameter_needs_to_know_the_items() {
    let server = Server::start(|_| Response::json("{\"n\":1,\"shots\":[1],\"more\":[]}"));
    let output = paginate(&server.url("/"))
        .arg("--page-param=page")
        .run()
        .expect_code(7);
    assert_eq!(
        output.stderr_text(),
        "c47 http: page 1: it is not an array, and only an empty page is the last\n\
         hint: say where the items are: --items '.shots[]' or --items '.more[]'\n"
    );
}

#[test]
fn failed_page_in_the_middle_ends_the_output() {
    let failing = |status: &'static str| {
        Server::start(move |request| match parameter(request, "page") {
            Some("2") => Response::new(status, "", "{\"message\":\n\"down\"}"),
            page => Response::json(&numbers(page.unwrap().parse().unwrap())),
        })
    };
    for (status, code) in [("503 Service Unavailable", 5), ("404 Not Found", 4)] {
        let server = failing(status);
        let output = paginate(&server.url("/"))
            .arg("--page-param=page")
            .run()
            .expect_code(code);
        // The array stays open: no reader takes it for the whole list.
        assert_eq!(output.stdout_text(), "[\n1,\n2.0");
        assert_eq!(
            output.stderr_text(),
            format!(
                "c47 http: {status} from GET {}\n{{\"message\":\n\"down\"}}\n\
                 c47 http: the output is incomplete: it ends after 1 page, 2 items\n",
                server.url("/?page=2")
            )
        );
        let scratch = Scratch::new("pages");
        let file = scratch.write("list.json", "old");
        let output = paginate(&server.url("/"))
            .args(["--page-param=page", "-q", "-o"])
            .arg(&file)
            .run()
            .expect_code(code);
        assert_eq!(output.stdout_text(), "{\"message\":\n\"down\"}");
        assert_eq!(output.stderr_text(), "");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
    }
    // The body of the first page is printed as that of any response.
    let server = Server::start(|_| Response::new("404 Not Found", "", "none"));
    let output = paginate(&server.url("/")).run().expect_code(4);
    assert_eq!(output.stdout_text(), "none");
}

#[test]
fn temporary_failure_of_a_page_is_retried() {
    let failures = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        let page = parameter(request, "page").unwrap().parse().unwrap();
        if page == 2 && failures.fetch_add(1, Ordering::SeqCst) < 2 {
            return Response::new("503 Busy", "retry-after: 0\r\n", "later");
        }
        Response::json(&numbers(page))
    });
    let output = paginate(&server.url("/"))
        .args(["--page-param=page", "--retry=2", "--jq=.[]"])
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "1\n2.0\n3\n4.0\n5\n6.0\n");
    assert_eq!(output.stderr_text().matches("503; retrying").count(), 2);
}

#[test]
fn broken_page_is_an_error_that_says_what_is_missing() {
    for second in [
        Response::raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[1"),
        Response::json("[1"),
        Response::ok(b"[\xff]"),
    ] {
        let server = Server::script([
            Response::new("200 OK", "link: </b>; rel=next\r\n", "[0]"),
            second,
        ]);
        let output = paginate(&server.url("/a")).run().expect_code(7);
        assert_eq!(output.stdout_text(), "[\n0");
        assert!(
            output
                .stderr_text()
                .contains("it ends after 1 page, 1 item"),
            "{}",
            output.tell()
        );
    }
}

/// Credentials and headers of the user stay at the origin of the first page.
#[test]
fn next_page_at_another_origin_gets_no_credentials() {
    let other = Server::start_at("127.0.0.2:0", |request| {
        let known = ["host", "accept", "accept-encoding", "user-agent"];
        assert!(
            request
                .headers
                .iter()
                .all(|(name, _)| known.contains(&name.as_str())),
            "{request:?}"
        );
        Response::json("[2]")
    });
    let link = format!("link: <{}>; rel=next\r\n", other.url("/b"));
    let server = Server::start(move |_| Response::new("200 OK", &link, "[1]"));
    for arguments in [
        &["--auth", "bearer=env:T"][..],
        &["X-Api-Key:hunter2"],
        &["Cookie:a=b"],
    ] {
        let output = paginate(&server.url("/a"))
            .args(arguments)
            .env("T", "hunter2")
            .run();
        let output = output.expect_code(7);
        let text = output.stderr_text();
        assert!(
            text.contains("credentials are sent only to the place of the first page"),
            "{text}"
        );
        assert_eq!(output.stdout_text(), "[\n1");
        // A page that is not wanted may be anywhere.
        let run = paginate(&server.url("/a")).args(arguments).env("T", "x");
        let output = run.arg("--max-pages=1").run().expect_code(0);
        assert_eq!(output.stdout_text(), "[\n1\n]\n");
    }
    assert!(other.requests().is_empty());
    // Nothing identifies the user.
    let output = paginate(&server.url("/a"))
        .arg("X-Show:tide")
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "[\n1,\n2\n]\n");
    // A body stays too.
    let output = paginate(&server.url("/a")).arg("a=b").run().expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("the body is sent only to the origin")
    );
}

#[test]
fn profile_is_not_left_by_the_next_page() {
    let server = Server::start(|_| Response::new("200 OK", "link: </b>; rel=next\r\n", "[1]"));
    let scratch = Scratch::new("pages");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.a]\nurl = '{}'\nauth = 'bearer'\ntoken = 'env:T'\n",
            server.url("/api")
        ),
    );
    let output = c47()
        .env("C47_CONFIG_PATH", config)
        .env("T", "hunter2")
        .args(["http", "@a/list", "--paginate"])
        .run()
        .expect_code(7);
    assert!(
        output.stderr_text().contains("/b, is not requested"),
        "{}",
        output.tell()
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn limits_end_the_pages_with_a_note() {
    for (arguments, expected, requests) in [
        (&["--max-pages=2"][..], "[\n1,\n2.0,\n3,\n4.0\n]\n", 2),
        (&["--max-items=3"], "[\n1,\n2.0,\n3\n]\n", 2),
        (&["--max-items=2"], "[\n1,\n2.0\n]\n", 1),
        (&["--max-items=3", "--jq=.[]"], "1\n2.0\n3\n", 2),
    ] {
        let server = linked();
        let run = || paginate(&server.url("/list")).args(arguments);
        let output = run().run().expect_code(0);
        assert_eq!(output.stdout_text(), expected);
        assert!(output.stderr_text().starts_with("c47 http: stopped after "));
        assert!(output.stderr_text().ends_with("; there are more\n"));
        assert_eq!(server.requests().len(), requests, "{arguments:?}");
        assert_eq!(run().arg("-q").run().expect_code(0).stderr_text(), "");
    }
    for arguments in ["--max-pages=3", "--max-items=6"] {
        let server = linked();
        let output = paginate(&server.url("/list"))
            .arg(arguments)
            .run()
            .expect_code(0);
        assert_eq!(output.stderr_text(), "", "nothing is left out");
    }
}

#[test]
fn file_has_all_pages() {
    let scratch = Scratch::new("pages");
    let file = scratch.path().join("list.json");
    paginate(&linked().url("/list"))
        .arg("-o")
        .arg(&file)
        .run()
        .expect_code(0);
    assert_eq!(
        std::fs::read_to_string(file).unwrap(),
        "[\n1,\n2.0,\n3,\n4.0,\n5,\n6.0\n]\n"
    );
}

#[test]
fn wrong_options_are_refused_before_anything_is_sent() {
    let server = Server::start(|_| Response::json("[]")).may_be_idle();
    let url = server.url("/");
    for arguments in [
        &[&url, "--next=.a"][..],
        &[&url, "--page-param=page"],
        &[&url, "--items=.a"],
        &[&url, "--ndjson"],
        &[&url, "--max-pages=1"],
        &[&url, "--max-items=1"],
        &[&url, "--paginate", "--max-pages=0"],
        &[&url, "--paginate", "--next=.a |"],
        &[&url, "--paginate", "--items=nosuch(1)"],
        &[&url, "--paginate", "--page-param=page=1"],
        &[&url, "--paginate", "--json"],
        &[&url, "--paginate", "--download"],
        &[&url, "--paginate", "--ndjson", "--jq=.", "-r"],
        &["DELETE", &url, "--paginate"],
        &["HEAD", &url, "--paginate"],
        &[&server.url("/?page=x"), "--paginate", "--page-param=page"],
    ] {
        c47().arg("http").args(arguments).run().expect_code(2);
    }
    assert!(server.requests().is_empty());
    let output = paginate(&url)
        .args(["--page-param=p", "--offline"])
        .run()
        .expect_code(0);
    assert!(output.stdout_text().starts_with("GET /?p=1 HTTP/1.1\r\n"));
}

#[test]
fn token_for_one_request_is_signed_for_each_page() {
    let server = linked();
    paginate(&server.url("/list"))
        .args(["--auth", "jwt=HS256:env:KEY", "--jti"])
        .env("KEY", "0123456789abcdef0123456789abcdef")
        .run()
        .expect_code(0);
    let mut tokens: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

/// The token of the login is rejected for the second page, and renewed once.
#[test]
fn token_that_expires_between_pages_is_renewed() {
    let logins = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        if request.target == "/login" {
            let number = logins.fetch_add(1, Ordering::SeqCst) + 1;
            return Response::json(&format!("{{\"access_token\":\"t{number}\"}}"));
        }
        let page: usize = parameter(request, "page").unwrap().parse().unwrap();
        let is_fresh = match page {
            1 => "Bearer t1",
            _ => "Bearer t2",
        };
        match request.header("authorization") == Some(is_fresh) {
            true => Response::json(&numbers(page)),
            false => Response::new("401 Unauthorized", "", "expired"),
        }
    });
    let scratch = Scratch::new("pages");
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.a]\nurl = '{}'\nauth = 'login'\nuser = 'u'\npassword = 'env:P'\n\
             pages = {{ page_param = 'page' }}\n\
             [profile.a.login]\nurl = '/login'\njson = {{ p = '{{password}}' }}\n",
            server.url("")
        ),
    );
    let output = c47()
        .env("C47_CONFIG_PATH", config)
        .env("P", "hunter2")
        .args(["http", "@a/x", "--paginate", "--ndjson"])
        .run()
        .expect_code(0);
    assert_eq!(output.stdout_text(), "1\n2.0\n3\n4.0\n5\n6.0\n");
    // Two logins, four pages, and one of them twice.
    assert_eq!(server.requests().len(), 7);
}

#[test]
fn memory_does_not_grow_with_the_pages() {
    let peak = |pages: usize| {
        let item = format!("{{\"name\":\"{}\"}}", "x".repeat(500));
        let full = format!("[{}]", vec![item; 100].join(","));
        let scratch = Scratch::new("pages");
        let file = scratch.path().join("out");
        let gate = Arc::new(Gate::default());
        gate.close();
        let waiting = Arc::clone(&gate);
        let server = Server::start(move |request| {
            let page: usize = parameter(request, "page").unwrap().parse().unwrap();
            if page > pages {
                waiting.pass();
                return Response::json("[]");
            }
            // Pages are not equal.
            Response::json(&full.replacen('x', &page.to_string(), 1))
        });
        let child = c47()
            .args([
                "http",
                &server.url("/"),
                "--paginate",
                "--page-param=page",
                "--ndjson",
            ])
            .stdout_to(std::fs::File::create(&file).unwrap())
            .spawn();
        wait_until("the last page is requested", || {
            server.requests().len() == pages + 1
        });
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        gate.open();
        child.wait().expect_code(0);
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert_eq!(lines, 100 * pages);
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    };
    let (few, many): (usize, usize) = (peak(20), peak(1000));
    assert!(
        many < few + 2048,
        "{few} KiB for 20 pages, {many} KiB for 1000"
    );
}

/// Runs `http @a/PATH --paginate` with a preset; the login of the service is not needed.
fn with_preset(server: &Server, preset: &str, path: &str) -> Run {
    let scratch = Scratch::new("pages");
    let config = format!(
        "[profile.a]\nurl = '{}'\npreset = '{preset}'\nauth = 'bearer'\ntoken = 'env:T'\n",
        server.url("/api")
    );
    let config = scratch.write("config.toml", config);
    c47()
        .env("C47_CONFIG_PATH", config)
        .env("T", "hunter2")
        .args(["http", &format!("@a{path}"), "--paginate", "--ndjson"])
        .keeping(scratch)
}

#[test]
fn preset_kitsu_gets_all_pages() {
    let server = Server::start(|request| {
        assert_eq!(request.header("authorization"), Some("Bearer hunter2"));
        let page: usize = parameter(request, "page").unwrap().parse().unwrap();
        let page_of = |data: &str| {
            Response::json(&format!(
                "{{\"data\":{data},\"nb_pages\":3,\"page\":{page},\"total\":6}}"
            ))
        };
        match request.target.split('?').next().unwrap() {
            "/api/data/tasks" => page_of(&numbers(page)),
            // Kitsu returns the whole list whatever the page.
            "/api/data/assets" => Response::json("[1,2]"),
            // An entity has a member `data` too.
            "/api/data/entities/1" => Response::json("{\"data\":{\"fps\":24},\"id\":1}"),
            "/api/data/none" => Response::json("{\"data\":[],\"nb_pages\":0,\"page\":1}"),
            other => panic!("{other}"),
        }
    });
    for (path, expected, requests) in [
        ("/data/tasks?project=p", "1\n2.0\n3\n4.0\n5\n6.0\n", 3),
        ("/data/tasks?page=2", "3\n4.0\n5\n6.0\n", 2),
        ("/data/assets", "1\n2\n", 1),
        ("/data/entities/1", "{\"data\":{\"fps\":24},\"id\":1}\n", 1),
        ("/data/none", "", 1),
    ] {
        let before = server.requests().len();
        let output = with_preset(&server, "kitsu", path).run().expect_code(0);
        assert_eq!(output.stdout_text(), expected, "{path}");
        assert_eq!(server.requests().len() - before, requests, "{path}");
    }
}

#[test]
fn preset_shotgrid_gets_all_pages() {
    let server = Server::start(|request| match request.target.as_str() {
        "/api/entity/shots" => Response::json(
            "{\"data\":[{\"id\":1}],\"links\":{\"self\":\"x\",\"next\":\"/api/entity/shots?page%5Bnumber%5D=2\"}}",
        ),
        "/api/entity/shots?page%5Bnumber%5D=2" => Response::json(
            "{\"data\":[{\"id\":2}],\"links\":{\"next\":\"/api/entity/shots?page[number]=3\"}}",
        ),
        // The page after the last one has a link too.
        "/api/entity/shots?page[number]=3" | "/api/entity/shots?page%5Bnumber%5D=3" => {
            Response::json(
                "{\"data\":[],\"links\":{\"next\":\"/api/entity/shots?page[number]=4\"}}",
            )
        }
        "/api/entity/shots/1" => Response::json("{\"data\":{\"id\":1},\"links\":{\"self\":\"x\"}}"),
        other => panic!("{other}"),
    });
    for (path, expected) in [
        ("/entity/shots", "{\"id\":1}\n{\"id\":2}\n"),
        (
            "/entity/shots/1",
            "{\"data\":{\"id\":1},\"links\":{\"self\":\"x\"}}\n",
        ),
    ] {
        let output = with_preset(&server, "shotgrid", path).run().expect_code(0);
        assert_eq!(output.stdout_text(), expected);
    }
}

#[test]
fn preset_google_gets_all_pages() {
    let server = Server::start(|request| match parameter(request, "pageToken") {
        None => Response::json("{\"files\":[1],\"nextPageToken\":\"~t\"}"),
        Some("~t") => Response::json("{\"files\":[2]}"),
        Some(other) => panic!("{other}"),
    });
    let output = with_preset(&server, "google", "/drive/v3/files")
        .args(["--items", ".files[]"])
        .run();
    assert_eq!(output.expect_code(0).stdout_text(), "1\n2\n");
}

#[test]
fn options_override_the_pages_of_the_profile() {
    let server = linked();
    let scratch = Scratch::new("pages");
    let config = format!(
        "[profile.a]\nurl = '{}'\n[profile.a.pages]\nnext = '.none'\nitems = '.[] | {{n: .}}'\n\
         [profile.bad]\nurl = '{0}'\n[profile.bad.pages]\nnext = '.a |'\n",
        server.url("/")
    );
    let config = scratch.write("config.toml", config);
    let run = |words: &[&str]| {
        c47()
            .env("C47_CONFIG_PATH", &config)
            .arg("http")
            .args(words)
            .run()
    };
    let output = run(&[
        "@a/list",
        "--paginate",
        "--ndjson",
        "--page-param=page",
        "--max-pages=2",
    ]);
    assert_eq!(
        output.expect_code(0).stdout_text(),
        "{\"n\":1}\n{\"n\":2.0}\n{\"n\":3}\n{\"n\":4.0}\n"
    );
    // A filter of a profile is compiled only for pages.
    run(&["@bad/list"]).expect_code(0);
    let output = run(&["@bad/list", "--paginate"]).expect_code(2);
    assert!(
        output
            .stderr_text()
            .contains("the profile's pages: next: invalid filter")
    );
    let check = c47()
        .env("C47_CONFIG_PATH", &config)
        .args(["config", "check"])
        .run();
    let check = check.expect_code(2);
    assert!(check.stdout_text().contains("a: ok"), "{}", check.tell());
    assert!(
        check.stdout_text().contains("pages: next: invalid filter"),
        "{}",
        check.tell()
    );
}

/// The time limit of a profile is one for each page; --timeout is one for all pages.
#[test]
fn timeout_limits_all_pages_and_that_of_a_profile_each_page() {
    let server = Server::start(|request| {
        // A quarter of a second for each page.
        let body = match parameter(request, "n").unwrap() {
            "12" => "[]".to_owned(),
            page => format!("[{page}]"),
        };
        Response::json(&body).drip(std::time::Duration::from_millis(4))
    });
    let scratch = Scratch::new("pages");
    let config = format!("[profile.a]\nurl = '{}'\ntimeout = '2s'\n", server.url("/"));
    let config = scratch.write("config.toml", config);
    let output = c47()
        .env("C47_CONFIG_PATH", &config)
        .args([
            "http",
            "@a/list",
            "--paginate",
            "--page-param=n",
            "--timeout=1s",
        ])
        .run()
        .expect_code(8);
    assert!(
        output.stderr_text().contains("timed out"),
        "{}",
        output.tell()
    );
    assert!(
        output.stderr_text().contains("the output is incomplete"),
        "{}",
        output.tell()
    );
    assert!(server.requests().len() > 1);
    let words = [
        "http",
        "@a/list",
        "--paginate",
        "--page-param=n",
        "--ndjson",
    ];
    let run = c47().env("C47_CONFIG_PATH", &config).args(words);
    assert_eq!(run.run().expect_code(0).stdout_text().lines().count(), 11);
}

#[test]
fn graphql_query_is_retried_like_a_get() {
    let failures = AtomicUsize::new(0);
    let server = Server::start(move |_| match failures.fetch_add(1, Ordering::SeqCst) {
        0 => Response::new("503 Busy", "retry-after: 0\r\n", ""),
        _ => Response::json(
            "{\"data\":{\"nodes\":[1],\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}}}",
        ),
    });
    let query = format!("query={TASKS}");
    let run = paginate(&server.url("/")).args([&query, "variables[n]:=2", "--retry=1"]);
    assert_eq!(run.run().expect_code(0).stdout_text(), "[\n1\n]\n");
}

/// Some services copy the whole query into the link.
#[test]
fn query_credential_in_the_next_link_is_sent_once_and_not_shown() {
    let server = Server::start(|request| match request.target.as_str() {
        "/a?n=1&site=hunter2" => {
            let link = "link: <?n=2&site=hunter2>; rel=next\r\n";
            Response::new("200 OK", link, "[1]")
        }
        "/a?n=2&site=hunter2" => Response::new("404 Not Found", "", "no"),
        other => panic!("{other}"),
    });
    let run = c47().args([
        "http",
        &server.url("/a?n=1"),
        "--auth",
        "query=site:env:T",
        "-v",
    ]);
    let output = run
        .env("T", "hunter2")
        .arg("--paginate")
        .run()
        .expect_code(4);
    let text = output.stderr_text();
    let requests = text.lines().filter(|line| !line.starts_with("< "));
    let shown: Vec<&str> = requests.filter(|line| line.contains("hunter2")).collect();
    assert_eq!(shown, [""; 0]);
    assert_eq!(server.requests().len(), 2);
}
