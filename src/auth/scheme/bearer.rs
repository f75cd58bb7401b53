//! `bearer`: a token in the Authorization header (RFC 6750).

use std::rc::Rc;

use super::definition::{Definition, OptionForm};
use super::placed::Placed;
use crate::auth::secret_ref::SecretRef;
use crate::config::key::Kind;
use crate::http::credential::Placement;
use crate::secret::Source;

pub(super) const DEFINITION: Definition = Definition {
    name: "bearer",
    option: Some(OptionForm {
        syntax: &["bearer=SOURCE"],
        parse: |rest, _| {
            let source = Source::parse(rest.unwrap_or_default())?;
            Ok(Rc::new(Placed {
                placement: Placement::Bearer,
                token: SecretRef::Source(source),
            }))
        },
    }),
    keys: &[&[("token", Kind::Secret)]],
    from_profile: |reader, _| {
        Ok(Rc::new(Placed {
            placement: Placement::Bearer,
            token: reader.need_secret("token")?,
        }))
    },
};
