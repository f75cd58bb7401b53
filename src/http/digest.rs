//! Digest authentication (RFC 7616): MD5 and SHA-256, with and without `-sess`, `auth` and
//! `auth-int`.

use std::fmt::Write;

use zeroize::Zeroizing;

use super::head::Head;
use crate::crypto;
use crate::hex;
use crate::secret::Secret;

/// A hash of a challenge, the better one last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    Md5,
    Sha256,
}

/// A Digest challenge of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    hash: Hash,
    is_session: bool,
    /// `None`: the server predates RFC 2617.
    quality: Option<Quality>,
    hashed_user: bool,
    /// The nonce expired: retry the same password with the new nonce.
    pub stale: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quality {
    Auth,
    AuthInt,
}

/// The request that is authenticated.
pub(super) struct Call<'a> {
    pub user: &'a str,
    pub password: &'a Secret,
    pub method: &'a str,
    /// The request target: path and query.
    pub target: &'a str,
    /// The hash of the body, for `auth-int`.
    pub body: &'a dyn Fn(Hash) -> std::io::Result<String>,
}

impl Challenge {
    /// The best supported challenge of a 401 response.
    pub(super) fn of(head: &Head) -> Option<Challenge> {
        head.headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
            .flat_map(challenges)
            .filter_map(|parameters| Challenge::read(&parameters))
            .max_by_key(|challenge| challenge.hash)
    }

    fn read(parameters: &[(String, String)]) -> Option<Challenge> {
        let get = |name: &str| {
            parameters
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        let algorithm = get("algorithm").unwrap_or("MD5").to_ascii_lowercase();
        let (hash, is_session) = match algorithm.as_str() {
            "md5" => (Hash::Md5, false),
            "md5-sess" => (Hash::Md5, true),
            "sha-256" => (Hash::Sha256, false),
            "sha-256-sess" => (Hash::Sha256, true),
            _ => return None,
        };
        let quality = match get("qop") {
            None => None,
            Some(offered) => {
                let offers = |name| {
                    offered
                        .split(',')
                        .any(|one: &str| one.trim().eq_ignore_ascii_case(name))
                };
                match (offers("auth"), offers("auth-int")) {
                    (true, _) => Some(Quality::Auth),
                    (false, true) => Some(Quality::AuthInt),
                    (false, false) => return None,
                }
            }
        };
        let is_true = |name| get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Some(Challenge {
            realm: get("realm")?.to_owned(),
            nonce: get("nonce")?.to_owned(),
            opaque: get("opaque").map(str::to_owned),
            hash,
            is_session,
            quality,
            hashed_user: is_true("userhash"),
            stale: is_true("stale"),
        })
    }

    /// The value of Authorization for this challenge.
    ///
    /// # Errors
    /// When the system has no random numbers, or the body cannot be read.
    pub(super) fn answer(&self, call: &Call) -> std::io::Result<Secret> {
        let nonce = crypto::random(16)?;
        self.answer_with(call, &hex::encode(&nonce))
    }

    fn answer_with(&self, call: &Call, cnonce: &str) -> std::io::Result<Secret> {
        let hash = |parts: &[&[u8]]| -> Zeroizing<String> {
            let joined = Zeroizing::new(parts.join(&b':'));
            Zeroizing::new(self.hash.of(&joined))
        };
        let realm = self.realm.as_bytes();
        let mut secret = hash(&[call.user.as_bytes(), realm, call.password.expose()]);
        if self.is_session {
            secret = hash(&[secret.as_bytes(), self.nonce.as_bytes(), cnonce.as_bytes()]);
        }
        let body = match self.quality {
            Some(Quality::AuthInt) => Some((call.body)(self.hash)?),
            _ => None,
        };
        let action = match &body {
            Some(body) => hash(&[
                call.method.as_bytes(),
                call.target.as_bytes(),
                body.as_bytes(),
            ]),
            None => hash(&[call.method.as_bytes(), call.target.as_bytes()]),
        };
        let quality = self.quality.map(Quality::name);
        let response = match quality {
            Some(quality) => hash(&[
                secret.as_bytes(),
                self.nonce.as_bytes(),
                b"00000001",
                cnonce.as_bytes(),
                quality.as_bytes(),
                action.as_bytes(),
            ]),
            None => hash(&[secret.as_bytes(), self.nonce.as_bytes(), action.as_bytes()]),
        };
        let user = match self.hashed_user {
            true => hash(&[call.user.as_bytes(), realm]).to_string(),
            false => call.user.to_owned(),
        };
        Ok(Secret::new(
            self.header(&user, call.target, &response, cnonce)
                .into_bytes(),
        ))
    }

    fn header(&self, user: &str, target: &str, response: &str, cnonce: &str) -> String {
        let mut header = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", algorithm={}{}, response=\"{response}\"",
            quoted(user),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(target),
            self.hash.name(),
            if self.is_session { "-sess" } else { "" },
        );
        if let Some(quality) = self.quality {
            let _ = write!(
                header,
                ", qop={}, nc=00000001, cnonce=\"{cnonce}\"",
                quality.name()
            );
        }
        if let Some(opaque) = &self.opaque {
            let _ = write!(header, ", opaque=\"{}\"", quoted(opaque));
        }
        if self.hashed_user {
            header.push_str(", userhash=true");
        }
        header
    }
}

impl Quality {
    fn name(self) -> &'static str {
        match self {
            Quality::Auth => "auth",
            Quality::AuthInt => "auth-int",
        }
    }
}

impl Hash {
    fn name(self) -> &'static str {
        match self {
            Hash::Md5 => "MD5",
            Hash::Sha256 => "SHA-256",
        }
    }

    /// The hash of `data`, in hexadecimal.
    pub(super) fn of(self, data: &[u8]) -> String {
        match self {
            Hash::Md5 => hex::encode(md5::compute(data).as_slice()),
            Hash::Sha256 => hex::encode(&crypto::sha256(data)),
        }
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Splits a WWW-Authenticate value into the parameters of each Digest challenge (RFC 9110 §11.6.1).
/// Commas separate both challenges and parameters.
fn challenges(value: &str) -> Vec<Vec<(String, String)>> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        if word.is_empty() {
            break;
        }
        let after = tail.trim_start_matches([' ', '\t']);
        match after.strip_prefix('=') {
            Some(value) => {
                let (value, tail) = parameter_value(value.trim_start_matches([' ', '\t']));
                if let Some((_, parameters)) = found.last_mut() {
                    parameters.push((word.to_ascii_lowercase(), value));
                }
                rest = tail;
            }
            None => {
                found.push((word.to_ascii_lowercase(), Vec::new()));
                rest = after;
            }
        }
    }
    found
        .into_iter()
        .filter(|(scheme, _)| scheme == "digest")
        .map(|(_, parameters)| parameters)
        .collect()
}

/// Reads a token or a quoted string; returns it and the rest. Always consumes input, so that
/// parsing ends.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, tail) = text.split_at(end);
        return (value.to_owned(), tail);
    };
    let mut value = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '"' => return (value, inner.get(at + 1..).unwrap_or("")),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    const OPAQUE: &str = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";

    fn head(values: &[&str]) -> Head {
        let headers = values
            .iter()
            .map(|value| ("WWW-Authenticate".to_owned(), value.as_bytes().to_vec()))
            .collect();
        Head {
            minor_version: 1,
            status: 401,
            reason: String::new(),
            headers,
        }
    }

    fn answer(challenge: &Challenge, cnonce: &str) -> String {
        let call = Call {
            user: "Mufasa",
            password: &Secret::new(b"Circle of Life".to_vec()),
            method: "GET",
            target: "/dir/index.html",
            body: &|hash| Ok(hash.of(b"")),
        };
        String::from_utf8(
            challenge
                .answer_with(&call, cnonce)
                .unwrap()
                .expose()
                .to_vec(),
        )
        .unwrap()
    }

    /// RFC 7616 §3.9.1.
    #[test]
    fn digest_matches_the_example_of_rfc_7616() {
        let both = head(&[
            &format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, nonce=\"{NONCE}\", opaque=\"{OPAQUE}\""
            ),
            &format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, nonce=\"{NONCE}\", opaque=\"{OPAQUE}\""
            ),
        ]);
        let best = Challenge::of(&both).unwrap();
        assert_eq!(best.hash, Hash::Sha256);
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let sha = answer(&best, cnonce);
        assert!(
            sha.contains(
                "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""
            ),
            "{sha}"
        );
        let md5 = answer(
            &Challenge {
                hash: Hash::Md5,
                ..best
            },
            cnonce,
        );
        assert!(
            md5.contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""),
            "{md5}"
        );
    }

    /// The example of RFC 2069, as corrected by its errata.
    #[test]
    fn digest_works_without_qop() {
        let old = head(&[
            "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
        ]);
        let challenge = Challenge::of(&old).unwrap();
        let call = Call {
            user: "Mufasa",
            password: &Secret::new(b"CircleOfLife".to_vec()),
            method: "GET",
            target: "/dir/index.html",
            body: &|hash| Ok(hash.of(b"")),
        };
        let header = challenge.answer_with(&call, "").unwrap();
        let header = String::from_utf8(header.expose().to_vec()).unwrap();
        assert!(
            header.contains("response=\"1949323746fe6a43ef61f9606e7febea\""),
            "{header}"
        );
        assert!(!header.contains("qop"), "{header}");
    }

    #[test]
    fn digest_challenge_is_found_among_others() {
        let many = head(&[
            "Basic realm=\"a, b\", Digest realm=\"x \\\"y\\\"\", nonce=n, qop=auth-int, stale=TRUE,userhash=true, Bearer",
        ]);
        let challenge = Challenge::of(&many).unwrap();
        assert_eq!(
            (challenge.realm.as_str(), challenge.quality),
            ("x \"y\"", Some(Quality::AuthInt))
        );
        assert!(challenge.stale && challenge.hashed_user);
    }

    #[test]
    fn unsupported_challenges_are_ignored() {
        for value in [
            "",
            "Digest",
            "Basic realm=x",
            "Digest realm=\"x\"",
            "Digest realm=\"x",
            "Digest realm=x, nonce=y, algorithm=SHA-512-256",
            "Digest realm=x, nonce=y, qop=other",
            "=",
            ",,,",
            "Digest =",
            "\"",
            "Digest realm=\"\\",
        ] {
            assert_eq!(Challenge::of(&head(&[value])), None, "{value}");
        }
    }
}
