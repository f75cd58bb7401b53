//! Creates a token: header, claims, times and signature.

use std::time::Duration;

use super::algorithm::Algorithm;
use super::claim::Claim;
use super::key::Key;
use super::token::MAX_BYTES;
use super::{Error, base64url};
use crate::crypto;
use crate::json::Text;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// Whether to allow a shared secret that is shorter than the hash. It can be brute-forced from one
/// token (RFC 7518 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShortSecret {
    Refuse,
    Allow,
}

/// A token to create.
pub(crate) struct Mint<'a> {
    pub algorithm: Algorithm,
    pub key: &'a Key,
    /// The header's `kid`. The default is that of the JWK.
    pub kid: Option<String>,
    /// The header's `typ`; empty to omit it.
    pub typ: String,
    /// Additional header members.
    pub header: Vec<Claim>,
    pub claims: Vec<Claim>,
    /// The time from `iat` to `exp`. If `None`, no `exp` is added.
    pub ttl: Option<Duration>,
    /// The time from now to `nbf`. If `None`, no `nbf` is added.
    pub not_before: Option<Duration>,
    /// Whether to add a random `jti`, which lets a service reject replays.
    pub jti: bool,
    pub short_secret: ShortSecret,
    pub now: Timestamp,
}

impl<'a> Mint<'a> {
    /// A token with only `iat`.
    pub(crate) fn new(algorithm: Algorithm, key: &'a Key, now: Timestamp) -> Mint<'a> {
        Mint {
            algorithm,
            key,
            kid: None,
            typ: "JWT".to_owned(),
            header: Vec::new(),
            claims: Vec::new(),
            ttl: None,
            not_before: None,
            jti: false,
            short_secret: ShortSecret::Refuse,
            now,
        }
    }
}

/// Creates and signs a token. The given claims come first, then the missing ones of `iat`, `nbf`,
/// `exp` and `jti`.
///
/// # Errors
/// If the key does not suit the algorithm, a claim is given twice, or a time is invalid.
pub(crate) fn mint(request: &Mint) -> Result<Secret, Error> {
    request.key.ensure_signs(request.algorithm)?;
    if let Some(why) = request.key.short_secret(request.algorithm)
        && request.short_secret == ShortSecret::Refuse
    {
        return Err(Error::WrongKey {
            why,
            hint: Some(format!(
                "generate a secret with 'c47 jwt keygen --alg {}', or use --weak-key to sign with this one",
                request.algorithm
            )),
        });
    }
    let header = base64url::encode(header(request)?.as_str().as_bytes());
    let claims = base64url::encode(claims(request)?.as_str().as_bytes());
    let mut token = format!("{header}.{claims}");
    crypto::install();
    let key = request.key.encoding_key().ok_or(Error::Signing)?;
    let signature =
        jsonwebtoken::crypto::sign(token.as_bytes(), &key, request.algorithm.to_jsonwebtoken())
            .map_err(|_| signing_failed())?;
    token.push('.');
    token.push_str(&signature);
    if token.len() > MAX_BYTES {
        return Err(Error::Claim("the token would be larger than 1 MiB".into()));
    }
    Ok(Secret::new(token.into_bytes()))
}

/// Why signing failed: ECDSA and RSA-PSS need random bytes.
fn signing_failed() -> Error {
    match crypto::random(1) {
        Ok(_) => Error::Signing,
        Err(error) => Error::Random(error),
    }
}

fn header(request: &Mint) -> Result<Text, Error> {
    let mut members = Members::new("header member");
    members.add("alg", Text::string(request.algorithm.name()))?;
    if !request.typ.is_empty() {
        members.add("typ", Text::string(&request.typ))?;
    }
    if let Some(kid) = request.kid.as_deref().or(request.key.kid()) {
        members.add("kid", Text::string(kid))?;
    }
    for Claim { name, value } in &request.header {
        // These have their own options, or need extensions that are not supported.
        let instead = match name.as_str() {
            "alg" => "use --alg",
            "kid" => "use --kid",
            "typ" => "use --typ",
            "crit" | "b64" => "extensions are not supported",
            _ => {
                members.add(name, value.clone())?;
                continue;
            }
        };
        return Err(Error::Claim(format!(
            "the header member {name} cannot be set: {instead}"
        )));
    }
    Ok(members.into_text())
}

fn claims(request: &Mint) -> Result<Text, Error> {
    let mut members = Members::new("claim");
    for Claim { name, value } in &request.claims {
        members.add(name, value.clone())?;
    }
    let issued = match members.get("iat") {
        None => {
            members.add("iat", Text::integer(request.now.0))?;
            request.now
        }
        Some(given) if request.ttl.is_some() => Timestamp(
            given
                .read()
                .map_err(|_| Error::Claim("cannot compute exp: iat is not an integer".into()))?,
        ),
        Some(_) => request.now,
    };
    if let Some(wait) = request.not_before {
        let from = request.now.plus(whole_seconds(wait)?);
        members.add("nbf", Text::integer(from.0))?;
    }
    if let Some(ttl) = request.ttl {
        let end = issued.plus(whole_seconds(ttl)?);
        members.add("exp", Text::integer(end.0))?;
    }
    if request.jti {
        let random = crypto::random(16).map_err(Error::Random)?;
        members.add("jti", Text::string(&base64url::encode(&random)))?;
    }
    Ok(members.into_text())
}

fn whole_seconds(duration: Duration) -> Result<i64, Error> {
    if duration.subsec_nanos() != 0 {
        return Err(Error::Claim(
            "token times must be whole seconds, at least 1s".into(),
        ));
    }
    Ok(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}

/// The members of an object, in order and without duplicates.
struct Members {
    kind: &'static str,
    members: Vec<(String, Text)>,
}

impl Members {
    fn new(kind: &'static str) -> Members {
        Members {
            kind,
            members: Vec::new(),
        }
    }

    fn get(&self, name: &str) -> Option<&Text> {
        self.members
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }

    fn add(&mut self, name: &str, value: Text) -> Result<(), Error> {
        if self.get(name).is_some() {
            return Err(Error::Claim(format!(
                "the {} {name} is given twice",
                self.kind
            )));
        }
        self.members.push((name.to_owned(), value));
        Ok(())
    }

    fn into_text(self) -> Text {
        Text::object(
            self.members
                .iter()
                .map(|(name, value)| (name.as_str(), value)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::parse(&Secret::new(vec![b'k'; 64])).unwrap()
    }

    #[test]
    fn short_secret_signs_only_if_allowed() {
        for (algorithm, least) in [
            (Algorithm::Hs256, 32),
            (Algorithm::Hs384, 48),
            (Algorithm::Hs512, 64),
        ] {
            let long = Key::parse(&Secret::new(vec![b'k'; least])).unwrap();
            assert!(mint(&Mint::new(algorithm, &long, Timestamp(0))).is_ok());
            let short = Key::parse(&Secret::new(vec![b'k'; least - 1])).unwrap();
            let mut request = Mint::new(algorithm, &short, Timestamp(0));
            let error = mint(&request).unwrap_err();
            assert!(error.to_string().contains("needs at least"), "{error}");
            assert!(error.hint().unwrap().contains("--weak-key"));
            request.short_secret = ShortSecret::Allow;
            assert!(mint(&request).is_ok());
        }
    }

    fn part(token: &Secret, at: usize) -> String {
        let text = token.expose_text().unwrap();
        let part = text.split('.').nth(at).unwrap();
        String::from_utf8(base64url::decode(part.as_bytes()).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn claim_order_and_numbers_are_preserved() {
        let key = key();
        let mut request = Mint::new(Algorithm::Hs256, &key, Timestamp(1000));
        request.claims = ["b=x", "a:=1.10", "c:=1e400"]
            .map(|text| Claim::parse(text).unwrap())
            .to_vec();
        request.header = vec![Claim::parse("x:=[1]").unwrap()];
        request.kid = Some("k".into());
        request.ttl = Some(Duration::from_secs(60));
        request.not_before = Some(Duration::ZERO);
        let token = mint(&request).unwrap();
        assert_eq!(
            part(&token, 0),
            r#"{"alg":"HS256","typ":"JWT","kid":"k","x":[1]}"#
        );
        assert_eq!(
            part(&token, 1),
            r#"{"b":"x","a":1.10,"c":1e400,"iat":1000,"nbf":1000,"exp":1060}"#
        );
    }

    #[test]
    fn times_in_claims_are_respected() {
        let key = key();
        let mut request = Mint::new(Algorithm::Hs256, &key, Timestamp(1000));
        request.claims = vec![Claim::parse("iat:=500").unwrap()];
        request.ttl = Some(Duration::from_secs(60));
        assert_eq!(
            part(&mint(&request).unwrap(), 1),
            r#"{"iat":500,"exp":560}"#
        );
        request.claims = vec![Claim::parse("iat=500").unwrap()];
        assert!(mint(&request).unwrap_err().to_string().contains("iat"));
        request.claims = vec![Claim::parse("exp:=500").unwrap()];
        assert!(
            mint(&request)
                .unwrap_err()
                .to_string()
                .contains("exp is given twice")
        );
        request.ttl = Some(Duration::from_millis(1));
        request.claims.clear();
        assert!(
            mint(&request)
                .unwrap_err()
                .to_string()
                .contains("whole seconds")
        );
    }

    #[test]
    fn jti_is_random() {
        let key = key();
        let mut request = Mint::new(Algorithm::Hs512, &key, Timestamp(0));
        request.jti = true;
        assert_ne!(mint(&request).unwrap(), mint(&request).unwrap());
    }

    #[test]
    fn reserved_header_members_are_rejected() {
        let key = key();
        for text in ["alg=none", "typ=x", "kid=x", "crit:=[]", "b64:=false"] {
            let mut request = Mint::new(Algorithm::Hs256, &key, Timestamp(0));
            request.header = vec![Claim::parse(text).unwrap()];
            assert!(mint(&request).is_err(), "{text}");
        }
    }

    #[test]
    fn token_over_the_size_limit_is_not_created() {
        let key = key();
        let mut request = Mint::new(Algorithm::Hs256, &key, Timestamp(0));
        request.claims = vec![Claim::new("a", Text::string(&"x".repeat(MAX_BYTES)))];
        assert!(mint(&request).is_err());
    }
}
