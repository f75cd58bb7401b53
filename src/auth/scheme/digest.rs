//! `digest`: a user and a password; only a hash is sent (RFC 7616).

use super::definition::{Definition, OptionForm};
use super::password::{self, Password};
use crate::auth::preview::Challenge;

pub(crate) const DEFINITION: Definition = Definition {
    name: "digest",
    option: Some(OptionForm {
        syntax: &["digest=USER:SOURCE"],
        parse: |rest, _| Password::from_option("digest", Challenge::Digest, rest),
    }),
    keys: &[password::KEYS],
    from_profile: |reader, _| Password::from_profile(reader, Challenge::Digest),
};
