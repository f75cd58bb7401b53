//! `--graphql`: sends a GraphQL document with variables, and reports the errors in the response.

use std::path::Path;

use super::Http;
use super::content::content;
use super::plan::Plan;
use super::print::Printer;
use super::status::Verbosity;
use super::target;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::http::Response;
use crate::http::body::{self, Body};
use crate::http::graphql_document::{self as graphql, Kind, Operation};
use crate::http::item::{Item, Value};
use crate::http::request::Request;
use crate::http::settings::Methods;
use crate::json::{Text, members};
use crate::nearest::nearest;
use crate::output;

/// The most errors of a response that are reported, and the longest report of one, in characters.
const MOST_ERRORS: usize = 10;
const LONGEST_ERROR: usize = 500;

/// Checks that the other options, the method and the items suit `--graphql`.
///
/// # Errors
/// Names what does not.
pub(super) fn ensure_suits(options: &Http) -> Result<(), Error> {
    if options.graphql.is_none() {
        return match (options.var.is_empty(), &options.operation) {
            (true, None) => Ok(()),
            (false, _) => Err(Error::usage("--var requires --graphql")),
            (true, Some(_)) => Err(Error::usage("--operation requires --graphql")),
        };
    }
    let others = [
        ("--from-curl", options.from_curl.is_some()),
        ("--body", options.body.is_some()),
        ("--raw", options.raw.is_some()),
        ("--form", options.form),
        ("--multipart", options.multipart),
        ("--download", options.download),
        ("--stream", options.stream),
    ];
    if let Some((other, _)) = others.iter().find(|(_, is_given)| *is_given) {
        return Err(Error::usage(format!(
            "--graphql and {other} cannot be used together"
        )));
    }
    let method = target::method(options)?;
    if let Some(method) = method.filter(|method| method != "POST") {
        return Err(Error::usage(format!(
            "--graphql sends a POST, not a {method}; omit the method"
        )));
    }
    for item in &target::items(options)? {
        match item {
            Item::Header { .. } | Item::NoHeader { .. } | Item::Query { .. } => {}
            Item::Field { name, .. } | Item::Json { name, .. } | Item::File { name, .. } => {
                return Err(Error::usage_hint(
                    format!("'{name}' is an item of a body, which --graphql replaces"),
                    "pass a variable with --var key=value or --var key:=json",
                ));
            }
        }
    }
    Ok(())
}

/// The body for `given`, the value of `--graphql`.
///
/// # Errors
/// When the document or a variable cannot be read, or the operation is not clear.
pub(super) fn body(options: &Http, given: &str, deadline: Deadline) -> Result<Body, Error> {
    let document = document(given, deadline)?;
    let operations =
        graphql::operations(&document).map_err(|why| Error::usage(format!("--graphql: {why}")))?;
    let operation = options.operation.as_deref();
    ensure_clear(&operations, operation)?;
    let mut variables = Vec::new();
    for text in &options.var {
        let (name, value) = variable(text, given, deadline)?;
        variables.push((name, value));
    }
    let variables = match variables.as_slice() {
        [] => None,
        [..] => Some(body::json_text(&variables).map_err(Error::usage)?),
    };
    Ok(Body::json(&graphql::request(
        &document,
        operation,
        variables.as_ref(),
    )))
}

/// Lets `--retry` repeat a query like a GET, because it changes nothing.
pub(super) fn allow_retries(options: &Http, plan: &mut Plan) {
    let (Some(_), Body::Bytes { bytes, .. }) = (&options.graphql, &plan.request.body) else {
        return;
    };
    let sent = Text::from_bytes(bytes).and_then(|sent| members(&sent));
    let document = sent.unwrap_or_default().into_iter().next();
    let document = document.and_then(|(_, document)| document.read::<String>().ok());
    let operations = graphql::operations(&document.unwrap_or_default()).unwrap_or_default();
    let mut chosen = operations
        .iter()
        .filter(|one| options.operation.is_none() || one.name == options.operation);
    let is_query = chosen.next().is_some_and(|one| one.kind == Kind::Query);
    if is_query {
        plan.settings.retry.methods = Methods::All;
    }
}

/// The document: a file, stdin for `-`, or the text itself, which has braces.
fn document(given: &str, deadline: Deadline) -> Result<String, Error> {
    let path = given.strip_prefix('@').unwrap_or(given);
    let is_file = path == "-" || Path::new(path).exists();
    if !is_file && given.contains('{') {
        return Ok(given.to_owned());
    }
    if !is_file {
        return Err(Error::usage_hint(
            format!("--graphql: no such file: {}", one_line(path)),
            "a query can also be an argument: --graphql '{ projects { name } }'",
        ));
    }
    let path = path.to_owned();
    body::within(deadline, move || body::read_text(&path))
}

/// Checks that there is exactly one operation to run.
fn ensure_clear(operations: &[Operation], wanted: Option<&str>) -> Result<(), Error> {
    let names = operations.iter().filter_map(|one| one.name.as_deref());
    let names: Vec<&str> = names.collect();
    match (operations, wanted) {
        ([], _) => Err(Error::usage(
            "--graphql: the document has no query, mutation or subscription",
        )),
        (_, Some(wanted)) if names.contains(&wanted) => Ok(()),
        (_, Some(wanted)) => {
            let message = format!("--operation: the document has no operation {wanted}");
            Err(
                match (nearest(wanted, names.iter().copied()), names.as_slice()) {
                    (Some(near), _) => Error::usage_hint(message, format!("did you mean {near}?")),
                    (None, []) => Error::usage_hint(message, "its operation has no name"),
                    (None, [..]) => {
                        Error::usage_hint(message, format!("it has {}", names.join(", ")))
                    }
                },
            )
        }
        ([_], None) => Ok(()),
        ([_, ..], None) => Err(Error::usage_hint(
            format!(
                "--graphql: the document has {} operations",
                operations.len()
            ),
            format!("use --operation with one of {}", names.join(", ")),
        )),
    }
}

/// The name and the value of a variable.
fn variable(text: &str, document: &str, deadline: Deadline) -> Result<(String, Text), Error> {
    let (name, value, is_json) = match Item::parse(text) {
        Ok(Item::Field { name, value }) => (name, value, false),
        Ok(Item::Json { name, value }) => (name, value, true),
        Ok(
            Item::Header { .. } | Item::NoHeader { .. } | Item::Query { .. } | Item::File { .. },
        )
        | Err(_) => {
            return Err(Error::usage(
                "--var: a variable is key=value, key:=json, key=@file or key:=@file",
            ));
        }
    };
    if document == "-" && value == Value::File("-".to_owned()) {
        return Err(Error::usage("stdin given twice, in --graphql and --var"));
    }
    let before = format!("--var {name}{}", if is_json { ":=" } else { "=" });
    let value = content(&before, value, deadline)?;
    let value = match is_json {
        false => Text::string(&value),
        true => Text::parse(value).map_err(|why| {
            Error::usage_hint(
                format!("'{before}' is not valid JSON: {why}"),
                "for a string, use key=value",
            )
        })?,
    };
    Ok((name, value))
}

/// Prints a response. That of a GraphQL service is also checked for errors.
///
/// # Errors
/// As [`Printer::print`], and when the response is not one of GraphQL.
pub(super) fn print(
    options: &Http,
    printer: &Printer,
    request: &Request,
    answer: &mut Response,
) -> Result<Exit, Error> {
    if options.graphql.is_none() {
        return printer.print(request, answer);
    }
    let found = answer.body.inspect(printer.in_memory, graphql::errors)?;
    if let (Ok(errors), Verbosity::Normal) = (&found, printer.level) {
        report(errors);
    }
    let exit = printer.print(request, answer)?;
    match found {
        _ if exit != Exit::Done => Ok(exit),
        Ok(errors) if errors.is_empty() => Ok(exit),
        Ok(_) => Ok(Exit::No),
        Err(why) => Err(Error::malformed("the response is not one of GraphQL", why)
            .with_hint("check the URL: most services have GraphQL at /graphql")),
    }
}

/// Reports the errors, one a line.
fn report(errors: &[String]) {
    for error in errors.iter().take(MOST_ERRORS) {
        let mut text: String = one_line(error);
        if let Some((end, _)) = text.char_indices().nth(LONGEST_ERROR) {
            text.truncate(end);
            text.push('…');
        }
        output::say(format_args!("c47 http: GraphQL error: {text}"));
    }
    if let Some(more @ 1..) = errors.len().checked_sub(MOST_ERRORS) {
        output::say(format_args!("c47 http: GraphQL errors not shown: {more}"));
    }
}
