//! A login on a page of the issuer: an authorization request with PKCE, and the code that its response
//! brings. Without a browser on this machine it is a device login, where the issuer offers one, or the
//! person pastes the response.

use std::time::Duration;

use super::callback::{Callback, Stray};
use super::discovery::Metadata;
use super::loopback::{Loopback, Missed};
use super::pkce::Bonds;
use crate::auth::context::{Context, OpenPage, Person, Prompt};
use crate::auth::device::{self, Start};
use crate::auth::error::Error as AuthError;
use crate::auth::exchange::{self, Outcome};
use crate::auth::plan::{BrowserLogin, Endpoint, Issuer, TokenPlan};
use crate::auth::refusal::Refused;
use crate::auth::service::Service;
use crate::auth::values::Values;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::escape::one_line;
use crate::http::Settings;
use crate::http::url::Url;
use crate::io_error::reason;
use crate::secret::{Secret, Source};

/// How long a person has to log in.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// The scopes that are requested unless the profile sets them, as far as the issuer offers them.
const SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The parameters of the authorization request that a profile cannot set.
pub(in crate::auth) const OWN_PARAMS: [&str; 14] = [
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "audience",
    "resource",
    "request",
    "request_uri",
];

/// Logs in with a person.
///
/// # Errors
/// If no person can be asked, the response is not one to this login, or a request fails.
pub(in crate::auth) fn obtain(
    service: &Service,
    plan: &TokenPlan,
    login: &BrowserLogin,
    values: &mut Values,
    context: &Context,
) -> Result<Outcome, Error> {
    let Some(person) = &context.person else {
        return Err(device::person_required(service));
    };
    let metadata = values.metadata(&context.settings)?;
    let scope = scope(plan, &metadata);
    values.public.insert("scope", scope);
    let session = Session {
        service,
        plan,
        issuer: values.issuer()?,
        login,
        metadata: &metadata,
        settings: &context.settings,
        deadline: context.deadline,
        bonds: Bonds::new()?,
    };
    if let Some(open) = person.open
        && let Some(callback) = session.by_browser(values, person, open)?
    {
        return session.redeem(callback, values);
    }
    if metadata.endpoint(Endpoint::DeviceAuthorization).is_some() {
        let requests = (&login.device_code, &login.device_poll);
        match device::start(service, plan, requests.0, values, context)? {
            Start::Shown(pending) => {
                return device::poll(service, plan, requests.1, pending, values, context);
            }
            // The issuer offers it, but not to this client.
            Start::Refused(Outcome::Refused {
                what: Refused::Client,
                ..
            }) => {}
            Start::Refused(outcome) => return Ok(outcome),
        }
    }
    let callback = session.by_paste(values, person)?;
    session.redeem(callback, values)
}

/// The scope of the profile, else the usual one.
fn scope(plan: &TokenPlan, metadata: &Metadata) -> String {
    if let Some(scope) = plan.texts.get("scope") {
        return scope.clone();
    }
    let offered = |scope: &&str| match &metadata.scopes {
        Some(scopes) => *scope == "openid" || scopes.iter().any(|one| one == scope),
        None => true,
    };
    let scopes: Vec<&str> = SCOPES.into_iter().filter(offered).collect();
    scopes.join(" ")
}

/// One login.
struct Session<'a> {
    service: &'a Service,
    plan: &'a TokenPlan,
    issuer: &'a Issuer,
    login: &'a BrowserLogin,
    metadata: &'a Metadata,
    settings: &'a Settings,
    deadline: Deadline,
    bonds: Bonds,
}

impl Session<'_> {
    /// Opens the page in a browser and waits for the redirect; `None` if no browser starts.
    fn by_browser(
        &self,
        values: &mut Values,
        person: &Person,
        open: OpenPage,
    ) -> Result<Option<Callback>, Error> {
        let loopback = Loopback::bind(self.login.port).map_err(|error| {
            let port = self.login.port.map_or("a free port".to_owned(), |port| {
                format!("the redirect port {port}")
            });
            let why = format!("cannot listen on {port}: {}", reason(&error));
            let hint = Some("set another redirect_port, or use --no-browser".to_owned());
            self.failed(why, hint)
        })?;
        let redirect_uri = loopback.redirect_uri();
        let url = self.request(values, &redirect_uri)?;
        let Ok(mut child) = open(&url) else {
            return Ok(None);
        };
        (person.show)(&Prompt::Opened(&url));
        // A browser that runs in the foreground does not end.
        let is_alive = || !matches!(child.try_wait(), Ok(Some(status)) if !status.success());
        let limit = self.deadline.left().unwrap_or(PATIENCE).min(PATIENCE);
        values.public.insert("redirect_uri", redirect_uri);
        match loopback.wait(&self.bonds.state, limit, is_alive) {
            Ok(callback) => Ok(Some(callback)),
            Err(Missed::NoBrowser) => Ok(None),
            Err(Missed::TimedOut) => {
                let login = self.service.login_command();
                let hint = login.map(|login| format!("{login}, or with --no-browser"));
                Err(self.failed("the browser sent no response in time".into(), hint))
            }
        }
    }

    /// Shows the page, and reads the response that the person copies from the browser.
    fn by_paste(&self, values: &mut Values, person: &Person) -> Result<Callback, Error> {
        // Nothing listens there, so any port is as good.
        let redirect_uri = match self.login.port {
            Some(port) => format!("http://127.0.0.1:{port}/callback"),
            None => self.free_redirect_uri()?,
        };
        let url = self.request(values, &redirect_uri)?;
        values.public.insert("redirect_uri", redirect_uri);
        (person.show)(&Prompt::Paste(&url));
        let pasted = Source::Prompt.read_until("URL or code (not shown)", self.deadline)?;
        let pasted = pasted.expose_text().unwrap_or_default();
        Callback::read_pasted(pasted, &self.bonds.state).map_err(|stray| {
            let why = match stray {
                Stray::State => "the pasted URL is not the response to this login (state)",
                Stray::Malformed => "the pasted text is neither a redirect URL nor a code",
            };
            self.failed(why.into(), None)
        })
    }

    fn free_redirect_uri(&self) -> Result<String, Error> {
        let loopback = Loopback::bind(None).map_err(|source| Error::System {
            action: "find a free port",
            source,
        })?;
        Ok(loopback.redirect_uri())
    }

    /// The URL of the authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3).
    fn request(&self, values: &mut Values, redirect_uri: &str) -> Result<String, Error> {
        if let Some(methods) = &self.metadata.challenge_methods
            && !methods.iter().any(|method| method == "S256")
        {
            return Err(self.failed("the issuer does not support PKCE with S256".into(), None));
        }
        let mut url: Url = values.endpoint(Endpoint::Authorization, self.settings)?;
        let scope = values.public.get("scope").cloned().unwrap_or_default();
        let text = |name: &str| self.plan.texts.get(name).map(String::as_str);
        let nonce = asks_for_identity(&scope).then_some(self.bonds.nonce.as_str());
        for (name, value) in [
            ("response_type", Some("code")),
            ("client_id", Some(self.issuer.client_id.as_str())),
            ("redirect_uri", Some(redirect_uri)),
            (
                "scope",
                Some(scope.as_str()).filter(|scope| !scope.is_empty()),
            ),
            ("state", Some(self.bonds.state.as_str())),
            ("nonce", nonce),
            ("code_challenge", Some(self.bonds.challenge.as_str())),
            ("code_challenge_method", Some("S256")),
            ("login_hint", text("user")),
            ("audience", text("audience")),
            ("resource", text("resource")),
        ] {
            if let Some(value) = value {
                url.set_query(name, value);
            }
        }
        // OpenID Connect Core §11. Without it an issuer must ignore offline_access.
        if scope.split(' ').any(|one| one == "offline_access") {
            url.set_query("prompt", "consent");
        }
        for (name, value) in &self.login.params {
            match value.is_empty() {
                true => url.remove_query(name),
                false => url.set_query(name, value),
            }
        }
        Ok(url.to_string())
    }

    /// Checks who sent the response, and redeems its code.
    fn redeem(&self, callback: Callback, values: &mut Values) -> Result<Outcome, Error> {
        self.ensure_issuer(callback.issuer())?;
        let code = match callback {
            Callback::Code { code, .. } => code,
            Callback::Error {
                code, description, ..
            } => {
                let text: String = match description {
                    Some(description) => format!("{code}: {description}"),
                    None => code,
                };
                let text: String = text.chars().take(exchange::MAX_ERROR_CHARS).collect();
                return Ok(Outcome::Refused {
                    what: Refused::Grant,
                    why: one_line(&values.without_secrets(&text)),
                    ahead: None,
                });
            }
        };
        // A code can be redeemed once: get first what is needed to check the result.
        if self.metadata.endpoint(Endpoint::Keys).is_some() {
            values.keys(self.settings)?;
        }
        values.given.insert("code", code);
        let verifier = Secret::new(self.bonds.verifier.expose().to_vec());
        values.given.insert("code_verifier", verifier);
        values.public.insert("nonce", self.bonds.nonce.clone());
        let response = exchange::send(&self.login.redeem, values, self.settings, self.deadline)?;
        exchange::judge(
            self.service,
            self.plan,
            &self.login.redeem,
            values,
            response,
        )
    }

    /// RFC 9207 §2.4: a response from another issuer is an attack.
    fn ensure_issuer(&self, found: Option<&str>) -> Result<(), Error> {
        match found {
            Some(found) if found == self.issuer.name => Ok(()),
            Some(_) => {
                let why = "the response is from another issuer (iss)";
                Err(self.failed(why.into(), None))
            }
            None if self.metadata.names_itself => {
                let why = "the response does not say which issuer sent it (iss)";
                Err(self.failed(why.into(), Some("paste the whole URL".into())))
            }
            None => Ok(()),
        }
    }

    fn failed(&self, why: String, hint: Option<String>) -> Error {
        Error::Auth(AuthError::Failed {
            profile: self.service.name.clone(),
            why,
            hint,
        })
    }
}

/// Whether a scope asks for an ID token.
pub(in crate::auth) fn asks_for_identity(scope: &str) -> bool {
    scope.split(' ').any(|one| one == "openid")
}
