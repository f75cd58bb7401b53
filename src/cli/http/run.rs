//! `c47 http` from its options to its exit code.

use super::narrator::{Narrator, ProgressLine};
use super::plan::{Plan, Show};
use super::{Http, build, chart, download, from_curl, print_command, report, save, show, to_curl};
use crate::auth::scheme::Lifetime;
use crate::auth::{self, Issuer, Want};
use crate::cli::profile::warn;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::exit::Exit;
use crate::http::credential::Credential;
use crate::http::request::Request;
use crate::http::{Answer, Caller, Settings};
use crate::{escape, output};

impl Http {
    pub(crate) fn run(self) -> Result<Exit, Error> {
        let call = from_curl::resolved(self)?;
        match call.print_command {
            true => print_command::print(&call),
            false => call.make(),
        }
    }

    fn make(self) -> Result<Exit, Error> {
        let mut plan = build::plan(&self)?;
        if self.offline || self.curl {
            // Nothing is sent: no source is asked, nobody logs in.
            plan.request.credential = plan.preview.masked();
            match self.curl {
                true => output::line(to_curl::command(&self, &plan)?)?,
                false => show::request(&plan.request)?,
            }
            return Ok(Exit::Done);
        }
        let issued = plan.issuer.issue(&Want::default())?;
        warn("c47 http", &issued.warnings);
        plan.request.credential = issued.credential;
        if self.insecure {
            output::say("c47 http: --insecure: the server's certificate is not checked");
        }
        plan.settings.watch = download::watch(&plan.request);
        let Plan {
            mut request,
            settings,
            deadline,
            issuer,
            dead_token_statuses,
            show,
            in_memory,
            ..
        } = plan;
        let progress = ProgressLine::default();
        let narrator = Narrator {
            verbose: self.verbose,
            progress: progress.clone(),
        };
        let mut caller = caller(settings, issuer, narrator).until(deadline);
        if let Show::Download(wanted) = &show {
            return download::run(wanted, &request, &mut caller, &progress, in_memory);
        }
        let mut answer = caller.call(&mut request)?;
        if dead_token_statuses.contains(&answer.head.status)
            && request.credential != Credential::None
        {
            explain_skew(&answer);
        }
        let exit = print(&show, &request, &mut answer, in_memory, deadline)?;
        if self.timing {
            chart::draw(&answer.body.timing());
        }
        Ok(exit)
    }
}

/// A caller whose credentials are renewed by `issuer`, where there are others.
fn caller(settings: Settings, issuer: Issuer<'static>, narrator: Narrator) -> Caller<'static> {
    let caller = Caller::new(settings).observed_by(Box::new(narrator));
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

/// Prints the response as the options ask for.
fn print(
    show: &Show,
    request: &Request,
    answer: &mut Answer,
    in_memory: u64,
    deadline: Deadline,
) -> Result<Exit, Error> {
    let exit = Exit::from_status(answer.head.status);
    match show {
        Show::Json => report::print(request, answer, in_memory)?,
        Show::Stream => show::stream(answer)?,
        Show::Parts(parts) => show::parts(request, answer, parts, in_memory)?,
        Show::Head => show::head_only(&answer.head)?,
        Show::File(path) if exit == Exit::Done => save::to_file(answer, path, deadline)?,
        Show::File(path) => {
            output::say(format_args!(
                "c47 http: {} not written: the answer is {}",
                path.display(),
                escape::one_line(&answer.head.status_line())
            ));
            show::body(answer, in_memory)?;
        }
        Show::Body | Show::Download(_) => show::body(answer, in_memory)?,
    }
    Ok(exit)
}

fn explain_skew(answer: &Answer) {
    let ahead = answer.head.header("date").and_then(auth::seconds_ahead);
    if let Some(skew) = auth::skew(ahead) {
        output::say(format_args!(
            "c47 http: {skew}: tokens may seem not yet valid, or expired"
        ));
    }
}
