//! The chain file: the name and the checksum of each generation.

use crate::seq::sums::algorithm::Algorithm;
use crate::seq::sums::xml::{Event, Fault, Reader, escape};

/// Limit for the generations of a history.
pub(super) const MOST_GENERATIONS: usize = 10_000;

/// A generation in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub number: String,
    /// The name of its file.
    pub name: String,
    pub algorithm: Algorithm,
    pub sum: Vec<u8>,
}

/// Reads a chain file.
///
/// # Errors
/// When it is not one.
pub(super) fn parse(text: &str) -> Result<Vec<Link>, Fault> {
    let mut reader = Reader::new(text);
    let mut links = Vec::new();
    let (mut number, mut name, mut sum) = (String::new(), String::new(), None);
    let mut text = String::new();
    let mut is_chain = false;
    let fault = |why| Fault { at: 0, why };
    while let Some(event) = reader.next()? {
        match event {
            Event::Start(element, attributes) => {
                is_chain |= element == "ascmhldirectory";
                if !is_chain {
                    return Err(fault("it is not an ASC MHL chain file"));
                }
                text.clear();
                if element == "hashlist" {
                    number = attributes.get("sequencenr").unwrap_or_default().to_owned();
                    (name, sum) = (String::new(), None);
                }
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::End("path") => name = std::mem::take(&mut text),
            Event::End("hashlist") => {
                let (algorithm, sum) = sum
                    .take()
                    .ok_or_else(|| fault("a generation has no checksum"))?;
                if !is_plain(&name) || links.len() >= MOST_GENERATIONS {
                    return Err(fault(
                        "a generation has no valid name, or there are too many",
                    ));
                }
                links.push(Link {
                    number: std::mem::take(&mut number),
                    name: std::mem::take(&mut name),
                    algorithm,
                    sum,
                });
            }
            Event::End(element) => {
                if let Some(algorithm) = Algorithm::named(element) {
                    let parsed = algorithm.parse(text.trim());
                    let parsed = parsed.ok_or_else(|| fault("a malformed checksum"))?;
                    sum = Some((algorithm, parsed));
                }
            }
        }
    }
    Ok(links)
}

/// Whether it is the name of a file in the same folder.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\0']) && name != ".." && name != "."
}

/// A chain file.
pub(super) fn text(links: &[Link]) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ascmhldirectory xmlns=\"urn:ASC:MHL:DIRECTORY:v2.0\">\n",
    );
    for link in links {
        let (number, name) = (escape(&link.number), escape(&link.name));
        let (tag, sum) = (link.algorithm.name(), link.algorithm.text(&link.sum));
        out.push_str(&format!(
            "  <hashlist sequencenr=\"{number}\">\n    <path>{name}</path>\n    \
             <{tag}>{sum}</{tag}>\n  </hashlist>\n"
        ));
    }
    out.push_str("</ascmhldirectory>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_round_trips() {
        let link = |number: usize| Link {
            number: number.to_string(),
            name: format!("000{number}_a&b.mhl"),
            algorithm: Algorithm::C4,
            sum: Algorithm::C4.of(&[1]),
        };
        let links = vec![link(1), link(2)];
        assert_eq!(parse(&text(&links)), Ok(links));
        assert_eq!(parse(&text(&[])), Ok(Vec::new()));
    }

    #[test]
    fn other_files_are_refused() {
        let id = Algorithm::C4.text(&Algorithm::C4.of(b""));
        for inside in [
            "<hashlist/>".to_owned(),
            format!("<hashlist><c4>{id}</c4></hashlist>"),
            format!("<hashlist><path>../a</path><c4>{id}</c4></hashlist>"),
            format!("<hashlist><path>a</path><c4>{id}0</c4></hashlist>"),
        ] {
            let text = format!("<ascmhldirectory>{inside}</ascmhldirectory>");
            assert!(parse(&text).is_err(), "{text}");
        }
        assert!(parse("<hashlist version='2.0'/>").is_err());
    }
}
