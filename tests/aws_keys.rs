//! Where the keys of AWS come from: files, roles, endpoints and programs.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::peers::moto;
use crate::support::server::{Request, Response, Server};
use crate::support::{Child, Gate, Run, Scratch, c47};

const SECRET: &str = "hunter2hunter2";

/// A user with files of the AWS CLI, and a service that they call.
struct Studio {
    scratch: Scratch,
    service: Server,
}

fn studio(name: &str, config: &str) -> Studio {
    let scratch = Scratch::new(name);
    fs::create_dir_all(scratch.path().join(".aws/sso/cache")).unwrap();
    scratch.write(".aws/config", config);
    Studio {
        scratch,
        service: Server::start(|_| Response::ok("ok")).may_be_idle(),
    }
}

impl Studio {
    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn job(&self, auth: &str) -> Run {
        c47()
            .env("HOME", self.scratch.path())
            .env("C47_CACHE_DIR", self.path("cache"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", "eu-west-1")
            .args([
                "http",
                &self.service.url("/x"),
                "--service",
                "s3",
                "--auth",
                auth,
            ])
    }

    /// The ID of the key and the session token of the last request.
    fn last(&self) -> (String, Option<String>) {
        let requests = self.service.requests();
        let request = requests.last().expect("a request");
        let authorization = request.header("authorization").expect("a signature");
        let (_, rest) = authorization.split_once("Credential=").unwrap();
        let token = request.header("x-amz-security-token");
        let id = rest.split('/').next().unwrap().to_owned();
        (id, token.map(str::to_owned))
    }

    /// Runs a job; returns the ID of the key and the session token.
    fn signs(&self, run: Run) -> (String, Option<String>) {
        run.run().expect_code(0);
        self.last()
    }
}

fn id(id: &str) -> (String, Option<String>) {
    (id.to_owned(), None)
}

fn temporary(id: &str, token: &str) -> (String, Option<String>) {
    (id.to_owned(), Some(token.to_owned()))
}

fn error_of(run: Run, code: i32) -> String {
    let output = run.run().expect_code(code);
    let text = output.stderr_text().to_owned();
    assert!(!text.contains(SECRET), "{text}");
    text
}

#[test]
fn keys_come_from_the_environment_and_the_files_in_the_order_of_the_aws_cli() {
    let studio = studio(
        "aws-files",
        "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = hunter2hunter2\n\
         [profile farm]\naws_access_key_id = AKIAFARM\naws_secret_access_key = hunter2hunter2\n\
         aws_session_token = farm-token\n[profile both]\naws_access_key_id = AKIACONFIG\n",
    );
    studio.scratch.write(
        ".aws/credentials",
        "[both]\naws_access_key_id=AKIABOTH\naws_secret_access_key=hunter2hunter2\n",
    );
    let environment = |run: Run| {
        run.env("AWS_ACCESS_KEY_ID", "AKIAENV")
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
    };
    assert_eq!(studio.signs(studio.job("aws")), id("AKIADEFAULT"));
    let farm = temporary("AKIAFARM", "farm-token");
    assert_eq!(
        studio.signs(studio.job("aws").env("AWS_PROFILE", "farm")),
        farm
    );
    assert_eq!(studio.signs(studio.job("aws=farm")), farm);
    assert_eq!(studio.signs(studio.job("aws=both")), id("AKIABOTH"));
    assert_eq!(studio.signs(environment(studio.job("aws"))), id("AKIAENV"));
    // A profile on the command line is preferred, one in the environment is not.
    assert_eq!(studio.signs(environment(studio.job("aws=farm"))), farm);
    let named = environment(studio.job("aws")).env("AWS_PROFILE", "farm");
    assert_eq!(studio.signs(named), id("AKIAENV"));
    let own = studio.job("aws=AKIAOWN:env:K").env("K", SECRET);
    assert_eq!(studio.signs(own), id("AKIAOWN"));
    let unknown = error_of(studio.job("aws=nosuch"), 2);
    assert!(
        unknown.contains("AWS profile 'nosuch' not found"),
        "{unknown}"
    );
    let half = studio.job("aws").env("AWS_ACCESS_KEY_ID", "A");
    assert!(error_of(half, 2).contains("AWS_SECRET_ACCESS_KEY is not"));
}

#[test]
fn invalid_profiles_are_named_with_the_reason() {
    let studio = studio(
        "aws-invalid",
        "[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\n\
         [profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = a\n\
         [profile self]\nrole_arn = r\nsource_profile = self\n\
         [profile none]\nrole_arn = r\n\
         [profile two]\nrole_arn = r\nsource_profile = a\ncredential_source = Environment\n\
         [profile gone]\nrole_arn = r\nsource_profile = nosuch\n\
         [profile empty]\nregion = x\n[profile from-empty]\nrole_arn = r\nsource_profile = empty\n\
         [profile half]\naws_access_key_id = A\n\
         [profile sso]\nsso_account_id = 1\nsso_role_name = r\nsso_session = nosuch\n\
         [profile source]\nrole_arn = r\ncredential_source = Nowhere\n\
         [profile quote]\ncredential_process = \"a\n",
    );
    for (profile, expected) in [
        ("a", "its source_profile makes a loop: a, b, a"),
        ("self", "its source_profile makes a loop"),
        (
            "none",
            "role_arn requires source_profile or credential_source",
        ),
        ("two", "both source_profile and credential_source"),
        ("gone", "its source_profile 'nosuch' does not exist"),
        (
            "from-empty",
            "its source_profile 'empty' has no credentials",
        ),
        ("half", "'aws_secret_access_key' is missing"),
        ("sso", "its sso_session 'nosuch' does not exist"),
        ("source", "credential_source must be"),
        ("quote", "credential_process is not a valid command"),
    ] {
        let told = error_of(studio.job(&format!("aws={profile}")), 2);
        assert!(told.contains(expected), "{profile}: {told}");
    }
    let told = error_of(studio.job("aws=empty"), 9);
    assert!(
        told.contains("no credentials") && told.contains("AWS_ACCESS_KEY_ID"),
        "{told}"
    );
    studio
        .scratch
        .write(".aws/config", "[default]\nhunter2hunter2\n");
    let told = error_of(studio.job("aws"), 7);
    assert!(told.contains("line 2"), "{told}");
}

#[test]
fn roles_are_assumed_by_sts_also_in_chains_and_with_a_web_identity() {
    let Some(moto) = moto() else { return };
    let studio = studio(
        "aws-sts",
        "[default]\naws_access_key_id = AKIABASE\naws_secret_access_key = hunter2hunter2\n\
         [profile one]\nrole_arn = arn:aws:iam::123456789012:role/one\nsource_profile = default\n\
         external_id = x/1\nrole_session_name = farm@node\nduration_seconds = 900\n\
         [profile two]\nrole_arn = arn:aws:iam::123456789012:role/two\nsource_profile = one\n\
         [profile env]\nrole_arn = arn:aws:iam::123456789012:role/env\ncredential_source = Environment\n\
         [profile web]\nrole_arn = arn:aws:iam::123456789012:role/web\nweb_identity_token_file = ~/token\n",
    );
    studio.scratch.write("token", "a.b.c\n");
    let job = |auth: &str| studio.job(auth).env("AWS_ENDPOINT_URL_STS", &moto.url);
    let mut seen = Vec::new();
    for auth in ["aws=one", "aws=two", "aws=web"] {
        let (id, token) = studio.signs(job(auth));
        assert!(id.starts_with("ASIA") && token.is_some(), "{auth}: {id}");
        // The stored keys are used.
        assert_eq!(studio.signs(job(auth)), (id.clone(), token));
        assert!(!seen.contains(&id));
        seen.push(id);
    }
    let from_environment = job("aws=env")
        .env("AWS_ACCESS_KEY_ID", "AKIAENV")
        .env("AWS_SECRET_ACCESS_KEY", SECRET);
    assert!(studio.signs(from_environment).0.starts_with("ASIA"));
    let identity = job("aws")
        .env("AWS_PROFILE", "web")
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", studio.path("token"))
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/other");
    let (other, _) = studio.signs(identity);
    assert!(other.starts_with("ASIA") && !seen.contains(&other));
}

/// STS that counts its calls and returns numbered keys.
fn sts(
    expires: &'static str,
    answer: impl Fn(&Request, usize) -> Option<Response> + Send + Sync + 'static,
) -> (Server, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let server = Server::start(move |request| {
        let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
        answer(request, number).unwrap_or_else(|| {
            Response::ok(format!(
                "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{number}</AccessKeyId>\
                 <SecretAccessKey>{SECRET}{number}</SecretAccessKey><SessionToken>token-{number}</SessionToken>\
                 <Expiration>{expires}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
            ))
        })
    });
    (server, calls)
}

const ROLE: &str = "[default]\naws_access_key_id = AKIABASE\naws_secret_access_key = hunter2hunter2\n\
    [profile role]\nrole_arn = arn:aws:iam::1:role/farm\nsource_profile = default\nexternal_id = x 1\n";

#[test]
fn two_hundred_processes_make_one_call_of_sts() {
    let studio = studio("aws-farm", ROLE);
    let gate = Arc::new(Gate::default());
    let passes = Arc::clone(&gate);
    let (sts, calls) = sts("2049-01-01T00:00:00Z", move |_, _| {
        passes.pass();
        None
    });
    gate.close();
    let jobs: Vec<Child> = (0..200)
        .map(|_| {
            let job = studio
                .job("aws=role")
                .env("AWS_ENDPOINT_URL_STS", sts.url(""));
            job.spawn()
        })
        .collect();
    gate.open();
    for job in jobs {
        job.wait().expect_code(0);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(studio.service.requests().len(), 200);
    assert_eq!(studio.last(), temporary("ASIA1", "token-1"));
    let request = sts.request();
    assert_eq!(request.method, "POST");
    let body = request.body_text();
    assert!(
        body.starts_with("Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws"),
        "{body}"
    );
    assert!(body.contains("&ExternalId=x%201"), "{body}");
    let scope = request.header("authorization").unwrap();
    assert!(
        scope.contains("Credential=AKIABASE/") && scope.contains("/eu-west-1/sts/"),
        "{scope}"
    );
}

#[test]
fn refusal_of_sts_is_remembered_and_names_no_secret() {
    let studio = studio("aws-refused", ROLE);
    let (sts, calls) = sts("2049-01-01T00:00:00Z", |_, number| match number {
        1 => Some(Response::new(
            "403 Forbidden",
            "date: Sun, 06 Nov 2044 08:49:37 GMT\r\n",
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>",
        )),
        2 => Some(Response::new("503 Busy", "", "")),
        _ => None,
    });
    let job = || {
        studio
            .job("aws=role")
            .env("AWS_ENDPOINT_URL_STS", sts.url(""))
    };
    let told = error_of(job(), 9);
    assert!(
        told.contains("login refused: 403 AccessDenied: not authorized"),
        "{told}"
    );
    assert!(told.contains("ahead of this machine's"), "{told}");
    let told = error_of(job(), 9);
    assert!(told.contains("not tried again"), "{told}");
    // There is no profile to log in to.
    assert!(!told.contains("auth login"), "{told}");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    // A corrected secret is tried.
    studio.scratch.write(
        ".aws/credentials",
        "[default]\naws_secret_access_key = other\n",
    );
    let told = error_of(job(), 7);
    assert!(told.contains("503"), "{told}");
    assert_eq!(studio.signs(job()), temporary("ASIA3", "token-3"));
}

#[test]
fn sts_is_never_reached_in_plain_text() {
    let studio = studio("aws-sts-plain", ROLE);
    studio.scratch.write("token", "a.b.c");
    for (profile, variable) in [("aws=role", ""), ("aws=web", "AWS_WEB_IDENTITY_TOKEN_FILE")] {
        let mut job = studio
            .job(profile.replace("=web", "").as_str())
            .env("AWS_ENDPOINT_URL_STS", "http://sts.lan");
        if !variable.is_empty() {
            job = job
                .env(variable, studio.path("token"))
                .env("AWS_ROLE_ARN", "r");
        }
        let told = error_of(job, 2);
        assert!(told.contains("plain text to http://sts.lan"), "{told}");
    }
}

#[test]
fn keys_that_expire_during_a_batch_are_renewed_once() {
    let studio = studio("aws-renewed", ROLE);
    // Expired at once, so that each request needs new keys.
    let (sts, calls) = sts("2001-01-01T00:00:00Z", |_, number| {
        (number > 1).then(|| {
            Response::ok(
                "<AccessKeyId>ASIANEW</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                 <SessionToken>new</SessionToken><Expiration>2049-01-01T00:00:00Z</Expiration>",
            )
        })
    });
    let output = studio
        .job("aws=role")
        .env("AWS_ENDPOINT_URL_STS", sts.url(""))
        .args(["--batch", "-"])
        .stdin("{}\n".repeat(20))
        .run();
    output.expect_code(0);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let requests = studio.service.requests();
    assert_eq!(requests.len(), 20);
    let is_new = |request: &Request| request.header("x-amz-security-token") == Some("new");
    assert!(requests.iter().all(is_new));
}

#[test]
fn credential_process_is_cached_by_its_expiry_and_killed_at_the_deadline() {
    let studio = studio("aws-process", "");
    let count = studio.path("count");
    let program = |name: &str, print: &str| {
        let path = studio.scratch.write(
            name,
            format!("#!/bin/sh\necho x >> '{}'\n{print}\n", count.display()),
        );
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).unwrap();
        path.display().to_string()
    };
    let keys = |expiration: &str| {
        format!(
            "cat <<'E'\n{{\n \"Version\": 1, \"AccessKeyId\": \"ASIAP\", \"SecretAccessKey\": \"{SECRET}\",\n \
             \"SessionToken\": \"p\"{expiration}\n}}\nE"
        )
    };
    let lasting = program("lasting", &keys(""));
    let expiring = program(
        "expiring",
        &keys(", \"Expiration\": \"2049-01-01T00:00:00Z\""),
    );
    let slow = program("slow", "exec sleep 60");
    let failing = program("failing", "echo hunter2hunter2; exit 3");
    let wrong = program("wrong", "echo hunter2hunter2");
    studio.scratch.write(
        ".aws/config",
        format!(
            "[profile lasting]\ncredential_process = {lasting}\n[profile expiring]\ncredential_process = \"{expiring}\" a 'b c'\n\
             [profile slow]\ncredential_process = {slow}\n[profile failing]\ncredential_process = {failing}\n\
             [profile wrong]\ncredential_process = {wrong}\n"
        ),
    );
    let runs = || {
        let text = fs::read_to_string(&count).unwrap_or_default();
        fs::write(&count, "").unwrap();
        text.lines().count()
    };
    for _ in 0..2 {
        assert_eq!(
            studio.signs(studio.job("aws=lasting")),
            temporary("ASIAP", "p")
        );
    }
    assert_eq!(runs(), 2);
    let stored = |name: &str| {
        let files = fs::read_dir(studio.path("cache")).unwrap().flatten();
        files
            .filter(|file| fs::read_to_string(file.path()).is_ok_and(|text| text.contains(name)))
            .count()
    };
    assert_eq!(stored(SECRET), 0);
    for _ in 0..2 {
        assert_eq!(
            studio.signs(studio.job("aws=expiring")),
            temporary("ASIAP", "p")
        );
    }
    assert_eq!((runs(), stored(SECRET)), (1, 1));
    let slow = studio.job("aws=slow").args(["--timeout", "500ms"]);
    assert!(error_of(slow.limit(Duration::from_secs(20)), 8).contains("timed out"));
    assert!(error_of(studio.job("aws=failing"), 9).contains("exited with 3"));
    assert!(error_of(studio.job("aws=wrong"), 9).contains("its output is not JSON"));
}

#[test]
fn stored_login_of_identity_center_is_used_and_never_changed() {
    let portal = Server::start(|request| {
        assert_eq!(request.method, "GET");
        match request.header("x-amz-sso_bearer_token") {
            Some("good-token") => Response::json(
                r#"{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"s","sessionToken":"t","expiration":2493072000000}}"#,
            ),
            _ => Response::new(
                "401 Unauthorized",
                "",
                r#"{"message":"Session token not found or invalid"}"#,
            ),
        }
    });
    let studio = studio(
        "aws-sso",
        "[profile new]\nsso_session = house\nsso_account_id = 123456789012\nsso_role_name = Artist\n\
         [sso-session house]\nsso_region = eu-west-1\nsso_start_url = https://house.awsapps.com/start\n\
         [profile old]\nsso_start_url = https://old.awsapps.com/start\nsso_region = eu-west-1\n\
         sso_account_id = 123456789012\nsso_role_name = Artist\n",
    );
    let file = |key: &str| format!(".aws/sso/cache/{}.json", sha1(key));
    let job = |auth: &str| studio.job(auth).env("AWS_ENDPOINT_URL_SSO", portal.url(""));
    let told = error_of(job("aws=new"), 9);
    assert!(
        told.contains("hint: run aws sso login --sso-session house"),
        "{told}"
    );
    let token = |token: &str, expires: &str| {
        format!(r#"{{"accessToken":"{token}","expiresAt":"{expires}"}}"#)
    };
    studio
        .scratch
        .write(&file("house"), token("good-token", "2001-01-01T00:00:00Z"));
    assert!(error_of(job("aws=new"), 9).contains("has expired"));
    let text = token("good-token", "2049-01-01T00:00:00Z");
    studio.scratch.write(&file("house"), &text);
    assert_eq!(studio.signs(job("aws=new")), temporary("ASIASSO", "t"));
    assert_eq!(
        fs::read_to_string(studio.path(&file("house"))).unwrap(),
        text
    );
    let asked = portal.request();
    assert_eq!(
        asked.target,
        "/federation/credentials?role_name=Artist&account_id=123456789012"
    );
    studio.scratch.write(
        &file("https://old.awsapps.com/start"),
        token("bad-token", "2049-01-01T00:00:00UTC"),
    );
    let told = error_of(job("aws=old"), 9);
    assert!(
        told.contains("has expired") && told.contains("aws sso login --profile old"),
        "{told}"
    );
}

/// The SHA-1 in hexadecimal, by sha1sum.
fn sha1(text: &str) -> String {
    let output = Run::of("sha1sum").stdin(text).run().expect_code(0);
    output.stdout_text().split(' ').next().unwrap().to_owned()
}

const INSTANCE: &str = r#"{"Code":"Success","AccessKeyId":"ASIAEC2","SecretAccessKey":"s","Token":"t","Expiration":"2049-01-01T00:00:00Z"}"#;

#[test]
fn keys_of_an_instance_come_from_the_metadata_service_version_2() {
    let metadata = Server::start(|request| {
        let is_allowed = request.header("x-aws-ec2-metadata-token") == Some("session");
        match (request.method.as_str(), request.target.as_str(), is_allowed) {
            ("PUT", "/latest/api/token", _) => {
                let ttl = request.header("x-aws-ec2-metadata-token-ttl-seconds");
                assert_eq!(ttl, Some("21600"));
                Response::ok("session")
            }
            ("GET", "/latest/meta-data/iam/security-credentials/", true) => {
                Response::ok("farm-role")
            }
            ("GET", "/latest/meta-data/iam/security-credentials/farm-role", true) => {
                Response::json(INSTANCE)
            }
            _ => Response::new("401 Unauthorized", "", ""),
        }
    });
    let studio = studio("aws-imds", "");
    let job = || {
        studio
            .job("aws")
            .env("AWS_EC2_METADATA_DISABLED", "false")
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url("/"))
            // A proxy never sees it.
            .env("http_proxy", "http://127.0.0.1:1")
            .env("no_proxy", "127.0.0.1")
    };
    assert_eq!(studio.signs(job()), temporary("ASIAEC2", "t"));
    assert_eq!(studio.signs(job()), temporary("ASIAEC2", "t"));
    assert_eq!(metadata.requests().len(), 3);
    let away = job().env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://10.0.0.1");
    assert!(error_of(away, 2).contains("an address of this machine or of its link"));
}

#[test]
fn missing_metadata_service_is_given_up_after_its_time_limit() {
    let silent = Server::start(|_| Response::raw("").then_hang());
    let studio = studio("aws-imds-silent", "");
    let job = studio
        .job("aws")
        .env("AWS_EC2_METADATA_DISABLED", "false")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", silent.url(""))
        .limit(Duration::from_secs(20));
    let told = error_of(job, 9);
    assert!(
        told.contains("no credentials") && told.contains("does not respond"),
        "{told}"
    );
}

#[test]
fn keys_of_a_container_come_from_its_endpoint() {
    let endpoint = Server::start(|request| match request.header("authorization") {
        Some("container-token") => Response::json(&INSTANCE.replace("ASIAEC2", "ASIAECS")),
        _ => Response::new(
            "403 Forbidden",
            "",
            r#"{"code":"AccessDenied","message":"no"}"#,
        ),
    });
    let studio = studio("aws-ecs", "");
    let token = studio.scratch.write("token", "container-token");
    let job = || {
        studio.job("aws").env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            endpoint.url("/v1/credentials"),
        )
    };
    let with_token = job().env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token");
    assert_eq!(studio.signs(with_token), temporary("ASIAECS", "t"));
    let with_file = job()
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "wrong")
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token);
    assert_eq!(studio.signs(with_file), temporary("ASIAECS", "t"));
    // Nothing is stored, because another container may have another role.
    assert!(!studio.path("cache").exists());
    assert!(error_of(job(), 9).contains("403 AccessDenied: no"));
    let away = studio
        .job("aws")
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://creds.lan/x");
    assert!(error_of(away, 2).contains("plain http is allowed only"));
    // An endpoint that accepts connections and never responds.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/c", silent.local_addr().unwrap());
    let job = studio.job("aws");
    let job = job.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    let told = error_of(job.limit(Duration::from_secs(20)), 7);
    let place = silent.local_addr().unwrap();
    let why =
        format!("credentials endpoint of the container: http://{place}/c: timed out after 2s");
    assert!(told.contains(&why), "{told}");
    assert!(!told.contains("--timeout"), "{told}");
}

#[test]
fn role_of_a_queue_is_assumed_when_its_variables_are_set() {
    let deadline = Server::start(|request| {
        let target = "/2023-10-12/farms/farm-1a/queues/queue-2b/user-roles";
        match (request.method.as_str(), request.target.as_str()) {
            ("GET", path) if path == target => {
                let scope = request.header("authorization").unwrap();
                assert!(scope.contains("Credential=AKIAENV/"), "{scope}");
                assert!(
                    scope.contains("/us-west-2/deadline/aws4_request"),
                    "{scope}"
                );
                Response::json(
                    r#"{"credentials":{"accessKeyId":"ASIAQUEUE","secretAccessKey":"s","sessionToken":"q","expiration":"2049-01-01T00:00:00Z"}}"#,
                )
            }
            _ => Response::ok("[]"),
        }
    });
    let studio = studio("aws-queue", "");
    let config = studio.scratch.write(
        "c47.toml",
        format!(
            "[profile.farm]\nurl = '{}'\npreset = 'deadline-cloud'\nregion = 'us-west-2'\n",
            deadline.url("/")
        ),
    );
    let job = || {
        c47()
            .env("HOME", studio.scratch.path())
            .env("C47_CONFIG_PATH", &config)
            .env("C47_CACHE_DIR", studio.path("cache"))
            .env("AWS_ENDPOINT_URL_DEADLINE", deadline.url(""))
            .env("AWS_ACCESS_KEY_ID", "AKIAENV")
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .args(["http", "@farm/2023-10-12/farms"])
    };
    job().run().expect_code(0);
    let queue = || {
        job()
            .env("DEADLINE_FARM_ID", "farm-1a")
            .env("DEADLINE_QUEUE_ID", "queue-2b")
    };
    queue().run().expect_code(0);
    queue().run().expect_code(0);
    let ids: Vec<String> = deadline
        .requests()
        .iter()
        .map(|request| {
            let (_, rest) = request
                .header("authorization")
                .unwrap()
                .split_once("Credential=")
                .unwrap();
            rest.split('/').next().unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids, ["AKIAENV", "AKIAENV", "ASIAQUEUE", "ASIAQUEUE"]);
    let half = job().env("DEADLINE_FARM_ID", "farm-1a");
    assert!(error_of(half, 2).contains("DEADLINE_QUEUE_ID is not"));
    let odd = queue().env("DEADLINE_QUEUE_ID", "../x");
    assert!(error_of(odd, 2).contains("DEADLINE_QUEUE_ID is not an ID"));
}

#[test]
fn auth_commands_manage_stored_keys() {
    let studio = studio("aws-token", ROLE);
    let (sts, calls) = sts("2049-01-01T00:00:00Z", |_, _| None);
    let config = studio.scratch.write(
        "c47.toml",
        "[profile.shots]\nurl = 'https://shots.s3.eu-west-1.amazonaws.com'\npreset = 's3'\naws_profile = 'role'\n",
    );
    let auth = |words: &[&str]| {
        c47()
            .env("HOME", studio.scratch.path())
            .env("C47_CONFIG_PATH", &config)
            .env("C47_CACHE_DIR", studio.path("cache"))
            .env("AWS_ENDPOINT_URL_STS", sts.url(""))
            .arg("auth")
            .args(words)
            .run()
    };
    auth(&["status", "shots"]).expect_code(1);
    let output = auth(&["token", "shots"]).expect_code(0);
    let json: serde_json::Value = serde_json::from_str(output.stdout_text()).unwrap();
    assert_eq!(json["Version"], 1);
    assert_eq!(json["AccessKeyId"], "ASIA1");
    assert_eq!(json["Expiration"], "2049-01-01T00:00:00Z");
    let status = auth(&["status", "shots"]).expect_code(0);
    assert!(status.stdout_text().contains("good") && status.stdout_text().contains("as role"));
    assert!(!status.stdout_text().contains("ASIA1") && !status.stdout_text().contains(SECRET));
    auth(&["login", "shots"]).expect_code(0);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let logout = auth(&["logout", "shots"]).expect_code(0);
    assert!(
        logout.stderr_text().contains("token deleted"),
        "{}",
        logout.tell()
    );
    auth(&["status", "shots"]).expect_code(1);
}

/// The writer of a FIFO may never come.
#[test]
fn fifo_in_place_of_a_file_of_the_aws_cli_is_refused_at_once() {
    let studio = studio("aws-fifo", "");
    let pipe = studio.path("pipe");
    Run::of("mkfifo").arg(&pipe).run().expect_code(0);
    for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        let job = studio.job("aws").env(variable, &pipe);
        let why = error_of(job.limit(Duration::from_secs(20)), 7);
        assert!(why.contains("it is not a file"), "{why}");
    }
    let start = "https://studio.awsapps.com/start";
    let name = format!(".aws/sso/cache/{}.json", sha1(start));
    Run::of("mkfifo")
        .arg(studio.path(&name))
        .run()
        .expect_code(0);
    studio.scratch.write(
        ".aws/config",
        format!(
            "[profile sso]\nsso_start_url = {start}\nsso_region = eu-west-1\n\
             sso_account_id = 1\nsso_role_name = r\n"
        ),
    );
    let job = studio.job("aws=sso").limit(Duration::from_secs(20));
    let why = error_of(job, 9);
    assert!(why.contains("no login of IAM Identity Center"), "{why}");
}

/// Keys without an expiry are not stored, so no process waits for another one. Each program ends only when
/// the other one runs, too.
#[test]
fn processes_do_not_wait_for_keys_that_are_not_stored() {
    let studio = studio("aws-unshared", "");
    let program = studio.scratch.write(
        "program",
        format!(
            "#!/bin/sh\ntouch \"$WAIT/$$\"\nn=0\n\
             while [ $(ls \"$WAIT\" | wc -l) -lt $WANTED ]; do\n\
             n=$((n + 1)); [ $n -lt 200 ] || exit 3; sleep 0.05\ndone\n\
             echo '{{\"Version\": 1, \"AccessKeyId\": \"ASIAP\", \"SecretAccessKey\": \"{SECRET}\"}}'\n"
        ),
    );
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, mode).unwrap();
    studio.scratch.write(
        ".aws/config",
        format!("[default]\ncredential_process = {}\n", program.display()),
    );
    let job = |place: &str, wanted: &str| {
        fs::create_dir_all(studio.path(place)).unwrap();
        studio
            .job("aws")
            .env("WAIT", studio.path(place))
            .env("WANTED", wanted)
    };
    assert_eq!(studio.signs(job("first", "1")), id("ASIAP"));
    let both = [job("both", "2").spawn(), job("both", "2").spawn()];
    for job in both {
        job.wait().expect_code(0);
    }
}

/// The same keys would make the same signature.
#[test]
fn rejected_keys_of_a_file_are_not_tried_again() {
    let studio = studio(
        "aws-rejected",
        "[default]\naws_access_key_id = AKIA\naws_secret_access_key = hunter2hunter2\n",
    );
    let rejecting = Server::start(|_| Response::new("401 Unauthorized", "", ""));
    let url = rejecting.url("/x");
    let words = ["http", &url, "--auth", "aws", "--service", "s3"];
    let run = || {
        c47()
            .env("HOME", studio.scratch.path())
            .env("C47_CACHE_DIR", studio.path("cache"))
            .env("AWS_REGION", "eu-west-1")
            .args(words)
    };
    run().run().expect_code(4);
    assert_eq!(rejecting.requests().len(), 1);
    // They need no login, so --offline --show-secrets signs with them.
    let hidden = run().arg("--offline").run().expect_code(0);
    assert!(!hidden.stdout_text().contains("Signature="));
    let shown = run().args(["--offline", "--show-secrets"]);
    let shown = shown.run().expect_code(0);
    let text = shown.stdout_text();
    assert!(
        text.contains("authorization: AWS4-HMAC-SHA256 Credential=AKIA/")
            && text.contains("\nx-amz-date: "),
        "{text}"
    );
    assert_eq!(rejecting.requests().len(), 1);
}
