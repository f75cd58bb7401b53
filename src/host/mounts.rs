//! The file systems that a job uses, with type and free space.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nanoserde::SerJson;

use super::background::{self, BackgroundTask, NoResult};
use super::calls::{self, Space};
use super::{Surroundings, files};
use crate::elf::root::Root;
use crate::redact;
use crate::unfinished::Writer;

/// Limit for the number of mounts. Automounters may have very many.
const MOST_MOUNTS: usize = 200;

/// A mounted file system. Numbers are null if unknown.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Mount {
    pub path: String,
    /// `ext4`, `nfs4`.
    pub kind: String,
    /// The device, or the server and the export.
    pub source: String,
    pub read_only: bool,
    /// All options except `ro` and `rw`: `vers=3`, `nolock`. Secrets are masked.
    pub options: Vec<String>,
    /// What it is used for: `root`, `tmp`, `home`, `cwd`, `network`.
    pub used_for: Vec<String>,
    pub state: State,
    pub total_bytes: Option<u64>,
    /// Free for a user without privileges.
    pub available_bytes: Option<u64>,
    pub total_inodes: Option<u64>,
    pub available_inodes: Option<u64>,
}

/// Whether the file system responds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Responds,
    /// For example, because the file server is down.
    DoesNotRespond,
    Failed(String),
    NotTried,
}

impl State {
    pub(crate) fn text(&self) -> &str {
        match self {
            State::Responds => "ok",
            State::DoesNotRespond => "does not respond",
            State::Failed(why) => why,
            State::NotTried => "not tried",
        }
    }
}

impl SerJson for State {
    fn ser_json(&self, depth: usize, state: &mut nanoserde::SerJsonState) {
        self.text().ser_json(depth, state);
    }
}

/// A line of mountinfo.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    path: PathBuf,
    kind: String,
    source: String,
    read_only: bool,
    options: Vec<String>,
}

/// The mounts of `/`, of temporary files, of the home and of the working directory, and all network
/// mounts.
pub(crate) fn read(surroundings: &Surroundings) -> Vec<Mount> {
    let root = &surroundings.root;
    let entries = entries(root);
    let mut wanted: Vec<(Entry, Vec<String>)> = Vec::new();
    let mut want = |entry: &Entry, why: &str| {
        if let Some((_, reasons)) = wanted.iter_mut().find(|(known, _)| known == entry) {
            reasons.push(why.to_owned());
        } else if wanted.len() < MOST_MOUNTS {
            wanted.push((entry.clone(), vec![why.to_owned()]));
        }
    };
    for (why, path) in places(surroundings) {
        if let Some(entry) = holding(&entries, &path) {
            want(entry, why);
        }
    }
    for entry in entries.iter().filter(|entry| is_network(&entry.kind)) {
        want(entry, "network");
    }
    // All are read concurrently, so ten that hang take no longer than one.
    let asked: Vec<(Entry, Vec<String>, BackgroundTask<_>)> = wanted
        .into_iter()
        .map(|(entry, reasons)| {
            let task = space_in_background(root, &entry.path);
            (entry, reasons, task)
        })
        .collect();
    asked
        .into_iter()
        .map(|(entry, reasons, task)| mount(entry, reasons, task.wait()))
        .collect()
}

/// The space at `path`, read in another thread.
pub(crate) fn space_in_background(
    root: &Root,
    path: &Path,
) -> BackgroundTask<Result<Space, String>> {
    let (root, path) = (root.clone(), path.to_owned());
    background::start(move || {
        root.resolve(&path)
            .and_then(|path| calls::space(&path))
            .map_err(|error| crate::io_error::reason(&error))
    })
}

fn mount(
    entry: Entry,
    used_for: Vec<String>,
    answer: Result<Result<Space, String>, NoResult>,
) -> Mount {
    let (space, state) = match answer {
        Ok(Ok(space)) => (Some(space), State::Responds),
        Ok(Err(why)) => (None, State::Failed(why)),
        Err(NoResult::TimedOut) => (None, State::DoesNotRespond),
        Err(NoResult::NotStarted) => (None, State::NotTried),
    };
    let inodes = space.filter(|space| space.total_inodes > 0);
    Mount {
        path: entry.path.display().to_string(),
        kind: entry.kind,
        // The source may contain the user and password of a share.
        source: redact::url(&entry.source),
        read_only: entry.read_only,
        options: entry.options,
        used_for,
        state,
        total_bytes: space.map(|space| space.total_bytes),
        available_bytes: space.map(|space| space.available_bytes),
        total_inodes: inodes.map(|space| space.total_inodes),
        available_inodes: inodes.map(|space| space.available_inodes),
    }
}

fn places(surroundings: &Surroundings) -> Vec<(&'static str, PathBuf)> {
    let environment = &surroundings.environment;
    let mut places = vec![
        ("root", PathBuf::from("/")),
        ("tmp", environment.temporary()),
    ];
    places.extend(environment.path("HOME").map(|home| ("home", home)));
    places.extend(surroundings.directory.clone().map(|here| ("cwd", here)));
    // A symlink may lead to another file system, and following it may hang.
    let task: Vec<_> = places
        .into_iter()
        .map(|(why, path)| {
            let (root, named) = (surroundings.root.clone(), path.clone());
            (why, path, background::start(move || root.canonical(&named)))
        })
        .collect();
    task.into_iter()
        .map(|(why, path, task)| match task.wait() {
            Ok(Ok(real)) => (why, real),
            _ => (why, path),
        })
        .collect()
}

/// The mount of a path: the one with the longest matching path.
fn holding<'a>(entries: &'a [Entry], path: &Path) -> Option<&'a Entry> {
    entries
        .iter()
        .filter(|entry| path.starts_with(&entry.path))
        .max_by_key(|entry| entry.path.as_os_str().len())
}

fn is_network(kind: &str) -> bool {
    const KINDS: [&str; 20] = [
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "davfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "orangefs",
        "panfs",
        "pvfs2",
        "quobyte",
        "smb3",
        "smbfs",
        "virtiofs",
        "wekafs",
    ];
    const FUSE: [&str; 8] = [
        "ceph",
        "glusterfs",
        "sshfs",
        "s3fs",
        "juicefs",
        "rclone",
        "quobyte",
        "lucidlink",
    ];
    match kind.strip_prefix("fuse.") {
        Some(program) => FUSE.iter().any(|known| program.starts_with(known)),
        None => KINDS.contains(&kind),
    }
}

/// All mounts. Of several at one path only the last, which hides the others.
fn entries(root: &Root) -> Vec<Entry> {
    let mountinfo = files::read(root, "/proc/self/mountinfo");
    let all: Vec<Entry> = match mountinfo {
        Some(text) => text.lines().filter_map(of_mountinfo).collect(),
        None => ["/proc/mounts", "/etc/mtab"]
            .iter()
            .find_map(|path| files::read(root, path))
            .map(|text| text.lines().filter_map(of_mtab).collect())
            .unwrap_or_default(),
    };
    let mut seen: Vec<Entry> = Vec::with_capacity(all.len().min(1024));
    let mut paths = std::collections::BTreeSet::new();
    for entry in all.into_iter().rev() {
        if paths.insert(entry.path.clone()) {
            seen.push(entry);
        }
    }
    seen.reverse();
    seen
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue` (proc(5)).
fn of_mountinfo(line: &str) -> Option<Entry> {
    let (before, after) = line.split_once(" - ")?;
    let mut fields = before.split(' ');
    let path = fields.nth(4)?;
    let options = fields.next()?;
    let mut fields = after.split(' ');
    let (kind, source) = (fields.next()?, fields.next()?);
    let of_all = fields.next().unwrap_or_default();
    Some(Entry {
        path: PathBuf::from(unescaped(path)),
        kind: kind.to_owned(),
        source: unescaped(source).to_string_lossy().into_owned(),
        read_only: is_read_only(options) || is_read_only(of_all),
        options: all_options(&[options, of_all]),
    })
}

/// `/dev/root / ext3 rw,errors=continue 0 0` (fstab(5)).
fn of_mtab(line: &str) -> Option<Entry> {
    let mut fields = line.split_whitespace();
    let (source, path, kind) = (fields.next()?, fields.next()?, fields.next()?);
    let options = fields.next()?;
    Some(Entry {
        path: PathBuf::from(unescaped(path)),
        kind: kind.to_owned(),
        source: unescaped(source).to_string_lossy().into_owned(),
        read_only: is_read_only(options),
        options: all_options(&[options]),
    })
}

/// The options of a mount and of its file system, each once, without `ro` and `rw`.
fn all_options(lists: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for option in lists.iter().flat_map(|list| list.split(',')) {
        let option = unescaped(option).to_string_lossy().into_owned();
        let shown = match option.split_once('=') {
            Some((name, value)) => format!("{name}={}", redact::member(name, value)),
            None => option,
        };
        if !matches!(shown.as_str(), "" | "ro" | "rw") && !all.contains(&shown) {
            all.push(shown);
        }
    }
    all
}

fn is_read_only(options: &str) -> bool {
    options.split(',').any(|option| option == "ro")
}

/// Decodes octal escapes: `\040` is a space.
fn unescaped(text: &str) -> OsString {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits: Vec<u8> = rest.clone().take(3).collect();
        let octal = std::str::from_utf8(&digits)
            .ok()
            .filter(|digits| byte == b'\\' && digits.len() == 3)
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match octal {
            Some(escaped) => {
                bytes.push(escaped);
                rest.nth(2);
            }
            None => bytes.push(byte),
        }
    }
    OsString::from_vec(bytes)
}

/// The mount with this use.
pub(crate) fn used_for<'a>(mounts: &'a [Mount], what: &str) -> Option<&'a Mount> {
    mounts
        .iter()
        .find(|mount| mount.used_for.iter().any(|why| why == what))
}

/// Whether a directory is writable. Unknown counts as writable.
pub(crate) fn is_writable(directory: &Path) -> Result<(), String> {
    use std::io::Write;
    let path = directory.join(format!(".c47-host-{}", Writer::own()));
    let _guard = crate::interrupt::RemoveOnSignal::new(&path);
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(&[0; 4096]));
    let _ = fs::remove_file(&path);
    written.map_err(|error| crate::io_error::reason(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mountinfo_and_mtab_are_parsed() {
        let entry = of_mountinfo(r"36 35 98:0 /a /mnt/two\040words rw,noatime master:1 shared:7 - nfs4 filer:/vol ro,vers=4").unwrap();
        assert_eq!(entry.path, Path::new("/mnt/two words"));
        assert_eq!(
            (entry.kind.as_str(), entry.source.as_str()),
            ("nfs4", "filer:/vol")
        );
        assert!(entry.read_only);
        assert_eq!(entry.options, ["noatime", "vers=4"]);
        let entry = of_mtab(r"//srv/share\134x /mnt cifs rw,relatime 0 0").unwrap();
        assert_eq!(
            (entry.source.as_str(), entry.read_only),
            (r"//srv/share\x", false)
        );
        for wrong in ["", " - ", "1 2 3 - ext4", "a b", r"36 35 98:0 / \04"] {
            assert_eq!(of_mountinfo(wrong), None, "{wrong}");
        }
        assert_eq!(unescaped(r"\04"), r"\04");
        assert_eq!(unescaped(r"\999"), r"\999");
    }

    #[test]
    fn options_are_listed_once_and_secrets_are_masked() {
        let options = all_options(&[
            "rw,relatime",
            r"rw,relatime,password=abc,dir=a\054b,secret=<hidden>,,ro",
        ]);
        assert_eq!(
            options,
            ["relatime", "password=***", "dir=a,b", "secret=***"]
        );
    }

    #[test]
    fn mount_with_the_longest_path_is_found() {
        let at = |path: &str| Entry {
            path: path.into(),
            kind: String::new(),
            source: String::new(),
            read_only: false,
            options: Vec::new(),
        };
        let entries = [at("/"), at("/home"), at("/home/a"), at("/hom")];
        let held =
            |path: &str| holding(&entries, Path::new(path)).map(|entry| entry.path.as_path());
        assert_eq!(held("/home/ab/c"), Some(Path::new("/home")));
        assert_eq!(held("/home/a"), Some(Path::new("/home/a")));
        assert_eq!(held("/homely"), Some(Path::new("/")));
        assert_eq!(holding(&[], Path::new("/")), None);
    }
}
