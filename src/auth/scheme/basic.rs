//! `basic`: a user and a password in the Authorization header (RFC 7617).

use std::rc::Rc;

use super::definition::{Definition, OptionForm, SharedScheme};
use super::password::{self, Password};
use crate::auth::preview::Challenge;
use crate::auth::secret_ref::SecretRef;
use crate::secret::Secret;

pub(crate) const DEFINITION: Definition = Definition {
    name: "basic",
    option: Some(OptionForm {
        syntax: &["basic=USER:SOURCE"],
        parse: |rest, _| Password::from_option("basic", Challenge::Basic, rest),
    }),
    keys: &[password::KEYS],
    from_profile: |reader, _| Password::from_profile(reader, Challenge::Basic),
};

/// Basic with a known password.
pub(crate) fn with_password(user: String, password: Secret) -> SharedScheme {
    Rc::new(Password {
        user,
        password: SecretRef::Literal(password),
        challenge: Challenge::Basic,
    })
}
