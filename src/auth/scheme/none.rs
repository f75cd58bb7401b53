//! `none`: requests without credentials.

use std::rc::Rc;

use super::definition::{Definition, Scheme};
use crate::auth::context::{Context, Issued, TokenRequirement};
use crate::auth::preview::Preview;
use crate::auth::service::Service;
use crate::error::Error;
use crate::http::credential::Credential;

pub(super) const DEFINITION: Definition = Definition {
    name: "none",
    option: None,
    keys: &[],
    from_profile: |_, _| Ok(Rc::new(NoScheme)),
};

#[derive(Debug)]
pub(super) struct NoScheme;

impl Scheme for NoScheme {
    fn issue(&self, _: &Service, _: &TokenRequirement, _: &Context) -> Result<Issued, Error> {
        Ok(Issued::lasting(Credential::None, None))
    }

    fn preview(&self, _: &Service) -> Preview {
        Preview::None
    }
}
