//! JSON input: values one after another, or the elements of one array, with the text that is shown for
//! each.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::order::COLUMN;
use super::search::Flow;
use super::store::{Block, MAX_BYTES, Packed};
use crate::error::Error;
use crate::jq::Filter;
use crate::json;

/// Values whose texts are made together.
const BATCH: usize = 1000;
/// The first batches are smaller, so that something is shown at once.
const FIRST_BATCH: usize = 50;

/// The text that is shown for a value.
pub(crate) struct Show {
    /// Its result is an array with the outputs of each column.
    filter: Filter,
}

impl Show {
    /// The outputs of each filter are a column.
    ///
    /// # Errors
    /// A usage error when one is not a filter; `what` is the option that they come from.
    pub(crate) fn compile(what: &str, columns: &[String]) -> Result<Show, Error> {
        // Each by itself, so that the message is about its own text.
        for column in columns {
            Filter::compile(what, column)?;
        }
        let columns: Vec<String> = columns
            .iter()
            .map(|column| format!("[\n{column}\n]"))
            .collect();
        let filter = Filter::compile(what, &format!("[{}]", columns.join(",")))?;
        Ok(Show { filter })
    }

    /// The texts of some values.
    fn texts(&self, values: &[Box<RawValue>]) -> Vec<String> {
        let input: Vec<&str> = values.iter().map(|value| value.get()).collect();
        match self.filter.outputs("--show", input.join("\n").as_bytes()) {
            Ok(outputs) if outputs.len() == values.len() => outputs
                .iter()
                .map(|output| columns(output.json()))
                .collect(),
            // The filter fails for one of them, which is then shown as it is.
            Ok(_) | Err(_) if values.len() > 1 => values
                .chunks(values.len().div_ceil(2))
                .flat_map(|half| self.texts(half))
                .collect(),
            Ok(_) | Err(_) => input.into_iter().map(json::compact).collect(),
        }
    }
}

/// The columns of an array of arrays.
fn columns(outputs: &str) -> String {
    let columns = json::elements(outputs).unwrap_or_default();
    let column = |outputs: &&str| {
        let outputs = json::elements(outputs).unwrap_or_default();
        let texts: Vec<String> = outputs.into_iter().map(text).collect();
        texts.join(" ")
    };
    let columns: Vec<String> = columns.iter().map(column).collect();
    columns.join(&String::from(char::from(COLUMN)))
}

/// A string without quotes, or compact JSON. What separates columns and lines becomes a space.
fn text(value: &str) -> String {
    match serde_json::from_str::<String>(value) {
        Ok(text) => text.replace(['\t', '\n', '\r'], " "),
        Err(_) => value.to_owned(),
    }
}

/// Reads values and hands them on in blocks.
///
/// # Errors
/// When the input cannot be read or is not JSON, with the place.
pub(crate) fn read(
    input: impl Read,
    show: &Show,
    add: &mut dyn FnMut(Block) -> Flow,
) -> Result<(), String> {
    let mut input = BufReader::with_capacity(64 << 10, input.take(MAX_BYTES));
    let is_array = first_byte(&mut input).map_err(|error| error.to_string())? == Some(b'[');
    let mut batches = Batches {
        show,
        values: Vec::new(),
        most: FIRST_BATCH,
        add,
        flow: Flow::Continue,
    };
    let mut reader = serde_json::Deserializer::from_reader(input);
    let result = match is_array {
        true => reader
            .deserialize_seq(Elements(&mut batches))
            .and_then(|()| match batches.flow {
                Flow::Continue => reader.end(),
                Flow::Stop => Ok(()),
            }),
        false => sequence(reader, &mut batches),
    };
    batches.flush();
    match (result, batches.flow) {
        (Ok(()), _) | (Err(_), Flow::Stop) => Ok(()),
        (Err(error), Flow::Continue) => Err(error.to_string()),
    }
}

/// Values one after another.
fn sequence<'de, R: serde_json::de::Read<'de>>(
    reader: serde_json::Deserializer<R>,
    batches: &mut Batches,
) -> serde_json::Result<()> {
    for value in reader.into_iter() {
        batches.push(value?);
        if batches.flow == Flow::Stop {
            break;
        }
    }
    Ok(())
}

/// The first byte that is not white space. A byte order mark is dropped.
fn first_byte(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let available = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            available => available?,
        };
        match available {
            [] => return Ok(None),
            [b' ' | b'\t' | b'\n' | b'\r', ..] => input.consume(1),
            [0xef, 0xbb, 0xbf, ..] => input.consume(3),
            [first, ..] => return Ok(Some(*first)),
        }
    }
}

/// Values that are handed on together.
struct Batches<'a> {
    show: &'a Show,
    values: Vec<Box<RawValue>>,
    most: usize,
    add: &'a mut dyn FnMut(Block) -> Flow,
    flow: Flow,
}

impl Batches<'_> {
    fn push(&mut self, value: Box<RawValue>) {
        self.values.push(value);
        if self.values.len() >= self.most {
            self.most = BATCH;
            self.flush();
        }
    }

    fn flush(&mut self) {
        let values = std::mem::take(&mut self.values);
        if values.is_empty() || self.flow == Flow::Stop {
            return;
        }
        let (mut texts, mut packed) = (Packed::default(), Packed::default());
        for (text, value) in self.show.texts(&values).iter().zip(&values) {
            texts.push(text.as_bytes());
            packed.push(value.get().as_bytes());
        }
        self.flow = (self.add)(Block::new(texts, Some(packed)));
    }
}

/// The elements of an array, one by one.
struct Elements<'a, 'b>(&'a mut Batches<'b>);

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(value) = elements.next_element::<Box<RawValue>>()? {
            self.0.push(value);
            if self.0.flow == Flow::Stop {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "jq"))]
mod tests {
    use super::*;
    use crate::pick::store::Items;

    /// The texts and values, and the error.
    fn all(input: &str, columns: &[&str]) -> (Vec<String>, Vec<String>, Result<(), String>) {
        let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        let show = Show::compile("--show", &columns).unwrap();
        let mut items = Items::default();
        let result = read(input.as_bytes(), &show, &mut |block| {
            items.add(block).unwrap();
            Flow::Continue
        });
        let all: Vec<_> = (0..items.count())
            .map(|number| items.get(number).unwrap())
            .collect();
        let string = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (
            all.iter().map(|item| string(item.text)).collect(),
            all.iter().map(|item| string(item.value.unwrap())).collect(),
            result,
        )
    }

    #[test]
    fn values_of_lines_and_of_an_array() {
        for input in [
            "{\"a\":1.10}\n{\"a\":\"x\\ty\"}",
            " [{\"a\":1.10}, {\"a\":\"x\\ty\"} ]\n",
        ] {
            let (texts, values, result) = all(input, &[".a"]);
            assert_eq!(result, Ok(()));
            assert_eq!(texts, ["1.10", "x y"]);
            assert_eq!(values, ["{\"a\":1.10}", "{\"a\":\"x\\ty\"}"]);
        }
        let (texts, ..) = all("{\"a\":1,\"b\":[2]}", &[".a, .b", ".a # comment"]);
        assert_eq!(texts, ["1 [2]\t1"]);
    }

    #[test]
    fn a_value_for_which_the_filter_fails_is_shown_as_it_is() {
        let (texts, ..) = all("{\"a\":1}\n[ 7 ]\n{\"a\":2}\n{\"a\":3}\n", &[".a"]);
        assert_eq!(texts, ["1", "[7]", "2", "3"]);
    }

    #[test]
    fn values_before_an_error_are_read() {
        let (texts, _, result) = all("1\n2\n]", &["."]);
        assert_eq!(texts, ["1", "2"]);
        assert!(result.unwrap_err().contains("line 3"));
        let (texts, _, result) = all("[1,2", &["."]);
        assert_eq!((texts.len(), result.is_err()), (2, true));
        let (.., result) = all("[1] 2", &["."]);
        assert!(result.is_err());
        assert_eq!(all("", &["."]).2, Ok(()));
    }

    #[test]
    fn many_values() {
        let input: String = (0..3000).map(|number| format!("{number}\n")).collect();
        let (texts, ..) = all(&input, &["."]);
        assert_eq!(texts.concat(), input.replace('\n', ""));
    }
}
