//! The presets, each against a server with the shape of its service.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::peers;
use crate::support::server::{Request, Response, Server};
use crate::support::{Output, Run, Scratch, c47, entries};

/// Profiles in a scratch directory.
struct Studio {
    scratch: Scratch,
}

impl Studio {
    fn new(name: &str, config: &str) -> Studio {
        let scratch = Scratch::new(name);
        scratch.write("config.toml", config);
        Studio { scratch }
    }

    fn c47(&self, words: &[&str]) -> Run {
        c47()
            .env("C47_CONFIG_PATH", self.scratch.path().join("config.toml"))
            .env("C47_CACHE_DIR", self.scratch.path().join("cache"))
            .env("S", "s3cret-value")
            .args(words)
    }

    fn call(&self, words: &[&str]) -> Output {
        self.c47(words).run().expect_code(0)
    }

    /// The content of all stored tokens.
    fn stored(&self) -> Vec<String> {
        let cache = self.scratch.path().join("cache");
        let files = entries(&cache).into_iter();
        files
            .map(|name| fs::read_to_string(cache.join(name)).unwrap())
            .collect()
    }
}

/// A Rocket.Chat whose tokens and user IDs are numbered.
fn rocketchat(valid_from: Arc<AtomicUsize>) -> Server {
    let logins = AtomicUsize::new(0);
    Server::start(move |request: &Request| {
        if request.target == "/api/v1/login" {
            if !request.body_text().contains(r#""password":"s3cret-value""#) {
                let body = r#"{"status":"error","error":"Unauthorized","message":"Unauthorized"}"#;
                return Response::new("401 Unauthorized", "", body);
            }
            let number = logins.fetch_add(1, Ordering::SeqCst) + 1;
            return Response::json(&format!(
                r#"{{"status":"success","data":{{"userId":"user-{number}","authToken":"chat-{number}","me":{{}}}}}}"#
            ));
        }
        let number = |name: &str, prefix: &str| {
            let value = request.header(name)?.strip_prefix(prefix)?;
            value.parse::<usize>().ok()
        };
        let pair = (
            number("x-auth-token", "chat-"),
            number("x-user-id", "user-"),
        );
        match pair {
            (Some(token), Some(user))
                if token == user && token >= valid_from.load(Ordering::SeqCst) => {}
            _ => return Response::new("401 Unauthorized", "", r#"{"status":"error"}"#),
        }
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        match (path, query) {
            ("/api/v1/users.list", "" | "offset=0") => Response::json(
                r#"{"users":[{"n":1},{"n":2}],"count":2,"offset":0,"total":3,"success":true}"#,
            ),
            ("/api/v1/users.list", "offset=2") => Response::json(
                r#"{"users":[{"n":3}],"count":1,"offset":2,"total":3,"success":true}"#,
            ),
            ("/away", _) => Response::redirect("302 Found", query),
            _ => Response::json("{}"),
        }
    })
}

fn rocketchat_profile(server: &Server) -> String {
    format!(
        "[profile.chat]\nurl='{}'\npreset='rocketchat'\nuser='bot'\npassword='env:S'\n",
        server.url("")
    )
}

#[test]
fn value_of_the_login_response_is_sent_and_stored_with_the_token() {
    let valid_from = Arc::new(AtomicUsize::new(1));
    let server = rocketchat(Arc::clone(&valid_from));
    let studio = Studio::new("chat", &rocketchat_profile(&server));
    let list = ["http", "@chat/api/v1/users.list", "--paginate", "--ndjson"];
    assert_eq!(
        studio.call(&list).stdout_text(),
        "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n"
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 3, "one login and two pages");
    assert_eq!(
        requests[0].body_text(),
        r#"{"password":"s3cret-value","user":"bot"}"#
    );
    assert!(requests[0].header("x-user-id").is_none());
    // Both values of a new login are used, also in the repeated call.
    valid_from.store(2, Ordering::SeqCst);
    studio.call(&["http", "@chat/api/v1/me"]);
    let last = server.requests().pop().unwrap();
    assert_eq!(last.header("x-auth-token"), Some("chat-2"));
    assert_eq!(last.header("x-user-id"), Some("user-2"));
    // Another process takes both from the store.
    let before = server.requests().len();
    studio.call(&["http", "@chat/api/v1/me"]);
    assert_eq!(server.requests().len(), before + 1);
    // A header of the command line replaces that of the profile.
    let mine = studio.c47(&["http", "@chat/api/v1/me", "X-User-Id:user-9"]);
    mine.run().expect_code(4);
    let headers = server.requests().pop().unwrap();
    assert_eq!(headers.header("x-user-id"), Some("user-9"));
    // Logout sends both, and removes both.
    studio.call(&["auth", "login", "chat"]);
    let number = studio
        .call(&["auth", "token", "chat"])
        .stdout_text()
        .to_owned();
    studio.call(&["auth", "logout", "chat"]);
    let logout = server.requests().pop().unwrap();
    assert_eq!(logout.target, "/api/v1/logout");
    assert_eq!(logout.header("x-auth-token"), Some(number.trim()));
    assert!(logout.header("x-user-id").is_some());
    assert_eq!(studio.stored(), [""; 0]);
}

#[test]
fn value_of_the_login_response_is_never_shown_or_sent_elsewhere() {
    let server = rocketchat(Arc::new(AtomicUsize::new(1)));
    let studio = Studio::new("chat-hidden", &rocketchat_profile(&server));
    let elsewhere = Server::start(|_| Response::ok("ok"));
    let away = format!("@chat/away?{}", elsewhere.url("/"));
    studio.call(&["http", "--follow", &away]);
    let left = elsewhere.request();
    assert_eq!(left.header("x-auth-token"), None);
    assert_eq!(left.header("x-user-id"), None);
    for words in [
        &["http", "-v", "@chat/api/v1/me"][..],
        &["http", "--json", "@chat/api/v1/me"],
        &["http", "--print", "HBhb", "@chat/api/v1/me"],
        &["http", "--offline", "@chat/api/v1/me"],
        &["http", "--curl", "@chat/api/v1/me"],
        &["auth", "status", "chat", "--json"],
        &["config", "show", "chat"],
    ] {
        let output = studio.call(words);
        for text in [output.stdout_text(), output.stderr_text()] {
            for secret in ["chat-1", "user-1", "s3cret"] {
                assert!(!text.contains(secret), "{words:?}\n{}", output.tell());
            }
        }
    }
    let offline = studio.call(&["http", "--offline", "@chat/api/v1/me"]);
    assert!(
        offline.stdout_text().contains("\nx-user-id: "),
        "{}",
        offline.tell()
    );
    let curl = studio.call(&["http", "--curl", "@chat/api/v1/me"]);
    let expected = "-H \"X-User-Id: $(c47 auth token chat --header X-User-Id)\"";
    assert!(curl.stdout_text().contains(expected), "{}", curl.tell());
    let header = studio.call(&["auth", "token", "chat", "--header", "x-user-id"]);
    assert_eq!(header.stdout_text(), "user-1\n");
    let header = studio.c47(&["auth", "token", "chat", "--header", "x-other"]);
    header.run().expect_code(2);
}

#[test]
fn login_without_the_named_value_fails() {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/api/v1/login" => Response::json(r#"{"data":{"authToken":"t"}}"#),
        _ => Response::ok(""),
    });
    let studio = Studio::new("chat-without", &rocketchat_profile(&server));
    let output = studio.c47(&["http", "@chat/x"]).run().expect_code(7);
    assert!(
        output
            .stderr_text()
            .contains("the response has no 'data.userId'"),
        "{}",
        output.tell()
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn names_of_login_values_are_checked() {
    for (also, message) in [
        ("token = 'a'", "'also' cannot use the name 'token'"),
        ("user = 'a'", "'also' cannot use the name 'user'"),
        ("'a b' = 'a'", "'also' cannot use the name 'a b'"),
        ("other = 'a'", "X-Id: no value for {id}"),
    ] {
        let studio = Studio::new(
            "chat-names",
            &format!(
                "[profile.p]\nurl='http://127.0.0.1:1'\nauth='login'\nuser='u'\nheaders={{X-Id='{{id}}'}}\n\
                 [profile.p.login]\nurl='/l'\nalso={{ {also} }}\n"
            ),
        );
        let output = studio.c47(&["http", "@p/x"]).run().expect_code(2);
        assert!(output.stderr_text().contains(message), "{}", output.tell());
    }
}

#[test]
fn rocketchat_accepts_a_second_factor_and_a_personal_token() {
    let server = rocketchat(Arc::new(AtomicUsize::new(1)));
    let url = server.url("");
    let studio = Studio::new(
        "chat-factors",
        &format!(
            "{}secrets={{totp='env:CODE'}}\n\
             [profile.wrong]\nurl='{url}'\npreset='rocketchat'\nuser='bot'\npassword='env:CODE'\n\
             [profile.personal]\nurl='{url}'\npreset='rocketchat-token'\nuser='user-7'\ntoken='env:T'\n",
            rocketchat_profile(&server)
        ),
    );
    let run = |words: &[&str]| {
        studio
            .c47(words)
            .env("CODE", "123456")
            .env("T", "chat-7")
            .run()
    };
    run(&["http", "@chat/api/v1/me"]).expect_code(0);
    assert_eq!(
        server.requests()[0].body_text(),
        r#"{"code":"123456","password":"s3cret-value","user":"bot"}"#
    );
    run(&["http", "@personal/api/v1/me"]).expect_code(0);
    let refused = run(&["http", "@wrong/api/v1/me"]).expect_code(9);
    assert!(
        refused.stderr_text().contains("login refused: 401"),
        "{}",
        refused.tell()
    );
}

/// The form fields of a body.
fn form(body: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        text.replace("%3A", ":")
            .replace("%40", "@")
            .replace('+', " ")
    };
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

#[test]
fn shotgrid_caches_a_token_for_each_user_that_a_script_acts_for() {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/api/v1/auth/access_token" => {
            assert_eq!(request.header("accept"), Some("application/json"));
            let fields = form(request.body_text());
            let scope = fields.iter().find(|(name, _)| name == "scope");
            let user = scope.map_or("script", |(_, scope)| scope.rsplit(':').next().unwrap());
            Response::json(&format!(
                r#"{{"token_type":"Bearer","access_token":"as-{user}","expires_in":600,"refresh_token":"r"}}"#
            ))
        }
        _ => Response::json(r#"{"data":[]}"#),
    });
    let profile = |name: &str, scope: &str| {
        format!(
            "[profile.{name}]\nurl='{}'\npreset='shotgrid'\nclient_id='pipeline'\nclient_secret='env:S'\n{scope}",
            server.url("/api/v1")
        )
    };
    let studio = Studio::new(
        "sudo",
        &[
            profile("script", ""),
            profile("ann", "scope='sudo_as_login:ann'\n"),
            profile("bob", "scope='sudo_as_login:bob'\n"),
        ]
        .concat(),
    );
    for _ in 0..2 {
        for name in ["script", "ann", "bob"] {
            studio.call(&["http", &format!("@{name}/entity/projects")]);
            let sent = server.requests().pop().unwrap();
            assert_eq!(
                sent.header("authorization"),
                Some(&*format!("Bearer as-{name}"))
            );
        }
    }
    let requests = server.requests();
    let logins: Vec<_> = requests
        .iter()
        .filter(|request| request.method == "POST")
        .collect();
    assert_eq!(logins.len(), 3, "one for each user");
    let mut expected = vec![
        ("grant_type".to_owned(), "client_credentials".to_owned()),
        ("scope".into(), "sudo_as_login:ann".into()),
        ("client_id".into(), "pipeline".into()),
        ("client_secret".into(), "s3cret-value".into()),
    ];
    assert_eq!(form(logins[1].body_text()), expected);
    expected.remove(1);
    assert_eq!(form(logins[0].body_text()), expected);
}

#[test]
fn shotgrid_user_logs_in_with_a_password_and_renews_with_the_refresh_token() {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/api/v1/auth/access_token" => {
            let fields = form(request.body_text());
            let of = |name: &str| {
                let field = fields.iter().find(|(known, _)| known == name);
                field.map_or("", |(_, value)| value.as_str())
            };
            match (of("grant_type"), of("password"), of("refresh_token")) {
                // It expires at once.
                ("password", "s3cret-value", "") => {
                    assert_eq!(of("username"), "ann@studio.lan");
                    Response::json(
                        r#"{"token_type":"Bearer","access_token":"first","expires_in":0,"refresh_token":"renew-1"}"#,
                    )
                }
                ("refresh_token", "", "renew-1") => Response::json(
                    r#"{"token_type":"Bearer","access_token":"second","expires_in":600,"refresh_token":"renew-2"}"#,
                ),
                _ => Response::new(
                    "400 Bad Request",
                    "",
                    r#"{"errors":[{"status":400,"title":"Can't authenticate user"}]}"#,
                ),
            }
        }
        _ => Response::json(r#"{"data":[]}"#),
    });
    let profile = |name: &str, secret: &str| {
        format!(
            "[profile.{name}]\nurl='{}'\npreset='shotgrid-user'\nuser='ann@studio.lan'\npassword='env:{secret}'\n",
            server.url("/api/v1")
        )
    };
    let config = [profile("me", "S"), profile("wrong", "W")].concat();
    let studio = Studio::new("sg-user", &config);
    for token in ["first", "second", "second"] {
        studio.call(&["http", "@me/entity/projects"]);
        let sent = server.requests().pop().unwrap();
        assert_eq!(
            sent.header("authorization"),
            Some(&*format!("Bearer {token}"))
        );
    }
    assert_eq!(server.requests().len(), 5);
    assert!(studio.stored().concat().contains("renew-2"));
    for _ in 0..2 {
        let wrong = studio
            .c47(&["http", "@wrong/entity/projects"])
            .env("W", "guess");
        let wrong = wrong.run().expect_code(9);
        assert!(
            wrong.stderr_text().contains("login refused"),
            "{}",
            wrong.tell()
        );
    }
    assert_eq!(server.requests().len(), 6, "a wrong password is sent once");
}

/// PyJWT requires what the gateway requires.
#[test]
fn opencue_token_has_the_user_as_subject_and_an_expiry() {
    let Some(python) = peers::python(&["jwt"]) else {
        return;
    };
    let server = Server::start(|_| Response::json("{}"));
    let url = server.url("");
    let key = "0123456789abcdef0123456789abcdef";
    let studio = Studio::new(
        "cue",
        &format!(
            "[profile.mine]\nurl='{url}'\npreset='opencue'\nkey='env:K'\n\
             [profile.other]\nurl='{url}'\npreset='opencue'\nkey='env:K'\nuser='wrangler'\nclaims={{role='admin'}}\n"
        ),
    );
    let program = "import sys, jwt\n\
        c = jwt.decode(sys.argv[1], sys.argv[2], ['HS256'], options={'require': ['sub', 'exp', 'iat']})\n\
        print(c['sub'], c['exp'] - c['iat'], c.get('role'))";
    for (name, claims) in [
        ("mine", "lena 300 None\n"),
        ("other", "wrangler 300 admin\n"),
    ] {
        let target = format!("@{name}/show.ShowInterface/GetShows");
        let call = studio.c47(&["http", "POST", &target, "--raw", "{}"]);
        call.env("K", key).env("USER", "lena").run().expect_code(0);
        let sent = server.requests().pop().unwrap();
        let token = sent.header("authorization").unwrap();
        let token = token.strip_prefix("Bearer ").unwrap();
        let verified = Run::of(&python).args(["-c", program, token, key]).run();
        assert_eq!(verified.expect_code(0).stdout_text(), claims);
    }
}

#[test]
fn forge_presets_send_their_headers_and_follow_links() {
    let server = Server::start(|request: &Request| {
        let next = match request.target.contains("page=2") {
            true => String::new(),
            false => format!("Link: <{}?page=2>; rel=\"next\"\r\n", request.target),
        };
        let number = if next.is_empty() { 2 } else { 1 };
        let body = match request.target.starts_with("/search") {
            true => format!(r#"{{"total_count":2,"incomplete_results":false,"items":[{number}]}}"#),
            false => format!("[{number}]"),
        };
        Response::new(
            "200 OK",
            &format!("{next}Content-Type: application/json\r\n"),
            body,
        )
    });
    let url = server.url("");
    let studio = Studio::new(
        "forges",
        &format!(
            "[profile.gitlab]\nurl='{url}'\npreset='gitlab'\ntoken='env:S'\n\
             [profile.job]\nurl='{url}'\npreset='gitlab-job'\n\
             [profile.github]\nurl='{url}'\npreset='github'\ntoken='env:S'\n\
             [profile.public]\npreset='github'\ntoken='env:S'\n"
        ),
    );
    for (target, headers) in [
        ("@gitlab/projects", &[("private-token", "s3cret-value")][..]),
        ("@job/projects", &[("job-token", "of-the-job")]),
        (
            "@github/search/issues",
            &[
                ("authorization", "Bearer s3cret-value"),
                ("accept", "application/vnd.github+json"),
                ("x-github-api-version", "2022-11-28"),
            ],
        ),
        ("@github/repos", &[("authorization", "Bearer s3cret-value")]),
    ] {
        let list = studio.c47(&["http", target, "--paginate", "--ndjson"]);
        let list = list.env("CI_JOB_TOKEN", "of-the-job").run().expect_code(0);
        assert_eq!(list.stdout_text(), "1\n2\n", "{target}");
        let sent = server.requests().pop().unwrap();
        for (name, value) in headers {
            assert_eq!(sent.header(name), Some(*value), "{target}");
        }
    }
    let public = studio.call(&["http", "--offline", "@public/user"]);
    assert!(
        public.stdout_text().contains("host: api.github.com\r\n"),
        "{}",
        public.tell()
    );
}

#[test]
fn jira_presets_authenticate_and_page() {
    let server = Server::start(|request: &Request| {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        Response::json(match (path, query) {
            ("/rest/api/3/search/jql", "jql=x") => {
                r#"{"issues":[1,2],"nextPageToken":"abc","isLast":false}"#
            }
            ("/rest/api/3/search/jql", "jql=x&nextPageToken=abc") => {
                r#"{"issues":[3],"isLast":true}"#
            }
            ("/rest/api/3/project/search", _) => {
                r#"{"startAt":0,"maxResults":1,"total":2,"isLast":false,"values":[1],"nextPage":"/rest/api/3/last"}"#
            }
            ("/rest/api/3/last", _) => {
                r#"{"startAt":1,"maxResults":1,"total":2,"isLast":true,"values":[2]}"#
            }
            ("/rest/api/2/search", "") => {
                r#"{"startAt":0,"maxResults":2,"total":3,"issues":[1,2]}"#
            }
            ("/rest/api/2/search", "startAt=2") => {
                r#"{"startAt":2,"maxResults":2,"total":3,"issues":[3]}"#
            }
            ("/rest/agile/1.0/board", "") => {
                r#"{"startAt":0,"maxResults":1,"isLast":false,"values":[1]}"#
            }
            ("/rest/agile/1.0/board", "startAt=1") => {
                r#"{"startAt":1,"maxResults":1,"isLast":true,"values":[2]}"#
            }
            ("/rest/api/2/project", "") => "[1]",
            other => panic!("{other:?}"),
        })
    });
    let url = server.url("");
    let studio = Studio::new(
        "jira",
        &format!(
            "[profile.cloud]\nurl='{url}'\npreset='jira'\nuser='ann@studio.lan'\npassword='env:S'\n\
             [profile.own]\nurl='{url}'\npreset='jira-datacenter'\ntoken='env:S'\n"
        ),
    );
    let basic = "Basic YW5uQHN0dWRpby5sYW46czNjcmV0LXZhbHVl";
    let bearer = "Bearer s3cret-value";
    for (target, options, items, authorization) in [
        (
            "@cloud/rest/api/3/search/jql?jql=x",
            &[][..],
            "1\n2\n3\n",
            basic,
        ),
        (
            "@cloud/rest/api/3/project/search",
            &["--next", ".nextPage"],
            "1\n2\n",
            basic,
        ),
        ("@own/rest/api/2/search", &[], "1\n2\n3\n", bearer),
        ("@own/rest/agile/1.0/board", &[], "1\n2\n", bearer),
        ("@own/rest/api/2/project", &[], "1\n", bearer),
    ] {
        let words = [&["http", target, "--paginate", "--ndjson"][..], options].concat();
        assert_eq!(studio.call(&words).stdout_text(), items, "{target}");
        let sent = server.requests().pop().unwrap();
        assert_eq!(
            sent.header("authorization"),
            Some(authorization),
            "{target}"
        );
    }
    // A list with other pages is not cut short silently.
    let list = studio.c47(&["http", "@cloud/rest/api/3/project/search", "--paginate"]);
    let list = list.run().expect_code(7);
    assert!(
        list.stderr_text().contains("use --next .nextPage"),
        "{}",
        list.tell()
    );
}

#[test]
fn bot_token_is_sent_without_a_login() {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/data/persons?page=1" => Response::json(r#"{"data":[1],"page":1,"nb_pages":2}"#),
        "/data/persons?page=2" => Response::json(r#"{"data":[2],"page":2,"nb_pages":2}"#),
        "/data/assets?page=1" => Response::json("[1,2]"),
        _ => Response::new(
            "422 Unprocessable Entity",
            "",
            r#"{"msg":"Signature verification failed"}"#,
        ),
    });
    let studio = Studio::new(
        "bot",
        &format!(
            "[profile.bot]\nurl='{}'\npreset='kitsu-bot'\ntoken='env:S'\n",
            server.url("")
        ),
    );
    for target in ["@bot/data/persons", "@bot/data/assets"] {
        let list = studio.call(&["http", target, "--paginate", "--ndjson"]);
        assert_eq!(list.stdout_text(), "1\n2\n", "{target}");
    }
    studio
        .c47(&["http", "@bot/data/projects"])
        .run()
        .expect_code(4);
    let requests = server.requests();
    assert_eq!(requests.len(), 4, "a rejected token is not sent twice");
    let bearer = Some("Bearer s3cret-value");
    assert!(
        requests
            .iter()
            .all(|request| request.header("authorization") == bearer)
    );
}
