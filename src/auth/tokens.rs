//! A service's token for whoever needs one: from the cache, or by one login for all who wait.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error as AuthError;
use super::exchange::{self, Granted, Outcome};
use super::kept::{About, Failure, Kept, Refusal};
use super::lease::{Claim, Lease, Watch};
use super::plan::{Obtain, Share, TokenPlan};
use super::profile::Profile;
use super::store::{Store, Unusable};
use super::values::Values;
use super::{device, host};
use crate::crypto;
use crate::error::Error;
use crate::escape::one_line;
use crate::http::Settings;
use crate::io_error::reason;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// What a token is gotten with.
pub struct Surroundings<'a> {
    /// Where tokens are kept.
    pub cache: PathBuf,
    pub settings: Settings,
    /// Shows a person the page and the code of a device login; without it there is nobody.
    pub tell: Option<&'a dyn Fn(&device::Prompt)>,
}

/// Which token will do.
#[derive(Clone, Debug, Default)]
pub struct Want {
    /// It must be good for so long.
    pub min_ttl: Duration,
    /// Not this one: a service has called it dead.
    pub except: Option<Secret>,
    /// A new one in any case.
    pub anew: bool,
}

/// A token, and what could not be done on the way to it.
pub struct Had {
    pub kept: Kept,
    pub warnings: Vec<String>,
}

/// Whom the plan's token is for.
pub fn about(profile: &Profile, plan: &TokenPlan) -> About {
    About {
        profile: profile.name.clone(),
        origin: profile.url.to_string(),
        user: plan.user.clone(),
        scheme: plan.kind.to_owned(),
    }
}

/// The store of the plan's token; `None` when it is not to be kept.
///
/// # Errors
/// As [`Store::open`].
pub fn store(
    profile: &Profile,
    plan: &TokenPlan,
    cache: &std::path::Path,
) -> Result<Option<Store>, Unusable> {
    let node = match profile.share {
        Share::None => return Ok(None),
        Share::User => String::new(),
        Share::Node => host::host_name(),
    };
    let about = about(profile, plan);
    let parts = [
        about.origin.as_str(),
        &about.user,
        &about.scheme,
        &plan.variant,
        &node,
    ];
    Store::open(cache, &profile.name, &parts).map(Some)
}

/// Gets a token.
///
/// # Errors
/// When the service refuses, cannot be asked, or the cache cannot be trusted.
pub fn get(
    profile: &Profile,
    plan: &TokenPlan,
    want: &Want,
    surroundings: &Surroundings,
) -> Result<Had, Error> {
    let mut getting = Getting {
        profile,
        plan,
        want,
        surroundings,
        about: about(profile, plan),
        values: Values::new(&profile.name, plan),
        since: Timestamp::now(),
        warnings: Vec::new(),
    };
    let store = match store(profile, plan, &surroundings.cache) {
        Ok(store) => store,
        Err(Unusable::Unsafe(error)) => return Err(error.into()),
        Err(Unusable::Unwritable(error)) => {
            let shown = surroundings.cache.display();
            let why = reason(&error);
            getting
                .warnings
                .push(format!("the token is not kept: cannot make {shown}: {why}"));
            None
        }
    };
    let kept = match store {
        None => getting.anew(None)?,
        Some(store) => getting.shared(&store)?,
    };
    Ok(Had {
        kept,
        warnings: getting.warnings,
    })
}

struct Getting<'a> {
    profile: &'a Profile,
    plan: &'a TokenPlan,
    want: &'a Want,
    surroundings: &'a Surroundings<'a>,
    about: About,
    values: Values<'a>,
    since: Timestamp,
    warnings: Vec<String>,
}

impl Getting<'_> {
    /// The token that is kept, or one login among all who want it.
    fn shared(&mut self, store: &Store) -> Result<Kept, Error> {
        if let Some(kept) = self.acceptable(store)? {
            return Ok(kept);
        }
        if self.needs_person(store)? {
            // A person takes minutes: nobody waits for that.
            let kept = self.anew(None)?;
            self.keep(store, &kept);
            return Ok(kept);
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
                    return self.anew(None);
                }
            };
            watch.look(store, &holder);
            // Room for one who dies and for his successor.
            if started.elapsed() > (holder.length().max(length)) * 3 {
                return Err(Error::Auth(AuthError::Busy {
                    profile: self.profile.name.clone(),
                    after: started.elapsed(),
                }));
            }
            thread::sleep(jittered(pause));
            pause = (pause * 2).min(Duration::from_millis(200));
            if let Some(kept) = self.acceptable(store)? {
                return Ok(kept);
            }
            self.ensure_not_refused(store)?;
            if let Some(failure) = Failure::load(store, self.since) {
                return Err(Error::Auth(AuthError::Failed {
                    profile: self.profile.name.clone(),
                    why: failure.why,
                    hint: Some("another process tried, just now".into()),
                }));
            }
        }
    }

    /// With the lease in hand: somebody may have been faster, or refused, before us.
    fn holding(&mut self, store: &Store) -> Result<Kept, Error> {
        if let Some(kept) = self.acceptable(store)? {
            return Ok(kept);
        }
        self.ensure_not_refused(store)?;
        let old = Kept::load(store, &self.about)?;
        match self.anew(old) {
            Ok(kept) => {
                self.keep(store, &kept);
                Ok(kept)
            }
            Err(error) => {
                self.remember(store, &error);
                Err(error)
            }
        }
    }

    fn keep(&mut self, store: &Store, kept: &Kept) {
        let written = store.write("token", kept.to_json().as_str().as_bytes());
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

    /// Whether the kept token will do.
    fn acceptable(&self, store: &Store) -> Result<Option<Kept>, Error> {
        let now = Timestamp::now();
        Ok(Kept::load(store, &self.about)?.filter(|kept| {
            if self.want.except.as_ref() == Some(&kept.token) {
                return false;
            }
            // One that came while we waited is as new as one can be had.
            let is_new = kept.obtained > self.since;
            let lasts = |least: Duration| kept.left(now).is_none_or(|left| left > least);
            match (is_new, self.want.anew) {
                (true, _) => lasts(Duration::ZERO),
                (false, true) => false,
                (false, false) => lasts(self.want.min_ttl.max(kept.margin())),
            }
        }))
    }

    fn needs_person(&mut self, store: &Store) -> Result<bool, Error> {
        let can_refresh = self.plan.refresh.is_some()
            && !self.want.anew
            && Kept::load(store, &self.about)?.is_some_and(|kept| kept.refresh_token.is_some());
        let asks = matches!(self.plan.obtain, Obtain::Device { .. })
            || self.plan.givens().any(|given| given.is_prompt());
        Ok(asks && !can_refresh)
    }

    /// As long as a refresh and a login may take, and what gives the secrets.
    fn lease_length(&self) -> Duration {
        let commands = self.plan.givens().any(|given| given.is_command());
        let more = if commands { 130 } else { 10 };
        exchange::PATIENCE * 2 + Duration::from_secs(more)
    }

    fn ensure_not_refused(&mut self, store: &Store) -> Result<(), Error> {
        if self.want.anew {
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
            profile: self.profile.name.clone(),
            ago: refusal.age(),
            why: one_line(&refusal.why),
        }))
    }

    /// Spares others the same refusal or failure.
    fn remember(&mut self, store: &Store, error: &Error) {
        if let Error::Auth(AuthError::Refused { why, .. }) = error {
            // A login asked for, and mistyped, must not cost the token that is good.
            if !self.want.anew {
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
    fn anew(&mut self, old: Option<Kept>) -> Result<Kept, Error> {
        let old_refresh = old
            .filter(|_| !self.want.anew)
            .and_then(|old| old.refresh_token);
        if let (Some(refresh), Some(token)) = (&self.plan.refresh, old_refresh) {
            self.values.given.insert("refresh_token", token.clone());
            let outcome = exchange::obtain(
                self.profile,
                refresh,
                &mut self.values,
                &self.surroundings.settings,
                self.plan.ttl,
            );
            self.values.given.remove("refresh_token");
            match outcome? {
                Outcome::Granted(granted) => {
                    return Ok(self.kept(Granted {
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
                self.profile,
                obtain,
                &mut self.values,
                &self.surroundings.settings,
                self.plan.ttl,
            )?,
            Obtain::Device { code, poll } => device::obtain(
                self.profile,
                code,
                poll,
                &mut self.values,
                self.surroundings,
                self.plan.ttl,
            )?,
        };
        match outcome {
            Outcome::Granted(granted) => Ok(self.kept(granted)),
            Outcome::Refused { why, ahead } => Err(Error::Auth(AuthError::Refused {
                profile: self.profile.name.clone(),
                why,
                hint: exchange::skew(ahead),
            })),
        }
    }

    fn kept(&self, granted: Granted) -> Kept {
        Kept {
            token: granted.token,
            refresh_token: granted.refresh_token,
            expires: granted.expires,
            obtained: Timestamp::now(),
            about: self.about.clone(),
        }
    }
}

/// Something around `pause`, different in each process.
fn jittered(pause: Duration) -> Duration {
    let random = crypto::random(1).map_or(128, |bytes| bytes.first().copied().unwrap_or(128));
    pause.mul_f64(0.5 + f64::from(random) / 255.0)
}
