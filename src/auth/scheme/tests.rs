use super::*;
use crate::auth::preview::{Origin, Preview};
use crate::auth::service::Service;

fn service(name: &str) -> Service {
    Service {
        name: name.into(),
        ..Service::at(Url::parse("https://a.lan").unwrap(), None)
    }
}

#[test]
fn names_are_unique_and_start_their_forms() {
    for (at, definition) in ALL.iter().enumerate() {
        assert!(!NAMES[..at].contains(&definition.name));
        for form in definition.option.iter().flat_map(|option| option.syntax) {
            assert_eq!(form.split('=').next(), Some(definition.name));
        }
    }
}

#[test]
fn key_has_the_same_kind_in_every_scheme() {
    for (name, kind) in keys() {
        for (other, other_kind) in keys().filter(|(other, _)| other == name) {
            assert_eq!(kind, other_kind, "{other}");
        }
    }
}

#[test]
fn option_forms_are_parsed() {
    for (text, sends) in [
        ("bearer=env:T", true),
        ("basic=me:file:/p", true),
        ("digest=me:file:/p", true),
        ("header=X-Api-Key:prompt", false),
        ("query=tsid:env:T", false),
        ("jwt=HS256:env:K", true),
        ("hmac=sha256:env:K", false),
        ("helper=klist -s", true),
        ("netrc", true),
        ("netrc=basic", true),
        ("netrc=bearer", true),
    ] {
        let scheme = from_option(text, SchemeOptions::default()).unwrap();
        let preview = scheme.preview(&service(""));
        assert_eq!(preview.is_authorization(), sends, "{text}");
        assert_ne!(preview, Preview::None, "{text}");
    }
}

#[test]
fn schemes_that_need_a_profile_are_rejected_as_options() {
    for definition in ALL {
        if definition.option.is_none() {
            assert!(from_option(definition.name, SchemeOptions::default()).is_err());
            assert!(
                from_option(
                    &format!("{}=env:A", definition.name),
                    SchemeOptions::default()
                )
                .is_err()
            );
        }
    }
}

#[test]
fn secret_given_by_mistake_is_not_repeated() {
    for wrong in [
        "hunter2",
        "bearer=hunter2",
        "bearer",
        "basic=me:hunter2",
        "basic=hunter2",
        "header=X:hunter2",
        "query=q:hunter2",
        "jwt=HS256:hunter2",
        "hmac=sha256:hunter2",
        "hmac=hunter2",
        "hmac=hunter2:env:A",
        "header=X Y:env:A",
        "basic=:env:A",
        "digest=me:hunter2",
        "ntlm=me:hunter2",
        "netrc=hunter2",
    ] {
        let why = from_option(wrong, SchemeOptions::default()).unwrap_err();
        assert!(!why.contains("hunter2"), "{why}");
    }
}

#[test]
fn signing_options_require_a_signing_scheme() {
    let options = || SchemeOptions {
        mint: Some(MintOptions {
            first_given: "--kid",
            kid: Some("k".into()),
            ..MintOptions::default()
        }),
        hmac: None,
    };
    assert!(from_option("jwt=HS256:env:K", options()).is_ok());
    let why = from_option("bearer=env:K", options()).unwrap_err();
    assert_eq!(why, "--kid requires --auth jwt=ALG:SOURCE");
    let hmac = || SchemeOptions {
        hmac: Some(HmacOptions {
            first_given: "--hmac-sign",
            signed: Some("{body}".into()),
            ..HmacOptions::default()
        }),
        mint: None,
    };
    assert!(from_option("hmac=sha256:env:K", hmac()).is_ok());
    let why = from_option("bearer=env:K", hmac()).unwrap_err();
    assert_eq!(why, "--hmac-sign requires --auth hmac=HASH:SOURCE");
}

#[test]
fn signed_token_is_previewed_as_sign_command() {
    let options = MintOptions {
        claims: vec![crate::jwt::claim::Claim::parse("n:=1").unwrap()],
        ..MintOptions::default()
    };
    let options = SchemeOptions {
        mint: Some(options),
        hmac: None,
    };
    let scheme = from_option("jwt=HS256:file:/k", options).unwrap();
    let printed = |preview: Preview| match preview {
        Preview::Token {
            token: Origin::Printed(words),
            ..
        } => words.join(" "),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        printed(scheme.preview(&service(""))),
        "c47 jwt sign --alg HS256 --key file:/k --ttl 300s --claim n:=1"
    );
    assert_eq!(
        printed(scheme.preview(&service("cue"))),
        "c47 auth token cue"
    );
}

#[test]
fn manual_lists_every_auth_form() {
    let manual = std::fs::read_to_string("src/cli/http/manual.md").unwrap();
    let (_, table) = manual.split_once("| `--auth` | sends |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    for form in option_forms() {
        assert!(
            table.contains(&format!("`{form}`")),
            "the manual does not mention {form}"
        );
    }
}
