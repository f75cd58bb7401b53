//! `--tree`: the libraries as a tree.

use std::fmt::Write as _;

use super::report::{rule, why};
use crate::cli::elf::shown;
use crate::elf::tree::{Resolution, Tree};
use crate::escape::one_line;

/// The tree as text. The dependencies of an object are printed only the first time.
pub(super) fn tree_text(tree: &Tree) -> String {
    subtree_text(tree, 0, 0)
}

/// The tree below the object with this number as text, without what is below the first `in_host`
/// objects, which a host has loaded before.
pub(in crate::cli::elf) fn subtree_text(tree: &Tree, number: usize, in_host: usize) -> String {
    let mut text = String::new();
    let mut printed: Vec<bool> = (0..tree.objects.len()).map(|at| at < in_host).collect();
    let top = tree.objects.get(number).map(|object| shown(&object.path));
    let _ = writeln!(text, "{}", one_line(&top.unwrap_or_default()));
    // An explicit stack, because a chain of libraries may be thousands long.
    let mut stack: Vec<(usize, usize)> = vec![(number, 0)];
    if let Some(first) = printed.get_mut(number) {
        *first = true;
    }
    while let Some((number, next)) = stack.last_mut() {
        let Some(object) = tree.objects.get(*number) else {
            break;
        };
        let Some((name, wanted)) = object.wants.get(*next) else {
            stack.pop();
            continue;
        };
        *next += 1;
        let indent = "  ".repeat(stack.len().min(64));
        let name = one_line(&shown(name));
        match wanted {
            Resolution::Missing(missing) => {
                let why = tree.missing.get(*missing).map(|missing| why(&missing.why));
                let _ = writeln!(
                    text,
                    "{indent}{name} => {}",
                    one_line(&why.unwrap_or_default())
                );
            }
            Resolution::Loaded(wanted) => {
                let Some(object) = tree.objects.get(*wanted) else {
                    continue;
                };
                let again = printed.get(*wanted) == Some(&true);
                let rule = if *wanted < in_host {
                    "host".into()
                } else if again {
                    "already loaded".into()
                } else {
                    rule(object)
                };
                let path = one_line(&shown(&object.path));
                let _ = writeln!(text, "{indent}{name} => {path} ({rule})");
                if let Some(is_printed) = printed.get_mut(*wanted).filter(|_| !again) {
                    *is_printed = true;
                    stack.push((*wanted, 0));
                }
            }
        }
    }
    let errors = tree.version_errors.iter();
    for error in errors.filter(|error| error.needed_by >= in_host) {
        let (Some(library), Some(by)) = (
            tree.objects.get(error.library),
            tree.objects.get(error.needed_by),
        ) else {
            continue;
        };
        let _ = writeln!(
            text,
            "{}: version {} not found (required by {})",
            one_line(&shown(&library.path)),
            one_line(&error.version),
            one_line(&shown(&by.path))
        );
    }
    text
}
