//! The requests of an input, one by one, with a number that is the same in every run.

use std::io::{self, BufRead, Read};

use super::csv::Csv;
use super::fields::Fields;
use super::input::{InputError, Invalid, Lines};
use super::record::Record;
use super::template::Template;
use crate::crypto::digest::Sha256;

/// What the lines of the input are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// NDJSON: requests, or the values of a template.
    Objects,
    /// CSV: the values of a template.
    Rows,
}

/// The requests of an input.
pub(crate) struct Source<'a, R> {
    input: Reader<R>,
    template: Option<&'a Template>,
    ensure: Option<Ensure<'a>>,
    next: u64,
}

/// Checks a request, also against what the input does not contain, such as credentials.
pub(crate) type Ensure<'a> = &'a dyn Fn(&Record) -> Result<(), String>;

enum Reader<R> {
    Objects(Lines<R>),
    Rows(Csv<R>),
}

/// A request with its number, from 0; invalid ones have a number too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub number: u64,
    pub record: Result<Record, Invalid>,
}

impl<'a, R: BufRead> Source<'a, R> {
    /// # Errors
    /// When the header line of CSV is invalid, or lacks a field of the template.
    pub(crate) fn new(
        input: R,
        kind: Kind,
        template: Option<&'a Template>,
    ) -> Result<Source<'a, R>, InputError> {
        let invalid = |why: &str| {
            InputError::Invalid(Invalid {
                line: 1,
                why: why.to_owned(),
            })
        };
        let input = match (kind, template) {
            (Kind::Objects, _) => Reader::Objects(Lines::new(input)),
            (Kind::Rows, None) => return Err(invalid("rows of CSV need a template")),
            (Kind::Rows, Some(template)) => {
                let csv = Csv::new(input)?;
                template
                    .ensure_fields(csv.header())
                    .map_err(|why| invalid(&why))?;
                Reader::Rows(csv)
            }
        };
        Ok(Source {
            input,
            template,
            ensure: None,
            next: 0,
        })
    }

    /// Requests that `ensure` refuses are invalid.
    pub(crate) fn checked_by(self, ensure: Ensure<'a>) -> Source<'a, R> {
        Source {
            ensure: Some(ensure),
            ..self
        }
    }

    /// The next request; `None` at the end. Empty lines are skipped.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub(crate) fn next(&mut self) -> io::Result<Option<Numbered>> {
        let record = match self.read() {
            Ok(None) => return Ok(None),
            Ok(Some(record)) => match self.ensure.map_or(Ok(()), |ensure| ensure(&record)) {
                Ok(()) => Ok(record),
                Err(why) => Err(Invalid {
                    line: record.line,
                    why,
                }),
            },
            Err(InputError::Invalid(invalid)) => Err(invalid),
            Err(InputError::Read(error)) => return Err(error),
        };
        let number = self.next;
        self.next += 1;
        Ok(Some(Numbered { number, record }))
    }

    fn read(&mut self) -> Result<Option<Record>, InputError> {
        let invalid = |line, why| InputError::Invalid(Invalid { line, why });
        match &mut self.input {
            Reader::Objects(lines) => loop {
                let Some(line) = lines.next()? else {
                    return Ok(None);
                };
                if line.text.trim_ascii().is_empty() {
                    continue;
                }
                let record = match self.template {
                    None => Record::parse(line.number, line.text),
                    Some(template) => Fields::of_json(line.text)
                        .and_then(|fields| template.fill(line.number, &fields)),
                };
                return record.map(Some).map_err(|why| invalid(line.number, why));
            },
            Reader::Rows(csv) => {
                let Some(row) = csv.next()? else {
                    return Ok(None);
                };
                let Some(template) = self.template else {
                    return Ok(None);
                };
                let fields = Fields::of_row(csv.header(), row.cells);
                let record = template.fill(row.line, &fields);
                record.map(Some).map_err(|why| invalid(row.line, why))
            }
        }
    }
}

/// An input that was read once, before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Survey {
    pub requests: u64,
    /// The first invalid lines.
    pub invalid: Vec<Invalid>,
    pub invalid_count: u64,
    /// The hash of the whole input.
    pub hash: String,
}

/// More invalid lines are counted, but not kept.
const MAX_INVALID: usize = 20;

/// Checks the whole input.
///
/// # Errors
/// When it cannot be read, or its header line is invalid.
pub(crate) fn survey(
    input: impl BufRead,
    kind: Kind,
    template: Option<&Template>,
    ensure: Ensure,
) -> Result<Survey, InputError> {
    let mut hashed = Hashed {
        input,
        digest: Sha256::new(),
    };
    let mut survey = Survey {
        requests: 0,
        invalid: Vec::new(),
        invalid_count: 0,
        hash: String::new(),
    };
    let mut source = Source::new(&mut hashed, kind, template)?.checked_by(ensure);
    while let Some(next) = source.next().map_err(InputError::Read)? {
        match next.record {
            Ok(_) => survey.requests += 1,
            Err(invalid) => {
                survey.invalid_count += 1;
                if survey.invalid.len() < MAX_INVALID {
                    survey.invalid.push(invalid);
                }
            }
        }
    }
    drop(source);
    survey.hash = hashed.digest.finish();
    Ok(survey)
}

/// Hashes what is read through it.
struct Hashed<R> {
    input: R,
    digest: Sha256,
}

impl<R: BufRead> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Ok(buffer) = self.input.fill_buf() {
            self.digest.update(buffer.get(..amount).unwrap_or(buffer));
        }
        self.input.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::template::Encoding;

    fn template() -> Template {
        Template::parse(None, "http://a.lan/{id}", vec![], Encoding::Json).unwrap()
    }

    fn shown(input: &str, kind: Kind, template: Option<&Template>) -> Vec<String> {
        let mut source = Source::new(input.as_bytes(), kind, template).ok().unwrap();
        let mut shown = Vec::new();
        while let Some(next) = source.next().unwrap() {
            shown.push(match next.record {
                Ok(record) => format!("{} {} {}", next.number, record.line, record.url),
                Err(invalid) => format!("{} {invalid}", next.number),
            });
        }
        shown
    }

    #[test]
    fn requests_have_numbers_and_lines() {
        let template = template();
        assert_eq!(
            shown(
                "{\"url\":\"a\"}\n\n  \nx\n{\"url\":\"b\"}",
                Kind::Objects,
                None
            ),
            [
                "0 1 a",
                "1 line 4: expected value at line 1 column 1",
                "2 5 b"
            ]
        );
        assert_eq!(
            shown("{\"id\":1}\n{}\n", Kind::Objects, Some(&template)),
            ["0 1 http://a.lan/1", "1 line 2: it has no field 'id'"]
        );
        assert_eq!(
            shown("n,id\n1,\"a\nb\"\n2,c\n3\n", Kind::Rows, Some(&template)),
            [
                "0 line 2: field 'id' in the path: it contains a control character",
                "1 4 http://a.lan/c",
                "2 line 5: it has 1 cell, and the header line has 2",
            ]
        );
        let missing = Source::new("n\n1\n".as_bytes(), Kind::Rows, Some(&template));
        assert!(matches!(missing, Err(InputError::Invalid(found)) if found.why.contains("'id'")));
        assert!(Source::new("n\n1\n".as_bytes(), Kind::Rows, None).is_err());
    }

    #[test]
    fn a_survey_counts_and_hashes_the_whole_input() {
        let mut input = String::new();
        for number in 0..1000 {
            let line = match number % 10 {
                0 => "{}\n".to_owned(),
                _ => format!("{{\"url\":\"a/{number}\"}}\n"),
            };
            input.push_str(&line);
        }
        let survey = survey(input.as_bytes(), Kind::Objects, None, &|_| Ok(()))
            .ok()
            .unwrap();
        assert_eq!((survey.requests, survey.invalid_count), (900, 100));
        assert_eq!(survey.invalid.len(), MAX_INVALID);
        assert_eq!(survey.invalid[1].to_string(), "line 11: it has no url");
        let mut digest = Sha256::new();
        digest.update(input.as_bytes());
        assert_eq!(survey.hash, digest.finish());
    }
}
