//! HMAC signatures of requests, as webhooks have them. A signature with a time is accepted once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::request::{Refusal, RequestHeader, split_target};
use crate::crypto::digest::Sha256;
use crate::crypto::hmac::Mac;
use crate::hmac::{Marks, Part, Piece, Rule};
use crate::quantity::format_duration;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The most signatures that are remembered: about 5 MiB. When there are more within the tolerance, new
/// requests are refused, because forgetting one would let it be replayed.
const MOST_SEEN: usize = 50_000;

/// A rule, its name in `--verify`, and its secret.
pub(crate) struct Verifier {
    pub name: String,
    pub rule: Rule,
    pub key: Secret,
}

/// The signatures that a request needs: one of the verifiers must accept it.
pub struct Signatures {
    verifiers: Vec<Verifier>,
    /// How much the time of a request may differ from that of this machine.
    tolerance: Duration,
    /// Signatures that were accepted, and when they expire.
    seen: Mutex<BTreeMap<Vec<u8>, Timestamp>>,
}

/// A request with a valid signature.
pub(super) struct Verified<'a> {
    /// The name of the rule.
    pub rule: &'a str,
    pub receipt: Option<Receipt>,
}

/// A signature that is not accepted again.
pub(super) struct Receipt(Vec<u8>);

impl Signatures {
    pub(crate) fn new(verifiers: Vec<Verifier>, tolerance: Duration) -> Signatures {
        Signatures {
            verifiers,
            tolerance,
            seen: Mutex::default(),
        }
    }

    /// Checks the signature of a request.
    ///
    /// # Errors
    /// Why it is refused, as a message for its sender: with 401, or 503 if no more signatures can be
    /// remembered.
    pub(super) fn check(
        &self,
        header: &RequestHeader,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Verified<'_>, Refusal> {
        let mut refusal = None;
        for verifier in &self.verifiers {
            match self.verify(verifier, header, body, now) {
                Ok(accepted) => {
                    let receipt = accepted.map(|once| self.accept(once, now)).transpose()?;
                    return Ok(Verified {
                        rule: &verifier.name,
                        receipt,
                    });
                }
                // With several verifiers, the one whose header the request has explains most.
                Err(why) if header.values(&verifier.rule.header).is_empty() => {
                    refusal.get_or_insert(why);
                }
                Err(why) => refusal = Some(why),
            }
        }
        let why = refusal.unwrap_or_else(|| "no signature".to_owned());
        Err(Refusal::new(401, why))
    }

    /// Makes a request acceptable again that was not processed.
    pub(super) fn forget(&self, receipt: &Receipt) {
        self.seen().remove(&receipt.0);
    }

    /// Checks one signature. Returns it with its expiry, if it has a time.
    fn verify(
        &self,
        verifier: &Verifier,
        header: &RequestHeader,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<Once>, String> {
        let rule = &verifier.rule;
        let value = single(header, &rule.header)?;
        let mut is_readable = false;
        for form in &rule.written {
            let Some(marks) = form.read(value) else {
                continue;
            };
            is_readable = true;
            let time = self.time(rule, &marks, header, now)?;
            let mac = mac(verifier, &marks, header, body)?;
            if mac.is(&marks.signature) {
                return Ok(time.map(|time| Once {
                    signature: marks.signature,
                    expires: time.plus(seconds(self.tolerance).saturating_add(1)),
                }));
            }
        }
        Err(match is_readable {
            true => "the signature is invalid".to_owned(),
            false => format!("the header {} is malformed", rule.header),
        })
    }

    /// The time of a request, if the rule has one. It must be near that of this machine.
    fn time(
        &self,
        rule: &Rule,
        marks: &Marks,
        header: &RequestHeader,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, String> {
        let text = match (&marks.timestamp, &rule.timestamp_header) {
            (Some(text), _) => text,
            (None, Some(name)) => single(header, name)?,
            (None, None) => return Ok(None),
        };
        let is_number = text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let time = text.parse().ok().filter(|_| is_number);
        let time = Timestamp(time.ok_or("the timestamp is malformed; it must be in seconds")?);
        let difference = now.0.saturating_sub(time.0);
        if difference.unsigned_abs() > self.tolerance.as_secs() {
            let when = if difference < 0 {
                "in the future"
            } else {
                "old"
            };
            return Err(format!(
                "the timestamp is {} s {when}; the tolerance is {}",
                difference.unsigned_abs(),
                format_duration(self.tolerance)
            ));
        }
        Ok(Some(time))
    }

    /// Accepts a signature once.
    fn accept(&self, once: Once, now: Timestamp) -> Result<Receipt, Refusal> {
        let mut seen = self.seen();
        if seen.get(&once.signature).is_some_and(|end| *end >= now) {
            let why = "the same signature was accepted before; this is a replay";
            return Err(Refusal::new(401, why));
        }
        if seen.len() >= MOST_SEEN {
            seen.retain(|_, end| *end >= now);
        }
        if seen.len() >= MOST_SEEN {
            return Err(Refusal::new(
                503,
                "too many signed requests at the same time",
            ));
        }
        seen.insert(once.signature.clone(), once.expires);
        Ok(Receipt(once.signature))
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Timestamp>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A signature that is accepted once until it expires.
struct Once {
    signature: Vec<u8>,
    expires: Timestamp,
}

/// Secrets are never printed.
impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signatures(***)")
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The HMAC of a request.
fn mac(
    verifier: &Verifier,
    marks: &Marks,
    header: &RequestHeader,
    body: &[u8],
) -> Result<Mac, String> {
    let rule = &verifier.rule;
    let (path, query) = split_target(&header.target);
    let noted = |own: &Option<String>, name: &Option<String>| match (own, name) {
        (Some(text), _) => Ok(text.clone()),
        (None, Some(name)) => single(header, name).map(str::to_owned),
        (None, None) => Ok(String::new()),
    };
    let mut mac = Mac::new(rule.hash, verifier.key.expose());
    for piece in rule.signed.pieces() {
        let part = match piece {
            Piece::Text(text) => {
                mac.update(text.as_bytes());
                continue;
            }
            Piece::Field(part) => part,
        };
        match part {
            Part::Method => mac.update(header.method.as_bytes()),
            Part::Path => mac.update(path.as_bytes()),
            Part::Query => mac.update(query.as_bytes()),
            Part::Target => mac.update(header.target.as_bytes()),
            Part::Host => mac.update(single(header, "host")?.as_bytes()),
            Part::Body => mac.update(body),
            Part::BodySha256 => {
                let mut digest = Sha256::new();
                digest.update(body);
                mac.update(digest.finish().as_bytes());
            }
            Part::Timestamp => {
                mac.update(noted(&marks.timestamp, &rule.timestamp_header)?.as_bytes());
            }
            Part::Nonce => mac.update(noted(&marks.nonce, &rule.nonce_header)?.as_bytes()),
            Part::Header(name) => mac.update(single(header, name)?.as_bytes()),
            // The options refuse it: a server does not know its own URL.
            Part::Url => return Err("the URL is not known".into()),
        }
    }
    Ok(mac)
}

/// The value of a header that a request must have exactly once.
fn single<'a>(header: &'a RequestHeader, name: &str) -> Result<&'a str, String> {
    match header.values(name).as_slice() {
        [value] => {
            std::str::from_utf8(value).map_err(|_| format!("the header {name} is not UTF-8"))
        }
        [] => Err(format!("the header {name} is missing")),
        _ => Err(format!("the request has more than one header {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::echo::request::parse;

    fn slack(now: i64) -> (Signatures, RequestHeader) {
        // The example in Slack's documentation.
        let verifier = Verifier {
            name: "slack".into(),
            rule: Rule::named("slack").unwrap(),
            key: Secret::new(b"8f742231b10e8888abcd99yyyzzz85a5".to_vec()),
        };
        let signatures = Signatures::new(vec![verifier], Duration::from_secs(300));
        let header = format!(
            "POST /hook HTTP/1.1\r\nHost: a\r\nX-Slack-Request-Timestamp: {now}\r\n\
             X-Slack-Signature: v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503\r\n\r\n"
        );
        (signatures, parse(header.as_bytes(), 20).unwrap())
    }

    const BODY: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const TIME: i64 = 1_531_420_618;

    #[test]
    fn slacks_example_is_accepted_once_within_its_tolerance() {
        let (signatures, header) = slack(TIME);
        let check = |now: i64| {
            let checked = signatures.check(&header, BODY, Timestamp(now));
            checked
                .map(|verified| verified.receipt.unwrap())
                .map_err(|refusal| refusal.reason)
        };
        assert!(check(TIME + 301).err().unwrap().contains("301 s old"));
        assert!(
            check(TIME - 301)
                .err()
                .unwrap()
                .contains("301 s in the future")
        );
        let receipt = check(TIME + 300).unwrap();
        for now in [TIME + 300, TIME, TIME - 300] {
            assert!(check(now).err().unwrap().contains("replay"));
        }
        signatures.forget(&receipt);
        assert!(check(TIME - 300).is_ok());
        assert!(check(TIME + 300).err().unwrap().contains("replay"));
        let other = signatures
            .check(&header, b"x", Timestamp(TIME))
            .err()
            .unwrap();
        assert_eq!(
            (other.status, other.reason.as_str()),
            (401, "the signature is invalid")
        );
        let (signatures, header) = slack(TIME + 1);
        assert!(signatures.check(&header, BODY, Timestamp(TIME)).is_err());
    }

    #[test]
    fn the_number_of_remembered_signatures_is_limited() {
        let (signatures, header) = slack(TIME);
        let full = |end: i64| {
            let mut seen = signatures.seen();
            seen.clear();
            seen.extend((0..MOST_SEEN).map(|n| (n.to_be_bytes().to_vec(), Timestamp(end))));
        };
        full(TIME);
        let refusal = signatures
            .check(&header, BODY, Timestamp(TIME))
            .err()
            .unwrap();
        assert_eq!(refusal.status, 503);
        full(TIME - 1);
        assert!(signatures.check(&header, BODY, Timestamp(TIME)).is_ok());
        assert_eq!(signatures.seen().len(), 1);
    }
}
