use super::super::script::{Directory, Operation, Role, Step, Verify};
use super::*;

fn place(directory: usize, name: &str) -> Place {
    Place {
        directory,
        name: name.into(),
    }
}

/// Old place, new place, and inode number.
type Rename<'r> = ((usize, &'r str), (usize, &'r str), u64);

/// Renames between directory 0 and the hidden directory 1.
fn script(steps: &[Rename]) -> Script {
    let directory = |path: &str, role| Directory {
        path: path.into(),
        shown: path.into(),
        role,
    };
    let step = |(from, to, inode): &Rename| Step {
        from: place(from.0, from.1),
        to: place(to.0, to.1),
        inode: *inode,
    };
    Script {
        operation: Operation::Copy,
        verify: Verify::No,
        directories: vec![
            directory("/a", Role::Frames),
            directory("/a/.s", Role::Stage),
        ],
        makes: Vec::new(),
        steps: steps.iter().map(step).collect(),
    }
}

fn found(script: &Script, identity: Identity, files: &[(usize, &str, u64)]) -> Option<State> {
    let seen = |wanted: &Place| {
        let is_it = |file: &&(usize, &str, u64)| place(file.0, file.1) == *wanted;
        files.iter().find(is_it).map(|file| file.2)
    };
    let is_between = |step: &Step| seen(&step.from) == seen(&step.to);
    state(script, identity, &seen, &is_between).ok()
}

#[test]
fn files_of_others_do_not_count() {
    // 1 to 2 and 2 to 3, from the far end.
    let shift = script(&[((0, "2"), (0, "3"), 12), ((0, "1"), (0, "2"), 11)]);
    let inode = |files: &[_]| found(&shift, Identity::Inode, files);
    let name = |files: &[_]| found(&shift, Identity::Name, files);
    assert_eq!(inode(&[(0, "1", 11), (0, "3", 12)]), Some(State::Steps(1)));
    // A new file has taken the name of one that was moved.
    let new = [(0, "2", 11), (0, "3", 12), (0, "1", 99)];
    assert_eq!(inode(&new), Some(State::Steps(2)));
    assert_eq!(name(&new), None);
    // As between link and unlink of either step.
    let first = [(0, "1", 11), (0, "2", 12), (0, "3", 12)];
    let second = [(0, "1", 11), (0, "2", 11), (0, "3", 12)];
    assert_eq!(
        (inode(&first), name(&first)),
        (Some(State::Both(0)), Some(State::Both(0)))
    );
    assert_eq!(
        (inode(&second), name(&second)),
        (Some(State::Both(1)), Some(State::Both(1)))
    );
    // A file was replaced, or is missing.
    let replaced = [(0, "1", 11), (0, "3", 99)];
    assert_eq!(
        (inode(&replaced), name(&replaced)),
        (None, Some(State::Steps(1)))
    );
    assert_eq!(
        (inode(&[(0, "1", 11)]), name(&[(0, "1", 11)])),
        (None, None)
    );
    let missing = state(&shift, Identity::Name, &|_| None, &|_| false).unwrap_err();
    assert_eq!(missing.len(), 2);
}

#[test]
fn hard_links_of_one_file_are_told_apart_by_their_names() {
    let shift = script(&[((0, "2"), (0, "3"), 11), ((0, "1"), (0, "2"), 11)]);
    for (files, expected) in [
        (&["1", "2"][..], State::Steps(0)),
        (&["1", "2", "3"], State::Both(0)),
        (&["1", "3"], State::Steps(1)),
        (&["2", "3"], State::Steps(2)),
    ] {
        let files: Vec<_> = files.iter().map(|name| (0, *name, 11)).collect();
        assert_eq!(found(&shift, Identity::Inode, &files), Some(expected));
    }
}

#[test]
fn deletion_in_hidden_directories_is_recognized() {
    // Two files are replaced by new ones.
    let replace = script(&[
        ((0, "1"), (1, "old.0"), 11),
        ((1, "new.0"), (0, "1"), 21),
        ((0, "2"), (1, "old.1"), 12),
        ((1, "new.1"), (0, "2"), 22),
    ]);
    let found = |files: &[_]| found(&replace, Identity::Inode, files);
    let all = [
        (0, "1", 21),
        (0, "2", 22),
        (1, "old.0", 11),
        (1, "old.1", 12),
    ];
    assert_eq!(found(&all), Some(State::Steps(4)));
    assert_eq!(found(&all[..3]), Some(State::Done));
    assert_eq!(found(&all[..2]), Some(State::Done));
    let none = [
        (0, "1", 11),
        (0, "2", 12),
        (1, "new.1", 22),
        (1, "new.0", 21),
    ];
    assert_eq!(found(&none), Some(State::Steps(0)));
    assert_eq!(found(&none[..3]), Some(State::Undone));
    assert_eq!(found(&none[..2]), Some(State::Undone));
}
