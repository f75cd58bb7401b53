//! Runs `c47 http`, from its options to its exit code.

use super::plan::{Plan, Show};
use super::print::Printer;
use super::reporter::{CallReporter, ProgressLine};
use super::status::Verbosity;
use super::{Http, build, chart, download, from_curl, graphql, print_command, show, to_curl};
use crate::auth::scheme::Lifetime;
use crate::auth::{self, Issuer, TokenRequirement};
use crate::cli::profile::warn;
use crate::error::Error;
use crate::exit::Exit;
use crate::http::credential::Credential;
use crate::http::download::present;
use crate::http::{Caller, Response, Settings};
use crate::output;
use crate::redact::Secrets;

impl Http {
    pub(crate) fn run(self) -> Result<Exit, Error> {
        let call = from_curl::resolved(self)?;
        graphql::ensure_suits(&call)?;
        match call.print_command {
            true => print_command::print(&call),
            false => call.make(),
        }
    }

    fn make(self) -> Result<Exit, Error> {
        let mut plan = build::plan(&self)?;
        if self.offline || self.curl {
            plan.request.credential = shown_credential(&mut plan)?;
            match self.curl {
                true => output::line(to_curl::command(&self, &plan)?)?,
                false => show::request(&plan.request, plan.secrets)?,
            }
            return Ok(Exit::Done);
        }
        if let Show::Download(wanted) = &plan.show
            && let Some(path) = present(wanted, &plan.request.url)
        {
            return download::present(&path, plan.level);
        }
        let issued = plan.issuer.issue(&TokenRequirement::default())?;
        warn("c47 http", &issued.warnings);
        plan.request.credential = issued.credential;
        if self.insecure {
            output::say("c47 http: --insecure: the server's certificate is not checked");
        }
        plan.settings.watch = download::watch(&plan.request, plan.level);
        let Plan {
            mut request,
            settings,
            deadline,
            issuer,
            dead_token_statuses,
            show,
            jq,
            level,
            secrets,
            in_memory,
            ..
        } = plan;
        let progress = ProgressLine::default();
        let reporter = CallReporter {
            verbose: self.verbose,
            level,
            secrets,
            progress: progress.clone(),
        };
        let mut caller = caller(settings, issuer, reporter).until(deadline);
        if let Show::Download(wanted) = &show {
            return download::run(wanted, &request, &mut caller, &progress, level, in_memory);
        }
        let mut answer = caller.call(&mut request)?;
        if level == Verbosity::Normal
            && dead_token_statuses.contains(&answer.head.status)
            && request.credential != Credential::None
        {
            warn_about_clock_skew(&answer);
        }
        let printer = Printer {
            show,
            jq,
            level,
            secrets,
            in_memory,
            deadline,
        };
        let exit = graphql::print(&self, &printer, &request, &mut answer)?;
        if self.timing {
            chart::draw(&answer.body.timing());
        }
        Ok(exit)
    }
}

/// The credential of a request that is only printed. No login is sent, and a source is read only if
/// the user wants to see the secret.
fn shown_credential(plan: &mut Plan) -> Result<Credential, Error> {
    match (plan.secrets, plan.issuer.lifetime()) {
        (Secrets::Shown, Lifetime::Lasting | Lifetime::OneRequest) => {
            let issued = plan.issuer.issue(&TokenRequirement::default())?;
            warn("c47 http", &issued.warnings);
            Ok(issued.credential)
        }
        (Secrets::Shown, Lifetime::Cached) | (Secrets::Hidden, _) => Ok(plan.preview.masked()),
    }
}

/// A caller whose credentials `issuer` renews, if they can be renewed.
fn caller(settings: Settings, issuer: Issuer<'static>, reporter: CallReporter) -> Caller<'static> {
    let caller = Caller::new(settings).observed_by(Box::new(reporter));
    let mut issuer = issuer;
    match issuer.lifetime() {
        Lifetime::Lasting => caller,
        Lifetime::OneRequest | Lifetime::Cached => caller.renewing(Box::new(move |renewal| {
            let issued = issuer.renew(renewal)?;
            Ok(issued.map(|issued| {
                warn("c47 http", &issued.warnings);
                issued.credential
            }))
        })),
    }
}

fn warn_about_clock_skew(answer: &Response) {
    let ahead = answer.head.header("date").and_then(auth::seconds_ahead);
    if let Some(skew) = auth::skew(ahead) {
        output::say(format_args!(
            "c47 http: {skew}: tokens may appear expired or not yet valid"
        ));
    }
}
