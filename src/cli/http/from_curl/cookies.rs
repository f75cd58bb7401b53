//! `-b` and `-c` of a curl command.

use std::path::Path;

use super::super::Http;
use super::headers::Headers;
use crate::curl::{Command, Meaning};
use crate::error::Error;

/// Adds the cookies: texts become the Cookie header, a file becomes `--cookies`.
///
/// # Errors
/// When c47 would use the file in another way: it reads it and stores the new cookies in it.
pub(super) fn add(command: &Command, call: &mut Http, headers: &mut Headers) -> Result<(), Error> {
    let mut texts = Vec::new();
    let mut read = None;
    for given in command.all(Meaning::Cookie) {
        match given.text()? {
            // It only makes curl keep the cookies of redirects, as c47 does.
            "" => {}
            text if text.contains('=') => texts.push(text),
            "-" => return Err(given.refused("-", "write the cookies to a file")),
            path => match read.replace((given, path)) {
                Some((_, other)) if other != path => {
                    return Err(given.refused("with several files", "use one file of cookies"));
                }
                Some(_) | None => {}
            },
        }
    }
    if !texts.is_empty() {
        headers.add("Cookie", texts.join(";"));
    }
    // `--cookies` on the command line overrides the files of curl.
    if call.cookies.is_some() {
        return Ok(());
    }
    let written = command.last(Meaning::CookieJar);
    let written = written.map(|given| Ok((given, given.text()?)));
    let written = written.transpose().map_err(|error: Error| error)?;
    match (read, written) {
        (None, None) => Ok(()),
        (_, Some((given, "-"))) => Err(given.refused("-", "use -b FILE -c FILE, then read FILE")),
        (Some((_, from)), Some((_, to))) if from == to => {
            call.cookies = Some(to.to_owned());
            Ok(())
        }
        (Some(_), Some((given, _))) => Err(given.refused(
            "with another file than -b",
            "use the same file for both, as --cookies does",
        )),
        // curl would begin without cookies.
        (None, Some((given, to))) => match Path::new(to).exists() {
            true => Err(given.refused(
                "with an existing file, without -b",
                "add -b FILE to send the cookies in it, or remove the file",
            )),
            false => {
                call.cookies = Some(to.to_owned());
                Ok(())
            }
        },
        (Some((given, _)), None) => Err(given.refused(
            "with a cookie file, without -c",
            "add -c FILE: --cookies also stores the new cookies in it",
        )),
    }
}
