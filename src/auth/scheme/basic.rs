//! `basic`: a user and a password (RFC 7617).

use std::rc::Rc;

use super::definition::{Definition, OptionForm, Scheme, SharedScheme, named_source};
use crate::auth::context::{Context, Issued, Want};
use crate::auth::preview::{Challenge, Origin, Preview};
use crate::auth::secret_ref::SecretRef;
use crate::auth::service::Service;
use crate::config::key::Kind;
use crate::error::Error;
use crate::http::credential::Credential;
use crate::secret::Secret;

pub(super) const DEFINITION: Definition = Definition {
    name: "basic",
    option: Some(OptionForm {
        syntax: &["basic=USER:SOURCE"],
        parse: |rest, _| {
            let (user, source) = named_source("basic", "USER", rest)?;
            Ok(Rc::new(Basic {
                user,
                password: SecretRef::Source(source),
            }))
        },
    }),
    keys: &[&[("password", Kind::Secret)]],
    from_profile: |reader, _| {
        Ok(Rc::new(Basic {
            user: reader.need("user")?,
            password: reader.need_secret("password")?,
        }))
    },
};

#[derive(Debug)]
struct Basic {
    user: String,
    password: SecretRef,
}

/// With a password that is known already.
pub(super) fn with_password(user: String, password: Secret) -> SharedScheme {
    Rc::new(Basic {
        user,
        password: SecretRef::Literal(password),
    })
}

impl Scheme for Basic {
    fn issue(&self, _: &Service, _: &Want, context: &Context) -> Result<Issued, Error> {
        let password = self
            .password
            .read_text(&format!("Password of {}", self.user), context.deadline)?;
        Ok(Issued::lasting(
            Credential::basic(&self.user, &password),
            None,
        ))
    }

    fn preview(&self, _: &Service) -> Preview {
        Preview::Password {
            user: self.user.clone(),
            password: Origin::of(&self.password, ""),
            challenge: Challenge::Basic,
        }
    }
}
