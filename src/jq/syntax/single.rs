//! Whether a term has exactly one output (or an error) for each input.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern};
use jaq_core::path::{Opt, Part};

use super::{Names, Term};

/// Names without arguments that have one output.
const SINGLE: [&str; 45] = [
    "length",
    "type",
    "keys",
    "not",
    "tostring",
    "tonumber",
    "tojson",
    "fromjson",
    "ascii_downcase",
    "ascii_upcase",
    "add",
    "any",
    "all",
    "sort",
    "unique",
    "reverse",
    "min",
    "max",
    "first",
    "last",
    "floor",
    "ceil",
    "round",
    "sqrt",
    "abs",
    "to_entries",
    "from_entries",
    "explode",
    "implode",
    "trim",
    "ltrim",
    "rtrim",
    "true",
    "false",
    "null",
    "flatten",
    "keys_unsorted",
    "now",
    "todate",
    "fromdate",
    "utf8bytelength",
    "toboolean",
    "transpose",
    "infinite",
    "nan",
];

/// Names with arguments that have one output if their arguments have. `map` has one in any case.
const SINGLE_WITH_ARGUMENTS: [&str; 14] = [
    "has",
    "startswith",
    "endswith",
    "test",
    "split",
    "join",
    "contains",
    "ltrimstr",
    "rtrimstr",
    "index",
    "getpath",
    "in",
    "flatten",
    "tostring",
];

/// Names with filters as arguments that have one output.
const SINGLE_ALWAYS: [&str; 10] = [
    "map",
    "sort_by",
    "group_by",
    "unique_by",
    "min_by",
    "max_by",
    "any",
    "all",
    "with_entries",
    "add",
];

/// Whether `term` is known to have exactly one output. The names that the filter defines itself,
/// `own`, can have any number.
pub(super) fn is_single(term: &Term, own: &Names) -> bool {
    let is_single = |term: &Term| is_single(term, own);
    match term {
        Term::Id | Term::Num(_) | Term::Arr(_) | Term::Var(_) => true,
        Term::Str(_, parts) => parts.iter().all(|part| match part {
            StrPart::Str(_) | StrPart::Char(_) => true,
            StrPart::Term(term) => is_single(term),
        }),
        Term::Obj(members) => members
            .iter()
            .all(|(key, value)| is_single(key) && value.as_ref().is_none_or(is_single)),
        Term::Neg(term) => is_single(term),
        Term::BinOp(left, op, right) => match op {
            BinaryOp::Comma | BinaryOp::Assign | BinaryOp::UpdateMath(_) => false,
            BinaryOp::UpdateAlt | BinaryOp::Update => false,
            BinaryOp::Pipe(pattern) => {
                let is_plain = |pattern| is_single_pattern(pattern, own);
                pattern.as_ref().is_none_or(is_plain) && is_single(left) && is_single(right)
            }
            BinaryOp::Or | BinaryOp::And | BinaryOp::Alt | BinaryOp::Math(_) | BinaryOp::Cmp(_) => {
                is_single(left) && is_single(right)
            }
        },
        Term::IfThenElse(branches, other) => {
            branches
                .iter()
                .all(|(condition, then)| is_single(condition) && is_single(then))
                && other.as_ref().is_none_or(|other| is_single(other))
        }
        Term::Fold(name, _, _, parts) => *name == "reduce" && parts.first().is_some_and(is_single),
        Term::Path(term, path) => {
            is_single(term)
                && path.0.iter().all(|(part, opt)| {
                    matches!(opt, Opt::Essential)
                        && match part {
                            Part::Index(index) => is_single(index),
                            Part::Range(None, None) => false,
                            Part::Range(from, upto) => {
                                from.as_ref().is_none_or(is_single)
                                    && upto.as_ref().is_none_or(is_single)
                            }
                        }
                })
        }
        Term::Def(_, body) => is_single(body),
        Term::Call(name, _) if own.contains(name) => false,
        Term::Call(name, args) => match args.as_slice() {
            [] => SINGLE.contains(name) || name.starts_with('@'),
            args => {
                SINGLE_ALWAYS.contains(name)
                    || (SINGLE_WITH_ARGUMENTS.contains(name) && args.iter().all(is_single))
            }
        },
        Term::Recurse | Term::Label(..) | Term::Break(_) | Term::TryCatch(..) => false,
    }
}

/// Whether `term` has exactly one output, and never fails.
pub(super) fn is_total(term: &Term) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(None) => true,
        Term::Str(None, parts) => parts
            .iter()
            .all(|part| matches!(part, StrPart::Str(_) | StrPart::Char(_))),
        _ => false,
    }
}

/// Whether all keys of a pattern have one output.
fn is_single_pattern(pattern: &Pattern<&str>, own: &Names) -> bool {
    match pattern {
        Pattern::Var(_) => true,
        Pattern::Arr(patterns) => patterns
            .iter()
            .all(|pattern| is_single_pattern(pattern, own)),
        Pattern::Obj(members) => members
            .iter()
            .all(|(key, pattern)| is_single(key, own) && is_single_pattern(pattern, own)),
    }
}

/// Whether paths of `term` can be updated one after the other, each once: the interpreter does that
/// without making the paths.
pub(super) fn is_plain_path(term: &Term, own: &Names) -> bool {
    plain_path(term, Place::Present, own).is_some()
}

/// Whether paths of `term` are plain, and their places exist except for the last step. Without a new
/// value the interpreter would add what is before that step.
pub(super) fn is_certain_path(term: &Term, own: &Names) -> bool {
    let place = plain_path(term, Place::Present, own);
    place.is_some_and(|place| place != Place::Uncertain)
}

/// What is known of the place that a path leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Present,
    /// It may be missing in a place that exists.
    Child,
    /// It may be missing. The interpreter adds it, also if no path leads on from there.
    Uncertain,
}

/// Where a plain path leads from `place`; `None` if it is not plain.
fn plain_path(term: &Term, place: Place, own: &Names) -> Option<Place> {
    let is_single = |term: &Term| is_single(term, own);
    match term {
        Term::Id => Some(place),
        Term::Path(term, path) => {
            let start = plain_path(term, place, own)?;
            let below = |place| match place {
                Place::Present => Place::Child,
                Place::Child | Place::Uncertain => Place::Uncertain,
            };
            path.0.iter().try_fold(start, |place, (part, opt)| {
                let (is_plain, leads_on, next) = match part {
                    Part::Index(index) => (
                        is_single(index),
                        matches!(index, Term::Str(..) | Term::Num(_)),
                        below(place),
                    ),
                    Part::Range(None, None) => (true, false, Place::Present),
                    Part::Range(from, upto) => {
                        let is_plain = |bound: &Option<Term>| bound.as_ref().is_none_or(is_single);
                        (is_plain(from) && is_plain(upto), true, below(place))
                    }
                };
                let is_certain =
                    leads_on || place == Place::Present || matches!(opt, Opt::Essential);
                (is_plain && is_certain).then_some(next)
            })
        }
        Term::BinOp(left, BinaryOp::Pipe(None), right) => {
            plain_path(right, plain_path(left, place, own)?, own)
        }
        Term::Call("select", args) if !own.contains("select") => {
            (place == Place::Present && args.iter().all(is_single)).then_some(place)
        }
        _ => None,
    }
}
