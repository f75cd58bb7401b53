//! `c47 pick`: chooses among the items on stdin.

#[cfg_attr(not(feature = "tui"), allow(dead_code))] // only checked
mod options;
#[cfg(feature = "tui")]
mod report;
#[cfg(feature = "tui")]
mod run;

use argh::{ArgsInfo, FromArgs};

use crate::outline::{Details, Field, Group, JsonOutput, Kind, Layout, Shape};

/// Choose among the lines of stdin by typing a part of them. The list is drawn on the terminal, stdin
/// and stdout stay pipes. Exit code 1: nothing matched or was picked; 130: cancelled.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "pick",
    help_triggers("-h", "--help"),
    example = "c47 pick --multi <shots.txt
c47 pick --show .name --print .id <projects.json"
)]
#[cfg_attr(not(feature = "tui"), allow(dead_code))] // only checked
pub(super) struct Pick {
    /// begin with this query
    #[argh(option, short = 'q', arg_name = "query")]
    query: Option<String>,

    /// print the matches of this query, without a terminal
    #[argh(option, short = 'f', arg_name = "query")]
    filter: Option<String>,

    /// match words exactly. A quote before a word makes it fuzzy.
    #[argh(switch, short = 'e')]
    exact: bool,

    /// pick several items: Ctrl-Space marks one, Ctrl-A all
    #[argh(switch, short = 'm')]
    multi: bool,

    /// pick the only match at once
    #[argh(switch, short = '1', long = "select-1")]
    select_one: bool,

    /// exit with 1 at once if nothing matches
    #[argh(switch, short = '0', long = "exit-0")]
    exit_none: bool,

    /// rows of the list, or a part of the terminal: 15 or 40%. Default: the whole terminal.
    #[argh(option, arg_name = "rows")]
    height: Option<String>,

    /// number of lines that are a header
    #[argh(option, default = "0", arg_name = "number")]
    header_lines: usize,

    /// show the output of a command; {{}} is the highlighted item
    #[argh(option, arg_name = "command")]
    preview: Option<String>,

    /// read items that end with NUL, not with a line feed
    #[argh(switch)]
    read0: bool,

    /// end items in the output with NUL
    #[argh(switch)]
    print0: bool,

    /// read JSON values or an array, and show the results of this filter
    #[argh(option, arg_name = "filter")]
    show: Option<String>,

    /// read JSON, and print the results of this filter. Default: the value.
    #[argh(option, arg_name = "filter")]
    print: Option<String>,

    /// read JSON, and show these members: name,task.status:12. A number is the width.
    #[argh(option, arg_name = "members")]
    columns: Option<String>,

    /// print the picked items as a JSON object
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
    command: "pick",
    values: &[
        ("--query", Kind::Word),
        ("--filter", Kind::Word),
        ("--height", Kind::Form(options::height_form)),
        (
            "--header-lines",
            Kind::Integer {
                least: 0,
                most: 1000,
            },
        ),
        ("--preview", Kind::Form(options::command_form)),
        ("--show", Kind::Word),
        ("--print", Kind::Word),
        ("--columns", Kind::Form(options::columns_form)),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::string("query", "query at the end"),
            Field::objects("items", "the picked items, or with --filter the matches"),
            Field::number("items[].index", "its number in the input, from 0"),
            Field::string("items[].text", "what the list shows"),
            Field::any("items[].value", "its JSON; null if the input is not JSON").or_null(),
        ],
    }],
};

/// The layout of its help.
pub(super) const LAYOUTS: &[Layout] = &[Layout {
    command: "pick",
    usage: "[OPTIONS]",
    groups: &[
        Group {
            name: "Choice",
            daily: &[
                "--query",
                "--filter",
                "--exact",
                "--multi",
                "--select-1",
                "--exit-0",
            ],
            more: &[],
        },
        Group {
            name: "Input and output",
            daily: &["--read0", "--print0", "--show", "--print", "--json"],
            more: &["--jq", "--raw-output"],
        },
        Group {
            name: "Screen",
            daily: &["--height", "--header-lines", "--columns", "--preview"],
            more: &[],
        },
    ],
}];

#[cfg(not(feature = "tui"))]
impl Pick {
    pub(super) fn run(self) -> Result<crate::exit::Exit, crate::error::Error> {
        // The options are checked as in a build that has the feature.
        self.settings()?;
        Err(crate::error::Error::usage_hint(
            "this build of c47 has no terminal interface",
            "build c47 with the cargo feature tui, which is on by default",
        ))
    }
}
