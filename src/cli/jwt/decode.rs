//! `c47 jwt decode`: what a token says, whoever wrote it.

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
use crate::output::{self, Format};
use crate::quantity::{say_ago, say_duration};
use crate::secret::Source;
use crate::timestamp::Timestamp;

/// Show what a token says, without verifying it.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "decode",
    help_triggers("-h", "--help"),
    example = "c47 jwt decode --token env:TOKEN"
)]
pub(super) struct Decode {
    /// the token, or - for stdin
    #[argh(positional)]
    token: Option<String>,
    /// source of the token: env:NAME, file:PATH, command:PROGRAM ARGS or prompt
    #[argh(
        option,
        long = "token",
        from_str_fn(Source::parse),
        arg_name = "source"
    )]
    source: Option<Source>,
    /// print the token as JSON
    #[argh(switch)]
    json: bool,
}

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "jwt decode",
    values: &[("token", Kind::Word), ("--token", Kind::Source)],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::any("header", "header of the token"),
            Field::any("claims", "its claims"),
            Field::string("expires_at", "when it expires, RFC 3339").or_null(),
            Field::boolean(
                "expired",
                "whether it has expired; null where it does not say when",
            )
            .or_null(),
            Field::boolean("verified", "always false: decoding checks nothing"),
        ],
    }],
};

impl Decode {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let token = read_token(self.token.as_deref(), self.source.as_ref())?;
        let decoded = decode(token.expose())?;
        let now = Timestamp::now();
        let format = Format::from_switch(self.json);
        output::print(format, &Report::new(decoded, now, output::stdout_colour()))?;
        Ok(Exit::Done)
    }
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Report {
    header: Text,
    claims: Text,
    /// RFC 3339; null where the token does not say, or no calendar reaches it.
    expires_at: Option<String>,
    /// null where the token does not say.
    expired: Option<bool>,
    /// Always false: decoding checks nothing.
    verified: bool,
    #[nserde(skip)]
    view: View,
}

/// What the text shows besides.
struct View {
    colour: Colour,
    /// A line a time, said.
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
        let show = |text: &Text| json::layout(&harmless(text), self.view.colour);
        writeln!(f, "NOT VERIFIED: anybody can have written this\n")?;
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
        format!("iat  {at}  issued {}", say_ago(between(at, now)))
    } else {
        format!("iat  {at}  issued {} from now", say(at, now))
    }
}

fn not_before(date: NumericDate, now: Timestamp) -> String {
    let at = date.timestamp();
    if at == now {
        format!("nbf  {at}  valid from now on")
    } else if date.has_come(now) {
        format!("nbf  {at}  valid since {}", say(at, now))
    } else {
        format!("nbf  {at}  valid in {}", say(at, now))
    }
}

fn expires(date: Option<NumericDate>, now: Timestamp) -> String {
    let Some(date) = date else {
        return "exp  none  does not expire".to_owned();
    };
    let at = date.timestamp();
    if date.has_come(now) {
        format!("exp  {at}  expired {}", say_ago(between(at, now)))
    } else {
        format!("exp  {at}  expires in {}", say(at, now))
    }
}

fn say(at: Timestamp, now: Timestamp) -> String {
    say_duration(between(at, now))
}

fn between(at: Timestamp, now: Timestamp) -> Duration {
    Duration::from_secs(at.0.abs_diff(now.0))
}

/// The same JSON without characters that move the cursor, retitle the window or turn the direction
/// of writing: such can only stand in strings, where an escape means the same.
fn harmless(text: &Text) -> Text {
    let is_harmful = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.as_str().contains(is_harmful) {
        return text.clone();
    }
    let mut escaped = String::with_capacity(text.as_str().len() * 2);
    for c in text.as_str().chars() {
        if is_harmful(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    Text::parse(escaped).unwrap_or_else(|_| Text::string("not to be shown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NumericDate {
        NumericDate::read(&Text::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn times_are_said() {
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
    fn a_claim_cannot_move_the_cursor() {
        let text = Text::parse("{\"a\":\"\u{9b}2J\u{202e}\u{7f}é\"}").unwrap();
        assert_eq!(
            harmless(&text).as_str(),
            "{\"a\":\"\\u009b2J\\u202e\\u007fé\"}"
        );
    }
}
