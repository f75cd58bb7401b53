//! `c47 jwt`, against tokens and keys that others made, and others against ours.

mod attacks;
mod options;
mod peers;
mod vectors;

use std::path::Path;

use crate::support::{Output, Run, Scratch, c47};

/// `c47 jwt` with these words.
fn jwt<'a>(words: impl IntoIterator<Item = &'a str>) -> Run {
    c47().arg("jwt").args(words)
}

/// The SOURCE that is this file.
fn file(path: &Path) -> String {
    format!("file:{}", path.display())
}

/// Verifies a token given on stdin, with more options.
#[track_caller]
fn verify(token: &str, key: &Path, more: &[&str]) -> Output {
    jwt(["verify", "-", "--key", &file(key)])
        .args(more)
        .stdin(token)
        .run()
}

/// Signs with the claim `sub` and no end, also with a short secret.
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

/// The examples of the RFCs, public or private key as they give it.
#[test]
fn the_examples_of_the_rfcs() {
    let scratch = Scratch::new("rfcs");
    for (at, vector) in vectors::VECTORS.iter().enumerate() {
        let key = scratch.write(&format!("{at}.jwk"), vector.key);
        let answer = verify(vector.token, &key, &["--jws"]);
        if vector.alg == "ES512" {
            // P-521 is not in ring: the key is refused, and says why.
            let answer = answer.expect_code(7);
            assert!(answer.stderr_text().contains("P-521"), "{}", vector.from);
            continue;
        }
        assert_eq!(answer.expect_code(0).stdout_text(), "valid\n");
        verify(vector.token, &key, &["--jws", "--alg", vector.alg]).expect_code(0);
        let altered = vector.token.replacen('.', ".A", 1);
        let answer = verify(&altered, &key, &["--jws"]).expect_code(1);
        assert!(answer.stdout_text().starts_with("not valid: "));
    }
    // ES512 with a key that could not have made it.
    let es512 = &vectors::VECTORS[3];
    let other = scratch.write("other.jwk", vectors::VECTORS[2].key);
    let answer = verify(es512.token, &other, &["--jws"]).expect_code(1);
    assert!(answer.stdout_text().contains("ES512 is not supported"));
}

/// RFC 7515 A.1 to A.3 carry claims of 2011.
#[test]
fn the_claims_of_the_rfcs() {
    let scratch = Scratch::new("rfcs");
    for vector in &vectors::VECTORS[..3] {
        let key = scratch.write("key.jwk", vector.key);
        let answer = verify(vector.token, &key, &[]).expect_code(1);
        assert!(answer.stdout_text().starts_with("not valid: expired "));
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
