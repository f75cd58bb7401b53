//! Gets a token with the stored refresh token, else with a login.
//!
//! A service with rotation accepts a refresh token once and returns a new one with each response. If
//! a token is used twice, the service assumes theft and revokes all of them. So the refresh token in
//! the profile is never sent again after the service has returned another one.

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

/// Requests tokens from the service.
pub(super) struct Grants<'r, 'a> {
    pub service: &'a Service,
    pub plan: &'a TokenPlan,
    pub context: &'a Context<'a>,
    pub login: Login,
    pub key: &'r TokenKey,
    pub values: &'r mut Values<'a>,
}

/// The state of the stored refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is still valid.
    #[default]
    Valid,
    /// The service has refused it.
    Refused,
}

impl Grants<'_, '_> {
    /// Renews the old token if possible, else logs in. A temporary failure of the renewal is final,
    /// because a login could make the refresh token invalid.
    ///
    /// # Errors
    /// If the service refuses or a request fails. `fate` is set in any case.
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

    /// Uses the stored refresh token; `None` if a login is required.
    fn refresh(
        &mut self,
        old: &StoredToken,
        fate: &mut Fate,
    ) -> Result<Option<StoredToken>, Error> {
        let (Some(exchange), Some(token)) = (&self.plan.refresh, &old.refresh_token) else {
            return Ok(None);
        };
        // Only a login returns the values that a changed profile needs.
        if !old.has_all(self.plan.also()) {
            return Ok(None);
        }
        // `auth login` requires a login, except for profiles that can only refresh.
        if self.login == Login::Always
            && !(self.plan.starts_with_refresh_token() && self.has_root(old)?)
        {
            return Ok(None);
        }
        let (service, plan, context) = (self.service, self.plan, self.context);
        self.values.given.insert(REFRESH_TOKEN, token.clone());
        self.values.also.clone_from(&old.also);
        let outcome = exchange::obtain(service, plan, exchange, self.values, context);
        self.values.given.remove(REFRESH_TOKEN);
        self.values.also.clear();
        match outcome? {
            Outcome::Granted(granted) => {
                let granted = Granted {
                    // A response without a refresh token keeps the old one (RFC 6749 §6).
                    refresh_token: granted.refresh_token.or_else(|| Some(token.clone())),
                    ..granted
                };
                let mut stored = self.stored(granted, old.root.clone());
                for (name, value) in &old.also {
                    let kept = stored.also.entry(name.clone());
                    kept.or_insert_with(|| value.clone());
                }
                Ok(Some(stored))
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
                    let hint = exchange::skew(ahead).unwrap_or_else(|| self.replacement_hint());
                    return Err(self.refused(why, Some(hint)));
                }
                Ok(None)
            }
        }
    }

    /// Checks that the profile's refresh token was not used before. `auth login` tries it anyway,
    /// because no other token is left.
    fn ensure_unspent(&mut self, old: &StoredToken, fate: Fate) -> Result<(), Error> {
        let is_spent = fate == Fate::Valid
            && self.login == Login::IfNeeded
            && self.plan.starts_with_refresh_token()
            && old.refresh_token.is_none()
            && old.root.is_some()
            && self.has_root(old)?;
        if is_spent {
            let why = "the refresh token was already used, and its replacement was refused";
            return Err(self.refused(why.to_owned(), Some(self.replacement_hint())));
        }
        Ok(())
    }

    /// Whether the old token came from the refresh token in the profile. A record without a
    /// fingerprint counts as yes.
    fn has_root(&mut self, old: &StoredToken) -> Result<bool, Error> {
        match &old.root {
            Some(root) => Ok(self.values.mark(REFRESH_TOKEN, &root.salt)? == root.mark),
            None => Ok(true),
        }
    }

    /// The fingerprint of the profile's refresh token.
    pub(super) fn root(&mut self) -> Option<Mark> {
        let salt = crypto::random(16).ok()?.to_vec();
        let mark = self.values.mark(REFRESH_TOKEN, &salt).ok()?;
        Some(Mark { salt, mark })
    }

    fn replacement_hint(&self) -> String {
        format!(
            "replace the refresh token in the profile, then run: c47 auth login {}",
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
            also: granted.also,
            root,
            key: self.key.clone(),
        }
    }
}
