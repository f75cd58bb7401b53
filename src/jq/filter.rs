//! Compiles filters and applies them.

use std::sync::Arc;

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars};
use jaq_json::{Val, read};

use super::{Output, deep};
use crate::error::Error;

type Data = JustLut<Val>;

/// A compiled filter. It can be used by several threads.
pub(crate) struct Filter {
    compiled: Arc<jaq_core::Filter<Data>>,
}

impl Filter {
    /// Compiles `text`; `what` is the option or argument it comes from.
    ///
    /// # Errors
    /// A usage error when it is not a filter.
    pub(crate) fn compile(what: &str, text: &str) -> Result<Filter, Error> {
        let text = text.to_owned();
        deep::run(move || compile(&text))
            .map_err(|stopped| stopped.into_error(what))?
            .map_err(|why| Error::usage(format!("{what}: invalid filter: {why}")))
    }

    /// The outputs for the JSON values in `input`; `what` names the input in errors.
    ///
    /// # Errors
    /// When the input is not JSON, or the filter fails.
    pub(crate) fn outputs(&self, what: &str, input: &[u8]) -> Result<Vec<Output>, Error> {
        let (compiled, input) = (Arc::clone(&self.compiled), input.to_vec());
        deep::run(move || run(&compiled, &input))
            .map_err(|stopped| stopped.into_error(what))?
            .map_err(|why| Error::filter(what, why))
    }
}

fn run(compiled: &jaq_core::Filter<Data>, input: &[u8]) -> Result<Vec<Output>, String> {
    {
        let mut outputs = Vec::new();
        for value in read::parse_many(input) {
            let value = value.map_err(|error| error.to_string())?;
            let context = Ctx::<Data>::new(&compiled.lut, Vars::new([]));
            for result in compiled.id.run((context, value)) {
                let value = match result.map_err(jaq_core::Exn::get_err) {
                    Ok(value) => value,
                    Err(Ok(error)) => return Err(error.to_string()),
                    Err(Err(_)) => return Ok(outputs),
                };
                outputs.push(Output {
                    json: value.to_string(),
                    string: match &value {
                        Val::TStr(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
                        _ => None,
                    },
                });
            }
        }
        Ok(outputs)
    }
}

fn compile(text: &str) -> Result<Filter, String> {
    let definitions = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let functions = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let arena = Arena::default();
    let modules = Loader::new(definitions)
        .load(
            &arena,
            File {
                code: text,
                path: (),
            },
        )
        .map_err(|errors| format!("{errors:?}"))?;
    let compiled = Compiler::default()
        .with_funs(functions)
        .compile(modules)
        .map_err(|errors| format!("{errors:?}"))?;
    Ok(Filter {
        compiled: Arc::new(compiled),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runaway_recursion_and_nesting_are_errors() {
        for text in [
            "def f: 1 + f; f",
            "reduce range(10000000) as $i (null; [.])",
        ] {
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
}
