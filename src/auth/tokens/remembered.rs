//! Refusals and failures that other processes are told of, so that they do not repeat them.

use super::TokenRequest;
use crate::auth::context::Login;
use crate::auth::error::Error as AuthError;
use crate::auth::exchange;
use crate::auth::records::{Failure, Refusal};
use crate::auth::store::Store;
use crate::crypto;
use crate::error::Error;
use crate::escape::one_line;
use crate::timestamp::Timestamp;

impl TokenRequest<'_> {
    pub(super) fn ensure_not_refused(&mut self, store: &Store) -> Result<(), Error> {
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
            login: self.service.login_command(),
            why: one_line(&refusal.why),
        }))
    }

    pub(super) fn ensure_not_failed(&self, store: &Store) -> Result<(), Error> {
        match Failure::load(store, self.since) {
            None => Ok(()),
            Some(failure) => Err(Error::Auth(AuthError::Failed {
                profile: self.service.name.clone(),
                why: failure.why,
                hint: Some("another process tried just now".into()),
            })),
        }
    }

    /// Records a refusal or failure for other processes.
    pub(super) fn remember(&mut self, store: &Store, error: &Error) {
        if let Error::Auth(AuthError::Refused { why, .. }) = error {
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
}
