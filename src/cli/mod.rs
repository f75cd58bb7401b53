//! The command line: the table of commands, from the arguments to the exit code.

mod auth;
mod completions;
mod config;
mod details;
mod echo;
mod elf;
mod environment;
mod host;
mod http;
mod journal;
mod jq;
mod jwt;
mod links;
mod man;
mod outline;
mod pager;
mod parse;
mod passwd;
mod pick;
mod profile;
mod rez;
mod selftest;
mod seq;

use std::ffi::OsString;

use argh::{ArgsInfo, FromArgs};

use crate::colour::Colour;
use crate::error::Error;
use crate::exit::Exit;
use crate::help;
use crate::interrupt;
use crate::outline::{CommandGroup, Details, Layout};
use crate::output::{self, Format};
use crate::process_limits;
use crate::version::Version;
use parse::{Length, Request};

/// Command-line tools for visual-effects pipelines and render farms.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    help_triggers("-h", "--help"),
    example = "c47 http localhost:8080/api/projects"
)]
struct C47 {
    #[argh(subcommand)]
    command: Command,
}

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
#[allow(clippy::large_enum_variant)] // there is only one value, moved once
enum Command {
    Auth(auth::Auth),
    Completions(completions::Completions),
    Config(config::Config),
    Echo(echo::Echo),
    Elf(elf::Elf),
    Host(host::Host),
    Http(http::Http),
    Journal(journal::JournalCommand),
    Jq(jq::Jq),
    Jwt(jwt::Jwt),
    Links(links::Links),
    Man(man::Man),
    Pick(pick::Pick),
    Rez(rez::Rez),
    Selftest(selftest::Selftest),
    Seq(seq::Seq),
}

/// What a command declares in addition to its options.
struct Listing {
    name: &'static str,
    /// The kinds of its values and its JSON output; one row for each subcommand.
    details: &'static [Details],
    /// The layout of the help of commands with many options.
    layouts: &'static [Layout],
    /// The manual of the command and its subcommands, in Markdown.
    manual: &'static str,
}

/// The declarations of each command, in the order of the table.
const LISTINGS: &[Listing] = &[
    Listing {
        name: "auth",
        details: auth::DETAILS,
        layouts: &[],
        manual: include_str!("auth/manual.md"),
    },
    Listing {
        name: "completions",
        details: &[completions::DETAILS],
        layouts: &[],
        manual: include_str!("completions/manual.md"),
    },
    Listing {
        name: "config",
        details: config::DETAILS,
        layouts: &[],
        manual: include_str!("config/manual.md"),
    },
    Listing {
        name: "echo",
        details: &[echo::DETAILS],
        layouts: &[],
        manual: include_str!("echo/manual.md"),
    },
    Listing {
        name: "elf",
        details: elf::DETAILS,
        layouts: &[],
        manual: include_str!("elf/manual.md"),
    },
    Listing {
        name: "host",
        details: host::DETAILS,
        layouts: &[],
        manual: include_str!("host/manual.md"),
    },
    Listing {
        name: "http",
        details: &[http::DETAILS],
        layouts: http::LAYOUTS,
        manual: include_str!("http/manual.md"),
    },
    Listing {
        name: "journal",
        details: journal::DETAILS,
        layouts: &[],
        manual: include_str!("journal/manual.md"),
    },
    Listing {
        name: "jq",
        details: &[jq::DETAILS],
        layouts: jq::LAYOUTS,
        manual: include_str!("jq/manual.md"),
    },
    Listing {
        name: "jwt",
        details: jwt::DETAILS,
        layouts: jwt::LAYOUTS,
        manual: include_str!("jwt/manual.md"),
    },
    Listing {
        name: "links",
        details: &[links::DETAILS],
        layouts: &[],
        manual: include_str!("links/manual.md"),
    },
    Listing {
        name: "man",
        details: &[man::DETAILS],
        layouts: &[],
        manual: include_str!("man/manual.md"),
    },
    Listing {
        name: "pick",
        details: &[pick::DETAILS],
        layouts: pick::LAYOUTS,
        manual: include_str!("pick/manual.md"),
    },
    Listing {
        name: "rez",
        details: rez::DETAILS,
        layouts: &[],
        manual: include_str!("rez/manual.md"),
    },
    Listing {
        name: "selftest",
        details: &[selftest::DETAILS],
        layouts: &[],
        manual: include_str!("selftest/manual.md"),
    },
    Listing {
        name: "seq",
        details: seq::DETAILS,
        layouts: &[],
        manual: include_str!("seq/manual.md"),
    },
];

/// The manual of c47 itself.
const MANUAL: &str = include_str!("manual.md");

/// The groups of commands in the output of `c47` without arguments.
const GROUPS: &[CommandGroup] = &[
    CommandGroup {
        name: "Services",
        commands: &[
            "http", "journal", "auth", "config", "jq", "pick", "jwt", "echo",
        ],
    },
    CommandGroup {
        name: "Binaries, hosts, frames and deployment",
        commands: &[
            "elf",
            "host",
            "selftest",
            "seq",
            "rez",
            "links",
            "completions",
            "man",
        ],
    },
];

/// The manual of the command at these words. The manual of a subcommand is part of its command's.
fn manual(words: &[String]) -> &'static str {
    match words.first() {
        None => MANUAL,
        Some(name) => {
            let listing = LISTINGS.iter().find(|listing| listing.name == name);
            listing.map_or("", |listing| listing.manual)
        }
    }
}

/// The layout of the help of the command at these words.
fn layout(words: &[String]) -> Option<&'static Layout> {
    let words = words.join(" ");
    let mut layouts = LISTINGS.iter().flat_map(|listing| listing.layouts);
    layouts.find(|layout| layout.command == words)
}

impl Command {
    fn run(self) -> Result<Exit, Error> {
        match self {
            Command::Auth(options) => options.run(),
            Command::Completions(options) => options.run(),
            Command::Config(options) => options.run(),
            Command::Echo(options) => options.run(),
            Command::Elf(options) => options.run(),
            Command::Host(options) => options.run(),
            Command::Http(options) => options.run(),
            Command::Journal(options) => options.run(),
            Command::Jq(options) => options.run(),
            Command::Jwt(options) => options.run(),
            Command::Links(options) => options.run(),
            Command::Man(options) => options.run(),
            Command::Pick(options) => options.run(),
            Command::Rez(options) => options.run(),
            Command::Selftest(options) => options.run(),
            Command::Seq(options) => options.run(),
        }
    }
}

/// c47 with all its commands, for the manual pages and the completions.
pub fn whole() -> crate::outline::Command {
    outline::outline(&["c47".to_owned()], &C47::get_args_info())
}

/// A panic prints one line instead of a backtrace, and exits with 70.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        interrupt::restore_screen();
        let place = panic
            .location()
            .map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        output::say(format_args!(
            "c47: this is a bug in c47 {}{place}: please report it",
            env!("CARGO_PKG_VERSION")
        ));
        std::process::exit(Exit::Bug.code().into());
    }));
}

/// Runs the command in `arguments`, which start with the name of the program.
pub fn main(arguments: impl Iterator<Item = OsString>) -> Exit {
    interrupt::install();
    process_limits::ignore_file_size_signal();
    let (name, format, result) = match parse::utf8_arguments(arguments) {
        Ok(arguments) => {
            let table = C47::get_args_info();
            let parsed = parse::parse(&arguments, &table);
            (parsed.name, parsed.format, parsed.request.and_then(execute))
        }
        Err(error) => ("c47".to_owned(), Format::Text, Err(error)),
    };
    match result {
        Ok(exit) => exit,
        Err(error) => {
            if !error.is_silent() {
                output::fail(format, &name, &error);
            }
            error.exit()
        }
    }
}

fn execute(request: Request) -> Result<Exit, Error> {
    match request {
        Request::Help(path, Length::Short) => {
            output::bytes(short_help(&path, output::stdout_colour()).as_bytes())?;
        }
        Request::Help(path, Length::Whole) => pager::show(&manual_page(&path))?,
        Request::NoCommand => {
            output::say(short_help(&[], Colour::Never));
            return Ok(Exit::Usage);
        }
        Request::List => {
            for command in C47::get_args_info().commands {
                output::line(command.name)?;
            }
        }
        Request::Version(format) => output::print(format, &Version::own())?,
        Request::Run(arguments) => {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            return C47::from_args(&["c47"], &arguments)
                .map_err(|_| parse::unforeseen())?
                .command
                .run();
        }
    }
    Ok(Exit::Done)
}

/// The short help of the command at `path`.
fn short_help(path: &[String], colour: Colour) -> String {
    let whole = whole();
    match whole.find(path) {
        Some(command) if !path.is_empty() => help::short(command, colour),
        Some(_) | None => help::overview(&whole, GROUPS, colour),
    }
}

/// The manual page of the command at `path`, for a terminal.
fn manual_page(path: &[String]) -> String {
    let whole = whole();
    let command = whole.find(path).unwrap_or(&whole);
    help::as_text(&help::page(command, &whole), output::stdout_colour())
}
