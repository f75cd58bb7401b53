//! The text of a comparison: the verdict, then a table for each severity.

use std::collections::BTreeSet;
use std::fmt;

use super::{Comparison, Node, Severity, Shared};
use crate::escape::one_line;

/// The widest columns. A difference with a longer text has lines of its own.
const MOST_LABEL: usize = 48;
const MOST_VALUE: usize = 36;
/// The longest value in the text; JSON has it whole.
const MOST_SHOWN: usize = 600;
/// How many nodes are named for a difference; JSON has all.
const MOST_NODES: usize = 12;

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names();
        self.verdict(f, &names)?;
        let lines: Vec<Line> = self
            .differences
            .iter()
            .map(|it| Line::of(it, &names))
            .collect();
        let width = |of: fn(&Line) -> &str, most: usize| {
            let widths = lines.iter().filter(|line| line.fits());
            let widths = widths.map(|line| of(line).chars().count());
            widths.max().unwrap_or_default().min(most)
        };
        let widths = Widths {
            label: width(|line| &line.label, MOST_LABEL).max(8),
            a: width(|line| &line.a, MOST_VALUE),
            b: width(|line| &line.b, MOST_VALUE),
        };
        for severity in Severity::ALL {
            let mut lines = lines.iter().filter(|line| line.severity == severity);
            let Some(first) = lines.next() else {
                continue;
            };
            self.heading(f, severity, &widths)?;
            first.show(f, &widths)?;
            lines.try_for_each(|line| line.show(f, &widths))?;
        }
        Ok(())
    }
}

impl Comparison {
    /// The names of the reference and of the nodes. The short names are the host names, if all are known
    /// and different, or else the files.
    fn names(&self) -> Names {
        let hosts: BTreeSet<_> = self
            .nodes
            .iter()
            .filter_map(|it| it.hostname.as_ref())
            .collect();
        let are_distinct = hosts.len() == self.nodes.len();
        let long = |file: &str, host: &Option<String>| match host {
            Some(host) => one_line(&format!("{host} ({file})")),
            None => one_line(file),
        };
        let short = |node: &Node| match &node.hostname {
            Some(host) if are_distinct => one_line(host),
            _ => one_line(&node.file),
        };
        let nodes = self.nodes.iter();
        Names {
            reference: long(&self.reference.file, &self.reference.hostname),
            nodes: nodes
                .map(|node| (short(node), long(&node.file, &node.hostname)))
                .collect(),
        }
    }

    fn verdict(&self, f: &mut fmt::Formatter<'_>, names: &Names) -> fmt::Result {
        let word = match self.alike {
            true => self.colour.styled("alike:", ALIKE),
            false => self.colour.styled("different:", DIFFERENT),
        };
        let counts: Vec<String> = Severity::ALL
            .iter()
            .filter_map(|&severity| {
                let of_it = |it: &&Shared| it.severity == severity;
                let count = self.differences.iter().filter(of_it).count();
                (count > 0).then(|| format!("{count} {}", severity.name()))
            })
            .collect();
        let counts = counts.join(", ");
        match (names.nodes.as_slice(), self.alike) {
            ([(_, node)], true) => writeln!(f, "{word} {} and {node}", names.reference),
            ([(_, node)], false) => {
                writeln!(f, "{word} {counts}\nA: {}\nB: {node}", names.reference)
            }
            (nodes, true) => writeln!(f, "{word} {} and {} nodes", names.reference, nodes.len()),
            (nodes, false) => {
                let different = self.nodes.iter().filter(|node| !node.alike).count();
                let all = nodes.len();
                writeln!(f, "{word} {different} of {all} nodes; {counts}")?;
                writeln!(f, "A: {}", names.reference)
            }
        }
    }

    fn heading(
        &self,
        f: &mut fmt::Formatter<'_>,
        severity: Severity,
        widths: &Widths,
    ) -> fmt::Result {
        let name = self.styled(severity);
        let fill = (widths.label + 2).saturating_sub(severity.name().len());
        let (a, b) = (widths.a, widths.b);
        let nodes = match self.nodes.len() {
            0 | 1 => "B".to_owned(),
            _ => format!("{:<b$}  nodes", "B"),
        };
        match severity.note() {
            "" => writeln!(f, "\n{name}{:fill$}  {:<a$}  {nodes}", "", "A"),
            note => writeln!(f, "\n{name}: {note}"),
        }
    }

    fn styled(&self, severity: Severity) -> String {
        let style = match severity {
            Severity::Critical => DIFFERENT,
            Severity::Major => MAJOR,
            Severity::Minor | Severity::Unrated | Severity::Missing | Severity::Expected => {
                return severity.name().to_owned();
            }
        };
        self.colour.styled(severity.name(), style)
    }
}

/// Bold green.
const ALIKE: &str = "1;32";
/// Bold red.
const DIFFERENT: &str = "1;31";
/// Bold yellow.
const MAJOR: &str = "1;33";

struct Names {
    reference: String,
    /// Each short, and with its file.
    nodes: Vec<(String, String)>,
}

struct Widths {
    label: usize,
    a: usize,
    b: usize,
}

/// A difference as it is shown.
struct Line {
    severity: Severity,
    label: String,
    a: String,
    b: String,
    /// Empty if there is only one.
    nodes: String,
}

impl Line {
    fn of(shared: &Shared, names: &Names) -> Line {
        let [a, b] = shared.texts.each_ref().map(|text| shown(text));
        Line {
            severity: shared.severity,
            label: shown(&shared.label),
            a,
            b,
            nodes: node_list(&shared.numbers, names),
        }
    }

    /// Whether it fits into the columns.
    fn fits(&self) -> bool {
        let is_short = |text: &str, most: usize| text.chars().count() <= most;
        is_short(&self.label, MOST_LABEL)
            && is_short(&self.a, MOST_VALUE)
            && is_short(&self.b, MOST_VALUE)
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, widths: &Widths) -> fmt::Result {
        let Line {
            label, a, b, nodes, ..
        } = self;
        let (label_width, a_width, b_width) = (widths.label, widths.a, widths.b);
        match (self.fits(), nodes.as_str()) {
            (true, "") => writeln!(f, "  {label:<label_width$}  {a:<a_width$}  {b}"),
            (true, nodes) => {
                writeln!(
                    f,
                    "  {label:<label_width$}  {a:<a_width$}  {b:<b_width$}  {nodes}"
                )
            }
            (false, "") => writeln!(f, "  {label}\n    A: {a}\n    B: {b}"),
            (false, nodes) => writeln!(f, "  {label}\n    A: {a}\n    B: {b}\n    nodes: {nodes}"),
        }
    }
}

fn node_list(numbers: &[usize], names: &Names) -> String {
    let nodes = &names.nodes;
    if nodes.len() == 1 {
        return String::new();
    }
    if numbers.len() == nodes.len() {
        return "all".to_owned();
    }
    let named = numbers.iter().take(MOST_NODES);
    let named: Vec<&str> = named
        .filter_map(|&number| Some(nodes.get(number)?.0.as_str()))
        .collect();
    match numbers.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", one_line(text.get(..end).unwrap_or_default())),
        None => one_line(text),
    }
}
