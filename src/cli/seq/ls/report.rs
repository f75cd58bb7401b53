//! Everything that is listed.

use std::fmt;
use std::path::PathBuf;

use nanoserde::{SerJson, SerJsonState};

use super::row::Row;
use super::table::Table;

/// Everything that is listed.
#[derive(Default)]
pub(super) struct Report {
    pub sequences: Vec<Row>,
    pub files: Vec<PathBuf>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(false);
        self.sequences.iter().for_each(|row| table.add(row));
        self.files
            .iter()
            .for_each(|path| table.add_file(path, false));
        f.write_str(&String::from_utf8_lossy(&table.text()))
    }
}

impl SerJson for Report {
    fn ser_json(&self, depth: usize, state: &mut SerJsonState) {
        state.out.push_str("{\"sequences\":[");
        for (at, row) in self.sequences.iter().enumerate() {
            if at > 0 {
                state.out.push(',');
            }
            row.ser_json(depth, state);
        }
        state.out.push_str("],\"files\":[");
        for (at, path) in self.files.iter().enumerate() {
            if at > 0 {
                state.out.push(',');
            }
            path.display().to_string().ser_json(depth, state);
        }
        state.out.push_str("]}");
    }
}
