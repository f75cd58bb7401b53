//! Makes keys, in forms that other tools read.

use zeroize::Zeroizing;

use super::algorithm::{Algorithm, Family};
use super::key::{Key, Material, asn1, pem};
use super::{Error, base64url};
use crate::crypto::{self, ecdsa, eddsa};

/// What a key is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// PKCS#8 and SubjectPublicKeyInfo in PEM.
    Pem,
    Jwk,
    /// Printable random text, which is itself the shared secret.
    Text,
}

impl Form {
    /// The forms that can be asked for, by name.
    const NAMED: [(&str, Form); 2] = [("pem", Form::Pem), ("jwk", Form::Jwk)];

    /// The names that [`Form::parse`] reads.
    pub(crate) fn names() -> Vec<String> {
        Form::NAMED.map(|(name, _)| name.to_owned()).to_vec()
    }

    /// Reads `pem` or `jwk`.
    ///
    /// # Errors
    /// Says which there are, for a usage message.
    pub(crate) fn parse(text: &str) -> Result<Form, String> {
        let found = Form::NAMED.into_iter().find(|(name, _)| *name == text);
        found
            .map(|(_, form)| form)
            .ok_or_else(|| format!("'{text}' is no format: {}", Form::names().join(" or ")))
    }

    /// The form that the key of an algorithm has when none is asked for.
    pub(crate) fn of(algorithm: Algorithm) -> Form {
        match algorithm.family() {
            Family::Hmac => Form::Text,
            Family::Rsa | Family::Ec(_) | Family::Ed25519 => Form::Pem,
        }
    }
}

/// A new key, written.
pub(crate) struct Written {
    pub private: Zeroizing<String>,
    /// The public half; a shared secret has none.
    pub public: Option<String>,
}

/// The names of the algorithms that [`generate`] makes keys for: all but RSA's.
pub(crate) fn algorithm_names() -> Vec<String> {
    let made = Algorithm::ALL
        .into_iter()
        .filter(|algorithm| algorithm.family() != Family::Rsa);
    made.map(|algorithm| algorithm.name().to_owned()).collect()
}

/// Makes a key for an algorithm.
///
/// # Errors
/// When there is no such key in this form, or the system gives no random bytes.
pub(crate) fn generate(algorithm: Algorithm, form: Form) -> Result<Written, Error> {
    let wrong = |why: &str, hint: &str| {
        Err(Error::WrongKey {
            why: why.to_owned(),
            hint: Some(hint.to_owned()),
        })
    };
    match algorithm.family() {
        Family::Rsa => wrong(
            "c47 makes no RSA keys",
            "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem",
        ),
        Family::Hmac if form == Form::Pem => wrong(
            "a shared secret has no PEM form",
            "leave --format out for a text, or ask for jwk",
        ),
        Family::Hmac => shared(algorithm, form),
        Family::Ec(curve) => {
            let pkcs8 = ecdsa::generate(curve).map_err(Error::Random)?;
            pair(asn1::pkcs8(&pkcs8)?, form)
        }
        Family::Ed25519 => {
            let seed = crypto::random(eddsa::BYTES).map_err(Error::Random)?;
            pair(Material::ed25519_private(&seed, None)?, form)
        }
    }
}

/// As many random bytes as the hash has (RFC 7518 §3.2), in base64url. The text is the secret as
/// it stands, so that every tool takes it for the same; it has all the entropy of the bytes.
fn shared(algorithm: Algorithm, form: Form) -> Result<Written, Error> {
    let random = crypto::random(algorithm.hash_bytes()).map_err(Error::Random)?;
    let text = Zeroizing::new(base64url::encode(&random));
    let private = match form {
        Form::Text | Form::Pem => text,
        Form::Jwk => {
            // Not the hash of the secret, which would let a leaked header check guesses.
            let id = crypto::random(12).map_err(Error::Random)?;
            joined(&[
                "{\"kty\":\"oct\",\"k\":\"",
                &text,
                "\",\"use\":\"sig\",\"alg\":\"",
                algorithm.name(),
                "\",\"kid\":\"",
                &base64url::encode(&id),
                "\"}\n",
            ])
        }
    };
    Ok(Written {
        private,
        public: None,
    })
}

fn pair(material: Material, form: Form) -> Result<Written, Error> {
    let key = Key::of(material);
    match form {
        Form::Pem | Form::Text => {
            let private = key.material().pkcs8().ok_or(Error::Signing)?;
            let public = key.material().spki().ok_or(Error::Signing)?;
            Ok(Written {
                private: pem::write("PRIVATE KEY", private.expose()),
                public: Some(pem::write("PUBLIC KEY", &public).to_string()),
            })
        }
        Form::Jwk => {
            let public = key.public_jwk().ok_or(Error::Signing)?;
            let private = match key.material() {
                Material::Ec { private, .. } | Material::Ed25519 { private, .. } => {
                    private.as_ref().ok_or(Error::Signing)?
                }
                Material::Shared(_) | Material::Rsa { .. } => return Err(Error::Signing),
            };
            let d = Zeroizing::new(base64url::encode(private.expose()));
            let members = public.as_str().trim_end_matches('}');
            Ok(Written {
                private: joined(&[members, ",\"d\":\"", &d, "\"}\n"]),
                public: Some(format!("{public}\n")),
            })
        }
    }
}

/// The pieces in one, allocated at once: a growing text leaves secrets behind where it was.
fn joined(pieces: &[&str]) -> Zeroizing<String> {
    let length = pieces.iter().map(|piece| piece.len()).sum();
    let mut whole = Zeroizing::new(String::with_capacity(length));
    for piece in pieces {
        whole.push_str(piece);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::verify::{Policy, verify};
    use crate::jwt::{Mint, mint};
    use crate::secret::Secret;
    use crate::timestamp::Timestamp;

    #[test]
    fn what_is_made_signs_and_verifies() {
        use Algorithm::{EdDsa, Es256, Es384, Hs256, Hs384, Hs512};
        for algorithm in [Hs256, Hs384, Hs512, Es256, Es384, EdDsa] {
            for form in [Form::of(algorithm), Form::Jwk] {
                let written = generate(algorithm, form).unwrap();
                let read = |text: &str| {
                    Key::parse(&Secret::new(text.trim_end().as_bytes().to_vec())).unwrap()
                };
                let private = read(&written.private);
                let order = Mint::new(algorithm, &private, Timestamp(0));
                let token = mint(&order).unwrap();
                let public = match &written.public {
                    Some(public) => read(public),
                    None => read(&written.private),
                };
                assert_eq!(public.kid(), private.kid());
                assert_eq!(
                    public.material().is_private(),
                    written.public.is_none(),
                    "{algorithm}"
                );
                let verified = verify(token.expose(), &public.into(), &Policy::at(Timestamp(0)));
                assert_eq!(verified.unwrap().algorithm, algorithm);
            }
        }
    }

    #[test]
    fn what_is_not_made() {
        assert!(generate(Algorithm::Rs256, Form::Pem).is_err());
        assert!(generate(Algorithm::Hs256, Form::Pem).is_err());
        assert!(Form::parse("der").is_err());
    }
}
