//! The credential that all workers use. When the service rejects it, one of them renews it, and the
//! others take the new one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::http::Renewal;
use crate::http::credential::Credential;

/// Gets a new credential; `None` if the current one stays in use.
pub(crate) type Renew = Box<dyn FnMut(Renewal) -> Result<Option<Credential>, Error> + Send>;

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
    renew: Renew,
}

impl SharedToken {
    pub(crate) fn new(credential: Credential, validity: Validity, renew: Renew) -> SharedToken {
        SharedToken {
            validity,
            state: Mutex::new(TokenState {
                credential,
                generation: 0,
                renew,
            }),
        }
    }

    /// The credential for the next request, and its generation.
    ///
    /// # Errors
    /// When one for a single request cannot be issued.
    pub(super) fn for_request(&self) -> Result<(Credential, u64), Error> {
        let mut state = self.lock();
        if self.validity == Validity::OneRequest && state.generation > 0 {
            state.next(Renewal::NextAttempt)?;
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
    ) -> Result<Option<Credential>, Error> {
        let mut state = self.lock();
        let is_renewed = match (self.validity, renewal) {
            (Validity::Shared, Renewal::Rejected(_)) if state.generation > *used => true,
            (Validity::Shared | Validity::OneRequest, _) => state.next(renewal)?,
        };
        *used = state.generation;
        Ok(is_renewed.then(|| state.credential.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, TokenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenState {
    fn next(&mut self, renewal: Renewal) -> Result<bool, Error> {
        let Some(credential) = (self.renew)(renewal)? else {
            return Ok(false);
        };
        self.credential = credential;
        self.generation += 1;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::http::credential::Placement;
    use crate::secret::Secret;

    fn bearer(number: u64) -> Credential {
        Placement::Bearer.credential(&Secret::new(number.to_string().into()))
    }

    fn token(validity: Validity) -> (SharedToken, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        let renew = Box::new(move |_| Ok(Some(bearer(counted.fetch_add(1, Ordering::SeqCst) + 1))));
        (SharedToken::new(bearer(0), validity, renew), count)
    }

    #[test]
    fn a_rejected_token_is_renewed_once_for_all_workers() {
        let (token, count) = token(Validity::Shared);
        let mut used: Vec<u64> = (0..16).map(|_| token.for_request().unwrap().1).collect();
        std::thread::scope(|scope| {
            for used in &mut used {
                scope.spawn(|| {
                    let new = token.renewed(used, Renewal::Rejected(401)).unwrap();
                    assert_eq!(new, Some(bearer(1)));
                });
            }
        });
        assert_eq!(count.load(Ordering::SeqCst), 1);
        // Rejected again, after all of them have the new one.
        token.renewed(&mut used[0], Renewal::Rejected(401)).unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 2);
        assert_eq!(token.for_request().unwrap().0, bearer(2));
    }

    #[test]
    fn a_token_for_one_request_is_never_used_twice() {
        let (token, _) = token(Validity::OneRequest);
        let first: Vec<Credential> = (0..3).map(|_| token.for_request().unwrap().0).collect();
        assert_eq!(first, [bearer(0), bearer(1), bearer(2)]);
        let (_, mut used) = token.for_request().unwrap();
        let again = token.renewed(&mut used, Renewal::NextAttempt).unwrap();
        assert_eq!(again, Some(bearer(4)));
    }
}
