//! `header`: a secret in a custom header such as `X-Api-Key`.

use std::rc::Rc;

use super::definition::{Definition, OptionForm, named_source};
use super::placed::Placed;
use crate::auth::secret_ref::SecretRef;
use crate::config::key::Kind;
use crate::http::credential::{Placement, ensure_header_name};

pub(super) const DEFINITION: Definition = Definition {
    name: "header",
    option: Some(OptionForm {
        syntax: &["header=NAME:SOURCE"],
        parse: |rest, _| {
            let (name, source) = named_source("header", "NAME", rest)?;
            ensure_header_name(&name)?;
            Ok(Rc::new(Placed {
                placement: Placement::Header(name),
                token: SecretRef::Source(source),
            }))
        },
    }),
    keys: &[&[("name", Kind::Text), ("token", Kind::Secret)]],
    from_profile: |reader, _| {
        let (name, token) = (reader.need("name")?, reader.need_secret("token")?);
        ensure_header_name(&name).map_err(|why| reader.wrong("name", why))?;
        Ok(Rc::new(Placed {
            placement: Placement::Header(name),
            token,
        }))
    },
};
