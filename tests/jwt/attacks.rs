//! Forged tokens and misused keys.

use std::fs;

use super::peers::{named, peer};
use super::{file, jwt, sign, verify};
use crate::support::{Run, Scratch, peers};

#[test]
fn public_key_is_never_a_shared_secret() {
    let Some(python) = peers::python(&["jwt", "cryptography"]) else {
        return;
    };
    let scratch = Scratch::new("forged");
    let directory = scratch.path();
    peer(&python, "make", directory);
    let keys = named(directory, "rsa.public.");
    for forged in named(directory, "forged.") {
        let token = fs::read_to_string(&forged).unwrap();
        for key in &keys {
            let output = verify(&token, key, &[]).expect_code(1);
            let why = output.stdout_text();
            assert!(
                why.contains("HS256 is not allowed for"),
                "{forged:?} {key:?}: {why}"
            );
            // Also with --alg, which is then a usage error.
            verify(&token, key, &["--alg=HS256"]).expect_code(2);
        }
    }
    for key in &keys {
        let output = jwt(["sign", "--alg=HS256", "--no-exp", "--key", &file(key)]).run();
        assert!(
            output
                .expect_code(2)
                .stderr_text()
                .contains("HS256 requires a shared secret, but the key is an RSA public key")
        );
    }
}

/// A damaged copy of a public key must not be used as a shared secret.
#[test]
fn damaged_public_key_is_never_a_shared_secret() {
    let scratch = Scratch::new("damaged");
    jwt(["keygen", "--alg=ES384", "-o", "key"])
        .current_dir(scratch.path())
        .run()
        .expect_code(0);
    let pem = fs::read_to_string(scratch.path().join("key.pub")).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let body = scratch.write("body", &base64);
    let der = std::process::Command::new("base64")
        .arg("-d")
        .arg(body)
        .output();
    let der = der.unwrap().stdout;
    assert_eq!(der.first(), Some(&0x30));
    let known = scratch.write("known", "k".repeat(64));
    let token = sign("HS256", &known, &["--no-exp"]);
    for damaged in [
        [&der[..], b"\0"].concat(),
        [&der[..], b"\n\n"].concat(),
        [b"\0", &der[..]].concat(),
        der[..der.len() - 1].to_vec(),
        format!("{base64}A").into_bytes(),
        base64[..base64.len() - 1].to_owned().into_bytes(),
        pem.replace("-----BEGIN", "----BEGIN").into_bytes(),
        pem.lines().next().unwrap().to_lowercase().into_bytes(),
    ] {
        let key = scratch.write("damaged", &damaged);
        let output = verify(&token, &key, &[]).expect_code(7);
        let why = output.stderr_text();
        assert!(why.contains("cannot be used"), "{why}");
        jwt(["sign", "--alg=HS256", "--no-exp", "--key", &file(&key)])
            .run()
            .expect_code(7);
    }
}

/// The first bytes of a file are easily lost, for example with `tail -c +2` or by copying a line.
#[test]
fn rsa_public_key_without_its_first_bytes_is_never_a_shared_secret() {
    let Some(openssl) = peers::tool("openssl") else {
        return;
    };
    let scratch = Scratch::new("cut-key");
    let run = |arguments: &[&str]| {
        let run = Run::of(&openssl).args(arguments);
        let output = run.current_dir(scratch.path()).run();
        output.expect_code(0);
    };
    run(&["genpkey", "-quiet", "-algorithm", "RSA", "-out", "key.pem"]);
    let to_der = ["rsa", "-in", "key.pem", "-outform", "DER"];
    run(&[&to_der[..], &["-RSAPublicKey_out", "-out", "pkcs1"]].concat());
    run(&[&to_der[..], &["-pubout", "-out", "spki"]].concat());
    for kind in ["pkcs1", "spki"] {
        let der = fs::read(scratch.path().join(kind)).unwrap();
        for cut in [1, 2, 7, 9, 16] {
            let key = scratch.write("cut", &der[cut..]);
            // Anyone who knows the public key could sign with it.
            let hexkey = der[cut..].iter().map(|byte| format!("{byte:02x}"));
            let hexkey = format!("hexkey:{}", hexkey.collect::<String>());
            let head = format!(
                "{}.{}",
                part(r#"{"alg":"HS256"}"#),
                part(r#"{"sub":"admin"}"#)
            );
            scratch.write("head", &head);
            let sign = ["dgst", "-sha256", "-mac", "HMAC", "-macopt", &hexkey];
            run(&[&sign[..], &["-binary", "-out", "signature", "head"]].concat());
            let signature = fs::read(scratch.path().join("signature")).unwrap();
            let forged = format!("{head}.{}", part_of(&signature));
            verify(&forged, &key, &[]).expect_code(7);
        }
    }
}

/// Header and payload in base64url, and a signature.
fn token(header: &str, payload: &str, signature: &str) -> String {
    format!("{}.{}.{signature}", part(header), part(payload))
}

fn part(text: &str) -> String {
    part_of(text.as_bytes())
}

fn part_of(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let bits = three
            .iter()
            .fold(0_u32, |bits, &b| bits << 8 | u32::from(b))
            << (24 - 8 * three.len());
        for digit in 0..=three.len() {
            out.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    out
}

#[test]
fn unsigned_and_malformed_tokens_are_invalid() {
    let scratch = Scratch::new("attacks");
    let key = scratch.write("key", "secret");
    let good = sign("HS256", &key, &["--no-exp"]);
    verify(&good, &key, &[]).expect_code(0);
    let parts: Vec<&str> = good.split('.').collect();
    let payload = part(r#"{"sub":"admin"}"#);
    for (token, why) in [
        (token(r#"{"alg":"none"}"#, "{}", ""), "never allowed"),
        (token(r#"{"alg":"nOnE"}"#, "{}", ""), "never allowed"),
        (token(r#"{"alg":"none"}"#, "{}", parts[2]), "never allowed"),
        (
            format!("{}.{payload}.{}", parts[0], parts[2]),
            "signature does not match",
        ),
        (
            format!("{}.{}.", parts[0], parts[1]),
            "signature does not match",
        ),
        (format!("{}.{}", parts[0], parts[1]), "2 parts"),
        (
            token(r#"{"alg":"HS256","crit":["x"],"x":1}"#, "{}", parts[2]),
            "critical header 'x'",
        ),
        (
            token(
                r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#,
                "{}",
                parts[2],
            ),
            "critical",
        ),
        (
            token(r#"{"alg":"HS256","b64":false}"#, "{}", parts[2]),
            "b64",
        ),
        (
            token(r#"{"alg":"none","alg":"HS256"}"#, "{}", parts[2]),
            "duplicate member",
        ),
        (
            token(r#"{"alg":"HS256","a\u006cg":"none"}"#, "{}", parts[2]),
            "duplicate member",
        ),
        (format!("{good}="), "signature is not base64url"),
        (
            format!("{}.{} .{}", parts[0], parts[1], parts[2]),
            "payload is not base64url",
        ),
        (
            format!("{good}.{}.{}", parts[0], parts[1]),
            "encrypted (a JWE)",
        ),
        ("a".repeat((1 << 20) + 1), "larger than 1 MiB"),
        (String::new(), "empty"),
    ] {
        let output = verify(&token, &key, &[]).expect_code(1);
        let text = output.stdout_text();
        assert!(
            text.starts_with("not valid: ") && text.contains(why),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1);
    }
    // The same signature in a non-canonical encoding.
    let last = parts[2].chars().last().unwrap();
    let other = char::from_u32(u32::from(last) + 1).unwrap();
    let respelled = format!("{}{other}", &good[..good.len() - 1]);
    verify(&respelled, &key, &[]).expect_code(1);
    // A payload with a duplicate claim.
    let twice = jwt([
        "sign",
        "--alg=HS256",
        "--no-exp",
        "--weak-key",
        "--key=file:key",
        "--claim=a=1",
        "--claim=a=2",
    ])
    .current_dir(scratch.path())
    .run()
    .expect_code(2);
    assert!(twice.stderr_text().contains("the claim a is given twice"));
}

/// Keys and URLs in the header are ignored.
#[test]
fn keys_in_a_token_are_ignored() {
    let scratch = Scratch::new("attacks");
    let key = scratch.write("key", "the verifier's secret, long enough for HS256");
    let own = scratch.write("own", "the attacker's secret, long enough for HS256");
    for header in [
        r#"jwk:={"kty":"oct","k":"dGhlIGF0dGFja2VyJ3Mgc2VjcmV0LCBsb25nIGVub3VnaCBmb3IgSFMyNTY"}"#,
        "jku=http://127.0.0.1:9/jwks",
        "x5u=http://127.0.0.1:9/crt",
        "x5c:=[\"AA\"]",
    ] {
        let forged = sign("HS256", &own, &["--no-exp", "--header", header]);
        let output = verify(&forged, &key, &[]).expect_code(1);
        assert_eq!(
            output.stdout_text(),
            "not valid: signature does not match\n"
        );
        verify(&forged, &own, &[]).expect_code(0);
    }
}

#[test]
fn jwk_restrictions_are_applied() {
    let scratch = Scratch::new("jwk");
    let secret = scratch.write("key", "secret");
    let token = sign("HS256", &secret, &["--no-exp", "--kid=a"]);
    for (members, why) in [
        (r#""use":"enc""#, "use is 'enc'"),
        (r#""key_ops":["sign"]"#, "do not list 'verify'"),
        (r#""key_ops":["encrypt","decrypt"]"#, "do not list 'verify'"),
        (r#""alg":"HS512""#, "HS256 is not allowed for this key"),
        (
            r#""kid":"b""#,
            "signed with the key 'a', but this key is 'b'",
        ),
        (
            r#""kid":"a","use":"sig","alg":"HS256","key_ops":["verify"]"#,
            "",
        ),
    ] {
        let jwk = format!(r#"{{"kty":"oct","k":"c2VjcmV0",{members}}}"#);
        let key = scratch.write("jwk", jwk);
        let output = verify(&token, &key, &[]);
        if why.is_empty() {
            output.expect_code(0);
        } else {
            let output = output.expect_code(1);
            assert!(
                output.stdout_text().contains(why),
                "{}",
                output.stdout_text()
            );
        }
    }
    let set =
        r#"{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"b"},{"kty":"oct","k":"AAAA","kid":"a"}]}"#;
    let set = scratch.write("jwks", set);
    let verify_set = |token: &str| {
        jwt(["verify", "-", "--jwks", set.to_str().unwrap()])
            .stdin(token)
            .run()
    };
    // The named key does not match, and no other key is tried.
    let output = verify_set(&token).expect_code(1);
    assert_eq!(
        output.stdout_text(),
        "not valid: signature does not match\n"
    );
    verify_set(&sign("HS256", &secret, &["--no-exp", "--kid=b"])).expect_code(0);
    verify_set(&sign("HS256", &secret, &["--no-exp"])).expect_code(0);
    let output = verify_set(&sign("HS256", &secret, &["--no-exp", "--kid=c"])).expect_code(1);
    assert_eq!(
        output.stdout_text(),
        "not valid: the key 'c' is not in the set\n"
    );
}

/// A reason may contain text of the token, which must be escaped and truncated.
#[test]
fn token_text_is_escaped_in_output() {
    let scratch = Scratch::new("attacks");
    let key = scratch.write("key", "secret");
    let jwk = scratch.write("jwk", r#"{"kty":"oct","k":"c2VjcmV0","kid":"a"}"#);
    let kid = format!("x\nvalid\x1b[2J{}", "y".repeat(5000));
    let forged = sign("HS256", &key, &["--no-exp", "--kid", &kid]);
    let output = verify(&forged, &jwk, &[]).expect_code(1);
    let text = output.stdout_text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains('\x1b') && text.len() < 300, "{text}");
    let shown = sign(
        "HS256",
        &key,
        &["--no-exp", "--claim", "a=\u{9b}2J\u{202e}"],
    );
    let shown = jwt(["decode", "-"]).stdin(shown).run().expect_code(0);
    assert!(!shown.stdout_text().contains(['\u{9b}', '\u{202e}']));
}
