//! The options of `c47 pick`, checked.

use super::Pick;
use crate::error::Error;
use crate::jq::Filter;
use crate::output::Printer;
use crate::secret::split_words;

/// The height of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Height {
    Full,
    Rows(u16),
    Percent(u16),
}

/// A column of a table: a member, or the path of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub title: String,
    /// 0 is the width of the cells.
    pub width: u16,
}

/// What the input consists of.
pub(super) enum Source {
    /// Texts that end with this byte.
    Lines(u8),
    /// JSON values, and what is shown for each.
    Json {
        show: Vec<String>,
        what: &'static str,
        columns: Vec<Column>,
    },
}

/// How items are printed.
pub(super) enum Print {
    /// As they were read, with this byte at their end.
    Items(u8),
    /// The results of a filter.
    Filtered(Filter, u8),
    Report(Printer),
}

/// The options, checked.
pub(super) struct Settings {
    pub height: Height,
    pub preview: Option<Vec<String>>,
    pub source: Source,
    pub print: Print,
}

impl Pick {
    /// Checks the options.
    ///
    /// # Errors
    /// A usage error.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let height = match &self.height {
            Some(text) => height(text).map_err(|why| named("--height", why))?,
            None => Height::Full,
        };
        let preview = match &self.preview {
            Some(text) => Some(command(text).map_err(|why| named("--preview", why))?),
            None => None,
        };
        let source = self.source()?;
        let end = match self.print0 {
            true => 0,
            false => b'\n',
        };
        let print = match (printer, &self.print) {
            (Printer::Text, Some(filter)) => {
                Print::Filtered(Filter::compile("--print", filter)?, end)
            }
            (Printer::Text, None) => Print::Items(end),
            (Printer::Json | Printer::Filtered(..), Some(_)) => {
                return Err(Error::usage("--print and --json exclude each other"));
            }
            (Printer::Json | Printer::Filtered(..), None) if self.print0 => {
                return Err(Error::usage("--print0 and --json exclude each other"));
            }
            (printer @ (Printer::Json | Printer::Filtered(..)), None) => Print::Report(printer),
        };
        if self.filter.is_some() {
            let others = [
                ("--query", self.query.is_some()),
                ("--height", self.height.is_some()),
                ("--preview", self.preview.is_some()),
            ];
            if let Some((other, _)) = others.iter().find(|(_, is_given)| *is_given) {
                return Err(Error::usage(format!(
                    "--filter and {other} exclude each other"
                )));
            }
        }
        Ok(Settings {
            height,
            preview,
            source,
            print,
        })
    }

    fn source(&self) -> Result<Source, Error> {
        let is_json = self.show.is_some() || self.columns.is_some() || self.print.is_some();
        let separator = match self.read0 {
            true => 0,
            false => b'\n',
        };
        match (&self.show, &self.columns) {
            (_, _) if is_json && (self.read0 || self.header_lines > 0) => Err(Error::usage(
                "--read0 and --header-lines are for lines; --show, --print and --columns read JSON",
            )),
            (Some(_), Some(_)) => Err(Error::usage("--show and --columns exclude each other")),
            (None, None) if !is_json => Ok(Source::Lines(separator)),
            (show, None) => Ok(Source::Json {
                show: vec![show.clone().unwrap_or_else(|| ".".to_owned())],
                what: "--show",
                columns: Vec::new(),
            }),
            (None, Some(text)) => {
                let columns = columns(text).map_err(|why| named("--columns", why))?;
                Ok(Source::Json {
                    show: columns.iter().map(|column| path(&column.title)).collect(),
                    what: "--columns",
                    columns,
                })
            }
        }
    }
}

fn named(option: &str, why: String) -> Error {
    Error::usage(format!("{option}: {why}"))
}

/// Rows, or a part of the terminal.
fn height(text: &str) -> Result<Height, String> {
    let (number, most) = match text.strip_suffix('%') {
        Some(number) => (number, 100),
        None => (text, 1000),
    };
    let invalid = || format!("'{text}' is neither a number of rows nor a percentage");
    let number: u16 = number.parse().map_err(|_| invalid())?;
    match number {
        0 => Err(invalid()),
        number if number > most => Err(format!("at most {most}")),
        number if text.ends_with('%') => Ok(Height::Percent(number)),
        number => Ok(Height::Rows(number)),
    }
}

pub(super) fn height_form(text: &str) -> Result<(), String> {
    height(text).map(drop)
}

/// The words of a command.
fn command(text: &str) -> Result<Vec<String>, String> {
    let words = split_words(text)?;
    match words.is_empty() {
        true => Err("no program given".to_owned()),
        false => Ok(words),
    }
}

pub(super) fn command_form(text: &str) -> Result<(), String> {
    command(text).map(drop)
}

/// `name,task.status:12`.
fn columns(text: &str) -> Result<Vec<Column>, String> {
    const MOST: usize = 32;
    let column = |part: &str| {
        let part = part.trim();
        let (title, width) = match part.rsplit_once(':') {
            Some((title, width)) => (title, width.parse().ok().filter(|width| *width > 0)),
            None => (part, Some(0)),
        };
        let width = width.ok_or_else(|| format!("'{part}': the width is not a number"))?;
        let title = title.strip_prefix('.').unwrap_or(title);
        match title.split('.').any(str::is_empty) {
            true => Err(format!("'{part}' does not name a member")),
            false => Ok(Column {
                title: title.to_owned(),
                width,
            }),
        }
    };
    let columns: Vec<Column> = text.split(',').map(column).collect::<Result<_, _>>()?;
    match columns.len() > MOST {
        true => Err(format!("more than {MOST} columns")),
        false => Ok(columns),
    }
}

pub(super) fn columns_form(text: &str) -> Result<(), String> {
    columns(text).map(drop)
}

/// The filter for the member of a path: `.["task"]?.["status"]?`, without null.
fn path(title: &str) -> String {
    use nanoserde::SerJson;
    let members = title.split('.');
    let steps: Vec<String> = members
        .map(|member| format!("[{}]?", member.to_owned().serialize_json()))
        .collect();
    format!(".{} | values", steps.join(" | ."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights() {
        assert_eq!(height("15"), Ok(Height::Rows(15)));
        assert_eq!(height("40%"), Ok(Height::Percent(40)));
        for text in ["", "0", "0%", "101%", "-1", "x", "1001", "4 %"] {
            assert!(height(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn columns_have_titles_and_widths() {
        let found = columns("name, .task.status:12").unwrap();
        let found: Vec<(&str, u16)> = found
            .iter()
            .map(|column| (column.title.as_str(), column.width))
            .collect();
        assert_eq!(found, [("name", 0), ("task.status", 12)]);
        assert_eq!(
            path("task.status"),
            ".[\"task\"]? | .[\"status\"]? | values"
        );
        for text in ["", "a,", "a:x", "a..b", "a:0", "."] {
            assert!(columns(text).is_err(), "{text:?}");
        }
    }
}
