//! Several calls to one service, as `c47 http` makes them: with the same options, credentials, cookies
//! and connections. Nothing is printed.
#![cfg_attr(not(feature = "tui"), allow(dead_code))] // the screen uses more of it

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::build::plan_for;
use super::format::Show;
use super::jq::of_body;
use super::plan::Plan;
use super::print_command::shown;
use super::renewal::renewed_by;
use super::{Http, show, status, target};
use crate::auth::{Issuer, Profile, TokenRequirement};
use crate::error::Error;
use crate::exit::Exit;
use crate::http::cookies::{Cookies, Saving};
use crate::http::credential::Credential;
use crate::http::observe::{Notice, Observer};
use crate::http::response::ResponseHead;
use crate::http::{Caller, Settings};
use crate::jq::{Filter, Output};
use crate::output;
use crate::redact;
use crate::shell::quote;

/// The options of all calls.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct SessionOptions {
    pub auth: Option<String>,
    pub timeout: Option<String>,
    pub allow_plaintext: bool,
    pub cacert: Option<String>,
}

impl SessionOptions {
    /// A call of `c47 http` with these options.
    fn call(&self, words: Vec<String>) -> Http {
        Http {
            words,
            auth: self.auth.clone(),
            timeout: self.timeout.clone(),
            allow_plaintext: self.allow_plaintext,
            cacert: self.cacert.clone(),
            ..Http::default()
        }
    }

    /// The command line of `c47 http` for a call. Sources replace its secrets.
    pub(in crate::cli) fn command_line(&self, words: Vec<String>) -> String {
        let words = shown(&self.call(words));
        let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
        words.join(" ")
    }
}

/// Prints a body on stdout: formatted on a terminal, unchanged in a pipe, with a line feed at its end.
///
/// # Errors
/// When stdout cannot be written.
pub(in crate::cli) fn print_body(command: &str, bytes: &[u8]) -> Result<(), Error> {
    show::held_body(command, bytes)?;
    match output::stdout_is_terminal() || bytes.is_empty() || bytes.ends_with(b"\n") {
        true => Ok(()),
        false => output::bytes(b"\n"),
    }
}

/// The outputs of a filter for the body of a response.
///
/// # Errors
/// When the body is not JSON, or the filter fails.
pub(in crate::cli) fn filtered(
    option: &str,
    filter: &Filter,
    values: &[Arc<str>],
    answer: &Answer,
) -> Result<Vec<Output>, Error> {
    let run = |body: &[u8]| filter.outputs_with(option, body.into(), values, usize::MAX);
    of_body(option, &run, &answer.head, &answer.body)
}

/// A response that is completely read.
pub(in crate::cli) struct Answer {
    pub head: ResponseHead,
    pub body: Vec<u8>,
    /// `404 Not Found from GET https://a.lan/x`.
    pub line: String,
    pub elapsed: Duration,
}

impl Answer {
    /// The exit code for its status.
    pub(in crate::cli) fn exit(&self) -> Exit {
        Exit::from_status(self.head.status)
    }
}

/// Calls to one service.
pub(in crate::cli) struct Session {
    options: SessionOptions,
    profile: Option<Profile>,
    open: Option<Open>,
    messages: Messages,
}

/// What the first call has opened.
struct Open {
    issuer: Rc<RefCell<Issuer<'static>>>,
    caller: Caller<'static>,
    cookies: Cookies,
    credential: Credential,
    /// Whether a call was made with the credential.
    is_used: bool,
}

/// What people should know about the calls.
#[derive(Clone, Default)]
struct Messages(Rc<RefCell<Vec<String>>>);

impl Messages {
    fn extend(&self, messages: &[String]) {
        self.0.borrow_mut().extend_from_slice(messages);
    }
}

impl Observer for Messages {
    fn notice(&mut self, notice: &Notice) {
        self.extend(&[match notice {
            Notice::Retrying(pause) => pause.to_string(),
            Notice::RedirectRefused { to, why } => {
                format!("redirect to {} not followed: {why}", redact::url(to))
            }
        }]);
    }
}

impl Session {
    /// A session without calls.
    pub(in crate::cli) fn new(options: SessionOptions, profile: Option<Profile>) -> Session {
        Session {
            options,
            profile,
            open: None,
            messages: Messages::default(),
        }
    }

    /// A session without credentials and without a profile, with the other options of this one.
    pub(in crate::cli) fn without_credentials(&self) -> Session {
        let options = SessionOptions {
            auth: None,
            ..self.options.clone()
        };
        Session::new(options, None)
    }

    /// The warnings and notices since the last time.
    pub(in crate::cli) fn take_messages(&self) -> Vec<String> {
        std::mem::take(&mut *self.messages.0.borrow_mut())
    }

    /// Reads the secret or logs in, if that is not done.
    ///
    /// # Errors
    /// As `c47 http`.
    pub(in crate::cli) fn log_in(&mut self, words: Vec<String>) -> Result<(), Error> {
        let plan = self.plan(words)?;
        self.opened(plan).map(drop)
    }

    /// Makes a call, and reads its response.
    ///
    /// # Errors
    /// As `c47 http`.
    pub(in crate::cli) fn call(&mut self, words: Vec<String>) -> Result<Answer, Error> {
        let begin = Instant::now();
        let plan = self.plan(words)?;
        let (mut request, most) = (plan.request.clone(), plan.in_memory);
        let messages = self.messages.clone();
        let open = self.opened(plan)?;
        request.credential = open.credential.clone();
        let mut answer = match std::mem::replace(&mut open.is_used, true) {
            false => open.caller.call(&mut request)?,
            // A token for one request is used up.
            true => open.caller.call_again(&mut request)?,
        };
        let line = status::escaped_line(&request, &answer.head, answer.proxy.as_ref());
        let body = answer.body.read_all(most)?;
        let saved = open.cookies.finish();
        if let Err(error) = saved {
            messages.extend(&[error.to_string()]);
        }
        Ok(Answer {
            head: answer.head,
            body,
            line,
            elapsed: begin.elapsed(),
        })
    }

    fn plan(&self, words: Vec<String>) -> Result<Plan, Error> {
        let options = self.options.call(words);
        let target = target::at(self.profile.as_ref(), &options.words)?;
        plan_for(&options, target, Show::Body, None)
    }

    fn opened(&mut self, plan: Plan) -> Result<&mut Open, Error> {
        let open = match self.open.take() {
            Some(open) => {
                open.issuer.borrow_mut().set_deadline(plan.deadline);
                open
            }
            None => self.opening(plan)?,
        };
        Ok(self.open.insert(open))
    }

    fn opening(&self, plan: Plan) -> Result<Open, Error> {
        let cookies = plan.cookies.open(Saving::AtOnce)?;
        let mut issuer = plan.issuer;
        let issued = issuer.issue(&TokenRequirement::default())?;
        self.messages.extend(&issued.warnings);
        let issuer = Rc::new(RefCell::new(issuer));
        let caller = self.caller(plan.settings, &issuer);
        Ok(Open {
            issuer,
            caller: caller.keeping(cookies.clone()),
            cookies,
            credential: issued.credential,
            is_used: false,
        })
    }

    fn caller(&self, settings: Settings, issuer: &Rc<RefCell<Issuer<'static>>>) -> Caller<'static> {
        let caller = Caller::new(settings).observed_by(Box::new(self.messages.clone()));
        let messages = self.messages.clone();
        let tell = Box::new(move |warnings: &[String]| messages.extend(warnings));
        renewed_by(issuer, caller, tell)
    }
}
