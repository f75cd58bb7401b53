//! HMAC signatures of requests, as webhooks have them: what is signed, and where the signature is. The
//! same rules sign calls and verify received requests.

mod template;

pub(crate) use template::{Mark, Marks, Part, Piece, Signed, Written};

use crate::crypto::hmac::Hash;
use crate::http::credential::ensure_header_name;

/// How requests are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub hash: Hash,
    pub signed: Signed,
    /// The header with the signature.
    pub header: String,
    /// How the signature is written. A signature is verified if it is written in one of these ways.
    pub written: Vec<Written>,
    /// The header with the time, in seconds since 1970.
    pub timestamp_header: Option<String>,
    pub nonce_header: Option<String>,
}

/// The hashes and their names.
const HASHES: [(&str, Hash); 4] = [
    ("sha256", Hash::Sha256),
    ("sha1", Hash::Sha1),
    ("sha384", Hash::Sha384),
    ("sha512", Hash::Sha512),
];

/// The rule of a service, as texts.
struct Known {
    name: &'static str,
    hash: Hash,
    signed: &'static str,
    header: &'static str,
    written: &'static str,
    timestamp_header: Option<&'static str>,
}

const SERVICES: [Known; 4] = [
    Known {
        name: "github",
        hash: Hash::Sha256,
        signed: "{body}",
        header: "X-Hub-Signature-256",
        written: "sha256={hex}",
        timestamp_header: None,
    },
    Known {
        name: "github-sha1",
        hash: Hash::Sha1,
        signed: "{body}",
        header: "X-Hub-Signature",
        written: "sha1={hex}",
        timestamp_header: None,
    },
    Known {
        name: "shotgrid",
        hash: Hash::Sha1,
        signed: "{body}",
        header: "X-SG-SIGNATURE",
        written: "sha1={hex}",
        timestamp_header: None,
    },
    Known {
        name: "slack",
        hash: Hash::Sha256,
        signed: "v0:{timestamp}:{body}",
        header: "X-Slack-Signature",
        written: "v0={hex}",
        timestamp_header: Some("X-Slack-Request-Timestamp"),
    },
];

/// The names of all hashes and services.
pub(crate) fn names() -> Vec<&'static str> {
    let hashes = HASHES.iter().map(|(name, _)| *name);
    hashes
        .chain(SERVICES.iter().map(|known| known.name))
        .collect()
}

/// The names of the services.
pub(crate) fn services() -> Vec<&'static str> {
    SERVICES.iter().map(|known| known.name).collect()
}

impl Hash {
    /// Reads the name of a hash.
    ///
    /// # Errors
    /// Lists the names.
    pub(crate) fn parse(name: &str) -> Result<Hash, String> {
        let found = HASHES.iter().find(|(known, _)| *known == name);
        found.map(|(_, hash)| *hash).ok_or_else(|| {
            let names = HASHES.map(|(name, _)| name);
            format!("unknown hash; use one of {}", names.join(", "))
        })
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Hash::Sha1 => "sha1",
            Hash::Sha256 => "sha256",
            Hash::Sha384 => "sha384",
            Hash::Sha512 => "sha512",
        }
    }
}

impl Rule {
    /// The rule of a service, or that of a hash: the body is signed, as by GitHub with SHA-256, and by
    /// WebSub publishers with the others.
    ///
    /// # Errors
    /// Lists the names.
    pub(crate) fn named(name: &str) -> Result<Rule, String> {
        if let Some(known) = SERVICES.iter().find(|known| known.name == name) {
            return Ok(Rule {
                hash: known.hash,
                signed: Signed::parse(known.signed)?,
                header: known.header.to_owned(),
                written: vec![Written::parse(known.written)?],
                timestamp_header: known.timestamp_header.map(str::to_owned),
                nonce_header: None,
            });
        }
        let hash = Hash::parse(name)
            .map_err(|_| format!("unknown algorithm; use one of {}", names().join(", ")))?;
        let header = match hash {
            Hash::Sha256 => "X-Hub-Signature-256",
            Hash::Sha1 | Hash::Sha384 | Hash::Sha512 => "X-Hub-Signature",
        };
        Ok(Rule {
            hash,
            signed: Signed::parse("{body}")?,
            header: header.to_owned(),
            written: vec![Written::parse(&format!("{}={{hex}}", hash.name()))?],
            timestamp_header: None,
            nonce_header: None,
        })
    }

    /// The rule for a signature of the body in a header, in any of the usual forms.
    ///
    /// # Errors
    /// If the name of the header is invalid.
    pub(crate) fn in_header(hash: Hash, header: &str) -> Result<Rule, String> {
        ensure_header_name(header)?;
        let prefixed = format!("{}={{hex}}", hash.name());
        let forms = [prefixed.as_str(), "{hex}", "{base64}"];
        Ok(Rule {
            hash,
            signed: Signed::parse("{body}")?,
            header: header.to_owned(),
            written: forms
                .iter()
                .map(|form| Written::parse(form))
                .collect::<Result<_, _>>()?,
            timestamp_header: None,
            nonce_header: None,
        })
    }

    /// Checks that the receiver gets every value that is signed.
    ///
    /// # Errors
    /// Names the value.
    pub(crate) fn ensure_complete(&self) -> Result<(), String> {
        for (name, part, mark, header) in [
            (
                "timestamp",
                Part::Timestamp,
                Mark::Timestamp,
                &self.timestamp_header,
            ),
            ("nonce", Part::Nonce, Mark::Nonce, &self.nonce_header),
        ] {
            let is_sent = header.is_some() || self.written.iter().all(|form| form.has(&mark));
            if self.signed.has(&part) && !is_sent {
                return Err(format!("{{{name}}} is signed, but no header has it"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_named_rules_are_complete() {
        for name in names() {
            let rule = Rule::named(name).unwrap();
            assert_eq!(rule.ensure_complete(), Ok(()), "{name}");
        }
        for (name, hash) in HASHES {
            assert_eq!((hash.name(), Hash::parse(name)), (name, Ok(hash)));
        }
        assert!(Rule::named("md5").unwrap_err().contains("slack"));
        let mut rule = Rule::named("sha256").unwrap();
        rule.signed = Signed::parse("{timestamp}{body}").unwrap();
        assert!(rule.ensure_complete().is_err());
        rule.written = vec![Written::parse("t={timestamp},v1={hex}").unwrap()];
        assert_eq!(rule.ensure_complete(), Ok(()));
    }
}
