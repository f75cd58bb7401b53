//! Objects that need each other.

use crate::elf::tree::{Resolution, Tree};
use crate::sort::Sortable;

/// The groups of objects, from number `first` on, of which each needs all others of its group,
/// directly or not.
pub(super) fn cycles(tree: &Tree, first: usize) -> Vec<Vec<usize>> {
    let needed = |number: usize, at: usize| -> Option<Option<usize>> {
        let (_, wanted) = tree.objects.get(number)?.wants.get(at)?;
        Some(match wanted {
            Resolution::Loaded(wanted) if *wanted >= first => Some(*wanted),
            Resolution::Loaded(_) | Resolution::Missing(_) => None,
        })
    };
    let mut search = Search {
        order: vec![None; tree.objects.len()],
        lowest: vec![0; tree.objects.len()],
        waiting: Vec::new(),
        is_waiting: vec![false; tree.objects.len()],
        next: 0,
        groups: Vec::new(),
    };
    for start in first..tree.objects.len() {
        if search.order.get(start) == Some(&None) {
            search.visit(start, &needed);
        }
    }
    search.groups
}

/// Tarjan's algorithm for strongly connected components, with an explicit stack.
struct Search {
    order: Vec<Option<usize>>,
    lowest: Vec<usize>,
    waiting: Vec<usize>,
    is_waiting: Vec<bool>,
    next: usize,
    groups: Vec<Vec<usize>>,
}

impl Search {
    fn enter(&mut self, number: usize) {
        set(&mut self.order, number, Some(self.next));
        set(&mut self.lowest, number, self.next);
        set(&mut self.is_waiting, number, true);
        self.waiting.push(number);
        self.next += 1;
    }

    fn lower(&mut self, number: usize, to: usize) {
        if let Some(lowest) = self.lowest.get_mut(number) {
            *lowest = to.min(*lowest);
        }
    }

    fn visit(&mut self, start: usize, needed: &impl Fn(usize, usize) -> Option<Option<usize>>) {
        self.enter(start);
        let mut stack = vec![(start, 0)];
        while let Some((number, at)) = stack.last_mut() {
            let number = *number;
            let Some(wanted) = needed(number, *at) else {
                stack.pop();
                self.leave(number);
                if let Some((parent, _)) = stack.last() {
                    let lowest = self.lowest.get(number).copied().unwrap_or(0);
                    self.lower(*parent, lowest);
                }
                continue;
            };
            *at += 1;
            let Some(wanted) = wanted else { continue };
            match self.order.get(wanted).copied().flatten() {
                None => {
                    self.enter(wanted);
                    stack.push((wanted, 0));
                }
                Some(order) if self.is_waiting.get(wanted) == Some(&true) => {
                    self.lower(number, order);
                }
                Some(_) => {}
            }
        }
    }

    fn leave(&mut self, number: usize) {
        if self.lowest.get(number).copied() != self.order.get(number).copied().flatten() {
            return;
        }
        let mut group = Vec::new();
        while let Some(member) = self.waiting.pop() {
            set(&mut self.is_waiting, member, false);
            group.push(member);
            if member == number {
                break;
            }
        }
        if group.len() > 1 {
            group.order();
            self.groups.push(group);
        }
    }
}

fn set<T>(list: &mut [T], at: usize, to: T) {
    if let Some(place) = list.get_mut(at) {
        *place = to;
    }
}
