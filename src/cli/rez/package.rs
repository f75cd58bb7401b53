//! `c47 rez package`: package.py alone, for those who install by other means.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use super::{Wanted, name, say_notes, version};
use crate::atomic_file::{AtomicFile, New};
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::output;

/// Write the package.py that install would write, into the current directory, where there must be
/// none yet; or print it.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "package",
    help_triggers("-h", "--help"),
    example = "c47 rez package --stdout"
)]
pub(super) struct PackageFile {
    /// print it instead of writing a file
    #[argh(switch)]
    stdout: bool,

    /// name of the package (default: c47; with --tool there is none)
    #[argh(option, from_str_fn(name))]
    name: Option<String>,

    /// version of the package (default: that of c47; with --tool there is none)
    #[argh(option, arg_name = "version", from_str_fn(version))]
    pkg_version: Option<String>,

    /// what 'rez view' says of it (default: what c47 is, or the tools' names)
    #[argh(option, arg_name = "text")]
    description: Option<String>,

    /// an executable that will be in its bin; may be repeated
    #[argh(option, arg_name = "file")]
    tool: Vec<PathBuf>,
}

/// The kinds of its values.
pub(super) const DETAILS: Details = Details {
    command: "rez package",
    values: &[
        ("--name", Kind::Form(|text| name(text).map(drop))),
        ("--pkg-version", Kind::Form(|text| version(text).map(drop))),
        ("--description", Kind::Word),
        ("--tool", Kind::File),
    ],
    json: &[],
};

impl PackageFile {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let wanted = Wanted {
            name: self.name,
            version: self.pkg_version,
            description: self.description,
            tools: self.tool,
        };
        let filled = wanted.fill()?;
        let notes: Vec<String> = filled.tools.iter().filter_map(|tool| tool.note()).collect();
        say_notes("c47 rez package", &notes);
        let text = filled.package.to_string();
        if self.stdout {
            output::bytes(text.as_bytes())?;
            return Ok(Exit::Done);
        }
        let path = Path::new("package.py");
        let fail = |error| Error::file("write", path)(error);
        let exists = || fail(io::ErrorKind::AlreadyExists.into());
        if path.symlink_metadata().is_ok() {
            return Err(exists());
        }
        let mut file = AtomicFile::create(path, 0o666)?;
        file.write_all(text.as_bytes()).map_err(fail)?;
        if file.commit_new()? == New::Exists {
            return Err(exists());
        }
        output::line(path.display())?;
        Ok(Exit::Done)
    }
}
