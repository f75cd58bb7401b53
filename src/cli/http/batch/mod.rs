//! `--batch`: many requests from one input. Everything is checked before anything is sent.

mod check;
mod options;
mod requests;
mod results;
mod send;

use std::cell::RefCell;
use std::io::BufRead;
use std::path::Path;

use super::cookies::CookiePlace;
use super::credentials::Credentials;
use super::{Http, build, cookies, credentials, settings, show, target};
use crate::auth::Profile;
use crate::auth::preview::Preview;
use crate::batch::input::InputError;
use crate::batch::input_file::InputFile;
use crate::batch::record::Record;
use crate::batch::run::{Access, OnInvalid};
use crate::batch::source::{Source, Survey, survey};
use crate::batch::template::{Encoding, Template};
use crate::cli::environment;
use crate::cli::profile::named;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::exit::Exit;
use crate::http::Settings;
use crate::http::body::Body;
use crate::http::settings::Methods;
use crate::http::url::Url;
use crate::output;
use crate::quantity::count;
use crate::redact::Secrets;

use options::BatchOptions;
use requests::{AuthorizationItem, Compression, Rules, resolve};

pub(super) use options::input;
#[cfg(test)]
pub(super) use options::of_batches;

/// `--dry-run` prints this many requests.
const SHOWN: usize = 3;
/// The most invalid lines in a message.
const MOST_INVALID: usize = 5;

/// A batch that is checked.
struct Batch<'a> {
    options: &'a Http,
    /// The input in messages.
    name: &'a str,
    given: BatchOptions,
    template: Option<Template>,
    input: InputFile,
    profile: Option<Profile>,
    credentials: Credentials,
    rules: Rules,
    cookies: CookiePlace,
    survey: Survey,
    /// The number of requests of this shard.
    expected: u64,
}

/// Runs `--batch`.
///
/// # Errors
/// A usage error before anything is sent; later when the input, the journal or stdout fails.
pub(super) fn run(options: &Http, input: &str) -> Result<Exit, Error> {
    let batch = Batch::read(options, input)?;
    match options.dry_run {
        true => batch.print_first(),
        false => {
            // Each request has a result, which would be lost.
            output::ensure_stdout_is_writable()?;
            send::send(batch)
        }
    }
}

impl<'a> Batch<'a> {
    fn read(options: &'a Http, name: &'a str) -> Result<Batch<'a>, Error> {
        let given = BatchOptions::of(options, name)?;
        let (template, profile_name) = template(options)?;
        let profile = profile_name
            .map(|name| named("c47 http", &name))
            .transpose()?;
        let input = open(name)?;
        let service = profile.as_ref().map(|profile| &profile.service);
        let first = first_url(name, &input, &given, template.as_ref(), |record| {
            resolve(&record.url, service)
        })?;
        // Without a valid request nothing is sent, and any URL does.
        let mut url = match first {
            Some(url) => url,
            None => Url::parse("http://localhost").map_err(Error::usage)?,
        };
        let credentials = credentials::read(options, &mut url, profile.clone())?;
        let rules = rules(options, &given, &credentials, &url)?;
        let cookies = CookiePlace::of(options, profile.as_ref())?;
        let expected = RefCell::new(0_u64);
        let ensure = |record: &Record| {
            rules.ensure(record)?;
            let shard = given.run.shard;
            if shard.is_none_or(|shard| shard.takes(&record.name())) {
                *expected.borrow_mut() += 1;
            }
            Ok(())
        };
        let survey = survey(input.reader(), given.kind, template.as_ref(), &ensure)
            .map_err(|error| unreadable(name, error))?;
        ensure_valid(name, &survey, given.run.on_invalid)?;
        let expected = expected.into_inner();
        Ok(Batch {
            options,
            name,
            given,
            template,
            input,
            profile,
            credentials,
            rules,
            cookies,
            survey,
            expected,
        })
    }

    /// `--dry-run`.
    fn print_first(mut self) -> Result<Exit, Error> {
        if let Some(profile) = &self.profile {
            self.rules.headers = build::profile_headers(profile, true, Deadline::default())?;
        }
        let preview = self.credentials.scheme.preview(&self.credentials.service);
        let cookies = self.cookies.open_for_print()?;
        let mut source = self.source(&|_| Ok(()))?;
        let (mut shown, mut is_open) = (0, false);
        while let (true, Some(next)) = (shown < SHOWN, source.next().map_err(lost)?) {
            let shard = self.given.run.shard;
            let is_own = |record: &Record| shard.is_none_or(|shard| shard.takes(&record.name()));
            let Some(record) = next.record.ok().filter(is_own) else {
                continue;
            };
            let Ok((mut request, access)) = self.rules.request(&record) else {
                continue;
            };
            if access == Access::Shared {
                request.credential = preview.masked();
            }
            cookies::show_in(&mut request, &cookies, &self.rules.settings)?;
            if is_open {
                output::line("")?;
            }
            show::request(&request, Secrets::Hidden)?;
            shown += 1;
            // Headers end with an empty line, a body does not.
            is_open = !matches!(request.body, Body::None);
            if is_open {
                output::line("")?;
            }
        }
        if !self.options.quiet {
            let all = count(self.expected, "request");
            output::say(format_args!(
                "c47 http: {shown} of {all} shown; nothing was sent"
            ));
        }
        Ok(Exit::Done)
    }

    fn source<'b>(
        &'b self,
        ensure: &'b dyn Fn(&Record) -> Result<(), String>,
    ) -> Result<Source<'b, impl BufRead + 'b>, Error> {
        let reader = self.input.reader();
        let source = Source::new(reader, self.given.kind, self.template.as_ref());
        Ok(source
            .map_err(|error| unreadable(self.name, error))?
            .checked_by(ensure))
    }
}

/// The template of METHOD URL ITEM…, if there is one, and the name of the profile.
fn template(options: &Http) -> Result<(Option<Template>, Option<String>), Error> {
    if options.words.is_empty() {
        return match options.form {
            true => Err(Error::usage_hint(
                "--form requires METHOD URL ITEM… with --batch",
                "requests of NDJSON have their bodies as body, json or file",
            )),
            false => Ok((None, options.profile.clone())),
        };
    }
    let (method, url, items) = target::words(&options.words)?;
    let profile = match (target::at_profile(url), options.profile.as_deref()) {
        (Some((name, _)), Some(given)) if name != given => {
            return Err(Error::usage(format!(
                "'@{name}' and --profile name different profiles"
            )));
        }
        (Some((name, _)), _) => Some(name.to_owned()),
        (None, given) => given.map(str::to_owned),
    };
    let encoding = match options.form {
        true => Encoding::Form,
        false => Encoding::Json,
    };
    let items = target::parsed(items)?;
    let template =
        Template::parse(method.as_deref(), url, items, encoding).map_err(Error::usage)?;
    Ok((Some(template), profile))
}

fn open(name: &str) -> Result<InputFile, Error> {
    let directory = environment::temporary_directory();
    let name = name.strip_prefix('@').unwrap_or(name);
    match name {
        "-" => InputFile::copied("stdin".into(), std::io::stdin().lock(), &directory),
        path => InputFile::open(Path::new(path), &directory),
    }
}

/// The URL of the first valid request.
fn first_url(
    name: &str,
    input: &InputFile,
    given: &BatchOptions,
    template: Option<&Template>,
    resolve: impl Fn(&Record) -> Result<Url, String>,
) -> Result<Option<Url>, Error> {
    let source = Source::new(input.reader(), given.kind, template);
    let mut source = source.map_err(|error| unreadable(name, error))?;
    while let Some(next) = source.next().map_err(lost)? {
        if let Ok(url) = next
            .record
            .as_ref()
            .map_err(|_| ())
            .and_then(|record| resolve(record).map_err(drop))
        {
            return Ok(Some(url));
        }
    }
    Ok(None)
}

fn rules(
    options: &Http,
    given: &BatchOptions,
    credentials: &Credentials,
    first: &Url,
) -> Result<Rules, Error> {
    let overlay = settings::overlay(options)?.over(credentials.overlay());
    settings::ensure_retries(&overlay)?;
    settings::proxy_auth(options)?;
    let mut settings: Settings = environment::settings().with(&overlay);
    if given.idempotency_header.is_some() {
        // The service recognises a repetition.
        settings.retry.methods = Methods::All;
    }
    let preview = credentials.scheme.preview(&credentials.service);
    let profile = credentials.profile.as_ref();
    let has_credentials = preview != Preview::None;
    Ok(Rules {
        service: profile.map(|profile| profile.service.clone()),
        only: (profile.is_none() && has_credentials).then(|| first.origin.clone()),
        has_credentials,
        authorization: match (preview.is_authorization(), credentials.yield_to_items()) {
            (false, _) => AuthorizationItem::Allowed,
            (true, true) => AuthorizationItem::ReplacesCredentials,
            (true, false) => AuthorizationItem::Refused,
        },
        has_secret_headers: profile.is_some_and(build::has_secret_headers),
        headers: Vec::new(),
        compression: match options.compress {
            true => Compression::Gzip,
            false => Compression::None,
        },
        settings,
    })
}

/// Refuses an input with invalid lines, unless they are skipped.
fn ensure_valid(name: &str, survey: &Survey, on_invalid: OnInvalid) -> Result<(), Error> {
    if survey.invalid_count == 0 || on_invalid == OnInvalid::Skip {
        return Ok(());
    }
    let first = survey.invalid.iter().take(MOST_INVALID);
    let mut lines: Vec<String> = first.map(ToString::to_string).collect();
    let more = survey.invalid_count - lines.len() as u64;
    if more > 0 {
        lines.push(count(more, "more invalid line"));
    }
    Err(Error::usage_hint(
        format!("{name}: {}; nothing was sent", lines.join("; ")),
        "--skip-invalid goes on without the invalid lines",
    ))
}

fn unreadable(name: &str, error: InputError) -> Error {
    match error {
        InputError::Invalid(invalid) => Error::usage(format!("{name}: {invalid}")),
        InputError::Read(source) => lost(source),
    }
}

fn lost(source: std::io::Error) -> Error {
    Error::System {
        action: "read the input of the batch",
        source,
    }
}
