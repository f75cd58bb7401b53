//! Runs `c47 http`, from its options to its exit code.

use std::cell::RefCell;
use std::rc::Rc;

use super::format::Show;
use super::paging::Paging;
use super::plan::Plan;
use super::polling::Polling;
use super::print::Printer;
use super::renewal::renewed_by;
use super::reporter::{CallReporter, ProgressLine};
use super::{
    Http, batch, build, chart, cookies, download, from_curl, graphql, presign, print_command, show,
    to_curl,
};
use crate::auth::{Issuer, TokenRequirement};
use crate::cli::profile::warn;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::exit::Exit;
use crate::http::cookies::Saving;
use crate::http::credential::Credential;
use crate::http::download::present;
use crate::http::{Caller, Settings};
use crate::output;
use crate::redact::Secrets;

impl Http {
    pub(crate) fn run(self) -> Result<Exit, Error> {
        if let Some(input) = batch::input(&self)? {
            return batch::run(&self, input);
        }
        let call = from_curl::resolved(self)?;
        graphql::ensure_suits(&call)?;
        match call.print_command {
            true => print_command::print(&call),
            false => call.make(),
        }
    }

    fn make(self) -> Result<Exit, Error> {
        let mut plan = build::plan(&self)?;
        graphql::allow_retries(&self, &mut plan);
        presign::ensure_suits(&self)?;
        let series = Series::of(&self, &mut plan)?;
        if self.offline || self.curl {
            return self.print(&mut plan);
        }
        if let Show::Download(wanted) = &plan.show
            && let Some(path) = present(wanted, &plan.request.url)
        {
            return download::present(&path, plan.level);
        }
        let cookies = plan.cookies.open(Saving::AtOnce)?;
        let issued = plan.issuer.issue(&TokenRequirement::default())?;
        warn("c47 http", &issued.warnings);
        plan.request.credential = issued.credential;
        if self.presign.is_some() {
            return presign::print(plan);
        }
        if self.insecure {
            output::say("c47 http: --insecure: the server's certificate is not checked");
        }
        plan.settings.watch = download::watch(&plan.request, plan.level);
        let progress = ProgressLine::default();
        let reporter = CallReporter {
            verbose: self.verbose,
            level: plan.level,
            secrets: plan.secrets,
            progress: progress.clone(),
        };
        let caller = caller(plan.settings, plan.issuer, reporter, plan.deadline);
        let mut caller = caller.keeping(cookies.clone());
        let printer = Printer {
            show: plan.show,
            jq: plan.jq,
            level: plan.level,
            secrets: plan.secrets,
            in_memory: plan.in_memory,
            deadline: plan.deadline,
            dead_token_statuses: plan.dead_token_statuses,
        };
        let mut request = plan.request;
        let exit = match (series, &printer.show) {
            (Series::Pages(paging), _) => paging.run(request, &mut caller, &printer, &progress),
            (Series::Poll(polling), _) => polling.run(&request, &mut caller, &printer, &progress),
            (Series::One, Show::Download(wanted)) => {
                let (level, in_memory) = (printer.level, printer.in_memory);
                download::run(wanted, &request, &mut caller, &progress, level, in_memory)
            }
            (Series::One, _) => {
                let mut answer = caller.call(&mut request)?;
                let exit = graphql::print(&self, &printer, &request, &mut answer)?;
                if self.timing {
                    chart::draw(&answer.body.timing());
                }
                Ok(exit)
            }
        };
        let exit = exit?;
        // Everything is printed; a cookie that is not saved is an error nevertheless.
        cookies.finish()?;
        Ok(exit)
    }

    /// `--offline` and `--curl`.
    fn print(&self, plan: &mut Plan) -> Result<Exit, Error> {
        plan.request.credential = shown_credential(plan)?;
        match self.curl {
            true => output::line(to_curl::command(self, plan)?)?,
            false => {
                let cookies = plan.cookies.open_for_print()?;
                cookies::show_in(&mut plan.request, &cookies, &plan.settings)?;
                plan.request.sign(plan.deadline)?;
                show::request(&plan.request, plan.secrets)?;
            }
        }
        Ok(Exit::Done)
    }
}

/// How many calls are made.
enum Series {
    One,
    /// The pages of a list.
    Pages(Box<Paging>),
    /// The same call, until a condition is met.
    Poll(Polling),
}

impl Series {
    /// Reads the options. The request may change for the first page.
    ///
    /// # Errors
    /// A usage error names the option.
    fn of(options: &Http, plan: &mut Plan) -> Result<Series, Error> {
        if let Some(polling) = Polling::of(options, plan)? {
            return Ok(Series::Poll(polling));
        }
        let paging = Paging::of(options, plan)?;
        Ok(paging.map_or(Series::One, |paging| Series::Pages(Box::new(paging))))
    }
}

/// The credential of a request that is only printed. No login is sent, and a source is read only if
/// the user wants to see the secret.
fn shown_credential(plan: &mut Plan) -> Result<Credential, Error> {
    match (plan.secrets, plan.issuer.is_local()) {
        (Secrets::Shown, true) => {
            let issued = plan.issuer.issue(&TokenRequirement::default())?;
            warn("c47 http", &issued.warnings);
            Ok(issued.credential)
        }
        (Secrets::Shown, false) | (Secrets::Hidden, _) => Ok(plan.preview.masked()),
    }
}

/// A caller whose credentials `issuer` renews, if they can be renewed. Without a deadline each call
/// has its own.
fn caller(
    settings: Settings,
    issuer: Issuer<'static>,
    reporter: CallReporter,
    deadline: Deadline,
) -> Caller<'static> {
    let caller = Caller::new(settings).observed_by(Box::new(reporter));
    let caller = match deadline.left() {
        Some(_) => caller.until(deadline),
        None => caller,
    };
    let issuer = Rc::new(RefCell::new(issuer));
    let tell = Box::new(|warnings: &[String]| warn("c47 http", warnings));
    renewed_by(&issuer, caller, tell)
}
