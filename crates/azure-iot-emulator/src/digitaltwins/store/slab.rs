//! Numbered places for the twins and relationships: four-byte handles instead of names in every index, and an
//! order in which a query can stop and go on later.

/// A place in a [`Slab`]. Free places are used again.
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

    /// One past the highest place that may be taken.
    pub(crate) fn end(&self) -> Slot {
        // `insert` never makes more places than a slot can number.
        Slot::try_from(self.places.len()).unwrap_or(Slot::MAX)
    }

    /// Puts a value in a free place; gives it back if every number is taken.
    pub(crate) fn insert(&mut self, value: T) -> Result<Slot, T> {
        if let Some(slot) = self.free.pop() {
            if let Some(place) = self.places.get_mut(slot as usize) {
                *place = Some(value);
            }
            return Ok(slot);
        }
        match Slot::try_from(self.places.len()) {
            Ok(slot) if slot < Slot::MAX => {
                self.places.push(Some(value));
                Ok(slot)
            }
            _ => Err(value),
        }
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
        assert_eq!((slab.insert('a'), slab.insert('b')), (Ok(0), Ok(1)));
        assert_eq!(slab.remove(0), Some('a'));
        assert_eq!(slab.remove(0), None);
        assert_eq!((slab.len(), slab.end(), slab.get(0)), (1, 2, None));
        assert_eq!(slab.insert('c'), Ok(0));
        assert_eq!((slab.len(), slab.get(0), slab.get(7)), (2, Some(&'c'), None));
    }
}
