//! Sequences as text: a line for each, in columns.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::row::Row;
use crate::escape::one_line;
use crate::quantity::{count, format_size};
use crate::seq::pattern::Padding;

/// Cells of the map of gaps.
const MAP: u64 = 20;
/// Limit for a list of frames.
const MOST_LISTED: usize = 60;
/// Limit for the width of a column.
const WIDEST: usize = 100;

/// The rows and the widths of their columns.
pub(super) struct Table {
    is_terminal: bool,
    rows: Vec<[Cell; 4]>,
}

/// Text in a column.
enum Cell {
    Left(Vec<u8>),
    Right(String),
}

impl Table {
    /// A terminal gets names with escapes, and a map of the gaps. Other output has names as they are.
    pub(super) fn new(is_terminal: bool) -> Table {
        Table {
            is_terminal,
            rows: Vec::new(),
        }
    }

    fn path(&self, path: &Path) -> Cell {
        Cell::Left(match self.is_terminal {
            true => one_line(&path.display().to_string()).into_bytes(),
            false => path.as_os_str().as_bytes().to_vec(),
        })
    }

    pub(super) fn add(&mut self, row: &Row) {
        let is_list = row.summary.range.contains(',') && row.padding != Padding::Udim;
        let range = match (is_list, row.first(), row.last()) {
            (true, Some(first), Some(last)) => format!("{first}-{last}"),
            (true | false, _, _) => shortened(row.summary.range.clone()),
        };
        let size = row.size.map(format_size);
        let files = count(row.count, "file");
        let size = size.map_or(files.clone(), |size| format!("{size} in {files}"));
        let mut missing = String::new();
        if row.summary.missing_count > 0 {
            if self.is_terminal {
                missing = format!("{}  ", map(row));
            }
            let list = shortened(row.summary.missing());
            missing.push_str(&format!("{} missing: {list}", row.summary.missing_count));
        }
        let path = self.path(&row.pattern);
        self.rows.push([
            path,
            Cell::Left(range.into_bytes()),
            Cell::Right(size),
            Cell::Left(missing.into_bytes()),
        ]);
    }

    /// For `--missing`: all missing frames.
    pub(super) fn add_missing(&mut self, row: &Row) {
        let path = self.path(&row.pattern);
        let empty = || Cell::Left(Vec::new());
        let missing = Cell::Left(row.summary.missing().into_bytes());
        self.rows.push([path, missing, empty(), empty()]);
    }

    pub(super) fn add_file(&mut self, path: &Path, with_size: bool) {
        let size = std::fs::metadata(path).ok().filter(|_| with_size);
        let size = size.map(|metadata| format_size(metadata.len()));
        let path = self.path(path);
        let empty = || Cell::Left(Vec::new());
        self.rows.push([
            path,
            empty(),
            Cell::Right(size.unwrap_or_default()),
            empty(),
        ]);
    }

    pub(super) fn text(&self) -> Vec<u8> {
        let mut widths = [0; 4];
        for row in self
            .rows
            .iter()
            .filter(|row| row.iter().skip(1).any(|cell| cell.width() > 0))
        {
            for (cell, width) in row.iter().zip(&mut widths) {
                *width = cell.width().min(WIDEST).max(*width);
            }
        }
        let mut text = Vec::new();
        for row in &self.rows {
            let mut spaces = 0;
            for (cell, width) in row.iter().zip(widths) {
                let rest = width.saturating_sub(cell.width());
                if cell.width() > 0 {
                    if let Cell::Right(_) = cell {
                        spaces += rest;
                    }
                    text.resize(text.len() + spaces, b' ');
                    text.extend_from_slice(cell.bytes());
                    spaces = 0;
                }
                spaces += match cell {
                    Cell::Left(_) => rest,
                    Cell::Right(text) if text.is_empty() => rest,
                    Cell::Right(_) => 0,
                } + if width > 0 { 2 } else { 0 };
            }
            text.push(b'\n');
        }
        text
    }
}

impl Cell {
    fn bytes(&self) -> &[u8] {
        match self {
            Cell::Left(bytes) => bytes,
            Cell::Right(text) => text.as_bytes(),
        }
    }

    fn width(&self) -> usize {
        match self.bytes().is_ascii() {
            true => self.bytes().len(),
            false => String::from_utf8_lossy(self.bytes()).chars().count(),
        }
    }
}

/// A list of frames, cut at a comma.
fn shortened(list: String) -> String {
    if list.len() <= MOST_LISTED {
        return list;
    }
    let start = list.get(..MOST_LISTED).unwrap_or_default();
    let start = start.rsplit_once(',').map_or("", |(start, _)| start);
    format!("{start},…")
}

/// A map of the gaps from the first to the last frame: full blocks have no missing frame, light blocks
/// have only missing frames.
fn map(row: &Row) -> String {
    let ends = (
        row.first()
            .map(|frame| frame.millionths().div_euclid(1_000_000)),
        row.last()
            .map(|frame| frame.millionths().div_euclid(1_000_000)),
    );
    let gap_ends = (row.summary.gaps.first(), row.summary.gaps.last());
    let first = ends.0.into_iter().chain(gap_ends.0.map(|gap| gap.0)).min();
    let last = ends.1.into_iter().chain(gap_ends.1.map(|gap| gap.1)).max();
    let (Some(first), Some(last)) = (first, last) else {
        return String::new();
    };
    let total = first.abs_diff(last) + 1;
    let cells = total.min(MAP);
    let start = |cell: u64| {
        let offset = u128::from(cell) * u128::from(total) / u128::from(cells.max(1));
        first.saturating_add(i64::try_from(offset).unwrap_or(i64::MAX))
    };
    let mut gaps = row.summary.gaps.iter().peekable();
    let mut map = String::new();
    for cell in 0..cells {
        let (from, to) = (start(cell), start(cell + 1));
        let mut missing = 0;
        while let Some((first, last)) = gaps.peek() {
            if *first < to {
                missing += (last.saturating_add(1).min(to) - *first.max(&from)).max(0);
            }
            if *last >= to {
                break;
            }
            gaps.next();
        }
        map.push(match missing {
            0 => '█',
            missing if missing < to - from => '▒',
            _ => '░',
        });
    }
    map
}
