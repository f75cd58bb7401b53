//! `--paginate`: requests the pages of a list one after another, and prints their items.

use super::Http;
use super::format::Show;
use super::page_writer::{Extent, Form, PageWriter};
use super::plan::Plan;
use super::print::Printer;
use super::reporter::ProgressLine;
use super::show;
use super::status::Verbosity;
use crate::error::Error;
use crate::exit::Exit;
use crate::http::graphql::PagedQuery;
use crate::http::page_settings::{PageSettings, Parameter};
use crate::http::pages::{Bound, Pager, Shape};
use crate::http::request::Request;
use crate::http::settings::Methods;
use crate::http::{Caller, Response};
use crate::jq::Filter;
use crate::quantity::count;
use crate::{escape, output};

/// The most of a page's error that is printed on stderr.
const MOST_OF_ERROR: u64 = 64 << 10;

/// The pages to request, and the form of their items.
pub(super) struct Paging {
    pager: Pager,
    form: Form,
    max_pages: u64,
    max_items: Option<u64>,
}

impl Paging {
    /// Reads the options; the request gets the parameter of the first page.
    ///
    /// # Errors
    /// A usage error names the option.
    pub(super) fn of(options: &Http, plan: &mut Plan) -> Result<Option<Paging>, Error> {
        if !options.paginate {
            ensure_no_option(options)?;
            return Ok(None);
        }
        ensure_printable(options, &plan.show)?;
        if !["GET", "POST", "QUERY"].contains(&plan.request.method.as_str()) {
            return Err(Error::usage(format!(
                "--paginate cannot be used with {}; it repeats GET, POST or QUERY for each page",
                plan.request.method
            )));
        }
        let bound = match options.max_pages {
            Some(_) => Bound::Limited,
            None => Bound::Unlimited,
        };
        let (shape, items) = ways(options, plan)?;
        if let Shape::GraphQl(_) = shape {
            // A query changes nothing, so it is repeated like a GET.
            plan.settings.retry.methods = Methods::All;
        }
        Ok(Some(Paging {
            pager: Pager::new(shape, items, bound, &mut plan.request)?,
            form: match (plan.jq.take(), options.ndjson) {
                (Some(jq), _) => Form::Filtered(jq),
                (None, true) => Form::Lines,
                (None, false) => Form::Array,
            },
            max_pages: options.max_pages.unwrap_or(u64::MAX),
            max_items: options.max_items,
        }))
    }

    /// Requests the pages, and prints their items.
    ///
    /// # Errors
    /// When a page is not received, cannot be read or repeats, and when the items cannot be written.
    pub(super) fn run(
        mut self,
        request: Request,
        caller: &mut Caller,
        printer: &Printer,
        progress: &ProgressLine,
    ) -> Result<Exit, Error> {
        self.pager.begin(&request, caller.settings());
        let mut so_far = SoFar::default();
        let result = self.pages(request, caller, printer, progress, &mut so_far);
        progress.end();
        if result.is_err() {
            so_far.end_line()?;
        }
        if let Err(error) = &result
            && so_far.pages > 0
            && !error.is_silent()
            && printer.level == Verbosity::Normal
        {
            output::say(format_args!("c47 http: {}", so_far.incomplete()));
        }
        result
    }

    fn pages(
        &mut self,
        mut request: Request,
        caller: &mut Caller,
        printer: &Printer,
        progress: &ProgressLine,
        so_far: &mut SoFar,
    ) -> Result<Exit, Error> {
        let Paging { pager, form, .. } = self;
        let mut answer = caller.call(&mut request)?;
        if !is_success(&answer) {
            return printer.print(&request, &mut answer);
        }
        let mut writer = PageWriter::open(form, &printer.show, self.max_items, printer.deadline)?;
        loop {
            let body = answer.body.read_all(printer.in_memory)?;
            let page = pager.read(&request, &answer.head, &body)?;
            let extent = writer.page(&answer.head, &body, &page)?;
            (so_far.pages, so_far.items) = (so_far.pages + 1, writer.items);
            so_far.is_line_open = writer.is_line_open();
            let is_limit = so_far.pages >= self.max_pages || writer.is_full();
            let has_more = page.next.is_some() || extent == Extent::Part;
            let Some(next) = page
                .next
                .filter(|_| !is_limit && !output::reader_has_gone())
            else {
                progress.end();
                writer.finish(printer.level)?;
                so_far.is_line_open = false;
                note_end(pager, so_far, is_limit && has_more, &answer, printer.level);
                return Ok(Exit::Done);
            };
            request = pager.request(&request, next)?;
            if printer.level == Verbosity::Normal && writer.is_apart() {
                progress.status(so_far.to_string());
            }
            answer = caller.call_again(&mut request)?;
            if !is_success(&answer) {
                progress.end();
                so_far.end_line()?;
                return refused(&request, &mut answer, printer, so_far);
            }
        }
    }
}

/// What was printed so far.
#[derive(Default)]
struct SoFar {
    pages: u64,
    items: u64,
    /// Whether the last line on the terminal has no line feed yet.
    is_line_open: bool,
}

impl SoFar {
    /// Ends the line on the terminal before something else is printed.
    fn end_line(&mut self) -> Result<(), Error> {
        match std::mem::take(&mut self.is_line_open) {
            true => output::bytes(b"\n"),
            false => Ok(()),
        }
    }

    fn incomplete(&self) -> String {
        format!("the output is incomplete: it ends after {self}")
    }
}

impl std::fmt::Display for SoFar {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let (pages, items) = (count(self.pages, "page"), count(self.items, "item"));
        write!(f, "{pages}, {items}")
    }
}

fn is_success(answer: &Response) -> bool {
    Exit::from_status(answer.head.status) == Exit::Done
}

/// Reports a later page with a status outside 2xx. Its body is printed on stderr where stdout has the
/// items of the other pages.
fn refused(
    request: &Request,
    answer: &mut Response,
    printer: &Printer,
    so_far: &SoFar,
) -> Result<Exit, Error> {
    printer.report_status(request, answer);
    match &printer.show {
        Show::File(_) => show::body(answer, printer.in_memory)?,
        Show::Body
        | Show::Stream
        | Show::Headers
        | Show::Parts(_)
        | Show::Download(_)
        | Show::Json => {
            let body = answer.body.read_all(MOST_OF_ERROR).unwrap_or_default();
            for line in String::from_utf8_lossy(&body).lines() {
                output::say(escape::one_line(line));
            }
        }
    }
    if printer.level == Verbosity::Normal {
        output::say(format_args!("c47 http: {}", so_far.incomplete()));
    }
    Ok(Exit::from_status(answer.head.status))
}

/// Says that there are more pages, or that none could be found.
fn note_end(pager: &Pager, so_far: &SoFar, has_more: bool, answer: &Response, level: Verbosity) {
    if level == Verbosity::Quiet {
        return;
    }
    if has_more {
        output::say(format_args!(
            "c47 http: stopped after {so_far}; there are more"
        ));
    }
    let is_only = so_far.pages == 1 && pager.needs_link() && answer.head.header("link").is_none();
    if is_only && output::stderr_is_terminal() {
        output::say(
            "c47 http: the response has no Link header; --next or --page-param names another way to \
             the next page",
        );
    }
}

/// How the next page and the items are found: by the options, the query in the body, the profile, or
/// the Link header.
fn ways(options: &Http, plan: &mut Plan) -> Result<(Shape, Option<Filter>), Error> {
    let parameter = options.page_param.as_deref().map(Parameter::parse);
    let own = PageSettings {
        next: options.next.clone(),
        parameter: parameter
            .transpose()
            .map_err(|why| Error::usage(format!("--page-param: {why}")))?,
        items: options.items.clone(),
    };
    let is_own_way = own.next.is_some() || own.parameter.is_some();
    if !is_own_way
        && plan.request.method == "POST"
        && let Some(query) = PagedQuery::of(&mut plan.request.body)?
    {
        let items = own
            .items
            .as_deref()
            .map(|text| Filter::compile("--items", text));
        return Ok((Shape::GraphQl(query), items.transpose()?));
    }
    let next_name = match is_own_way {
        true => "--next",
        false => "the profile's pages: next",
    };
    let items_name = match own.items {
        Some(_) => "--items",
        None => "the profile's pages: items",
    };
    let settings = own.over(plan.pages.clone());
    let compiled =
        |name: &str, text: Option<&str>| text.map(|text| Filter::compile(name, text)).transpose();
    let items = compiled(items_name, settings.items.as_deref())?;
    let next = compiled(next_name, settings.next.as_deref())?;
    let shape = match (settings.parameter, next) {
        (None, None) => Shape::Link,
        (None, Some(next)) => Shape::Next(next),
        (Some(parameter), None) => Shape::Number(parameter),
        (Some(parameter), Some(next)) => Shape::Cursor(parameter, next),
    };
    Ok((shape, items))
}

/// Ensures that options of pages are given only together with `--paginate`.
fn ensure_no_option(options: &Http) -> Result<(), Error> {
    let given = [
        ("--next", options.next.is_some()),
        ("--page-param", options.page_param.is_some()),
        ("--items", options.items.is_some()),
        ("--ndjson", options.ndjson),
        ("--max-pages", options.max_pages.is_some()),
        ("--max-items", options.max_items.is_some()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(Error::usage(format!("{name} requires --paginate"))),
        None => Ok(()),
    }
}

fn ensure_printable(options: &Http, show: &Show) -> Result<(), Error> {
    let other = match show.option() {
        None if options.timing => Some("--timing"),
        None if options.compress => Some("--compress"),
        other => other,
    };
    match other {
        Some(other) => Err(Error::usage(format!(
            "--paginate and {other} cannot be used together"
        ))),
        None if options.ndjson && options.raw_output => Err(Error::usage(
            "--ndjson and --raw-output cannot be used together",
        )),
        None => Ok(()),
    }
}
