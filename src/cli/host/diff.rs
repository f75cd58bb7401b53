//! `c47 host diff`: compares reports of machines that should be alike.

use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use crate::error::Error;
use crate::exit::Exit;
use crate::host::diff::report::HostReport;
use crate::host::diff::{Comparing, Scope};
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Printer};

/// Compare the reports of machines that should be alike. Each file is the output of c47 host --json.
/// The first is the reference, and each other is compared with it. The most important differences are
/// first. The exit code is 0 if all machines are alike and 1 if not.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "diff",
    help_triggers("-h", "--help"),
    example = "c47 host diff good.json bad.json",
    example = "ssh node17 c47 host --json | c47 host diff node01.json -",
    example = "c47 host diff node01.json node*.json"
)]
pub(super) struct Diff {
    /// the report of the reference, or - for stdin
    #[argh(positional)]
    reference: PathBuf,

    /// the reports of other machines; one may be - for stdin
    #[argh(positional)]
    node: Vec<PathBuf>,

    /// show also what differs between any two machines. That is host name, uptime, time, free memory,
    /// free space, and values within a tolerance.
    #[argh(switch)]
    all: bool,

    /// print one JSON object
    #[argh(switch)]
    json: bool,

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,
}

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "host diff",
    values: &[
        ("reference", Kind::File),
        ("node", Kind::File),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::boolean("alike", "whether all nodes are like the reference"),
            Field::object("reference", "the reference"),
            Field::string("reference.file", "the file of its report"),
            Field::string("reference.hostname", "its host name").or_null(),
            Field::objects("nodes", "the machines compared with it"),
            Field::string("nodes[].file", "the file of its report"),
            Field::string("nodes[].hostname", "its host name").or_null(),
            Field::boolean("nodes[].alike", "whether it is like the reference"),
            Field::objects("differences", "the differences, the most important first"),
            Field::string(
                "differences[].field",
                "path in the report, with the keys of elements: mounts[/shots].read_only",
            ),
            Field::string("differences[].label", "name of the field"),
            Field::string(
                "differences[].severity",
                "critical, major, minor, unrated, missing, or expected with --all",
            ),
            Field::any("differences[].a", "value of the reference; null if absent").or_null(),
            Field::any("differences[].b", "value of the nodes; null if absent").or_null(),
            Field::string(
                "differences[].only_in",
                "a or b if the other has no such field or element",
            )
            .or_null(),
            Field::strings("differences[].nodes", "files of the nodes that differ so"),
        ],
    }],
};

impl Diff {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        self.ensure_arguments()?;
        let reference = HostReport::read(&self.reference)?;
        let scope = match self.all {
            true => Scope::All,
            false => Scope::Unexpected,
        };
        let mut comparing = Comparing::with(&reference, scope);
        for node in self.nodes() {
            comparing.add(&HostReport::read(node)?);
        }
        let comparison = comparing.finish(output::stdout_colour());
        printer.print(&comparison)?;
        Ok(match comparison.alike {
            true => Exit::Done,
            false => Exit::No,
        })
    }

    /// The nodes. A pattern such as node*.json may match the reference, too.
    fn nodes(&self) -> Vec<&PathBuf> {
        let others = self.node.iter().filter(|&node| *node != self.reference);
        let others: Vec<&PathBuf> = others.collect();
        match others.is_empty() {
            true => self.node.iter().take(1).collect(),
            false => others,
        }
    }

    fn ensure_arguments(&self) -> Result<(), Error> {
        if self.node.is_empty() {
            return Err(Error::usage_hint(
                "no report to compare with the reference",
                "give two or more files",
            ));
        }
        let files = [&self.reference].into_iter().chain(&self.node);
        match files
            .filter(|file| file.as_path() == Path::new("-"))
            .count()
        {
            0 | 1 => Ok(()),
            _ => Err(Error::usage("only one of the reports can be - (stdin)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_field_of_the_report_has_a_row() {
        let declared = super::super::DETAILS
            .iter()
            .filter(|details| details.command == "host")
            .flat_map(|details| details.json)
            .flat_map(|json| json.fields)
            .map(|field| field.path);
        let declared: BTreeSet<&str> = declared.collect();
        let rated: BTreeSet<&str> = crate::host::diff::paths().collect();
        assert_eq!(declared.difference(&rated).collect::<Vec<_>>(), [&""; 0]);
        // Other rows are for an element with this key.
        let mut others = rated.difference(&declared);
        assert!(others.all(|path| path.replace("[]", "").contains('[')));
    }
}
