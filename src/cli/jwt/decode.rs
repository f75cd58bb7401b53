//! `c47 jwt decode`: prints a token without verifying it.

use std::fmt;
use std::time::Duration;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::read_token;
use crate::colour::Colour;
use crate::error::Error;
use crate::exit::Exit;
use crate::json::{self, Text};
use crate::jwt::decode::{Decoded, decode};
use crate::jwt::numeric_date::NumericDate;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Printer};
use crate::quantity::{format_ago, format_duration};
use crate::secret::Source;
use crate::timestamp::Timestamp;

/// Decode a token without verifying it.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "decode",
    help_triggers("-h", "--help"),
    example = "c47 jwt decode --token env:TOKEN"
)]
pub(super) struct Decode {
    /// token, or - for stdin
    #[argh(positional)]
    token: Option<String>,
    /// read the token from a source. It is env:NAME, file:PATH, command:PROGRAM ARGS or prompt.
    #[argh(
        option,
        long = "token",
        from_str_fn(Source::parse),
        arg_name = "source"
    )]
    source: Option<Source>,
    /// print the token as JSON.
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
pub(super) const DETAILS: Details = Details {
    command: "jwt decode",
    values: &[
        ("token", Kind::Word),
        ("--token", Kind::Source),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::any("header", "header of the token"),
            Field::any("claims", "claims of the token"),
            Field::string("expires_at", "when it expires, RFC 3339").or_null(),
            Field::boolean("expired", "whether it has expired; null if it has no exp").or_null(),
            Field::boolean("verified", "always false: the signature is not checked"),
        ],
    }],
};

impl Decode {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let token = read_token(self.token.as_deref(), self.source.as_ref())?;
        let decoded = decode(token.expose())?;
        let now = Timestamp::now();
        printer.print(&Report::new(decoded, now, output::stdout_colour()))?;
        Ok(Exit::Done)
    }
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Report {
    header: Text,
    claims: Text,
    /// RFC 3339; null if the token has no exp or it is beyond the year 9999.
    expires_at: Option<String>,
    /// null if the token has no exp.
    expired: Option<bool>,
    /// Always false: the signature is not checked.
    verified: bool,
    #[nserde(skip)]
    view: View,
}

/// Additional data for the text output.
struct View {
    colour: Colour,
    /// One line for each time.
    times: Vec<String>,
}

impl Report {
    fn new(decoded: Decoded, now: Timestamp, colour: Colour) -> Report {
        let times = [
            decoded.issued.map(|date| issued(date, now)),
            decoded.not_before.map(|date| not_before(date, now)),
            Some(expires(decoded.expires, now)),
        ];
        Report {
            header: decoded.header,
            claims: decoded.claims,
            expires_at: decoded
                .expires
                .map(|date| date.timestamp().to_string())
                .filter(|date| date.ends_with('Z')),
            expired: decoded.expires.map(|date| date.has_come(now)),
            verified: false,
            view: View {
                colour,
                times: times.into_iter().flatten().collect(),
            },
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |text: &Text| json::layout(&escaped(text), self.view.colour);
        writeln!(f, "NOT VERIFIED: the signature was not checked\n")?;
        writeln!(f, "{}\n{}\n", show(&self.header), show(&self.claims))?;
        for line in &self.view.times {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

fn issued(date: NumericDate, now: Timestamp) -> String {
    let at = date.timestamp();
    if date.has_come(now) {
        format!("iat  {at}  issued {}", format_ago(between(at, now)))
    } else {
        format!("iat  {at}  issued {} from now", time_to(at, now))
    }
}

fn not_before(date: NumericDate, now: Timestamp) -> String {
    let at = date.timestamp();
    if at == now {
        format!("nbf  {at}  valid from now on")
    } else if date.has_come(now) {
        format!("nbf  {at}  valid since {}", time_to(at, now))
    } else {
        format!("nbf  {at}  valid in {}", time_to(at, now))
    }
}

fn expires(date: Option<NumericDate>, now: Timestamp) -> String {
    let Some(date) = date else {
        return "exp  none  does not expire".to_owned();
    };
    let at = date.timestamp();
    if date.has_come(now) {
        format!("exp  {at}  expired {}", format_ago(between(at, now)))
    } else {
        format!("exp  {at}  expires in {}", time_to(at, now))
    }
}

fn time_to(at: Timestamp, now: Timestamp) -> String {
    format_duration(between(at, now))
}

fn between(at: Timestamp, now: Timestamp) -> Duration {
    Duration::from_secs(at.0.abs_diff(now.0))
}

/// Escapes control and bidirectional characters, which could move the cursor or reorder the text.
/// In JSON they occur only in strings, where an escape has the same meaning.
fn escaped(text: &Text) -> Text {
    let is_unsafe = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.as_str().contains(is_unsafe) {
        return text.clone();
    }
    let mut out = String::with_capacity(text.as_str().len() * 2);
    for c in text.as_str().chars() {
        if is_unsafe(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    Text::parse(out).unwrap_or_else(|_| Text::string("cannot be displayed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NumericDate {
        NumericDate::read(&Text::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn times_are_described() {
        let now = Timestamp(1_300_819_380);
        assert_eq!(
            expires(Some(date("1300819620")), now),
            "exp  2011-03-22T18:47:00Z  expires in 4m"
        );
        assert_eq!(
            expires(Some(date("1300819200")), now),
            "exp  2011-03-22T18:40:00Z  expired 3m ago"
        );
        assert!(expires(None, now).contains("does not expire"));
        assert!(issued(date("1300819200"), now).ends_with("issued 3m ago"));
        assert!(not_before(date("1300819500"), now).ends_with("valid in 2m"));
    }

    #[test]
    fn control_characters_are_escaped() {
        let text = Text::parse("{\"a\":\"\u{9b}2J\u{202e}\u{7f}é\"}").unwrap();
        assert_eq!(
            escaped(&text).as_str(),
            "{\"a\":\"\\u009b2J\\u202e\\u007fé\"}"
        );
    }
}
