//! Compares reports of `c47 host --json`: those of nodes that should be alike with that of a node
//! that serves as the reference.

mod fields;
pub(crate) mod report;
mod severity;
mod show;
mod text;
mod value;
mod walk;

use std::collections::BTreeMap;

use nanoserde::SerJson;

use crate::colour::Colour;
#[cfg(test)]
pub(crate) use fields::paths;
use report::{HostReport, Machine};
pub(crate) use severity::Severity;
use value::Value;
use walk::Difference;
pub(crate) use walk::Scope;

/// A machine that is compared with the reference.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Node {
    pub file: String,
    pub hostname: Option<String>,
    /// Whether nothing differs that matters.
    pub alike: bool,
}

/// A difference of one or more nodes from the reference.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Shared {
    /// The path in the report, with keys of elements: `mounts[/shots].read_only`.
    pub field: String,
    /// Its name in the text.
    pub label: String,
    pub severity: Severity,
    /// The value of the reference; null also if it has none.
    pub a: Option<Value>,
    /// The value of the nodes; null also if they have none.
    pub b: Option<Value>,
    /// `a` or `b` if the others have no such field or element; null if both have it.
    pub only_in: Option<&'static str>,
    /// The files of the nodes.
    pub nodes: Vec<String>,
    #[nserde(skip)]
    texts: [String; 2],
    #[nserde(skip)]
    numbers: Vec<usize>,
}

/// The comparison of some nodes with a reference.
#[derive(Clone, Debug, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Comparison {
    /// Whether all nodes are like the reference.
    pub alike: bool,
    pub reference: Machine,
    pub nodes: Vec<Node>,
    /// The most important first.
    pub differences: Vec<Shared>,
    #[nserde(skip)]
    colour: Colour,
}

/// Compares reports with a reference, one by one.
pub(crate) struct Comparing<'a> {
    reference: &'a HostReport,
    scope: Scope,
    nodes: Vec<Node>,
    /// Each difference with the numbers of the nodes that have it.
    found: BTreeMap<Difference, Vec<usize>>,
}

impl<'a> Comparing<'a> {
    pub(crate) fn with(reference: &'a HostReport, scope: Scope) -> Comparing<'a> {
        Comparing {
            reference,
            scope,
            nodes: Vec::new(),
            found: BTreeMap::new(),
        }
    }

    /// Compares the next node.
    pub(crate) fn add(&mut self, node: &HostReport) {
        let number = self.nodes.len();
        let differences = walk::differences(&self.reference.content, &node.content, self.scope);
        let Machine { file, hostname } = node.machine();
        self.nodes.push(Node {
            file,
            hostname,
            alike: !differences.iter().any(|it| it.severity.counts()),
        });
        for difference in differences {
            let numbers = self.found.entry(difference).or_default();
            // Shortened names may be the same.
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
    }

    /// The result; `colour` is that of its text.
    pub(crate) fn finish(self, colour: Colour) -> Comparison {
        let nodes = self.nodes;
        let shared = |(found, numbers): (Difference, Vec<usize>)| Shared {
            field: found.field,
            label: found.label,
            severity: found.severity,
            only_in: match (&found.a.value, &found.b.value) {
                (Some(_), None) => Some("a"),
                (None, Some(_)) => Some("b"),
                (Some(_), Some(_)) | (None, None) => None,
            },
            a: found.a.value,
            b: found.b.value,
            nodes: numbers
                .iter()
                .filter_map(|&number| Some(nodes.get(number)?.file.clone()))
                .collect(),
            texts: [found.a.text, found.b.text],
            numbers,
        };
        let differences = self.found.into_iter().map(shared).collect();
        Comparison {
            alike: nodes.iter().all(|node| node.alike),
            reference: self.reference.machine(),
            nodes,
            differences,
            colour,
        }
    }
}
