//! Writes the items of pages: as one array, as lines, or as the outputs of `--jq`.

use super::format::Show;
use super::jq::Jq;
use super::sink::Sink;
use super::status::Verbosity;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::pages::Page;
use crate::http::response::ResponseHead;
use crate::json;

/// The form of the items.
pub(super) enum Form {
    /// One array, which is closed only after the last page.
    Array,
    /// A line of JSON for each.
    Lines,
    /// The outputs of a filter for each page.
    Filtered(Jq),
}

/// Writes pages one after another.
pub(super) struct PageWriter<'a> {
    form: &'a Form,
    sink: Sink,
    /// The number of items so far.
    pub items: u64,
    most: u64,
}

/// Whether a page was written as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    /// The largest number of items was reached within it.
    Part,
}

impl<'a> PageWriter<'a> {
    /// A writer of at most `most` items.
    ///
    /// # Errors
    /// When the file of `-o` cannot be written.
    pub(super) fn open(
        form: &'a Form,
        show: &Show,
        most: Option<u64>,
        deadline: Deadline,
    ) -> Result<PageWriter<'a>, Error> {
        Ok(PageWriter {
            form,
            sink: Sink::open(show, deadline)?,
            items: 0,
            most: most.unwrap_or(u64::MAX),
        })
    }

    /// Whether nothing of the items reaches the terminal, so that progress can be shown.
    pub(super) fn is_apart(&self) -> bool {
        self.sink.is_apart()
    }

    /// Whether it has left a line on the terminal without a line feed.
    pub(super) fn is_line_open(&self) -> bool {
        matches!(self.form, Form::Array) && self.items > 0 && self.sink.is_terminal()
    }

    /// Whether no more items are wanted.
    pub(super) fn is_full(&self) -> bool {
        self.items >= self.most
    }

    /// Writes the items of a page.
    ///
    /// # Errors
    /// When they cannot be filtered or written.
    pub(super) fn page(
        &mut self,
        head: &ResponseHead,
        body: &[u8],
        page: &Page,
    ) -> Result<Extent, Error> {
        match self.form {
            Form::Filtered(jq) => {
                let outputs = jq.of_body(head, body)?;
                let taken = self.taken(outputs.len());
                jq.write(outputs.get(..taken).unwrap_or(&outputs), &mut self.sink)?;
                Ok(self.extent(taken, outputs.len()))
            }
            Form::Array | Form::Lines => {
                let texts = page.items.texts();
                let taken = self.taken(texts.len());
                let before = self.items - taken as u64;
                let mut block = String::new();
                for (number, text) in (before..).zip(texts.iter().take(taken)) {
                    self.add(&mut block, number, text);
                    if block.len() >= BLOCK {
                        self.sink.write(block.as_bytes())?;
                        block.clear();
                    }
                }
                self.sink.write(block.as_bytes())?;
                Ok(self.extent(taken, texts.len()))
            }
        }
    }

    /// Counts as many items as may be written.
    fn taken(&mut self, found: usize) -> usize {
        let left = usize::try_from(self.most - self.items).unwrap_or(usize::MAX);
        let taken = found.min(left);
        self.items += taken as u64;
        taken
    }

    fn extent(&self, taken: usize, found: usize) -> Extent {
        match taken < found {
            true => Extent::Part,
            false => Extent::Whole,
        }
    }

    /// Adds an item, which is the one after `number` others.
    fn add(&self, block: &mut String, number: u64, text: &str) {
        match self.form {
            Form::Lines | Form::Filtered(_) => block.push_str(&json::compact(text)),
            Form::Array => {
                block.push_str(if number == 0 { "[\n" } else { ",\n" });
                if !self.sink.is_terminal() {
                    return block.push_str(text);
                }
                let text = self.sink.laid_out(text);
                block.push_str("  ");
                return block.push_str(&text.replace('\n', "\n  "));
            }
        }
        block.push('\n');
    }

    /// Closes the array, and completes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(mut self, level: Verbosity) -> Result<(), Error> {
        match (self.form, self.items) {
            (Form::Array, 0) => self.sink.write(b"[]\n")?,
            (Form::Array, _) => self.sink.write(b"\n]\n")?,
            (Form::Lines | Form::Filtered(_), _) => {}
        }
        self.sink.finish(level)
    }
}

/// The number of bytes that are written at a time.
const BLOCK: usize = 64 << 10;
