//! Terms for what the interpreter does otherwise than jq.

use std::collections::BTreeSet;

use jaq_core::load::parse::{BinaryOp, Pattern};
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part, Path};

use super::Term;
use super::parser::{Parsed, Parser, binary};
use super::single::is_total;
use crate::sort;

impl<'s> Parser<'s> {
    /// A call of a definition of c47.
    pub(super) fn call(&mut self, name: &'s str, args: Vec<Term<'s>>) -> Term<'s> {
        self.calls.insert((name, args.len()));
        Term::Call(name, args)
    }

    /// An object. If a key or a value has several outputs, each is made once, in the order of jq.
    pub(super) fn object_of(&mut self, members: Vec<(Term<'s>, Option<Term<'s>>)>) -> Term<'s> {
        let all_single = members.iter().all(|(key, value)| {
            self.is_single(key) && value.as_ref().is_none_or(|value| self.is_single(value))
        });
        if all_single {
            return Term::Obj(members);
        }
        let mut sources = Vec::new();
        let mut made = Vec::with_capacity(members.len());
        for (key, value) in members {
            let key = self.variable_for(key, &mut sources);
            let value = match value {
                Some(value) => self.variable_for(value, &mut sources),
                None => {
                    let part = (Part::Index(key.clone()), Opt::Essential);
                    Term::Path(Box::new(Term::Id), Path(vec![part]))
                }
            };
            made.push((key, Some(value)));
        }
        let bind = |body, (name, source)| Self::bind(source, name, body);
        sources.into_iter().rev().fold(Term::Obj(made), bind)
    }

    /// A variable for a term that may have several outputs or fail, which is added to the sources.
    pub(super) fn variable_for(
        &mut self,
        term: Term<'s>,
        sources: &mut Vec<(&'s str, Term<'s>)>,
    ) -> Term<'s> {
        if is_total(&term) {
            return term;
        }
        let name = self.fresh();
        sources.push((name, term));
        Term::Var(name)
    }

    /// `source as $name | body`.
    pub(super) fn bind(source: Term<'s>, name: &'s str, body: Term<'s>) -> Term<'s> {
        binary(source, BinaryOp::Pipe(Some(Pattern::Var(name))), body)
    }

    /// An operation on the outputs of both sides. For each output on the right, all on the left.
    pub(super) fn in_order(
        &mut self,
        left: Term<'s>,
        op: BinaryOp<&'s str>,
        right: Term<'s>,
    ) -> Term<'s> {
        // The right side is first: without an output there, the left side does not run.
        let both_single = self.is_single(&left) && self.is_single(&right);
        if both_single || is_total(&left) || is_total(&right) {
            return binary(left, op, right);
        }
        let (one, two) = (self.fresh(), self.fresh());
        let both = binary(Term::Var(one), op, Term::Var(two));
        Self::bind(right, two, Self::bind(left, one, both))
    }

    pub(super) fn assignment(&mut self, path: Term<'s>, value: Term<'s>) -> Term<'s> {
        match self.is_plain_path(&path) {
            true => binary(path, BinaryOp::Assign, value),
            false => self.call("_assign", vec![path, value]),
        }
    }

    pub(super) fn update(&mut self, path: Term<'s>, new: Term<'s>) -> Term<'s> {
        let is_plain = match self.is_single(&new) {
            true => self.is_plain_path(&path),
            false => self.is_certain_path(&path),
        };
        if !is_plain {
            return self.call("_modify", vec![path, new]);
        }
        let new = match self.is_single(&new) {
            true => new,
            false => self.call("_first", vec![new]),
        };
        binary(path, BinaryOp::Update, new)
    }

    pub(super) fn update_math(&mut self, path: Term<'s>, op: Math, value: Term<'s>) -> Term<'s> {
        if self.is_plain_path(&path) {
            return binary(path, BinaryOp::UpdateMath(op), value);
        }
        let name = self.fresh();
        let new = binary(Term::Id, BinaryOp::Math(op), Term::Var(name));
        let update = self.call("_modify", vec![path, new]);
        Self::bind(value, name, update)
    }

    pub(super) fn update_alternative(&mut self, path: Term<'s>, value: Term<'s>) -> Term<'s> {
        if self.is_plain_path(&path) {
            return binary(path, BinaryOp::UpdateAlt, value);
        }
        let name = self.fresh();
        let new = binary(Term::Id, BinaryOp::Alt, Term::Var(name));
        let update = self.call("_modify", vec![path, new]);
        Self::bind(value, name, update)
    }

    /// `reduce source as pattern (init; update)`. Of several outputs of the update the last counts;
    /// without one the state is null.
    pub(super) fn reduce(
        &mut self,
        source: Term<'s>,
        pattern: Pattern<&'s str>,
        init: Term<'s>,
        update: Term<'s>,
    ) -> Term<'s> {
        let update = match self.is_single(&update) {
            true => update,
            false => {
                let name = self.fresh();
                let parts = vec![Term::Call("null", Vec::new()), Term::Var(name)];
                self.calls.insert(("null", 0));
                Term::Fold("reduce", Box::new(update), Pattern::Var(name), parts)
            }
        };
        Term::Fold("reduce", Box::new(source), pattern, vec![init, update])
    }

    /// `foreach source as pattern (init; update; extract)`. The state after several outputs of the
    /// update is the last.
    pub(super) fn foreach(
        &mut self,
        source: Term<'s>,
        pattern: Pattern<&'s str>,
        init: Term<'s>,
        update: Term<'s>,
        extract: Option<Term<'s>>,
    ) -> Term<'s> {
        if self.is_single(&update) {
            let parts = [Some(init), Some(update), extract];
            let parts = parts.into_iter().flatten().collect();
            return Term::Fold("foreach", Box::new(source), pattern, parts);
        }
        // The state is the list of the outputs.
        let state = |term| Term::Arr(Some(Box::new(term)));
        let init = binary(init, BinaryOp::Pipe(None), state(Term::Id));
        let last = self.call("_last", Vec::new());
        let update = binary(last, BinaryOp::Pipe(None), update);
        let each = self.call("_each", Vec::new());
        let extract = match extract {
            Some(extract) => binary(each, BinaryOp::Pipe(None), extract),
            None => each,
        };
        let parts = vec![init, state(update), extract];
        Term::Fold("foreach", Box::new(source), pattern, parts)
    }

    /// `source as pattern ?// pattern … | body`: the next pattern is tried when one, or the body with
    /// it, fails. The variables of all patterns exist, with null where a pattern does not have them.
    pub(super) fn alternatives(
        &mut self,
        source: Term<'s>,
        patterns: Vec<Pattern<&'s str>>,
        body: Term<'s>,
    ) -> Parsed<Term<'s>> {
        let all: BTreeSet<&'s str> = sort::set(patterns.iter().flat_map(variables));
        let (whole, input) = (self.fresh(), self.fresh());
        let mut tries: Option<Term<'s>> = None;
        for pattern in patterns.into_iter().rev() {
            let own = variables(&pattern);
            let mut attempt = binary(
                Term::Var(whole),
                BinaryOp::Pipe(Some(pattern)),
                body.clone(),
            );
            for name in all.iter().filter(|name| !own.contains(name)) {
                let null = self.call("null", Vec::new());
                attempt = Self::bind(null, name, attempt);
            }
            tries = Some(match tries {
                None => attempt,
                Some(next) => {
                    let next = binary(Term::Var(input), BinaryOp::Pipe(None), next);
                    Term::TryCatch(Box::new(attempt), Some(Box::new(next)))
                }
            });
        }
        let tries = tries.unwrap_or_default();
        Ok(Self::bind(
            source,
            whole,
            Self::bind(Term::Id, input, tries),
        ))
    }
}

/// The variables of a pattern.
fn variables<'s>(pattern: &Pattern<&'s str>) -> Vec<&'s str> {
    match pattern {
        Pattern::Var(name) => vec![name],
        Pattern::Arr(patterns) => patterns.iter().flat_map(variables).collect(),
        Pattern::Obj(members) => {
            let patterns = members.iter().map(|(_, pattern)| pattern);
            patterns.flat_map(variables).collect()
        }
    }
}
