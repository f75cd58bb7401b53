//! Issues the credential of a service's calls, and another one where the first has served.

use std::rc::Rc;

use super::context::{Context, Issued, Want};
use super::profile::Profile;
use super::scheme::{Lifetime, SharedScheme};
use super::service::Service;
use crate::error::Error;
use crate::http::Renewal;
use crate::secret::Secret;

/// The credentials of one service.
pub(crate) struct Issuer<'a> {
    service: Service,
    scheme: SharedScheme,
    dead_token_statuses: Vec<u16>,
    context: Context<'a>,
    /// The token that was issued last.
    token: Option<Secret>,
}

impl<'a> Issuer<'a> {
    /// For a call that names its scheme itself.
    pub(crate) fn new(service: Service, scheme: SharedScheme, context: Context<'a>) -> Issuer<'a> {
        Issuer {
            service,
            scheme,
            dead_token_statuses: Vec::new(),
            context,
            token: None,
        }
    }

    /// For a profile.
    pub(crate) fn of(profile: &Profile, context: Context<'a>) -> Issuer<'a> {
        Issuer {
            dead_token_statuses: profile.dead_token_statuses.clone(),
            ..Issuer::new(profile.service.clone(), Rc::clone(&profile.scheme), context)
        }
    }

    /// With another scheme in the place of the profile's.
    #[must_use]
    pub(crate) fn with_scheme(self, scheme: SharedScheme) -> Issuer<'a> {
        Issuer { scheme, ..self }
    }

    /// How long what it issues serves.
    pub(crate) fn lifetime(&self) -> Lifetime {
        self.scheme.lifetime()
    }

    /// Gets what the service's calls carry.
    ///
    /// # Errors
    /// When a secret cannot be read, or a login is refused.
    pub(crate) fn issue(&mut self, want: &Want) -> Result<Issued, Error> {
        let issued = self.scheme.issue(&self.service, want, &self.context)?;
        self.token.clone_from(&issued.token);
        Ok(issued)
    }

    /// Gets another credential; `None` where the one there is serves on.
    ///
    /// # Errors
    /// As [`Issuer::issue`].
    pub(crate) fn renew(&mut self, renewal: Renewal) -> Result<Option<Issued>, Error> {
        match (renewal, self.scheme.lifetime()) {
            (Renewal::NextAttempt, Lifetime::OneRequest) => self.issue(&Want::default()).map(Some),
            (Renewal::Rejected(status), Lifetime::Cached)
                if self.dead_token_statuses.contains(&status) =>
            {
                let want = Want {
                    except: self.token.take(),
                    ..Want::default()
                };
                self.issue(&want).map(Some)
            }
            // Asking a person or a program for the same secret twice would bring the same.
            (Renewal::NextAttempt, Lifetime::Lasting | Lifetime::Cached)
            | (Renewal::Rejected(_), Lifetime::Lasting | Lifetime::OneRequest | Lifetime::Cached) => {
                Ok(None)
            }
        }
    }
}
