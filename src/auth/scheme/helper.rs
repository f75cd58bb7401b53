//! `helper`: a program of the user makes the credential of a request, for example with Kerberos.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use super::definition::{Definition, Lifetime, OptionForm, Scheme, SharedScheme};
use crate::auth::aws::Environment;
use crate::auth::context::{Context, Issued, Login, Places, Storage, TokenRequirement};
use crate::auth::helper::{self, BodyShown, Reply};
use crate::auth::plan::{Binding, HelperCall, Obtain, Refusals, TokenPlan};
use crate::auth::preview::Preview;
use crate::auth::records::StoredToken;
use crate::auth::service::Service;
use crate::auth::store::Unusable;
use crate::auth::{token_store, tokens};
use crate::config::key::Kind;
use crate::config::read::Reader;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;
use crate::http::body::Body;
use crate::http::credential::{Credential, Placement};
use crate::http::signer::{Signature, Signer, Signing, Unsigned};
use crate::io_error::reason;
use crate::secret::{Secret, split_words};
use crate::timestamp::Timestamp;

const NAME: &str = "helper";

pub(super) const DEFINITION: Definition = Definition {
    name: NAME,
    option: Some(OptionForm {
        syntax: &["helper=PROGRAM ARGS"],
        parse: |rest, _| {
            let words = split_words(rest.unwrap_or_default())?;
            match words.is_empty() {
                true => Err("write helper=PROGRAM ARGS".into()),
                false => Ok(Rc::new(Helper::new(words, BodyShown::Hash, None))),
            }
        },
    }),
    keys: &[&[("helper", Kind::Words), ("send_body", Kind::Bool)]],
    from_profile,
};

fn from_profile(reader: &Reader, _: &crate::http::url::Url) -> Result<SharedScheme, Error> {
    let words = reader
        .words("helper")?
        .ok_or_else(|| reader.missing("helper", ", a program with its arguments"))?;
    let body = match reader.switch("send_body") {
        true => BodyShown::Whole,
        false => BodyShown::Hash,
    };
    Ok(Rc::new(Helper::new(words, body, reader.text("user")?)))
}

/// A helper.
#[derive(Debug)]
struct Helper {
    plan: TokenPlan,
    body: BodyShown,
    /// The signer of the credential that was issued last.
    signer: RefCell<Option<Arc<HelperSigner>>>,
}

impl Helper {
    fn new(words: Vec<String>, body: BodyShown, user: Option<String>) -> Helper {
        let plan = TokenPlan {
            kind: NAME,
            user: user.unwrap_or_default(),
            // Another helper does not use the headers of this one.
            variant: words.join("\n"),
            texts: BTreeMap::new(),
            secrets: BTreeMap::new(),
            jwt: None,
            obtain: Obtain::Helper(HelperCall {
                words,
                input: Secret::new(Vec::new()),
            }),
            refresh: None,
            revoke: None,
            issuer: None,
            binding: Binding::default(),
            headers: Vec::new(),
            send: Placement::Bearer,
            ttl: None,
            refusals: Refusals::Usual,
        };
        Helper {
            plan,
            body,
            signer: RefCell::default(),
        }
    }
}

impl Scheme for Helper {
    /// The helper runs when a request is signed. A second credential is issued only when the service has
    /// rejected the first one.
    fn issue(
        &self,
        service: &Service,
        want: &TokenRequirement,
        context: &Context,
    ) -> Result<Issued, Error> {
        let rejected = self.signer.borrow().as_ref().and_then(|old| old.token());
        let signer = Arc::new(HelperSigner {
            service: service.clone(),
            plan: self.plan.clone(),
            body: self.body,
            places: context.places.clone(),
            settings: context.settings.clone(),
            want: TokenRequirement {
                except: want.except.clone().or(rejected),
                ..want.clone()
            },
            state: Mutex::new(State::Unknown),
        });
        let mut issued = Issued {
            expires: None,
            storage: Storage::default(),
            warnings: signer.ensure_storable()?.into_iter().collect(),
            token: None,
            credential: Credential::Signed(Signing::new(Arc::clone(&signer) as Arc<dyn Signer>)),
        };
        // `auth login` has no request: it describes a GET of the profile's URL.
        if want.login == Login::Always {
            let request = Unsigned {
                method: "GET",
                url: &service.url,
                headers: &[],
                body: &Body::None,
            };
            issued.expires = signer.renew(&request, context.deadline)?;
        }
        *self.signer.borrow_mut() = Some(signer);
        Ok(issued)
    }

    fn preview(&self, _: &Service) -> Preview {
        Preview::Signed {
            header: "authorization".into(),
        }
    }

    /// Until a helper has printed an expiry, it may have one.
    fn lifetime(&self) -> Lifetime {
        match &*self.signer.borrow() {
            Some(signer) if signer.runs_each_time() => Lifetime::Lasting,
            Some(_) | None => Lifetime::Cached,
        }
    }

    fn token_plan(&self) -> Option<&TokenPlan> {
        Some(&self.plan)
    }
}

/// Runs the helper for each request, or until its headers expire.
#[derive(Debug)]
struct HelperSigner {
    service: Service,
    plan: TokenPlan,
    body: BodyShown,
    places: Places,
    settings: Settings,
    want: TokenRequirement,
    state: Mutex<State>,
}

/// What is known about the output of the helper.
#[derive(Debug)]
enum State {
    Unknown,
    /// It has no expiry.
    ForOneRequest,
    Lasting(Box<StoredToken>),
}

impl HelperSigner {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stored headers, if they have an expiry.
    fn token(&self) -> Option<Secret> {
        match &*self.state() {
            State::Lasting(stored) => Some(stored.token.clone()),
            State::Unknown | State::ForOneRequest => None,
        }
    }

    fn runs_each_time(&self) -> bool {
        matches!(*self.state(), State::ForOneRequest)
    }

    /// A warning if the headers cannot be stored.
    ///
    /// # Errors
    /// If another user can read or write the files.
    fn ensure_storable(&self) -> Result<Option<String>, Error> {
        match token_store::store(&self.service, &self.plan, &self.places) {
            Ok(_) => Ok(None),
            Err(Unusable::Unsafe(error)) => Err(error.into()),
            Err(Unusable::Unwritable(error)) => Ok(Some(format!(
                "the headers of the helper are not stored: {}",
                reason(&error)
            ))),
            Err(Unusable::Nowhere(why)) => Ok(Some(format!(
                "the headers of the helper are not stored: {why}"
            ))),
        }
    }

    /// Runs the helper, or takes the headers that another process has stored. Returns the expiry.
    fn renew(
        &self,
        request: &Unsigned<'_>,
        deadline: Deadline,
    ) -> Result<Option<Timestamp>, Error> {
        let stored = self.obtain(request, deadline)?;
        let expires = stored.expires;
        *self.state() = match expires {
            Some(_) => State::Lasting(Box::new(stored)),
            None => State::ForOneRequest,
        };
        Ok(expires)
    }

    fn obtain(&self, request: &Unsigned<'_>, deadline: Deadline) -> Result<StoredToken, Error> {
        let words = match &self.plan.obtain {
            Obtain::Helper(call) => call.words.clone(),
            Obtain::Exchange(_) | Obtain::Device { .. } | Obtain::Browser(_) | Obtain::Aws(_) => {
                Vec::new()
            }
        };
        let call = HelperCall {
            words,
            input: helper::describe(request, self.body, deadline)?,
        };
        let plan = TokenPlan {
            obtain: Obtain::Helper(call),
            ..self.plan.clone()
        };
        let context = Context {
            places: self.places.clone(),
            deadline,
            settings: self.settings.clone(),
            netrc: None,
            aws: Environment::default(),
            person: None,
        };
        Ok(tokens::get(&self.service, &plan, &self.want, &context)?.stored)
    }
}

impl Signer for HelperSigner {
    fn sign(&self, request: &Unsigned<'_>, deadline: Deadline) -> Result<Signature, Error> {
        let mut state = self.state();
        let now = Timestamp::now();
        let stored = match &*state {
            State::Lasting(stored)
                if stored.left(now).is_some_and(|left| left > stored.margin()) =>
            {
                (**stored).clone()
            }
            State::ForOneRequest => {
                // Several requests at the same time need not wait for each other.
                drop(state);
                self.obtain(request, deadline)?
            }
            State::Unknown | State::Lasting(_) => {
                let stored = self.obtain(request, deadline)?;
                *state = match stored.expires {
                    Some(_) => State::Lasting(Box::new(stored.clone())),
                    None => State::ForOneRequest,
                };
                stored
            }
        };
        let reply = Reply::parse(stored.token.expose()).map_err(Error::usage)?;
        Ok(reply.into_signature())
    }
}
