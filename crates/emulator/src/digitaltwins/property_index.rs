//! Which twins or relationships have a value at a path: made when a query first asks, kept up to date from then on.
//!
//! An entry is eight bytes: half of them a hash of the value, half the place. What an index finds is only a
//! candidate, which the query tests like any other.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::query::IndexedScalar;
use super::slab::Slot;

/// Indexes of one collection. The one longest unused makes room for another.
const MAXIMUM: usize = 16;

/// The hash of a value, as entries have it.
pub(crate) type ValueHash = u32;

/// The indexes of one collection.
#[derive(Debug, Default)]
pub(crate) struct PropertyIndexes {
    hasher: RandomState,
    /// In the order of their use, the latest last.
    indexes: Vec<PropertyIndex>,
}

#[derive(Debug)]
struct PropertyIndex {
    path: Vec<String>,
    entries: BTreeSet<u64>,
    /// The places from here on are not looked at yet.
    covered: Slot,
}

/// Sorted by value, then by place.
fn entry(hash: ValueHash, slot: Slot) -> u64 {
    u64::from(hash) << 32 | u64::from(slot)
}

impl PropertyIndexes {
    pub(crate) fn hash(&self, value: &IndexedScalar<'_>) -> ValueHash {
        // Half of a hash is as good as any other; the shift leaves what fits.
        ValueHash::try_from(self.hasher.hash_one(value) >> 32).unwrap_or_default()
    }

    /// Forgets a place whose value at a path `value` knows.
    pub(crate) fn remove<'v>(&mut self, slot: Slot, value: impl Fn(&[String]) -> Option<IndexedScalar<'v>>) {
        for at in 0..self.indexes.len() {
            if let Some(hash) = self.hash_at(at, &value)
                && let Some(index) = self.indexes.get_mut(at)
            {
                index.entries.remove(&entry(hash, slot));
            }
        }
    }

    /// Notes the values of a place.
    pub(crate) fn add<'v>(&mut self, slot: Slot, value: impl Fn(&[String]) -> Option<IndexedScalar<'v>>) {
        for at in 0..self.indexes.len() {
            if let Some(hash) = self.hash_at(at, &value)
                && let Some(index) = self.indexes.get_mut(at)
                && slot < index.covered
            {
                index.entries.insert(entry(hash, slot));
            }
        }
    }

    fn hash_at<'v>(
        &self,
        at: usize,
        value: &impl Fn(&[String]) -> Option<IndexedScalar<'v>>,
    ) -> Option<ValueHash> {
        Some(self.hash(&value(&self.indexes.get(at)?.path)?))
    }

    /// Whether there is an index that knows every place below `end`.
    pub(crate) fn covers(&self, path: &[String], end: Slot) -> bool {
        self.find(path).is_some_and(|index| index.covered >= end)
    }

    fn find(&self, path: &[String]) -> Option<&PropertyIndex> {
        self.indexes.iter().find(|index| index.path == path)
    }

    /// Looks at up to `chunk` further places for an index, which is made if there is none. Tells whether it is
    /// complete.
    pub(crate) fn build<'v>(
        &mut self,
        path: &[String],
        end: Slot,
        chunk: Slot,
        value: impl Fn(Slot) -> Option<IndexedScalar<'v>>,
    ) -> bool {
        let mut index = match self.indexes.iter().position(|index| index.path == path) {
            Some(at) => self.indexes.remove(at),
            None => {
                if self.indexes.len() >= MAXIMUM {
                    self.indexes.remove(0);
                }
                PropertyIndex {
                    path: path.to_vec(),
                    entries: BTreeSet::new(),
                    covered: 0,
                }
            }
        };
        let until = end.min(index.covered.saturating_add(chunk));
        for slot in index.covered..until {
            if let Some(value) = value(slot) {
                index.entries.insert(entry(self.hash(&value), slot));
            }
        }
        index.covered = until;
        let complete = until >= end;
        if complete {
            // Places that come later are noted as they are taken.
            index.covered = Slot::MAX;
        }
        self.indexes.push(index);
        complete
    }

    /// The first place from `from` on that may have a value with this hash.
    pub(crate) fn next(&self, path: &[String], hash: ValueHash, from: Slot) -> Option<Slot> {
        let range = entry(hash, from)..=entry(hash, Slot::MAX);
        let found = self.find(path)?.entries.range(range).next()?;
        Slot::try_from(found & u64::from(Slot::MAX)).ok()
    }

    /// How many places have a value with this hash, counted up to a limit.
    pub(crate) fn count(&self, path: &[String], hash: ValueHash, limit: usize) -> usize {
        let range = entry(hash, 0)..=entry(hash, Slot::MAX);
        self.find(path)
            .map_or(0, |index| index.entries.range(range).take(limit).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_as_they_come_and_go() {
        let mut indexes = PropertyIndexes::default();
        let path = vec!["x".to_owned()];
        let parity = |slot: Slot| Some(IndexedScalar::Bool(slot.is_multiple_of(2)));
        assert!(!indexes.covers(&path, 10));
        assert!(!indexes.build(&path, 10, 6, parity));
        // Not covered yet: it is found when its turn comes.
        indexes.add(9, |_| parity(9));
        assert!(indexes.build(&path, 10, 6, parity));
        assert!(indexes.covers(&path, 10));
        let even = indexes.hash(&IndexedScalar::Bool(true));
        assert_eq!(indexes.count(&path, even, 100), 5);
        assert_eq!(indexes.next(&path, even, 5), Some(6));
        indexes.remove(6, |_| parity(6));
        assert_eq!(indexes.next(&path, even, 5), Some(8));
        indexes.add(12, |_| parity(12));
        assert_eq!(indexes.next(&path, even, 9), Some(12));
        assert_eq!(indexes.next(&path, even, 13), None);
    }

    #[test]
    fn the_longest_unused_makes_room() {
        let mut indexes = PropertyIndexes::default();
        for number in 0..=MAXIMUM {
            indexes.build(&[number.to_string()], 1, 1, |_| None);
        }
        assert!(!indexes.covers(&["0".to_owned()], 1));
        assert!(indexes.covers(&["1".to_owned()], 1));
    }
}
