//! The command table: argv in, exit code out.

mod elf;
mod nearest;
mod parse;
mod selftest;

use std::ffi::OsString;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use crate::error::Error;
use crate::exit::Exit;
use crate::interrupt;
use crate::output;
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
enum Command {
    Elf(elf::Elf),
    Selftest(selftest::Selftest),
}

impl Command {
    fn run(self) -> Result<Exit, Error> {
        match self {
            Command::Elf(options) => options.run(),
            Command::Selftest(options) => options.run(),
        }
    }
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
    let (name, result) = match parse::texts(arguments) {
        Ok(arguments) => {
            let table = C47::get_args_info();
            let parsed = parse::parse(&arguments, &table);
            (parsed.name, parsed.request.and_then(answer))
        }
        Err(error) => ("c47".to_owned(), Err(error)),
    };
    match result {
        Ok(exit) => exit,
        Err(error) => {
            if !error.is_silent() {
                output::complain(&name, &error);
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
        Request::Version(format) => output::print(format, &Version::new())?,
        Request::Run(arguments) => {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            return C47::from_args(&["c47"], &arguments)
                .map_err(|early| parse::from_early_exit(&early.output))?
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

#[derive(SerJson)]
struct Version {
    version: String,
    target: String,
}

impl Version {
    fn new() -> Version {
        Version {
            version: env!("CARGO_PKG_VERSION").into(),
            target: "x86_64-unknown-linux-musl".into(),
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "c47 {}", self.version)
    }
}
