//! A service's token for whoever needs one: from the cache, or by one login for all who wait.

use std::thread;
use std::time::{Duration, Instant};

use super::context::{Context, Login, Want};
use super::error::Error as AuthError;
use super::exchange::{self, Granted, Outcome};
use super::lease::{Claim, Lease, Watch};
use super::plan::{Obtain, TokenPlan};
use super::records::{Failure, Refusal, StoredToken, TokenKey};
use super::service::{Service, Share};
use super::store::{Store, Unusable};
use super::values::Values;
use super::{device, host};
use crate::crypto;
use crate::error::Error;
use crate::escape::one_line;
use crate::io_error::reason;
use crate::timestamp::Timestamp;

/// A token, and what could not be done on the way to it.
pub(super) struct ObtainedToken {
    pub stored: StoredToken,
    pub warnings: Vec<String>,
}

/// What the plan's token is for.
pub(super) fn key(service: &Service, plan: &TokenPlan) -> TokenKey {
    TokenKey {
        profile: service.name.clone(),
        origin: service.url.to_string(),
        user: plan.user.clone(),
        scheme: plan.kind.to_owned(),
    }
}

/// The store of the plan's token; `None` when it is not to be stored.
///
/// # Errors
/// As [`Store::open`].
pub(super) fn store(
    service: &Service,
    plan: &TokenPlan,
    cache: &std::path::Path,
) -> Result<Option<Store>, Unusable> {
    let node = match service.share {
        Share::None => return Ok(None),
        Share::User => String::new(),
        Share::Node => host::host_name(),
    };
    let key = key(service, plan);
    let parts = [
        key.origin.as_str(),
        &key.user,
        &key.scheme,
        &plan.variant,
        &node,
    ];
    Store::open(cache, &service.name, &parts).map(Some)
}

/// Gets a token.
///
/// # Errors
/// When the service refuses, cannot be asked, or the cache cannot be trusted.
pub(super) fn get(
    service: &Service,
    plan: &TokenPlan,
    want: &Want,
    context: &Context,
) -> Result<ObtainedToken, Error> {
    let mut request = TokenRequest {
        service,
        plan,
        want,
        context,
        key: key(service, plan),
        values: Values::new(&service.name, plan),
        since: Timestamp::now(),
        warnings: Vec::new(),
    };
    let store = match store(service, plan, &context.cache) {
        Ok(store) => store,
        Err(Unusable::Unsafe(error)) => return Err(error.into()),
        Err(Unusable::Unwritable(error)) => {
            let shown = context.cache.display();
            let why = reason(&error);
            request
                .warnings
                .push(format!("the token is not kept: cannot make {shown}: {why}"));
            None
        }
    };
    let stored = match store {
        None => request.obtain(None)?,
        Some(store) => request.shared(&store)?,
    };
    Ok(ObtainedToken {
        stored,
        warnings: request.warnings,
    })
}

struct TokenRequest<'a> {
    service: &'a Service,
    plan: &'a TokenPlan,
    want: &'a Want,
    context: &'a Context<'a>,
    key: TokenKey,
    values: Values<'a>,
    since: Timestamp,
    warnings: Vec<String>,
}

impl TokenRequest<'_> {
    /// The cached token, or one login among all who want it.
    fn shared(&mut self, store: &Store) -> Result<StoredToken, Error> {
        if let Some(stored) = self.acceptable(store)? {
            return Ok(stored);
        }
        if self.needs_person(store)? {
            // A person takes minutes: nobody waits for that.
            let stored = self.obtain(None)?;
            self.keep(store, &stored);
            return Ok(stored);
        }
        let started = Instant::now();
        let length = self.lease_length();
        let mut watch = Watch::default();
        let mut pause = Duration::from_millis(10);
        loop {
            let holder = match Lease::claim(store, length) {
                Ok(Claim::Held(lease)) => {
                    let result = self.holding(store);
                    drop(lease);
                    return result;
                }
                Ok(Claim::Busy(holder)) => holder,
                Err(error) => {
                    let why = reason(&error);
                    self.warnings.push(format!(
                        "the token is not kept: cannot write the cache: {why}"
                    ));
                    return self.obtain(None);
                }
            };
            watch.look(store, &holder);
            // Room for one who dies and for his successor.
            if started.elapsed() > (holder.length().max(length)) * 3 {
                return Err(Error::Auth(AuthError::Busy {
                    profile: self.service.name.clone(),
                    after: started.elapsed(),
                }));
            }
            thread::sleep(jittered(pause));
            pause = (pause * 2).min(Duration::from_millis(200));
            if let Some(stored) = self.acceptable(store)? {
                return Ok(stored);
            }
            self.ensure_not_refused(store)?;
            if let Some(failure) = Failure::load(store, self.since) {
                return Err(Error::Auth(AuthError::Failed {
                    profile: self.service.name.clone(),
                    why: failure.why,
                    hint: Some("another process tried, just now".into()),
                }));
            }
        }
    }

    /// With the lease in hand: somebody may have been faster, or refused, before us.
    fn holding(&mut self, store: &Store) -> Result<StoredToken, Error> {
        if let Some(stored) = self.acceptable(store)? {
            return Ok(stored);
        }
        self.ensure_not_refused(store)?;
        let old = StoredToken::load(store, &self.key)?;
        match self.obtain(old) {
            Ok(stored) => {
                self.keep(store, &stored);
                Ok(stored)
            }
            Err(error) => {
                self.remember(store, &error);
                Err(error)
            }
        }
    }

    fn keep(&mut self, store: &Store, stored: &StoredToken) {
        let written = store.write("token", stored.to_json().as_str().as_bytes());
        if let Err(error) = written {
            let why = reason(&error);
            self.warnings.push(format!(
                "the token is not kept: cannot write the cache: {why}"
            ));
            return;
        }
        store.remove("refused");
        store.remove("failed");
    }

    /// The cached token, if it is acceptable.
    fn acceptable(&self, store: &Store) -> Result<Option<StoredToken>, Error> {
        let now = Timestamp::now();
        Ok(StoredToken::load(store, &self.key)?.filter(|stored| {
            if self.want.except.as_ref() == Some(&stored.token) {
                return false;
            }
            // One that came while we waited is as new as one can be had.
            let is_new = stored.obtained > self.since;
            let lasts = |least: Duration| stored.left(now).is_none_or(|left| left > least);
            match (is_new, self.want.login) {
                (true, _) => lasts(Duration::ZERO),
                (false, Login::Always) => false,
                (false, Login::IfNeeded) => lasts(self.want.min_ttl.max(stored.margin())),
            }
        }))
    }

    fn needs_person(&mut self, store: &Store) -> Result<bool, Error> {
        let can_refresh = self.plan.refresh.is_some()
            && self.want.login != Login::Always
            && StoredToken::load(store, &self.key)?
                .is_some_and(|stored| stored.refresh_token.is_some());
        let asks = matches!(self.plan.obtain, Obtain::Device { .. })
            || self.plan.secrets().any(|secret| secret.is_prompt());
        Ok(asks && !can_refresh)
    }

    /// As long as a refresh and a login may take, and what gives the secrets.
    fn lease_length(&self) -> Duration {
        let commands = self.plan.secrets().any(|secret| secret.is_command());
        let more = if commands { 130 } else { 10 };
        exchange::PATIENCE * 2 + Duration::from_secs(more)
    }

    fn ensure_not_refused(&mut self, store: &Store) -> Result<(), Error> {
        if self.want.login == Login::Always {
            return Ok(());
        }
        let Some(refusal) = Refusal::load(store) else {
            return Ok(());
        };
        let mark = self
            .values
            .fingerprint(&self.plan.obtaining(), &refusal.salt)?;
        if mark != refusal.mark {
            return Ok(());
        }
        Err(Error::Auth(AuthError::RefusedBefore {
            profile: self.service.name.clone(),
            ago: refusal.age(),
            why: one_line(&refusal.why),
        }))
    }

    /// Spares others the same refusal or failure.
    fn remember(&mut self, store: &Store, error: &Error) {
        if let Error::Auth(AuthError::Refused { why, .. }) = error {
            // A login asked for, and mistyped, must not cost the token that is good.
            if self.want.login != Login::Always {
                store.remove("token");
            }
            let Ok(salt) = crypto::random(16) else { return };
            let Ok(mark) = self.values.fingerprint(&self.plan.obtaining(), &salt) else {
                return;
            };
            let refusal = Refusal {
                at: Timestamp::now(),
                why: why.clone(),
                salt: salt.to_vec(),
                mark,
            };
            let _ = store.write("refused", refusal.to_json().as_str().as_bytes());
        } else if exchange::is_transport(error) {
            let why = match error {
                Error::Auth(AuthError::Failed { why, .. }) => why.clone(),
                other => other.to_string(),
            };
            let failure = Failure {
                at: Timestamp::now(),
                why,
            };
            let _ = store.write("failed", failure.to_json().as_str().as_bytes());
        }
    }

    /// Renews the old token if it can be, else logs in.
    fn obtain(&mut self, old: Option<StoredToken>) -> Result<StoredToken, Error> {
        let old_refresh = old
            .filter(|_| self.want.login != Login::Always)
            .and_then(|old| old.refresh_token);
        if let (Some(refresh), Some(token)) = (&self.plan.refresh, old_refresh) {
            self.values.given.insert("refresh_token", token.clone());
            let outcome = exchange::obtain(
                self.service,
                refresh,
                &mut self.values,
                &self.context.settings,
                self.plan.ttl,
            );
            self.values.given.remove("refresh_token");
            match outcome? {
                Outcome::Granted(granted) => {
                    return Ok(self.stored(Granted {
                        // An answer without one keeps the old one (RFC 6749 §6).
                        refresh_token: granted.refresh_token.or(Some(token)),
                        ..granted
                    }));
                }
                Outcome::Refused { .. } => {}
            }
        }
        let outcome = match &self.plan.obtain {
            Obtain::Exchange(obtain) => exchange::obtain(
                self.service,
                obtain,
                &mut self.values,
                &self.context.settings,
                self.plan.ttl,
            )?,
            Obtain::Device { code, poll } => device::obtain(
                self.service,
                code,
                poll,
                &mut self.values,
                self.context,
                self.plan.ttl,
            )?,
        };
        match outcome {
            Outcome::Granted(granted) => Ok(self.stored(granted)),
            Outcome::Refused { why, ahead } => Err(Error::Auth(AuthError::Refused {
                profile: self.service.name.clone(),
                why,
                hint: exchange::skew(ahead),
            })),
        }
    }

    fn stored(&self, granted: Granted) -> StoredToken {
        StoredToken {
            token: granted.token,
            refresh_token: granted.refresh_token,
            expires: granted.expires,
            obtained: Timestamp::now(),
            key: self.key.clone(),
        }
    }
}

/// Something around `pause`, different in each process.
fn jittered(pause: Duration) -> Duration {
    let random = crypto::random(1).map_or(128, |bytes| bytes.first().copied().unwrap_or(128));
    pause.mul_f64(0.5 + f64::from(random) / 255.0)
}
