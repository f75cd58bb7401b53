//! Compiles filters and applies them.

use std::collections::BTreeSet;
use std::sync::Arc;

use jaq_core::compile::Undefined;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Exn, Vars};

use super::engine::{Engine, Handle, Host};
use super::syntax::{self, SyntaxError};
use super::value::{Error as ValueError, Parsed, Reader, Value};
use super::{Output, builtins, deep};
use crate::error::Error;

/// The name of a whole filter, as a definition.
const MAIN: &str = "_main";

/// A compiled filter. It can be used by several threads.
#[derive(Clone)]
pub(crate) struct Filter {
    pub(super) compiled: Arc<jaq_core::Filter<Engine>>,
}

/// A compiled filter, and the names that it calls.
pub(super) struct Compiled {
    pub filter: Filter,
    pub calls: BTreeSet<String>,
}

/// Why a text is not a filter, with its place in plain words.
pub(super) struct Invalid(pub String);

#[allow(dead_code)] // for --jq of other commands
impl Filter {
    /// Compiles `text`; `what` is the option or argument it comes from.
    ///
    /// # Errors
    /// A usage error when it is not a filter.
    pub(crate) fn compile(what: &str, text: &str) -> Result<Filter, Error> {
        Filter::compile_with(what, text, &[])
    }

    /// The same for a filter that uses these variables, whose names are without `$`.
    ///
    /// # Errors
    /// As [`Filter::compile`].
    pub(crate) fn compile_with(what: &str, text: &str, names: &[String]) -> Result<Filter, Error> {
        let owned = text.to_owned();
        let names: Vec<String> = names.iter().map(|name| format!("${name}")).collect();
        deep::run(move || compile(&owned, &names))
            .map_err(|stopped| stopped.into_error(what))?
            .map(|compiled| compiled.filter)
            .map_err(|Invalid(why)| Error::usage(format!("{what}: invalid filter: {why}")))
    }

    /// The outputs for the JSON values in `input`; `what` names the input in errors.
    ///
    /// # Errors
    /// When the input is not JSON, or the filter fails.
    pub(crate) fn outputs(&self, what: &str, input: &[u8]) -> Result<Vec<Output>, Error> {
        self.outputs_with(what, input.into(), &[], usize::MAX)
    }

    /// The same with the values of the variables as JSON texts. The filter ends after `most_bytes` of
    /// output.
    ///
    /// # Errors
    /// As [`Filter::outputs`].
    pub(crate) fn outputs_with(
        &self,
        what: &str,
        input: Arc<[u8]>,
        values: &[Arc<str>],
        most_bytes: usize,
    ) -> Result<Vec<Output>, Error> {
        let (filter, values) = (self.clone(), values.to_owned());
        deep::run(move || filter.all_outputs(&input, &values, most_bytes))
            .map_err(|stopped| stopped.into_error(what))?
            .map_err(|failed| match failed {
                Failed::Input(why) => Error::malformed(what, why),
                Failed::Filter(why) => Error::filter(what, why),
            })
    }

    fn all_outputs(
        &self,
        input: &[u8],
        values: &[Arc<str>],
        most_bytes: usize,
    ) -> Result<Vec<Output>, Failed> {
        let host = Host::bare();
        let mut reader = Reader::default();
        let variables = values
            .iter()
            .map(|text| match reader.next(text.as_bytes(), true) {
                Parsed::Value(value, _) => Ok(value),
                Parsed::End | Parsed::More => Ok(Value::Null),
                Parsed::Malformed(why) => Err(Failed::Input(why.message)),
            });
        let variables: Vec<Value> = variables.collect::<Result<_, _>>()?;
        let mut outputs = Vec::new();
        let mut left = most_bytes;
        let mut rest = input;
        loop {
            let value = match reader.next(rest, true) {
                Parsed::End | Parsed::More => return Ok(outputs),
                Parsed::Malformed(why) => {
                    let at = input.len() - rest.len() + why.at;
                    return Err(Failed::Input(format!(
                        "{}{}",
                        why.message,
                        place(input, at)
                    )));
                }
                Parsed::Value(value, length) => {
                    rest = rest.get(length..).unwrap_or_default();
                    value
                }
            };
            for output in self.run(&host, value, &variables) {
                let value = output.map_err(|exception| Failed::Filter(message(exception)))?;
                let output = Output {
                    json: value.json(),
                    string: value.as_str().map(str::to_owned),
                };
                // A short output also takes memory.
                let size = output.json.len().saturating_add(size_of::<Output>());
                outputs.push(output);
                match left.checked_sub(size) {
                    Some(rest) => left = rest,
                    None => return Ok(outputs),
                }
            }
        }
    }

    /// The outputs for a value. `variables` are the values of those it was compiled with.
    pub(super) fn run<'a>(
        &'a self,
        host: &'a Host,
        value: Value,
        variables: &[Value],
    ) -> impl Iterator<Item = Result<Value, Exn<'a, Value>>> {
        let handle = Handle {
            lut: &self.compiled.lut,
            host,
        };
        let context = Ctx::<Engine>::new(handle, Vars::new(variables.iter().cloned()));
        self.compiled.id.run((context, value))
    }
}

/// Why a filter has no outputs for an input.
#[allow(dead_code)]
enum Failed {
    Input(String),
    Filter(String),
}

/// What is wrong, for an option.
#[allow(dead_code)]
fn message(exception: Exn<'_, Value>) -> String {
    match exception.get_err() {
        Ok(error) => error_text(error),
        Err(other) => match other.get_halt() {
            Ok(_) => "halt works only in 'c47 jq'".to_owned(),
            Err(_) => "break".to_owned(),
        },
    }
}

/// The message of an error: its text, or its value as JSON.
pub(super) fn error_text(error: ValueError) -> String {
    match error.into_val() {
        Value::Str(text) => text.to_string(),
        value => format!("{} (not a string)", value.json()),
    }
}

/// The line and column of a place, for messages.
#[allow(dead_code)]
fn place(text: &[u8], at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n')
        .count();
    format!(" at line {line}, column {column}")
}

/// Compiles a filter that uses these global variables (`$name`).
pub(super) fn compile(text: &str, variables: &[String]) -> Result<Compiled, Invalid> {
    let arena = Arena::default();
    let invalid = |error: SyntaxError| Invalid(described(text, error));
    let program = syntax::parse_filter(text, &arena).map_err(invalid)?;
    let mut definitions = builtins::needed(&program.calls, &arena).map_err(invalid)?;
    definitions.push(syntax::Def {
        name: MAIN,
        args: Vec::new(),
        body: program.term,
    });
    let call = File {
        code: MAIN,
        path: (),
    };
    let modules = Loader::new(definitions)
        .load(&arena, call)
        .map_err(|_| Invalid("the definitions cannot be loaded".to_owned()))?;
    let compiled = Compiler::default()
        .with_funs(builtins::natives())
        .with_global_vars(variables.iter().map(String::as_str))
        .compile(modules);
    match compiled {
        Ok(compiled) => Ok(Compiled {
            filter: Filter {
                compiled: Arc::new(compiled),
            },
            calls: program
                .calls
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
        }),
        Err(errors) => {
            let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
            Err(Invalid(match first {
                Some((name, undefined)) => undefined_name(text, name, &undefined),
                None => "it cannot be compiled".to_owned(),
            }))
        }
    }
}

fn undefined_name(text: &str, name: &str, undefined: &Undefined) -> String {
    let name_shown = match undefined {
        Undefined::Filter(count) => format!("{name}/{count}"),
        _ => name.to_owned(),
    };
    // A name is a part of the text, unless a definition uses it.
    let start = (name.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    let message = format!("{name_shown} is not defined");
    match start < text.len() {
        true => described(text, SyntaxError { message, at: start }),
        false => message,
    }
}

/// The message with the place, in plain words.
fn described(text: &str, error: SyntaxError) -> String {
    let SyntaxError { message, at } = error;
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    match line {
        1 => format!("{message} at column {column}"),
        line => format!("{message} at line {line}, column {column}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(filter: &str, input: &str) -> Vec<String> {
        let filter = Filter::compile("--jq", filter).unwrap();
        let outputs = filter.outputs("it", input.as_bytes()).unwrap();
        outputs
            .iter()
            .map(|output| output.json().to_owned())
            .collect()
    }

    #[test]
    fn runaway_recursion_and_nesting_are_errors() {
        for text in ["def f: 1 + f; f", "reduce range(3000000) as $i (null; [.])"] {
            let filter = Filter::compile("--jq", text).unwrap();
            let error = filter.outputs("it", b"null").unwrap_err();
            assert!(error.to_string().contains("too deep"), "{error}");
        }
    }

    #[test]
    fn filter_has_outputs() {
        let filter = Filter::compile("--jq", ".a[], (.a|length)").unwrap();
        let outputs = filter.outputs("it", br#"{"a":["x",1.50]}"#).unwrap();
        let json: Vec<&str> = outputs.iter().map(Output::json).collect();
        assert_eq!(json, ["\"x\"", "1.50", "2"]);
        assert_eq!(outputs[0].as_str(), Some("x"));
    }

    #[test]
    fn filter_uses_values_and_ends_after_its_limit() {
        let names = ["last".to_owned(), "id".to_owned()];
        let filter = Filter::compile_with("it", ".[] + $id + ($last | .a)", &names).unwrap();
        let values: [Arc<str>; 2] = [r#"{"a":5}"#.into(), "2".into()];
        let outputs = filter.outputs_with("it", b"[1,2]"[..].into(), &values, usize::MAX);
        let outputs = outputs.unwrap();
        let json: Vec<&str> = outputs.iter().map(Output::json).collect();
        assert_eq!(json, ["8", "9"]);
        assert!(Filter::compile("it", "$id").is_err());
        let endless = Filter::compile("it", "repeat(.)").unwrap();
        let outputs = endless.outputs_with("it", b"1"[..].into(), &[], 1000);
        assert!((1..1000).contains(&outputs.unwrap().len()));
    }

    #[test]
    fn every_definition_is_parsed_and_compiled() {
        let all = builtins::names().collect::<Vec<_>>();
        for (name, count) in all {
            let args = vec!["."; count].join("; ");
            let call = if count == 0 {
                name.clone()
            } else {
                format!("{name}({args})")
            };
            let compiled = compile(&call, &[]).map(drop).map_err(|Invalid(why)| why);
            assert_eq!(compiled, Ok(()), "{call}");
        }
        assert_eq!(run("[.[] | . + 1] | add", "[1,2]"), ["5"]);
    }
}
