//! Conditions on the fields of files, and their order: `width<2048`, `state=broken`, `-size`.

use std::cmp::Ordering;

use super::family::value;
use super::{Checked, Problem};
use crate::quantity;
use crate::seq::frame::Frame;
use crate::seq::image::fault::Kind;
use crate::sort::Sortable;

/// A field of a file, as in the JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    File,
    Frame,
    Size,
    Format,
    Width,
    Height,
    Channels,
    Type,
    Compression,
    DataWindow,
    State,
    Kind,
}

/// The fields and their names.
const FIELDS: [(Field, &str); 12] = [
    (Field::File, "file"),
    (Field::Frame, "frame"),
    (Field::Size, "size"),
    (Field::Format, "format"),
    (Field::Width, "width"),
    (Field::Height, "height"),
    (Field::Channels, "channels"),
    (Field::Type, "type"),
    (Field::Compression, "compression"),
    (Field::DataWindow, "data_window"),
    (Field::State, "state"),
    (Field::Kind, "kind"),
];

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Number(i128),
    Text(String),
}

/// An operator, and whether it holds for a value that is less, equal or greater.
type Operator = (&'static str, [bool; 3]);

/// The operators, the longer ones first.
const OPERATORS: [Operator; 6] = [
    ("<=", [true, true, false]),
    (">=", [false, true, true]),
    ("!=", [true, false, true]),
    ("<", [true, false, false]),
    (">", [false, false, true]),
    ("=", [false, true, false]),
];

/// The values of `state`.
const STATES: [&str; 4] = ["whole", "warning", "differs", "broken"];

/// A condition on a field.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    field: Field,
    holds: [bool; 3],
    value: Value,
}

/// An order of files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sort {
    field: Field,
    is_reverse: bool,
}

/// The names of the fields.
pub(crate) fn names() -> Vec<String> {
    FIELDS.iter().map(|(_, name)| (*name).to_owned()).collect()
}

fn field(name: &str) -> Result<Field, String> {
    let found = FIELDS.iter().find(|(_, known)| *known == name);
    let unknown = || {
        format!(
            "unknown field '{name}'; the fields are {}",
            names().join(", ")
        )
    };
    found.map(|(field, _)| *field).ok_or_else(unknown)
}

/// A value that must be one of these words.
fn word(value: &str, words: &[&str]) -> Result<Value, String> {
    match words.contains(&value) {
        true => Ok(Value::Text(value.to_owned())),
        false => Err(format!(
            "unknown value '{value}'; the values are {}",
            words.join(", ")
        )),
    }
}

impl Condition {
    /// Reads a field, an operator and a value.
    ///
    /// # Errors
    /// A message about the part that is wrong.
    pub(crate) fn parse(text: &str) -> Result<Condition, String> {
        let at = text.find(['<', '>', '=', '!']);
        let (name, rest) = text.split_at(at.unwrap_or(text.len()));
        let operator = OPERATORS
            .iter()
            .find_map(|(operator, holds)| Some((*holds, rest.strip_prefix(operator)?)));
        let (holds, value) =
            operator.ok_or_else(|| format!("'{text}' is not a condition such as width<2048"))?;
        let (field, value) = (field(name.trim())?, value.trim());
        let invalid = |_| format!("'{text}': {value} is not a whole number");
        let value = match field {
            Field::Size => Value::Number(quantity::size(value)?.into()),
            Field::Width | Field::Height => Value::Number(value.parse().map_err(invalid)?),
            Field::Frame => {
                let frame = Frame::parse(value);
                let frame = frame.map_err(|error| format!("'{text}': {value}: {error}"))?;
                Value::Number(frame.millionths().into())
            }
            Field::File
            | Field::Format
            | Field::Channels
            | Field::Type
            | Field::Compression
            | Field::DataWindow => Value::Text(value.to_owned()),
            Field::State => word(value, &STATES)?,
            Field::Kind => word(value, &Kind::ALL.map(Kind::word))?,
        };
        let is_order = holds.first() != holds.last();
        if is_order && matches!(value, Value::Text(_)) {
            return Err(format!("'{text}': a text is only compared with = and !="));
        }
        Ok(Condition {
            field,
            holds,
            value,
        })
    }

    /// Whether a file fulfils the condition. A value that it does not have fulfils none.
    pub(crate) fn holds_for(&self, file: &Checked) -> bool {
        if self.field == Field::Kind {
            let is_there = file.kinds.iter().any(|kind| self.is_word(kind.word()));
            return is_there == self.is_equality();
        }
        file_value(file, self.field).is_some_and(|value| self.holds(&value))
    }

    /// The same for a problem without a file: a missing frame.
    pub(crate) fn holds_for_missing(&self, problem: &Problem) -> bool {
        let value = match self.field {
            Field::Kind => Some(Value::Text(problem.kind.word().to_owned())),
            Field::State => Some(Value::Text(problem.kind.severity().word().to_owned())),
            Field::Frame => problem
                .frame
                .map(|it| Value::Number(it.millionths().into())),
            Field::File
            | Field::Size
            | Field::Format
            | Field::Width
            | Field::Height
            | Field::Channels
            | Field::Type
            | Field::Compression
            | Field::DataWindow => None,
        };
        value.is_some_and(|value| self.holds(&value))
    }

    fn holds(&self, value: &Value) -> bool {
        let place = match value.cmp(&self.value) {
            Ordering::Less => self.holds.first(),
            Ordering::Equal => self.holds.get(1),
            Ordering::Greater => self.holds.last(),
        };
        place.copied().unwrap_or(false)
    }

    fn is_word(&self, word: &str) -> bool {
        self.value == Value::Text(word.to_owned())
    }

    fn is_equality(&self) -> bool {
        self.holds.get(1).copied().unwrap_or(false)
    }
}

impl Sort {
    /// Reads the name of a field; a minus sign reverses the order.
    ///
    /// # Errors
    /// A message with the names.
    pub(crate) fn parse(text: &str) -> Result<Sort, String> {
        let (name, is_reverse) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        Ok(Sort {
            field: field(name)?,
            is_reverse,
        })
    }

    /// Sorts files. Those without the value come first, or last in reverse.
    pub(crate) fn apply(self, files: &mut [&Checked]) {
        files.order_by_key(|file| file_value(file, self.field));
        if self.is_reverse {
            files.reverse();
        }
    }
}

/// Whether a file is whole: `whole`, or the worst of its problems.
pub(crate) fn state(file: &Checked) -> &'static str {
    file.severity().map_or("whole", |severity| severity.word())
}

fn file_value(file: &Checked, field: Field) -> Option<Value> {
    let header = file.examined.header.as_ref();
    let text = |kind| header.and_then(|it| value(it, kind)).map(Value::Text);
    match field {
        Field::File => Some(Value::Text(file.path.display().to_string())),
        Field::Frame => file.frame.map(|it| Value::Number(it.millionths().into())),
        Field::Size => file.examined.size.map(|it| Value::Number(it.into())),
        Field::Width => header.map(|it| Value::Number(it.width.into())),
        Field::Height => header.map(|it| Value::Number(it.height.into())),
        Field::Format => text(Kind::Format),
        Field::Channels => text(Kind::Channels),
        Field::Type => text(Kind::Type),
        Field::Compression => text(Kind::Compression),
        Field::DataWindow => text(Kind::DataWindow),
        Field::State => Some(Value::Text(state(file).to_owned())),
        Field::Kind => {
            let words: Vec<&str> = file.kinds.iter().map(|kind| kind.word()).collect();
            Some(Value::Text(words.join(",")))
        }
    }
}
