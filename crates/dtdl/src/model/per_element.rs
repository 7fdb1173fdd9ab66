//! Tables with one entry per element of a model.

use std::ops::{Index, IndexMut};

/// The index of an element in its model. Created only by adding an element to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ElementIndex(u32);

/// One entry per element.
#[derive(Debug)]
pub(crate) struct PerElement<T>(Vec<T>);

impl<T> Default for PerElement<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> PerElement<T> {
    #[expect(
        clippy::expect_used,
        reason = "an element takes more than 100 bytes, so memory runs out before the indices do"
    )]
    pub(crate) fn push(&mut self, entry: T) -> ElementIndex {
        let index = u32::try_from(self.0.len()).expect("fewer than 2^32 elements");
        self.0.push(entry);
        ElementIndex(index)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    /// Returns the indices of all elements in order. Elements added later are not included.
    pub(crate) fn indices(&self) -> impl Iterator<Item = ElementIndex> + use<T> {
        #[expect(clippy::cast_possible_truncation, reason = "`push` limits the length")]
        let len = self.0.len() as u32;
        (0..len).map(ElementIndex)
    }

    /// Returns a table for the same elements in which every entry is a clone of `entry`.
    pub(crate) fn filled<U: Clone>(&self, entry: U) -> PerElement<U> {
        PerElement(vec![entry; self.0.len()])
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "tables of one model have entries for the same elements and never shrink"
)]
impl<T> Index<ElementIndex> for PerElement<T> {
    type Output = T;

    fn index(&self, index: ElementIndex) -> &T {
        &self.0[index.0 as usize]
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "tables of one model have entries for the same elements and never shrink"
)]
impl<T> IndexMut<ElementIndex> for PerElement<T> {
    fn index_mut(&mut self, index: ElementIndex) -> &mut T {
        &mut self.0[index.0 as usize]
    }
}
