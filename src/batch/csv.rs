//! Reads CSV as in RFC 4180: a header line, quotes around cells with commas, quotes or line breaks,
//! and quotes doubled inside.

use std::io::BufRead;

use super::input::{InputError, Invalid, Lines, MAX_LINE};
use crate::quantity::count;

/// More columns than any table of requests has.
const MAX_COLUMNS: usize = 1000;

/// Reads rows one by one, below the header line.
pub(crate) struct Csv<R> {
    lines: Lines<R>,
    header: Vec<String>,
}

/// A row: as many cells as the header has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The line it starts on, from 1.
    pub line: u64,
    pub cells: Vec<String>,
}

impl<R: BufRead> Csv<R> {
    /// Reads the header line.
    ///
    /// # Errors
    /// When it is missing, or a name is empty or used twice.
    pub(crate) fn new(input: R) -> Result<Csv<R>, InputError> {
        let mut lines = Lines::new(input);
        let invalid = |why: String| InputError::Invalid(Invalid { line: 1, why });
        let Some(row) = next_row(&mut lines)? else {
            return Err(invalid("the header line is missing".into()));
        };
        let mut seen = std::collections::BTreeSet::new();
        for (number, name) in row.cells.iter().enumerate() {
            if name.is_empty() {
                return Err(invalid(format!("column {} has no name", number + 1)));
            }
            if !seen.insert(name) {
                return Err(invalid(format!("two columns have the name '{name}'")));
            }
        }
        Ok(Csv {
            lines,
            header: row.cells,
        })
    }

    /// The names of the columns.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// The next row; empty lines are skipped.
    ///
    /// # Errors
    /// When a row is not CSV or has another number of cells than the header. The next call reads the
    /// next row.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, InputError> {
        let Some(row) = next_row(&mut self.lines)? else {
            return Ok(None);
        };
        let (has, wants) = (row.cells.len(), self.header.len());
        if has != wants {
            return Err(InputError::Invalid(Invalid {
                line: row.line,
                why: format!(
                    "it has {}, and the header line has {wants}",
                    count(has, "cell")
                ),
            }));
        }
        Ok(Some(row))
    }
}

/// Where in a cell the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted,
    /// After a quote inside quotes: the end, or the first of two.
    Quote,
}

/// A row while it is read.
struct Parser {
    cells: Vec<String>,
    cell: Vec<u8>,
    state: State,
    bytes: usize,
}

impl Parser {
    /// Reads one line.
    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        self.bytes += line.len() + 2;
        if self.bytes > MAX_LINE {
            return Err("the row is too long; is a closing quote missing?".into());
        }
        for &byte in line {
            self.state = match (self.state, byte) {
                (State::Start, b'"') => State::Quoted,
                (State::Quoted, b'"') => State::Quote,
                (State::Quote, b'"') => {
                    self.cell.push(b'"');
                    State::Quoted
                }
                (State::Plain, b'"') => {
                    return Err("a quote inside a cell; quote the cell and double it".into());
                }
                (State::Start | State::Plain | State::Quote, b',') => {
                    self.end_cell()?;
                    State::Start
                }
                (State::Quote, _) => return Err("text after a closing quote".into()),
                (State::Start | State::Plain, byte) => {
                    self.cell.push(byte);
                    State::Plain
                }
                (State::Quoted, byte) => {
                    self.cell.push(byte);
                    State::Quoted
                }
            };
        }
        Ok(())
    }

    fn end_cell(&mut self) -> Result<(), String> {
        if self.cells.len() == MAX_COLUMNS {
            return Err(format!("it has more than {MAX_COLUMNS} cells"));
        }
        let cell = std::mem::take(&mut self.cell);
        let cell = String::from_utf8(cell).map_err(|_| "it is not UTF-8".to_owned())?;
        self.cells.push(cell);
        Ok(())
    }
}

fn next_row<R: BufRead>(lines: &mut Lines<R>) -> Result<Option<Row>, InputError> {
    let mut parser = Parser {
        cells: Vec::new(),
        cell: Vec::new(),
        state: State::Start,
        bytes: 0,
    };
    let mut first = 0;
    let invalid = |line, why| InputError::Invalid(Invalid { line, why });
    while let Some(line) = lines.next()? {
        if parser.state != State::Quoted {
            if line.text.is_empty() {
                continue;
            }
            first = line.number;
        }
        let wrong = |why| invalid(line.number, why);
        parser.line(line.text).map_err(wrong)?;
        if parser.state == State::Quoted {
            parser.cell.extend_from_slice(line.ending);
            continue;
        }
        parser.end_cell().map_err(wrong)?;
        return Ok(Some(Row {
            line: first,
            cells: parser.cells,
        }));
    }
    match parser.state {
        State::Quoted => Err(invalid(first, "a closing quote is missing".into())),
        State::Start | State::Plain | State::Quote => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Result<Row, String>> {
        let mut csv = Csv::new(text.as_bytes()).map_err(shown).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = csv.next().map_err(shown).transpose() {
            rows.push(row);
        }
        rows
    }

    fn shown(error: InputError) -> String {
        match error {
            InputError::Invalid(invalid) => invalid.to_string(),
            InputError::Read(error) => error.to_string(),
        }
    }

    fn row(line: u64, cells: &[&str]) -> Result<Row, String> {
        Ok(Row {
            line,
            cells: cells.iter().map(|&cell| cell.to_owned()).collect(),
        })
    }

    #[test]
    fn quotes_commas_and_line_breaks_are_read() {
        let text = "id,name\r\n1,plain\r\n2,\"a, \"\"b\"\"\"\r\n\r\n3,\"two\nlines\"\n4,\n\"5\",\" \"\n6,é";
        assert_eq!(
            rows(text),
            [
                row(2, &["1", "plain"]),
                row(3, &["2", "a, \"b\""]),
                row(5, &["3", "two\nlines"]),
                row(7, &["4", ""]),
                row(8, &["5", " "]),
                row(9, &["6", "é"]),
            ]
        );
        // An empty cell in the only column needs quotes.
        assert_eq!(rows("a\n\"\"\n\nx\n"), [row(2, &[""]), row(4, &["x"])]);
    }

    #[test]
    fn an_invalid_row_does_not_hide_the_next() {
        let text = "id,name\n1\n2,5\" disk\n3,\"a\"b\n4,x\n5,a,b\n6,y\n7,\"open\n";
        assert_eq!(
            rows(text),
            [
                Err("line 2: it has 1 cell, and the header line has 2".into()),
                Err("line 3: a quote inside a cell; quote the cell and double it".into()),
                Err("line 4: text after a closing quote".into()),
                row(5, &["4", "x"]),
                Err("line 6: it has 3 cells, and the header line has 2".into()),
                row(7, &["6", "y"]),
                Err("line 8: a closing quote is missing".into()),
            ]
        );
    }

    #[test]
    fn the_header_names_every_column_once() {
        let why = |text: &str| Csv::new(text.as_bytes()).err().map(shown);
        assert_eq!(
            why("").as_deref(),
            Some("line 1: the header line is missing")
        );
        assert_eq!(
            why("a,,b\n").as_deref(),
            Some("line 1: column 2 has no name")
        );
        assert!(why("a,b,a\n").unwrap().contains("two columns"));
        let csv = Csv::new("\u{feff}a,\"b c\"\n".as_bytes())
            .map_err(shown)
            .unwrap();
        assert_eq!(csv.header(), ["a", "b c"]);
    }

    #[test]
    fn any_cells_that_are_written_are_read_again() {
        let mut state = 47_u32;
        let mut next = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        let alphabet = ["a", "é", ",", "\"", "\n", "\r", " ", "\\", "\u{2028}", "'"];
        for _ in 0..500 {
            let columns = 1 + next(4) as usize;
            let mut cell = || -> String {
                let length = next(6);
                (0..length)
                    .map(|_| alphabet[next(alphabet.len() as u32) as usize])
                    .collect()
            };
            let table: Vec<Vec<String>> = (0..5)
                .map(|_| (0..columns).map(|_| cell()).collect())
                .collect();
            let quote = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let header: Vec<String> = (0..columns).map(|n| format!("c{n}")).collect();
            let mut text = header.join(",") + "\n";
            for cells in &table {
                let cells: Vec<String> = cells.iter().map(quote).collect();
                text.push_str(&cells.join(","));
                text.push_str("\r\n");
            }
            let read: Vec<Vec<String>> = rows(&text)
                .into_iter()
                .map(|row| row.unwrap().cells)
                .collect();
            assert_eq!(read, table, "{text:?}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let mut state = 1_u32;
        for length in 0..2000_usize {
            let bytes: Vec<u8> = (0..length % 61)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    b",\"\n\ra\xff"[(state >> 24) as usize % 6]
                })
                .collect();
            if let Ok(mut csv) = Csv::new(bytes.as_slice()) {
                while let Ok(Some(_)) | Err(InputError::Invalid(_)) = csv.next() {}
            }
        }
    }
}
