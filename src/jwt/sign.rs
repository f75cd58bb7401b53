//! Makes a token: header, claims, times, signature.

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

/// What becomes of a shared secret shorter than the hash, which can be guessed from one token
/// (RFC 7518 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShortSecret {
    Refuse,
    Allow,
}

/// A token to be made.
pub(crate) struct Mint<'a> {
    pub algorithm: Algorithm,
    pub key: &'a Key,
    /// The header's `kid`; without one, that of the key if it is a JWK.
    pub kid: Option<String>,
    /// The header's `typ`; empty for none.
    pub typ: String,
    /// More members of the header.
    pub header: Vec<Claim>,
    pub claims: Vec<Claim>,
    /// From `iat` to `exp`; without it the token has no `exp` but one among the claims.
    pub ttl: Option<Duration>,
    /// From now to `nbf`; without it the token has no `nbf` but one among the claims.
    pub not_before: Option<Duration>,
    /// Whether it gets a random `jti`, so that a service may refuse it the second time.
    pub jti: bool,
    pub short_secret: ShortSecret,
    pub now: Timestamp,
}

impl<'a> Mint<'a> {
    /// A token with nothing but `iat`.
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

/// Makes and signs a token. Claims stand in the order given, then `iat`, `nbf`, `exp`, `jti` as
/// far as they are not among them.
///
/// # Errors
/// When the key does not suit the algorithm, a claim is given twice or a time is none.
pub(crate) fn mint(order: &Mint) -> Result<Secret, Error> {
    order.key.ensure_signs(order.algorithm)?;
    if let Some(why) = order.key.short_secret(order.algorithm)
        && order.short_secret == ShortSecret::Refuse
    {
        return Err(Error::WrongKey {
            why,
            hint: Some(format!(
                "c47 jwt keygen --alg {} makes a secret; --weak-key signs with this one",
                order.algorithm
            )),
        });
    }
    let header = base64url::encode(header(order)?.as_str().as_bytes());
    let claims = base64url::encode(claims(order)?.as_str().as_bytes());
    let mut token = format!("{header}.{claims}");
    crypto::install();
    let key = order.key.encoding_key().ok_or(Error::Signing)?;
    let signature = jsonwebtoken::crypto::sign(token.as_bytes(), &key, order.algorithm.foreign())
        .map_err(|_| signing_failed())?;
    token.push('.');
    token.push_str(&signature);
    if token.len() > MAX_BYTES {
        return Err(Error::Claim("the token would be larger than 1 MiB".into()));
    }
    Ok(Secret::new(token.into_bytes()))
}

/// Why a checked key did not sign: ECDSA and RSA-PSS want random bytes.
fn signing_failed() -> Error {
    match crypto::random(1) {
        Ok(_) => Error::Signing,
        Err(error) => Error::Random(error),
    }
}

fn header(order: &Mint) -> Result<Text, Error> {
    let mut members = Members::new("header member");
    members.add("alg", Text::string(order.algorithm.name()))?;
    if !order.typ.is_empty() {
        members.add("typ", Text::string(&order.typ))?;
    }
    if let Some(kid) = order.kid.as_deref().or(order.key.kid()) {
        members.add("kid", Text::string(kid))?;
    }
    for Claim { name, value } in &order.header {
        // These have options of their own, or would promise what is not done.
        let instead = match name.as_str() {
            "alg" => "--alg says it",
            "kid" => "--kid says it",
            "typ" => "--typ says it",
            "crit" | "b64" => "c47 knows no extensions",
            _ => {
                members.add(name, value.clone())?;
                continue;
            }
        };
        return Err(Error::Claim(format!(
            "the header member {name} cannot be given: {instead}"
        )));
    }
    Ok(members.into_text())
}

fn claims(order: &Mint) -> Result<Text, Error> {
    let mut members = Members::new("claim");
    for Claim { name, value } in &order.claims {
        members.add(name, value.clone())?;
    }
    let issued = match members.get("iat") {
        None => {
            members.add("iat", Text::integer(order.now.0))?;
            order.now
        }
        Some(given) if order.ttl.is_some() => Timestamp(given.read().map_err(|_| {
            Error::Claim("exp is iat and the time to live, but iat is no whole number".into())
        })?),
        Some(_) => order.now,
    };
    if let Some(wait) = order.not_before {
        let from = order.now.plus(whole_seconds(wait)?);
        members.add("nbf", Text::integer(from.0))?;
    }
    if let Some(ttl) = order.ttl {
        let end = issued.plus(whole_seconds(ttl)?);
        members.add("exp", Text::integer(end.0))?;
    }
    if order.jti {
        let random = crypto::random(16).map_err(Error::Random)?;
        members.add("jti", Text::string(&base64url::encode(&random)))?;
    }
    Ok(members.into_text())
}

fn whole_seconds(duration: Duration) -> Result<i64, Error> {
    if duration.subsec_nanos() != 0 {
        return Err(Error::Claim(
            "a token's times are whole seconds: 1s at least".into(),
        ));
    }
    Ok(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}

/// Members of an object, in order, each once.
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
    fn a_secret_shorter_than_the_hash_signs_only_where_allowed() {
        for (algorithm, least) in [
            (Algorithm::Hs256, 32),
            (Algorithm::Hs384, 48),
            (Algorithm::Hs512, 64),
        ] {
            let long = Key::parse(&Secret::new(vec![b'k'; least])).unwrap();
            assert!(mint(&Mint::new(algorithm, &long, Timestamp(0))).is_ok());
            let short = Key::parse(&Secret::new(vec![b'k'; least - 1])).unwrap();
            let mut order = Mint::new(algorithm, &short, Timestamp(0));
            let error = mint(&order).unwrap_err();
            assert!(error.to_string().contains("needs at least"), "{error}");
            assert!(error.hint().unwrap().contains("--weak-key"));
            order.short_secret = ShortSecret::Allow;
            assert!(mint(&order).is_ok());
        }
    }

    fn part(token: &Secret, at: usize) -> String {
        let text = token.expose_text().unwrap();
        let part = text.split('.').nth(at).unwrap();
        String::from_utf8(base64url::decode(part.as_bytes()).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn order_and_number_texts_are_kept() {
        let key = key();
        let mut order = Mint::new(Algorithm::Hs256, &key, Timestamp(1000));
        order.claims = ["b=x", "a:=1.10", "c:=1e400"]
            .map(|text| Claim::parse(text).unwrap())
            .to_vec();
        order.header = vec![Claim::parse("x:=[1]").unwrap()];
        order.kid = Some("k".into());
        order.ttl = Some(Duration::from_secs(60));
        order.not_before = Some(Duration::ZERO);
        let token = mint(&order).unwrap();
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
    fn times_given_as_claims_count() {
        let key = key();
        let mut order = Mint::new(Algorithm::Hs256, &key, Timestamp(1000));
        order.claims = vec![Claim::parse("iat:=500").unwrap()];
        order.ttl = Some(Duration::from_secs(60));
        assert_eq!(part(&mint(&order).unwrap(), 1), r#"{"iat":500,"exp":560}"#);
        order.claims = vec![Claim::parse("iat=500").unwrap()];
        assert!(mint(&order).unwrap_err().to_string().contains("iat"));
        order.claims = vec![Claim::parse("exp:=500").unwrap()];
        assert!(
            mint(&order)
                .unwrap_err()
                .to_string()
                .contains("exp is given twice")
        );
        order.ttl = Some(Duration::from_millis(1));
        order.claims.clear();
        assert!(
            mint(&order)
                .unwrap_err()
                .to_string()
                .contains("whole seconds")
        );
    }

    #[test]
    fn a_jti_is_another_each_time() {
        let key = key();
        let mut order = Mint::new(Algorithm::Hs512, &key, Timestamp(0));
        order.jti = true;
        assert_ne!(mint(&order).unwrap(), mint(&order).unwrap());
    }

    #[test]
    fn what_a_header_may_not_say() {
        let key = key();
        for text in ["alg=none", "typ=x", "kid=x", "crit:=[]", "b64:=false"] {
            let mut order = Mint::new(Algorithm::Hs256, &key, Timestamp(0));
            order.header = vec![Claim::parse(text).unwrap()];
            assert!(mint(&order).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_larger_than_one_would_verify_is_not_made() {
        let key = key();
        let mut order = Mint::new(Algorithm::Hs256, &key, Timestamp(0));
        order.claims = vec![Claim::new("a", Text::string(&"x".repeat(MAX_BYTES)))];
        assert!(mint(&order).is_err());
    }
}
