//! `--presign`: prints a URL that anyone can use for a while, and sends nothing.

use super::Http;
use super::plan::Plan;
use super::status::Verbosity;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;

/// Headers that a client adds by itself, or that are not part of the signature.
const OWN: [&str; 4] = ["accept", "accept-encoding", "accept-language", "user-agent"];

/// Ensures that no option asks for a request or a response.
///
/// # Errors
/// Names the option.
pub(super) fn ensure_suits(options: &Http) -> Result<(), Error> {
    if options.presign.is_none() {
        return Ok(());
    }
    let given = [
        ("--offline", options.offline),
        ("--curl", options.curl),
        ("--json", options.json),
        ("--download", options.download),
        ("--paginate", options.paginate),
        ("--until", options.until.is_some()),
        ("--while", options.while_.is_some()),
        ("--output", options.output.is_some()),
        ("--print", options.print.is_some()),
        ("--headers", options.headers),
        ("--jq", options.jq.is_some()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(Error::usage(format!(
            "--presign sends nothing; omit {name}"
        ))),
        None => Ok(()),
    }
}

/// Prints the URL, and on stderr the headers that a client must send with it.
///
/// # Errors
/// If the body cannot be read.
pub(super) fn print(plan: Plan) -> Result<Exit, Error> {
    let mut request = plan.request;
    request.sign(plan.deadline)?;
    output::line(request.wire_url())?;
    let signed = request
        .headers
        .iter()
        .filter(|header| !OWN.iter().any(|own| header.name.eq_ignore_ascii_case(own)));
    let names: Vec<&str> = signed.map(|header| header.name.as_str()).collect();
    if plan.level == Verbosity::Normal {
        if request.method != "GET" {
            output::say(format_args!(
                "c47 http: the URL is valid for {} only",
                request.method
            ));
        }
        if !names.is_empty() {
            output::say(format_args!(
                "c47 http: send these headers with the same values: {}",
                names.join(", ")
            ));
        }
    }
    Ok(Exit::Done)
}
