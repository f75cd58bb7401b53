//! Writes a generation: its manifest, then the chain.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::chain::{self, Link};
use super::history::{self, History};
use super::{CHAIN, FOLDER};
use crate::atomic_file::{Alone, AtomicFile, New};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::interrupt::{RemoveOnSignal, uninterrupted};
use crate::seq::sums::algorithm::Algorithm;
use crate::seq::sums::xml::escape;
use crate::timestamp::Timestamp;

/// How long another process may hold the lock of a history.
const LOCKED: Duration = Duration::from_secs(60);
const MODE: u32 = 0o666;
/// The longest name of a directory in the name of a manifest. A file has at most 255 bytes.
const MOST_NAME_BYTES: usize = 180;

/// A file or a directory in a generation.
pub(super) enum Record {
    File {
        path: String,
        size: u64,
        modified: i64,
        /// Sorted by algorithm.
        sums: Vec<(Algorithm, Vec<u8>, Action)>,
    },
    Directory {
        path: String,
        modified: i64,
        hashes: DirectoryHashes,
    },
}

/// How a checksum compares with the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Original,
    Verified,
    Failed,
}

/// The checksums of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DirectoryHashes {
    pub algorithm: Algorithm,
    /// That of the contents of its files.
    pub content: Vec<u8>,
    /// That of contents and names.
    pub structure: Vec<u8>,
}

/// A generation to be written.
pub(super) struct Generation<'g> {
    pub history: &'g History,
    pub records: Vec<Record>,
    pub root: Option<DirectoryHashes>,
    pub ignore: Vec<String>,
    /// The manifests of nested histories.
    pub references: Vec<(String, Vec<u8>)>,
    pub now: Timestamp,
    pub host: &'g str,
}

/// A manifest that was written.
pub(super) struct Written {
    pub path: PathBuf,
    pub c4: Vec<u8>,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Action::Original => "original",
            Action::Verified => "verified",
            Action::Failed => "failed",
        }
    }
}

impl Generation<'_> {
    /// Writes the manifest, and adds it to the chain.
    ///
    /// # Errors
    /// When another process has added a generation since the history was read, or a file cannot be
    /// written. Without the chain the manifest is removed.
    pub(super) fn write(&self) -> Result<Written, Error> {
        let folder = self.history.root.join(FOLDER);
        let chain_path = folder.join(CHAIN);
        let made = Made::create(&folder)?;
        let lock = Alone::wait(&chain_path, Deadline::after(Some(LOCKED)))?;
        let current = history::read_if_exists(&chain_path)?;
        if current != self.history.chain_text {
            let why = "another process has added a generation; run it again";
            return Err(Error::malformed(chain_path.display().to_string(), why));
        }
        let text = self.text();
        let name = self.file_name();
        let path = folder.join(&name);
        let c4 = Algorithm::C4.of(text.as_bytes());
        let mut file = AtomicFile::create(&path, MODE)?;
        file.write_all(text.as_bytes())
            .map_err(Error::file("write", &path))?;
        let mut chain_file = AtomicFile::create(&chain_path, MODE)?;
        chain_file
            .write_all(self.chain(&name, &c4).as_bytes())
            .map_err(Error::file("write", &chain_path))?;
        lock.ensure_held(&chain_path)?;
        uninterrupted(|| {
            match file.commit_new()? {
                New::Made => {}
                New::Exists => {
                    let error = io::Error::from(io::ErrorKind::AlreadyExists);
                    return Err(Error::file("write", &path)(error));
                }
            }
            chain_file.commit().inspect_err(|_| {
                let _ = fs::remove_file(&path);
            })
        })?;
        drop(lock);
        made.keep();
        Ok(Written { path, c4 })
    }

    /// `0001_<directory>_<date>_<time>Z.mhl`.
    fn file_name(&self) -> String {
        let root = fs::canonicalize(&self.history.root).unwrap_or_default();
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        let is_plain = |c: &char| !c.is_control();
        let name: String = name.chars().filter(is_plain).collect();
        let name = name.get(..name.floor_char_boundary(MOST_NAME_BYTES));
        let time: String = self.now.to_string().replace('T', "_").replace(':', "");
        let number = self.history.latest.saturating_add(1);
        format!("{number:04}_{}_{time}.mhl", name.unwrap_or_default())
    }

    fn chain(&self, name: &str, c4: &[u8]) -> String {
        let mut links = self.history.chain.clone();
        links.push(Link {
            number: self.history.latest.saturating_add(1).to_string(),
            name: name.to_owned(),
            algorithm: Algorithm::C4,
            sum: c4.to_vec(),
        });
        chain::text(&links)
    }

    /// The manifest.
    fn text(&self) -> String {
        let mut out = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <hashlist version=\"2.0\" xmlns=\"urn:ASC:MHL:v2.0\">\n",
        );
        let (now, host) = (self.now, escape(self.host));
        out.push_str(&format!(
            "  <creatorinfo>\n    <creationdate>{now}</creationdate>\n    \
             <hostname>{host}</hostname>\n    <tool version=\"{}\">c47</tool>\n  </creatorinfo>\n  \
             <processinfo>\n    <process>in-place</process>\n",
            env!("CARGO_PKG_VERSION")
        ));
        if let Some(root) = &self.root {
            out.push_str("    <roothash>\n");
            root.add_to(&mut out, now);
            out.push_str("    </roothash>\n");
        }
        out.push_str("    <ignore>\n");
        for pattern in &self.ignore {
            out.push_str(&format!("      <pattern>{}</pattern>\n", escape(pattern)));
        }
        out.push_str("    </ignore>\n  </processinfo>\n");
        if !self.records.is_empty() {
            out.push_str("  <hashes>\n");
            for record in &self.records {
                record.add_to(&mut out, now);
            }
            out.push_str("  </hashes>\n");
        }
        if !self.references.is_empty() {
            out.push_str("  <references>\n");
            for (path, c4) in &self.references {
                let (path, c4) = (escape(path), Algorithm::C4.text(c4));
                out.push_str(&format!(
                    "    <hashlistreference>\n      <path>{path}</path>\n      <c4>{c4}</c4>\n    \
                     </hashlistreference>\n"
                ));
            }
            out.push_str("  </references>\n");
        }
        out.push_str("</hashlist>\n");
        out
    }
}

impl Record {
    fn add_to(&self, out: &mut String, now: Timestamp) {
        match self {
            Record::File {
                path,
                size,
                modified,
                sums,
            } => {
                let (path, date) = (escape(path), date(*modified));
                let line = format!("    <hash>\n      <path size=\"{size}\"{date}>{path}</path>\n");
                out.push_str(&line);
                for (algorithm, sum, action) in sums {
                    let (tag, sum, action) = (algorithm.name(), algorithm.text(sum), action.word());
                    out.push_str(&format!(
                        "      <{tag} action=\"{action}\" hashdate=\"{now}\">{sum}</{tag}>\n"
                    ));
                }
                out.push_str("    </hash>\n");
            }
            Record::Directory {
                path,
                modified,
                hashes,
            } => {
                let (path, date) = (escape(path), date(*modified));
                let line = format!("    <directoryhash>\n      <path{date}>{path}</path>\n");
                out.push_str(&line);
                hashes.add_to(out, now);
                out.push_str("    </directoryhash>\n");
            }
        }
    }
}

impl DirectoryHashes {
    fn add_to(&self, out: &mut String, now: Timestamp) {
        let tag = self.algorithm.name();
        for (element, sum) in [("content", &self.content), ("structure", &self.structure)] {
            let sum = self.algorithm.text(sum);
            out.push_str(&format!(
                "      <{element}>\n        <{tag} hashdate=\"{now}\">{sum}</{tag}>\n      \
                 </{element}>\n"
            ));
        }
    }
}

/// The attribute with a time; none for a year that XML cannot have.
fn date(modified: i64) -> String {
    let text = Timestamp(modified).to_string();
    match text.ends_with('Z') && !text.starts_with("0000") {
        true => format!(" lastmodificationdate=\"{text}\""),
        false => String::new(),
    }
}

/// The folder of a new history, removed again if nothing is written to it.
struct Made<'p> {
    folder: &'p Path,
    guard: Option<RemoveOnSignal>,
}

impl<'p> Made<'p> {
    fn create(folder: &'p Path) -> Result<Made<'p>, Error> {
        let guard = match RemoveOnSignal::around(folder, || fs::create_dir(folder)) {
            Ok(((), guard)) => Some(guard),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
            Err(error) => return Err(Error::file("write", folder)(error)),
        };
        Ok(Made { folder, guard })
    }

    fn keep(mut self) {
        self.guard = None;
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        if self.guard.take().is_some() {
            let _ = fs::remove_dir(self.folder); // fails if another process has written to it
        }
    }
}
