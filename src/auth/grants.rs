//! How a token is got from its service: by the refresh token that is stored, else by a login.
//!
//! A service may take a refresh token only once and give the next one with each answer. One that
//! was used before looks stolen to it, and then it revokes all of them. So the first refresh token,
//! which a person put into the profile, is never sent again once the service has given another.

use super::context::{Context, Login};
use super::device;
use super::error::Error as AuthError;
use super::exchange::{self, Granted, Outcome};
use super::plan::{Obtain, TokenPlan};
use super::records::{Mark, StoredToken, TokenKey};
use super::refusal::Refused;
use super::service::Service;
use super::values::Values;
use crate::crypto;
use crate::error::Error;
use crate::shell::quote;
use crate::timestamp::Timestamp;

/// The name of the refresh token among a plan's values.
const REFRESH_TOKEN: &str = "refresh_token";

/// Asks the service for tokens.
pub(super) struct Grants<'r, 'a> {
    pub service: &'a Service,
    pub plan: &'a TokenPlan,
    pub context: &'a Context<'a>,
    pub login: Login,
    pub key: &'r TokenKey,
    pub values: &'r mut Values<'a>,
}

/// What became of the refresh token that is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is as good as it was.
    #[default]
    Kept,
    /// The service will not take it again.
    Refused,
}

impl Grants<'_, '_> {
    /// Renews the old token if it can be, else logs in. A failure that is temporary ends it: a
    /// login in the place of a refresh could cost the refresh token.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked. `fate` is what is to become of the old refresh
    /// token all the same.
    pub(super) fn obtain(
        &mut self,
        old: Option<&StoredToken>,
        fate: &mut Fate,
    ) -> Result<StoredToken, Error> {
        if let Some(old) = old
            && let Some(stored) = self.refresh(old, fate)?
        {
            return Ok(stored);
        }
        if let Some(old) = old {
            self.ensure_unspent(old, *fate)?;
        }
        let (service, plan, context) = (self.service, self.plan, self.context);
        let outcome = match &plan.obtain {
            Obtain::Exchange(obtain) => {
                exchange::obtain(service, plan, obtain, self.values, context)?
            }
            Obtain::Device { code, poll } => {
                device::obtain(service, plan, (code, poll), self.values, context)?
            }
        };
        match outcome {
            Outcome::Granted(granted) => {
                let root = match granted.refresh_token {
                    Some(_) if plan.starts_with_refresh_token() => self.root(),
                    Some(_) | None => None,
                };
                Ok(self.stored(granted, root))
            }
            Outcome::Refused { why, ahead, .. } => Err(self.refused(why, exchange::skew(ahead))),
        }
    }

    /// The token for the stored refresh token; `None` where a login is in place.
    fn refresh(
        &mut self,
        old: &StoredToken,
        fate: &mut Fate,
    ) -> Result<Option<StoredToken>, Error> {
        let (Some(exchange), Some(token)) = (&self.plan.refresh, &old.refresh_token) else {
            return Ok(None);
        };
        // A login that was asked for is one, but for a profile that only ever refreshes.
        if self.login == Login::Always
            && !(self.plan.starts_with_refresh_token() && self.has_root(old)?)
        {
            return Ok(None);
        }
        let (service, plan, context) = (self.service, self.plan, self.context);
        self.values.given.insert(REFRESH_TOKEN, token.clone());
        let outcome = exchange::obtain(service, plan, exchange, self.values, context);
        self.values.given.remove(REFRESH_TOKEN);
        match outcome? {
            Outcome::Granted(granted) => {
                let granted = Granted {
                    // An answer without one keeps the old one (RFC 6749 §6).
                    refresh_token: granted.refresh_token.or_else(|| Some(token.clone())),
                    ..granted
                };
                Ok(Some(self.stored(granted, old.root.clone())))
            }
            Outcome::Refused {
                what: Refused::Client,
                why,
                ahead,
            } => Err(self.refused(why, exchange::skew(ahead))),
            Outcome::Refused {
                what: Refused::Grant,
                why,
                ahead,
            } => {
                *fate = Fate::Refused;
                if self.plan.starts_with_refresh_token() && self.has_root(old)? {
                    let hint = exchange::skew(ahead).unwrap_or_else(|| self.new_one_needed());
                    return Err(self.refused(why, Some(hint)));
                }
                Ok(None)
            }
        }
    }

    /// Ensures that the profile's refresh token was not used up already. A login that was asked for
    /// tries it all the same: nothing is left to lose.
    fn ensure_unspent(&mut self, old: &StoredToken, fate: Fate) -> Result<(), Error> {
        let is_spent = fate == Fate::Kept
            && self.login == Login::IfNeeded
            && self.plan.starts_with_refresh_token()
            && old.refresh_token.is_none()
            && old.root.is_some()
            && self.has_root(old)?;
        if is_spent {
            let why = "the refresh token has been used, and the one that came for it was refused";
            return Err(self.refused(why.to_owned(), Some(self.new_one_needed())));
        }
        Ok(())
    }

    /// Whether the old token came from the refresh token that the profile has now. A record that
    /// does not say counts as if it did.
    fn has_root(&mut self, old: &StoredToken) -> Result<bool, Error> {
        match &old.root {
            Some(root) => Ok(self.values.mark(REFRESH_TOKEN, &root.salt)? == root.mark),
            None => Ok(true),
        }
    }

    /// The mark of the profile's refresh token.
    pub(super) fn root(&mut self) -> Option<Mark> {
        let salt = crypto::random(16).ok()?.to_vec();
        let mark = self.values.mark(REFRESH_TOKEN, &salt).ok()?;
        Some(Mark { salt, mark })
    }

    fn new_one_needed(&self) -> String {
        format!(
            "put a new refresh token where the profile has the old one, then: c47 auth login {}",
            quote(&self.service.name)
        )
    }

    fn refused(&self, why: String, hint: Option<String>) -> Error {
        Error::Auth(AuthError::Refused {
            profile: self.service.name.clone(),
            why,
            hint,
        })
    }

    fn stored(&self, granted: Granted, root: Option<Mark>) -> StoredToken {
        StoredToken {
            token: granted.token,
            refresh_token: granted.refresh_token,
            expires: granted.expires,
            obtained: Timestamp::now(),
            root,
            key: self.key.clone(),
        }
    }
}
