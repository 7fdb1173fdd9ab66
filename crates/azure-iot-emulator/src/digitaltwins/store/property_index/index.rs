//! A single index: its entries, and pending changes during a build.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::digitaltwins::store::slab::Slot;

/// Maximum number of pending changes. If there are more, the build is considered abandoned, and the entries are
/// sorted immediately.
pub(super) const MAX_PENDING: usize = 65_536;

/// The half of a value's hash that an entry contains.
pub(crate) type ValueHash = u32;

/// A guard that keeps an index from being evicted.
#[derive(Debug)]
pub(crate) struct Pin(#[expect(dead_code, reason = "only the number of owners matters")] Arc<()>);

#[derive(Debug)]
pub(super) struct PropertyIndex {
    pub(super) path: Vec<String>,
    pub(super) entries: Entries,
    /// Changes during the build: each entry, and whether it is present.
    pub(super) pending: Vec<(u64, bool)>,
    /// The first slot that is not scanned yet.
    pub(super) covered: Slot,
    /// Shared with every [`Pin`], so that its reference count shows whether the index is pinned.
    pins: Arc<()>,
    /// Value of the use counter at the last use.
    pub(super) used: AtomicU64,
}

#[derive(Debug)]
pub(super) enum Entries {
    Collected(Vec<u64>),
    /// Another thread sorts the entries. The number identifies them.
    Taken(u64),
    Sorted(BTreeSet<u64>),
}

/// Entries taken out of an index to be sorted.
#[derive(Debug)]
pub(crate) struct UnsortedEntries {
    pub(super) entries: Vec<u64>,
    pub(super) number: u64,
    pub(super) pin: Pin,
}

/// Sorted entries to put back.
#[derive(Debug)]
pub(crate) struct SortedEntries {
    pub(super) entries: BTreeSet<u64>,
    pub(super) number: u64,
    pub(super) pin: Pin,
}

impl UnsortedEntries {
    pub(crate) fn sort(mut self) -> SortedEntries {
        SortedEntries {
            entries: sorted(&mut self.entries),
            number: self.number,
            pin: self.pin,
        }
    }
}

/// Builds a set. Sorting first makes this several times faster than inserting entries one by one.
fn sorted(entries: &mut Vec<u64>) -> BTreeSet<u64> {
    entries.sort_unstable();
    std::mem::take(entries).into_iter().collect()
}

/// Returns an entry. Entries are ordered by value hash, then by slot.
pub(super) fn entry(hash: ValueHash, slot: Slot) -> u64 {
    u64::from(hash) << 32 | u64::from(slot)
}

impl PropertyIndex {
    pub(super) fn new(path: &[String]) -> Self {
        PropertyIndex {
            path: path.to_vec(),
            entries: Entries::Collected(Vec::new()),
            pending: Vec::new(),
            covered: 0,
            pins: Arc::default(),
            used: AtomicU64::default(),
        }
    }

    pub(super) fn pin(&self) -> Pin {
        Pin(Arc::clone(&self.pins))
    }

    pub(super) fn is_pinned(&self) -> bool {
        Arc::strong_count(&self.pins) > 1
    }

    /// Adds an entry while slots are scanned.
    pub(super) fn collect(&mut self, entry: u64) {
        match &mut self.entries {
            Entries::Collected(entries) => entries.push(entry),
            Entries::Taken(_) | Entries::Sorted(_) => self.set(entry, true),
        }
    }

    /// Sets whether an entry is present.
    pub(super) fn set(&mut self, entry: u64, present: bool) {
        if let Entries::Sorted(entries) = &mut self.entries {
            if present {
                entries.insert(entry);
            } else {
                entries.remove(&entry);
            }
            return;
        }
        self.pending.push((entry, present));
        if self.pending.len() > MAX_PENDING
            && let Entries::Collected(entries) = &mut self.entries
        {
            let entries = sorted(entries);
            self.settle(entries);
        }
    }

    /// Replaces the entries by sorted entries and applies the pending changes.
    pub(super) fn settle(&mut self, entries: BTreeSet<u64>) {
        self.entries = Entries::Sorted(entries);
        for (entry, present) in std::mem::take(&mut self.pending) {
            self.set(entry, present);
        }
    }

    pub(super) fn sorted(&self) -> Option<&BTreeSet<u64>> {
        match &self.entries {
            Entries::Sorted(entries) => Some(entries),
            Entries::Collected(_) | Entries::Taken(_) => None,
        }
    }
}
