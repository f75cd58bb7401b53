//! Gets a token with the stored refresh token, else with a login.
//!
//! A service with rotation accepts a refresh token once and returns a new one with each response. If
//! a token is used twice, the service assumes theft and revokes all of them. So the refresh token in
//! the profile is never sent again after the service has returned another one.

use super::aws;
use std::collections::BTreeMap;

use super::context::{Context, Login};
use super::device;
use super::error::Error as AuthError;
use super::exchange::{self, Granted, Outcome};
use super::helper;
use super::login_call;
use super::oidc::id_token::{self, Expected, Nonce};
use super::oidc::login;
use super::plan::{Binding, Obtain, TokenPlan};
use super::records::{Identity, Mark, NEVER_STORED, StoredToken, TokenKey};
use super::refusal::Refused;
use super::service::Service;
use super::values::Values;
use crate::crypto;
use crate::error::Error;
use crate::escape::one_line;
use crate::secret::Secret;
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
            Obtain::Aws(origin) => return self.keys(origin),
            Obtain::Browser(browser) => {
                login::obtain(service, plan, browser, self.values, context)?
            }
            Obtain::Helper(call) => {
                let reply = helper::run(call, context.deadline)?;
                Outcome::Granted(Granted {
                    token: reply.to_token(),
                    refresh_token: None,
                    expires: reply.expires,
                    id_token: None,
                    ahead: None,
                    also: BTreeMap::new(),
                })
            }
        };
        match outcome {
            Outcome::Granted(granted) => {
                let root = match (&granted.refresh_token, plan.binding) {
                    (_, Binding::Secrets) => self.mark(),
                    (Some(_), Binding::Profile) if plan.starts_with_refresh_token() => self.root(),
                    (_, Binding::Profile) => None,
                };
                let identity = self.identity(&granted, None)?;
                Ok(self.stored(granted, root, identity))
            }
            Outcome::Refused { why, ahead, .. } => Err(self.refused(why, login_call::skew(ahead))),
        }
    }

    /// Gets temporary keys of AWS. Keys without an expiry are not temporary, and not stored.
    fn keys(&self, origin: &aws::origin::Origin) -> Result<StoredToken, Error> {
        let context = self.context;
        let name = &self.service.name;
        let keys = aws::obtain(origin, name, &context.settings, context.deadline)?;
        let granted = Granted {
            token: Secret::new(keys.to_json().as_str().as_bytes().to_vec()),
            refresh_token: None,
            expires: Some(keys.expires.unwrap_or(NEVER_STORED)),
            id_token: None,
            ahead: None,
            also: BTreeMap::new(),
        };
        Ok(self.stored(granted, None, None))
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
        // A refresh token can be valid once: get first what is needed to check the response.
        if let (Some(_), Some(_)) = (&plan.issuer, &old.identity) {
            self.values.keys(&context.settings)?;
        }
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
                let identity = self.identity(&granted, old.identity.as_ref())?;
                let mut stored = self.stored(granted, old.root.clone(), identity);
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
            } => Err(self.refused(why, login_call::skew(ahead))),
            Outcome::Refused {
                what: Refused::Grant,
                why,
                ahead,
            } => {
                *fate = Fate::Refused;
                if self.plan.starts_with_refresh_token() && self.has_root(old)? {
                    let hint = login_call::skew(ahead).unwrap_or_else(|| self.replacement_hint());
                    return Err(self.refused(why, Some(hint)));
                }
                if self.plan.is_interactive() && self.context.person.is_none() {
                    let why = format!("{why}; an interactive login is required");
                    return Err(self.refused(why, self.service.login_command()));
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

    /// The fingerprint of the secrets of a login.
    fn mark(&mut self) -> Option<Mark> {
        let salt = crypto::random(16).ok()?.to_vec();
        let obtaining = self.plan.obtaining();
        let mark = self.values.fingerprint(&obtaining, &salt).ok()?;
        Some(Mark { salt, mark })
    }

    /// Whether a token that is bound to the secrets it came from came from these.
    ///
    /// # Errors
    /// If a source cannot be read.
    pub(super) fn is_bound(&mut self, stored: &StoredToken) -> Result<bool, Error> {
        match (self.plan.binding, &stored.root) {
            (Binding::Profile, _) => Ok(true),
            (Binding::Secrets, None) => Ok(false),
            (Binding::Secrets, Some(root)) => {
                let obtaining = self.plan.obtaining();
                Ok(self.values.fingerprint(&obtaining, &root.salt)? == root.mark)
            }
        }
    }

    /// Who logged in, from the verified ID token. A refresh may bring none, and then `before` stays.
    fn identity(
        &mut self,
        granted: &Granted,
        before: Option<&Identity>,
    ) -> Result<Option<Identity>, Error> {
        match &self.plan.obtain {
            Obtain::Browser(_) => {}
            Obtain::Exchange(_) | Obtain::Device { .. } | Obtain::Aws(_) | Obtain::Helper(_) => {
                return Ok(None);
            }
        }
        let issuer = self.values.issuer()?;
        let nonce = match (self.values.public.get("nonce"), before) {
            (Some(nonce), None) => Some(nonce.clone()),
            (_, Some(before)) => before.nonce.clone(),
            (None, None) => None,
        };
        let Some(token) = &granted.id_token else {
            let scope = self.values.public.get("scope");
            let is_due =
                before.is_none() && scope.is_some_and(|scope| login::asks_for_identity(scope));
            return match is_due {
                true => Err(self.failed("the response has no ID token".into(), None)),
                false => Ok(before.cloned()),
            };
        };
        let keys = self.values.keys(&self.context.settings)?;
        let expected = Expected {
            issuer,
            nonce: match (&nonce, before) {
                (Some(nonce), None) => Nonce::Required(nonce),
                (Some(nonce), Some(_)) => Nonce::IfPresent(nonce),
                (None, _) => Nonce::None,
            },
            sub: before.map(|before| before.sub.as_str()),
            access_token: &granted.token,
        };
        let checked = id_token::check(token, &keys, &expected, Timestamp::now());
        checked
            .map(|identity| Some(Identity { nonce, ..identity }))
            .map_err(|why| {
                let why = format!("the ID token is not valid: {}", one_line(&why));
                self.failed(why, login_call::skew(granted.ahead))
            })
    }

    fn failed(&self, why: String, hint: Option<String>) -> Error {
        Error::Auth(AuthError::Failed {
            profile: self.service.name.clone(),
            why,
            hint,
        })
    }

    fn replacement_hint(&self) -> String {
        let replace = "replace the refresh token in the profile";
        match self.service.login_command() {
            Some(login) => format!("{replace}, then run: {login}"),
            None => replace.to_owned(),
        }
    }

    fn refused(&self, why: String, hint: Option<String>) -> Error {
        Error::Auth(AuthError::Refused {
            profile: self.service.name.clone(),
            why,
            hint,
        })
    }

    fn stored(
        &self,
        granted: Granted,
        root: Option<Mark>,
        identity: Option<Identity>,
    ) -> StoredToken {
        StoredToken {
            token: granted.token,
            refresh_token: granted.refresh_token,
            expires: granted.expires,
            obtained: Timestamp::now(),
            also: granted.also,
            root,
            identity,
            key: self.key.clone(),
        }
    }
}
