//! `c47 config`: checks and shows the configuration files.

mod show;

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::environment;
use super::profile::load;
use crate::atomic_file::{self, AtomicFile, New, ensure_directory};
use crate::auth::scheme;
use crate::config::{self, Fault, Found};
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Printer};

/// Check and show the configuration files. They are the files in C47_CONFIG_PATH, else
/// /etc/c47/config.toml and ~/.config/c47/config.toml. Later files override earlier ones.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "config",
    help_triggers("-h", "--help"),
    example = "c47 config check"
)]
pub(super) struct Config {
    #[argh(subcommand)]
    command: Command,
}

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
enum Command {
    Check(Check),
    Show(show::Show),
    Init(Init),
}

impl Config {
    pub(super) fn run(self) -> Result<Exit, Error> {
        match self.command {
            Command::Check(options) => options.run(),
            Command::Show(options) => options.run(),
            Command::Init(options) => options.run(),
        }
    }
}

/// Check all files and profiles. Exits 2 if there is an error.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "check",
    help_triggers("-h", "--help"),
    example = "c47 config check"
)]
struct Check {
    /// print JSON, an object.
    #[argh(switch)]
    json: bool,

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,
}

/// The kinds of the option values, and the JSON output.
pub(super) const DETAILS: &[Details] = &[
    Details {
        command: "config check",
        values: &[("--jq", Kind::Word)],
        json: &[JsonOutput {
            when: "",
            shape: Shape::Object,
            fields: &[
                Field::objects(
                    "files",
                    "the configuration files, in the order they are read",
                ),
                Field::string("files[].path", "path of the file"),
                Field::boolean("files[].found", "whether the file exists and was read"),
                Field::string("files[].why", "why it cannot be read").or_null(),
                Field::objects("profiles", "the profiles"),
                Field::string("profiles[].name", "name of the profile"),
                Field::boolean("profiles[].ok", "whether the profile is valid"),
                Field::string("profiles[].why", "errors in the profile").or_null(),
                Field::strings("faults", "errors outside of profiles"),
            ],
        }],
    },
    show::DETAILS,
    Details {
        command: "config init",
        values: &[("--output", Kind::File)],
        json: &[],
    },
];

#[derive(SerJson)]
struct CheckReport {
    files: Vec<FileReport>,
    profiles: Vec<ProfileReport>,
    /// Errors outside of profiles.
    faults: Vec<String>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct FileReport {
    path: String,
    found: bool,
    why: Option<String>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct ProfileReport {
    name: String,
    ok: bool,
    why: Option<String>,
}

impl Check {
    fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let config = load()?;
        let profiles: Vec<ProfileReport> = config
            .names()
            .map(|name| {
                let problems = config.problems(name);
                ProfileReport {
                    name: name.to_owned(),
                    ok: problems.is_empty(),
                    why: (!problems.is_empty()).then(|| problems.join("; ")),
                }
            })
            .collect();
        let others = config.faults_of_no_profile().map(Fault::to_string);
        let report = CheckReport {
            files: files(&config),
            profiles,
            faults: others.collect(),
        };
        let is_valid = report.faults.is_empty()
            && report.files.iter().all(|file| file.why.is_none())
            && report.profiles.iter().all(|profile| profile.ok);
        printer.print(&report)?;
        if let Some(gap) = &config.gap {
            output::say(format_args!("c47 config check: {gap}"));
        }
        for (path, warning) in &config.warnings {
            let text = format!("{}: {warning}", path.display());
            output::say(format_args!(
                "c47 config check: {}",
                escape::one_line(&text)
            ));
        }
        Ok(if is_valid { Exit::Done } else { Exit::Usage })
    }
}

fn files(config: &config::Config) -> Vec<FileReport> {
    let report = |(path, found): &(PathBuf, Found)| FileReport {
        path: path.display().to_string(),
        found: *found == Found::Read,
        why: match found {
            Found::Read | Found::Missing => None,
            Found::Unreadable(why) => Some(why.clone()),
        },
    };
    config.files.iter().map(report).collect()
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in &self.files {
            match (&file.why, file.found) {
                (Some(why), _) => writeln!(f, "{}: not readable: {why}", file.path)?,
                (None, true) => writeln!(f, "{}: read", file.path)?,
                (None, false) => writeln!(f, "{}: not found", file.path)?,
            }
        }
        for profile in &self.profiles {
            match &profile.why {
                None => writeln!(f, "{}: ok", profile.name)?,
                Some(why) => writeln!(f, "{}: {}", profile.name, escape::one_line(why))?,
            }
        }
        for fault in &self.faults {
            writeln!(f, "{}", escape::one_line(fault))?;
        }
        if self.profiles.is_empty() {
            writeln!(f, "no profiles")?;
        }
        Ok(())
    }
}

/// Write an example configuration file. The default is your own configuration file. An existing
/// file is not overwritten.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "init",
    help_triggers("-h", "--help"),
    example = "c47 config init --output -"
)]
struct Init {
    /// write to this file, or - for stdout. The default is your own configuration file, or the last one in C47_CONFIG_PATH.
    #[argh(option, arg_name = "file")]
    output: Option<String>,
}

/// The example, with the names of all schemes.
fn example() -> String {
    const TEXT: &str = include_str!("config_example.toml");
    TEXT.replace("{schemes}", &wrapped(&scheme::NAMES))
}

/// Wraps the words as an indented comment.
fn wrapped(words: &[&str]) -> String {
    let mut text = String::from("  ");
    let mut width = 0;
    for (at, word) in words.iter().enumerate() {
        let comma = if at + 1 == words.len() { "" } else { "," };
        let word = format!("{word}{comma}");
        if width + word.len() > 90 {
            text.push_str("\n#  ");
            width = 0;
        }
        width += word.len() + 1;
        text.push(' ');
        text.push_str(&word);
    }
    text
}

/// The last configuration file: the user's own, or the last one in C47_CONFIG_PATH.
fn own_file() -> Result<PathBuf, Error> {
    let mut search = environment::configuration_files();
    let last = search.candidates.pop().map(|last| last.path);
    match (search.gap, last) {
        (None, Some(path)) => Ok(path),
        (None, None) => Err(Error::usage_hint(
            "C47_CONFIG_PATH contains no file",
            "use --output FILE",
        )),
        (Some(gap), _) => Err(Error::usage_hint(gap, "use --output FILE")),
    }
}

impl Init {
    fn run(self) -> Result<Exit, Error> {
        let path = match self.output.as_deref() {
            Some("-") => {
                output::bytes(example().as_bytes())?;
                return Ok(Exit::Done);
            }
            Some(path) => {
                let path = PathBuf::from(path);
                if path.exists() && atomic_file::write_to_stream(&path, example().as_bytes())? {
                    return Ok(Exit::Done);
                }
                path
            }
            None => own_file()?,
        };
        let exists = || {
            let path = path.display();
            Error::usage(format!("{path} already exists and is not overwritten"))
        };
        if path.symlink_metadata().is_ok() {
            return Err(exists());
        }
        if let Some(directory) = path.parent().filter(|path| !path.as_os_str().is_empty()) {
            ensure_directory(directory)?;
            std::fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
        }
        let mut file = AtomicFile::create(&path, 0o600)?;
        file.write_all(example().as_bytes())
            .map_err(Error::file("write", &path))?;
        if file.commit_new()? == New::Exists {
            return Err(exists());
        }
        output::say(format_args!("c47 config: {} written", path.display()));
        Ok(Exit::Done)
    }
}
