//! The text of a journal: the whole run, written before the first change, and what is added later.

use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::script::{Directory, Make, Operation, Place, Role, Script, Step, Verify, Way};

/// The first line.
const FORMAT: &str = "c47-seq-journal 1";

/// A journal as it was read.
#[derive(Debug)]
pub(crate) struct Record {
    pub script: Script,
    /// Whether all files have been made, so that renames may have begun.
    pub is_made: bool,
    /// Whether an empty file may hold the name of a file that is being renamed.
    pub has_placeholders: bool,
}

/// The text before the first change.
pub(crate) fn write(script: &Script) -> String {
    let mut text = String::with_capacity(script.steps.len() * 80);
    let verify = match script.verify {
        Verify::No => "no",
        Verify::Checksum => "checksum",
    };
    let _ = writeln!(text, "{FORMAT}");
    let _ = writeln!(text, "run {} {verify}", script.operation.word());
    for directory in &script.directories {
        let role = match directory.role {
            Role::Frames => "directory",
            Role::Stage => "stage",
        };
        text.push_str(role);
        field(&mut text, directory.path.as_os_str().as_bytes());
        text.push('\n');
    }
    for make in &script.makes {
        let (word, target) = match &make.way {
            Way::Copy => ("copy", None),
            Way::Carry => ("carry", None),
            Way::HardLink => ("link", None),
            Way::Symlink(target) => ("symlink", Some(target)),
        };
        text.push_str(word);
        place(&mut text, &make.from);
        if let Some(target) = target {
            field(&mut text, target);
        }
        text.push('\n');
    }
    for step in &script.steps {
        text.push_str("step");
        place(&mut text, &step.from);
        place(&mut text, &step.to);
        let _ = writeln!(text, " {}", step.inode);
    }
    text.push_str("end\n");
    text
}

fn place(text: &mut String, place: &Place) {
    let _ = write!(text, " {}", place.directory);
    field(text, &place.name);
}

/// A blank, and bytes without blanks and control characters. Empty bytes are a single backslash.
fn field(text: &mut String, bytes: &[u8]) {
    text.push(' ');
    if bytes.is_empty() {
        text.push('\\');
    }
    for byte in bytes {
        match byte {
            b'!'..=b'[' | b']'..=b'~' => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
}

/// What is added when all files have been made: their inode numbers.
pub(crate) fn made(inodes: &[u64]) -> String {
    // A line feed first: the line before may have been cut short.
    let mut text = String::from("\nmade");
    for inode in inodes {
        let _ = write!(text, " {inode}");
    }
    text.push('\n');
    text
}

/// What is added before an empty file holds a name for the first time.
pub(crate) const PLACEHOLDERS: &str = "\nplaceholders\n";

/// Reads a journal.
///
/// # Errors
/// The number of the first line that is malformed; 0 if the journal is incomplete.
pub(crate) fn read(text: &str) -> Result<Record, usize> {
    let mut lines = text.lines().enumerate();
    if lines.next().map(|(_, line)| line) != Some(FORMAT) {
        return Err(1);
    }
    let mut script = Script {
        operation: Operation::Move,
        verify: Verify::No,
        directories: Vec::new(),
        makes: Vec::new(),
        steps: Vec::new(),
    };
    loop {
        let Some((at, line)) = lines.next() else {
            return Err(0);
        };
        if line == "end" {
            break;
        }
        read_line(line, &mut script).ok_or(at + 1)?;
    }
    ensure_places(&script).ok_or(0_usize)?;
    let (mut is_made, mut has_placeholders) = (false, false);
    // The last line counts only if it is complete.
    let complete = text.rfind('\n').map_or(0, |at| at + 1);
    let later = text.get(..complete).unwrap_or_default();
    for line in later.lines().skip_while(|line| *line != "end") {
        has_placeholders |= line == PLACEHOLDERS.trim();
        if let Some(inodes) = line.strip_prefix("made ") {
            is_made |= read_made(inodes, &mut script).is_some();
        }
    }
    Ok(Record {
        script,
        is_made,
        has_placeholders,
    })
}

fn read_line(line: &str, script: &mut Script) -> Option<()> {
    let mut words = line.split(' ');
    let word = words.next()?;
    match word {
        "run" => {
            let operation = words.next()?;
            let is_it = |known: &Operation| known.word() == operation;
            script.operation = Operation::ALL.into_iter().find(is_it)?;
            script.verify = match words.next()? {
                "no" => Verify::No,
                "checksum" => Verify::Checksum,
                _ => return None,
            };
        }
        "directory" | "stage" => {
            let role = match word {
                "stage" => Role::Stage,
                _ => Role::Frames,
            };
            let path = path(words.next()?)?;
            path.is_absolute().then_some(())?;
            // What the user wrote may have been relative to another working directory.
            let shown = path.clone();
            script.directories.push(Directory { path, shown, role });
        }
        "copy" | "carry" | "link" | "symlink" => {
            let from = read_place(&mut words)?;
            let way = match word {
                "copy" => Way::Copy,
                "carry" => Way::Carry,
                "link" => Way::HardLink,
                _ => Way::Symlink(bytes(words.next()?)?),
            };
            script.makes.push(Make { way, from });
        }
        "step" => {
            let (from, to) = (read_place(&mut words)?, read_place(&mut words)?);
            let inode = words.next()?.parse().ok()?;
            script.steps.push(Step { from, to, inode });
        }
        _ => return None,
    }
    words.next().is_none().then_some(())
}

fn read_made(inodes: &str, script: &mut Script) -> Option<()> {
    let inodes: Vec<u64> = inodes
        .split(' ')
        .map(|inode| inode.parse().ok())
        .collect::<Option<_>>()?;
    (inodes.len() == script.makes.len()).then_some(())?;
    script.set_made(&inodes);
    Some(())
}

fn read_place<'t>(words: &mut impl Iterator<Item = &'t str>) -> Option<Place> {
    let directory = words.next()?.parse().ok()?;
    let name = bytes(words.next()?)?;
    let is_name = !name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/');
    is_name.then_some(Place { directory, name })
}

/// Checks that each place is in a directory of the journal, and that one of them is a stage.
fn ensure_places(script: &Script) -> Option<()> {
    script.stages().next()?;
    let makes = script.makes.iter().map(|make| &make.from);
    let mut places = script
        .steps
        .iter()
        .flat_map(|step| [&step.from, &step.to])
        .chain(makes);
    let count = script.directories.len();
    places.all(|place| place.directory < count).then_some(())
}

fn path(word: &str) -> Option<PathBuf> {
    Some(OsString::from_vec(bytes(word)?).into())
}

fn bytes(word: &str) -> Option<Vec<u8>> {
    if word == "\\" {
        return Some(Vec::new());
    }
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(rest.get(..at)?.as_bytes());
        let code = rest.get(at..)?.strip_prefix("\\x")?;
        bytes.push(u8::from_str_radix(code.get(..2)?, 16).ok()?);
        rest = code.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script {
        let place = |directory, name: &[u8]| Place {
            directory,
            name: name.to_vec(),
        };
        let directory = |path: &str, role| Directory {
            path: path.into(),
            shown: path.into(),
            role,
        };
        Script {
            operation: Operation::Copy,
            verify: Verify::Checksum,
            directories: vec![
                directory("/a b/\u{e9}", Role::Frames),
                directory("/a b/\u{e9}/.s", Role::Stage),
            ],
            makes: vec![
                Make {
                    way: Way::Copy,
                    from: place(0, b"x\n\xff\\.1"),
                },
                Make {
                    way: Way::Symlink(b"../a b".to_vec()),
                    from: place(0, b"end"),
                },
            ],
            steps: vec![
                Step {
                    from: place(1, b"new.0"),
                    to: place(0, b"y 1"),
                    inode: 0,
                },
                Step {
                    from: place(1, b"new.1"),
                    to: place(0, b"y 2"),
                    inode: u64::MAX,
                },
            ],
        }
    }

    #[test]
    fn a_journal_is_read_as_it_was_written() {
        let script = script();
        let text = write(&script);
        let record = read(&text).unwrap();
        assert_eq!(record.script, script);
        assert!(!record.is_made && !record.has_placeholders);
        let later = format!("{text}{PLACEHOLDERS}\nmade 7{}", made(&[11, 12]));
        let record = read(&later).unwrap();
        assert!(record.is_made && record.has_placeholders);
        let inodes: Vec<u64> = record.script.steps.iter().map(|step| step.inode).collect();
        assert_eq!(inodes, [11, 12]);
    }

    #[test]
    fn a_journal_that_was_cut_short_is_not_complete() {
        let text = write(&script());
        for end in 0..text.len() {
            assert!(
                read(&text[..end]).is_err() || end == text.len() - 1,
                "{end}"
            );
        }
        let whole = format!("{text}{}", made(&[11, 12]));
        for end in text.len()..whole.len() {
            assert!(!read(&whole[..end]).unwrap().is_made, "{end}");
        }
    }

    #[test]
    fn a_foreign_journal_names_no_file_outside_of_its_directories() {
        let start = "c47-seq-journal 1\nrun mv no\ndirectory /a\nstage /a/s\n";
        for (line, expected) in [
            ("step 0 a 0 b 1", true),
            ("step 0 a 0 ../b 1", false),
            ("step 0 a 0 .. 1", false),
            ("step 0 a 0 \\ 1", false),
            ("step 0 a 0 b\\x2fc 1", false),
            ("step 0 a 2 b 1", false),
            ("step 0 a 0 b 1 2", false),
            ("step 0 a 0 b\\x2 1", false),
            ("directory a", false),
            ("run cat no", false),
        ] {
            let found = read(&format!("{start}{line}\nend\n"));
            assert_eq!(found.is_ok(), expected, "{line}");
        }
        assert!(read("c47-seq-journal 1\nrun mv no\nend\n").is_err());
    }
}
