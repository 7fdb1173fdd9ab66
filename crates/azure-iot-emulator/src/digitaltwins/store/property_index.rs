//! Indexes from property values to twins or relationships, built when a query first needs them and maintained afterwards.
//!
//! An entry has eight bytes: half of the value's hash, and the slot. Hashes collide, so an index yields candidates,
//! and the query evaluates its condition for each of them.
//!
//! An index is built in two steps. Unsorted entries are collected in chunks under the graph's lock; then they are
//! taken out, sorted without a lock, and put back. Changes during the sort are recorded and applied at the end.
//!
//! A [`Pin`] protects an index from eviction while it is built or used.

mod index;
#[cfg(test)]
mod tests;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use self::index::{Entries, PropertyIndex, entry};
pub(crate) use self::index::{Pin, SortedEntries, UnsortedEntries, ValueHash};
use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::value::IndexedScalar;

/// Maximum number of indexes per collection. A new index evicts the least recently used index that is not pinned.
const MAX_INDEXES: usize = 16;

/// The last number given to entries that were taken out. The number ensures that they are put back into the same
/// index.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// The indexes of one collection.
#[derive(Debug, Default)]
pub(crate) struct PropertyIndexes {
    hasher: RandomState,
    indexes: Vec<PropertyIndex>,
    /// Number of uses of all indexes, to find the least recently used one.
    uses: AtomicU64,
}

/// The state of an index after a step of its build.
#[derive(Debug)]
pub(crate) enum IndexBuild {
    /// Slots remain to be scanned, or another thread sorts the entries.
    InProgress(Pin),
    /// The caller must sort the entries without a lock and put them back.
    Collected(UnsortedEntries),
    Done(Pin),
    /// The maximum number of indexes is reached, and all are pinned.
    NoRoom,
}

impl PropertyIndexes {
    #[expect(clippy::expect_used, reason = "the shift leaves 32 bits")]
    pub(crate) fn hash(&self, value: &IndexedScalar<'_>) -> ValueHash {
        // 32 bits suffice, because entries are only candidates.
        ValueHash::try_from(self.hasher.hash_one(value) >> 32).expect("half of 64 bits fit in 32")
    }

    /// Removes a slot from all indexes; `value` returns its value at a path.
    pub(crate) fn remove<'v>(&mut self, slot: Slot, value: impl Fn(&[String]) -> Option<IndexedScalar<'v>>) {
        self.set(slot, value, false);
    }

    /// Adds a slot to all indexes; `value` returns its value at a path.
    pub(crate) fn add<'v>(&mut self, slot: Slot, value: impl Fn(&[String]) -> Option<IndexedScalar<'v>>) {
        self.set(slot, value, true);
    }

    fn set<'v>(&mut self, slot: Slot, value: impl Fn(&[String]) -> Option<IndexedScalar<'v>>, present: bool) {
        for at in 0..self.indexes.len() {
            if let Some(hash) = self.hash_at(at, &value)
                && let Some(index) = self.indexes.get_mut(at)
                && slot < index.covered
            {
                index.set(entry(hash, slot), present);
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

    /// Returns whether an index exists and covers every slot below `end`.
    pub(crate) fn covers(&self, path: &[String], end: Slot) -> bool {
        self.find(path)
            .is_some_and(|index| index.covered >= end && index.sorted().is_some())
    }

    fn find(&self, path: &[String]) -> Option<&PropertyIndex> {
        self.indexes.iter().find(|index| index.path == path)
    }

    /// Scans up to `chunk` further slots for an index, which is created if needed.
    pub(crate) fn build<'v>(
        &mut self,
        path: &[String],
        end: Slot,
        chunk: Slot,
        value: impl Fn(Slot) -> Option<IndexedScalar<'v>>,
    ) -> IndexBuild {
        let mut index = match self.indexes.iter().position(|index| index.path == path) {
            Some(at) => self.indexes.swap_remove(at),
            None if self.indexes.len() >= MAX_INDEXES && !self.evict() => return IndexBuild::NoRoom,
            None => PropertyIndex::new(path),
        };
        let pin = self.touch(&index);
        let until = end.min(index.covered.saturating_add(chunk));
        for slot in index.covered..until {
            if let Some(value) = value(slot) {
                index.collect(entry(self.hash(&value), slot));
            }
        }
        index.covered = index.covered.max(until);
        let complete = index.covered >= end;
        if complete {
            // From here on the index is updated with every change to the graph.
            index.covered = Slot::MAX;
        }
        let build = match &mut index.entries {
            Entries::Collected(entries) if complete => {
                let unsorted = UnsortedEntries {
                    entries: std::mem::take(entries),
                    number: TAKEN.fetch_add(1, Ordering::Relaxed),
                    pin,
                };
                index.entries = Entries::Taken(unsorted.number);
                IndexBuild::Collected(unsorted)
            }
            Entries::Sorted(_) if complete => IndexBuild::Done(pin),
            _ => IndexBuild::InProgress(pin),
        };
        self.indexes.push(index);
        build
    }

    /// Marks an index as the most recently used, and pins it.
    fn touch(&self, index: &PropertyIndex) -> Pin {
        let use_number = self.uses.fetch_add(1, Ordering::Relaxed);
        index.used.store(use_number, Ordering::Relaxed);
        index.pin()
    }

    /// Pins an index, if it exists.
    pub(crate) fn pin(&self, path: &[String]) -> Option<Pin> {
        Some(self.touch(self.find(path)?))
    }

    /// Evicts the least recently used index that is not pinned. Returns false if all indexes are pinned.
    fn evict(&mut self) -> bool {
        let unpinned = self.indexes.iter().enumerate();
        let unpinned = unpinned.filter(|(_, index)| !index.is_pinned());
        let oldest = unpinned.min_by_key(|(_, index)| index.used.load(Ordering::Relaxed));
        let Some((at, _)) = oldest else { return false };
        self.indexes.swap_remove(at);
        true
    }

    /// Puts back the entries taken out by [`build`](Self::build). If they belong to an index that no longer exists,
    /// they are dropped.
    pub(crate) fn put_back(&mut self, path: &[String], sorted: SortedEntries) -> Pin {
        let index = self.indexes.iter_mut().find(|index| index.path == path);
        if let Some(index) = index
            && matches!(index.entries, Entries::Taken(number) if number == sorted.number)
        {
            index.settle(sorted.entries);
        }
        sorted.pin
    }

    /// Returns the slots at or after `from` that may have a value with this hash, in ascending order.
    pub(crate) fn slots(
        &self,
        path: &[String],
        hash: ValueHash,
        from: Slot,
    ) -> impl Iterator<Item = Slot> + '_ {
        let range = entry(hash, from)..=entry(hash, Slot::MAX);
        let entries = self.find(path).and_then(PropertyIndex::sorted);
        entries
            .into_iter()
            .flat_map(move |entries| entries.range(range.clone()))
            .filter_map(|found| Slot::try_from(found & u64::from(Slot::MAX)).ok())
    }

    /// Counts the slots that may have a value with this hash, up to a limit.
    pub(crate) fn count(&self, path: &[String], hash: ValueHash, limit: usize) -> usize {
        self.slots(path, hash, 0).take(limit).count()
    }
}
