//! A map of groups that records changed entries, so that the journal does not write the rest of a group.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::durable::state_change::StateChange;
use crate::durable::tracked::change;

/// Groups of entries, like [`Tracked`](crate::durable::Tracked). It dereferences to the map for reading.
#[derive(Debug)]
pub(crate) struct TrackedGroups<V> {
    groups: BTreeMap<String, BTreeMap<String, V>>,
    /// The changed entries as group and key; a key of `None` means the whole group. The set is `None` until recording starts.
    changed: Option<BTreeSet<(String, Option<String>)>>,
}

impl<V> Default for TrackedGroups<V> {
    fn default() -> Self {
        Self {
            groups: BTreeMap::new(),
            changed: None,
        }
    }
}

impl<V> Deref for TrackedGroups<V> {
    type Target = BTreeMap<String, BTreeMap<String, V>>;

    fn deref(&self) -> &Self::Target {
        &self.groups
    }
}

impl<V> TrackedGroups<V> {
    fn mark_changed(&mut self, group: &str, key: Option<&str>) {
        if let Some(changed) = &mut self.changed {
            changed.insert((group.to_owned(), key.map(str::to_owned)));
        }
    }

    /// Adds an empty group. Returns false if the group exists already.
    pub(crate) fn add_group(&mut self, group: &str) -> bool {
        let is_new = !self.groups.contains_key(group);
        if is_new {
            self.mark_changed(group, None);
            self.groups.insert(group.to_owned(), BTreeMap::new());
        }
        is_new
    }

    pub(crate) fn remove_group(&mut self, group: &str) -> Option<BTreeMap<String, V>> {
        self.mark_changed(group, None);
        self.groups.remove(group)
    }

    /// Inserts an entry, and adds its group if needed.
    pub(crate) fn insert(&mut self, group: &str, key: &str, value: V) {
        self.mark_changed(group, Some(key));
        self.groups
            .entry(group.to_owned())
            .or_default()
            .insert(key.to_owned(), value);
    }

    pub(crate) fn remove(&mut self, group: &str, key: &str) -> Option<V> {
        self.mark_changed(group, Some(key));
        self.groups.get_mut(group)?.remove(key)
    }

    /// Starts recording changes.
    pub(crate) fn record(&mut self) {
        self.changed.get_or_insert_default();
    }
}

impl<V: Serialize> TrackedGroups<V> {
    /// Returns the changes since the last call. `name` is the name of this map's member in the state.
    pub(crate) fn take_changes(&mut self, name: &str) -> Vec<StateChange> {
        let Some(changed) = &mut self.changed else {
            return Vec::new();
        };
        let mut whole = None;
        let mut changes = Vec::new();
        // The changed entries are sorted, so a whole group comes before its entries.
        for (group, key) in std::mem::take(changed) {
            let entries = self.groups.get(&group);
            match key {
                None => {
                    changes.push(change(&[name, &group], entries));
                    whole = Some(group);
                }
                Some(_) if whole.as_ref() == Some(&group) => {}
                Some(key) => {
                    let value = entries.and_then(|entries| entries.get(&key));
                    changes.push(change(&[name, &group, &key], value));
                }
            }
        }
        changes
    }
}

impl<V: Serialize> Serialize for TrackedGroups<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.groups.serialize(serializer)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for TrackedGroups<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(|groups| Self {
            groups,
            changed: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn applied(changes: Vec<StateChange>, state: &mut Value) -> Vec<String> {
        let paths = changes.iter().map(|change| change.path.join("/")).collect();
        changes.into_iter().for_each(|change| change.apply_to(state));
        paths
    }

    #[test]
    fn only_changed_entries_are_returned() {
        let mut groups = TrackedGroups::default();
        groups.insert("old", "a", 0);
        assert!(groups.take_changes("g").is_empty());
        groups.record();
        let mut state = json!({ "g": groups });
        groups.insert("old", "b", 1);
        groups.insert("implied", "a", 2);
        assert!(groups.add_group("empty") && !groups.add_group("old"));
        assert_eq!(
            applied(groups.take_changes("g"), &mut state),
            ["g/empty", "g/implied/a", "g/old/b"]
        );
        assert_eq!(state, json!({ "g": groups }));
        groups.remove("old", "a");
        groups.remove("nothing", "a");
        groups.insert("empty", "c", 3);
        groups.remove_group("empty");
        groups.insert("implied", "d", 4);
        groups.remove_group("implied");
        groups.insert("implied", "e", 5);
        assert_eq!(
            applied(groups.take_changes("g"), &mut state),
            ["g/empty", "g/implied", "g/nothing/a", "g/old/a"]
        );
        assert_eq!(state, json!({"g": {"implied": {"e": 5}, "old": {"b": 1}}}));
        assert_eq!(state, json!({ "g": groups }));
        assert!(groups.take_changes("g").is_empty());
    }
}
