//! Refusals and failures that other processes are told of, so that they do not repeat them.

use super::TokenRequest;
use crate::auth::context::Login;
use crate::auth::error::Error as AuthError;
use crate::auth::exchange;
use crate::auth::records::{Failure, Mark, Refusal};
use crate::auth::store::Store;
use crate::crypto;
use crate::error::Error;
use crate::escape::one_line;

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
            let salt = salt.to_vec();
            Refusal::note(store, why, Mark { salt, mark });
        } else if exchange::is_transport(error) {
            let why = match error {
                Error::Auth(AuthError::Failed { why, .. }) => why.clone(),
                other => other.to_string(),
            };
            Failure::note(store, &why);
        }
    }
}
