//! Which parts of a graph have changed since the journal last asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::digitaltwins::store::relationship::Relationship;

/// The keys of the models, twins and relationships that were added, replaced or removed.
#[derive(Debug, Default)]
pub(crate) struct ChangedKeys {
    /// Another graph has taken the place of the whole one.
    pub(crate) replaced: bool,
    pub(crate) models: BTreeSet<Arc<str>>,
    pub(crate) twins: BTreeSet<Arc<str>>,
    /// Source id and relationship id.
    pub(crate) relationships: BTreeSet<(Arc<str>, Arc<str>)>,
}

impl ChangedKeys {
    /// The keys of a graph that has just replaced another one.
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
