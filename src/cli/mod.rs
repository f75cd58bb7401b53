//! The command table: argv in, exit code out.

mod auth;
mod completions;
mod config;
mod details;
mod echo;
mod elf;
mod environment;
mod host;
mod http;
mod jwt;
mod links;
mod man;
mod outline;
mod parse;
mod passwd;
mod profile;
mod rez;
mod selftest;

use std::ffi::OsString;

use argh::{ArgsInfo, FromArgs};

use crate::error::Error;
use crate::exit::Exit;
use crate::interrupt;
use crate::outline::Details;
use crate::output::{self, Format};
use crate::process_limits;
use crate::version::Version;
use parse::Request;

/// A clothespin for a visual-effects pipeline: authenticated HTTP calls, JSON Web Tokens, and
/// what a render node lacks, in one static binary.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    help_triggers("-h", "--help"),
    example = "c47 http localhost:8080/api/projects",
    note = "'c47 help <command>' tells about a command, 'c47 --list' names them all, 'c47 --version' the version."
)]
struct C47 {
    #[argh(subcommand)]
    command: Command,
}

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
#[allow(clippy::large_enum_variant)] // one is made, and moved once
enum Command {
    Auth(auth::Auth),
    Completions(completions::Completions),
    Config(config::Config),
    Echo(echo::Echo),
    Elf(elf::Elf),
    Host(host::Host),
    Http(http::Http),
    Jwt(jwt::Jwt),
    Links(links::Links),
    Man(man::Man),
    Rez(rez::Rez),
    Selftest(selftest::Selftest),
}

/// What each command declares beside its options; cli/details.rs reads it.
const DETAILS: &[&[Details]] = &[
    auth::DETAILS,
    &[completions::DETAILS],
    config::DETAILS,
    &[echo::DETAILS],
    elf::DETAILS,
    host::DETAILS,
    &[http::DETAILS],
    jwt::DETAILS,
    &[links::DETAILS],
    &[man::DETAILS],
    rez::DETAILS,
    &[selftest::DETAILS],
];

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
            Command::Jwt(options) => options.run(),
            Command::Links(options) => options.run(),
            Command::Man(options) => options.run(),
            Command::Rez(options) => options.run(),
            Command::Selftest(options) => options.run(),
        }
    }
}

/// c47 with all its commands, for the manual and the completions.
pub fn whole() -> crate::outline::Command {
    outline::outline(&["c47".to_owned()], &C47::get_args_info())
}

/// A bug must not scroll a backtrace over a render log: one line, exit code 70.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
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

/// Runs the command that `arguments` (the program's name first) asks for.
pub fn main(arguments: impl Iterator<Item = OsString>) -> Exit {
    interrupt::install();
    process_limits::ignore_file_size_signal();
    let (name, format, result) = match parse::texts(arguments) {
        Ok(arguments) => {
            let table = C47::get_args_info();
            let parsed = parse::parse(&arguments, &table);
            (parsed.name, parsed.format, parsed.request.and_then(answer))
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

fn answer(request: Request) -> Result<Exit, Error> {
    match request {
        Request::Help(path) => output::bytes(help(&path).as_bytes())?,
        Request::NoCommand => {
            output::say(help(&[]));
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

/// The help of the command at `path`, the same for `-h`, `--help` and `help`.
fn help(path: &[String]) -> String {
    let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    match C47::from_args(&["c47"], &arguments) {
        Err(early) => early.output,
        Ok(_) => String::new(),
    }
}
