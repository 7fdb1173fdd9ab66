//! The keys that have changed in a graph since the last write of the journal.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::digitaltwins::store::relationship::Relationship;

/// Keys of added, replaced and removed models, twins and relationships.
#[derive(Debug, Default)]
pub(crate) struct ChangedKeys {
    /// Whether the whole graph was replaced.
    pub(crate) replaced: bool,
    pub(crate) models: BTreeSet<Arc<str>>,
    pub(crate) twins: BTreeSet<Arc<str>>,
    /// Pairs of source id and relationship id.
    pub(crate) relationships: BTreeSet<(Arc<str>, Arc<str>)>,
}

impl ChangedKeys {
    /// Returns the keys of a graph that has just replaced another one.
    pub(crate) fn of_replacement() -> Self {
        ChangedKeys {
            replaced: true,
            ..ChangedKeys::default()
        }
    }

    pub(crate) fn note_twin(&mut self, id: &Arc<str>) {
        self.twins.insert(Arc::clone(id));
    }

    pub(crate) fn note_relationship(&mut self, relationship: &Relationship) {
        let key = (Arc::clone(&relationship.source_id), Arc::clone(&relationship.id));
        self.relationships.insert(key);
    }

    pub(crate) fn note_models(&mut self, ids: impl IntoIterator<Item = Arc<str>>) {
        self.models.extend(ids);
    }
}
