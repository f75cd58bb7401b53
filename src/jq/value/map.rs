//! The members of an object, in the order of insertion.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Value;
use crate::sort::Sortable;

/// With more members than this, keys are looked up in a tree.
const MOST_SCANNED: usize = 16;

/// The members of an object.
#[derive(Clone, Debug, Default)]
pub(in crate::jq) struct Map {
    members: Vec<(Rc<str>, Value)>,
    /// The place of each key, when there are many. `None` until it is needed.
    places: Option<BTreeMap<Rc<str>, usize>>,
}

impl Map {
    pub(in crate::jq) fn len(&self) -> usize {
        self.members.len()
    }

    pub(in crate::jq) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(in crate::jq) fn iter(&self) -> impl Iterator<Item = (&Rc<str>, &Value)> {
        self.members.iter().map(|(key, value)| (key, value))
    }

    pub(in crate::jq) fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.members.iter_mut().map(|(_, value)| value)
    }

    fn place(&self, key: &str) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(key).copied(),
            None => self.members.iter().position(|(own, _)| **own == *key),
        }
    }

    pub(in crate::jq) fn get(&self, key: &str) -> Option<&Value> {
        let (_, value) = self.members.get(self.place(key)?)?;
        Some(value)
    }

    pub(in crate::jq) fn contains(&self, key: &str) -> bool {
        self.place(key).is_some()
    }

    /// Replaces the value of a member, or adds it at the end.
    pub(in crate::jq) fn insert(&mut self, key: Rc<str>, value: Value) {
        *self.entry(key) = value;
    }

    /// The value of a member, which is added with null where it is missing.
    pub(in crate::jq) fn entry(&mut self, key: Rc<str>) -> &mut Value {
        let place = match self.place(&key) {
            Some(place) => place,
            None => self.push(key),
        };
        // The place is that of a member.
        #[allow(clippy::indexing_slicing)]
        &mut self.members[place].1
    }

    fn push(&mut self, key: Rc<str>) -> usize {
        let place = self.members.len();
        if let Some(places) = &mut self.places {
            places.insert(Rc::clone(&key), place);
        }
        self.members.push((key, Value::Null));
        if self.places.is_none() && self.members.len() > MOST_SCANNED {
            self.index();
        }
        place
    }

    fn index(&mut self) {
        let keys = self.members.iter().enumerate();
        let places = keys.map(|(place, (key, _))| (Rc::clone(key), place));
        self.places = Some(places.collect());
    }

    /// Removes the members for which `keep` is false.
    pub(in crate::jq) fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        let before = self.members.len();
        self.members.retain(|(key, _)| keep(key));
        if self.members.len() != before && self.places.is_some() {
            self.places = None;
            if self.members.len() > MOST_SCANNED {
                self.index();
            }
        }
    }

    /// The members, sorted by their keys.
    pub(in crate::jq) fn sorted(&self) -> Vec<(&Rc<str>, &Value)> {
        let mut members: Vec<_> = self.iter().collect();
        members.order_by(|one, other| one.0.cmp(other.0));
        members
    }
}

impl IntoIterator for Map {
    type Item = (Rc<str>, Value);
    type IntoIter = std::vec::IntoIter<(Rc<str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

impl FromIterator<(Rc<str>, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Rc<str>, Value)>>(members: I) -> Map {
        let mut map = Map::default();
        for (key, value) in members {
            map.insert(key, value);
        }
        map
    }
}
