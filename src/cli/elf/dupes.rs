//! `c47 elf dupes`: libraries that several applications carry, and conflicts between them.

mod fail_on;
mod summary;

use std::fmt;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::settings::SystemOptions;
use super::{nothing_in, report_fault, shown, worst};
use crate::elf::duplicates::{self, Duplicates, Group};
use crate::elf::reader::Fault;
use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;
use crate::quantity::{count, format_size};
use crate::zip;
use fail_on::FailOn;
use summary::Summary;

/// Find duplicate libraries in directories and their conflicts. For each library it prints the
/// applications that carry it, which versions and builds the copies are, and their size. Then it
/// lists libraries that one process would load in two versions. The hash that Python wheels add to
/// a SONAME is ignored. The exit code is 0 whether or not duplicates are found, unless --fail-on is
/// given.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "dupes",
    help_triggers("-h", "--help"),
    example = "c47 elf dupes /opt/nuke /opt/houdini"
)]
pub(super) struct Dupes {
    /// directories or ZIP archives (wheels). Each of several is one application. Of a single one,
    /// each directory below it is one application.
    #[argh(positional)]
    dir: Vec<String>,

    /// use this LD_LIBRARY_PATH to find conflicts. The default is that of the environment.
    #[argh(option, arg_name = "path")]
    library_path: Option<String>,

    /// print one line per library, without its copies
    #[argh(switch)]
    summary: bool,

    /// exit with 1 for several versions or builds of a library. WHAT is 'version' or 'build'.
    #[argh(option, arg_name = "what")]
    fail_on: Option<String>,

    /// print a JSON object
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
    command: "elf dupes",
    values: &[
        ("dir", Kind::Directory),
        ("--library-path", Kind::Directory),
        ("--fail-on", Kind::choice(FailOn::names)),
        ("--jq", Kind::Word),
    ],
    json: &[
        JsonOutput {
            when: "With --json --summary",
            shape: Shape::Object,
            fields: &[
                Field::number("objects", "how many ELF files were read"),
                Field::number("bytes_wasted", "bytes of all copies but one of each build"),
                Field::objects("duplicates", "libraries with several copies"),
                Field::string("duplicates[].family", "the library without its version"),
                Field::string(
                    "duplicates[].soname",
                    "the SONAME of all copies without the hash of auditwheel; null if they differ",
                )
                .or_null(),
                Field::number("duplicates[].versions", "how many different versions"),
                Field::number("duplicates[].copies", "how many copies"),
                Field::number("duplicates[].builds", "how many different builds"),
                Field::number("duplicates[].bytes", "bytes of all copies"),
                Field::number("duplicates[].bytes_wasted", "bytes of the redundant copies"),
                Field::objects(
                    "meetings",
                    "builds of one library that one process would load",
                ),
                Field::string("meetings[].family", "name of the library"),
                Field::number("meetings[].libraries", "how many builds"),
                Field::number("meetings[].objects", "how many files load all of them"),
            ],
        },
        JsonOutput {
            when: "",
            shape: Shape::Object,
            fields: &[
                Field::number("objects", "how many ELF files were read"),
                Field::number("bytes_wasted", "bytes of all copies but one of each build"),
                Field::objects("duplicates", "libraries with several copies"),
                Field::string("duplicates[].family", "the library without its version"),
                Field::string(
                    "duplicates[].soname",
                    "the SONAME of all copies without the hash of auditwheel; null if they differ",
                )
                .or_null(),
                Field::number("duplicates[].versions", "how many different versions"),
                Field::number("duplicates[].builds", "how many different builds"),
                Field::number("duplicates[].bytes", "bytes of all copies"),
                Field::number("duplicates[].bytes_wasted", "bytes of the redundant copies"),
                Field::objects("duplicates[].copies", "the copies"),
                Field::string("duplicates[].copies[].path", "path of the file"),
                Field::string(
                    "duplicates[].copies[].application",
                    "the directory it belongs to",
                ),
                Field::string("duplicates[].copies[].soname", "its SONAME"),
                Field::string("duplicates[].copies[].build_id", "its build id").or_null(),
                Field::number("duplicates[].copies[].size", "its size in bytes"),
                Field::string("duplicates[].copies[].version", "version in its name").or_null(),
                Field::number(
                    "duplicates[].copies[].build",
                    "the same number means the same bytes",
                ),
                Field::number(
                    "duplicates[].copies[].release",
                    "the same number means that the names show the same version",
                ),
                Field::objects(
                    "meetings",
                    "builds of one library that one process would load",
                ),
                Field::string("meetings[].family", "name of the library"),
                Field::objects("meetings[].libraries", "the builds"),
                Field::string("meetings[].libraries[].soname", "SONAME of the build"),
                Field::string("meetings[].libraries[].path", "path of the build"),
                Field::strings("meetings[].objects", "the files that load both"),
            ],
        },
    ],
};

impl Dupes {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let fail_on = self.fail_on.as_deref().and_then(FailOn::named);
        if self.dir.is_empty() {
            return Err(Error::usage_hint(
                "a directory is missing",
                "c47 elf dupes DIR...",
            ));
        }
        let directories: Vec<PathBuf> = self.dir.iter().map(PathBuf::from).collect();
        for directory in &directories {
            let metadata = std::fs::metadata(directory).map_err(Error::file("read", directory))?;
            if !metadata.is_dir() && !zip::is_archive(directory) {
                return Err(Error::malformed(
                    directory.display().to_string(),
                    "neither a directory nor a ZIP archive",
                ));
            }
        }
        let options = SystemOptions {
            root: None,
            library_path: self.library_path.as_deref(),
            preload: None,
            cpu: None,
        };
        let found = duplicates::duplicates(&directories, &options.settings()?);
        if found.objects == 0 && found.faults.is_empty() {
            return Err(nothing_in(&self.dir));
        }
        let report = Report::of(&found);
        if self.summary {
            printer.print(&Summary::of(&report))?;
        } else {
            printer.print(&report)?;
        }
        let mut exit = match fail_on {
            Some(fail_on) if found.groups.iter().any(|group| fail_on.is_met(group)) => Exit::No,
            Some(_) | None => Exit::Done,
        };
        for (path, fault) in found.faults {
            // A broken file in a tree is only a warning. An unreadable directory is a failure.
            let unread = matches!(fault, Fault::Io(_));
            let exit_of_fault = report_fault("c47 elf dupes", &path, fault);
            exit = worst(exit, if unread { exit_of_fault } else { Exit::Done });
        }
        Ok(exit)
    }
}

#[derive(SerJson)]
struct Report {
    objects: usize,
    bytes_wasted: u64,
    duplicates: Vec<Duplicate>,
    meetings: Vec<Conflict>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Duplicate {
    family: String,
    soname: Option<String>,
    versions: usize,
    builds: usize,
    bytes: u64,
    bytes_wasted: u64,
    copies: Vec<Copied>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Copied {
    path: String,
    application: String,
    soname: String,
    build_id: Option<String>,
    size: u64,
    version: Option<String>,
    /// Copies with the same number are identical.
    build: usize,
    /// Copies with the same number have the same version.
    release: usize,
}

#[derive(SerJson)]
struct Conflict {
    family: String,
    libraries: Vec<ConflictLibrary>,
    objects: Vec<String>,
}

#[derive(SerJson)]
struct ConflictLibrary {
    soname: String,
    path: String,
}

impl Report {
    fn of(found: &Duplicates) -> Report {
        let meetings = found.conflicts.iter().map(|meeting| Conflict {
            family: meeting.family.clone(),
            libraries: meeting
                .libraries
                .iter()
                .map(|(soname, path)| ConflictLibrary {
                    soname: shown(soname),
                    path: shown(path),
                })
                .collect(),
            objects: meeting.objects.iter().map(shown).collect(),
        });
        Report {
            objects: found.objects,
            bytes_wasted: found.groups.iter().map(Group::wasted_bytes).sum(),
            duplicates: found.groups.iter().map(Duplicate::of).collect(),
            meetings: meetings.collect(),
        }
    }
}

impl Duplicate {
    fn of(group: &Group) -> Duplicate {
        let copies = group.copies.iter().map(|copy| Copied {
            path: shown(&copy.path),
            application: copy.application.clone(),
            soname: copy.soname.clone(),
            build_id: copy.build_id.clone(),
            size: copy.size_bytes,
            version: copy.version.clone(),
            build: copy.build,
            release: copy.release,
        });
        Duplicate {
            family: group.family.clone(),
            soname: group.soname.clone(),
            versions: group.releases,
            builds: group.builds,
            bytes: group.bytes(),
            bytes_wasted: group.wasted_bytes(),
            copies: copies.collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for duplicate in &self.duplicates {
            let builds = builds(duplicate.versions, duplicate.builds, duplicate.copies.len());
            let size = format_size(duplicate.bytes);
            let name = one_line(duplicate.soname.as_ref().unwrap_or(&duplicate.family));
            writeln!(
                f,
                "{name}: {}, {builds}, {size}",
                count(duplicate.copies.len(), "copy")
            )?;
            for copy in &duplicate.copies {
                let build_id: String = match &copy.build_id {
                    Some(id) => id.chars().take(8).collect(),
                    None => "no build-id".into(),
                };
                writeln!(
                    f,
                    "  #{} {:<20} {:<11} {:>10} {:<8} {}",
                    copy.build,
                    one_line(&copy.application),
                    build_id,
                    format_size(copy.size),
                    one_line(copy.version.as_deref().unwrap_or("-")),
                    one_line(&copy.path)
                )?;
            }
        }
        for meeting in &self.meetings {
            writeln!(
                f,
                "one process would load several versions of {}:",
                one_line(&meeting.family)
            )?;
            for library in &meeting.libraries {
                writeln!(
                    f,
                    "  {} {}",
                    one_line(&library.soname),
                    one_line(&library.path)
                )?;
            }
            let first: Vec<String> = meeting
                .objects
                .iter()
                .take(3)
                .map(|path| one_line(path))
                .collect();
            let more = meeting.objects.len().saturating_sub(3);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            writeln!(f, "  in {}{more}", first.join(", "))?;
        }
        let (duplicates, meetings) = (self.duplicates.len(), self.meetings.len());
        f.write_str(&total(
            self.objects,
            duplicates,
            self.bytes_wasted,
            meetings,
        ))
    }
}

/// How the copies differ.
fn builds(versions: usize, builds: usize, copies: usize) -> String {
    match (versions, builds) {
        (_, 1) => "all identical".to_owned(),
        (1, builds) if builds == copies => "all different builds".to_owned(),
        (1, builds) => format!("{builds} different builds"),
        (versions, builds) if builds == versions => format!("{versions} versions"),
        (versions, builds) => format!("{versions} versions, {builds} builds"),
    }
}

/// The line with the totals.
fn total(objects: usize, duplicates: usize, bytes_wasted: u64, meetings: usize) -> String {
    format!(
        "{}, {}, {} wasted by identical copies, {}\n",
        count(objects, "object"),
        count(duplicates, "duplicate library"),
        format_size(bytes_wasted),
        count(meetings, "conflict"),
    )
}
