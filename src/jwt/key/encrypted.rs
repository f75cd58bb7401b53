//! Private keys that are encrypted with a password.

use zeroize::Zeroizing;

use super::{Content, content, pem};
use crate::crypto::pbes2;
use crate::jwt::Error;
use crate::secret::Secret;

/// Whether the key needs a password.
pub(crate) fn is_encrypted(secret: &Secret) -> bool {
    encrypted_der(secret.expose()).is_some()
}

/// Decrypts a private key; the result is PKCS#8 in DER. Another key stays as it is.
///
/// # Errors
/// If the key is malformed or not supported, or the password is wrong.
pub(crate) fn unlock(secret: &Secret, password: &Secret) -> Result<Secret, Error> {
    let Some(der) = encrypted_der(secret.expose()) else {
        return Ok(secret.clone());
    };
    match pbes2::decrypt(&der, password.expose()) {
        Ok(plain) => Ok(Secret::new(plain.to_vec())),
        Err(error) => Err(Error::Key {
            from: None,
            why: error.to_string(),
            hint: error.hint().map(str::to_owned),
        }),
    }
}

/// The EncryptedPrivateKeyInfo, if the key is one.
pub(crate) fn encrypted_der(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let is = |der: &Zeroizing<Vec<u8>>| pbes2::is_encrypted(der);
    match content(bytes).ok()? {
        Content::Pem(text) => pem::encrypted(text),
        Content::Der(der) => Some(Zeroizing::new(der.to_vec())).filter(is),
        Content::Wrapped(inner) => match content(&inner).ok()? {
            Content::Pem(text) => pem::encrypted(text),
            Content::Der(der) => Some(Zeroizing::new(der.to_vec())).filter(is),
            Content::Json(_) | Content::Wrapped(_) | Content::Raw => None,
        },
        Content::Json(_) | Content::Raw => None,
    }
}
