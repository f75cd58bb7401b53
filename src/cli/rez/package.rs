//! `c47 rez package`: writes package.py only, for installs by other means.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use super::{PackageOptions, name, print_notes, version};
use crate::atomic_file::{AtomicFile, New};
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::output;

/// Write only package.py into the current directory, or print it. The file is the one that 'rez
/// install' writes. An existing package.py is not overwritten.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "package",
    help_triggers("-h", "--help"),
    example = "c47 rez package --stdout"
)]
pub(super) struct PackageFile {
    /// print package.py instead of writing a file
    #[argh(switch)]
    stdout: bool,

    /// set the name of the package. The default is c47. Required with --tool.
    #[argh(option, from_str_fn(name))]
    name: Option<String>,

    /// set the version of the package. The default is that of c47. Required with --tool.
    #[argh(option, arg_name = "version", from_str_fn(version))]
    pkg_version: Option<String>,

    /// set the description that 'rez view' prints. The default describes c47, or
    /// lists the names of the tools.
    #[argh(option, arg_name = "text")]
    description: Option<String>,

    /// name an executable of the package. May be repeated.
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
        let options = PackageOptions {
            name: self.name,
            version: self.pkg_version,
            description: self.description,
            tools: self.tool,
        };
        let plan = options.plan()?;
        let notes: Vec<String> = plan.tools.iter().filter_map(|tool| tool.note()).collect();
        print_notes("c47 rez package", &notes);
        let text = plan.package.to_string();
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
