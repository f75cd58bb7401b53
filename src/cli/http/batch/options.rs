//! The options of `--batch`, and those that do not suit it.

use std::path::{Path, PathBuf};

use super::super::Http;
use super::super::format::Show;
use super::super::jq::Jq;
use super::check::CheckOption;
use crate::batch::rate::Rate;
use crate::batch::run::{OnInvalid, Options, Order};
use crate::batch::shard::Shard;
use crate::batch::source::Kind;
use crate::cli::environment;
use crate::error::Error;
use crate::http::credential::ensure_header_name;

/// `--jobs` by default.
const JOBS: usize = 8;
/// The header of `--idempotency-key` by default.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// What the options say about a batch.
pub(super) struct BatchOptions {
    pub run: Options,
    pub kind: Kind,
    pub rate: Option<Rate>,
    pub journal: Option<PathBuf>,
    pub idempotency_header: Option<String>,
    pub check: Option<CheckOption>,
    pub summary: Option<PathBuf>,
    /// The directory for the bodies.
    pub output: Option<PathBuf>,
    pub jq: Option<Jq>,
}

/// The value of `--batch`; `None` for a single call.
///
/// # Errors
/// A usage error names an option that requires `--batch`, or cannot be used with it.
pub(in super::super) fn input(options: &Http) -> Result<Option<&str>, Error> {
    let Some(input) = options.batch.as_deref() else {
        let own = of_batches(options);
        let given = own.iter().find(|(_, is_given)| *is_given);
        return match given {
            Some((name, _)) => Err(Error::usage(format!("{name} requires --batch FILE"))),
            None => Ok(None),
        };
    };
    match of_single_calls(options).iter().find(|(_, given)| *given) {
        Some((name, _)) => {
            let message = format!("{name} and --batch cannot be used together");
            Err(match hint(name) {
                Some(hint) => Error::usage_hint(message, hint),
                None => Error::usage(message),
            })
        }
        None => Ok(Some(input)),
    }
}

pub(in crate::cli::http) fn of_batches(options: &Http) -> [(&'static str, bool); 12] {
    [
        ("--csv", options.csv),
        ("--jobs", options.jobs.is_some()),
        ("--rate", options.rate.is_some()),
        ("--in-order", options.in_order),
        ("--skip-invalid", options.skip_invalid),
        ("--dry-run", options.dry_run),
        ("--journal", options.journal.is_some()),
        ("--idempotency-key", options.idempotency_key),
        ("--idempotency-key", options.idempotency_header.is_some()),
        ("--check", options.check.is_some()),
        ("--shard", options.shard.is_some()),
        ("--summary", options.summary.is_some()),
    ]
}

/// Options that make no sense for many requests.
fn of_single_calls(options: &Http) -> [(&'static str, bool); 32] {
    [
        ("--body", options.body.is_some()),
        ("--raw", options.raw.is_some()),
        ("--graphql", options.graphql.is_some()),
        ("--var", !options.var.is_empty()),
        ("--operation", options.operation.is_some()),
        ("--multipart", options.multipart),
        ("--from-curl", options.from_curl.is_some()),
        ("--print-command", options.print_command),
        ("--presign", options.presign.is_some()),
        ("--offline", options.offline),
        ("--curl", options.curl),
        ("--verbose", options.verbose),
        ("--show-secrets", options.show_secrets),
        ("--headers", options.headers),
        ("--download", options.download),
        ("--continue", options.resume),
        ("--overwrite", options.overwrite),
        ("--sha256", options.sha256.is_some()),
        ("--json", options.json),
        ("--paginate", options.paginate),
        ("--next", options.next.is_some()),
        ("--page-param", options.page_param.is_some()),
        ("--items", options.items.is_some()),
        ("--ndjson", options.ndjson),
        ("--max-pages", options.max_pages.is_some()),
        ("--max-items", options.max_items.is_some()),
        ("--until", options.until.is_some()),
        ("--while", options.while_.is_some()),
        ("--every", options.every.is_some()),
        ("--print", options.print.is_some()),
        ("--stream", options.stream),
        ("--timing", options.timing),
    ]
}

/// What to use instead.
fn hint(option: &str) -> Option<&'static str> {
    match option {
        "--offline" | "--curl" => Some("--dry-run prints the first requests, and sends nothing"),
        "--json" | "--ndjson" => Some("the results are NDJSON"),
        "--download" => Some("--output DIR writes each body to a file"),
        "--body" | "--raw" => Some("a line of NDJSON can have a body"),
        _ => None,
    }
}

impl BatchOptions {
    /// Reads the options. `input` is the value of `--batch`.
    ///
    /// # Errors
    /// A usage error names the option.
    pub(super) fn of(options: &Http, input: &str) -> Result<BatchOptions, Error> {
        let idempotency_header = idempotency_header(options)?;
        if options.check.is_some() && options.journal.is_none() {
            return Err(Error::usage("--check requires --journal FILE"));
        }
        let extension = Path::new(input).extension();
        let is_csv =
            options.csv || extension.is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if is_csv && options.words.is_empty() {
            return Err(Error::usage_hint(
                "--batch with CSV requires METHOD URL ITEM…",
                "CSV has values for {column}; requests are NDJSON",
            ));
        }
        if let Some(directory) = options
            .summary
            .as_deref()
            .map(Path::new)
            .and_then(Path::parent)
            && !directory.as_os_str().is_empty()
            && !directory.is_dir()
        {
            return Err(Error::usage(format!(
                "--summary: no such directory: {}",
                directory.display()
            )));
        }
        let named = |name: &'static str| move |why: String| Error::usage(format!("{name}: {why}"));
        Ok(BatchOptions {
            run: Options {
                jobs: options.jobs.unwrap_or(JOBS),
                order: match options.in_order {
                    true => Order::AsInput,
                    false => Order::AsFinished,
                },
                on_invalid: match options.skip_invalid {
                    true => OnInvalid::Skip,
                    false => OnInvalid::Stop,
                },
                shard: shard(options).map_err(named("--shard"))?,
            },
            kind: match is_csv {
                true => Kind::Rows,
                false => Kind::Objects,
            },
            rate: options
                .rate
                .as_deref()
                .map(Rate::parse)
                .transpose()
                .map_err(named("--rate"))?,
            journal: options.journal.as_ref().map(PathBuf::from),
            idempotency_header,
            check: options
                .check
                .as_deref()
                .map(CheckOption::parse)
                .transpose()?,
            summary: options.summary.as_ref().map(PathBuf::from),
            output: output(options)?,
            jq: Jq::of(options, &Show::Body)?,
        })
    }
}

fn idempotency_header(options: &Http) -> Result<Option<String>, Error> {
    let header = match (&options.idempotency_header, options.idempotency_key) {
        (Some(name), _) => name.clone(),
        (None, true) => IDEMPOTENCY_KEY.to_owned(),
        (None, false) => return Ok(None),
    };
    ensure_header_name(&header).map_err(|why| Error::usage(format!("--idempotency-key: {why}")))?;
    if options.journal.is_none() {
        return Err(Error::usage_hint(
            "--idempotency-key requires --journal FILE",
            "the keys are derived from the journal, so that the next run sends the same ones",
        ));
    }
    Ok(Some(header))
}

fn shard(options: &Http) -> Result<Option<Shard>, String> {
    match options.shard.as_deref() {
        None => Ok(None),
        Some("auto") => Shard::of_task(&environment::variable).map(Some),
        Some(text) => Shard::parse(text).map(Some),
    }
}

fn output(options: &Http) -> Result<Option<PathBuf>, Error> {
    match options.output.as_deref() {
        Some("-") => Err(Error::usage(
            "--output takes a directory with --batch; the results are printed on stdout",
        )),
        Some(directory) => Ok(Some(PathBuf::from(directory))),
        None => Ok(None),
    }
}
