//! Common parts of `basic` and `digest`: a user and a password.

use std::rc::Rc;

use super::definition::{Scheme, SharedScheme, named_source};
use crate::auth::context::{Context, Issued, TokenRequirement};
use crate::auth::preview::{Challenge, Origin, Preview};
use crate::auth::secret_ref::SecretRef;
use crate::auth::service::Service;
use crate::config::key::{Key, Kind};
use crate::config::read::Reader;
use crate::error::Error;
use crate::http::credential::Credential;

/// The profile keys that it reads.
pub(crate) const KEYS: &[Key] = &[("password", Kind::Secret)];

/// A user, a password, and how the password is sent.
#[derive(Debug)]
pub(crate) struct Password {
    pub(crate) user: String,
    pub(crate) password: SecretRef,
    pub(crate) challenge: Challenge,
}

impl Password {
    /// Reads `USER:SOURCE`, the value of `--auth SCHEME=`.
    ///
    /// # Errors
    /// As [`named_source`].
    pub(crate) fn from_option(
        scheme: &str,
        challenge: Challenge,
        rest: Option<&str>,
    ) -> Result<SharedScheme, String> {
        let (user, source) = named_source(scheme, "USER", rest)?;
        Ok(Rc::new(Password {
            user,
            password: SecretRef::Source(source),
            challenge,
        }))
    }

    /// Reads `user` and `password` of a profile.
    ///
    /// # Errors
    /// If one of them is missing.
    pub(crate) fn from_profile(
        reader: &Reader,
        challenge: Challenge,
    ) -> Result<SharedScheme, Error> {
        Ok(Rc::new(Password {
            user: reader.need("user")?,
            password: reader.need_secret("password")?,
            challenge,
        }))
    }
}

impl Scheme for Password {
    fn issue(&self, _: &Service, _: &TokenRequirement, context: &Context) -> Result<Issued, Error> {
        let purpose = format!("Password for {}", self.user);
        let password = self.password.read_text(&purpose, context.deadline)?;
        let credential = match self.challenge {
            Challenge::Basic => Credential::basic(&self.user, &password),
            Challenge::Digest => Credential::Digest {
                user: self.user.clone(),
                password,
                answer: None,
            },
        };
        Ok(Issued::lasting(credential, None))
    }

    fn preview(&self, _: &Service) -> Preview {
        Preview::Password {
            user: self.user.clone(),
            password: Origin::of(&self.password, ""),
            challenge: self.challenge,
        }
    }
}
