//! Which twins or relationships have a value at a path: made when a query first asks, kept up to date from then on.
//!
//! An entry is eight bytes: half of them a hash of the value, half the place. What an index finds is only a
//! candidate, which the query tests like any other.
//!
//! An index is made in two steps. The entries are collected in portions under the graph's lock, in any order; then
//! they are taken out, sorted without a lock, and put back. What changes meanwhile is noted and made up for.
//!
//! Who makes or uses an index holds it by a [`Pin`]: only an index that nobody holds makes room for another.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::value::IndexedScalar;

/// Indexes of one collection. The one longest unused makes room for another; if all are in use, there is no other.
const MAXIMUM: usize = 16;
/// Changes noted while entries are collected. With more, because nobody goes on collecting, they are sorted at once.
const NOTED: usize = 65_536;

/// Gives entries that are taken out a number, so that they go back to the very index from which they come.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// The hash of a value, as entries have it.
pub(crate) type ValueHash = u32;

/// The indexes of one collection.
#[derive(Debug, Default)]
pub(crate) struct PropertyIndexes {
    hasher: RandomState,
    indexes: Vec<PropertyIndex>,
    /// How often an index was taken into use.
    uses: AtomicU64,
}

/// Keeps an index from making room for another.
#[derive(Debug)]
pub(crate) struct Pin(
    #[expect(dead_code, reason = "that there is another owner is all that matters")] Arc<()>,
);

#[derive(Debug)]
struct PropertyIndex {
    path: Vec<String>,
    entries: Entries,
    /// What became of entries since, while they are not sorted: whether they are there now.
    noted: Vec<(u64, bool)>,
    /// The places from here on are not looked at yet.
    covered: Slot,
    /// Shared with those who hold the index.
    pins: Arc<()>,
    /// The number of its latest use.
    used: AtomicU64,
}

#[derive(Debug)]
enum Entries {
    Collected(Vec<u64>),
    /// Somebody who has this number sorts them.
    Taken(u64),
    Sorted(BTreeSet<u64>),
}

/// How far an index is.
#[derive(Debug)]
pub(crate) enum Building {
    /// There are places to look at, or somebody else sorts the entries.
    Goes(Pin),
    /// The entries are to be sorted, without a lock, and to be put back.
    Collected(Unsorted),
    Done(Pin),
    /// There are as many indexes as there may be, and all are in use.
    NoRoom,
}

/// The entries of an index on their way.
#[derive(Debug)]
pub(crate) struct Unsorted {
    entries: Vec<u64>,
    number: u64,
    pin: Pin,
}

/// The entries of an index in order.
#[derive(Debug)]
pub(crate) struct Sorted {
    entries: BTreeSet<u64>,
    number: u64,
    pin: Pin,
}

impl Unsorted {
    pub(crate) fn sort(mut self) -> Sorted {
        Sorted {
            entries: sorted(&mut self.entries),
            number: self.number,
            pin: self.pin,
        }
    }
}

/// A set of sorted entries is made at once, several times faster than one entry after the other.
fn sorted(entries: &mut Vec<u64>) -> BTreeSet<u64> {
    entries.sort_unstable();
    std::mem::take(entries).into_iter().collect()
}

/// Sorted by value, then by place.
fn entry(hash: ValueHash, slot: Slot) -> u64 {
    u64::from(hash) << 32 | u64::from(slot)
}

impl PropertyIndex {
    /// Notes that an entry is there from now on, or is not.
    fn set(&mut self, entry: u64, present: bool) {
        if let Entries::Sorted(entries) = &mut self.entries {
            if present {
                entries.insert(entry);
            } else {
                entries.remove(&entry);
            }
            return;
        }
        self.noted.push((entry, present));
        if self.noted.len() > NOTED
            && let Entries::Collected(entries) = &mut self.entries
        {
            let entries = sorted(entries);
            self.settle(entries);
        }
    }

    fn settle(&mut self, entries: BTreeSet<u64>) {
        self.entries = Entries::Sorted(entries);
        for (entry, present) in std::mem::take(&mut self.noted) {
            self.set(entry, present);
        }
    }

    fn sorted(&self) -> Option<&BTreeSet<u64>> {
        match &self.entries {
            Entries::Sorted(entries) => Some(entries),
            Entries::Collected(_) | Entries::Taken(_) => None,
        }
    }
}

impl PropertyIndexes {
    pub(crate) fn hash(&self, value: &IndexedScalar<'_>) -> ValueHash {
        // Half of a hash is as good as any other; the shift leaves what fits.
        ValueHash::try_from(self.hasher.hash_one(value) >> 32).unwrap_or_default()
    }

    /// Forgets a place whose value at a path `value` knows.
    pub(crate) fn remove<'v>(&mut self, slot: Slot, value: impl Fn(&[String]) -> Option<IndexedScalar<'v>>) {
        self.set(slot, value, false);
    }

    /// Notes the values of a place.
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

    /// Whether there is an index that knows every place below `end`.
    pub(crate) fn covers(&self, path: &[String], end: Slot) -> bool {
        self.find(path)
            .is_some_and(|index| index.covered >= end && index.sorted().is_some())
    }

    fn find(&self, path: &[String]) -> Option<&PropertyIndex> {
        self.indexes.iter().find(|index| index.path == path)
    }

    /// Looks at up to `chunk` further places for an index, which is made if there is none.
    pub(crate) fn build<'v>(
        &mut self,
        path: &[String],
        end: Slot,
        chunk: Slot,
        value: impl Fn(Slot) -> Option<IndexedScalar<'v>>,
    ) -> Building {
        let mut index = match self.indexes.iter().position(|index| index.path == path) {
            Some(at) => self.indexes.swap_remove(at),
            None if self.indexes.len() >= MAXIMUM && !self.make_room() => return Building::NoRoom,
            None => PropertyIndex {
                path: path.to_vec(),
                entries: Entries::Collected(Vec::new()),
                noted: Vec::new(),
                covered: 0,
                pins: Arc::default(),
                used: AtomicU64::default(),
            },
        };
        let pin = self.take_into_use(&index);
        let until = end.min(index.covered.saturating_add(chunk));
        for slot in index.covered..until {
            if let Some(value) = value(slot) {
                let entry = entry(self.hash(&value), slot);
                match &mut index.entries {
                    Entries::Collected(entries) => entries.push(entry),
                    _ => index.set(entry, true),
                }
            }
        }
        index.covered = index.covered.max(until);
        let complete = index.covered >= end;
        if complete {
            // Places that come later are noted as they are taken.
            index.covered = Slot::MAX;
        }
        let building = match &mut index.entries {
            Entries::Collected(entries) if complete => {
                let unsorted = Unsorted {
                    entries: std::mem::take(entries),
                    number: TAKEN.fetch_add(1, Ordering::Relaxed),
                    pin,
                };
                index.entries = Entries::Taken(unsorted.number);
                Building::Collected(unsorted)
            }
            Entries::Sorted(_) if complete => Building::Done(pin),
            _ => Building::Goes(pin),
        };
        self.indexes.push(index);
        building
    }

    fn take_into_use(&self, index: &PropertyIndex) -> Pin {
        let use_number = self.uses.fetch_add(1, Ordering::Relaxed);
        index.used.store(use_number, Ordering::Relaxed);
        Pin(Arc::clone(&index.pins))
    }

    /// Takes an index into use, if it is there.
    pub(crate) fn pin(&self, path: &[String]) -> Option<Pin> {
        Some(self.take_into_use(self.find(path)?))
    }

    /// Forgets the index longest unused of those that nobody holds; tells whether there was one.
    fn make_room(&mut self) -> bool {
        let free = self.indexes.iter().enumerate();
        let free = free.filter(|(_, index)| Arc::strong_count(&index.pins) == 1);
        let oldest = free.min_by_key(|(_, index)| index.used.load(Ordering::Relaxed));
        let Some((at, _)) = oldest else { return false };
        self.indexes.swap_remove(at);
        true
    }

    /// Puts back the entries that [`build`](Self::build) gave; they are of no use in the index of another graph.
    pub(crate) fn put_back(&mut self, path: &[String], sorted: Sorted) -> Pin {
        let index = self.indexes.iter_mut().find(|index| index.path == path);
        if let Some(index) = index
            && matches!(index.entries, Entries::Taken(number) if number == sorted.number)
        {
            index.settle(sorted.entries);
        }
        sorted.pin
    }

    /// The places from `from` on that may have a value with this hash, in ascending order.
    pub(crate) fn places(
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

    /// How many places have a value with this hash, counted up to a limit.
    pub(crate) fn count(&self, path: &[String], hash: ValueHash, limit: usize) -> usize {
        self.places(path, hash, 0).take(limit).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> Vec<String> {
        vec!["x".to_owned()]
    }

    fn parity(slot: Slot) -> Option<IndexedScalar<'static>> {
        Some(IndexedScalar::Bool(slot.is_multiple_of(2)))
    }

    fn even(indexes: &PropertyIndexes) -> Vec<Slot> {
        let hash = indexes.hash(&IndexedScalar::Bool(true));
        indexes.places(&path(), hash, 0).collect()
    }

    fn collected(building: Building) -> Unsorted {
        match building {
            Building::Collected(unsorted) => unsorted,
            other => panic!("{other:?}"),
        }
    }

    fn built(indexes: &mut PropertyIndexes, end: Slot) {
        let unsorted = collected(indexes.build(&path(), end, end, parity));
        indexes.put_back(&path(), unsorted.sort());
        assert!(matches!(
            indexes.build(&path(), end, end, parity),
            Building::Done(_)
        ));
    }

    #[test]
    fn values_are_found_as_they_come_and_go() {
        let mut indexes = PropertyIndexes::default();
        built(&mut indexes, 10);
        assert!(indexes.covers(&path(), 10));
        assert_eq!(even(&indexes), [0, 2, 4, 6, 8]);
        let hash = indexes.hash(&IndexedScalar::Bool(true));
        assert_eq!(indexes.count(&path(), hash, 100), 5);
        assert_eq!(indexes.count(&path(), hash, 3), 3);
        assert_eq!(indexes.places(&path(), hash, 5).next(), Some(6));
        indexes.remove(6, |_| parity(6));
        indexes.add(12, |_| parity(12));
        assert_eq!(indexes.places(&path(), hash, 5).collect::<Vec<_>>(), [8, 12]);
        assert_eq!(indexes.places(&path(), hash, 13).next(), None);
    }

    #[test]
    fn changes_while_it_is_made_are_made_up_for() {
        let mut indexes = PropertyIndexes::default();
        assert!(matches!(indexes.build(&path(), 10, 6, parity), Building::Goes(_)));
        // Looked at already.
        indexes.remove(2, |_| parity(2));
        indexes.remove(4, |_| parity(4));
        indexes.add(4, |_| parity(4));
        // Found when its turn comes.
        indexes.add(8, |_| parity(8));
        let unsorted = collected(indexes.build(&path(), 10, 6, parity));
        assert!(!indexes.covers(&path(), 10));
        assert!(even(&indexes).is_empty());
        indexes.remove(6, |_| parity(6));
        indexes.add(12, |_| parity(12));
        assert!(matches!(indexes.build(&path(), 13, 6, parity), Building::Goes(_)));
        indexes.put_back(&path(), unsorted.sort());
        assert!(indexes.covers(&path(), 13));
        assert_eq!(even(&indexes), [0, 4, 8, 12]);
    }

    #[test]
    fn one_that_nobody_goes_on_to_make_notes_only_so_many_changes() {
        let mut indexes = PropertyIndexes::default();
        indexes.build(&path(), 10, 6, parity);
        for _ in 0..NOTED {
            indexes.remove(4, |_| parity(4));
            indexes.add(4, |_| parity(4));
        }
        indexes.remove(2, |_| parity(2));
        assert!(indexes.indexes.iter().all(|index| index.noted.len() <= NOTED));
        assert!(!indexes.covers(&path(), 10));
        assert!(matches!(indexes.build(&path(), 10, 6, parity), Building::Done(_)));
        assert_eq!(even(&indexes), [0, 4, 6, 8]);
    }

    #[test]
    fn entries_go_back_only_where_they_come_from() {
        let (mut before, mut indexes) = (PropertyIndexes::default(), PropertyIndexes::default());
        let first = collected(before.build(&path(), 10, 10, parity));
        let second = collected(indexes.build(&path(), 4, 10, parity));
        indexes.put_back(&path(), first.sort());
        assert!(!indexes.covers(&path(), 4));
        indexes.put_back(&path(), second.sort());
        assert_eq!(even(&indexes), [0, 2]);
    }

    fn there(indexes: &PropertyIndexes, name: &str) -> bool {
        indexes.find(&[name.to_owned()]).is_some()
    }

    fn full() -> (PropertyIndexes, Vec<Pin>) {
        let mut indexes = PropertyIndexes::default();
        let pins = (0..MAXIMUM).map(
            |number| match indexes.build(&[number.to_string()], 2, 1, |_| None) {
                Building::Goes(pin) => pin,
                other => panic!("{other:?}"),
            },
        );
        let pins = pins.collect();
        (indexes, pins)
    }

    #[test]
    fn the_longest_unused_makes_room() {
        let (mut indexes, pins) = full();
        drop(pins);
        assert!(indexes.pin(&["0".to_owned()]).is_some());
        indexes.build(&["new".to_owned()], 1, 1, |_| None);
        assert!(there(&indexes, "0") && there(&indexes, "new"));
        assert!(!there(&indexes, "1"));
        indexes.build(&["newer".to_owned()], 1, 1, |_| None);
        assert!(!there(&indexes, "2"));
        assert_eq!(indexes.indexes.len(), MAXIMUM);
    }

    #[test]
    fn one_that_is_in_use_stays() {
        let (mut indexes, mut pins) = full();
        let new = ["new".to_owned()];
        assert!(matches!(indexes.build(&new, 1, 1, |_| None), Building::NoRoom));
        // Somebody goes on with one of those that are there.
        assert!(matches!(
            indexes.build(&["3".to_owned()], 2, 1, |_| None),
            Building::Collected(_)
        ));
        drop(pins.remove(7));
        assert!(matches!(indexes.build(&new, 2, 1, |_| None), Building::Goes(_)));
        assert!(there(&indexes, "new") && !there(&indexes, "7"));
        assert_eq!(indexes.indexes.len(), MAXIMUM);
    }
}
