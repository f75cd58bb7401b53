use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A directory that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("c47-journal-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("run.journal")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const WANTED: Wanted = Wanted {
    input: "abcd",
    shard: "",
};

fn pending(number: u64) -> Pending {
    Pending {
        number,
        line: number + 2,
        id: number.is_multiple_of(2).then(|| format!("id {number}")),
    }
}

fn done(number: u64) -> Entry {
    Entry::Done {
        number,
        status: 201,
    }
}

fn failed(number: u64) -> Entry {
    Entry::Failed {
        number,
        status: None,
    }
}

#[test]
fn each_request_is_new_done_failed_or_unknown() {
    let scratch = Scratch::new();
    let path = scratch.journal();
    let (journal, replay) = Journal::open(&path, WANTED).unwrap();
    assert_eq!((replay.state(0), replay.is_torn), (State::New, false));
    for number in [0, 1, 2, 4] {
        journal.sent(pending(number), Durability::Synced).unwrap();
    }
    journal.result(&done(0)).unwrap();
    journal.result(&failed(1)).unwrap();
    journal.result(&Entry::Unknown { number: 4 }).unwrap();
    let keys = [0, 1, 2].map(|number| journal.idempotency_key(number, Some("x")));
    assert!(keys[0] != keys[1] && keys[0].len() == 32);
    assert!(Journal::open(&path, WANTED).is_err(), "it is in use");
    journal.close().unwrap();
    // A late worker can neither send nor record.
    assert!(journal.sent(pending(5), Durability::Written).is_err());
    assert!(journal.result(&done(2)).is_err());

    let (journal, replay) = Journal::open(&path, WANTED).unwrap();
    let states = [0, 1, 2, 3, 4, 5].map(|number| replay.state(number));
    use State::{Done, Failed, New, Unknown};
    assert_eq!(states, [Done, Failed, Unknown, New, Unknown, New]);
    let unknown: Vec<&Pending> = replay.unknown.values().collect();
    assert_eq!(unknown, [&pending(2), &pending(4)]);
    assert_eq!((replay.count(Done), replay.count(Unknown)), (1, 2));
    let again = [0, 1, 2].map(|number| journal.idempotency_key(number, Some("x")));
    assert_eq!(keys, again, "a resumed run has the same keys");
    // A failed request is sent again.
    journal.sent(pending(1), Durability::Written).unwrap();
    drop(journal);
    assert_eq!(Journal::read(&path).unwrap().state(1), Unknown);
}

#[test]
fn another_input_or_shard_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.journal();
    drop(Journal::open(&path, WANTED).unwrap());
    let refused = |wanted| Journal::open(&path, wanted).err().unwrap().to_string();
    let other = Wanted {
        input: "ffff",
        ..WANTED
    };
    assert!(refused(other).contains("another input"));
    let shard = Wanted {
        shard: "1/2",
        ..WANTED
    };
    assert!(refused(shard).contains("not of shard 1/2"));
    assert!(Journal::open(&path, WANTED).is_ok());
}

#[test]
fn two_runs_exclude_each_other() {
    let scratch = Scratch::new();
    let path = scratch.journal();
    let (first, _) = Journal::open(&path, WANTED).unwrap();
    let refused = Journal::open(&path, WANTED).err().unwrap().to_string();
    assert!(refused.contains("another process"), "{refused}");
    assert!(Journal::read(&path).is_ok(), "a report needs no lock");
    drop(first);
    assert!(Journal::open(&path, WANTED).is_ok());
}

#[test]
fn other_files_are_not_overwritten() {
    let scratch = Scratch::new();
    let path = scratch.journal();
    for content in [
        "important\n",
        "x",
        "a\nb\nc",
        "{}\n",
        "00000000 c47-journal 1 a b \n",
    ] {
        fs::write(&path, content).unwrap();
        assert!(Journal::open(&path, WANTED).is_err(), "{content}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    fs::remove_file(&path).unwrap();
    let target = scratch.0.join("target");
    std::os::unix::fs::symlink(&target, &path).unwrap();
    assert!(Journal::open(&path, WANTED).is_err());
    assert!(!target.exists());
}

/// The states after a number of bytes.
type After = (usize, BTreeMap<u64, State>);

/// A sample journal, and the state of each request after each of its lines.
fn sample(path: &Path) -> (Vec<u8>, Vec<After>) {
    let (journal, _) = Journal::open(path, WANTED).unwrap();
    let mut states = BTreeMap::new();
    let mut ends = vec![(fs::read(path).unwrap().len(), states.clone())];
    for number in 0..5 {
        let mut push = |state| {
            states.insert(number, state);
            ends.push((fs::read(path).unwrap().len(), states.clone()));
        };
        journal.sent(pending(number), Durability::Written).unwrap();
        push(State::Unknown);
        match number {
            0 | 3 => {
                journal.result(&done(number)).unwrap();
                push(State::Done);
            }
            1 => {
                journal.result(&failed(number)).unwrap();
                push(State::Failed);
            }
            _ => {}
        }
    }
    (fs::read(path).unwrap(), ends)
}

/// Killed at any byte, with nothing, zeros or garbage behind it: every request whose line is whole has
/// its state, and the journal goes on.
#[test]
fn a_torn_tail_loses_nothing_that_was_whole() {
    let scratch = Scratch::new();
    let (bytes, ends) = sample(&scratch.journal());
    let path = scratch.0.join("torn.journal");
    for cut in 0..=bytes.len() {
        for tail in [&b""[..], &[0; 30], b"\xff\x00garbage"] {
            let torn = [&bytes[..cut], tail].concat();
            fs::write(&path, &torn).unwrap();
            let opened = Journal::open(&path, WANTED);
            let Some((end, states)) = ends.iter().rev().find(|(end, _)| *end <= cut) else {
                // Within the first line: a new journal, or a file that is not one.
                if tail.is_empty() {
                    assert_eq!(opened.unwrap().1.count(State::Done), 0, "{cut}");
                }
                continue;
            };
            let (journal, replay) = opened.unwrap();
            for number in 0..6 {
                let expected = states.get(&number).copied().unwrap_or_default();
                assert_eq!(replay.state(number), expected, "{cut} {number}");
            }
            assert_eq!(replay.is_torn, *end < torn.len());
            journal.sent(pending(9), Durability::Written).unwrap();
            drop(journal);
            let replay = Journal::read(&path).unwrap();
            assert_eq!((replay.state(9), replay.is_torn), (State::Unknown, false));
        }
    }
}

/// A damaged line before the end may hide a request that was sent.
#[test]
fn damage_before_the_end_is_an_error() {
    let scratch = Scratch::new();
    let (bytes, ends) = sample(&scratch.journal());
    let path = scratch.0.join("damaged.journal");
    let last = ends[ends.len() - 2].0;
    for at in (0..last).step_by(3) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 4;
        fs::write(&path, &damaged).unwrap();
        assert!(Journal::open(&path, WANTED).is_err(), "{at}");
        assert_eq!(fs::read(&path).unwrap(), damaged, "it is unchanged");
    }
}

#[test]
fn many_threads_write_whole_lines_and_sync_together() {
    let scratch = Scratch::new();
    let path = scratch.journal();
    let (journal, _) = Journal::open(&path, WANTED).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let journal = &journal;
            scope.spawn(move || {
                for number in (thread * 50)..(thread * 50 + 50) {
                    journal.sent(pending(number), Durability::Synced).unwrap();
                    journal.result(&done(number)).unwrap();
                }
            });
        }
    });
    drop(journal);
    let replay = Journal::read(&path).unwrap();
    assert_eq!((replay.count(State::Done), replay.unknown.len()), (400, 0));
}
