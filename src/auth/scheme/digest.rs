//! `digest`: a user and a password that is never sent (RFC 7616).

use std::rc::Rc;

use super::definition::{Definition, OptionForm, Scheme, named_source};
use crate::auth::context::{Context, Issued, Want};
use crate::auth::preview::{Challenge, Origin, Preview};
use crate::auth::secret_ref::SecretRef;
use crate::auth::service::Service;
use crate::config::key::Kind;
use crate::error::Error;
use crate::http::credential::Credential;

pub(super) const DEFINITION: Definition = Definition {
    name: "digest",
    option: Some(OptionForm {
        syntax: &["digest=USER:SOURCE"],
        parse: |rest, _| {
            let (user, source) = named_source("digest", "USER", rest)?;
            Ok(Rc::new(Digest {
                user,
                password: SecretRef::Source(source),
            }))
        },
    }),
    keys: &[&[("password", Kind::Secret)]],
    from_profile: |reader, _| {
        Ok(Rc::new(Digest {
            user: reader.need("user")?,
            password: reader.need_secret("password")?,
        }))
    },
};

#[derive(Debug)]
struct Digest {
    user: String,
    password: SecretRef,
}

impl Scheme for Digest {
    fn issue(&self, _: &Service, _: &Want, context: &Context) -> Result<Issued, Error> {
        let credential = Credential::Digest {
            user: self.user.clone(),
            password: self
                .password
                .read_text(&format!("Password of {}", self.user), context.deadline)?,
            answer: None,
        };
        Ok(Issued::lasting(credential, None))
    }

    fn preview(&self, _: &Service) -> Preview {
        Preview::Password {
            user: self.user.clone(),
            password: Origin::of(&self.password, ""),
            challenge: Challenge::Digest,
        }
    }
}
