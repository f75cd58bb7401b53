//! A line of a journal: a checksum, and what happened to a request.

use crate::json::Text;

/// The longest id in a journal; a longer one is cut.
const MAX_ID: usize = 200;
/// More than any line with such an id, which JSON may write with six bytes for each.
pub(super) const MAX_LINE: usize = 2048;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The first line.
    Header(Identity),
    /// The request is about to be sent.
    Sent(Pending),
    /// There was a response, and it was good.
    Done { number: u64, status: u16 },
    /// There was a bad response with this status, or it was certainly not processed.
    Failed { number: u64, status: Option<u16> },
    /// It may have been processed: the response did not come.
    Unknown { number: u64 },
}

/// The run that a journal belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Chosen at random when the journal is created.
    pub run: String,
    /// The hash of input and template.
    pub input: String,
    /// `I/N`, or empty.
    pub shard: String,
}

/// A request that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Its position in the input, from 0.
    pub number: u64,
    pub line: u64,
    pub id: Option<String>,
}

/// A line that is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

impl Entry {
    /// The line, with its end.
    pub(super) fn line(&self) -> String {
        let text = match self {
            Entry::Header(Identity { run, input, shard }) => {
                format!("c47-journal 1 {run} {input} {shard}")
            }
            Entry::Sent(Pending { number, line, id }) => {
                let id = id.as_ref().map_or_else(Text::null, |id| {
                    Text::string(id.get(..id.floor_char_boundary(MAX_ID)).unwrap_or(""))
                });
                format!("S {number} {line} {id}")
            }
            Entry::Done { number, status } => format!("D {number} {status}"),
            Entry::Failed { number, status } => match status {
                Some(status) => format!("F {number} {status}"),
                None => format!("F {number} -"),
            },
            Entry::Unknown { number } => format!("U {number}"),
        };
        format!("{:08x} {text}\n", checksum(text.as_bytes()))
    }

    /// Reads a line without its end.
    pub(super) fn parse(line: &[u8]) -> Result<Entry, Damaged> {
        let line = std::str::from_utf8(line).map_err(|_| Damaged)?;
        let (sum, text) = line.split_once(' ').ok_or(Damaged)?;
        let is_whole = format!("{:08x}", checksum(text.as_bytes())) == sum;
        is_whole.then(|| read(text)).flatten().ok_or(Damaged)
    }
}

fn read(text: &str) -> Option<Entry> {
    let (kind, rest) = text.split_once(' ')?;
    if kind == "c47-journal" {
        let mut words = rest.strip_prefix("1 ")?.splitn(3, ' ');
        return Some(Entry::Header(Identity {
            run: words.next()?.to_owned(),
            input: words.next()?.to_owned(),
            shard: words.next()?.to_owned(),
        }));
    }
    let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let number = number.parse().ok()?;
    match (kind, rest) {
        ("S", rest) => {
            let (line, id) = rest.split_once(' ')?;
            let id = Text::parse(id).ok()?.read::<Option<String>>().ok()?;
            let line = line.parse().ok()?;
            Some(Entry::Sent(Pending { number, line, id }))
        }
        ("D", status) => Some(Entry::Done {
            number,
            status: status.parse().ok()?,
        }),
        ("F", "-") => Some(Entry::Failed {
            number,
            status: None,
        }),
        ("F", status) => Some(Entry::Failed {
            number,
            status: Some(status.parse().ok()?),
        }),
        ("U", "") => Some(Entry::Unknown { number }),
        _ => None,
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Entry> {
        let sent = |id: Option<&str>| {
            Entry::Sent(Pending {
                number: u64::MAX,
                line: 2,
                id: id.map(str::to_owned),
            })
        };
        let header = |shard: &str| {
            Entry::Header(Identity {
                run: "0123".into(),
                input: "abcd".into(),
                shard: shard.into(),
            })
        };
        vec![
            header(""),
            header("3/8"),
            sent(None),
            sent(Some("")),
            sent(Some("a b\n\"\u{0}é")),
            Entry::Done {
                number: 0,
                status: 204,
            },
            Entry::Failed {
                number: 7,
                status: Some(500),
            },
            Entry::Failed {
                number: 7,
                status: None,
            },
            Entry::Unknown { number: 9 },
        ]
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        for entry in samples() {
            let line = entry.line();
            let text = line.strip_suffix('\n').unwrap();
            assert!(!text.contains('\n') && line.len() <= MAX_LINE, "{line}");
            assert_eq!(Entry::parse(text.as_bytes()), Ok(entry));
        }
        // An id of any length fits.
        for id in ["\u{1}".repeat(10_000), "é".repeat(10_000)] {
            let entry = Entry::Sent(Pending {
                number: 1,
                line: 1,
                id: Some(id),
            });
            let line = entry.line();
            assert!(line.len() <= MAX_LINE && Entry::parse(line.trim_end().as_bytes()).is_ok());
        }
    }

    #[test]
    fn any_change_of_a_line_is_noticed() {
        for entry in samples() {
            let line = entry.line();
            let line = line.trim_end_matches('\n').as_bytes();
            for at in 0..line.len() {
                assert_eq!(Entry::parse(&line[..at]), Err(Damaged));
                for bit in 0..8 {
                    let mut changed = line.to_vec();
                    changed[at] ^= 1 << bit;
                    assert_eq!(Entry::parse(&changed), Err(Damaged), "{changed:?}");
                }
            }
        }
        assert_eq!(Entry::parse(&[0; 100]), Err(Damaged));
    }
}
