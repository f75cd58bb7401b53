//! What running filters share: the inputs, the environment, and how a filter has halted.

use std::cell::RefCell;
use std::rc::Rc;

use jaq_core::data::HasLut;
use jaq_core::{Cv, DataT, Lut, ValXs};

use super::value::Value;
use crate::error::Error;

/// The kind of filters: their values, and what they have access to.
pub(super) struct Engine;

impl DataT for Engine {
    type V<'a> = Value;
    type Data<'a> = Handle<'a>;
}

/// The filter, and what it has access to.
#[derive(Clone, Copy)]
pub(super) struct Handle<'a> {
    pub lut: &'a Lut<Engine>,
    pub host: &'a Host,
}

impl<'a> HasLut<'a, Engine> for Handle<'a> {
    fn lut(&self) -> &'a Lut<Engine> {
        self.lut
    }
}

/// The context and the input of a native filter.
pub(super) type Call<'a> = Cv<'a, Engine>;
/// The outputs of a native filter.
pub(super) type Outputs<'a> = ValXs<'a, Value>;

/// An input that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub what: String,
    pub why: String,
}

impl Unreadable {
    pub(super) fn into_error(self) -> Error {
        Error::malformed(self.what, self.why)
    }
}

/// Gives the next input, or what is wrong with it.
pub(super) type NextInput = Box<dyn FnMut(&mut Position) -> Option<Result<Value, Unreadable>>>;

/// Where the last input was.
#[derive(Clone, Debug, Default)]
pub(super) struct Position {
    /// `None` without a file.
    pub file: Option<Rc<str>>,
    /// The line feeds up to the end of the input.
    pub line: u64,
}

/// How a filter has halted.
#[derive(Clone, Debug)]
pub(super) struct Halt {
    pub code: i32,
    /// For stderr.
    pub message: Vec<u8>,
}

/// A compiled regular expression, with its text and its flags.
pub(super) type Compiled = (Rc<str>, String, Rc<regex_bites::bytes::Regex>);

/// What filters have access to.
pub(super) struct Host {
    pub next_input: RefCell<NextInput>,
    pub position: RefCell<Position>,
    /// The environment, for `env`.
    pub environment: Value,
    pub halted: RefCell<Option<Halt>>,
    /// Takes what `debug` and `stderr` write.
    pub say: fn(&[u8]),
    pub regexes: RefCell<Vec<Compiled>>,
}

impl Host {
    /// A host without inputs and environment, for filters of options. What they write is lost.
    pub(super) fn bare() -> Host {
        Host {
            next_input: RefCell::new(Box::new(|_| None)),
            position: RefCell::default(),
            environment: Value::Object(Rc::default()),
            halted: RefCell::default(),
            say: |_| {},
            regexes: RefCell::default(),
        }
    }

    /// The next input.
    pub(super) fn input(&self) -> Option<Result<Value, Unreadable>> {
        let mut position = self.position.borrow().clone();
        let next = (self.next_input.borrow_mut())(&mut position);
        *self.position.borrow_mut() = position;
        next
    }
}
