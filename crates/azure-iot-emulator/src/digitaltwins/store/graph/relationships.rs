//! The relationships of a graph.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::digitaltwins::store::graph::{Graph, remove_from};
use crate::digitaltwins::store::history::GraphChange;
use crate::digitaltwins::store::relationship::{Node, Relationship};
use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::value::IndexedScalar;

impl Graph {
    pub(crate) fn relationship_count(&self) -> usize {
        self.relationships.len()
    }

    /// Returns the end of the range of relationship slots.
    pub(crate) fn relationship_end(&self) -> Slot {
        self.relationships.end()
    }

    pub(crate) fn relationship(&self, slot: Slot) -> Option<&Arc<Relationship>> {
        self.relationships.get(slot)
    }

    /// Returns the relationship in a slot from a node's lists.
    #[expect(
        clippy::expect_used,
        reason = "a relationship leaves both lists when it leaves its slot"
    )]
    pub(crate) fn listed_relationship(&self, slot: Slot) -> &Arc<Relationship> {
        self.relationships
            .get(slot)
            .expect("nodes list only relationships that are stored")
    }

    /// Returns the slots of the relationships with this name.
    pub(crate) fn relationships_named(&self, name: &str) -> Option<&BTreeSet<Slot>> {
        self.by_name.get(name)
    }

    pub(crate) fn find_relationship(&self, source: Slot, id: &str) -> Option<Slot> {
        let outgoing = &self.twins.get(source)?.outgoing;
        let at = self.outgoing_position(outgoing, id).ok()?;
        outgoing.get(at).copied()
    }

    /// Searches a list of outgoing relationships for an id, as [`slice::binary_search`] does.
    pub(crate) fn outgoing_position(&self, outgoing: &[Slot], id: &str) -> Result<usize, usize> {
        outgoing.binary_search_by(|slot| (*self.listed_relationship(*slot).id).cmp(id))
    }

    /// Searches a list of incoming relationships for an id and source, as [`slice::binary_search`] does.
    pub(crate) fn incoming_position(
        &self,
        incoming: &[Slot],
        id: &str,
        source: &str,
    ) -> Result<usize, usize> {
        incoming.binary_search_by(|slot| {
            let listed = self.listed_relationship(*slot);
            (&*listed.id, &*listed.source_id).cmp(&(id, source))
        })
    }

    /// Inserts a relationship, or replaces the relationship with the same source and id. Its slots must be those of
    /// its source and target.
    pub(crate) fn put_relationship(&mut self, relationship: Arc<Relationship>) {
        self.note(|| GraphChange::RelationshipStored(Arc::clone(&relationship)));
        if let Some(changed) = &mut self.changed {
            changed.note_relationship(&relationship);
        }
        if let Some(slot) = self.find_relationship(relationship.source, &relationship.id) {
            let before = self.listed_relationship(slot);
            if before.target == relationship.target && before.name == relationship.name {
                return self.replace_relationship(slot, relationship);
            }
            self.take_relationship(slot);
        }
        self.insert_relationship(relationship);
    }

    /// Copies a relationship from another graph, between the twins with the same ids in this graph.
    #[expect(clippy::expect_used, reason = "twins are copied before their relationships")]
    pub(crate) fn copy_relationship(&mut self, relationship: &Relationship) {
        let slot = |id| {
            self.find(id)
                .expect("both ends of a copied relationship are stored")
        };
        self.put_relationship(Arc::new(Relationship {
            source: slot(&relationship.source_id),
            target: slot(&relationship.target_id),
            ..relationship.clone()
        }));
    }

    pub(crate) fn remove_relationship(&mut self, slot: Slot) -> Option<Arc<Relationship>> {
        let relationship = self.take_relationship(slot)?;
        self.note(|| GraphChange::RelationshipRemoved(Arc::clone(&relationship)));
        if let Some(changed) = &mut self.changed {
            changed.note_relationship(&relationship);
        }
        Some(relationship)
    }

    /// Replaces a relationship by one with the same source, target and name, so lists and the index of names do not
    /// change.
    #[expect(
        clippy::expect_used,
        reason = "the caller has found the relationship in this slot"
    )]
    fn replace_relationship(&mut self, slot: Slot, relationship: Arc<Relationship>) {
        let place = self.relationships.get_mut(slot).expect("the slot is in use");
        let before = std::mem::replace(place, Arc::clone(&relationship));
        self.relationship_values
            .remove(slot, |path| IndexedScalar::in_relationship(&before, path));
        self.relationship_values
            .add(slot, |path| IndexedScalar::in_relationship(&relationship, path));
    }

    fn insert_relationship(&mut self, relationship: Arc<Relationship>) {
        let slot = self.relationships.insert(Arc::clone(&relationship));
        self.relationship_values
            .add(slot, |path| IndexedScalar::in_relationship(&relationship, path));
        let Relationship {
            id,
            source,
            source_id,
            target,
            ..
        } = &*relationship;
        let (Ok(at) | Err(at)) = self.outgoing_position(&self.node_of(*source).outgoing, id);
        self.node_mut(*source).outgoing.insert(at, slot);
        let (Ok(at) | Err(at)) = self.incoming_position(&self.node_of(*target).incoming, id, source_id);
        self.node_mut(*target).incoming.insert(at, slot);
        self.by_name
            .entry(Arc::clone(&relationship.name))
            .or_default()
            .insert(slot);
    }

    /// Removes a relationship without recording the change.
    fn take_relationship(&mut self, slot: Slot) -> Option<Arc<Relationship>> {
        let relationship = Arc::clone(self.relationships.get(slot)?);
        let Relationship {
            id,
            source,
            source_id,
            target,
            ..
        } = &*relationship;
        // The binary searches compare with the relationship, so they run before it is removed.
        if let Ok(at) = self.outgoing_position(&self.node_of(*source).outgoing, id) {
            self.node_mut(*source).outgoing.remove(at);
        }
        if let Ok(at) = self.incoming_position(&self.node_of(*target).incoming, id, source_id) {
            self.node_mut(*target).incoming.remove(at);
        }
        remove_from(&mut self.by_name, &relationship.name, slot);
        self.relationship_values
            .remove(slot, |path| IndexedScalar::in_relationship(&relationship, path));
        self.relationships.remove(slot)
    }

    /// Returns the node of a relationship's source or target.
    #[expect(clippy::expect_used, reason = "a twin with relationships is never removed")]
    fn node_of(&self, slot: Slot) -> &Node {
        self.twins
            .get(slot)
            .expect("the ends of a relationship are stored")
    }
}
