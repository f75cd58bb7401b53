//! Issues the credential for requests to a service, and renews it.

use std::rc::Rc;

use super::context::{Context, Issued, TokenRequirement};
use super::profile::Profile;
use super::scheme::{Lifetime, SharedScheme};
use super::service::Service;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Renewal;
use crate::secret::Secret;

/// Issues credentials for one service.
pub(crate) struct Issuer<'a> {
    service: Service,
    scheme: SharedScheme,
    dead_token_statuses: Vec<u16>,
    context: Context<'a>,
    /// The last token that was issued.
    token: Option<Secret>,
}

impl<'a> Issuer<'a> {
    /// For a request with its own scheme.
    pub(crate) fn new(service: Service, scheme: SharedScheme, context: Context<'a>) -> Issuer<'a> {
        Issuer {
            service,
            scheme,
            dead_token_statuses: vec![401],
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

    /// Replaces the profile's scheme.
    #[must_use]
    pub(crate) fn with_scheme(self, scheme: SharedScheme) -> Issuer<'a> {
        Issuer { scheme, ..self }
    }

    /// Sets the time until which the next credential must be issued.
    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.context.deadline = deadline;
    }

    /// How long the issued credential can be used.
    pub(crate) fn lifetime(&self) -> Lifetime {
        self.scheme.lifetime()
    }

    /// Whether the credential comes from this machine, without a login at a service that it is cached for.
    pub(crate) fn is_local(&self) -> bool {
        match self.scheme.lifetime() {
            Lifetime::Lasting | Lifetime::OneRequest => true,
            // Keys of AWS are cached, except those in files and variables.
            Lifetime::Cached => {
                let stored = self.scheme.stored(&self.service, &self.context.aws);
                stored.is_none()
            }
        }
    }

    /// Gets a credential for requests to the service.
    ///
    /// # Errors
    /// If a secret cannot be read or a login is refused.
    pub(crate) fn issue(&mut self, want: &TokenRequirement) -> Result<Issued, Error> {
        let issued = self.scheme.issue(&self.service, want, &self.context)?;
        self.token.clone_from(&issued.token);
        Ok(issued)
    }

    /// Gets a new credential; `None` if the current one is still used.
    ///
    /// # Errors
    /// As [`Issuer::issue`].
    pub(crate) fn renew(&mut self, renewal: Renewal) -> Result<Option<Issued>, Error> {
        match (renewal, self.scheme.lifetime()) {
            (Renewal::NextAttempt, Lifetime::OneRequest) => {
                self.issue(&TokenRequirement::default()).map(Some)
            }
            (Renewal::Rejected(status), Lifetime::Cached)
                if self.dead_token_statuses.contains(&status) && !self.is_local() =>
            {
                let want = TokenRequirement {
                    except: self.token.take(),
                    ..TokenRequirement::default()
                };
                self.issue(&want).map(Some)
            }
            // A person or program would return the same secret again.
            (Renewal::NextAttempt, Lifetime::Lasting | Lifetime::Cached)
            | (Renewal::Rejected(_), Lifetime::Lasting | Lifetime::OneRequest | Lifetime::Cached) => {
                Ok(None)
            }
        }
    }
}
