//! Common parts of `bearer`, `header` and `query`: a secret that is sent unchanged.

use super::definition::Scheme;
use crate::auth::context::{Context, Issued, TokenRequirement};
use crate::auth::preview::{Origin, Preview};
use crate::auth::secret_ref::SecretRef;
use crate::auth::service::Service;
use crate::error::Error;
use crate::http::credential::Placement;

/// A token and its place in the request.
#[derive(Debug)]
pub(super) struct Placed {
    pub placement: Placement,
    pub token: SecretRef,
}

impl Scheme for Placed {
    fn issue(&self, _: &Service, _: &TokenRequirement, context: &Context) -> Result<Issued, Error> {
        let purpose = match &self.placement {
            Placement::Bearer => "Token",
            Placement::Header(name) | Placement::Query(name) => name,
        };
        let token = self.token.read_text(purpose, context.deadline)?;
        let credential = self.placement.credential(&token);
        Ok(Issued::lasting(credential, Some(token)))
    }

    fn preview(&self, service: &Service) -> Preview {
        Preview::Token {
            placement: self.placement.clone(),
            token: Origin::of(&self.token, &service.name),
        }
    }
}
