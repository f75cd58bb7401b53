//! Generates keys in standard formats.

use zeroize::Zeroizing;

use super::algorithm::{Algorithm, Family};
use super::key::{Key, Material, asn1, pem};
use super::{Error, base64url};
use crate::crypto::{self, ecdsa, eddsa};

/// The format of a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// PKCS#8 and SubjectPublicKeyInfo in PEM.
    Pem,
    Jwk,
    /// Printable random text, used as the shared secret.
    Text,
}

impl Form {
    /// The formats and their names.
    const NAMED: [(&str, Form); 2] = [("pem", Form::Pem), ("jwk", Form::Jwk)];

    /// The names that [`Form::parse`] reads.
    pub(crate) fn names() -> Vec<String> {
        Form::NAMED.map(|(name, _)| name.to_owned()).to_vec()
    }

    /// Reads `pem` or `jwk`.
    ///
    /// # Errors
    /// The valid names, for a usage message.
    pub(crate) fn parse(text: &str) -> Result<Form, String> {
        let found = Form::NAMED.into_iter().find(|(name, _)| *name == text);
        found.map(|(_, form)| form).ok_or_else(|| {
            format!(
                "unknown format '{text}'; use {}",
                Form::names().join(" or ")
            )
        })
    }

    /// The default format for the key of an algorithm.
    pub(crate) fn of(algorithm: Algorithm) -> Form {
        match algorithm.family() {
            Family::Hmac => Form::Text,
            Family::Rsa | Family::Ec(_) | Family::Ed25519 => Form::Pem,
        }
    }
}

/// A new key as text.
pub(crate) struct NewKey {
    pub private: Zeroizing<String>,
    /// The public key; a shared secret has none.
    pub public: Option<String>,
}

/// The names of the algorithms that [`generate`] supports: all except RSA.
pub(crate) fn algorithm_names() -> Vec<String> {
    let made = Algorithm::ALL
        .into_iter()
        .filter(|algorithm| algorithm.family() != Family::Rsa);
    made.map(|algorithm| algorithm.name().to_owned()).collect()
}

/// Generates a key for an algorithm.
///
/// # Errors
/// If the format is not possible, or the system provides no random bytes.
pub(crate) fn generate(algorithm: Algorithm, form: Form) -> Result<NewKey, Error> {
    let wrong = |why: &str, hint: &str| {
        Err(Error::WrongKey {
            why: why.to_owned(),
            hint: Some(hint.to_owned()),
        })
    };
    match algorithm.family() {
        Family::Rsa => wrong(
            "c47 cannot generate RSA keys",
            "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem",
        ),
        Family::Hmac if form == Form::Pem => wrong(
            "a shared secret has no PEM form",
            "omit --format for plain text, or use --format jwk",
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

/// Random bytes of the hash's length (RFC 7518 §3.2) in base64url. The text itself is the secret, so
/// that every tool reads the same one.
fn shared(algorithm: Algorithm, form: Form) -> Result<NewKey, Error> {
    let random = crypto::random(algorithm.hash_bytes()).map_err(Error::Random)?;
    let text = Zeroizing::new(base64url::encode(&random));
    let private = match form {
        Form::Text | Form::Pem => text,
        Form::Jwk => {
            // Random, because a hash of the secret would let attackers test guesses.
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
    Ok(NewKey {
        private,
        public: None,
    })
}

fn pair(material: Material, form: Form) -> Result<NewKey, Error> {
    let key = Key::of(material);
    match form {
        Form::Pem | Form::Text => {
            let private = key.material().pkcs8().ok_or(Error::Signing)?;
            let public = key.material().spki().ok_or(Error::Signing)?;
            Ok(NewKey {
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
            Ok(NewKey {
                private: joined(&[members, ",\"d\":\"", &d, "\"}\n"]),
                public: Some(format!("{public}\n")),
            })
        }
    }
}

/// Joins the pieces in one allocation: a growing string would leave secrets in freed memory.
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
    fn generated_keys_sign_and_verify() {
        use Algorithm::{EdDsa, Es256, Es384, Hs256, Hs384, Hs512};
        for algorithm in [Hs256, Hs384, Hs512, Es256, Es384, EdDsa] {
            for form in [Form::of(algorithm), Form::Jwk] {
                let written = generate(algorithm, form).unwrap();
                let read = |text: &str| {
                    Key::parse(&Secret::new(text.trim_end().as_bytes().to_vec())).unwrap()
                };
                let private = read(&written.private);
                let request = Mint::new(algorithm, &private, Timestamp(0));
                let token = mint(&request).unwrap();
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
    fn unsupported_formats_are_rejected() {
        assert!(generate(Algorithm::Rs256, Form::Pem).is_err());
        assert!(generate(Algorithm::Hs256, Form::Pem).is_err());
        assert!(Form::parse("der").is_err());
    }
}
