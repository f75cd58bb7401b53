//! Reads a manifest, the file of one generation.

use crate::seq::sums::algorithm::Algorithm;
use crate::seq::sums::xml::{Attributes, Event, Fault, Reader};

/// What a generation says about its files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub hashes: Vec<MediaHash>,
    /// The algorithms of the checksum of the root directory.
    pub root: Vec<Algorithm>,
    pub ignore: Vec<String>,
    /// The paths of manifests in nested histories, and their C4 IDs.
    pub references: Vec<(String, Vec<u8>)>,
}

/// A file or a directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MediaHash {
    /// The path below the root of the history.
    pub path: String,
    /// The path in earlier generations.
    pub previous: Option<String>,
    /// The checksums of a file; none for a directory.
    pub entries: Vec<Entry>,
}

/// A checksum of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub algorithm: Algorithm,
    pub sum: Vec<u8>,
    /// It is the first checksum of this file.
    pub is_original: bool,
}

/// What the parser is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    Hash,
    Directory,
    Root,
    Reference,
    Ignore,
    /// Elements of others, and the depth in them.
    Metadata(usize),
}

struct Parser {
    manifest: Manifest,
    place: Place,
    /// Where the metadata is.
    outer: Place,
    current: MediaHash,
    reference: Option<Vec<u8>>,
    text: String,
    is_original: bool,
}

/// Reads a manifest.
///
/// # Errors
/// When it is not a manifest of ASC MHL 2.0.
pub(super) fn parse(text: &str) -> Result<Manifest, Fault> {
    let mut reader = Reader::new(text);
    let mut parser = Parser {
        manifest: Manifest::default(),
        place: Place::Outside,
        outer: Place::Outside,
        current: MediaHash::default(),
        reference: None,
        text: String::new(),
        is_original: false,
    };
    let mut has_root = false;
    while let Some(event) = reader.next()? {
        match event {
            Event::Start(name, attributes) => {
                let is_list = name == "hashlist" && attributes.get("version") == Some("2.0");
                if !has_root && !is_list {
                    return Err(fault("it is not a manifest of ASC MHL 2.0"));
                }
                has_root = true;
                parser.start(name, &attributes);
            }
            Event::Text(piece) => parser.text.push_str(&piece),
            Event::End(name) => parser.end(name)?,
        }
    }
    Ok(parser.manifest)
}

fn fault(why: &'static str) -> Fault {
    Fault { at: 0, why }
}

impl Parser {
    fn start(&mut self, name: &str, attributes: &Attributes) {
        self.text.clear();
        self.is_original = attributes.get("action") == Some("original");
        self.place = match (self.place, name) {
            (Place::Metadata(depth), _) => Place::Metadata(depth + 1),
            (Place::Outside | Place::Hash | Place::Directory, "metadata") => {
                self.outer = self.place;
                Place::Metadata(1)
            }
            (Place::Outside, "hash") => Place::Hash,
            (Place::Outside, "directoryhash") => Place::Directory,
            (Place::Outside, "roothash") => Place::Root,
            (Place::Outside, "hashlistreference") => Place::Reference,
            (Place::Outside, "ignore") => Place::Ignore,
            (place, _) => place,
        };
    }

    fn end(&mut self, name: &str) -> Result<(), Fault> {
        let text = std::mem::take(&mut self.text);
        match (self.place, name) {
            (Place::Metadata(1), _) => self.place = self.outer,
            (Place::Metadata(depth), _) => self.place = Place::Metadata(depth - 1),
            (Place::Hash | Place::Directory | Place::Reference, "path") => {
                self.current.path = text;
            }
            (Place::Hash | Place::Directory, "previousPath") => {
                self.current.previous = Some(text);
            }
            (
                Place::Hash | Place::Directory | Place::Root,
                "hash" | "directoryhash" | "roothash",
            ) => {
                self.finish_hash()?;
            }
            (Place::Reference, "hashlistreference") => {
                let path = std::mem::take(&mut self.current.path);
                let sum = self.reference.take();
                let sum = sum.ok_or_else(|| fault("a reference has no C4 ID"))?;
                self.manifest.references.push((path, sum));
                self.place = Place::Outside;
            }
            (Place::Ignore, "pattern") => self.manifest.ignore.push(text),
            (Place::Ignore, "ignore") => self.place = Place::Outside,
            (Place::Hash | Place::Root | Place::Reference, _) => self.checksum(name, &text)?,
            (Place::Outside | Place::Directory | Place::Ignore, _) => {}
        }
        Ok(())
    }

    fn finish_hash(&mut self) -> Result<(), Fault> {
        let current = std::mem::take(&mut self.current);
        if self.place != Place::Root {
            if current.path.is_empty() {
                return Err(fault("a checksum has no path"));
            }
            self.manifest.hashes.push(current);
        }
        self.place = Place::Outside;
        Ok(())
    }

    fn checksum(&mut self, name: &str, text: &str) -> Result<(), Fault> {
        let algorithm = match Algorithm::named(name) {
            Some(algorithm) if algorithm.is_in_mhl() => algorithm,
            Some(_) | None => return Ok(()), // an extension
        };
        let sum = algorithm.parse(text.trim());
        let sum = sum.ok_or_else(|| fault("a malformed checksum"))?;
        match self.place {
            Place::Root => self.manifest.root.push(algorithm),
            Place::Reference => self.reference = Some(sum),
            Place::Hash => self.current.entries.push(Entry {
                algorithm,
                sum,
                is_original: self.is_original,
            }),
            Place::Outside | Place::Directory | Place::Ignore | Place::Metadata(_) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(inside: &str) -> Result<Manifest, Fault> {
        parse(&format!(
            "<hashlist version=\"2.0\" xmlns=\"urn:ASC:MHL:v2.0\">{inside}</hashlist>"
        ))
    }

    #[test]
    fn manifest_is_read() {
        let found = manifest(
            "<processinfo><process>in-place</process><roothash><content><xxh64>0ac48e431d4538ba</xxh64>\
             </content><structure><xxh64>0ac48e431d4538ba</xxh64></structure></roothash>\
             <ignore><pattern>.DS_Store</pattern><pattern>a b</pattern></ignore></processinfo>\
             <hashes><hash><path size=\"1\">a/b</path><xxh64 action=\"original\">0ac48e431d4538ba</xxh64>\
             <previousPath>a/c</previousPath><metadata><path>no</path><md5>no</md5></metadata></hash>\
             <directoryhash><path>a</path><content><xxh64>0ac48e431d4538ba</xxh64></content>\
             </directoryhash></hashes>\
             <metadata><hash/></metadata>",
        )
        .unwrap();
        assert_eq!(found.root, [Algorithm::Xxh64, Algorithm::Xxh64]);
        assert_eq!(found.ignore, [".DS_Store", "a b"]);
        let [file, directory] = &*found.hashes else {
            panic!("{found:?}");
        };
        assert_eq!(
            (&*file.path, file.previous.as_deref()),
            ("a/b", Some("a/c"))
        );
        assert!(matches!(&*file.entries, [entry] if entry.is_original));
        assert_eq!((&*directory.path, directory.entries.len()), ("a", 0));
    }

    #[test]
    fn other_documents_are_refused() {
        for text in [
            "<hashlist version=\"1.1\"/>",
            "<ascmhldirectory/>",
            "<hashlist version=\"2.0\">",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        for inside in [
            "<hashes><hash><md5>00</md5></hash></hashes>",
            "<hashes><hash/></hashes>",
            "<references><hashlistreference><path>a</path></hashlistreference></references>",
        ] {
            assert!(manifest(inside).is_err(), "{inside}");
        }
    }
}
