//! Private keys that openssl encrypted with a password. PyJWT verifies what they sign.

use std::path::Path;

use super::jwt;
use crate::support::server::{Response, Server};
use crate::support::{Output, Run, Scratch, c47, peers};

const PASSWORD: &str = "open-sesame-47";

/// Runs openssl in a directory. `PASS` is the password.
#[track_caller]
fn openssl(program: &Path, directory: &Path, line: &str) {
    let password = |word: &str| word.replace("PASS", &format!("pass:{PASSWORD}"));
    let run = Run::of(program).args(line.split_whitespace().map(password));
    run.current_dir(directory).run().expect_code(0);
}

fn sign(directory: &Path, algorithm: &str, key: &str) -> Output {
    jwt(["sign", "--no-exp", "--claim=sub=farm", "--alg", algorithm])
        .args(["--key", key, "--key-password=env:P"])
        .env("P", PASSWORD)
        .current_dir(directory)
        .run()
}

#[test]
fn keys_encrypted_by_openssl_sign() {
    let (Some(program), Some(python)) = (peers::tool("openssl"), peers::python(&["jwt"])) else {
        return;
    };
    let scratch = Scratch::new("encrypted");
    let here = scratch.path();
    for (algorithm, kind) in [
        ("RS256", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
        ("ES256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
        ("EdDSA", "-algorithm ED25519"),
    ] {
        openssl(
            &program,
            here,
            &format!("genpkey {kind} -out {algorithm}.pem"),
        );
        openssl(
            &program,
            here,
            &format!("pkey -in {algorithm}.pem -pubout -out {algorithm}.pub"),
        );
        let mut tokens = Vec::new();
        for (cipher, hash, more) in [
            ("aes-128-cbc", "hmacWithSHA1", ""),
            ("aes-192-cbc", "hmacWithSHA256", ""),
            ("aes-256-cbc", "hmacWithSHA256", "-iter 600000"),
            ("aes-256-cbc", "hmacWithSHA384", "-outform DER"),
            ("aes-256-cbc", "hmacWithSHA512", ""),
        ] {
            let line = format!(
                "pkcs8 -topk8 -in {algorithm}.pem -v2 {cipher} -v2prf {hash} {more} -passout PASS -out key"
            );
            openssl(&program, here, &line);
            tokens.push(
                sign(here, algorithm, "key")
                    .expect_code(0)
                    .stdout_text()
                    .trim()
                    .to_owned(),
            );
        }
        let program = "import sys, jwt\n\
            key = open(sys.argv[1], 'rb').read()\n\
            print([jwt.decode(t, key, [sys.argv[2]])['sub'] for t in sys.argv[3:]])";
        let verified = Run::of(&python)
            .args(["-c", program, &format!("{algorithm}.pub"), algorithm])
            .args(&tokens)
            .current_dir(here)
            .run()
            .expect_code(0);
        let expected = format!("{:?}\n", ["farm"; 5]).replace('"', "'");
        assert_eq!(verified.stdout_text(), expected);
        // The same public key, and no password for a key that needs none.
        let set = |file: &str, password: &str| {
            let jwks = jwt(["jwks", file, "--key-password", password]).env("P", PASSWORD);
            jwks.current_dir(here)
                .run()
                .expect_code(0)
                .stdout_text()
                .to_owned()
        };
        assert_eq!(
            set("key", "env:P"),
            set(&format!("{algorithm}.pub"), "env:NOT_SET")
        );
    }
}

#[test]
fn wrong_password_and_other_encryptions_are_refused() {
    let Some(program) = peers::tool("openssl") else {
        return;
    };
    let scratch = Scratch::new("encrypted-other");
    let here = scratch.path();
    openssl(&program, here, "genpkey -algorithm ED25519 -out plain.pem");
    for (options, message) in [
        ("-scrypt", "it is encrypted with scrypt"),
        ("-v2 des3", "another cipher than AES"),
        ("-v1 PBE-SHA1-3DES", "an old algorithm (PBES1 or PKCS#12)"),
        ("-v2 aes-256-cbc -iter 2000001", "too many iterations"),
    ] {
        let line = format!("pkcs8 -topk8 -in plain.pem {options} -passout PASS -out key.pem");
        openssl(&program, here, &line);
        let refused = sign(here, "EdDSA", "key.pem").expect_code(7);
        let stderr = refused.stderr_text();
        assert!(stderr.contains(message), "{}", refused.tell());
        // The command in the hint makes a key that c47 can use.
        let hint = stderr
            .lines()
            .find_map(|line| line.strip_prefix("hint: openssl "));
        openssl(
            &program,
            here,
            &format!("{} -passin PASS -passout PASS", hint.unwrap()),
        );
        sign(here, "EdDSA", "new.pem").expect_code(0);
    }
    for password in ["open-sesame-48", "x"] {
        let sign = jwt(["sign", "--no-exp", "--alg=EdDSA", "--key=new.pem"]);
        let wrong = sign.args(["--key-password=env:P"]).env("P", password);
        let wrong = wrong.current_dir(here).run().expect_code(7);
        let stderr = wrong.stderr_text();
        assert!(stderr.contains("the password is wrong"), "{}", wrong.tell());
        assert!(!stderr.contains(password), "{}", wrong.tell());
    }
    let none = jwt(["sign", "--no-exp", "--alg=EdDSA", "--key=new.pem"]);
    let none = none.current_dir(here).run().expect_code(7);
    assert!(
        none.stderr_text().contains("--key-password"),
        "{}",
        none.tell()
    );
}

#[test]
fn calls_sign_with_an_encrypted_key() {
    let Some(program) = peers::tool("openssl") else {
        return;
    };
    let scratch = Scratch::new("encrypted-http");
    let here = scratch.path();
    openssl(&program, here, "genpkey -algorithm ED25519 -out plain.pem");
    openssl(
        &program,
        here,
        "pkcs8 -topk8 -in plain.pem -passout PASS -out key.pem",
    );
    let server = Server::start(|_| Response::ok("ok"));
    let config = scratch.write(
        "config.toml",
        format!(
            "[profile.p]\nurl='{0}'\nauth='jwt'\nkey='key.pem'\nkey_password='env:P'\n\
             [profile.without]\nurl='{0}'\nauth='jwt'\nkey='key.pem'\n",
            server.url("")
        ),
    );
    let url = server.url("/x");
    let run = |words: &[&str], code: i32| {
        let run = c47().env("C47_CONFIG_PATH", &config).env("P", PASSWORD);
        let output = run.args(words).current_dir(here).run().expect_code(code);
        for text in [output.stdout_text(), output.stderr_text()] {
            assert!(!text.contains(PASSWORD), "{}", output.tell());
        }
        output
    };
    let option = [
        "http",
        &url,
        "--auth=jwt=EdDSA:key.pem",
        "--key-password=env:P",
    ];
    run(&option, 0);
    run(&["http", "-v", "@p/x"], 0);
    let tokens: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    for token in tokens {
        let token = token.strip_prefix("Bearer ").unwrap();
        let verify = jwt(["verify", token, "--key=key.pem", "--key-password=env:P"]);
        let verify = verify.env("P", PASSWORD).current_dir(here).run();
        verify.expect_code(0);
    }
    run(&option[..3], 7);
    run(&["http", "@without/x"], 7);
    let curl = run(&[&option[..], &["--curl"]].concat(), 0);
    assert!(
        curl.stdout_text().contains("--key-password env:P"),
        "{}",
        curl.tell()
    );
    run(&["http", "@p/x", "--offline"], 0);
    run(&["config", "show", "p"], 0);
    let alone = run(&["http", &url, "--key-password=env:P"], 2);
    assert!(
        alone.stderr_text().contains("--key-password requires"),
        "{}",
        alone.tell()
    );
    run(&["http", &url, "--key-password=hunter2"], 2);
}
