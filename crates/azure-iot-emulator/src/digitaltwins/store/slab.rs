//! Numbered slots for twins and relationships. Indexes store four-byte slots instead of ids, and queries pause and resume
//! in slot order.

/// The number of an entry in a [`Slab`]. Numbers of removed values are reused.
pub(crate) type Slot = u32;

#[derive(Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<Option<T>>,
    free: Vec<Slot>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab {
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slab<T> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Returns the end of the range of slots in use.
    #[expect(
        clippy::expect_used,
        reason = "`insert` creates no more entries than slots can number"
    )]
    pub(crate) fn end(&self) -> Slot {
        Slot::try_from(self.entries.len()).expect("slots can number all entries")
    }

    /// Stores a value in a free slot.
    #[expect(
        clippy::expect_used,
        reason = "the limits of an instance are far below four billion values"
    )]
    pub(crate) fn insert(&mut self, value: T) -> Slot {
        if let Some(slot) = self.free.pop() {
            let entry = self.entries.get_mut(slot as usize);
            *entry.expect("a free slot has an entry") = Some(value);
            return slot;
        }
        let slot = Slot::try_from(self.entries.len())
            .ok()
            .filter(|slot| *slot < Slot::MAX);
        self.entries.push(Some(value));
        slot.expect("fewer than four billion values are stored")
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        self.entries.get(slot as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<T> {
        let value = self.entries.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_reused() {
        let mut slab = Slab::default();
        assert_eq!((slab.insert('a'), slab.insert('b')), (0, 1));
        assert_eq!(slab.remove(0), Some('a'));
        assert_eq!(slab.remove(0), None);
        assert_eq!((slab.len(), slab.end(), slab.get(0)), (1, 2, None));
        assert_eq!(slab.insert('c'), 0);
        assert_eq!((slab.len(), slab.get(0), slab.get(7)), (2, Some(&'c'), None));
    }
}
