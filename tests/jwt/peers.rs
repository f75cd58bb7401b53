//! Keys and tokens exchanged with PyJWT, cryptography and openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{file, jwt, sign, verify};
use crate::support::{Scratch, peers};

/// Runs peer.py and returns its output.
#[track_caller]
pub fn peer(python: &Path, what: &str, directory: &Path) -> String {
    let output = Command::new(python)
        .arg(crate::support::source("tests/jwt/peer.py"))
        .arg(what)
        .arg(directory)
        .output()
        .expect("python runs");
    assert!(
        output.status.success(),
        "peer.py {what}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The files whose names start with `start`.
pub fn named(directory: &Path, start: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| name(path).starts_with(start))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no {start}*");
    files
}

pub fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

const FAMILIES: [(&str, &[&str]); 5] = [
    ("hmac", &["HS256", "HS384", "HS512"]),
    (
        "rsa",
        &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    ),
    ("p256", &["ES256"]),
    ("p384", &["ES384"]),
    ("ed25519", &["EdDSA"]),
];

#[test]
fn pyjwt_and_c47_verify_each_other_with_every_key_format() {
    let Some(python) = peers::python(&["jwt", "cryptography"]) else {
        return;
    };
    let scratch = Scratch::new("peers");
    let directory = scratch.path();
    peer(&python, "make", directory);
    let mut signed = 0;
    for (family, algorithms) in FAMILIES {
        let mut keys = named(directory, &format!("{family}.private."));
        for (private, alg) in keys
            .iter()
            .flat_map(|key| algorithms.iter().map(move |alg| (key, alg)))
        {
            let more = ["--ttl=10m", "--nbf=0s", "--jti", "--kid=k"];
            let audience = ["--claim", "aud:=[\"a\",\"b\"]"];
            let token = sign(alg, private, &[&more[..], &audience[..]].concat());
            scratch.write(&format!("signed/{alg}.{family}.{}", name(private)), &token);
            signed += 1;
        }
        if family != "hmac" {
            keys.extend(named(directory, &format!("{family}.public.")));
        }
        for alg in algorithms {
            let token = directory.join(format!("{family}.{alg}.token"));
            let token = fs::read_to_string(token).unwrap();
            for key in &keys {
                // A key in a set is selected by its kid, which the JWKs of PyJWT do not have.
                if name(key).ends_with(".jwks") {
                    let output = verify(&token, key, &[]).expect_code(1);
                    assert!(
                        output
                            .stdout_text()
                            .contains("the key 'peer' is not in the set")
                    );
                    continue;
                }
                let output = verify(&token, key, &["--aud=b", "--require=exp,sub"]);
                assert_eq!(output.expect_code(0).stdout_text(), "valid\n");
            }
        }
        for (other, algorithms) in FAMILIES {
            if other != family {
                let output = verify(
                    &fs::read_to_string(directory.join(format!("{other}.{}.token", algorithms[0])))
                        .unwrap(),
                    &keys[0],
                    &[],
                );
                let output = output.expect_code(1);
                assert!(output.stdout_text().contains("is not allowed for this key"));
            }
        }
    }
    make_keys(&scratch);
    let verdict = peer(&python, "judge", directory);
    assert!(verdict.contains(&format!("{signed} verified")), "{verdict}");
    assert!(verdict.contains("4 in the set"), "{verdict}");
    assert_eq!(verdict.matches("read ").count(), 9, "{verdict}");
    assert_eq!(verdict.matches("verified ").count(), 3, "{verdict}");
}

/// c47 and PyJWT accept the same combinations of audiences, except that PyJWT treats an empty `aud`
/// as missing.
#[test]
fn pyjwt_rejects_the_same_audiences() {
    let Some(python) = peers::python(&["jwt"]) else {
        return;
    };
    const KEY: &str = "0123456789abcdef0123456789abcdef";
    const CLAIMS: [&str; 8] = [
        "x=1",
        "aud=a",
        "aud=b",
        "aud:=[\"a\",\"b\"]",
        "aud:=[\"b\"]",
        "aud:=[]",
        "aud=",
        "aud:=7",
    ];
    const REQUIRED: [&[&str]; 4] = [&[], &["--aud=a"], &["--aud=a", "--aud=c"], &["--any-aud"]];
    let scratch = Scratch::new("audiences");
    let key = scratch.write("key", KEY);
    let script = format!(
        "import sys, jwt
token, *options = sys.argv[1:]
wanted = [option[6:] for option in options if option.startswith('--aud=')]
check = {{'verify_aud': '--any-aud' not in options}}
try:
    jwt.decode(token, '{KEY}', algorithms=['HS256'], audience=wanted or None, options=check)
    print('valid')
except jwt.PyJWTError as error:
    print(type(error).__name__)"
    );
    for claim in CLAIMS {
        let token = sign("HS256", &key, &["--ttl=10m", &format!("--claim={claim}")]);
        for required in REQUIRED {
            let theirs = Command::new(&python)
                .args(["-c", &script, &token])
                .args(required)
                .output()
                .expect("python runs");
            let theirs = String::from_utf8(theirs.stdout).unwrap();
            let ours = verify(&token, &key, required).code;
            let is_empty_audience = matches!(claim, "aud:=[]" | "aud=") && required.is_empty();
            let expected = i32::from(theirs != "valid\n" || is_empty_audience);
            assert_eq!(ours, expected, "{claim} {required:?}: {theirs}");
            if claim == "aud=b" && required.is_empty() {
                assert_eq!(theirs, "InvalidAudienceError\n");
            }
        }
    }
}

/// Writes keys from `jwt keygen` and a set from `jwt jwks` to `made`.
fn make_keys(scratch: &Scratch) {
    let made = scratch.path().join("made");
    fs::create_dir(&made).unwrap();
    for alg in ["ES256", "ES384", "EdDSA"] {
        for format in ["pem", "jwk"] {
            let path = made.join(format!("{alg}.{format}"));
            let to = path.to_str().unwrap();
            jwt(["keygen", "--alg", alg, "--format", format, "-o", to])
                .run()
                .expect_code(0);
        }
        let token = sign(alg, &made.join(format!("{alg}.jwk")), &["--no-exp"]);
        scratch.write(&format!("made/{alg}.set.token"), token);
    }
    for alg in ["HS256", "HS384", "HS512"] {
        let path = made.join(format!("{alg}.jwk"));
        let to = path.to_str().unwrap();
        jwt(["keygen", "--alg", alg, "--format=jwk", "-o", to])
            .run()
            .expect_code(0);
    }
    let set = jwt(["jwks"])
        .args(["ES256.jwk", "ES384.jwk.pub", "EdDSA.jwk", "ES256.jwk.pub"])
        .arg("../rsa.public.crt.pem")
        .current_dir(&made)
        .run()
        .expect_code(0);
    assert!(!set.stdout_text().contains("\"d\""));
    scratch.write("made/set.jwks", &set.stdout);
    // c47 also verifies with the set.
    for alg in ["ES256", "ES384", "EdDSA"] {
        jwt(["verify", "--jwks", "set.jwks", "--token"])
            .arg(format!("file:{alg}.set.token"))
            .current_dir(&made)
            .run()
            .expect_code(0);
    }
}

#[test]
fn encrypted_keys_need_their_password() {
    let Some(python) = peers::python(&["jwt", "cryptography"]) else {
        return;
    };
    let scratch = Scratch::new("locked");
    peer(&python, "make", scratch.path());
    for family in ["rsa", "p256", "ed25519"] {
        for key in named(scratch.path(), &format!("{family}.locked.")) {
            let sign = |more: &[&str]| {
                jwt(["sign", "--no-exp", "--key", &file(&key)])
                    .args(more)
                    .env("P", "passphrase")
                    .run()
            };
            let output = sign(&["--alg=HS256"]).expect_code(7);
            assert!(output.stderr_text().contains("with a password"), "{key:?}");
            let algorithm = match family {
                "rsa" => "--alg=RS256",
                "p256" => "--alg=ES256",
                _ => "--alg=EdDSA",
            };
            let output = sign(&[algorithm, "--key-password=env:P"]);
            match key.display().to_string().contains("pkcs8") {
                true => drop(output.expect_code(0)),
                false => assert!(output.expect_code(7).stderr_text().contains("old format")),
            }
        }
    }
}

/// Runs a shell command in a directory.
#[track_caller]
fn shell(directory: &Path, line: &str) {
    let done = Command::new("sh")
        .args(["-e", "-c", line])
        .current_dir(directory)
        .output()
        .expect("sh runs");
    assert!(
        done.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn openssl_reads_keys_from_keygen() {
    if peers::tool("openssl").is_none() {
        return;
    }
    let scratch = Scratch::new("openssl");
    for alg in ["ES256", "ES384", "EdDSA"] {
        jwt(["keygen", "--alg", alg, "-o", "key.pem", "--overwrite"])
            .current_dir(scratch.path())
            .run()
            .expect_code(0);
        shell(
            scratch.path(),
            "openssl pkey -in key.pem -noout && openssl pkey -in key.pem -pubout | cmp - key.pem.pub",
        );
        // Version 1, which OpenSSL before 3 can read.
        shell(
            scratch.path(),
            "openssl asn1parse -in key.pem | sed -n 2p | grep -q ':00$'",
        );
    }
}

#[test]
fn openssl_keys_are_read_and_unsupported_ones_named() {
    if peers::tool("openssl").is_none() {
        return;
    }
    let scratch = Scratch::new("openssl");
    let here = scratch.path();
    for (make, alg) in [
        (
            "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            "PS512",
        ),
        (
            "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072",
            "RS256",
        ),
        (
            "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096",
            "RS512",
        ),
        ("openssl ecparam -name prime256v1 -genkey", "ES256"),
        (
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384",
            "ES384",
        ),
        ("openssl genpkey -algorithm ed25519", "EdDSA"),
    ] {
        shell(
            here,
            &format!("{make} > key.pem; openssl pkey -in key.pem -pubout > pub.pem"),
        );
        let token = sign(alg, &here.join("key.pem"), &["--no-exp"]);
        verify(&token, &here.join("pub.pem"), &[]).expect_code(0);
    }
    for (make, found) in [
        ("openssl genrsa 1024", "RSA key of 1024 bits"),
        (
            "openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
            "RSA-PSS",
        ),
        ("openssl ecparam -name secp521r1 -genkey -noout", "P-521"),
        (
            "openssl ecparam -name secp256k1 -genkey -noout",
            "secp256k1",
        ),
        (
            "openssl ecparam -name prime256v1 -genkey -noout -param_enc explicit",
            "explicit curve parameters",
        ),
        ("openssl ecparam -name prime256v1", "EC PARAMETERS"),
        ("openssl genpkey -algorithm x25519", "X25519"),
        ("openssl genpkey -algorithm ed448", "Ed448"),
        ("openssl dsaparam -genkey -noout 2048", "DSA"),
        ("openssl dsaparam -genkey -noout -outform DER 2048", "DSA"),
        (
            "openssl req -new -newkey ed25519 -nodes -keyout - -subj /CN=x | sed -n '/REQUEST/,$p'",
            "CERTIFICATE REQUEST",
        ),
        (
            "openssl req -x509 -newkey ed25519 -nodes -keyout k -subj /CN=x -out c; openssl pkcs12 -export -inkey k -in c -passout pass:",
            "PKCS#12",
        ),
        ("openssl genpkey -algorithm ed25519 > a; cat a a", "2 keys"),
    ] {
        shell(here, &format!("{{ {make}; }} > key 2> log"));
        let output = jwt(["sign", "--alg=RS256", "--no-exp", "--key=file:key"])
            .current_dir(here)
            .run()
            .expect_code(7);
        assert!(
            output.stderr_text().contains(found),
            "{make}: {}",
            output.stderr_text()
        );
    }
}

/// The hints are commands that fix the key.
#[test]
fn hints_fix_the_key() {
    if peers::tool("openssl").is_none() {
        return;
    }
    let scratch = Scratch::new("hints");
    let here = scratch.path();
    for (spoil, found, fix) in [
        (
            "openssl ec -in good.pem -no_public -out key.pem",
            "without the public key",
            "openssl ec -in key.pem -out fixed.pem",
        ),
        (
            "openssl pkey -in good.pem -out good8.pem; openssl ec -in good8.pem -no_public | openssl pkcs8 -topk8 -nocrypt -out key.pem",
            "without the public key",
            "openssl ec -in key.pem -out fixed.pem",
        ),
        (
            "openssl ec -in good.pem -conv_form compressed -out key.pem",
            "compressed point",
            "openssl ec -in key.pem -conv_form uncompressed -out fixed.pem",
        ),
        (
            "openssl ec -in good.pem -param_enc explicit -out key.pem",
            "explicit curve parameters",
            "openssl ec -in key.pem -param_enc named_curve -out fixed.pem",
        ),
        (
            "openssl ec -aes256 -in good.pem -passout pass:x -out key.pem",
            "old format",
            "openssl pkey -in key.pem -passin pass:x -out fixed.pem",
        ),
    ] {
        shell(
            here,
            "openssl ecparam -name prime256v1 -genkey -noout -out good.pem",
        );
        shell(here, spoil);
        let refused = jwt(["sign", "--alg=ES256", "--no-exp", "--key=file:key.pem"])
            .current_dir(here)
            .run()
            .expect_code(7);
        let text = refused.stderr_text();
        assert!(text.contains(found), "{spoil}: {text}");
        assert!(text.contains("\nhint: openssl "), "{spoil}: {text}");
        shell(here, fix);
        sign("ES256", &here.join("fixed.pem"), &["--no-exp"]);
    }
}

#[test]
fn openssh_keys_are_named_and_convertible() {
    if peers::tool("ssh-keygen").is_none() {
        return;
    }
    let scratch = Scratch::new("openssh");
    let here = scratch.path();
    shell(here, "ssh-keygen -q -t ecdsa -b 256 -N '' -f key");
    for file in ["file:key", "file:key.pub"] {
        let output = jwt(["sign", "--alg=HS256", "--no-exp", "--key", file])
            .current_dir(here)
            .run()
            .expect_code(7);
        assert!(output.stderr_text().contains("OpenSSH"), "{file}");
    }
    shell(
        here,
        "cp key copy; ssh-keygen -q -p -m PKCS8 -N '' -f copy; ssh-keygen -e -m PKCS8 -f key.pub > pub.pem",
    );
    let token = sign("ES256", &here.join("copy"), &["--no-exp"]);
    verify(&token, &here.join("pub.pem"), &[]).expect_code(0);
}
