//! Options, output and exit codes of `c47 jwt`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{jwt, sign, verify};
use crate::support::server::{Response, Server};
use crate::support::{Scratch, all_on_old_kernel, empty_root};

/// A directory with `key`, a shared secret long enough for every algorithm.
fn with_key() -> Scratch {
    let scratch = Scratch::new("options");
    scratch.write("key", format!("{}\n", "k".repeat(64)));
    scratch
}

#[test]
fn claim_order_and_text_are_preserved() {
    let scratch = with_key();
    scratch.write(
        "claims",
        r#"{"z": 1.10, "y": {"b":1e400,"a":[123456789012345678901234567890]}}"#,
    );
    let words = [
        "sign",
        "--alg=HS256",
        "--key=file:key",
        "--ttl=5m",
        "--claims=claims",
    ];
    let signed = jwt(words)
        .args(["--claim=x:=-0.0", "--claim=w=1", "--claim=iat:=1300819080"])
        .args(["--header=a:=1.0", "--header=b=c", "--typ=at+jwt", "--kid=k"])
        .current_dir(scratch.path())
        .run()
        .expect_code(0);
    assert!(signed.stderr.is_empty());
    let shown = jwt(["decode", "--json", "-"])
        .stdin(signed.stdout)
        .run()
        .expect_code(0);
    assert_eq!(
        shown.stdout_text(),
        concat!(
            r#"{"header":{"alg":"HS256","typ":"at+jwt","kid":"k","a":1.0,"b":"c"},"#,
            r#""claims":{"z":1.10,"y":{"b":1e400,"a":[123456789012345678901234567890]},"#,
            r#""x":-0.0,"w":"1","iat":1300819080,"exp":1300819380},"#,
            r#""expires_at":"2011-03-22T18:43:00Z","expired":true,"verified":false}"#,
            "\n"
        )
    );
}

#[test]
fn decode_prints_not_verified() {
    let scratch = with_key();
    let key = scratch.path().join("key");
    let token = sign("HS256", &key, &["--ttl=270s", "--nbf=0s", "--jti"]);
    let shown = jwt(["decode", &token]).run().expect_code(0);
    let shown = shown.stdout_text();
    assert!(shown.starts_with("NOT VERIFIED"));
    assert!(shown.contains("\"sub\": \"c47\""));
    assert!(shown.contains("\"jti\": \""));
    assert!(shown.contains("expires in 4m"));
    assert!(!shown.contains('\x1b'));
    let expired = sign("HS256", &key, &["--claim=iat:=1300819080", "--ttl=5m"]);
    let shown = jwt(["decode", &expired]).run().expect_code(0);
    let shown = shown.stdout_text();
    assert!(
        shown.contains("exp  2011-03-22T18:43:00Z  expired "),
        "{shown}"
    );
    let endless = sign("HS256", &key, &["--no-exp"]);
    let shown = jwt(["decode", &endless, "--json"]).run().expect_code(0);
    let shown = shown.stdout_text();
    assert!(shown.contains(r#""expires_at":null,"expired":null,"verified":false"#));
    // An unsigned token is shown too.
    let shown = jwt(["decode", "eyJhbGciOiJub25lIn0.e30."])
        .run()
        .expect_code(0);
    assert!(shown.stdout_text().contains("\"none\""));
    for wrong in ["", "abc", "e30.e30", "e30.W10.AA", "e30.e30.A", "a.b.c.d.e"] {
        let output = jwt(["decode", "--", wrong]).run().expect_code(7);
        assert!(output.stderr_text().contains("malformed"), "{wrong}");
    }
}

#[test]
fn token_is_read_from_argument_stdin_and_source() {
    let scratch = with_key();
    let token = sign("HS256", &scratch.path().join("key"), &["--no-exp"]);
    scratch.write("token", format!("  Bearer {token}\n\n"));
    let here = scratch.path();
    let verify = ["verify", "--key=file:key"];
    for pasted in [
        token.clone(),
        format!(" {token}\n"),
        format!("Bearer {token}"),
        format!("bearer  {token} "),
    ] {
        jwt(verify)
            .arg(&pasted)
            .current_dir(here)
            .run()
            .expect_code(0);
        jwt(verify)
            .arg("-")
            .stdin(pasted.as_str())
            .current_dir(here)
            .run()
            .expect_code(0);
        jwt(verify)
            .arg("--token=env:T")
            .env("T", &pasted)
            .current_dir(here)
            .run()
            .expect_code(0);
    }
    jwt(verify)
        .arg("--token=file:token")
        .current_dir(here)
        .run()
        .expect_code(0);
    jwt(verify)
        .arg("--token=command:cat token")
        .current_dir(here)
        .run()
        .expect_code(0);
    // stdin is read only if requested.
    jwt(verify)
        .current_dir(here)
        .silent_stdin()
        .run()
        .expect_code(2);
    jwt(["decode"]).silent_stdin().run().expect_code(2);
    for words in [&["-", "--token=env:T"][..], &["x", "--token=env:T"]] {
        jwt(verify)
            .args(words)
            .env("T", "x")
            .current_dir(here)
            .run()
            .expect_code(2);
    }
    let twice = jwt(["verify", "-", "--key=file:-"])
        .stdin("x")
        .run()
        .expect_code(2);
    assert!(
        twice
            .stderr_text()
            .contains("only one argument can be read from stdin")
    );
    jwt(["verify", "-", "--key=env:NOTHING"])
        .stdin("x")
        .run()
        .expect_code(9);
    jwt(["decode", "--token=file:nothing"]).run().expect_code(9);
}

#[test]
fn sign_requires_an_expiry() {
    let scratch = with_key();
    let sign = |more: &[&str]| {
        jwt(["sign", "--alg=HS256", "--key=file:key"])
            .args(more)
            .current_dir(scratch.path())
            .run()
    };
    let output = sign(&[]).expect_code(2);
    assert!(output.stderr_text().contains("no expiry given"));
    for wrong in [
        &["--ttl=5m", "--no-exp"][..],
        &["--ttl=5x"],
        &["--ttl=300ms"],
        &["--ttl=5m", "--claim=exp:=1"],
        &["--no-exp", "--claim=exp:=1"],
        &["--no-exp", "--claim=a"],
        &["--no-exp", "--claim=a:={\"b\":1,\"b\":2}"],
        &["--no-exp", "--nbf=0s", "--claim=nbf:=1"],
        &["--no-exp", "--jti", "--claim=jti=1"],
        &["--no-exp", "--header=alg=none"],
        &["--no-exp", "--header=a=1", "--header=a=2"],
        &["--no-exp", "--alg=none"],
        &["--no-exp", "--alg=ES256"],
        &["--ttl=5m", "--claim=iat=now"],
    ] {
        let output = sign(wrong).expect_code(2);
        assert!(output.stdout.is_empty(), "{wrong:?}");
    }
    // A claim exp is an expiry too.
    sign(&["--claim=exp:=2000000000"]).expect_code(0);
    scratch.write("list", "[]");
    sign(&["--no-exp", "--claims=list"]).expect_code(7);
    sign(&["--no-exp", "--claims=nothing"]).expect_code(7);
    sign(&["--no-exp", "--claims=-"]).expect_code(7);
}

#[test]
fn short_secret_signs_only_with_weak_key_and_verifies_with_a_warning() {
    let scratch = Scratch::new("short");
    let key = scratch.write("key", "secret");
    let short = "the secret has 6 bytes, HS384 needs at least 48 (RFC 7518)";
    let sign =
        || jwt(["sign", "--alg=HS384", "--key=file:key", "--no-exp"]).current_dir(scratch.path());
    let refused = sign().run().expect_code(2);
    assert!(refused.stdout.is_empty());
    assert_eq!(
        refused.stderr_text(),
        format!(
            "c47 jwt sign: {short}\nhint: generate a secret with 'c47 jwt keygen --alg HS384', or use --weak-key to sign with this one\n"
        )
    );
    let signed = sign().arg("--weak-key").run().expect_code(0);
    assert_eq!(
        signed.stderr_text(),
        format!("c47 jwt sign: warning: {short}\n")
    );
    let verified = verify(signed.stdout_text().trim_end(), &key, &["--json"]).expect_code(0);
    assert_eq!(
        verified.stderr_text(),
        format!("c47 jwt verify: warning: {short}\n")
    );
}

#[test]
fn verify_checks_the_required_claims() {
    let scratch = with_key();
    let key = scratch.path().join("key");
    let token = sign(
        "HS256",
        &key,
        &["--ttl=5m", "--claim=iss=me", "--claim=aud:=[\"a\",\"b\"]"],
    );
    let check = |more: &[&str]| verify(&token, &key, more);
    for good in [
        &["--aud=b"][..],
        &[
            "--iss=me",
            "--sub=c47",
            "--aud",
            "a",
            "--require",
            "exp, iat",
        ],
        &["--aud=c", "--aud=b"],
        &["--any-aud", "--alg=HS384", "--alg=HS256"],
    ] {
        check(good).expect_code(0);
    }
    for (more, why) in [
        (&["--aud=c"][..], "aud is 'a' and 'b', not 'c'"),
        (
            &["--aud=c", "--aud=d"],
            "aud is 'a' and 'b', not 'c' or 'd'",
        ),
        (&[], "aud is 'a' and 'b', but no audience was given"),
        (&["--any-aud", "--iss=you"], "iss is 'me', not 'you'"),
        (&["--any-aud", "--sub=c48"], "sub is 'c47', not 'c48'"),
        (
            &["--any-aud", "--require=exp,nbf"],
            "the claim 'nbf' is missing",
        ),
        (
            &["--alg=HS384"],
            "algorithm HS256 is not allowed, only HS384",
        ),
        (&["--at=2100-01-01"], "expired "),
    ] {
        let text = check(more).expect_code(1);
        let text = text.stdout_text();
        assert!(text.starts_with(&format!("not valid: {why}")), "{text}");
    }
    for wrong in [
        &["--alg=RS256"][..],
        &["--leeway=1x"],
        &["--leeway=300ms"],
        &["--at=tomorrow"],
        &["--require=exp,"],
        &["--jws", "--aud=a"],
        &["--jws", "--any-aud"],
        &["--aud=a", "--any-aud"],
        &["--jwks=x"],
    ] {
        check(wrong).expect_code(2);
    }
    let json = check(&["--json", "--aud=a"]).expect_code(0);
    let json = json.stdout_text();
    assert!(json.starts_with(r#"{"valid":true,"reason":null,"alg":"HS256","kid":null,"claims":{"sub":"c47","iss":"me","#), "{json}");
    let json = verify(&format!("{token}="), &key, &["--json"]).expect_code(1);
    assert!(
        json.stdout_text()
            .starts_with(r#"{"valid":false,"reason":"the token is malformed"#)
    );
    assert!(
        json.stdout_text()
            .ends_with("\"claims\":null,\"hint\":null}\n")
    );
    jwt(["verify", &token]).run().expect_code(2);
    jwt(["verify", &token, "--jwks=nothing"])
        .run()
        .expect_code(7);
    jwt(["verify", &token, "--key=hunter2"])
        .run()
        .expect_code(2);
    scratch.write("broken.pem", "-----BEGIN PUBLIC KEY-----\nMII\n");
    verify(&token, &scratch.path().join("broken.pem"), &[]).expect_code(7);
}

/// RFC 7519 §4.1.3.
#[test]
fn token_with_unexpected_audience_is_invalid() {
    let scratch = with_key();
    let key = scratch.path().join("key");
    let token = sign("HS256", &key, &["--ttl=5m", "--claim=aud=shot grid"]);
    let refused = verify(&token, &key, &[]).expect_code(1);
    assert_eq!(
        refused.stdout_text(),
        "not valid: aud is 'shot grid', but no audience was given\n"
    );
    assert_eq!(
        refused.stderr_text(),
        "hint: use --aud 'shot grid' if this is your audience, or --any-aud\n"
    );
    let json = verify(&token, &key, &["--json"]).expect_code(1);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["valid"], false);
    assert_eq!(json["claims"]["aud"], "shot grid");
    assert!(json["hint"].as_str().unwrap().contains("--any-aud"));
    let accepted = verify(&token, &key, &["--any-aud"]).expect_code(0);
    assert_eq!(accepted.stdout_text(), "valid\n");
    verify(&token, &key, &["--aud=shot grid"]).expect_code(0);
    for audience in ["aud:=[]", "aud:=null", "aud:=1", "aud=", "aud:=[\"a\"]"] {
        let claim = format!("--claim={audience}");
        let token = sign("HS256", &key, &["--ttl=5m", &claim]);
        verify(&token, &key, &[]).expect_code(1);
        verify(&token, &key, &["--any-aud"]).expect_code(0);
    }
    // A token without aud is for everyone.
    let token = sign("HS256", &key, &["--ttl=5m"]);
    verify(&token, &key, &[]).expect_code(0);
    verify(&token, &key, &["--aud=a"]).expect_code(1);
}

#[test]
fn keygen_writes_private_files_and_does_not_overwrite() {
    let scratch = Scratch::new("keygen");
    let keygen = |more: &[&str]| jwt(["keygen"]).args(more).current_dir(scratch.path()).run();
    let mode = |file: &str| {
        let file = scratch.path().join(file);
        fs::metadata(file).map(|file| file.permissions().mode() & 0o777)
    };
    keygen(&["--alg=ES256", "-o", "key.pem"]).expect_code(0);
    assert_eq!(mode("key.pem").unwrap(), 0o600);
    assert_eq!(mode("key.pem.pub").unwrap() & 0o600, 0o600);
    let before = fs::read(scratch.path().join("key.pem")).unwrap();
    let output = keygen(&["--alg=ES256", "-o", "key.pem"]).expect_code(2);
    assert!(output.stderr_text().contains("key.pem already exists"));
    fs::remove_file(scratch.path().join("key.pem")).unwrap();
    keygen(&["--alg=ES256", "-o", "key.pem"]).expect_code(2); // key.pem.pub would be overwritten
    assert!(mode("key.pem").is_err());
    keygen(&["--alg=ES256", "-o", "key.pem", "--overwrite"]).expect_code(0);
    assert_ne!(fs::read(scratch.path().join("key.pem")).unwrap(), before);
    keygen(&["--alg=HS512", "-o", "secret"]).expect_code(0);
    assert_eq!(mode("secret").unwrap(), 0o600);
    assert!(mode("secret.pub").is_err());
    let text = fs::read_to_string(scratch.path().join("secret")).unwrap();
    // 64 bytes in base64url without a line break, so that the whole file is the secret.
    assert_eq!(text.len(), 86);
    assert!(keygen(&["--alg=HS512"]).stdout_text().ends_with('\n'));
    let printed = keygen(&["--alg=EdDSA"]).expect_code(0);
    assert!(
        printed
            .stdout_text()
            .starts_with("-----BEGIN PRIVATE KEY-----\n")
    );
    for wrong in [
        &["--alg=HS256", "--format=pem"][..],
        &["--alg=RS256"],
        &["--alg=ES512"],
        &["--alg=none"],
        &["--alg=ES256", "--format=der"],
        &[],
    ] {
        keygen(wrong).expect_code(2);
    }
    keygen(&["--alg=ES256", "-o", "no/such/directory"]).expect_code(7);
}

#[test]
fn jwks_prints_public_keys_only() {
    let scratch = Scratch::new("jwks");
    let here = scratch.path();
    for (alg, file) in [("ES256", "a"), ("EdDSA", "b"), ("HS256", "secret")] {
        jwt(["keygen", "--alg", alg, "-o", file])
            .current_dir(here)
            .run()
            .expect_code(0);
    }
    let set = jwt(["jwks", "a", "b.pub", "a.pub"])
        .current_dir(here)
        .run()
        .expect_code(0);
    let text = set.stdout_text();
    assert_eq!(text.matches("\"kid\": \"").count(), 2, "{text}");
    assert!(!text.contains("\"d\"") && !text.contains("\"k\""));
    let again = jwt(["jwks", "-"]).stdin(text).run().expect_code(0);
    assert_eq!(again.stdout_text(), text);
    let output = jwt(["jwks", "a", "secret"])
        .current_dir(here)
        .run()
        .expect_code(2);
    assert!(output.stdout.is_empty());
    assert!(output.stderr_text().contains("shared secret"));
    jwt(["jwks"]).run().expect_code(2);
    jwt(["jwks", "nothing"]).run().expect_code(7);
    let mixed = r#"{"keys":[{"kty":"EC","crv":"P-521"}]}"#;
    let output = jwt(["jwks", "-"]).stdin(mixed).run().expect_code(0);
    assert!(output.stderr_text().contains("skipped"));
}

#[test]
fn jwt_works_in_an_empty_root() {
    let Some(run) = empty_root::empty_c47() else {
        return;
    };
    let words = ["jwt", "sign", "--alg=HS256", "--key=env:KEY", "--ttl=5m"];
    let secret = "k".repeat(32);
    let signed = run.args(words).env("KEY", &secret).run().expect_code(0);
    let words = ["jwt", "verify", "-", "--key=env:KEY", "--json"];
    let run = empty_root::empty_c47().unwrap();
    let verified = run.args(words).env("KEY", &secret).stdin(signed.stdout);
    verified.run().expect_code(0);
    // Random bytes come from the kernel. An old kernel needs /dev/random.
    let words = ["jwt", "keygen", "--alg=ES256"];
    if !all_on_old_kernel() {
        let run = empty_root::empty_c47().unwrap();
        run.args(words).run().expect_code(0);
    }
    let run = empty_root::empty_c47().unwrap().on_old_kernel();
    let made = run.args(words).run().expect_code(7);
    assert!(
        made.stderr_text()
            .starts_with("c47 jwt keygen: no random bytes: ")
    );
}

#[test]
fn jwk_set_is_downloaded() {
    let scratch = Scratch::new("fetched");
    let here = scratch.path();
    jwt(["keygen", "--alg=ES256", "--format=jwk", "-o", "key"])
        .current_dir(here)
        .run()
        .expect_code(0);
    let key = here.join("key");
    let token = sign("ES256", &key, &["--no-exp"]);
    let public = fs::read_to_string(here.join("key.pub")).unwrap();
    // A published shared secret is not secret.
    let kid = jwt(["decode", "--json", &token]).run().expect_code(0);
    let kid = kid.stdout_text().split('"').nth(13).unwrap().to_owned();
    let set = format!(r#"{{"keys":[{public},{{"kty":"oct","k":"c2VjcmV0"}}]}}"#);
    let server = Server::start(move |request| match request.target.as_str() {
        "/set" => Response::json(&set),
        "/moved" => Response::redirect("302 Found", "/set"),
        "/text" => Response::ok("secret"),
        "/large" => Response::ok("x".repeat(3 << 20)),
        _ => Response::new("404 Not Found", "", ""),
    });
    let fetch = |token: &str, path: &str| {
        jwt(["verify", "--jwks", &server.url(path), "-"])
            .stdin(token)
            .run()
    };
    fetch(&token, "/set").expect_code(0);
    fetch(&token, "/moved").expect_code(0);
    for wrong in ["/text", "/large", "/nothing"] {
        fetch(&token, wrong).expect_code(7);
    }
    let secret = scratch.write("secret", "secret");
    for more in [&["--no-exp"][..], &["--no-exp", "--kid", &kid]] {
        let forged = sign("HS256", &secret, more);
        let output = fetch(&forged, "/set").expect_code(1);
        assert!(output.stdout_text().contains("HS256 is not allowed for"));
    }
    let plain = jwt(["verify", "--jwks=http://192.0.2.1/set", &token]).run();
    assert!(plain.expect_code(2).stderr_text().contains("plain http"));
}

#[test]
fn jwks_errors_mask_secrets_in_the_url() {
    let token = jwt(["sign", "--alg=HS256", "--key=env:K", "--ttl=1h"])
        .env("K", "0123456789abcdef0123456789abcdef")
        .run()
        .expect_code(0);
    let token = token.stdout_text().trim().to_owned();
    for response in [
        Response::new("404 Not Found", "", ""),
        Response::ok("not a set"),
    ] {
        let server = Server::start(move |_| response.clone());
        let url = server.url("/keys?token=hunter2&x=1");
        let output = jwt(["verify", "--jwks", &url, &token]).run();
        let text = output.stderr_text();
        assert!(text.contains("/keys?token=***&x=1"), "{}", output.tell());
        assert!(!text.contains("hunter2"), "{}", output.tell());
    }
    let url = "https://me:hunter2@192.0.2.1/keys";
    let output = jwt(["verify", "--jwks", url, &token]).run().expect_code(2);
    let text = output.stderr_text();
    assert!(text.contains("credentials in the URL"), "{}", output.tell());
    assert!(!text.contains("hunter2"), "{}", output.tell());
}
