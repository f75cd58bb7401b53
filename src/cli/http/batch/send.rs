//! Sends the requests of a checked batch.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use super::super::{build, settings};
use super::Batch;
use super::check::CheckOption;
use super::requests::Rules;
use super::results::Results;
use crate::auth::scheme::Lifetime;
use crate::auth::{Issuer, TokenRequirement};
use crate::batch::body_files::BodyFiles;
use crate::batch::journal::{Journal, Replay, Wanted};
use crate::batch::rate::Pace;
use crate::batch::record::Record;
use crate::batch::run::{Desk, Input, Processed, Shared, run};
use crate::batch::token::{SharedToken, Validity};
use crate::cli::http::status::Verbosity;
use crate::cli::profile::warn;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::exit::Exit;
use crate::http::cookies::{Cookies, Saving};
use crate::http::credential::Credential;
use crate::http::url::Url;
use crate::http::{Caller, Renewal, Transport};
use crate::interrupt::Graceful;
use crate::{crypto, hex, output};

/// Sends what is not done, and prints the results.
///
/// # Errors
/// When the journal is refused, there are no credentials, or the input, the journal or stdout fails.
pub(super) fn send(mut batch: Batch) -> Result<Exit, Error> {
    let (journal, replay) = open_journal(&batch)?.unzip();
    let files = batch.given.output.take().map(BodyFiles::new).transpose()?;
    read_secrets(&mut batch)?;
    let cookies = batch
        .cookies
        .file()
        .map(|_| batch.cookies.open(Saving::Often));
    let session = Session::log_in(&batch, cookies.transpose()?)?;
    let level = Verbosity::from_switch(batch.options.quiet);
    let results = Results::new(batch.given.jq.take(), level, batch.expected);
    let shared = Arc::new(session.shared(&batch, journal, files));
    let results = RefCell::new(results);
    let graceful = Graceful::new();
    let mut caller = session.caller();
    let mut ask = batch.given.check.as_ref().map(|check| {
        |record: &Record| session.check(check, record, &batch.rules, &mut caller, shared.max_body)
    });
    let desk = Desk {
        report: &mut |event| {
            results.borrow_mut().print(event, &shared.pace);
            Ok(())
        },
        renew: &mut |renewal| session.renew(renewal),
        check: match &mut ask {
            Some(ask) => Some(ask),
            None => None,
        },
        tick: &mut |tally| {
            if graceful.is_asked() {
                shared.pace.stop();
                results.borrow_mut().note_stop();
            }
            let mut results = results.borrow_mut();
            results.flush(&shared.pace);
            results.draw(tally, &shared.pace);
        },
    };
    let ensure = |record: &Record| batch.rules.ensure(record);
    let input = Input {
        source: batch.source(&ensure)?,
        ensure_unchanged: &|| batch.input.ensure_unchanged(),
        replay: replay.as_ref(),
    };
    let tally = run(batch.given.run, &shared, input, desk);
    let mut results = results.into_inner();
    results.flush(&shared.pace);
    let tally = tally?;
    let exit = results.finish(&tally, batch.given.summary.as_deref());
    // Also when the summary cannot be written.
    graceful.end();
    let exit = exit?;
    if let Some(cookies) = &session.cookies {
        cookies.finish()?;
    }
    Ok(exit)
}

/// The credential, and what renews it. Logins happen on this thread.
struct Session {
    issuer: RefCell<Issuer<'static>>,
    credential: Credential,
    settings: crate::http::Settings,
    transport: Transport,
    cookies: Option<Cookies>,
}

impl Session {
    fn log_in(batch: &Batch, cookies: Option<Cookies>) -> Result<Session, Error> {
        let settings = batch.rules.settings.clone();
        let mut issuer = batch
            .credentials
            .issuer(settings.clone(), Deadline::default())?;
        let credential = match batch.rules.has_credentials {
            true => {
                let issued = issuer.issue(&TokenRequirement::default())?;
                warn("c47 http", &issued.warnings);
                issued.credential
            }
            false => Credential::None,
        };
        if batch.options.insecure {
            output::say("c47 http: --insecure: the server's certificate is not checked");
        }
        Ok(Session {
            issuer: RefCell::new(issuer),
            credential,
            settings,
            transport: Transport::for_callers(batch.given.run.jobs),
            cookies,
        })
    }

    fn shared(&self, batch: &Batch, journal: Option<Journal>, files: Option<BodyFiles>) -> Shared {
        let rules = batch.rules.clone();
        let validity = match self.issuer.borrow().lifetime() {
            Lifetime::OneRequest => Validity::OneRequest,
            Lifetime::Lasting | Lifetime::Cached => Validity::Shared,
        };
        let has_credentials = batch.rules.has_credentials;
        Shared {
            settings: self.settings.clone(),
            transport: self.transport.clone(),
            pace: Pace::new(batch.given.rate),
            journal,
            token: has_credentials.then(|| SharedToken::new(self.credential.clone(), validity)),
            prepare: Box::new(move |record| rules.request(record)),
            idempotency_header: batch.given.idempotency_header.clone(),
            cookies: self.cookies.clone(),
            max_body: self.settings.limits.body.unwrap_or(build::IN_MEMORY),
            files,
        }
    }

    fn renew(&self, renewal: Renewal) -> Result<Option<Credential>, Error> {
        let issued = self.issuer.borrow_mut().renew(renewal)?;
        Ok(issued.map(|issued| {
            warn("c47 http", &issued.warnings);
            issued.credential
        }))
    }

    /// Makes the calls of `--check`.
    fn caller(&self) -> Caller<'_> {
        Caller::new(self.settings.clone())
            .sharing(self.transport.clone())
            .keeping(self.cookies.clone().unwrap_or_default())
            .renewing(Box::new(|renewal| self.renew(renewal)))
    }

    fn check(
        &self,
        check: &CheckOption,
        record: &Record,
        rules: &Rules,
        caller: &mut Caller,
        max_body: u64,
    ) -> Result<Processed, Error> {
        // A token for one request has been used.
        let fresh = match self.issuer.borrow().lifetime() {
            Lifetime::OneRequest => Some(Renewal::NextAttempt),
            Lifetime::Lasting | Lifetime::Cached => None,
        };
        let fresh = fresh.map(|renewal| self.renew(renewal)).transpose()?;
        let credential = fresh.flatten();
        let credential = credential.as_ref().unwrap_or(&self.credential);
        check.ask(record, rules, caller, credential, max_body)
    }
}

/// Reads the profile's headers and the password of the proxy from their sources.
fn read_secrets(batch: &mut Batch) -> Result<(), Error> {
    if let Some(profile) = &batch.profile {
        batch.rules.headers = build::profile_headers(profile, false, Deadline::default())?;
    }
    if let Some(auth) = settings::proxy_auth(batch.options)? {
        let credentials = build::proxy_credentials(auth, Deadline::default())?;
        batch.rules.settings.proxies.credentials = Some(credentials);
    }
    Ok(())
}

fn open_journal(batch: &Batch) -> Result<Option<(Journal, Replay)>, Error> {
    let Some(path) = &batch.given.journal else {
        return Ok(None);
    };
    let input = identity(batch);
    let shard = batch.given.run.shard;
    let shard = shard.map(|shard| shard.to_string()).unwrap_or_default();
    let wanted = Wanted {
        input: &input,
        shard: &shard,
    };
    Journal::open(Path::new(path), wanted).map(Some)
}

/// The hash of everything that decides about the requests: another input, template or service needs
/// another journal.
fn identity(batch: &Batch) -> String {
    let base = batch.rules.service.as_ref().map(|service| &service.url);
    let base = base.map(Url::to_string).unwrap_or_default();
    let encoding = if batch.options.form { "form" } else { "json" };
    let mut parts = vec![batch.survey.hash.as_str(), &base, encoding];
    parts.extend(batch.options.words.iter().map(String::as_str));
    hex::encode(&crypto::sha256(parts.join("\0").as_bytes()))
}
