//! `query`: a secret in the query, such as Tractor's `tsid`.

use std::rc::Rc;

use super::definition::{Definition, OptionForm, named_source};
use super::placed::Placed;
use crate::auth::secret_ref::SecretRef;
use crate::config::key::Kind;
use crate::http::credential::Placement;

pub(super) const DEFINITION: Definition = Definition {
    name: "query",
    option: Some(OptionForm {
        syntax: &["query=NAME:SOURCE"],
        parse: |rest, _| {
            let (name, source) = named_source("query", "NAME", rest)?;
            Ok(Rc::new(Placed {
                placement: Placement::Query(name),
                token: SecretRef::Source(source),
            }))
        },
    }),
    keys: &[&[("name", Kind::Text), ("token", Kind::Secret)]],
    from_profile: |reader, _| {
        Ok(Rc::new(Placed {
            placement: Placement::Query(reader.need("name")?),
            token: reader.need_secret("token")?,
        }))
    },
};
