//! Every option for a key accepts an existing path or a source.

use crate::support::{Run, Scratch, c47};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn keys() -> Scratch {
    let scratch = Scratch::new("keys");
    scratch.write("shared.key", SECRET);
    c47()
        .current_dir(scratch.path())
        .args(["jwt", "keygen", "--alg", "ES256", "-o", "es.pem"])
        .run()
        .expect_code(0);
    scratch
}

fn in_directory(scratch: &Scratch, words: &[&str]) -> Run {
    c47()
        .current_dir(scratch.path())
        .args(words)
        .env("K", SECRET)
}

fn sign(scratch: &Scratch, algorithm: &str, key: &str) -> String {
    let words = [
        "jwt", "sign", "--alg", algorithm, "--ttl", "60", "--key", key,
    ];
    let output = in_directory(scratch, &words).run().expect_code(0);
    output.stdout_text().trim_end().to_owned()
}

#[test]
fn jwt_accepts_key_path_and_source() {
    let scratch = keys();
    for (algorithm, private, public) in [
        ("HS256", "shared.key", "shared.key"),
        ("HS256", "./shared.key", "env:K"),
        ("HS256", "env:K", "file:shared.key"),
        ("ES256", "es.pem", "es.pem.pub"),
        ("ES256", "file:es.pem", "./es.pem.pub"),
    ] {
        let token = sign(&scratch, algorithm, private);
        in_directory(&scratch, &["jwt", "verify", &token, "--key", public])
            .run()
            .expect_code(0);
    }
    for file in ["es.pem.pub", "file:es.pem.pub"] {
        let set = in_directory(&scratch, &["jwt", "jwks", file])
            .run()
            .expect_code(0);
        scratch.write("set.json", set.stdout_text());
    }
    let token = sign(&scratch, "ES256", "es.pem");
    for set in ["set.json", "file:set.json"] {
        in_directory(&scratch, &["jwt", "verify", &token, "--jwks", set])
            .run()
            .expect_code(0);
    }
}

#[test]
fn echo_auth_and_profiles_accept_key_path() {
    let scratch = keys();
    let words = ["echo", "--jwt-key", "shared.key", "--count", "3", "--json"];
    let mut echo = in_directory(&scratch, &words).spawn();
    let line = echo.stdout_line();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = line["listening"].as_str().unwrap();
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.svc]\nurl = '{url}'\nauth = 'jwt'\nalgorithm = 'HS256'\nkey = 'shared.key'\n"
        ),
    );
    in_directory(&scratch, &["http", url, "--auth", "jwt=HS256:shared.key"])
        .run()
        .expect_code(0);
    in_directory(
        &scratch,
        &["http", url, "--auth", "jwt=HS256:file:shared.key"],
    )
    .run()
    .expect_code(0);
    // A path is not a secret: it is shown, and the file may be readable by others.
    let profile = |words: &[&str]| in_directory(&scratch, words).env("C47_CONFIG_PATH", &config);
    profile(&["http", "@svc/"]).run().expect_code(0);
    let shown = profile(&["config", "show"]).run().expect_code(0);
    assert!(
        shown.stdout_text().contains("key = \"file:shared.key\""),
        "{}",
        shown.tell()
    );
    echo.wait().expect_code(0);
}

#[test]
fn key_on_the_command_line_is_rejected_and_not_repeated() {
    let scratch = keys();
    let pasted = [
        "hunter2",
        "./hunter2",
        "user:hunter2",
        "-----BEGIN PRIVATE KEY-----\nhunter2",
    ];
    let options: [&[&str]; 4] = [
        &["jwt", "sign", "--alg", "HS256", "--no-exp", "--key"],
        &["jwt", "verify", "x", "--key"],
        &["echo", "--jwt-key"],
        &["http", "https://a.invalid", "--cert", "es.pem.pub", "--key"],
    ];
    for words in options {
        for key in pasted {
            let output = in_directory(&scratch, words).arg(key).run().expect_code(2);
            let text = output.stderr_text();
            assert!(!text.contains("hunter2"), "{}", output.tell());
            assert!(text.contains("env:NAME, file:PATH"), "{}", output.tell());
        }
    }
    let words = ["http", "https://a.invalid", "--auth", "jwt=HS256:hunter2"];
    let output = in_directory(&scratch, &words).run().expect_code(2);
    assert!(
        !output.stderr_text().contains("hunter2"),
        "{}",
        output.tell()
    );
    assert!(
        output.stderr_text().contains("file:PATH"),
        "{}",
        output.tell()
    );
    // A directory is not a key.
    in_directory(&scratch, &["jwt", "verify", "x", "--key", "."])
        .run()
        .expect_code(2);
}

#[test]
fn token_is_not_read_from_a_path() {
    let scratch = keys();
    let words = ["http", "https://a.invalid", "--auth", "bearer=shared.key"];
    in_directory(&scratch, &words).run().expect_code(2);
    in_directory(&scratch, &["jwt", "decode", "--token", "shared.key"])
        .run()
        .expect_code(2);
}
