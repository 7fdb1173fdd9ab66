//! Indexes over the property values of a graph.

use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::property_index::{IndexBuild, Pin, PropertyIndexes, SortedEntries};
use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::value::IndexedScalar;

/// The name of an index: its collection, and the path of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IndexName {
    Twins(Vec<String>),
    Relationships(Vec<String>),
}

impl Graph {
    pub(crate) fn twin_values(&self) -> &PropertyIndexes {
        &self.twin_values
    }

    pub(crate) fn relationship_values(&self) -> &PropertyIndexes {
        &self.relationship_values
    }

    /// Returns whether an index is complete.
    pub(crate) fn has_index(&self, name: &IndexName) -> bool {
        match name {
            IndexName::Twins(path) => self.twin_values.covers(path, self.twin_end()),
            IndexName::Relationships(path) => self.relationship_values.covers(path, self.relationship_end()),
        }
    }

    /// Continues building an index with up to `chunk` further slots.
    pub(crate) fn build_index(&mut self, name: &IndexName, chunk: Slot) -> IndexBuild {
        let (twins, relationships) = (&self.twins, &self.relationships);
        match name {
            IndexName::Twins(path) => self.twin_values.build(path, twins.end(), chunk, |slot| {
                IndexedScalar::in_twin(&twins.get(slot)?.twin, path)
            }),
            IndexName::Relationships(path) => {
                let end = relationships.end();
                self.relationship_values.build(path, end, chunk, |slot| {
                    IndexedScalar::in_relationship(relationships.get(slot)?, path)
                })
            }
        }
    }

    /// Puts back the entries of an index from [`build_index`](Self::build_index), now sorted.
    pub(crate) fn put_index_back(&mut self, name: &IndexName, sorted: SortedEntries) -> Pin {
        match name {
            IndexName::Twins(path) => self.twin_values.put_back(path, sorted),
            IndexName::Relationships(path) => self.relationship_values.put_back(path, sorted),
        }
    }
}
