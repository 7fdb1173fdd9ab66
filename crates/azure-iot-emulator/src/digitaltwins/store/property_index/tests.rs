use super::*;
use crate::digitaltwins::store::property_index::index::MAX_PENDING;

fn path() -> Vec<String> {
    vec!["x".to_owned()]
}

fn parity(slot: Slot) -> Option<IndexedScalar<'static>> {
    Some(IndexedScalar::Bool(slot.is_multiple_of(2)))
}

fn even(indexes: &PropertyIndexes) -> Vec<Slot> {
    let hash = indexes.hash(&IndexedScalar::Bool(true));
    indexes.slots(&path(), hash, 0).collect()
}

fn collected(building: IndexBuild) -> UnsortedEntries {
    match building {
        IndexBuild::Collected(unsorted) => unsorted,
        other => panic!("{other:?}"),
    }
}

fn build_all(indexes: &mut PropertyIndexes, end: Slot) {
    let unsorted = collected(indexes.build(&path(), end, end, parity));
    indexes.put_back(&path(), unsorted.sort());
    assert!(matches!(
        indexes.build(&path(), end, end, parity),
        IndexBuild::Done(_)
    ));
}

#[test]
fn index_follows_additions_and_removals() {
    let mut indexes = PropertyIndexes::default();
    build_all(&mut indexes, 10);
    assert!(indexes.covers(&path(), 10));
    assert_eq!(even(&indexes), [0, 2, 4, 6, 8]);
    let hash = indexes.hash(&IndexedScalar::Bool(true));
    assert_eq!(indexes.count(&path(), hash, 100), 5);
    assert_eq!(indexes.count(&path(), hash, 3), 3);
    assert_eq!(indexes.slots(&path(), hash, 5).next(), Some(6));
    indexes.remove(6, |_| parity(6));
    indexes.add(12, |_| parity(12));
    assert_eq!(indexes.slots(&path(), hash, 5).collect::<Vec<_>>(), [8, 12]);
    assert_eq!(indexes.slots(&path(), hash, 13).next(), None);
}

#[test]
fn changes_during_a_build_are_applied_to_it() {
    let mut indexes = PropertyIndexes::default();
    assert!(matches!(
        indexes.build(&path(), 10, 6, parity),
        IndexBuild::InProgress(_)
    ));
    // These slots are already scanned.
    indexes.remove(2, |_| parity(2));
    indexes.remove(4, |_| parity(4));
    indexes.add(4, |_| parity(4));
    // This slot is not scanned yet.
    indexes.add(8, |_| parity(8));
    let unsorted = collected(indexes.build(&path(), 10, 6, parity));
    assert!(!indexes.covers(&path(), 10));
    assert!(even(&indexes).is_empty());
    indexes.remove(6, |_| parity(6));
    indexes.add(12, |_| parity(12));
    assert!(matches!(
        indexes.build(&path(), 13, 6, parity),
        IndexBuild::InProgress(_)
    ));
    indexes.put_back(&path(), unsorted.sort());
    assert!(indexes.covers(&path(), 13));
    assert_eq!(even(&indexes), [0, 4, 8, 12]);
}

#[test]
fn an_abandoned_build_holds_a_bounded_number_of_changes() {
    let mut indexes = PropertyIndexes::default();
    indexes.build(&path(), 10, 6, parity);
    for _ in 0..MAX_PENDING {
        indexes.remove(4, |_| parity(4));
        indexes.add(4, |_| parity(4));
    }
    indexes.remove(2, |_| parity(2));
    assert!(
        indexes
            .indexes
            .iter()
            .all(|index| index.pending.len() <= MAX_PENDING)
    );
    assert!(!indexes.covers(&path(), 10));
    assert!(matches!(
        indexes.build(&path(), 10, 6, parity),
        IndexBuild::Done(_)
    ));
    assert_eq!(even(&indexes), [0, 4, 6, 8]);
}

#[test]
fn sorted_entries_return_only_to_the_index_they_were_taken_from() {
    let (mut before, mut indexes) = (PropertyIndexes::default(), PropertyIndexes::default());
    let first = collected(before.build(&path(), 10, 10, parity));
    let second = collected(indexes.build(&path(), 4, 10, parity));
    indexes.put_back(&path(), first.sort());
    assert!(!indexes.covers(&path(), 4));
    indexes.put_back(&path(), second.sort());
    assert_eq!(even(&indexes), [0, 2]);
}

fn has(indexes: &PropertyIndexes, name: &str) -> bool {
    indexes.find(&[name.to_owned()]).is_some()
}

fn full() -> (PropertyIndexes, Vec<Pin>) {
    let mut indexes = PropertyIndexes::default();
    let pins = (0..MAX_INDEXES).map(
        |number| match indexes.build(&[number.to_string()], 2, 1, |_| None) {
            IndexBuild::InProgress(pin) => pin,
            other => panic!("{other:?}"),
        },
    );
    let pins = pins.collect();
    (indexes, pins)
}

#[test]
fn the_least_recently_used_index_is_evicted() {
    let (mut indexes, pins) = full();
    drop(pins);
    assert!(indexes.pin(&["0".to_owned()]).is_some());
    indexes.build(&["new".to_owned()], 1, 1, |_| None);
    assert!(has(&indexes, "0") && has(&indexes, "new"));
    assert!(!has(&indexes, "1"));
    indexes.build(&["newer".to_owned()], 1, 1, |_| None);
    assert!(!has(&indexes, "2"));
    assert_eq!(indexes.indexes.len(), MAX_INDEXES);
}

#[test]
fn a_pinned_index_is_not_evicted() {
    let (mut indexes, mut pins) = full();
    let new = ["new".to_owned()];
    assert!(matches!(indexes.build(&new, 1, 1, |_| None), IndexBuild::NoRoom));
    // A build of an existing index does not need to evict another one.
    assert!(matches!(
        indexes.build(&["3".to_owned()], 2, 1, |_| None),
        IndexBuild::Collected(_)
    ));
    drop(pins.remove(7));
    assert!(matches!(
        indexes.build(&new, 2, 1, |_| None),
        IndexBuild::InProgress(_)
    ));
    assert!(has(&indexes, "new") && !has(&indexes, "7"));
    assert_eq!(indexes.indexes.len(), MAX_INDEXES);
}
