//! Keys in every format and spelling, and everything that is none.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::*;
use crate::jwt::base64url;

/// RFC 7515, appendix A.2.
const RSA: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB","d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ","p":"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc","q":"uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc","dp":"BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0","dq":"h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU","qi":"IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"}"#;
/// RFC 7515, appendix A.3.
const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
/// Made by cryptography.
const P384: &str = r#"{"kty":"EC","crv":"P-384","x":"jaX12wlzw-0adDrnWuUbYds29pYu8KRgPpLyfBZw5uE6m7TKaOvxh4yiA3kHvofP","y":"uY7ghO6a6KeXbVt2VV8sBY93FqyNodHPEZX6uCq8zTezKV2kvb28M6xqhhFGGsqa","d":"31NttxeRbYp3_4UPGEHFEkW51A8RaJ_UH8tgZFbeJnebTIs8zUn6zf8Hy9Un4J-k"}"#;
/// RFC 8037, appendix A.1.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// A certificate that openssl made for the key of RFC 7515, appendix A.3.
const CERTIFICATE: &str = "MIIBcTCCARegAwIBAgIUXRQsLhTkypJS7BIGCo+rezdS3M8wCgYIKoZIzj0EAwIwDjEMMAoGA1UEAwwDYzQ3MB4XDTI2MTEyMzE3MjMxN1oXDTI2MTEyNDE3MjMxN1owDjEMMAoGA1UEAwwDYzQ3MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlraNTMFEwHQYDVR0OBBYEFM6NFrHJM463/jl5ma5Fvu4/tYaGMB8GA1UdIwQYMBaAFM6NFrHJM463/jl5ma5Fvu4/tYaGMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgFz3kfjRL6t1bsgnhKNBMqww6qeJ9xo6EIDMafmMnlYoCIQDy+redus2Rl52lfTAYSopd8+Mc6gzNeoLOR1EJg1vboQ==";
/// RFC 7638, section 3.1.
const THUMBED: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

fn parse(bytes: &[u8]) -> Result<Key, Error> {
    Key::parse(&Secret::new(bytes.to_vec()))
}

fn why(text: &str) -> String {
    parse(text.as_bytes()).err().unwrap().to_string()
}

fn pkcs1_of(key: &Key) -> Vec<u8> {
    match key.material() {
        Material::Rsa {
            private: Some(private),
            ..
        } => private.expose().to_vec(),
        _ => panic!("no RSA private key"),
    }
}

/// Every sample in DER: private and public halves, and a certificate.
fn ders() -> Vec<Vec<u8>> {
    let mut ders = vec![STANDARD.decode(CERTIFICATE).unwrap()];
    for jwk in [RSA, P256, P384, ED25519] {
        let key = parse(jwk.as_bytes()).unwrap();
        ders.push(key.material().spki().unwrap());
        match key.material().pkcs8() {
            Some(pkcs8) => ders.push(pkcs8.expose().to_vec()),
            None => ders.push(pkcs1_of(&key)),
        }
    }
    ders
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    let thumbprint = |jwk: &str| parse(jwk.as_bytes()).unwrap().material().thumbprint();
    assert_eq!(
        thumbprint(THUMBED).unwrap(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
    assert_eq!(
        thumbprint(ED25519).unwrap(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    assert_eq!(thumbprint(r#"{"kty":"oct","k":"AA"}"#), None);
}

#[test]
fn a_key_is_the_same_in_every_format() {
    for jwk in [RSA, P256, P384, ED25519] {
        let key = parse(jwk.as_bytes()).unwrap();
        let thumbprint = key.material().thumbprint();
        assert!(key.material().is_private());
        let public = key.material().spki().unwrap();
        let private = match key.material().pkcs8() {
            Some(pkcs8) => pem::write("PRIVATE KEY", pkcs8.expose()),
            None => pem::write("RSA PRIVATE KEY", &pkcs1_of(&key)),
        };
        let published = key.public_jwk().unwrap();
        assert!(!published.as_str().contains("\"d\""));
        for (bytes, is_private) in [
            (private.as_bytes(), true),
            (pem::write("PUBLIC KEY", &public).as_bytes(), false),
            (&public, false),
            (published.as_str().as_bytes(), false),
        ] {
            let same = parse(bytes).unwrap();
            assert_eq!(same.material().is_private(), is_private);
            assert_eq!(same.material().thumbprint(), thumbprint);
        }
    }
    let certified = parse(&STANDARD.decode(CERTIFICATE).unwrap()).unwrap();
    let key = parse(P256.as_bytes()).unwrap();
    assert_eq!(
        certified.material().thumbprint(),
        key.material().thumbprint()
    );
}

#[test]
fn a_public_key_is_no_shared_secret_in_any_spelling() {
    let key = parse(RSA.as_bytes()).unwrap();
    let der = key.material().spki().unwrap();
    let pem = pem::write("PUBLIC KEY", &der);
    let jwk = key.public_jwk().unwrap().to_string();
    let certificate = STANDARD.decode(CERTIFICATE).unwrap();
    let spellings = [
        pem.to_string(),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', " "),
        pem.replace('\n', ""),
        format!("\u{feff}\n\n{}", *pem),
        format!("comment\n{}after", *pem),
        STANDARD.encode(&der),
        STANDARD_NO_PAD.encode(&der),
        URL_SAFE_NO_PAD.encode(&der),
        pem.lines().filter(|line| !line.starts_with('-')).collect(),
        pem.lines()
            .filter(|line| !line.starts_with('-'))
            .collect::<Vec<_>>()
            .join("\n"),
        STANDARD.encode(pem.as_bytes()),
        jwk.clone(),
        format!("\u{feff} {jwk}\n"),
        STANDARD.encode(&jwk),
        format!("{{\"keys\":[{jwk}]}}"),
        pem::write("CERTIFICATE", &certificate).to_string(),
        CERTIFICATE.to_owned(),
    ];
    for text in &spellings {
        let key = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        for shared in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
            assert!(!key.suits(shared), "{text}");
            assert!(key.ensure_signs(shared).is_err(), "{text}");
            assert!(key.ensure_verifies(shared).is_err(), "{text}");
        }
    }
    // What cannot be read is refused, not taken as it stands.
    for broken in [
        pem.replace("END", "XND"),
        pem.replace("MII", "M!I"),
        pem.replace('\n', "\\n"),
        pem[..100].to_owned(),
        jwk.replace('}', ""),
        jwk.replace("\"n\"", "\"m\""),
        format!("[{jwk}]"),
        "{}".to_owned(),
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ me@host".to_owned(),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ".to_owned(),
        "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA".to_owned(),
    ] {
        assert!(parse(broken.as_bytes()).is_err(), "{broken}");
    }
    for text in [&*pem, &jwk] {
        let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let text = format!("\u{feff}{text}");
            text.encode_utf16().flat_map(bytes).collect()
        };
        assert!(parse(&wide(u16::to_le_bytes)).is_err());
        assert!(parse(&wide(u16::to_be_bytes)).is_err());
    }
}

/// One byte more or less, in the bytes or in a spelling of them, and a published key would have
/// been a secret that everybody knows.
#[test]
fn a_damaged_key_is_never_a_shared_secret() {
    let jwk = parse(RSA.as_bytes()).unwrap().public_jwk().unwrap();
    for der in ders() {
        let pem = pem::write("PUBLIC KEY", &der);
        let hex = crate::hex::encode(&der);
        let spellings = [
            der.clone(),
            STANDARD.encode(&der).into_bytes(),
            URL_SAFE_NO_PAD.encode(&der).into_bytes(),
            pem.as_bytes().to_vec(),
            STANDARD.encode(pem.as_bytes()).into_bytes(),
            hex.into_bytes(),
        ];
        for whole in spellings {
            ensure_damage_is_refused(&whole);
        }
    }
    ensure_damage_is_refused(jwk.as_str().as_bytes());
    ensure_damage_is_refused(jwk.as_str().replace('"', "'").as_bytes());
}

fn ensure_damage_is_refused(whole: &[u8]) {
    let half = whole.len() / 2;
    let mut damaged = vec![
        whole[..whole.len() - 1].to_vec(),
        whole[..whole.len() - 2].to_vec(),
        whole[..half].to_vec(),
        [&whole[..half], &whole[half + 1..]].concat(),
        [whole, b"\n\n"].concat(),
        [b"\"", whole, b"\""].concat(),
    ];
    for byte in [0, b'\n', b'A', b'=', 0xff] {
        damaged.push([whole, &[byte]].concat());
        damaged.push([&[byte], whole].concat());
        damaged.push([&whole[..half], &[byte], &whole[half..]].concat());
    }
    for at in 0..5 {
        damaged.push([&whole[..at], &whole[at + 1..]].concat());
        damaged.push(whole[at + 1..].to_vec());
    }
    for bytes in damaged {
        ensure_refused(&bytes);
    }
}

/// Each public key without its first bytes, as long as anything but its random numbers is left.
#[test]
fn a_public_key_cut_at_its_front_is_never_a_shared_secret() {
    let rsa = parse(RSA.as_bytes()).unwrap();
    let spki = rsa.material().spki().unwrap();
    let exponent_3 = [&spki[24..spki.len() - 5], b"\x02\x01\x03"].concat();
    let mut keys = vec![
        (spki[24..].to_vec(), 16), // PKCS#1
        (exponent_3, 8),
        (STANDARD.decode(CERTIFICATE).unwrap(), 16),
        (spki, 16),
    ];
    for (jwk, most) in [(P256, 16), (P384, 16), (ED25519, 10)] {
        let key = parse(jwk.as_bytes()).unwrap();
        keys.push((key.material().spki().unwrap(), most));
    }
    for (der, most) in keys {
        let hex = crate::hex::encode(&der);
        let base64 = STANDARD.encode(&der);
        for cut in 1..=most {
            ensure_refused(&der[cut..]);
            ensure_refused(STANDARD.encode(&der[cut..]).as_bytes());
            ensure_refused(URL_SAFE_NO_PAD.encode(&der[cut..]).as_bytes());
            ensure_refused(&base64.as_bytes()[cut..]);
            ensure_refused(&hex.as_bytes()[cut..]);
            ensure_refused(format!("0x{}", &hex[cut..]).as_bytes());
        }
        for at in 0..5 {
            ensure_refused(&[&der[..at], &der[at + 1..]].concat());
            ensure_refused(&[&der[..at], b"\x47", &der[at..]].concat());
            ensure_refused(format!("{}!{}", &base64[..at], &base64[at..]).as_bytes());
        }
        ensure_refused(hex.replace("30", "0x30, ").as_bytes());
    }
}

#[test]
fn a_public_key_of_a_format_that_is_not_read_is_never_a_shared_secret() {
    let openssh = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCh+BYK4uPJtGXOjS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dClX5rD7io8ImtxLaYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfrb3SvaNnjuygxmj3AbONv/s4zQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD178pcF1A5L5ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9vSoKjlnAqH2QbgtPr8jkiGUkftoaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2Pyrz62EWQwuz3WTOTY8BwNNb2BvniHgVFbK5emh me@farm";
    let ed25519 =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea me@farm";
    let xml = "<RSAKeyValue><Modulus>ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>";
    for text in [openssh, ed25519, xml] {
        ensure_refused(format!("\"{text}\"").as_bytes());
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        ensure_refused(&wide);
        for cut in 1..=12 {
            ensure_refused(&text.as_bytes()[cut..]);
        }
    }
    for jwk in [RSA, P256, P384, ED25519] {
        let public = parse(jwk.as_bytes()).unwrap().public_jwk().unwrap();
        for cut in 1..=16 {
            ensure_refused(&public.as_str().as_bytes()[cut..]);
        }
    }
}

fn ensure_refused(bytes: &[u8]) {
    if let Ok(key) = parse(bytes) {
        let is_shared = matches!(key.material(), Material::Shared(_));
        assert!(
            !is_shared,
            "{} ({})",
            String::from_utf8_lossy(bytes),
            crate::hex::encode(bytes)
        );
    }
}

/// Secrets as people make them are taken, whatever they begin with.
#[test]
fn a_shared_secret_is_not_mistaken_for_a_key() {
    for secret in [
        "0123456789abcdef0123456789abcdef",
        "0a0b0c0d0e0f000102030405060708090a",
        "3081abcdef0123456789abcdef012345",
        "MIDNIGHT-secret-of-the-render-farm-of-old",
        "begin with a long word, end with another one",
        "-- a secret with dashes --",
        "a farm's \"secret\" with ssh-rsa and an 'x' in it",
        "0x0123456789abcdef0123456789abcdef",
    ] {
        let key = parse(secret.as_bytes()).unwrap_or_else(|error| panic!("{secret}: {error}"));
        assert!(matches!(key.material(), Material::Shared(_)), "{secret}");
    }
    // A fixed sequence stands for random secrets: none of 20,000 is refused.
    let mut state = 47_u64;
    for _ in 0..20_000 {
        let mut random = Vec::new();
        while random.len() < 32 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            random.extend(&state.to_be_bytes()[..4]);
        }
        for secret in [random.clone(), STANDARD.encode(&random).into_bytes()] {
            assert!(parse(&secret).is_ok(), "{random:?}");
        }
    }
}

#[test]
fn a_shared_secret_is_taken_byte_for_byte() {
    for secret in [
        &b"secret"[..],
        b" with space ",
        b"{not json",
        b"0123456789012345678901234567890123456789",
        b"c2VjcmV0",
        b"MIIB",
        b"30820122300d",
        b"\x00\xff\x30\x02",
        b"sk-proj-1234",
    ] {
        match parse(secret).unwrap().material() {
            Material::Shared(own) => assert_eq!(own.expose(), secret),
            _ => panic!("{secret:?}"),
        }
    }
    assert!(parse(b"").is_err());
}

#[test]
fn a_message_says_what_was_found() {
    let weak = |bytes| {
        let n = base64url::encode(&vec![0xff; bytes]);
        why(&format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#))
    };
    assert!(weak(128).contains("RSA key of 1024 bits"));
    assert!(weak(128).contains("2048 at least"));
    assert!(weak(1100).contains("8192 at most"));
    for (jwk, found) in [
        (r#"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#, "'P-521'"),
        (r#"{"kty":"EC","crv":"secp256k1"}"#, "'secp256k1'"),
        (
            r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
            "1 byte, not 32",
        ),
        (r#"{"kty":"EC","crv":"P-256"}"#, "without 'x'"),
        (r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, "'X25519'"),
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#,
            "1 byte, not 32",
        ),
        (r#"{"kty":"AKP"}"#, "'AKP'"),
        (r#"{"kty":1}"#, "'kty' is no string"),
        (r#"{"kty":"oct"}"#, "without 'k'"),
        (r#"{"kty":"oct","k":""}"#, "empty"),
        (r#"{"kty":"oct","k":"c2VjcmV0="}"#, "not base64url"),
        (r#"{"kty":"oct","k":"AA","k":"AA"}"#, "stands twice"),
        (r#"{"kty":"oct","k":"AA","alg":"RS256"}"#, "alg is RS256"),
        (r#"{"kty":"oct","k":"AA","alg":"A128KW"}"#, "'A128KW'"),
        (r#"{"kty":"oct","k":"AA","key_ops":"sign"}"#, "no array"),
        (r#"{"keys":{}}"#, "no array"),
        (r#"{"keys":[]}"#, "without a usable key"),
        (r#"{"a":1}"#, "without 'kty'"),
    ] {
        assert!(why(jwk).contains(found), "{jwk}: {}", why(jwk));
    }
    let many = vec![r#"{"kty":"oct","k":"AA"}"#; 1001].join(",");
    assert!(why(&format!("{{\"keys\":[{many}]}}")).contains("1001 keys"));
}

#[test]
fn a_message_never_repeats_a_secret() {
    for jwk in [
        r#"{"kty":"oct","k":"hunter2!"}"#,
        r#"{"kty":"oct","k":["hunter2"]}"#,
        r#"{"kty":"oct","k":hunter2}"#,
        r#"{"kty":"EC","crv":"P-256","d":"hunter2"}"#,
        r#"{"kty":"oct","k":"AA","key_ops":{"hunter2":1}}"#,
    ] {
        assert!(!why(jwk).contains("hunter2"), "{}", why(jwk));
    }
}

#[test]
fn halves_that_do_not_belong_together() {
    let other = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR8";
    let wrong = ED25519.replace("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", other);
    assert!(why(&wrong).contains("belong together"));
    let wrong = P256.replace("jpsQnnGQ", "jpsQnnGR");
    assert!(why(&wrong).contains("belong together"));
    let wrong = RSA.replace("4BzEEOtIpm", "4BzEEOtIpn");
    assert!(why(&wrong).contains("RSA private key, but"));
}

#[test]
fn a_jwk_says_what_it_is_for() {
    let with = |jwk: &str, more: &str| {
        parse(jwk.replacen('{', &format!("{{{more},"), 1).as_bytes()).unwrap()
    };
    let signs = |key: &Key, one| key.ensure_signs(one).is_ok();
    let verifies = |key: &Key, one| key.ensure_verifies(one).is_ok();
    let rs512 = with(RSA, r#""alg":"RS512""#);
    assert_eq!(rs512.algorithms(), [Algorithm::Rs512]);
    assert!(signs(&rs512, Algorithm::Rs512) && !signs(&rs512, Algorithm::Rs256));
    assert!(!verifies(&rs512, Algorithm::Ps512));
    for (more, may_sign, may_verify) in [
        (r#""use":"sig""#, true, true),
        (r#""use":"enc""#, false, false),
        (r#""key_ops":["sign"]"#, true, true),
        (r#""key_ops":["verify"]"#, false, true),
        (r#""key_ops":["encrypt"]"#, false, false),
        (r#""key_ops":[]"#, false, false),
        (r#""use":"enc","key_ops":["sign","verify"]"#, false, false),
    ] {
        let key = with(P256, more);
        assert_eq!(signs(&key, Algorithm::Es256), may_sign, "{more}");
        assert_eq!(verifies(&key, Algorithm::Es256), may_verify, "{more}");
    }
    // A shared secret and a public key must list 'verify' themselves.
    let shared = with(r#"{"kty":"oct","k":"AA"}"#, r#""key_ops":["sign"]"#);
    assert!(signs(&shared, Algorithm::Hs256) && !verifies(&shared, Algorithm::Hs256));
    let public = parse(P256.as_bytes()).unwrap().public_jwk().unwrap();
    let public = with(public.as_str(), r#""key_ops":["sign"]"#);
    assert!(!verifies(&public, Algorithm::Es256));
}

#[test]
fn one_key_of_a_set() {
    let set = |kids: &[&str]| {
        let keys: Vec<String> = kids
            .iter()
            .map(|kid| format!(r#"{{"kty":"oct","k":"AA","kid":"{kid}"}}"#))
            .collect();
        let text = format!("{{\"keys\":[{}]}}", keys.join(","));
        KeySet::parse(&Secret::new(text.into_bytes())).unwrap()
    };
    assert!(set(&["a"]).into_single(None).is_ok());
    assert!(set(&["a", "b"]).into_single(None).is_err());
    assert_eq!(
        set(&["a", "b"]).into_single(Some("b")).unwrap().kid(),
        Some("b")
    );
    assert!(set(&["a", "a"]).into_single(Some("a")).is_err());
    assert!(set(&["a"]).into_single(Some("b")).is_err());
}

#[test]
fn a_published_set_has_no_shared_secrets() {
    let text = format!(r#"{{"keys":[{{"kty":"oct","k":"AA"}},{P256}]}}"#);
    assert_eq!(KeySet::parse_json(text.as_bytes()).unwrap().keys().len(), 2);
    let set = KeySet::parse_published(text.as_bytes()).unwrap();
    assert_eq!(set.keys().len(), 1);
    assert!(!set.suits(Algorithm::Hs256));
    assert!(KeySet::parse_json(b"secret").is_err());
}

#[test]
fn no_truncation_makes_a_reader_panic() {
    for der in ders() {
        let pem = pem::write("PRIVATE KEY", &der);
        for end in 0..der.len() {
            assert!(asn1::any(&der[..end]).is_err());
        }
        for end in 0..pem.len() {
            let _ = parse(&pem.as_bytes()[..end]);
        }
    }
    for jwk in [RSA, P256, P384, ED25519] {
        for end in 0..jwk.len() {
            assert!(jwk::read(&jwk[..end]).is_err());
        }
    }
}

#[test]
fn no_changed_byte_makes_a_reader_panic() {
    for der in ders() {
        for at in 0..der.len() {
            let old = der[at];
            let mut changed = der.clone();
            for new in [
                0,
                0xff,
                old ^ 1,
                old ^ 0x80,
                old.wrapping_add(1),
                0x30,
                0x84,
            ] {
                changed[at] = new;
                let _ = asn1::any(&changed);
                let _ = asn1::pkcs8(&changed);
                let _ = asn1::certificate(&changed);
            }
        }
    }
    for jwk in [P256, ED25519, THUMBED] {
        for at in 0..jwk.len() {
            let mut changed = jwk.as_bytes().to_vec();
            for new in [0, 0xff, b'"', b'{', b'\\', b'A', changed[at] ^ 1] {
                changed[at] = new;
                let _ = parse(&changed);
            }
        }
    }
}
