//! `c47 jwt` with tokens and keys of other tools, and other tools with those of c47.

mod attacks;
mod encrypted;
mod options;
mod peers;
mod vectors;

use std::path::Path;

use crate::support::{Output, Run, Scratch, c47};

/// `c47 jwt` with these arguments.
fn jwt<'a>(words: impl IntoIterator<Item = &'a str>) -> Run {
    c47().arg("jwt").args(words)
}

/// The source `file:PATH`.
fn file(path: &Path) -> String {
    format!("file:{}", path.display())
}

/// Verifies a token on stdin with additional options.
#[track_caller]
fn verify(token: &str, key: &Path, more: &[&str]) -> Output {
    jwt(["verify", "-", "--key", &file(key)])
        .args(more)
        .stdin(token)
        .run()
}

/// Signs with the claim `sub` and no expiry, also with a short secret.
#[track_caller]
fn sign(alg: &str, key: &Path, more: &[&str]) -> String {
    let signed = jwt([
        "sign",
        "--alg",
        alg,
        "--key",
        &file(key),
        "--claim=sub=c47",
        "--weak-key",
    ])
    .args(more)
    .run()
    .expect_code(0);
    signed.stdout_text().trim_end().to_owned()
}

/// The keys are public or private, as in the RFCs.
#[test]
fn examples_of_the_rfcs_verify() {
    let scratch = Scratch::new("rfcs");
    for (at, vector) in vectors::VECTORS.iter().enumerate() {
        let key = scratch.write(&format!("{at}.jwk"), vector.key);
        let output = verify(vector.token, &key, &["--jws"]);
        if vector.alg == "ES512" {
            // ring has no P-521, so the key is rejected with that reason.
            let output = output.expect_code(7);
            assert!(output.stderr_text().contains("P-521"), "{}", vector.from);
            continue;
        }
        assert_eq!(output.expect_code(0).stdout_text(), "valid\n");
        verify(vector.token, &key, &["--jws", "--alg", vector.alg]).expect_code(0);
        let altered = vector.token.replacen('.', ".A", 1);
        let output = verify(&altered, &key, &["--jws"]).expect_code(1);
        assert!(output.stdout_text().starts_with("not valid: "));
    }
    // ES512 with a key for another algorithm.
    let es512 = &vectors::VECTORS[3];
    let other = scratch.write("other.jwk", vectors::VECTORS[2].key);
    let output = verify(es512.token, &other, &["--jws"]).expect_code(1);
    assert!(output.stdout_text().contains("ES512 is not supported"));
}

/// The claims of RFC 7515 A.1 to A.3 are from 2011.
#[test]
fn claims_of_the_rfcs_are_checked() {
    let scratch = Scratch::new("rfcs");
    for vector in &vectors::VECTORS[..3] {
        let key = scratch.write("key.jwk", vector.key);
        let output = verify(vector.token, &key, &[]).expect_code(1);
        assert!(output.stdout_text().starts_with("not valid: expired "));
        verify(vector.token, &key, &["--at", "1300819379"]).expect_code(0);
        verify(vector.token, &key, &["--at", "2011-03-22T18:42:59Z"]).expect_code(0);
        verify(vector.token, &key, &["--at", "1300819380"]).expect_code(1);
        verify(vector.token, &key, &["--at", "1300819380", "--leeway=1s"]).expect_code(0);
        let json = verify(vector.token, &key, &["--json", "--at=1300819560"]).expect_code(1);
        assert_eq!(
            json.stdout_text().replace("\\r\\n", ""),
            format!(
                "{{\"valid\":false,\"reason\":\"expired 3m ago\",\"alg\":\"{}\",\"kid\":null,\"claims\":{{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}},\"hint\":null}}\n",
                vector.alg
            )
        );
    }
}
