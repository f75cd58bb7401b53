//! `--download`: reads its options, runs the download and reports its progress.

use std::path::Path;
use std::sync::Mutex;

use super::reporter::ProgressLine;
use super::status::{self, Verbosity};
use super::{Http, show};
use crate::atomic_file::{directory_of, ensure_directory};
use crate::error::Error;
use crate::exit::Exit;
use crate::http::body::Body;
use crate::http::download::{Download, Existing, Outcome, Place, Start, Step, download};
use crate::http::request::Request;
use crate::http::settings::Intake;
use crate::http::stream::Watch;
use crate::http::{Caller, Settings};
use crate::interrupt::{self, PrintOnSignal};
use crate::progress::Progress;
use crate::{atomic_file, escape, output};

/// Reads the options.
///
/// # Errors
/// A usage error names the option.
pub(super) fn wanted(options: &Http) -> Result<Option<Download>, Error> {
    if !options.download {
        let given = [
            ("--continue", options.resume),
            ("--overwrite", options.overwrite),
            ("--sha256", options.sha256.is_some()),
        ];
        return match given.iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) => Err(Error::usage(format!("{name} requires --download"))),
            None => Ok(None),
        };
    }
    if options.json || options.headers {
        return Err(Error::usage(
            "--download cannot be used with --json or --headers",
        ));
    }
    if let Some(path) = options.output.as_deref().map(Path::new) {
        let is_directory = path.is_dir();
        ensure_directory(if is_directory {
            path
        } else {
            directory_of(path)
        })?;
    }
    let place = match options.output.as_deref() {
        Some("-") => return Err(Error::usage("--download writes to a file, not to stdout")),
        Some(path) if Path::new(path).is_dir() => Place::In(path.into()),
        Some(path) if is_stream(Path::new(path)) => {
            return Err(Error::usage_hint(
                format!("--download writes to a regular file, and {path} is not one"),
                format!("omit --download; -o {path} writes the body to it"),
            ));
        }
        Some(path) => Place::File(path.into()),
        None => Place::In("".into()), // here
    };
    Ok(Some(Download {
        place,
        existing: match options.overwrite {
            true => Existing::Overwrite,
            false => Existing::Keep,
        },
        start: match options.resume {
            true => Start::Continue,
            false => Start::New,
        },
        sha256: options.sha256.as_deref().map(sha256).transpose()?,
    }))
}

/// Whether the path is a stream, which cannot be replaced. Other errors are found later.
fn is_stream(path: &Path) -> bool {
    matches!(
        atomic_file::Place::of(path),
        Ok(atomic_file::Place::Stream(_))
    )
}

fn sha256(text: &str) -> Result<String, Error> {
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Error::usage(
        "--sha256 takes 64 hexadecimal digits, as sha256sum prints them",
    ))
}

/// Checks that the request can be downloaded, and disables decoding of the response.
///
/// # Errors
/// A usage error.
pub(super) fn prepare(
    wanted: &Download,
    request: &Request,
    settings: &mut Settings,
) -> Result<(), Error> {
    if request.method == "HEAD" {
        return Err(Error::usage(
            "--download cannot be used with HEAD; the response has no body",
        ));
    }
    if wanted.start == Start::Continue && request.method != "GET" {
        return Err(Error::usage("--continue requires the method GET"));
    }
    if wanted.start == Start::Continue
        && (request.has_header("range") || request.has_header("if-range"))
    {
        return Err(Error::usage(
            "--continue sets the Range header itself; remove the item",
        ));
    }
    settings.intake = Intake::AsSent;
    Ok(())
}

/// Downloads the file with a progress line, and prints its name.
///
/// # Errors
/// As [`download`].
pub(super) fn run(
    wanted: &Download,
    request: &Request,
    caller: &mut Caller,
    progress: &ProgressLine,
    level: Verbosity,
    in_memory: u64,
) -> Result<Exit, Error> {
    // Ctrl-C keeps the .part for --continue, and exits with 130.
    interrupt::install();
    let mut stop_message = None;
    let outcome = download(wanted, request, caller, &mut |step| match step {
        Step::Restarting { why } => {
            if level == Verbosity::Normal {
                output::say(format_args!("c47 http: restarting the download: {why}"));
            }
        }
        Step::Receiving {
            name,
            have,
            whole,
            resumable,
        } => {
            stop_message.get_or_insert_with(|| PrintOnSignal::new(&stopped(name, resumable)));
            let name = name.file_name().unwrap_or(name.as_os_str());
            if level == Verbosity::Normal {
                progress.show(&name.to_string_lossy(), have, whole);
            }
        }
    });
    drop(stop_message);
    progress.clear();
    match outcome? {
        Outcome::Saved(path) => {
            print_name(&path)?;
            Ok(Exit::Done)
        }
        Outcome::Present(path) => present(&path, level),
        Outcome::Refused {
            request,
            mut answer,
        } => {
            let proxy = answer.proxy.as_ref();
            status::report(&request, &answer.head, proxy, level, "; nothing downloaded");
            show::body(&mut answer, in_memory)?;
            Ok(Exit::from_status(answer.head.status))
        }
    }
}

/// Prints the name of an existing file with the right hash.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn present(path: &Path, level: Verbosity) -> Result<Exit, Error> {
    if level == Verbosity::Normal && output::stderr_is_terminal() {
        output::say(format_args!(
            "c47 http: {} already exists with this SHA-256",
            escape::one_line(&path.display().to_string())
        ));
    }
    print_name(path)?;
    Ok(Exit::Done)
}

fn print_name(path: &Path) -> Result<(), Error> {
    let path = path.strip_prefix(".").unwrap_or(path);
    output::line(escape::one_line(&path.display().to_string()))
}

/// The message of Ctrl-C during a download; on a terminal it replaces the progress line.
fn stopped(name: &Path, resumable: bool) -> String {
    let clear = match output::stderr_is_terminal() {
        true => "\r\x1b[K",
        false => "",
    };
    let why = match resumable {
        true => "--continue resumes the download",
        false => "--continue restarts the download: the server sent no usable ETag or date",
    };
    let name = escape::one_line(&name.display().to_string());
    format!("{clear}c47 http: stopped; {name}.part is kept; {why}\n")
}

/// Shows the progress of the upload of a large body, on a terminal.
pub(super) fn watch(request: &Request, level: Verbosity) -> Watch {
    let is_streamed = !matches!(request.body, Body::None | Body::Bytes { .. });
    if !is_streamed || level == Verbosity::Quiet || !output::stderr_is_terminal() {
        return Watch::default();
    }
    let whole = request.body.length();
    let progress = Mutex::new(Progress::new());
    Watch::new(move |sent| {
        let Ok(mut progress) = progress.lock() else {
            return;
        };
        match sent {
            0 => progress.begin(0),
            _ if Some(sent) == whole => progress.clear(),
            _ => progress.show("sent", sent, whole),
        }
    })
}
