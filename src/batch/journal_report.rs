//! `c47 journal show|merge`: what one journal says, or the journals of all shards together.

use std::collections::BTreeSet;
use std::fmt;

use nanoserde::SerJson;

use super::journal::{Pending, Replay, State};
use super::shard::Shard;
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Field, JsonOutput, Shape};
use crate::sort::{self, Sortable};

/// The fields of the report.
pub(crate) const JSON: JsonOutput = JsonOutput {
    when: "",
    shape: Shape::Object,
    fields: &[
        Field::string("input", "hash of input and template"),
        Field::strings("shards", "the shards, as I/N; empty for a whole input"),
        Field::strings("missing_shards", "shards without a journal"),
        Field::number("done", "requests with a 2xx response"),
        Field::number("failed", "requests with another response, or not processed"),
        Field::objects("unknown", "requests that may have been processed"),
        Field::string("unknown[].id", "the id of the request").or_null(),
        Field::number("unknown[].line", "its line in the input"),
        Field::boolean("torn", "whether a crash cut off the last line of a journal"),
    ],
};

/// What journals say.
#[derive(Debug, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct JournalReport {
    input: String,
    shards: Vec<String>,
    missing_shards: Vec<String>,
    done: u64,
    failed: u64,
    unknown: Vec<UnknownRequest>,
    torn: bool,
}

/// A request that may have been processed.
#[derive(Debug, SerJson)]
#[nserde(serialize_none_as_null)]
struct UnknownRequest {
    id: Option<String>,
    line: u64,
}

impl JournalReport {
    /// Joins journals; each with its name for messages.
    ///
    /// # Errors
    /// When they belong to different inputs, or two of them contain the same requests.
    pub(crate) fn of(journals: &[(String, Replay)]) -> Result<JournalReport, Error> {
        let Some(((first_name, first), rest)) = journals.split_first() else {
            return Err(Error::usage("a journal is required"));
        };
        let shard_of = |(name, replay): &(String, Replay)| {
            match replay.identity.shard.as_str() {
                "" => Ok(None),
                shard => Shard::parse(shard).map(Some),
            }
            .map_err(|why| Error::malformed(name.as_str(), why))
        };
        let shards = journals
            .iter()
            .map(shard_of)
            .collect::<Result<Vec<_>, _>>()?;
        for (name, replay) in rest {
            if replay.identity.input != first.identity.input {
                return Err(Error::usage(format!(
                    "{first_name} and {name} belong to different inputs or templates"
                )));
            }
        }
        let missing_shards = missing(&shards)?;
        let mut report = JournalReport {
            input: first.identity.input.clone(),
            shards: shards.iter().flatten().map(Shard::to_string).collect(),
            missing_shards,
            done: 0,
            failed: 0,
            unknown: Vec::new(),
            torn: false,
        };
        for (_, replay) in journals {
            report.done += replay.count(State::Done) as u64;
            report.failed += replay.count(State::Failed) as u64;
            report.torn |= replay.is_torn;
            let unknown = replay.unknown.values().cloned();
            report
                .unknown
                .extend(unknown.map(|Pending { id, line, .. }| UnknownRequest { id, line }));
        }
        report.unknown.order_by_key(|request| request.line);
        Ok(report)
    }

    /// 0 if all requests of all shards that were sent are done.
    pub(crate) fn exit(&self) -> Exit {
        let is_done = self.failed == 0 && self.unknown.is_empty() && self.missing_shards.is_empty();
        match is_done {
            true => Exit::Done,
            false => Exit::No,
        }
    }
}

/// The shards without a journal.
fn missing(shards: &[Option<Shard>]) -> Result<Vec<String>, Error> {
    let known: Vec<Shard> = shards.iter().copied().flatten().collect();
    let Some(first) = known.first() else {
        return match shards.len() {
            0 | 1 => Ok(Vec::new()),
            _ => Err(Error::usage("two journals are of the same whole input")),
        };
    };
    let counts: BTreeSet<u64> = sort::set(known.iter().map(|shard| shard.count()));
    if known.len() < shards.len() || counts.len() > 1 {
        return Err(Error::usage(
            "the journals do not divide the input in the same way",
        ));
    }
    let names: BTreeSet<String> = sort::set(known.iter().map(Shard::to_string));
    if names.len() < known.len() {
        return Err(Error::usage("two journals are of the same shard"));
    }
    let all = (1..=first.count()).map(|index| format!("{index}/{}", first.count()));
    Ok(all.filter(|name| !names.contains(name)).collect())
}

impl fmt::Display for JournalReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} done, {} failed, {} unknown",
            self.done,
            self.failed,
            self.unknown.len()
        )?;
        if !self.missing_shards.is_empty() {
            write!(
                f,
                "\nwithout a journal: shard {}",
                self.missing_shards.join(", ")
            )?;
        }
        for UnknownRequest { id, line } in &self.unknown {
            match id {
                Some(id) => write!(f, "\nunknown: line {line}, {}", crate::escape::one_line(id))?,
                None => write!(f, "\nunknown: line {line}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::journal::{Entry, Identity};

    fn journal(name: &str, shard: &str, entries: &[Entry]) -> (String, Replay) {
        let identity = Identity {
            run: "r".into(),
            input: "i".into(),
            shard: shard.into(),
        };
        let replay = Replay::of(identity, entries.to_vec());
        (name.into(), replay.unwrap())
    }

    fn sent(number: u64) -> Entry {
        Entry::Sent(Pending {
            number,
            line: number + 1,
            id: Some(format!("shot {number}")),
        })
    }

    fn done(number: u64) -> Entry {
        Entry::Done {
            number,
            status: 200,
        }
    }

    #[test]
    fn shards_are_joined() {
        let report = JournalReport::of(&[
            journal("a", "3/3", &[sent(5), done(5), sent(6)]),
            journal("b", "1/3", &[sent(0), sent(1), done(1)]),
        ])
        .unwrap();
        assert_eq!(
            report.to_string(),
            "2 done, 0 failed, 2 unknown\nwithout a journal: shard 2/3\n\
             unknown: line 1, shot 0\nunknown: line 7, shot 6"
        );
        assert_eq!(report.exit(), Exit::No);
        assert_eq!(
            report.serialize_json(),
            r#"{"input":"i","shards":["3/3","1/3"],"missing_shards":["2/3"],"done":2,"failed":0,"unknown":[{"id":"shot 0","line":1},{"id":"shot 6","line":7}],"torn":false}"#
        );
        let whole = JournalReport::of(&[journal("a", "", &[sent(0), done(0)])]).unwrap();
        assert_eq!((whole.exit(), whole.shards.len()), (Exit::Done, 0));
    }

    #[test]
    fn journals_that_do_not_belong_together_are_refused() {
        let mut other = journal("b", "2/2", &[]);
        other.1.identity.input = "j".into();
        for (journals, why) in [
            (vec![], "required"),
            (vec![journal("a", "1/2", &[]), other], "different inputs"),
            (
                vec![journal("a", "1/2", &[]), journal("b", "1/2", &[])],
                "same shard",
            ),
            (
                vec![journal("a", "1/2", &[]), journal("b", "2/3", &[])],
                "same way",
            ),
            (
                vec![journal("a", "1/2", &[]), journal("b", "", &[])],
                "same way",
            ),
            (
                vec![journal("a", "", &[]), journal("b", "", &[])],
                "whole input",
            ),
            (vec![journal("a", "9/2", &[])], "not a shard"),
        ] {
            let found = JournalReport::of(&journals).unwrap_err().to_string();
            assert!(found.contains(why), "{why}: {found}");
        }
    }
}
