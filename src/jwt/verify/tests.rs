use std::time::Duration;

use super::*;
use crate::jwt::claim::Claim;
use crate::jwt::key::{Key, KeySet};
use crate::jwt::{Mint, ShortSecret, base64url, mint};
use crate::secret::Secret;

const NOW: Timestamp = Timestamp(1_000_000);

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn keys(text: &str) -> KeySet {
    KeySet::parse(&secret(text)).unwrap()
}

/// A token signed with HS256 and the key "secret".
fn token(claims: &[&str], ttl: Option<u64>) -> Vec<u8> {
    let key = Key::parse(&secret("secret")).unwrap();
    let mut order = Mint::new(Algorithm::Hs256, &key, NOW);
    order.claims = claims
        .iter()
        .map(|text| Claim::parse(text).unwrap())
        .collect();
    order.ttl = ttl.map(Duration::from_secs);
    order.short_secret = ShortSecret::Allow;
    mint(&order).unwrap().expose().to_vec()
}

/// A token with this header and payload, always signed with HS256 and the key "secret".
fn raw(header: &str, payload: &[u8]) -> Vec<u8> {
    let signed = format!(
        "{}.{}",
        base64url::encode(header.as_bytes()),
        base64url::encode(payload)
    );
    sign(&signed)
}

fn sign(signed: &str) -> Vec<u8> {
    crypto::install();
    let key = jsonwebtoken::EncodingKey::from_secret(b"secret");
    let signature =
        jsonwebtoken::crypto::sign(signed.as_bytes(), &key, jsonwebtoken::Algorithm::HS256)
            .unwrap();
    format!("{signed}.{signature}").into_bytes()
}

fn check(token: &[u8], change: impl FnOnce(&mut Policy)) -> Result<Verified, String> {
    let mut policy = Policy::at(NOW);
    change(&mut policy);
    verify(token, &keys("secret"), &policy).map_err(|rejected| rejected.to_string())
}

fn why(token: &[u8]) -> String {
    check(token, |_| {}).unwrap_err()
}

#[test]
fn valid_token_is_verified() {
    let verified = check(&token(&["sub=bot"], Some(60)), |_| {}).unwrap();
    assert_eq!(verified.algorithm, Algorithm::Hs256);
    assert!(
        verified
            .claims
            .unwrap()
            .as_str()
            .starts_with(r#"{"sub":"bot""#)
    );
}

#[test]
fn times_are_exact() {
    let valid = |claim: &str, leeway| {
        check(&token(&[claim], None), |policy| policy.leeway_s = leeway).is_ok()
    };
    assert!(valid("exp:=1000001", 0));
    assert!(!valid("exp:=1000000", 0));
    assert!(valid("exp:=1000000.5", 0));
    assert!(valid("exp:=1000000", 1));
    assert!(!valid("exp:=999990", 10));
    assert!(valid("nbf:=1000000", 0));
    assert!(!valid("nbf:=1000001", 0));
    assert!(!valid("nbf:=1000000.5", 0));
    assert!(valid("nbf:=1000001", 1));
    assert!(valid("exp:=1e400", 0));
    assert!(!valid("exp:=-1e400", i64::MAX));
    assert!(valid("iat:=9999999", 0));
    for claim in [
        "exp=1000001",
        "exp:=null",
        "exp:=[1000001]",
        "nbf=0",
        "nbf:=true",
    ] {
        assert!(
            why(&token(&[claim], None)).contains("is not a number"),
            "{claim}"
        );
    }
    assert_eq!(why(&token(&["exp:=999820"], None)), "expired 3m ago");
    assert!(why(&token(&["nbf:=1000300"], None)).ends_with("in 5m"));
}

#[test]
fn required_claims_are_checked() {
    let wrong = |claims: &[&str], change: fn(&mut Policy)| check(&token(claims, None), change);
    let audience = |policy: &mut Policy| policy.audience = Audience::OneOf(vec!["a".into()]);
    assert!(wrong(&["aud=a"], audience).is_ok());
    assert!(wrong(&["aud:=[\"b\",\"a\"]"], audience).is_ok());
    for claims in [
        "aud=b",
        "aud:=[]",
        "aud:=[\"b\"]",
        "aud:=[\"a\",1]",
        "aud:=null",
        "x=a",
    ] {
        assert!(wrong(&[claims], audience).is_err(), "{claims}");
    }
    for claims in [
        "aud=a",
        "aud:=[\"a\",\"b\"]",
        "aud:=[]",
        "aud:=null",
        "aud:=1",
    ] {
        assert!(wrong(&[claims], |_| ()).is_err(), "{claims}");
        let any = |policy: &mut Policy| policy.audience = Audience::Any;
        assert!(wrong(&[claims], any).is_ok(), "{claims}");
    }
    let many: Vec<String> = (0..9).map(|n| format!("\"a{n}\"")).collect();
    let many = format!("aud:=[{}]", many.join(","));
    assert_eq!(
        wrong(&[&many], audience).unwrap_err(),
        "aud is 'a0', 'a1', 'a2', 'a3', 'a4' and 4 more, not 'a'"
    );
    assert!(wrong(&["iss=a"], |policy| policy.issuer = Some("a".into())).is_ok());
    assert!(wrong(&["iss=A"], |policy| policy.issuer = Some("a".into())).is_err());
    assert!(wrong(&["iss:=[\"a\"]"], |policy| policy.issuer = Some("a".into())).is_err());
    assert!(wrong(&[], |policy| policy.subject = Some("a".into())).is_err());
    let required = |policy: &mut Policy| policy.required = vec!["exp".into(), "x".into()];
    assert!(wrong(&["exp:=2000000", "x=1"], required).is_ok());
    assert_eq!(
        wrong(&["exp:=2000000", "x:=null"], required).unwrap_err(),
        "the claim 'x' is missing"
    );
}

#[test]
fn altered_token_is_rejected() {
    let good = token(&["sub=bot"], None);
    for at in 0..good.len() {
        let mut altered = good.clone();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        assert!(check(&altered, |_| {}).is_err(), "byte {at}");
        altered.truncate(at);
        assert!(check(&altered, |_| {}).is_err(), "{at} bytes");
    }
    assert_eq!(
        why(&token(&["sub=bot"], None)[..good.len() - 43]),
        "signature does not match"
    );
}

#[test]
fn algorithm_none_is_rejected() {
    for name in ["none", "None", "NONE"] {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        let mut token = raw(&header, b"{}");
        assert!(why(&token).contains("not signed"));
        token.truncate(token.len() - 43);
        assert!(why(&token).contains("not signed"));
    }
    assert!(why(&raw(r#"{"alg":""}"#, b"{}")).contains("not supported"));
    assert!(why(&raw(r#"{"alg":null}"#, b"{}")).contains("not a string"));
    assert!(why(&raw(r#"{"typ":"JWT"}"#, b"{}")).contains("no alg"));
    assert!(why(&raw(r#"{"alg":"ES512"}"#, b"{}")).contains("P-521"));
}

#[test]
fn policy_and_key_decide_the_algorithm() {
    let token = token(&[], None);
    let allow = |one: Algorithm| check(&token, |policy| policy.algorithms = vec![one]);
    assert!(allow(Algorithm::Hs256).is_ok());
    assert_eq!(
        allow(Algorithm::Hs512).unwrap_err(),
        "algorithm HS256 is not allowed, only HS512"
    );
    let jwk = keys(r#"{"kty":"oct","k":"c2VjcmV0","alg":"HS512"}"#);
    let rejected = verify(&token, &jwk, &Policy::at(NOW)).unwrap_err();
    assert!(
        rejected
            .to_string()
            .starts_with("algorithm HS256 is not allowed for this key")
    );
}

#[test]
fn unsupported_headers_are_rejected_or_ignored() {
    assert!(why(&raw(r#"{"alg":"HS256","crit":["exp"]}"#, b"{}")).contains("critical"));
    assert!(why(&raw(r#"{"alg":"HS256","b64":false}"#, b"{}")).contains("b64"));
    assert!(why(&raw(r#"{"alg":"HS256","alg":"HS256"}"#, b"{}")).contains("duplicate member"));
    assert!(why(&raw(r#"{"alg":"HS256","kid":1}"#, b"{}")).contains("kid"));
    // An attacker's key in the header, and URLs of keys.
    let header = r#"{"alg":"HS256","jwk":{"kty":"oct","k":"c2VjcmV0"},"jku":"http://x","x5u":"http://x","x5c":["x"]}"#;
    assert!(check(&raw(header, b"{}"), |_| {}).is_ok());
    let other = verify(&raw(header, b"{}"), &keys("other"), &Policy::at(NOW));
    assert_eq!(other.unwrap_err().reason, Reason::Signature);
}

#[test]
fn invalid_claims_are_rejected() {
    let header = r#"{"alg":"HS256"}"#;
    assert!(why(&raw(header, br#"{"exp":2000000,"exp":1}"#)).contains("duplicate member"));
    assert!(why(&raw(header, br#"{"a":{"b":1,"b":2}}"#)).contains("duplicate member"));
    assert!(why(&raw(header, b"[]")).contains("claims"));
    assert!(why(&raw(header, b"\xff")).contains("UTF-8"));
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    assert!(why(&raw(header, deep.as_bytes())).contains("deep"));
    let anything = |policy: &mut Policy| policy.content = Content::Anything;
    assert!(
        check(&raw(header, b"\xff"), anything)
            .unwrap()
            .claims
            .is_none()
    );
    assert!(check(&raw(header, br#"{"exp":1}"#), anything).is_ok());
}

#[test]
fn key_of_a_set_is_selected_by_kid() {
    let set = r#"{"keys":[
        {"kty":"oct","k":"b3RoZXI","kid":"a"},
        {"kty":"oct","k":"c2VjcmV0","kid":"b"},
        {"kty":"oct","k":"b3RoZXI","kid":"c"},
        {"kty":"oct","k":"c2VjcmV0","kid":"c"},
        {"kty":"oct","k":"c2VjcmV0","kid":"d","use":"enc"},
        {"kty":"oct","k":"c2VjcmV0","kid":"e","key_ops":["sign"]},
        {"kty":"oct","k":"c2VjcmV0","kid":"f","alg":"RSA-OAEP"},
        {"kty":"what","kid":"g"}
    ]}"#;
    let check = |header: &str| {
        verify(&raw(header, b"{}"), &keys(set), &Policy::at(NOW))
            .map_err(|rejected| rejected.to_string())
    };
    assert!(check(r#"{"alg":"HS256"}"#).is_ok());
    assert!(check(r#"{"alg":"HS256","kid":"b"}"#).is_ok());
    assert!(check(r#"{"alg":"HS256","kid":"c"}"#).is_ok());
    for (kid, why) in [
        ("a", "signature does not match"),
        ("d", "the key's use is 'enc', not 'sig'"),
        ("e", "the key's key_ops do not list 'verify'"),
        (
            "f",
            "the key 'f' cannot be used: its alg 'RSA-OAEP' is not supported",
        ),
        ("x", "the key 'x' is not in the set"),
    ] {
        let header = format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#);
        assert_eq!(check(&header).unwrap_err(), why);
    }
    assert!(
        check(r#"{"alg":"HS256","kid":"g"}"#)
            .unwrap_err()
            .contains("'what'")
    );
    assert!(
        check(r#"{"alg":"RS256"}"#)
            .unwrap_err()
            .contains("any key in the set")
    );
}

#[test]
fn single_key_with_kid_verifies_only_its_tokens() {
    let jwk = keys(r#"{"kty":"oct","k":"c2VjcmV0","kid":"a"}"#);
    let check = |header: &str| verify(&raw(header, b"{}"), &jwk, &Policy::at(NOW)).is_ok();
    assert!(check(r#"{"alg":"HS256"}"#));
    assert!(check(r#"{"alg":"HS256","kid":"a"}"#));
    assert!(!check(r#"{"alg":"HS256","kid":"b"}"#));
}

/// A deterministic generator (xorshift64), so that failures are reproducible.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

#[test]
fn random_tokens_do_not_panic_or_verify() {
    const PIECES: &[&str] = &[
        ".",
        "..",
        "=",
        "A",
        "e30",
        "eyJhbGciOiJIUzI1NiJ9",
        "bnVsbA",
        "\u{e9}",
        "\0",
        " ",
        "W10",
        "eyJhbGciOiJub25lIn0",
        "-_",
        "{",
        "AAAAAAAA",
    ];
    let set = keys("secret");
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..20_000 {
        let count = random.below(8);
        let text: String = (0..count)
            .map(|_| PIECES[random.below(PIECES.len())])
            .collect();
        assert!(verify(text.as_bytes(), &set, &Policy::at(NOW)).is_err());
    }
}

#[test]
fn random_json_does_not_panic() {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"alg\"",
        "\"HS256\"",
        "\"kid\"",
        "\"crit\"",
        "null",
        "1e9",
        "\"exp\"",
        "\"\\ud800\"",
        "\"kty\"",
        "\"oct\"",
        "\"k\"",
        "\"keys\"",
        "\"AA\"",
        "\"x\"",
        "-1",
        "\"EC\"",
        "\"crv\"",
        "\"P-256\"",
        "\"aud\"",
        "\"use\"",
        "\"key_ops\"",
        "\"RSA\"",
    ];
    let set = keys("secret");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..random.below(6) {
            let pair = [random.below(PIECES.len()), random.below(PIECES.len())];
            text += &format!("{}:{},", PIECES[pair[0]], PIECES[pair[1]]);
        }
        let object = format!("{{{}}}", text.trim_end_matches(','));
        let _ = Key::parse(&secret(&object));
        let _ = Key::parse(&secret(&format!("{{\"keys\":[{object}]}}")));
        let _ = verify(&raw(&object, b"{}"), &set, &Policy::at(NOW));
        let _ = check(&raw(r#"{"alg":"HS256"}"#, object.as_bytes()), |policy| {
            policy.audience = Audience::OneOf(vec!["x".into()]);
        });
    }
}
