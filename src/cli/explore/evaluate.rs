//! `--eval`: makes the calls one after the other. Everything is checked before the first one, as far as
//! that is possible without the responses.

use super::{COMMAND, Explore, openapi};
use crate::auth::Profile;
use crate::cli::http::{Answer, Session, filtered, print_body};
use crate::cli::profile::warn;
use crate::error::Error;
use crate::exit::Exit;
use crate::explore::call::{Call, Impact, Plan};
use crate::explore::line::Line;
use crate::explore::openapi::Api;
use crate::explore::result::{of_body, of_outputs};
use crate::explore::service::Place;
use crate::explore::values::Values;
use crate::jq::Filter;
use crate::output;

const OPTION: &str = "--eval";

/// A line that is checked.
struct Step {
    name: Option<String>,
    plan: Plan,
    filter: Option<Filter>,
}

/// Makes the calls.
///
/// # Errors
/// A usage error before anything is sent; later those of the calls and filters.
pub(super) fn run(
    options: &Explore,
    place: &Place,
    profile: Option<Profile>,
) -> Result<Exit, Error> {
    let steps = steps(options)?;
    let mut session = Session::new(options.session_options(), profile);
    for step in &steps {
        step.plan.ensure_within(place)?;
    }
    let api = openapi::read(options.openapi.as_deref(), place, &mut session)?;
    let mut run = Run {
        options,
        place,
        session,
        api,
        values: Values::default(),
    };
    for step in &steps {
        let exit = run.step(step)?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    Ok(Exit::Done)
}

/// Checks the lines.
fn steps(options: &Explore) -> Result<Vec<Step>, Error> {
    // The names are those that each line finds.
    let mut known = Values::default();
    let step = |text: &String| {
        let line = Line::parse(text).map_err(|why| Error::usage(format!("{OPTION}: {why}")))?;
        let plan = Plan::of(&line)?;
        ensure_allowed(options, plan.impact(), plan.method())?;
        let filter = line.filter.as_deref();
        let filter = filter.map(|text| Filter::compile_with(OPTION, text, &known.names()));
        let step = Step {
            filter: filter.transpose()?,
            name: line.name,
            plan,
        };
        known.set_result(step.name.as_deref(), "null".into())?;
        Ok(step)
    };
    options.eval.iter().map(step).collect()
}

/// Refuses a call that changes data without `--yes`.
fn ensure_allowed(options: &Explore, impact: Impact, method: &str) -> Result<(), Error> {
    match (impact, options.yes) {
        (Impact::Reads, _) | (Impact::Writes, true) => Ok(()),
        (Impact::Writes, false) => Err(Error::usage_hint(
            format!("{OPTION}: {method} can change data; nothing was sent"),
            "allow it with --yes",
        )),
    }
}

struct Run<'a> {
    options: &'a Explore,
    place: &'a Place,
    session: Session,
    api: Option<Api>,
    values: Values,
}

impl Run<'_> {
    fn step(&mut self, step: &Step) -> Result<Exit, Error> {
        let call = step.plan.call(&self.values)?;
        ensure_allowed(self.options, call.impact(), call.method())?;
        let words = call.words(self.place)?;
        let answer = self.session.call(words);
        warn(COMMAND, &self.session.take_messages());
        let answer = answer?;
        let exit = answer.exit();
        if exit != Exit::Done {
            self.report(&call, &answer);
            print_body(COMMAND, &answer.body)?;
            return Ok(exit);
        }
        let is_printed = step.name.is_none();
        let json = match &step.filter {
            None => {
                if is_printed {
                    print_body(COMMAND, &answer.body)?;
                }
                of_body(&answer.body)
            }
            Some(filter) => {
                let outputs = filtered(OPTION, filter, &self.values.all(), &answer)?;
                if is_printed {
                    output::print_results(&outputs, self.options.strings())?;
                }
                of_outputs(&outputs)
            }
        };
        self.values.set_result(step.name.as_deref(), json)?;
        Ok(Exit::Done)
    }

    /// Reports a status outside 2xx.
    fn report(&self, call: &Call, answer: &Answer) {
        output::say(format_args!("{COMMAND}: {}", answer.line));
        let is_unknown = matches!(answer.head.status, 404 | 405);
        let near = self.api.as_ref().filter(|_| is_unknown);
        let path = call.path(self.place);
        if let Some(near) = near.and_then(|api| api.nearest(call.method(), &path)) {
            output::say(format_args!("hint: did you mean {near}?"));
        }
    }
}
