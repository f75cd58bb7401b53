//! Gets a service's token from the cache, or by one login for all waiting processes.

mod remembered;

use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::context::{Context, Login, Storage, TokenRequirement};
use super::error::Error as AuthError;
use super::grants::{Fate, Grants};
use super::lease::{self, Claim, Lease, Watch};
use super::plan::TokenPlan;
use super::records::{StoredToken, TokenKey};
use super::service::Service;
use super::store::{Leftovers, Store, Temporary, Unusable};
use super::token_store::{key, load, place, store};
use super::values::Values;
use crate::error::Error;
use crate::io_error::reason;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The file in the store of a program whose last output had no expiry. It runs for each process, and they
/// do not wait for each other.
pub(super) const UNSHARED: &str = "unshared";

/// A token and the warnings from getting it.
pub(super) struct ObtainedToken {
    pub stored: StoredToken,
    pub storage: Storage,
    pub warnings: Vec<String>,
}

/// Whether the result may be written to the cache.
enum Fence {
    /// It may. Holds the new lease if the first one was lost.
    Open(Option<Lease>),
    Closed,
}

/// Gets a token.
///
/// # Errors
/// If the service refuses, the request fails, or the cache is not private.
pub(super) fn get(
    service: &Service,
    plan: &TokenPlan,
    want: &TokenRequirement,
    context: &Context,
) -> Result<ObtainedToken, Error> {
    let mut request = TokenRequest {
        service,
        plan,
        want,
        context,
        key: key(service, plan),
        values: Values::new(&service.name, plan, context.deadline),
        since: Timestamp::now(),
        seen: None,
        storage: Storage::default(),
        warnings: Vec::new(),
    };
    let stored = match store(service, plan, &context.places) {
        Ok(None) => request.obtain(None, &mut Fate::default())?,
        Ok(Some(store)) => request.shared(&store)?,
        Err(Unusable::Unsafe(error)) => return Err(error.into()),
        Err(Unusable::Unwritable(error)) => {
            let place = place(plan, &context.places).unwrap_or(Path::new(""));
            let what = format!("cannot create {}", place.display());
            request.uncached(Some(place), &what, &reason(&error))?
        }
        Err(Unusable::Nowhere(why)) => {
            let what = "no cache directory (set C47_CACHE_DIR)";
            request.uncached(None, what, &why)?
        }
    };
    Ok(ObtainedToken {
        stored,
        storage: request.storage,
        warnings: request.warnings,
    })
}

struct TokenRequest<'a> {
    service: &'a Service,
    plan: &'a TokenPlan,
    want: &'a TokenRequirement,
    context: &'a Context<'a>,
    key: TokenKey,
    values: Values<'a>,
    since: Timestamp,
    /// The token that was stored at the start. A different one is newer, whatever its times are.
    seen: Option<Secret>,
    storage: Storage,
    warnings: Vec<String>,
}

impl<'a> TokenRequest<'a> {
    /// The cached token, or the result of one login shared by all processes.
    fn shared(&mut self, store: &Store) -> Result<StoredToken, Error> {
        self.seen = self.load(store)?.map(|stored| stored.token);
        if let Some(stored) = self.acceptable(store)? {
            return Ok(stored);
        }
        // No process waits for a person, who needs minutes, or for a token that will not be stored.
        let is_unshared = store.read(UNSHARED)?.is_some();
        if is_unshared || self.needs_person(store)? {
            let stored = self.obtain(None, &mut Fate::default())?;
            if !is_unshared || self.plan.is_shareable(&stored) {
                let written = store
                    .reserve()
                    .and_then(|room| self.write(store, room, &stored));
                self.warn_if_failed(written);
            }
            return Ok(stored);
        }
        let started = Instant::now();
        let length = self.plan.login_time();
        let mut watch = Watch::default();
        let mut pause = Duration::from_millis(10);
        loop {
            let holder = match Lease::claim(store, length) {
                Ok(Claim::Held(lease)) => {
                    let result = self.with_lease(store, &lease);
                    drop(lease);
                    return result;
                }
                Ok(Claim::Busy(holder)) => holder,
                Err(error) => {
                    let path = store.path("token");
                    return self.uncached(Some(&path), "cannot write the cache", &reason(&error));
                }
            };
            watch.look(store, &holder);
            let pausing = lease::jittered(pause);
            // Time for a holder that dies and for its successor.
            let is_too_long = started.elapsed() > (holder.length().max(length)) * 3;
            if is_too_long || self.context.deadline.is_over_after(pausing) {
                return Err(Error::Auth(AuthError::Busy {
                    profile: self.service.name.clone(),
                    after: started.elapsed(),
                }));
            }
            thread::sleep(pausing);
            pause = (pause * 2).min(Duration::from_millis(200));
            if let Some(stored) = self.acceptable(store)? {
                return Ok(stored);
            }
            self.ensure_not_refused(store)?;
            self.ensure_not_failed(store)?;
        }
    }

    /// Runs with the lease. Another process may have got a token or a refusal in the meantime.
    fn with_lease(&mut self, store: &Store, lease: &Lease) -> Result<StoredToken, Error> {
        let _ = store.sweep(Leftovers::OfTheDead); // the next process tries again
        if let Some(stored) = self.acceptable(store)? {
            return Ok(stored);
        }
        self.ensure_not_refused(store)?;
        let old = self.load(store)?;
        // Reserve space before a refresh token is used, so that the next one can be stored.
        let room = match store.reserve() {
            Ok(room) => room,
            Err(error) => {
                let path = store.path("token");
                return self.uncached(Some(&path), "cannot write the cache", &reason(&error));
            }
        };
        let mut fate = Fate::default();
        let result = self.obtain(old.as_ref(), &mut fate);
        let fence = self.fence(store, lease, old.as_ref())?;
        match (result, fence) {
            (Ok(stored), Fence::Open(_lease)) => {
                let written = self.write(store, room, &stored);
                self.warn_if_failed(written);
                Ok(stored)
            }
            (Ok(stored), Fence::Closed) => {
                // Another process took over the lease while this one was stopped.
                if let Some(newer) = self.acceptable(store)? {
                    return Ok(newer);
                }
                self.warn_if_failed(Err(io::Error::other("another process is logging in")));
                Ok(stored)
            }
            (Err(error), Fence::Open(_lease)) => {
                if fate == Fate::Refused {
                    self.discard_refresh_token(store, room, old)?;
                }
                self.remember(store, &error);
                Err(error)
            }
            (Err(error), Fence::Closed) => Err(error),
        }
    }

    /// Whether the new token may be written: only with the lease, and only over the old token.
    fn fence(
        &self,
        store: &Store,
        lease: &Lease,
        old: Option<&StoredToken>,
    ) -> Result<Fence, Error> {
        let again = match lease.is_held() {
            true => None,
            false => match Lease::claim(store, self.plan.login_time()) {
                Ok(Claim::Held(lease)) => Some(lease),
                Ok(Claim::Busy(_)) | Err(_) => return Ok(Fence::Closed),
            },
        };
        let now = self.load(store)?;
        let secrets = |stored: &StoredToken| (stored.token.clone(), stored.refresh_token.clone());
        match now.as_ref().map(secrets) == old.map(secrets) {
            true => Ok(Fence::Open(again)),
            false => Ok(Fence::Closed),
        }
    }

    fn write(&self, store: &Store, room: Temporary, stored: &StoredToken) -> io::Result<()> {
        if self.plan.is_shareable(stored) {
            store.write_reserved("token", room, stored.to_json().as_str().as_bytes())?;
            let _ = store.remove(UNSHARED); // the next process tries again
        } else if self.plan.is_local() {
            // Only a note: without it, processes wait for each other once more.
            let _ = store.write(UNSHARED, b"{}");
        }
        for kind in ["refused", "failed"] {
            let _ = store.remove(kind); // it expires in a minute
        }
        Ok(())
    }

    /// Deletes the refused refresh token, and records which profile token it came from.
    fn discard_refresh_token(
        &mut self,
        store: &Store,
        room: Temporary,
        old: Option<StoredToken>,
    ) -> Result<(), Error> {
        let Some(old) = old else { return Ok(()) };
        let path = store.path("token");
        let fail = |error| Error::file("write", &path)(error);
        if !self.plan.starts_with_refresh_token() {
            return store.remove("token").map_err(fail);
        }
        let root = match &old.root {
            Some(root) => Some(root.clone()),
            None => self.grants().root(),
        };
        let spent = StoredToken { root, ..old }.without_refresh_token();
        self.write(store, room, &spent).map_err(fail)
    }

    /// Logs in without storing the token. A refresh token is not used, because the next one would
    /// be lost.
    fn uncached(
        &mut self,
        path: Option<&Path>,
        what: &str,
        why: &str,
    ) -> Result<StoredToken, Error> {
        // A stored login that only a person can replace.
        let is_irreplaceable =
            self.seen.is_some() && self.plan.is_interactive() && self.context.person.is_none();
        if self.plan.starts_with_refresh_token() || is_irreplaceable {
            let profile = self.service.name.clone();
            let path = path.map(Path::to_owned);
            let why = format!("{why}; the next refresh token could not be stored");
            let hint = Some("set C47_CACHE_DIR to another directory".into());
            return Err(Error::Auth(match path {
                Some(path) => AuthError::Cache { path, why, hint },
                None => AuthError::Failed { profile, why, hint },
            }));
        }
        self.storage = Storage::Failed;
        let warning = format!("the token is not stored: {what}: {why}");
        self.warnings.push(warning);
        self.obtain(None, &mut Fate::default())
    }

    fn warn_if_failed(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            let why = reason(&error);
            self.storage = Storage::Failed;
            self.warnings.push(format!(
                "the token is not stored: cannot write the cache: {why}"
            ));
        }
    }

    /// The stored token, also from the directory of an older version.
    fn load(&self, store: &Store) -> Result<Option<StoredToken>, AuthError> {
        load(self.service, self.plan, &self.context.places, store)
    }

    /// The cached token, if it is acceptable.
    fn acceptable(&mut self, store: &Store) -> Result<Option<StoredToken>, Error> {
        let now = Timestamp::now();
        let Some(stored) = self.load(store)? else {
            return Ok(None);
        };
        if !self.grants().is_bound(&stored)? {
            return Ok(None);
        }
        Ok(Some(stored).filter(|stored| {
            if self.want.except.as_ref() == Some(&stored.token) || !stored.has_all(self.plan.also())
            {
                return false;
            }
            // A token that was stored while this process waited is the newest available.
            let is_new = self.seen.as_ref() != Some(&stored.token);
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
            && self
                .load(store)?
                .is_some_and(|stored| stored.refresh_token.is_some());
        Ok(self.plan.needs_person() && !can_refresh)
    }

    fn obtain(&mut self, old: Option<&StoredToken>, fate: &mut Fate) -> Result<StoredToken, Error> {
        self.grants().obtain(old, fate)
    }

    fn grants(&mut self) -> Grants<'_, 'a> {
        Grants {
            service: self.service,
            plan: self.plan,
            context: self.context,
            login: self.want.login,
            key: &self.key,
            values: &mut self.values,
        }
    }
}
