//! Numbered slots for twins and relationships: four-byte handles instead of ids in every index, and an order in which a
//! query can pause and resume.

/// The number of a place in a [`Slab`]. The numbers of removed values are used again.
pub(crate) type Slot = u32;

#[derive(Debug)]
pub(crate) struct Slab<T> {
    places: Vec<Option<T>>,
    free: Vec<Slot>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab {
            places: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slab<T> {
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Returns the end of the slots that may be in use.
    #[expect(
        clippy::expect_used,
        reason = "`insert` makes no more places than a slot can number"
    )]
    pub(crate) fn end(&self) -> Slot {
        Slot::try_from(self.places.len()).expect("slots can number all places")
    }

    /// Puts a value in a free place.
    #[expect(
        clippy::expect_used,
        reason = "the limits of an instance come long before four billion values, and so does its memory"
    )]
    pub(crate) fn insert(&mut self, value: T) -> Slot {
        if let Some(slot) = self.free.pop() {
            let place = self.places.get_mut(slot as usize);
            *place.expect("a free slot has a place") = Some(value);
            return slot;
        }
        let slot = Slot::try_from(self.places.len())
            .ok()
            .filter(|slot| *slot < Slot::MAX);
        self.places.push(Some(value));
        slot.expect("fewer than four billion values are stored")
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        self.places.get(slot as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.places.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<T> {
        let value = self.places.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again() {
        let mut slab = Slab::default();
        assert_eq!((slab.insert('a'), slab.insert('b')), (0, 1));
        assert_eq!(slab.remove(0), Some('a'));
        assert_eq!(slab.remove(0), None);
        assert_eq!((slab.len(), slab.end(), slab.get(0)), (1, 2, None));
        assert_eq!(slab.insert('c'), 0);
        assert_eq!((slab.len(), slab.get(0), slab.get(7)), (2, Some(&'c'), None));
    }
}
