//! The credential that all workers use. When the service rejects it, one of them renews it, and the
//! others take the new one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::http::Renewal;
use crate::http::credential::Credential;

/// Gets a new credential; `None` if the current one stays in use. Logins happen on the main thread, so
/// workers ask it.
pub(super) type Ask<'a> = &'a dyn Fn(Renewal) -> Result<Option<Credential>, Error>;

/// How long a credential is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Until the service rejects it.
    Shared,
    /// For one request, such as a token that may be used once.
    OneRequest,
}

/// The shared credential.
pub(crate) struct SharedToken {
    validity: Validity,
    state: Mutex<TokenState>,
}

struct TokenState {
    credential: Credential,
    /// How often it was renewed.
    generation: u64,
}

impl SharedToken {
    /// `credential` is for the first request.
    pub(crate) fn new(credential: Credential, validity: Validity) -> SharedToken {
        SharedToken {
            validity,
            state: Mutex::new(TokenState {
                credential,
                generation: 0,
            }),
        }
    }

    /// The credential for the next request, and its generation.
    ///
    /// # Errors
    /// When one for a single request cannot be issued.
    pub(super) fn for_request(&self, ask: Ask) -> Result<(Credential, u64), Error> {
        let mut state = self.lock();
        if self.validity == Validity::OneRequest && state.generation > 0 {
            state.next(Renewal::NextAttempt, ask)?;
        }
        // The first one was issued at the start.
        if self.validity == Validity::OneRequest {
            state.generation += 1;
        }
        Ok((state.credential.clone(), state.generation))
    }

    /// A new credential for a worker that used one of this generation. If another worker has renewed
    /// it since then, that one is returned.
    ///
    /// # Errors
    /// When it cannot be renewed.
    pub(super) fn renewed(
        &self,
        used: &mut u64,
        renewal: Renewal,
        ask: Ask,
    ) -> Result<Option<Credential>, Error> {
        let mut state = self.lock();
        let is_renewed = match (self.validity, renewal) {
            (Validity::Shared, Renewal::Rejected(_)) if state.generation > *used => true,
            (Validity::Shared | Validity::OneRequest, _) => state.next(renewal, ask)?,
        };
        *used = state.generation;
        Ok(is_renewed.then(|| state.credential.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, TokenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenState {
    fn next(&mut self, renewal: Renewal, ask: Ask) -> Result<bool, Error> {
        let Some(credential) = ask(renewal)? else {
            return Ok(false);
        };
        self.credential = credential;
        self.generation += 1;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::http::credential::Placement;
    use crate::secret::Secret;

    fn bearer(number: u64) -> Credential {
        Placement::Bearer.credential(&Secret::new(number.to_string().into()))
    }

    /// Counts the renewals.
    fn asked(count: &AtomicU64) -> Result<Option<Credential>, Error> {
        Ok(Some(bearer(count.fetch_add(1, Ordering::SeqCst) + 1)))
    }

    #[test]
    fn a_rejected_token_is_renewed_once_for_all_workers() {
        let token = SharedToken::new(bearer(0), Validity::Shared);
        let count = AtomicU64::new(0);
        let ask = |_| asked(&count);
        let rejected = Renewal::Rejected(401);
        let mut used: Vec<u64> = (0..16)
            .map(|_| token.for_request(&ask).unwrap().1)
            .collect();
        std::thread::scope(|scope| {
            for used in &mut used {
                scope.spawn(|| {
                    let new = token.renewed(used, rejected, &|_| asked(&count)).unwrap();
                    assert_eq!(new, Some(bearer(1)));
                });
            }
        });
        assert_eq!(count.load(Ordering::SeqCst), 1);
        // Rejected again, after all of them have the new one.
        token.renewed(&mut used[0], rejected, &ask).unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 2);
        assert_eq!(token.for_request(&ask).unwrap().0, bearer(2));
    }

    #[test]
    fn a_token_for_one_request_is_never_used_twice() {
        let token = SharedToken::new(bearer(0), Validity::OneRequest);
        let count = AtomicU64::new(0);
        let ask = |_| asked(&count);
        let first: Vec<Credential> = (0..3).map(|_| token.for_request(&ask).unwrap().0).collect();
        assert_eq!(first, [bearer(0), bearer(1), bearer(2)]);
        let (_, mut used) = token.for_request(&ask).unwrap();
        let again = token
            .renewed(&mut used, Renewal::NextAttempt, &ask)
            .unwrap();
        assert_eq!(again, Some(bearer(4)));
    }
}
