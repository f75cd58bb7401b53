//! `--tree`: the libraries as a tree.

use std::fmt::Write as _;

use super::report::{rule, why};
use crate::cli::elf::shown;
use crate::elf::tree::{Resolution, Tree};
use crate::escape::one_line;

/// The tree as text. The dependencies of an object are printed only the first time.
pub(super) fn tree_text(tree: &Tree) -> String {
    let mut text = String::new();
    let mut printed = vec![false; tree.objects.len()];
    let _ = writeln!(text, "{}", one_line(&shown(&tree.path)));
    // An explicit stack, because a chain of libraries may be thousands long.
    let mut stack: Vec<(usize, usize)> = vec![(0, 0)];
    if let Some(first) = printed.first_mut() {
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
                let rule = if again {
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
    for error in &tree.version_errors {
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
